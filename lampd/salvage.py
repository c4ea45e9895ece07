"""A damaged journal comes in; it is laid aside as it is, and one of all of it that can be read takes its place.

SQLite reads what lies before and behind a damaged page: spans of rows are copied, and halved where that fails. What is
no message any longer is left out.
"""

import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import msgspec

from lampd.durable import sync
from lampd.journal import JSON_FIELDS, KEPT
from lampd.log import log
from lampd.messages import AnyMessage
from lampd.schema import JournalError, connect

FAILURES = 1000
"""Spans of a table that cannot be copied, until the rest of it is given up."""
NEWEST = 2**53
PLAUSIBLE = f"""typeof(boot) = 'text' AND typeof(wall) IN ('real', 'integer') AND wall BETWEEN 0 AND 1e11
    AND seq BETWEEN 1 AND {NEWEST}"""
FAULTS = (sqlite3.DatabaseError, ValueError, TypeError, KeyError, RecursionError)
"""What reading a damaged journal may raise: even SQLite's own words may be no text then."""


def is_damage(error: BaseException | None) -> bool:
    """Whether `error`, or what it was made of, tells of a damaged journal, not of a disk that is full or away."""
    if isinstance(error, JournalError):
        return isinstance(error.__context__, sqlite3.Error | ValueError) and is_damage(error.__context__)
    if isinstance(error, sqlite3.Error):
        # the last: tables that are not there, text that is none
        return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in (
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
            sqlite3.SQLITE_ERROR,
            sqlite3.SQLITE_MISMATCH,
        )
    return isinstance(error, FAULTS)


def salvage(path: Path, error: object) -> Path:
    """Replace the journal at `path`, which nobody here has open; the folder where the damaged one is kept. Raises
    OSError, sqlite3.Error or JournalError, and then it is where it was."""
    draft = path.with_name(".salvage.draft")
    for left in (draft, *_logs(draft)):
        left.unlink(missing_ok=True)
    connect(draft).close()
    db = sqlite3.connect(draft, isolation_level=None, uri=True)
    try:
        db.execute("PRAGMA trusted_schema=OFF")
        rows = _copied(db, path)
        db.execute("PRAGMA journal_mode=DELETE")
    finally:
        db.close()
    shutil.copymode(path, draft)
    if os.geteuid() == 0:
        os.chown(draft, path.stat().st_uid, path.stat().st_gid)
    kept = _kept(path)
    for log_file in _logs(path):
        log_file.unlink(missing_ok=True)
    os.replace(draft, path)
    sync(path.parent)
    log.error("journal was damaged", file=str(path), error=str(error), rows=rows, kept=str(kept))
    return kept


def _logs(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm")]


def _kept(path: Path) -> Path:
    """Have the files of a journal in a folder of their own, too. Raises OSError."""
    when, number = time.strftime("damaged-%Y-%m-%dT%H-%M-%S"), 1
    while (kept := path.with_name(when if number == 1 else f"{when}-{number}")).exists():
        number += 1
    kept.mkdir()
    try:
        for one in (path, *_logs(path)):
            if one.exists():
                os.link(one, kept / one.name)
        sync(kept)
        sync(kept.parent)
    except OSError:
        shutil.rmtree(kept, ignore_errors=True)
        raise
    return kept


def _copied(db: sqlite3.Connection, path: Path) -> int:
    """Copy all that can be read of the journal at `path`, and is what it should be; how many rows that is."""
    rows = 0
    try:
        db.execute("ATTACH ? AS damaged", (f"{path.absolute().as_uri()}?mode=ro",))
        there = {name for (name,) in db.execute("SELECT name FROM damaged.sqlite_master WHERE type = 'table'")}
    except FAULTS:
        return rows
    kinds = {kind.__name__.lower(): kind for kind in KEPT}
    for name in [*kinds, "gauge"]:
        if name not in there:
            continue
        has = [{row[1] for row in db.execute(f"PRAGMA {place}.table_info({name})")} for place in ("main", "damaged")]
        columns = sorted(has[0] & has[1])
        if "seq" in columns:
            _copy(db, name, columns)
            db.execute(f"DELETE FROM main.{name} WHERE NOT ({PLAUSIBLE})")
            if name in kinds:
                _check(db, name, kinds[name])
            rows += db.execute(f"SELECT count(*) FROM main.{name}").fetchone()[0]
    db.execute("DETACH damaged")
    return rows


def _copy(db: sqlite3.Connection, name: str, columns: list[str]) -> None:
    listed = ", ".join(f'"{column}"' for column in columns)
    copy = f"INSERT OR IGNORE INTO main.{name} ({listed}) SELECT {listed} FROM damaged.{name} WHERE seq BETWEEN ? AND ?"
    spans, failures = [(1, NEWEST)], 0
    while spans and failures < FAILURES:
        low, high = spans.pop()
        try:
            db.execute(copy, (low, high))
        except FAULTS:
            failures += 1
            if low < high:
                middle = (low + high) // 2
                # the older half next
                spans += [(middle + 1, high), (low, middle)]


def _check(db: sqlite3.Connection, name: str, kind: type[AnyMessage]) -> None:
    """Leave out what is no message of its kind."""
    for (seq,) in db.execute(f"SELECT seq FROM main.{name}").fetchall():
        try:
            found = db.execute(f"SELECT * FROM main.{name} WHERE seq = ?", (seq,))
            names = [column[0] for column in found.description]
            row: dict[str, Any] = dict(zip(names, found.fetchone(), strict=True))
            for field in JSON_FIELDS & row.keys():
                row[field] = msgspec.json.decode(row[field])
            fields = {field: row[field] for field in kind.__struct_fields__ if field in row}
            message = msgspec.convert(fields, kind, strict=False)
            well = abs(message.at) < 1e12 and abs(getattr(message, "utterance", 0)) < NEWEST
        except FAULTS:
            well = False
        if not well:
            db.execute(f"DELETE FROM main.{name} WHERE seq = ?", (seq,))
