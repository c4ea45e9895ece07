"""The disk under the lamp fills up, has no more files, turns read-only or takes two seconds for every fsync, and is
well again: a finger presses all the while, words are taught, and nothing that happened may be missing afterwards.

The faults are those of real file systems, mounted for the lamp alone: that takes root, and a C compiler for the slow
one.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import yaml

from lampd.bench.faults import Outcome, Say, retention
from lampd.bench.faults.finger import FILE, PAUSED
from lampd.control import NotRunning, ask
from lampd.outage import RETRY_S
from lampd.score import quantile

FULL, SHORT = 200, 10
LIMIT_MS = 20.0
PATIENCE_S = 120.0
"""A busy machine is given this long for what takes seconds."""
SLOW_S = 2
SHIM = f"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static int slowly(const char *name, int fd) {{
    if (access(getenv("LAMPD_SLOW"), F_OK) == 0) sleep({SLOW_S});
    return ((int (*)(int)) dlsym(RTLD_NEXT, name))(fd);
}}
int fsync(int fd) {{ return slowly("fsync", fd); }}
int fdatasync(int fd) {{ return slowly("fdatasync", fd); }}
"""
MOUNT = {
    "tmpfs": 'mount -t tmpfs -o size=24m,nr_inodes=400 tmpfs "$STATE"',
    "ext4": 'mount -o loop,errors=remount-ro "$IMAGE" "$STATE"',
}
Asked = dict[str, Any]


def missing() -> str:
    """What this machine lacks for the campaign; empty where nothing."""
    if os.geteuid() != 0:
        return "it takes root, to mount what is to fail"
    if lacking := [name for name in ("unshare", "nsenter", "cc", "mkfs.ext4") if not shutil.which(name)]:
        return f"it takes {lacking[0]}"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        return "nothing can be mounted here"
    return ""


class House:
    """A lampd, with a finger, whose state_dir is a file system of its own of `kind` tmpfs or ext4."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.state, self._socket = folder, folder / "state", folder / "control.sock"
        self.state.mkdir()
        config = {"board": "laptop", "state_dir": str(self.state), "control_socket": str(self._socket)}
        (folder / "lampd.yaml").write_text(yaml.safe_dump(config))
        (folder / "slow.c").write_text(SHIM)
        _run("cc", "-shared", "-fPIC", "-o", f"{folder}/slow.so", f"{folder}/slow.c", "-ldl")
        if kind == "ext4":
            _run("truncate", "-s", "24M", f"{folder}/image")
            _run("mkfs.ext4", "-qF", f"{folder}/image")
        names = {"STATE": self.state, "IMAGE": folder / "image", FILE: folder / "presses", PAUSED: folder / "paused"}
        names |= {"LAMPD_SLOW": folder / "slow", "SHIM": folder / "slow.so"}
        begin = f'{MOUNT[kind]} && LD_PRELOAD="$SHIM" exec "$@"'
        lamp = [sys.executable, "-m", "lampd.bench.faults.finger", "--config", str(folder / "lampd.yaml")]
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", begin, "sh", *lamp],
            env={**os.environ, **{name: str(value) for name, value in names.items()}},
            stderr=self.log,
        )
        self.until("all stages are ready", lambda: all(one["state"] == "ready" for one in self.stages().values()))

    @property
    def inside(self) -> Path:
        """The state_dir as the lamp sees it."""
        return Path(f"/proc/{self.process.pid}/root{self.state}")

    def mount(self, *command: str) -> None:
        """Run a command where the lamp's file system is mounted."""
        _run("nsenter", "-t", str(self.process.pid), "-m", *command)

    def ask(self, **request: Any) -> Asked:
        return ask(self._socket, request)

    def status(self) -> Asked:
        return self.ask(ask="status")

    def stages(self) -> Asked:
        found: Asked = self.status().get("stages", {"all": {"state": "silent"}})
        return found

    def until(self, what: str, reached: Callable[[], bool]) -> float:
        """Wait, and say for how many seconds. Raises TimeoutError."""
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE_S:
            try:
                if reached():
                    return time.monotonic() - began
            except NotRunning:
                if self.process.poll() is not None:
                    break
            time.sleep(0.1)
        log = (self.folder / "log").read_text(errors="replace")[-2000:]
        raise TimeoutError(f"it is not so that {what}, after {time.monotonic() - began:.0f} s\n{log}")

    def presses(self) -> list[tuple[float, float]]:
        """When, and after how many milliseconds the relay moved."""
        lines = (self.folder / "presses").read_text().splitlines()
        return [(float(line.split()[0]), float(line.split()[1])) for line in lines]

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def well(house: House) -> Iterator[str]:
    """For comparison."""
    yield ""


@contextmanager
def full(house: House) -> Iterator[str]:
    filler = house.inside / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    yield "full"
    filler.unlink()


@contextmanager
def without_files(house: House) -> Iterator[str]:
    folder = house.inside / "many"
    folder.mkdir()
    try:
        for number in range(1000):
            (folder / str(number)).touch()
    except OSError:
        pass
    yield "room for no more files"
    shutil.rmtree(folder)


@contextmanager
def slow(house: House) -> Iterator[str]:
    (house.folder / "slow").touch()
    yield ""
    (house.folder / "slow").unlink()


@contextmanager
def read_only(house: House) -> Iterator[str]:
    """As the kernel makes it when a card fails; and the same files from another card."""
    mounts = Path(f"/proc/{house.process.pid}/mounts").read_text().splitlines()
    device = next(Path(line.split()[0]).name for line in mounts if line.split()[1] == str(house.state))
    Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("1")
    yield "journal.db"
    house.mount("umount", "-l", str(house.state))
    # the lamp looks for its journal meanwhile, and is to begin no other in that place
    time.sleep(RETRY_S + 1)
    shutil.copy(house.folder / "image", house.folder / "other")
    subprocess.run(["e2fsck", "-fy", str(house.folder / "other")], capture_output=True)
    house.mount("mount", "-o", "loop", str(house.folder / "other"), str(house.state))


