# The two commands are `make up` and `make test`; the others serve them.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
SAMPLES ?= ../shared/samples
# Whatever a caller's shell has set for Python must not leak into the project's own environment.
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev up test test-stack lint corpus bench faults constraints clean

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 14

setup: $(VENV)/.installed  ## Make .venv and install Photo Factory into it
setup-dev: $(VENV)/.installed-dev

$(VENV)/.installed: requirements.txt requirements-face.txt constraints.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what Photo Factory needs into $(VENV): about 800 MB, a minute or so"
	$(PIP) --only-binary :all: --no-binary face_recognition_models,pyvips -r requirements.txt -r requirements-face.txt
	$(PIP) --no-deps -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt requirements-dask.txt
	$(PIP) --only-binary :all: -r requirements-dev.txt -r requirements-dask.txt
	touch $@

up: setup  ## Run every service on this machine; Ctrl-C stops all of it
	@exec $(BIN)/photo-factory up

test: setup-dev lint  ## Run the whole test suite, but for the stack in Docker
	$(BIN)/python -m pytest --ignore tests/stack $(TESTS)

test-stack: setup-dev  ## Bring the stack up in a Docker engine of its own, and try what may happen to it
	$(BIN)/python -m pytest tests/stack --timeout 900 -o cache_dir=.pytest_cache/stack $(TESTS)

lint: setup-dev  ## Check style, types and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

corpus: setup-dev  ## File copies of real samples and compare their dates and places with the truth
	$(BIN)/python -m tests.corpus.corpus $(SAMPLES)

bench: setup-dev  ## Measure speed and memory beside named peers, as ratios in one run
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks --plain-sha phone_photos two_file_systems duplicates

faults: setup-dev  ## The long run of the kill and power-cut tests
	FAULTS=long $(BIN)/python -m pytest tests/faults

constraints:  ## Pin every package the pinned ones bring along
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	{ echo "# Every package the pinned ones bring along, at the version that was tested. Made by \`make constraints\`."; \
	  $(BIN)/uv pip compile -q requirements.txt requirements-face.txt requirements-dask.txt requirements-dev.txt --universal --python-version 3.11 --no-annotate --no-header; } > constraints.new
	mv constraints.new constraints.txt

clean:  ## Remove what can be made again (never photos)
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
