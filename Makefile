# Two commands carry everything on a fresh machine with Python 3.11+ and make:
#   make report   runs the main job on the bundled demo export and prints where the report lies
#   make test     passes the tests
# Each sets up its own virtual environment in .venv from the hash-locked requirements.lock.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready


.DEFAULT_GOAL := help
.PHONY: help env report test test-quick lab check fix bench simulate lock demo clean

help:  ## Show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

env: $(READY)  ## Set up the virtual environment in .venv

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@echo "Setting up .venv (once; about two minutes) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "python venv is missing; on Debian: apt install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $(READY)

report: $(READY)  ## Run the main job on the demo export; prints where the report lies
	@$(BIN)/reliefcheck run

test: $(READY)  ## Run all tests
	@$(BIN)/python -m pytest -q -n auto --dist worksteal

test-quick: $(READY)  ## Run the tests that take no more than a moment
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow"

lab: $(READY)  ## Open JupyterLab on the notebooks
	@$(BIN)/jupyter lab notebooks

check: $(READY)  ## Lint and type-check; changes nothing
	@$(BIN)/ruff check src tests
	@$(BIN)/ruff format --check src tests
	@$(BIN)/mypy

fix: $(READY)  ## Format, and mend what can be mended
	@$(BIN)/ruff check --fix src tests
	@$(BIN)/ruff format src tests

bench: $(READY)  ## Measure speed: medians and ratios of one run
	@for each in benchmarks/bench_*.py; do echo "== $$each"; $(BIN)/python $$each; done

simulate: $(READY)  ## Make the tables of docs/simulations again (minutes)
	@for each in relief_coverage verdict_errors; do $(BIN)/python -m analysis.simulate.$$each || exit 1; done

demo: $(READY)  ## Make the bundled demo export again
	@$(BIN)/reliefcheck demo data/demo

lock:  ## Make requirements.lock again from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --extra dev --extra cluster --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock

clean:  ## Remove the virtual environment and caches; reports stay
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