Fault = Callable[[House], AbstractContextManager[str]]
FAULTS: tuple[tuple[str, tuple[Fault, ...]], ...] = (
    ("tmpfs", (well, full, well, without_files, well, slow)),
    ("ext4", (well, read_only)),
)


class Suffered:
    """What one house came to."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.broken: list[str] = []
        self.taught: list[int] = []
        self.well_ms = self.worst_well_ms = self.worst_ms = 0.0
        self.longest_s = 0.0

    def under(self, fault: Fault, times: int) -> None:
        """`times` presses while it lasts, something taught, and back again."""
        house, name = self.house, fault.__name__.replace("_", " ")
        restarts = {one: stage["restarts"] for one, stage in house.stages().items()}
        begun = len(house.presses())
        with fault(house) as complaint:
            self._teach(f"{name} lit", "lit")
            house.until(f"{times} presses come", lambda: len(house.presses()) >= begun + times)
            if complaint:
                house.until(f"{name} is said", lambda: any(complaint in one for one in self._complaints()))
            began = time.monotonic()
            house.until("status is told", lambda: "well" in house.status())
            told_s = time.monotonic() - began
        taken = sorted(ms for _, ms in house.presses()[begun:])
        p99 = quantile(taken, 0.99) or 0.0
        if fault is well:
            self.well_ms = p99
            self.worst_well_ms = max(self.worst_well_ms, p99)
            return
        self.worst_ms = max(self.worst_ms, p99)
        # where other work keeps the processor from it when all is well, too, nothing can be told
        if p99 >= LIMIT_MS > self.well_ms:
            self.broken.append(f"{name}: the relay moved {p99:.1f} ms after a press (99 %)")
        if told_s > 10:
            self.broken.append(f"{name}: lampctl status took {told_s:.0f} s")
        self.longest_s = max(self.longest_s, house.until(f"{name} is over", lambda: self._well(complaint)))
        self._teach(f"after {name}", "dark")
        if again := [one for one, stage in house.stages().items() if stage["restarts"] > restarts[one]]:
            self.broken.append(f"{name}: {', '.join(again)} had to start again")

    def _complaints(self) -> list[str]:
        found: list[str] = self.house.status()["complaints"]
        return found

    def _well(self, complaint: str) -> bool:
        status = self.house.status()
        about = [one for one in status["complaints"] if one.startswith(("journal", "trainer")) or "files" in one]
        return not about and not status["journal_error"] and not status["stages"]["trainer"]["note"]

    def _teach(self, words: str, meant: str) -> None:
        try:
            answer = self.house.ask(ask="teach", said={"text": words}, meant=meant)
        except NotRunning:
            # a slow card: the answer came too late
            return
        self.taught += [number for number, _ in answer.get("done", [])]

    def end(self) -> int:
        """Have the finger rest, look at what is on disk, and say how many flips of the hand are there."""
        house = self.house
        (house.folder / "paused").touch()
        time.sleep(1)
        house.until("status is told", lambda: "well" in house.status())
        pressed = len(house.presses())
        for name in ("journal.db", "journal.db-wal"):
            shutil.copy(house.inside / name, house.folder / name)
        with closing(sqlite3.connect(house.folder / "journal.db")) as db:
            flips = [lit for (lit,) in db.execute("SELECT lit FROM flip ORDER BY seq")]
            known = {number for (number,) in db.execute("SELECT utterance FROM label WHERE cause = 'told'")}
            doubled = db.execute("SELECT count(*) - count(DISTINCT at) FROM flip").fetchone()[0]
            sound = db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        if len(flips) != pressed or doubled or flips != [number % 2 == 0 for number in range(pressed)]:
            self.broken.append(f"{pressed} presses, {len(flips)} flips in the journal, {doubled} of them twice")
        if lost := sorted(set(self.taught) - known):
            self.broken.append(f"told and not kept: {lost}")
        if not sound:
            self.broken.append("the journal is damaged")
        return pressed


def run(times: int, seed: int, say: Say) -> Outcome:
    """`times` presses for each fault, at moments that are the same always; `seed` is that of what is written."""
    if why := missing():
        return Outcome({}, [f"not tried: {why}"])
    broken: list[str] = []
    presses = taught = faults = 0
    well_ms = worst_ms = longest_s = 0.0
    # another file system takes another lamp, and as long to start it
    for kind, some in FAULTS[: 1 if times <= SHORT else None]:
        with tempfile.TemporaryDirectory(prefix="lampd-disk-") as folder:
            house = House(Path(folder), kind)
            try:
                suffered = Suffered(house)
                for fault in some:
                    suffered.under(fault, times)
                    say(f"{fault.__name__.replace('_', ' ')}: over")
                    faults += fault is not well
                presses += suffered.end()
            except TimeoutError as error:
                suffered.broken.append(str(error))
            finally:
                house.close()
            broken += suffered.broken
            well_ms = max(well_ms, suffered.worst_well_ms)
            taught += len(suffered.taught)
            worst_ms, longest_s = max(worst_ms, suffered.worst_ms), max(longest_s, suffered.longest_s)
    kept = retention.run(times, seed, say)
    counts = {
        "faults of the disk": float(faults),
        "presses": float(presses),
        "ms from press to relay (99 %) when the disk is well": well_ms,
        "ms in the worst fault": worst_ms,
        "words taught": float(taught),
        "s at most until it was well again": longest_s,
    }
    return Outcome(counts | kept.counts, broken + kept.broken)
