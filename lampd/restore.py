"""A backup comes in; a lamp that is down knows, when it starts again, what is in it, and what it knew before is kept
beside.

Everything is unpacked and looked through in a folder of its own before anything is touched. Then the journal is what
counts: it is swapped in one step, and while that happens there is no model at all, for the lamp fits models of its
journal by itself. So power may go at any time, and what it knows is all of the one or all of the other.
"""

import itertools
import os
import shutil
import sqlite3
import time
from pathlib import Path

import msgspec

from lampd import archive, durable
from lampd.backup import JOURNAL, BackupError, Found, Manifest, is_whole, looked_through, move_models
from lampd.journal import Journal, JournalError, boot_id
from lampd.messages import Lamp

DRAFT = ".restore.draft"
LOGS = (f"{JOURNAL}-wal", f"{JOURNAL}-shm")
SHAPE = """SELECT made.name, has.name FROM sqlite_master AS made, pragma_table_info(made.name) AS has
    WHERE made.type IN ('table', 'view')"""
"""Every table and view, with each of its columns."""


class Restored(msgspec.Struct, frozen=True):
    """What came back, whether it is `signed` by anyone, how many `utterances` it knows, and the folder that keeps what
    was there before, if there was anything."""

    manifest: Manifest
    signed: bool
    utterances: int
    kept: Path | None


def restore(file: Path, state: Path, signer: str | None = None) -> Restored:
    """Have the lamp of `state`, which is to be down, know what is in `file`, which must be signed by `signer` where one
    is named. Raises BackupError, ArchiveError or SignatureError, and then nothing is changed; or OSError."""
    is_whole(file)
    draft = state / DRAFT
    with archive.opened(file) as opened:
        found = looked_through(opened, signer)
        durable.folder(state)
        # what a power cut left; the journal that was to be kept is still in its place
        for left in (draft, *state.glob(".before-restore-*.draft")):
            shutil.rmtree(left, ignore_errors=True)
        try:
            sums = archive.unpack(opened, found.members, draft)
            _same(file, found, sums)
            _check(file, draft / JOURNAL, found.manifest)
            utterances = _settle(file, draft / JOURNAL, state)
            archive.hand_over(draft, state)
            kept = _swap(draft, state)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return Restored(found.manifest, found.signed, utterances, kept)


def _same(file: Path, found: Found, sums: dict[str, str]) -> None:
    for name, digest in sums.items():
        if digest != found.manifest.files[name].sha256:
            raise BackupError(f"{file}: {name} in it is not what was put there")


def _check(file: Path, journal: Path, manifest: Manifest) -> None:
    """Raises BackupError for what is not the journal that the manifest tells of."""
    try:
        db = sqlite3.connect(journal, isolation_level=None)
        try:
            db.execute("PRAGMA trusted_schema=OFF")
            sound = db.execute("PRAGMA quick_check").fetchone()[0] == "ok"
            version = db.execute("PRAGMA user_version").fetchone()[0]
            strange = db.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()[0]
        finally:
            db.close()
    except sqlite3.Error as error:
        raise BackupError(f"{file}: {JOURNAL} in it cannot be used: {error}") from None
    if not sound or strange or version != manifest.journal or version < 1:
        raise BackupError(f"{file}: {JOURNAL} in it is no journal of version {manifest.journal}")


def _settle(file: Path, journal: Path, state: Path) -> int:
    """Make the unpacked journal this lamp's: of this lampd's version, with its models where they will be, and with the
    lamp's own state as it is here; how many utterances it knows. Raises BackupError."""
    here = _journal(state / JOURNAL)
    try:
        known = here is not None and here.knows_this_boot()
        restored = Journal(journal, boot_id() if known else "restored")
        try:
            empty = Journal(":memory:", "")
            if set(empty.db.execute(SHAPE)) - set(restored.db.execute(SHAPE)):
                raise BackupError(f"{file}: {JOURNAL} in it is no journal of a lamp")
            empty.close()
            move_models(restored.db, str(state))
            # what it learned comes from elsewhere; whether the lamp is lit, and what it may do, is known here
            restored.write(Lamp(time.monotonic(), here.lit() if here else False))
            if here:
                for table in ("listening", "learning", "autonomy"):
                    _copy_last(table, here.db, restored.db)
            return restored.counts()["transcript"]
        finally:
            restored.close()
    except (sqlite3.Error, JournalError, msgspec.ValidationError) as error:
        raise BackupError(f"{file}: {JOURNAL} in it cannot be used: {error}") from None
    finally:
        if here:
            here.close()


def _journal(path: Path) -> Journal | None:
    """The journal there is, if it can be read: a broken one is what a restore may be for."""
    try:
        return Journal(path, boot_id()) if path.exists() else None
    except JournalError:
        return None


def _copy_last(table: str, source: sqlite3.Connection, into: sqlite3.Connection) -> None:
    """Append the last row of one journal's table to another's. Raises sqlite3.Error."""
    rows = source.execute(f"SELECT * FROM {table} ORDER BY seq DESC LIMIT 1")
    columns = [column for column, *_ in rows.description if column != "seq"]
    tables = [name for (name,) in into.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for _, *values in rows.fetchall():
        newest = max(into.execute(f"SELECT coalesce(max(seq), 0) FROM {name}").fetchone()[0] for name in tables)
        names = ", ".join(f'"{column}"' for column in columns)
        marks = ", ".join("?" * (len(columns) + 1))
        into.execute(f"INSERT INTO {table} (seq, {names}) VALUES ({marks})", (newest + 1, *values))


def _swap(draft: Path, state: Path) -> Path | None:
    """Put what is in `draft` in the place of what was learned in `state`; where that is kept. Raises BackupError while
    a lamp runs there, or OSError."""
    _close(state / JOURNAL)
    kept = _keep(state)
    for name in LOGS:
        (state / name).unlink(missing_ok=True)
    (draft / JOURNAL).rename(state / JOURNAL)
    durable.sync(state)
    if (draft / "models").exists():
        (draft / "models").rename(state / "models")
        durable.sync(state)
    return kept


def _close(journal: Path) -> None:
    """Have all of the journal in its one file. Raises BackupError while anyone has it open."""
    if not journal.exists():
        return
    db = sqlite3.connect(journal, timeout=1, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise BackupError(f"another program has {journal} open: stop it first: systemctl stop lampd") from None
    finally:
        db.close()


def _keep(state: Path) -> Path | None:
    """Lay aside what was learned: where forgetting reaches it, a journal in a folder of `state`. The journal stays as
    well. Raises OSError."""
    there = [name for name in (JOURNAL, *LOGS) if (state / name).exists()]
    models = state / "models"
    if not there and not models.exists():
        return None
    name = f"before-restore-{time.strftime('%Y-%m-%dT%H-%M-%S')}"
    number = next(number for number in itertools.count(1) if not (state / _numbered(name, number)).exists())
    kept = state / _numbered(name, number)
    draft = state / f".{kept.name}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir()
        for file in there:
            _copy(state / file, draft / file)
        archive.hand_over(draft, state)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    if models.exists():
        models.rename(draft / "models")
    durable.sync(draft)
    draft.rename(kept)
    durable.sync(state)
    return kept


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _copy(file: Path, to: Path) -> None:
    """Copy a file, and have it on disk. Raises OSError."""
    with file.open("rb") as source, to.open("xb") as copy:
        shutil.copyfileobj(source, copy)
        copy.flush()
        os.fsync(copy.fileno())
