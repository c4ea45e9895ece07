# make demo and make test set up all they need in .venv. PyPI's torch for x86 brings CUDA along: to avoid that, point
# PIP_EXTRA_INDEX_URL at PyTorch's own index of CPU builds.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# where `make unit-test` and `make install-test` keep the Debian that they boot, and the bundles that they install
SCRATCH ?= /var/tmp/lampd
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/development.lock

.PHONY: demo lamp voice wiring view manual test fuzz unit-test install-test image-test card-boot-test cores-test boot-test bundle image check lock board-lock clean

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

# the running view, as README shows it
view: $(VENV)/.dev
	$(BIN)/python -m tests.still

# lampctl's man page and what shells complete it by, from its parser
manual: $(VENV)/.dev
	$(BIN)/python -m lampd.cli.manual deploy/shell

test: check
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder

# what is damaged, foreign, huge or meant ill: FUZZ inputs of each kind, others for another SEED
FUZZ ?= 2000
SEED ?= 0
fuzz: $(VENV)/.dev
	LAMPD_FUZZ=$(FUZZ) $(BIN)/python -m pytest tests/fuzz --hypothesis-seed=$(SEED)

# the unit under a real systemd, booted in a container; as root, with the packages mmdebstrap and systemd-container
unit-test: $(VENV)/.dev $(VENV)/.boards
	deploy/root.sh $(SCRATCH)-root-amd64 amd64
	PATH=$(abspath $(BIN)):$$PATH LAMPD_SCRATCH=$(SCRATCH) $(BIN)/python -m pytest tests/deploy/unit_in_container.py

# deploy/install.sh there: first, again, upgrades, what does not do well, what was tampered with
install-test: $(VENV)/.dev $(VENV)/.boards
	deploy/root.sh $(SCRATCH)-root-amd64 amd64
	PATH=$(abspath $(BIN)):$$PATH LAMPD_SCRATCH=$(SCRATCH) $(BIN)/python -m pytest tests/deploy/install_in_container.py

# images for cards, over a stand-in for a publisher's; as root, with mtools, dosfstools, fdisk and systemd-container
image-test: $(VENV)/.dev
	deploy/root.sh $(SCRATCH)-root-amd64 amd64
	LAMPD_ROOT=$(SCRATCH)-root-amd64 $(BIN)/python -m pytest tests/deploy/place_on_a_card.py tests/deploy/image_of_a_card.py

# such a card's life on an emulated board; with qemu-system-x86 and cpio too
card-boot-test: $(VENV)/.dev
	deploy/root.sh $(SCRATCH)-root-amd64 amd64
	LAMPD_ROOT=$(SCRATCH)-root-amd64 LAMPD_ARCH=amd64 $(BIN)/python -m pytest tests/deploy/card_in_emulator.py

# what board.lock pins, on an emulated Cortex-A53 and A72; as root, with mmdebstrap, qemu-user-static and arch-test
cores-test: $(VENV)/.dev $(VENV)/.boards
	deploy/root.sh $(SCRATCH)-root-arm64 arm64
	rm -rf $(SCRATCH)-releases
	PATH=$(abspath $(BIN)):$$PATH deploy/tree.sh --machine aarch64 --python 3.13 $(SCRATCH)-releases
	LAMPD_SCRATCH=$(SCRATCH) $(BIN)/python -m pytest tests/deploy/cores.py

# a board, emulated, boots and lives a little; as root, with the same, qemu-system-arm and openssh-client. ARCH=amd64 is
# a board of another kind, for what is the same on all
ARCH ?= arm64
boot-test: $(VENV)/.dev $(VENV)/.boards
	deploy/root.sh $(SCRATCH)-root-$(ARCH) $(ARCH)
	PATH=$(abspath $(BIN)):$$PATH deploy/bundle.sh --machine $(if $(filter arm64,$(ARCH)),aarch64,x86_64) $(SCRATCH)-$(ARCH).tar
	LAMPD_SCRATCH=$(SCRATCH) LAMPD_ARCH=$(ARCH) $(BIN)/python -m pytest tests/deploy/boot.py

# what is installed on a board: make bundle KEY=~/.ssh/id_ed25519
bundle: $(VENV)/.boards
	mkdir -p dist
	PATH=$(abspath $(BIN)):$$PATH deploy/bundle.sh $(if $(KEY),--key $(KEY)) dist/

# a card to flash, as root, of that and of a publisher's image:
# make image BOARD=rpi4|lepotato STOCK=IMAGE.img.xz [BUNDLE=dist/lampd-VERSION-aarch64-py3.13.tar]
BUNDLE ?= $(shell ls -t dist/lampd-*-aarch64-py3.13.tar 2>/dev/null | head -n 1)
image:
	@[ "$(BOARD)" ] || { echo "say BOARD=rpi4 or BOARD=lepotato" >&2 && exit 1; }
	@[ "$(BUNDLE)" ] || { echo "there is no bundle in dist: make bundle" >&2 && exit 1; }
	deploy/image/customise.py --board $(BOARD) $(if $(STOCK),--stock $(STOCK)) --bundle $(BUNDLE)

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

$(VENV)/.boards: $(VENV)/.runtime
	$(PIP) uv==0.13.9
	@touch $@

# what is pinned: the newest of everything that pyproject.toml admits, as a fresh environment gets it
lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet torch==2.13.0
	build/lock/bin/python -m pip install --quiet --editable '.[dev]'
	build/lock/bin/python -m pip freeze --exclude-editable --exclude pip | sed 's/+cpu$$//' > deploy/development.lock
	rm -r build/lock

# the same for boards, with hashes: what suits Python 3.11 suits those after it too
COMPILE := uv pip compile --quiet --no-header --no-annotate --no-strip-markers --generate-hashes --only-binary :all: \
	--python-platform aarch64-manylinux_2_34 --python-version 3.11
board-lock: $(VENV)/.boards
	{ echo '# what a release consists of: make board-lock, from pyproject.toml and board.in'; \
		$(BIN)/$(COMPILE) pyproject.toml deploy/board.in; } > deploy/board.lock.new
	{ echo '# what makes the wheel of lampd: make board-lock'; \
		sed -n 's/^requires = \["\(.*\)"\]/\1/p' pyproject.toml | $(BIN)/$(COMPILE) -; } > deploy/build.lock
	mv deploy/board.lock.new deploy/board.lock

clean:
	rm -rf $(VENV) build dist learning.png
