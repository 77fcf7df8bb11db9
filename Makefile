# Two commands carry everything on a fresh machine with Python 3.11+ and make:
#   make report   runs the suite on the bundled demo export and prints where the report lies
#   make test     passes the tests
# Each sets up its own virtual environment in .venv from hash-locked lists: `make report` installs
# what a user needs, `make test` adds the tools of development.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEV    := $(VENV)/.ready-dev
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK   := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-strip-extras --no-header --no-annotate --fork-strategy fewest --quiet


.DEFAULT_GOAL := help
.PHONY: help env report test test-quick fuzz attack lab check fix bench simulate lock demo clean

help:  ## Show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

env: $(READY)  ## Set up the virtual environment in .venv

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@echo "Setting up .venv (once; about a minute) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "python venv is missing; on Debian: apt install python3-venv"; exit 2; }
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-build-isolation --no-deps -e .
	@touch $(READY)

$(DEV): $(READY) requirements-dev.lock
	@echo "Adding the tools of development (once) ..."
	@$(PIP) --require-hashes -r requirements.lock -r requirements-dev.lock
	@touch $(DEV)

report: $(READY)  ## Run the suite on the demo export; prints where the report lies
	@$(BIN)/reliefcheck run

# Tests start many processes, each of which would compile every module again.
test test-quick: export PYTHONDONTWRITEBYTECODE =

test: $(DEV)  ## Run all tests
	@$(BIN)/python -m pytest -q -n auto --dist loadfile

test-quick: $(DEV)  ## Run the tests that take no more than a moment
	@$(BIN)/python -m pytest -q -n auto --dist loadfile -m "not slow and not fuzz"

fuzz: $(DEV)  ## Run the long attacks: hostile inputs, kills, full disks (an hour or more)
	@$(BIN)/python -m pytest -q -m fuzz tests/fuzz

lab: $(READY)  ## Open JupyterLab on the notebooks, for this machine only
	@$(BIN)/jupyter lab --ip=127.0.0.1 $$([ "$$(id -u)" != 0 ] || echo --allow-root) \
	  $$([ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ] || echo --no-browser) notebooks

check: $(DEV)  ## Lint and type-check; changes nothing
	@$(BIN)/ruff check src tests benchmarks
	@$(BIN)/ruff format --check src tests benchmarks
	@$(BIN)/mypy

fix: $(DEV)  ## Format, and fix what can be fixed
	@$(BIN)/ruff check --fix src tests benchmarks
	@$(BIN)/ruff format src tests benchmarks

bench: $(DEV)  ## Measure speed: medians and ratios of one run
	@for each in benchmarks/bench_*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

attack: $(DEV)  ## Attack the releases of twenty demo exports (minutes)
	@PYTHONPATH=tests/unit $(BIN)/python tests/unit/release_attack.py

simulate: $(READY)  ## Make the tables of docs/simulations again (minutes)
	@$(BIN)/python -m analysis.simulate

demo: $(READY)  ## Make the bundled demo export again
	@$(BIN)/reliefcheck demo data/demo

lock:  ## Make the two locks again from pyproject.toml (needs uv)
	@$(LOCK) --group build --output-file requirements.lock
	@$(LOCK) --extra cluster --group build --group dev --constraints requirements.lock \
	  --output-file requirements-dev.lock
	@$(PYTHON) .ci/split_lock.py requirements.lock requirements-dev.lock

clean:  ## Remove the virtual environment and caches; reports stay
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src tests -name __pycache__ -prune -exec rm -rf {} +
