# Everything runs in a virtual environment of its own, made on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo demo-week dev test search lint bench clean

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP)  ## Real sample logs through Dagster, from ingestion to findings
	@$(BIN)/watchfloor demo

demo-week: $(STAMP)  ## The same, the whole last week hour by hour
	@$(BIN)/watchfloor demo --week

dev: $(STAMP)  ## The Dagster UI with daemon, schedules, sensors and a live simulated company
	@$(BIN)/watchfloor dev --live

test: $(VENV)/.installed-dev  ## What CI runs after the checks of lint
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(OPTIONS)

search: $(VENV)/.installed-dev  ## The tests with examples that CI has not seen, for new faults
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --hypothesis-profile=search $(OPTIONS)

lint: $(VENV)/.installed-dev  ## Format, style, types, layers, spelling, dependencies
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/codespell
	@$(BIN)/deptry .

bench: $(VENV)/.installed-dev  ## Speed and memory, as ratios within one run
	@$(BIN)/python -m benchmarks

clean:  ## Remove the virtual environment and everything the demo made
	rm -rf $(VENV) .watchfloor
