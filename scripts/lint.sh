#!/bin/sh
# Everything that can be said about the code without running it.
set -eu
cd "$(dirname "$0")/.."
say() { printf '\033[1m%s\033[0m\n' "$*"; }
say "ruff"
.venv/bin/ruff check .
.venv/bin/ruff format --check .
say "mypy"
.venv/bin/mypy
say "Django's checks, under production settings"
eval "$(make -s secrets | sed "s/=\(.*\)/='\1'/; s/^/export /")"
PRODUCTION=1 ALLOWED_HOSTS=greenroom.example .venv/bin/python manage.py check --deploy --fail-level WARNING
.venv/bin/python manage.py makemigrations --check --dry-run
say "the page's JavaScript"
scripts/client.sh check
scripts/client.sh test
