# make demo and make test set up all they need in .venv. PyPI's torch for x86 brings CUDA along: to avoid that, point
# PIP_EXTRA_INDEX_URL at PyTorch's own index of CPU builds.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UNIT_ROOT ?= /var/tmp/lampd-unit-root
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/development.lock

.PHONY: demo lamp voice wiring test unit-test check lock clean

demo: $(VENV)/.runtime
	$(BIN)/lampctl replay tests/sessions/first_evening --closed-loop --processes --watch --picture learning.png

lamp: $(VENV)/.runtime
	$(BIN)/lampd --config config/laptop.yaml --screen

# the bundled voice, from nothing: espeak-ng, flite and festival speak, and two processes learn for 80 minutes
voice: $(VENV)/.runtime
	$(BIN)/python -m lampd.voice.train --work build/voice

# the drawings in hardware/, from the boards' profiles
wiring: $(VENV)/.runtime
	$(BIN)/python -m lampd.wiring

test: check
	$(BIN)/python -m pytest

# the unit under a real systemd, booted in a container; as root, with the packages mmdebstrap and systemd-container
unit-test: $(VENV)/.dev
	deploy/unit-root.sh $(UNIT_ROOT) $(BIN)/python
	LAMPD_UNIT_ROOT=$(UNIT_ROOT) $(BIN)/python -m pytest tests/deploy/unit_in_container.py

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/.runtime: pyproject.toml deploy/development.lock
	@echo "setting up $(VENV) (about 1.3 GB, once) ..."
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(PIP) --editable '.[dev]'
	@touch $@

# what is pinned: the newest of everything that pyproject.toml admits, as a fresh environment gets it
lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet torch==2.13.0
	build/lock/bin/python -m pip install --quiet --editable '.[dev]'
	build/lock/bin/python -m pip freeze --exclude-editable --exclude pip | sed 's/+cpu$$//' > deploy/development.lock
	rm -r build/lock

clean:
	rm -rf $(VENV) build dist learning.png
