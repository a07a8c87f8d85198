#!/bin/sh
# Runs every test; arguments go to pytest. Installs Chromium, Firefox and PgBouncer where they are missing and we are root.
set -eu
cd "$(dirname "$0")/.."
say() { printf '\033[1m%s\033[0m\n' "$*"; }

# Without a window's parts it takes a third less of a core.
found() { command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome || true; }
chromium=${CHROMIUM:-$(found)}
if [ "${chromium##*/}" != chromium-headless-shell ] && [ -z "${CHROMIUM:-}" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing Chromium for the browser tests"
        apt-get update -qq
        for package in chromium-headless-shell chromium; do # not every system that has apt-get has the first
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" fonts-noto-cjk >/dev/null && break
        done
        chromium=$(found)
    fi
    if [ -z "$chromium" ]; then
        echo "The browser tests need Chromium. Install it (Debian: apt-get install chromium), or set CHROMIUM=/path/to/it." >&2
        exit 1
    fi
fi
export CHROMIUM="$chromium"
if ! command -v pgbouncer >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "Installing PgBouncer for its test, which is left out otherwise"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null
fi
if ! { command -v firefox-esr && command -v pulseaudio; } >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "Installing Firefox, and the loudspeaker that it wants, for their test, which is left out otherwise"
    apt-get update -qq
    # Not every system that has apt-get has them.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends firefox-esr pulseaudio >/dev/null || true
fi
# A hundred processes are started, which would compile Pipecat and Django each time.
unset PYTHONDONTWRITEBYTECODE
# The tests keep to a place of their own, whatever a server next to them does.
export DATA_DIR="${DATA_DIR:-$(pwd)/.data/test}"
scripts/lint.sh
say "pytest"
[ $# = 0 ] || exec .venv/bin/python -m pytest "$@"
# All of them: by two workers a core, as tests wait half of their time, and with a table of the slowest.
code=0
.venv/bin/python -m pytest -n "$(($(getconf _NPROCESSORS_ONLN) * 2))" --dist load --maxschedchunk 4 --durations 25 ||
    code=$?
[ "$code" = 1 ] || exit "$code"
# A machine that does much else fails a test now and then whose code is well. A few are looked at again, one by one.
failed=$(.venv/bin/python -c 'import json; print(len(json.load(open(".pytest_cache/v/cache/lastfailed"))))')
[ "$failed" -le 5 ] || exit 1
say "$failed failed beside the others: again, one by one"
.venv/bin/python -m pytest --last-failed --last-failed-no-failures none
say "Passed by themselves only, which is a fault of the test or of the code: mend what is named above as FAILED"
