# What a developer types. Needs make, and Python 3.11 or newer with venv; everything else is installed into .venv.
# `make <target> ARGS="..."` passes arguments on. PYTHON= names another Python to build .venv with.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin
LOCKED := requirements.txt requirements-embedded.txt constraints.txt config/install.py
# The command ends when make does, however make ends.
RUN = exec $(BIN)/python config/embedded/tether.py TERM $$PPID -- $(BIN)/python

.PHONY: help run test test-pg15 demo bench faults lint format docs lock clean

help:
	@echo "make run     start everything and print the address"
	@echo "make test    the whole suite               make test-pg15  the same on a PostgreSQL of this machine"
	@echo "make demo    one signal on 25 accounts     make bench      the benches"
	@echo "make faults  faults and killed processes, all at once; ARGS=\"--random --orders 10000\""
	@echo "make lint    all checks                    make format     put the code in order"
	@echo "make docs    write the pages of docs/ that follow from the code"
	@echo "make lock    write constraints.txt         make clean      remove what can be made again"

run: .venv/.run
	@$(RUN) -m config.run $(ARGS)

demo: .venv/.run
	@$(RUN) -m config.demo $(ARGS)

bench: .venv/.dev
	@$(RUN) -m bench $(ARGS)

faults: .venv/.dev
	@$(RUN) -m bench.faults $(ARGS)

test: .venv/.dev
	@$(RUN) -m pytest -n auto --maxprocesses 8 $(ARGS)

# Tests of real processes and of the browser say nothing about the database's version.
test-pg15: export SIGNALBOX_TEST_DATABASE_URL ?= postgresql://postgres@127.0.0.1:5432/signalbox
test-pg15: .venv/.dev
	@$(RUN) -m pytest -n auto --maxprocesses 8 -m "not processes and not browser" $(ARGS)

# No check needs a server, a key or what this checkout was set up with.
lint: export SIGNALBOX_READ_FILES = false
lint: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python -m config.sizes
	$(BIN)/python -W ignore manage.py makemigrations --check --dry-run --skip-checks
	$(BIN)/mypy .

format: .venv/.dev
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

# Reads tables only: no server, no key.
docs: export SIGNALBOX_READ_FILES = false
docs: .venv/.dev
	@$(BIN)/python -W ignore manage.py write_docs

# Keeps what is locked as long as it fits; ARGS=--upgrade takes the newest.
lock: export UV_SYSTEM_CERTS = true
lock: .venv/.dev
	@cat requirements.txt requirements-embedded.txt requirements-dev.txt | grep -v '^-' | $(BIN)/python -m uv pip compile \
		--quiet --universal --python-version 3.11 --no-annotate --custom-compile-command "make lock" --output-file constraints.txt $(ARGS) -

# Data and keys in var/ stay.
clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis var/static

.venv/.run: $(LOCKED)
	@$(if $(PYTHON),,echo "Python 3.11 or newer with its venv module was not found. Install it (Debian, Ubuntu: apt install" \
		"python3 python3-venv), or name one: make PYTHON=/path/to/python" >&2; exit 1)
	@echo "Installing what Signalbox needs into .venv ..."
	@$(PYTHON) config/install.py .venv requirements.txt
	@touch $@

.venv/.dev: .venv/.run requirements-dev.txt
	@echo "Installing what tests and checks need into .venv ..."
	@$(PYTHON) config/install.py .venv requirements-dev.txt
	@touch $@
