# Each target does all its own set-up: `make run` and `make test` work in a fresh clone.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
RUNNING := $(VENV)/.installed-for-running
TESTING := $(VENV)/.installed-for-testing
CATALOGUES := $(wildcard inspector/translations/*/LC_MESSAGES/messages.po)
COMPILED := $(CATALOGUES:.po=.mo)
# uv is quicker where a machine has it; pip does the same from the same lock.
UV := $(shell command -v uv 2>/dev/null)
PIP := $(PY) -m pip --disable-pip-version-check -qq
INSTALL := $(if $(UV),$(UV) pip install --quiet --python $(PY),$(PIP) install) --require-hashes --requirement
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml

.DEFAULT_GOAL := help
# `make install` is for production: docs/operations.md.
.PHONY: help run install test soak bench screenshots format translations lock clean

help:  ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 22

run: $(RUNNING) $(COMPILED)  ## Start the service with a demo (PORT=8000; DEMO=0 starts empty)
	@exec $(VENV)/bin/inspector serve

install: $(RUNNING) $(COMPILED)  ## Set up the libraries and the command .venv/bin/inspector, and start nothing

test: $(TESTING) $(COMPILED)  ## Lint, types, import contracts, Python, JavaScript and browser tests
	@$(PY) -m tests.everything

soak: $(TESTING) $(COMPILED)  ## Long runs with random faults; SEED=n repeats one
	@$(PY) -m tests.everything --soak

bench: $(TESTING) $(COMPILED)  ## Measure how quick the service is
	@$(PY) -m tests.bench.run

screenshots: $(TESTING) $(COMPILED)  ## Take pictures of every page and screen
	@$(PY) -m tests.screenshots

format: $(TESTING)  ## Sort the imports of the Python files and lay them out
	@$(PY) -m ruff check --quiet --select I --fix .
	@$(PY) -m ruff format --quiet .

translations: $(RUNNING)  ## Bring the catalogues up to date with the messages in code, templates and phone
	@mkdir -p build
	@$(PY) -m tests.catalogue build/messages.pot
	@$(PY) -m babel.messages.frontend --quiet update --input-file build/messages.pot --output-dir inspector/translations \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 120
	@$(MAKE) --no-print-directory $(COMPILED)

lock: $(RUNNING)  ## Remake both lock files from pyproject.toml; versions that still fit stay
	@$(if $(UV),:,$(PIP) install uv)
	@PATH="$(VENV)/bin:$$PATH" $(LOCK) --output-file requirements.lock
	@PATH="$(VENV)/bin:$$PATH" $(LOCK) --extra test --constraint requirements.lock --output-file requirements-test.lock

clean:  ## Remove what was installed and built; the data in var/ stays
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache tests/phone/node_modules tests/bench/node_modules $(COMPILED)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNNING): requirements.lock | $(PY)
	@echo "Installing the libraries that requirements.lock names ..."
	@$(INSTALL) requirements.lock
	@# The checkout itself is found by a relative path, so that it needs no build and may be moved.
	@echo ../../../.. > "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/service-audit.pth"
	@printf '%s\n' '#!/bin/sh' \
		"run='import sys; sys.argv[0] = \"inspector\"; from inspector.command_line import main; sys.exit(main())'" \
		'exec "$$(dirname "$$0")/python" -c "$$run" "$$@"' \
		> $(VENV)/bin/inspector
	@chmod +x $(VENV)/bin/inspector
	@touch $@

$(TESTING): requirements-test.lock | $(RUNNING)
	@echo "Installing the libraries that the tests need ..."
	@$(INSTALL) requirements-test.lock
	@touch $@

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Name another one: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python lacks its module venv. On Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }

%.mo: %.po | $(RUNNING)
	@$(PY) -m babel.messages.frontend --quiet compile --input-file $< --output-file $@
