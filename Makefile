# The things people do. From a bare machine with Python 3.11 or newer: `make course`, `make test`.
# Another Python: make course PYTHON=python3.13

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: course tour test sync stress clean

course: $(VENV)/course  ## set up and open the lessons in JupyterLab
	$(BIN)/jupyter lab notebooks

tour: $(VENV)/course  ## the whole journey without a browser, on winds and whispers: WAVs and a page in tour/
	$(BIN)/python datasets_examples/tour.py tour

test: $(VENV)/dev  ## lint, then every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -q

# Of a pair, jupytext takes the newer file: touched, that is the source.
sync: $(VENV)/dev  ## bring the lessons up to date with notebooks/sources/*.py, where they are edited
	touch notebooks/sources/*.py
	$(BIN)/jupytext --sync notebooks/sources/*.py

stress: $(VENV)/dev  ## twenty killed trainings, each resumed
	$(BIN)/python benchmarks/interruptions.py --kills 20

clean:  ## remove what these targets made
	rm -rf $(VENV) tour

# One marker for each set of extras, so that nothing is installed twice.
$(VENV)/%: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "This course needs Python 3.11 or newer: install it, or name one with PYTHON=..."; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@
