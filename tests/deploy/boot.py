"""The boot proof, `make boot-test`: a board, emulated, boots the release that a bundle installed, and lives a little.

The button, the relay and the sound card are the kernel's own simulations. Times are those of an emulated processor.
"""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import _pytest
import iniconfig
import packaging
import pluggy
import pygments
import pytest
import soundfile

from lampd.score import quantile
from tests.deploy.guest import Guest, until

ARCH = os.environ.get("LAMPD_ARCH", "arm64")
SCRATCH = os.environ.get("LAMPD_SCRATCH", "/var/tmp/lampd")
ROOT, BUNDLE = Path(f"{SCRATCH}-root-{ARCH}"), Path(f"{SCRATCH}-{ARCH}.tar")
EVENING = Path(__file__).parents[1] / "sessions" / "first_evening"
PINS = Path(__file__).parents[1] / "devices" / "on_gpio_sim.py"
MEMORY_MB, SPARE_MB = 1024, 300
SETTINGS = """board: laptop
gpio: {factory: libgpiod, chip: board-pins, button: {pin: BUTTON}, relay: {pin: RELAY}}
recorder: {device: "Loopback: PCM (hw:0,1)"}
"""
"""The pins and the microphone of this board; all else is as it ships."""

Tell = Callable[[str], None]


@pytest.fixture(scope="module")
def board() -> Iterator[Guest]:
    """One board for all tests: they are in the order of its life."""
    guest = Guest(ARCH, ROOT, Path(tempfile.mkdtemp(dir=ROOT.parent, prefix="lampd-guest-")), MEMORY_MB)
    try:
        guest.write("/etc/lampd/lampd.yaml", SETTINGS)
        install(guest)
        guest.write("/root/finger.py", (Path(__file__).parent / "finger.py").read_text())
        speech = EVENING / "audio" / "0001.flac"
        soundfile.write(guest.root / "root/speech.wav", *soundfile.read(speech, dtype="int16"))
        guest.power_on()
        yield guest
    finally:
        guest.close()


def install(guest: Guest) -> None:
    with tempfile.TemporaryDirectory(dir=ROOT.parent) as folder, tarfile.open(BUNDLE) as bundle:
        bundle.extractall(folder, filter="data")
        [script] = Path(folder).glob("*/install.sh")
        subprocess.run([script, "--root", guest.root, "--unsigned"], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def tell(capfd: pytest.CaptureFixture[str]) -> Tell:
    """Print a figure."""

    def told(text: str) -> None:
        with capfd.disabled():
            print(f"\n    {text}", end="", flush=True)

    return told


def ready(board: Guest) -> dict[str, Any]:
    """The lamp's status once all stages are there."""
    whole: dict[str, Any] = until(lambda: (status := board.status()).get("well") and status, 600)
    return whole


def events(board: Guest) -> list[dict[str, Any]]:
    return [json.loads(line) for line in board.run("lampctl log -n 200 --json").splitlines()]


def say(board: Guest) -> None:
    # a player that is late leaves holes in what the loopback gives
    board.run("nice -n -20 aplay -q --buffer-time=2000000 -D plughw:0,0 /root/speech.wav")


def press(board: Guest) -> None:
    board.run("echo pull-down >/run/button; sleep 0.1; echo pull-up >/run/button")


def test_it_is_up_and_well(board: Guest, tell: Tell) -> None:
    ready(board)
    assert board.unit("ActiveState") == "active"
    assert board.unit("NRestarts") == "0"
    tell(board.run("systemd-analyze time").splitlines()[0])


def test_the_switch_drives_the_relay_soon_after_the_start(board: Guest, tell: Tell) -> None:
    seconds = json.loads(board.run("python3 /root/finger.py start"))
    tell(f"from the service's start to a relay that follows the button: {seconds:.1f} s")
    assert seconds < 60, "too slow even for an emulated board"
    ready(board)


def test_the_relay_follows_the_button_at_once(board: Guest, tell: Tell) -> None:
    taken = sorted(json.loads(board.run("python3 /root/finger.py 100")))
    tell(f"press to relay, ms, of 100: median {quantile(taken, 0.5):.1f}, p99 {quantile(taken, 0.99):.1f}")
    assert quantile(taken, 0.5) < 60


def test_it_hears_what_is_said_and_learns_from_a_flip(board: Guest, tell: Tell) -> None:
    board.run("lampctl off")
    before = ready(board)["known"]["lit"]
    say(board)
    # an emulated board takes long to hear it; a flip counts by when it came
    press(board)
    until(lambda: board.status()["known"]["lit"] > before, 400)
    learned = [one for one in events(board) if one["type"] == "Example" and one["possible"] == ["lit"]]
    tell(f"heard {learned[-1]['text']!r}, and a flip said what it means")


def test_its_memory_leaves_room_on_the_smallest_board(board: Guest, tell: Tell) -> None:
    status = ready(board)
    stages = {name: stage["memory_mb"] for name, stage in status["stages"].items()}
    free = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in board.run("cat /proc/meminfo").splitlines()}
    tell(f"resident, MB: hub {status['hub_memory_mb']}, " + ", ".join(f"{name} {mb}" for name, mb in stages.items()))
    tell(f"available: {free['MemAvailable']} of {free['MemTotal']} MB")
    assert stages["operator"] < 40
    assert free["MemAvailable"] > SPARE_MB


def test_no_socket_leads_anywhere(board: Guest) -> None:
    lamps = board.run("pgrep --uid lampd").split()
    sockets = board.run("ss --tcp --udp --raw --packet --listening --all --processes --numeric")
    assert not [line for line in sockets.splitlines() if any(f"pid={pid}," in line for pid in lamps)]
    interfaces = board.run(f"nsenter --target {board.unit('MainPID')} --net ip -o link")
    assert [line.split()[1] for line in interfaces.splitlines()] == ["lo:"]


def test_a_hung_stage_is_started_again(board: Guest) -> None:
    before = ready(board)["stages"]["transcriber"]["pid"]
    board.run(f"kill -STOP {before}")
    say(board)
    until(lambda: board.status()["stages"]["transcriber"]["pid"] not in (None, before), 400)
    ready(board)


def test_the_pin_factory_on_simulated_chips(board: Guest, tell: Tell) -> None:
    """tests/devices/on_gpio_sim.py, by the release's own Python."""
    site = board.root / "root/pytest"
    for package in (pytest, _pytest, pluggy, iniconfig, packaging, pygments):
        [folder] = package.__path__
        shutil.copytree(folder, site / Path(folder).name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(Path(pytest.__file__).parents[1] / "py.py", site)
    board.write("/root/on_gpio_sim.py", PINS.read_text())
    command = "PYTHONPATH=/root/pytest /opt/lampd/current/bin/python -m pytest -q -s /root/on_gpio_sim.py"
    done = board.ask(command, patience_s=900)
    assert done.returncode == 0, done.stdout + done.stderr
    for line in done.stdout.splitlines():
        if "ms" in line or "passed" in line:
            tell(line.strip())


def test_a_power_cut_costs_nothing_that_was_learned(board: Guest) -> None:
    board.run("lampctl on")
    before = until(lambda: (status := board.status())["lit"] and status, 120)
    board.power_cut()
    board.power_on()
    after = ready(board)
    assert after["lit"]
    assert after["known"] == before["known"]
    assert board.run("cat /run/relay") == "1"
