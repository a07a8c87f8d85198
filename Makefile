# Two commands do everything on a fresh machine: `make run` and `make test`.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Models on this machine. Without GPL parts: make run EXTRAS="local local-kokoro"; without models: make run EXTRAS=
EXTRAS ?= local local-piper local-kokoro

.PHONY: run lan test cluster chaos fuzz audit docs lint secrets clean client messages screenshot bench profile

run:
	@PYTHON="$(PYTHON)" scripts/install.sh $(or $(EXTRAS),base)
	@exec $(BIN)/python manage.py serve

# For phones in the same network: HTTPS with a certificate made here, and a QR code of the address.
lan:
	@PYTHON="$(PYTHON)" scripts/install.sh $(or $(EXTRAS),base)
	@exec $(BIN)/python scripts/lan.py $(ARGS)

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

# Four processes behind a small proxy, with an embedded Valkey, to try it out.
cluster:
	@PYTHON="$(PYTHON)" scripts/install.sh test
	@exec $(BIN)/python scripts/cluster.py $(ARGS)

# Two minutes of faults; every turn must be there afterwards. ARGS="--turns 10000 --write" takes some 25 minutes.
chaos:
	@PYTHON="$(PYTHON)" scripts/install.sh test
	@$(BIN)/python -m scripts.chaos $(ARGS)

# A million inputs of strangers; nothing may break, hold the event loop or grow: some ten minutes.
fuzz:
	@PYTHON="$(PYTHON)" scripts/install.sh test
	@$(BIN)/python -m scripts.fuzz $(ARGS)

audit:
	@PYTHON="$(PYTHON)" scripts/install.sh test
	@$(BIN)/pip-audit --require-hashes --disable-pip -r requirements/all.txt
	@cd voicebot/client && npm audit --omit=dev

docs:
	@PYTHON="$(PYTHON)" scripts/install.sh test
	@$(BIN)/python scripts/reference.py
	@$(BIN)/python scripts/openapi.py
	@$(BIN)/mkdocs build --strict --quiet
	@echo "The pages are in site/index.html"

lint:
	@scripts/lint.sh

messages:
	@$(BIN)/python scripts/messages.py

client:
	@scripts/client.sh build

screenshot:
	@$(BIN)/python scripts/screenshots.py
	@$(BIN)/python scripts/contact_sheet.py

secrets:
	@$(PYTHON) -c 'import base64, secrets; \
	print("SECRET_KEY=" + secrets.token_urlsafe(48)); \
	print("SESSION_KEYS=k1:" + base64.b64encode(secrets.token_bytes(32)).decode())'

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis voicebot/client/node_modules
