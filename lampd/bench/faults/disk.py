"""The disk under the lamp fills up, has no more files, turns read-only or takes two seconds for every fsync, and is
well again: a finger presses all the while, words are taught, and nothing that happened may be missing afterwards.

The faults are those of real file systems (mounted.py).
"""

import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from lampd.bench.faults import Outcome, Say, retention
from lampd.bench.faults.mounted import House, missing
from lampd.control import NotRunning
from lampd.outage import RETRY_S
from lampd.score import quantile

FULL, SHORT = 200, 10
LIMIT_MS = 20.0


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
