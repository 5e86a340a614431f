VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin

.PHONY: install run test check lock dev bench messages

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
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet --keep || true
	$(BIN)/coverage report

bench: dev
	$(BIN)/python -m benchmarks

# Brings the catalogues up to date with the texts; LANGUAGE=fr begins a new one.
messages: dev
	$(BIN)/python -m tools.messages $(LANGUAGE)
