# Two commands do everything on a fresh machine: `make run` and `make test`.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The app runs without the extra `local` (which has GPL parts): make run EXTRAS=
EXTRAS ?= local

.PHONY: run test lint secrets clean client screenshot bench profile

run:
	@PYTHON="$(PYTHON)" scripts/install.sh $(if $(EXTRAS),local,base)
	@exec $(BIN)/python manage.py serve

test:
	@PYTHON="$(PYTHON)" scripts/install.sh test
	@scripts/test.sh $(ARGS)

# Stock Pipecat and Greenroom in turn, on the same core: some fifteen minutes.
bench:
	@PYTHON="$(PYTHON)" scripts/install.sh bench
	@$(BIN)/python -m benchmarks.stage $(ARGS)
	@$(BIN)/python -m benchmarks.report

profile:
	@PYTHON="$(PYTHON)" scripts/install.sh bench
	@$(BIN)/python -m benchmarks.profile $(ARGS)

lint:
	@scripts/lint.sh

client:
	@scripts/client.sh build

screenshot:
	@$(BIN)/python scripts/screenshots.py

secrets:
	@$(PYTHON) -c 'import base64, secrets; \
	print("SECRET_KEY=" + secrets.token_urlsafe(48)); \
	print("SESSION_KEYS=k1:" + base64.b64encode(secrets.token_bytes(32)).decode())'

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis voicebot/client/node_modules
