"""Where the lamp keeps what it learned: who may write there, on what disk, how fast, and whether it is whole."""

import os
import pwd
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

from lampd.doctor.check import Check, Lamp
from lampd.doctor.who import may, user
from lampd.schema import CHANGES, VERSION
from lampd.status import LEAST_MB, LOST, REMEMBERS

SLOW_S = 0.5
"""For a small write to reach the disk: each flip waits for one."""
WRITES = 3
CHECKED_S = 20.0
FORGETFUL = {"tmpfs", "ramfs"}
UNSAFE = {"vfat", "exfat", "ntfs", "ntfs3", "fuseblk"}


def writer(lamp: Lamp) -> int:
    """The user that the lamp runs as: the one that it does, the service's where there is one, or this one."""
    if lamp.pid:
        return os.stat(f"/proc/{lamp.pid}").st_uid
    if str(lamp.state).startswith("/var/lib/"):
        try:
            return pwd.getpwnam("lampd").pw_uid
        except KeyError:
            pass
    return os.geteuid()


def permissions(lamp: Lamp) -> Check:
    state, one = lamp.state, writer(lamp)
    name = user(one)
    if not state.exists():
        parent = next(folder for folder in state.parents if folder.exists())
        if may(parent, one, 3) or str(state).startswith("/var/lib/"):
            return Check("state", "ok", f"{state} is not there yet: lampd makes it when it starts")
        made = f"`sudo install -d -o {name} -m 750 {state}`"
        return Check("state", "bad", f"{state} is not there, and {name} may not make it in {parent}", made)
    whose = f"{state} belongs to {user(state.stat().st_uid)}"
    own = f"`sudo chown -R {name} {state}`, and `chmod 750` it"
    if not may(state, one, 7):
        return Check("state", "bad", f"{whose}, and {name} may not write there: nothing is remembered", own)
    kept = [*state.glob("journal.db*"), state / "models"]
    if strange := [path.name for path in kept if path.exists() and not may(path, one, 6)]:
        return Check("state", "bad", f"{name} may not write {', '.join(strange)} in {state}", own)
    return Check("state", "ok", f"{whose}; {name} may write there")


def disk(lamp: Lamp, mounts: Path = Path("/proc/self/mounts")) -> Check:
    place = next(folder for folder in (lamp.state, *lamp.state.parents) if folder.exists())
    free = shutil.disk_usage(place).free // 10**6
    kind, options = filesystem(place.resolve(), mounts.read_text())
    told = f"{free / 1000:.1f} GB free on {kind} at {place}"
    if "ro" in options:
        why = "the kernel does that to a card that fails: `dmesg` says why; save what it learned, and flash another"
        return Check("disk", "bad", f"{told}, which cannot be written", why)
    if free < LEAST_MB:
        return Check("disk", "bad", told, "make room: `lampctl session list` shows recorded evenings to delete")
    if kind in FORGETFUL:
        keep = "set state_dir to a folder on a disk"
        return Check("disk", "look", f"{told}: that is memory, and forgets when the power goes", keep)
    if kind in UNSAFE:
        return Check("disk", "look", f"{told}: it may lose files when the power goes", "use ext4 for state_dir")
    return Check("disk", "ok", told)


def filesystem(place: Path, mounts: str) -> tuple[str, list[str]]:
    """The kind and options of what is mounted where `place` is."""
    rows = [line.split() for line in mounts.splitlines()]
    above = [row for row in rows if place.is_relative_to(row[1].replace("\\040", " "))]
    # the last of several on one place covers the others
    row = max(enumerate(above), key=lambda one: (len(one[1][1]), one[0]))[1]
    return row[2], row[3].split(",")


def writing(lamp: Lamp) -> Check:
    """How long a flip waits for the disk, by small files of its own."""
    if not lamp.state.exists():
        return Check("writing", "ok", "not measured: there is no state_dir yet")
    if not may(lamp.state, os.geteuid(), 3):
        if writer(lamp) == os.geteuid():
            return Check("writing", "bad", f"{lamp.state} cannot be written", "see `state`")
        return Check(
            "writing", "ok", f"not measured: {user(os.geteuid())} may not write there; sudo lampctl doctor does"
        )
    try:
        worst = max(_written_s(lamp.state) for _ in range(WRITES))
    except OSError as error:
        return Check(
            "writing", "bad", f"a file could not be written in {lamp.state}: {error}", "see `disk` and `state`"
        )
    told = f"{1000 * worst:.0f} ms for a small write to reach the disk, at worst of {WRITES}"
    if worst > SLOW_S:
        return Check("writing", "look", told, "the card is slow or worn out: use one marked A1 or A2")
    return Check("writing", "ok", told)


def _written_s(folder: Path) -> float:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        began = time.perf_counter()
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())
        return time.perf_counter() - began


def card(lamp: Lamp, remembers: Path = REMEMBERS) -> Check:
    if not remembers.exists():
        return Check("card", "ok", "not a card made by lampd: nothing to look at")
    if remembers.read_text().strip() == "no":
        return Check("card", "bad", LOST, "`journalctl -u lampd-data` says why; flash the card anew, or another")
    return Check("card", "ok", "what is learned survives a power cut")


def journal(lamp: Lamp, limit_s: float = CHECKED_S) -> Check:
    """Looked at without writing: one that nobody has open is taken as it lies there."""
    path = lamp.state / "journal.db"
    aside = f"stop lampd, and `lampctl restore` a backup, or move {path} aside and it begins anew; the switch works"
    try:
        if not path.exists():
            return Check("journal", "ok", f"none yet at {path}")
        if not may(path, os.geteuid(), 4):
            return Check("journal", "look", f"{user(os.geteuid())} may not read {path}", "sudo lampctl doctor")
        is_open = any(path.with_name(f"journal.db-{other}").exists() for other in ("wal", "shm"))
        how = "mode=ro" if is_open or lamp.answer else "mode=ro&immutable=1"
    except PermissionError:
        return Check("journal", "look", f"{user(os.geteuid())} may not look into {lamp.state}", "sudo lampctl doctor")
    end = time.monotonic() + limit_s
    db = None
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)
        db.set_progress_handler(lambda: time.monotonic() > end, 1000)
        number = db.execute("PRAGMA user_version").fetchone()[0]
        result = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        words = db.execute("SELECT count(*) FROM transcript").fetchone()[0] if result == "ok" else 0
    except sqlite3.OperationalError as error:
        if time.monotonic() > end:
            large = f"{path} has {path.stat().st_size / 1e6:.0f} MB: not checked to the end within {limit_s:.0f} s"
            return Check("journal", "ok", large)
        return Check("journal", "bad", f"{path}: {error}", aside)
    except sqlite3.DatabaseError as error:
        return Check("journal", "bad", f"{path} is damaged: {error}", aside)
    finally:
        if db:
            db.close()
    if result != "ok":
        return Check("journal", "bad", f"{path} is damaged: {result}", aside)
    if number != VERSION and number not in CHANGES:
        newer = "install the lampd that wrote it, or one after it"
        return Check("journal", "bad", f"{path} is of version {number}, and this lampd writes {VERSION}", newer)
    return Check("journal", "ok", f"whole; {words} utterances, {path.stat().st_size / 1e6:.1f} MB")
