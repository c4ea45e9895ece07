"""A card's life on an emulated board (`make image-boot-test`, as root): flashed, started, unplugged, flashed again.

The stand-in for a stock image has Debian's kernel and no boot code that is ever run: the emulator starts the kernel.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import early
from tests.deploy.guest import BOARDS, CONSOLES
from tests.deploy.stock import MIB, REPOSITORY, make_bundle, make_stock, run

ARCH = os.environ.get("LAMPD_ARCH", "amd64")
ROOT = Path(os.environ.get("LAMPD_ROOT", f"/var/tmp/lampd-root-{ARCH}"))
KERNEL = ROOT.with_name(f"{ROOT.name}.kernel")
BUNDLE = os.environ.get("LAMPD_BUNDLE")
CARD_MB = 7500


class Board:
    def __init__(self, work: Path) -> None:
        self._work, self.card = work, work / "card"
        self._running: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._early = early.make(ROOT, KERNEL, work / "early")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "owner", "-f", work / "key")

    def flash(self, packed: Path) -> None:
        """As any writer does it: the image's bytes, and none behind them; then the owner's settings."""
        write = f"xz -dc {packed} | dd of={self.card} bs=4M iflag=fullblock conv=notrunc status=none"
        subprocess.run(["sh", "-c", write], check=True)
        os.truncate(self.card, CARD_MB * MIB)
        settings = self._work / "lampd.txt"
        settings.write_bytes(b"hostname = kitchen\r\nssh_key = " + (self._work / "key.pub").read_bytes())
        run("mcopy", "-o", "-i", f"{self.card}@@4M", settings, "::/lampd.txt")

    def power_on(self) -> None:
        boot = f"root=/dev/vda2 ro console={CONSOLES[ARCH]} loglevel=4"
        command = [
            *(*BOARDS[ARCH], "-accel", "tcg,thread=multi", "-smp", "2", "-m", "1024"),
            *("-drive", f"file={self.card},if=none,id=card,format=raw", "-device", "virtio-blk-pci,drive=card"),
            *("-netdev", f"user,id=wire,hostfwd=tcp:127.0.0.1:{self._port}-:22"),
            *("-device", "virtio-net-pci,netdev=wire", "-device", "virtio-rng-pci"),
            *("-kernel", KERNEL / "vmlinuz", "-initrd", self._early, "-append", boot),
            *("-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot"),
        ]
        with (self._work / "console").open("wb") as console:
            self._running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        end = time.monotonic() + 600
        while self.ask("systemctl is-system-running")[1].strip() not in ("running", "degraded"):
            said = (self._work / "console").read_text(errors="replace")[-2000:]
            assert time.monotonic() < end and self._running.poll() is None, said
            time.sleep(2)

    def unplug(self) -> None:
        if self._running:
            self._running.kill()
            self._running.wait()

    def ask(self, command: str) -> tuple[int, str]:
        unknown = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")
        ssh = ["ssh", "-i", self._work / "key", *unknown, "-o", "ConnectTimeout=60", "-p", str(self._port)]
        done = subprocess.run([*ssh, "lamp@127.0.0.1", command], capture_output=True, text=True)
        return done.returncode, done.stdout

    def run(self, command: str) -> str:
        code, said = self.ask(command)
        assert code == 0, f"{command}: {said}"
        return said.strip()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("image")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}[ARCH]
    bundle = Path(BUNDLE) if BUNDLE else make_bundle(work / "bundle.tar", machine)
    stock = make_stock(ROOT, work / "stock.img", "pi", KERNEL)
    command = [REPOSITORY / "deploy/image/customise.py", "--board", "rpi4", "--stock", stock, "--bundle", bundle]
    environment = {**os.environ, "XZ_LEVEL": "0"}
    made = subprocess.run([*command, "--out", work], stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return Path(made.stdout.strip())


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    board = Board(tmp_path)
    board.card.touch()
    yield board
    board.unplug()
    shutil.rmtree(tmp_path)


def test_what_was_learned_survives_a_pulled_plug_and_a_new_version(board: Board, image: Path) -> None:
    board.flash(image)
    board.power_on()
    assert board.run("hostname") == "kitchen"
    assert board.run("systemctl list-units --failed --plain --no-legend") == ""
    assert board.run("findmnt -no OPTIONS /").split(",")[0] == "ro"
    assert board.run("findmnt -no SOURCE,FSTYPE /data").split() == ["/dev/vda7", "ext4"]
    assert board.run("systemctl is-active lampd") == "active"
    print(board.run("systemd-analyze blame | grep lampd"))
    board.run("sudo sh -c 'echo light >/var/lib/lampd/learned; echo log_level: debug >>/etc/lampd/lampd.yaml; sync'")
    key = board.run("sudo cat /data/ssh/ssh_host_ed25519_key.pub")
    board.run("sudo sh -c 'dd if=/dev/urandom of=/var/lib/lampd/half bs=1M count=20 status=none'")
    board.unplug()

    board.flash(image)
    board.power_on()
    assert board.run("sudo cat /var/lib/lampd/learned") == "light"
    assert board.run("sudo tail -n 1 /etc/lampd/lampd.yaml") == "log_level: debug"
    assert board.run("sudo cat /data/ssh/ssh_host_ed25519_key.pub") == key
    assert board.run("cat /run/lampd-card/remembers") == "yes"
    assert board.run("systemctl is-active lampd") == "active"
