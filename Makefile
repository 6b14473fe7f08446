# Openbook's commands. Works with GNU make 3.81; everything it makes lies in .venv/ and build/.
#
#   make demo                      set up, then the main job on the example project
#   make test                      set up for development, then lint, types, architecture and all tests
#   make test JOBS=4               the tests in four processes, not two: each takes up to 3 GB
#   make lint                      the same without the tests
#   make evidence NAME=policy-bot  a project at full size, its report committed in docs/evidence/
#   make clean                     remove build/ and caches (.venv stays)
#
# Another Python than the first one that is new enough: make demo PYTHON=python3.12

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$p; break; fi; done)
endif

BIN := .venv/bin
JOBS := 2

# Waiting threads that spin starve the working ones where cores are shared; forked tokenizers deadlock.
export OMP_WAIT_POLICY := PASSIVE
export TOKENIZERS_PARALLELISM := false

.PHONY: help setup setup-dev model demo lint test evidence clean python

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

python:
	@test -n "$(PYTHON)" || { echo "Openbook needs Python 3.11 or newer, and none was found: install it, then run make again." >&2; exit 1; }

setup: python
	@$(PYTHON) tools/setup.py

setup-dev: python
	@$(PYTHON) tools/setup.py --dev

demo: python
	@$(PYTHON) tools/demo.py

lint: setup-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# The tests with the real model need it; it is fetched once and kept.
model: setup-dev
	@$(BIN)/openbook models get smollm2-reader

# One thread a process: more of them than cores wait for each other. A file's tests stay together, with what they share, and the
# files in their order, so that the long ones do not come last.
test: lint model
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

evidence: setup
	@$(BIN)/python tools/evidence.py $(NAME)

clean:
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
