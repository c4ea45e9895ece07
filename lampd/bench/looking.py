"""What it costs to look in: how long `lampctl status` takes, and how much of a processor `lampctl watch` does.

A hub in this process answers at a real socket and has those who watch shown what a busy lamp says: a tick and a level
every quarter of a second, and speech half of the time, transcribed five times a second. `watch` draws that at 80 x 24
in a terminal of its own.
"""

import argparse
import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

from lampd import config
from lampd.bench import Report
from lampd.control import Control, Observe
from lampd.hub import Hub
from lampd.journal import Journal
from lampd.messages import AnyMessage, Directive, Leaning, Level, PartialTranscript, Tick, Transcript
from lampd.requests import Requests
from lampd.score import quantile

LAMPCTL = [sys.executable, "-m", "lampd.cli.main"]
WORDS = "turn on the light in the kitchen please"
QUICK = ("--seconds", "6", "--times", "5")
SETTLED_S = 2.0
"""After this long `watch` has started."""


def busy(hub: Hub) -> None:
    """Have all who watch shown, for ever, what a busy lamp says."""

    def say(*messages: AnyMessage) -> None:
        for observe in [*hub.observers]:
            for message in messages:
                observe(message)

    utterance = 0
    while True:
        utterance += 1
        began = time.monotonic()
        for part in range(20):
            time.sleep(max(0.0, began + part / 5 - time.monotonic()))
            now = time.monotonic()
            if part % 5 != 4:
                say(Tick(now), Level(now, -30.0 - part, -12.0, 0.0, -62.0, 0.5))
            if part < 9:
                text = WORDS[: 4 * part + 4]
                say(PartialTranscript(now, utterance, began, text, 0.6), Leaning(now, utterance, 0.05 * part, 0.0))
        end = time.monotonic()
        directive = Directive(end, utterance, end, "nothing", 0.4, 0.0, "gate", "not sure enough")
        say(Transcript(end, utterance, began, end - 2.0, WORDS, 0.7), directive)


def lamp(file: Path, ready: threading.Event) -> None:
    """A hub without stages, that answers and is watched."""
    settings = config.load(file)
    hub = Hub(settings, Journal(Path(settings.state_dir) / "journal.db", "boot"), time.monotonic, live=False)

    def watch(observe: Observe, on: bool) -> None:
        hub.observers.append(observe) if on else hub.observers.remove(observe)

    Control(Path(settings.control_socket), Requests(hub, settings).answer, watch, hub.processes.soon)
    threading.Thread(target=busy, args=(hub,), daemon=True).start()
    ready.set()
    while True:
        hub.processes.arrival(1.0)


def _cpu_s(pid: int) -> float:
    """Seconds of processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watched(file: Path, seconds: float) -> float:
    """The share of one processor that `lampctl watch` takes."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [*LAMPCTL, "--config", str(file), "watch"]
    environment = os.environ | {"TERM": "xterm"}
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    shown = bytearray()

    def look() -> None:
        while True:
            shown.extend(os.read(master, 65536))

    threading.Thread(target=look, daemon=True).start()
    time.sleep(SETTLED_S)
    before, began = _cpu_s(process.pid), time.monotonic()
    time.sleep(seconds)
    share = (_cpu_s(process.pid) - before) / (time.monotonic() - began)
    process.kill()
    process.wait()
    if WORDS[:16].encode() not in shown:
        raise RuntimeError(f"it did not show what was said: {shown[-500:]!r}")
    return share


def timed(file: Path, times: int) -> list[float]:
    """Seconds that `lampctl status` takes, in order."""
    taken = []
    for _ in range(times):
        began = time.monotonic()
        asked = subprocess.run([*LAMPCTL, "--config", str(file), "status"], capture_output=True, text=True)
        taken.append(time.monotonic() - began)
        if "operator" not in asked.stdout:
            raise RuntimeError(f"it did not answer: {asked.stderr}")
    return sorted(taken)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=20.0, help="for which it watches (20)")
    parser.add_argument("--times", type=int, default=20, help="status is asked (20)")


def run(arguments: argparse.Namespace) -> Report:
    with tempfile.TemporaryDirectory(prefix="lampd-") as folder:
        file, path = Path(folder) / "lampd.yaml", Path(folder) / "control.sock"
        file.write_text(f"board: laptop\nstate_dir: {folder}\ncontrol_socket: {path}\n")
        ready = threading.Event()
        threading.Thread(target=lamp, args=(file, ready), daemon=True).start()
        ready.wait()
        taken = timed(file, arguments.times)
        share = watched(file, arguments.seconds)
    median, worst = quantile(taken, 0.5) or 0.0, taken[-1]
    text = (
        f"lampctl status  {median:.2f} s median, {worst:.2f} s worst of {len(taken)}\n"
        f"lampctl watch   {share:.1%} of one processor, while somebody talks"
    )
    return Report({"status_s": [round(median, 3), round(worst, 3)], "watch_share": round(share, 4)}, text)
