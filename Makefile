# The things people do. From a bare machine with Python 3.11 or newer: `make course`, `make test`.
# Another Python: make course PYTHON=python3.13. Windows has no make: the README says what to type there.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Two workers, each with files of its own: more would each hold a TensorFlow in memory.
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder

# What XLA compiles is kept beside the TensorFlow that compiled it, for all processes that train in the tests.
XLA = --tf_xla_persistent_cache_directory='$(abspath $(1))/xla' --tf_xla_persistent_cache_device_types=CPU
check unit nbval cluster browser: export TF_XLA_FLAGS = $(call XLA,$(VENV))
nbval-colab: export TF_XLA_FLAGS = $(call XLA,$(VENV)-colab)

.DEFAULT_GOAL := help
.PHONY: help course tour check test unit nbval nbval-colab cluster browser core sync badges zip outputs docs findings stress clean

help:  ## say what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

course: $(VENV)/course  ## set up and open the lessons in JupyterLab
	$(BIN)/prism-lessons course

tour: $(VENV)/course  ## the whole journey without a browser, on winds and whispers: WAVs and a page in tour/
	$(BIN)/python datasets_examples/tour.py tour

check: $(VENV)/dev  ## lint, then the quick tests: what to run after each change
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) --ignore=tests/browser -m "not slow"

# Colab's lessons run beside the tests, since both leave processors idle. The browser has to itself what it is timed on,
# and Ray, whose helpers have 15 s to begin.
test: $(VENV)/dev $(VENV)/course $(VENV)-colab/ready  ## lint, then every test and every lesson, as below; takes a while
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) -j2 unit nbval-colab
	$(MAKE) cluster browser

unit: $(VENV)/dev  ## every test but those on a cluster and in a browser
	$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) --ignore=tests/browser -m "not cluster"

# Some lessons only: make nbval LESSONS="02_training 04_generating"
nbval: $(VENV)/dev  ## run the lessons in a row, and compare what their check cells show with what is committed
	$(BIN)/python notebooks/tools/compare.py --together $(LESSONS)

nbval-colab: $(VENV)-colab/ready  ## the same, each lesson for itself, on the versions that Google Colab has
	$(VENV)-colab/bin/python notebooks/tools/compare.py $(LESSONS)

cluster: $(VENV)/dev  ## search settings and train a class on Ray
	$(BIN)/python -m pytest -q -m cluster tests/cluster tests/test_examples.py

# Pictures of the lessons, and how long they took, are left in artefacts/.
browser: $(VENV)/dev $(VENV)/course  ## open every lesson in JupyterLab and Chromium, hear its players and try its controls
	$(BIN)/python -m pytest -q tests/browser

core: $(VENV)/dev  ## build what plays a model in a web page, prism_lessons/pages/core/*.wasm, from core.c
	$(BIN)/python -m prism_lessons.pages.core.build

# Of a pair, jupytext takes the newer file: touched, that is the source.
sync: $(VENV)/dev  ## bring lessons, translations and quiz up to date with what they are made from: notebooks/sources/*.py and so on
	$(BIN)/python notebooks/tools/badges.py
	touch notebooks/sources/*.py
	$(BIN)/jupytext --quiet --sync notebooks/sources/*.py
	$(BIN)/python notebooks/tools/outputs.py --tidy
	$(BIN)/python notebooks/tools/translate.py
	$(BIN)/python notebooks/tools/quiz.py

badges: $(VENV)/dev  ## release this commit: Colab then fetches it from the address in pyproject.toml, and no other
	$(BIN)/python notebooks/tools/badges.py --release
	$(MAKE) sync

zip:  ## pack the course into dist/, to be handed out by a teacher
	$(PYTHON) notebooks/tools/pack.py

outputs: sync  ## run the lessons, and store what their check cells show
	$(BIN)/python notebooks/tools/outputs.py $(LESSONS)

# Lessons are run only if something that decides what they show has changed: docs/gather.py.
docs: $(VENV)/docs  ## build the course as a site, in docs/_build/html
	PYTHONPATH=notebooks/tools $(BIN)/python docs/gather.py
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -c docs docs/_build/source docs/_build/html
	$(BIN)/python docs/check.py docs/_build/html

# Which sounds the pages in docs/ were made with is in docs/benchmarks.md.
findings: recordings $(VENV)/dev  ## write docs/doctor.md and its kin anew: make findings RECORDINGS=FOLDER
	$(BIN)/python benchmarks/doctor.py --recordings "$(RECORDINGS)" --page docs/doctor.md
	$(BIN)/python benchmarks/near_duplicates.py --recordings "$(RECORDINGS)" --page docs/near_duplicates.md
	$(BIN)/python benchmarks/diagnosis.py --recordings "$(RECORDINGS)" --page docs/diagnoses.md
	$(BIN)/python benchmarks/closeness.py --recordings "$(RECORDINGS)" --page docs/closeness.md
	$(BIN)/python benchmarks/hearing.py damage datasets_examples/bells datasets_examples/breath "$(RECORDINGS)" \
	  --page docs/hearing.md

.PHONY: recordings
recordings:
	@test -n "$(RECORDINGS)" || { echo "Name a folder of clean recordings: make findings RECORDINGS=FOLDER"; exit 2; }

stress: $(VENV)/dev  ## kill, stop, rename, exchange and fill the disk under every verb: 300 rounds, at most 15 minutes
	$(BIN)/python benchmarks/stress.py

clean:  ## remove what these targets made
	rm -rf $(VENV) $(VENV)-colab tour dist docs/_build

# One marker for each set of extras, so that nothing is installed twice.
$(VENV)/%: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "This course needs Python 3.11 or newer: install it, or name one with PYTHON=..."; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@

# Colab's Python is 3.13; where there is none, an older one takes the same pins. Names that pyenv lists may not run.
$(VENV)-colab/ready: tests/notebooks/colab-pins.txt pyproject.toml
	for python in python3.13 $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python3.13) python3.12 python3.11 $(PYTHON); do \
	  $$python -c 'import ensurepip' 2>/dev/null && break; \
	done; \
	echo "The lessons run on Colab's versions with $$($$python --version)."; \
	test -x $(@D)/bin/python || $$python -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --requirement tests/notebooks/colab-pins.txt
	$(@D)/bin/python -m pip install --quiet --no-deps --editable .
	touch $@
