VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin

# What starts browsers, servers and commands, and waits for them most of the time: tested beside all the rest.
STARTERS := tests/browser tests/interop $(wildcard tests/test_cli*.py tests/test_*crash*.py) tests/test_openapi.py tests/test_curl.py tests/test_benchmarks.py
PYTEST := $(BIN)/coverage run --parallel-mode -m pytest

.PHONY: install run test test-starters test-others check lock dev bench messages

install: $(VENV)/.installed

dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@ $(VENV)/.installed

run: install
	$(BIN)/badgefed quickstart
	$(BIN)/badgefed serve --host 127.0.0.1 --port 8000

lock:
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header pyproject.toml --group dev -o requirements-dev.lock

check: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: dev
	sh tests/prepare.sh
	$(MAKE) check
	$(BIN)/coverage erase
	@echo "The tests run in two halves; each shows its output when it is through."
	$(MAKE) --jobs=2 --keep-going --output-sync=target test-starters test-others
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

test-starters: dev
	$(PYTEST) $(STARTERS)

test-others: dev
	$(PYTEST) $(STARTERS:%=--ignore=%)

bench: dev
	$(BIN)/python -m benchmarks

# Brings the catalogues up to date with the texts; LANGUAGE=fr begins a new one.
messages: dev
	$(BIN)/python -m tools.messages $(LANGUAGE)
