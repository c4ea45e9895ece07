"""A lampd of one's own, in a session of its own: started, asked, watched and killed, again and again.

As a program it is lampd with an evening: words are said to it and a household flips its switch, many times faster than
people would; the real hub, stages, journal and models.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from lampd import daemon
from lampd.control import NotRunning, ask, watch
from lampd.household import Household
from lampd.messages import Press, Transcript
from lampd.session import Wish

PATIENCE_S = 120.0
"""A busy machine is given this long for what takes seconds."""
APART_S = 0.4
SAID = (("turn on the light", True), ("what is for dinner", None), ("good night everyone", False))


class Running:
    """Its files are in `folder`; it lives while it is in its context. `seen` is what it showed those who watch."""

    def __init__(self, folder: Path) -> None:
        self.state, self._socket, self._file = folder / "state", folder / "control.sock", folder / "lampd.yaml"
        self._log = folder / "log"
        windows = {"flip_window_s": 0.3, "silence_s": 0.4, "left_alone_s": 0.5, "correction_s": 0.3, "fidget_s": 0.02}
        settings = {"board": "laptop", "state_dir": str(self.state), "control_socket": str(self._socket)}
        self._file.write_text(yaml.safe_dump(settings | {"anticipator": windows, "hub": {"tick_s": 0.1}}))
        self.process: subprocess.Popen[bytes] | None = None
        self.seen: list[dict[str, Any]] = []

    def start(self) -> None:
        self.seen = []
        lamp = [sys.executable, "-m", "lampd.bench.faults.running", "--config", str(self._file)]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(lamp, stderr=log, start_new_session=True)
        threading.Thread(target=self._watch, args=(self.seen, self.process), daemon=True).start()

    def _watch(self, seen: list[dict[str, Any]], process: "subprocess.Popen[bytes]") -> None:
        while process.poll() is None and not seen:
            with contextlib.suppress(NotRunning):
                for shown in watch(self._socket):
                    seen.append(shown)
            time.sleep(0.02)

    def status(self) -> dict[str, Any]:
        """What it says of itself; empty where it says nothing."""
        try:
            return ask(self._socket, {"ask": "status"})
        except NotRunning:
            return {}

    def until(self, reached: Callable[[dict[str, Any]], bool]) -> float:
        """Wait until its status is so, and say for how many seconds. Raises TimeoutError."""
        began = time.monotonic()
        while not reached(self.status()):
            if time.monotonic() > began + PATIENCE_S or (self.process and self.process.poll() is not None):
                raise TimeoutError(f"lampd is not there: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        return time.monotonic() - began

    def ready(self) -> list[str]:
        """Its stages, in the order in which they were ready."""
        lines = [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]
        return [line["stage"] for line in lines if line["event"] == "stage ready"]

    def kill(self, parent_alone: bool = False) -> None:
        """As when the power goes; or the parent, and its children find out."""
        if self.process:
            (os.kill if parent_alone else os.killpg)(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def left(self) -> list[int]:
        """Those of its processes that live."""
        session = self.process.pid if self.process else 0
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _session(pid) == session]


def _session(pid: int) -> int:
    """The session of a process that runs; 0 of one that does not."""
    with contextlib.suppress(OSError):
        state, _, _, session, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return 0 if state == "Z" else int(session)
    return 0


def stages_are_ready(status: dict[str, Any]) -> bool:
    return bool(status) and all(one["state"] == "ready" for one in status["stages"].values())


def switch_works(status: dict[str, Any]) -> bool:
    return bool(status) and status["stages"]["operator"]["state"] == "ready"


class Lived(daemon.Daemon):
    """With an evening."""

    def run(self) -> None:
        first = self.hub.journal.utterance() + 1
        threading.Thread(target=self._evening, args=(first,), daemon=True).start()
        super().run()

    def _evening(self, first: int) -> None:
        began = time.monotonic()
        said = [(began + number * APART_S, *SAID[number % len(SAID)]) for number in range(10_000)]
        household = Household([Wish(at, lit, at, at + 0.1) for at, _, lit in said], first, 0.15, 0.1)
        self.hub.observers.append(household.observe)
        for number, (at, words, _) in enumerate(said, first):
            while time.monotonic() < at + 0.15:
                time.sleep(0.01)
                for press in household.due(time.monotonic()):
                    self._post(press)
            self._post(Transcript(at, number, at, at + 0.1, words, 1.0))

    def _post(self, message: Press | Transcript) -> None:
        self.hub.processes.soon(lambda: self.hub.post(message))


if __name__ == "__main__":
    daemon.Daemon = Lived  # type: ignore[misc]
    sys.exit(daemon.main())
