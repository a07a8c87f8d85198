#!/bin/sh
# Runs every test; arguments go to pytest. Installs Chromium where it is missing and we are root.
set -eu
cd "$(dirname "$0")/.."
say() { printf '\033[1m%s\033[0m\n' "$*"; }

chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$chromium" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing Chromium for the browser tests"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
        chromium=$(command -v chromium)
    else
        echo "The browser tests need Chromium. Install it (Debian: apt-get install chromium), or set CHROMIUM=/path/to/it." >&2
        exit 1
    fi
fi
export CHROMIUM="$chromium"
# The tests keep to a place of their own, whatever a server next to them does.
export DATA_DIR="${DATA_DIR:-$(pwd)/.data/test}"
scripts/lint.sh
say "pytest"
exec .venv/bin/python -m pytest "$@"
