# Everything a newcomer needs: `make run` starts Longan, `make test` checks it. Only Python 3.11+ and make are needed.

SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
REQUIREMENTS := infra/requirements
STAMP := .venv/installed

# Compiled once, Python's files load three times faster; some machines forbid it for the sake of their images.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-clients check suite lint types imports compiled permissions migrate lock install
.DEFAULT_GOAL := run

run: $(STAMP)
	@exec $(BIN)/longan up --tied

# The quick checks come first and find most; types, which take a minute where nothing is known yet, are looked at beside
# the tests, which come last and have the last line. Three pytests run side by side, each with servers of its own: two
# processors are busy while one of them waits.
test: $(STAMP)
	@$(MAKE) --silent --jobs 2 --output-sync lint imports compiled
	@$(MAKE) --silent --jobs 2 types suite

suite:
	@$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --durations 40 --durations-min 4

check: $(STAMP)
	@$(MAKE) --silent --jobs 2 --output-sync types lint imports compiled

lint:
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .

types:
	@$(BIN)/mypy

imports:
	@$(BIN)/lint-imports

# Once for all the processes that the tests start.
compiled:
	@$(BIN)/python -m compileall -q api domain infra integrations membership ml

# What needs Node or Chromium; .ci/run installs both.
test-clients: $(STAMP)
	@if [ -x tests/clients/run ]; then tests/clients/run; fi

# Asks every door as every role, and writes down what it answered.
permissions: $(STAMP)
	@LONGAN_WRITE_PERMISSIONS=1 $(BIN)/pytest tests/house/test_permissions.py

migrate: $(STAMP)
	@$(BIN)/longan migrate

install: $(STAMP)

# Installs what the requirements name, hash by hash, once.
$(STAMP): pyproject.toml $(REQUIREMENTS)/installer.txt $(REQUIREMENTS)/dev.txt
	@PYTHON="$(PYTHON)" infra/install.sh .venv $(REQUIREMENTS)
	@touch $@

# Writes the requirements again from pyproject.toml; `make lock UPGRADE=--upgrade` takes the newest that it allows.
lock: export UV_CUSTOM_COMPILE_COMMAND = make lock
lock: COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(UPGRADE)
lock:
	@$(COMPILE) $(REQUIREMENTS)/installer.in -o $(REQUIREMENTS)/installer.txt
	@$(COMPILE) pyproject.toml -o $(REQUIREMENTS)/run.txt
	@$(COMPILE) pyproject.toml --group dev -c $(REQUIREMENTS)/run.txt -o $(REQUIREMENTS)/dev.txt
