"""While the disk takes nothing: a journal that cannot be written comes in; it is read as before, kept in memory, and
written to its file as soon as that can be.

Its connection is then one to a database in memory to which the file is attached, for reading; views over both have the
names of the tables, and are what every query finds first.
"""

import shutil
import sqlite3
from pathlib import Path

from lampd.journal import Journal
from lampd.keeping import used
from lampd.log import log
from lampd.schema import CHANGES, VERSION, JournalError, connect

RETRY_S = 5.0
MOST = 5000
"""Messages that are kept in memory: some eight hundred utterances, and five megabytes. Then the older half goes."""
ROOM = 1 << 20
"""Bytes that are to be free beside what is to be written."""
PLACES = "SELECT name FROM {}.sqlite_master WHERE type = 'table' ORDER BY name"


class Outage:
    """Begins with the `error` for which the file at `path` cannot be used: `journal` is in memory from then on. `knows`
    tells whether it knows what is in the file."""

    def __init__(self, journal: Journal, path: Path, error: Exception) -> None:
        self._journal, self._path = journal, path
        self._error = str(error).removeprefix(f"{path}: ")
        self._lost = 0
        self._again = float("-inf")
        db, self.knows = _stand_in(path)
        self._tables = {name: _columns(db, name) for (name,) in db.execute(PLACES.format("main"))}
        journal.take_over(db, on_disk=False)
        log.error("journal failed", file=str(path), error=self._error)

    @property
    def told(self) -> str:
        """For its owner: which file, what is wrong with it, what becomes of what happens, and what to do."""
        knows = "" if self.knows else "; what it learned before is not known to it meanwhile"
        lost = f"; {self._lost} utterances were too many to be kept" if self._lost else ""
        kept = "what happens is kept in memory until it can be written there"
        return f"{self._path}: {self._error}: {kept}{knows}{lost}; {_advice(self._error)}"

    def trim(self) -> None:
        """Keep no more than there is memory for: of utterances the newer half, whole."""
        db = self._journal.db
        if sum(db.execute(f"SELECT count(*) FROM main.{name}").fetchone()[0] for name in self._tables) <= MOST:
            return
        middle, since = db.execute("""SELECT utterance, seq FROM main.transcript WHERE utterance > 0 ORDER BY seq
            LIMIT 1 OFFSET (SELECT count(*) / 2 FROM main.transcript)""").fetchone() or (0, 0)
        self._lost += db.execute("SELECT count(*) FROM main.transcript WHERE utterance < ?", (middle,)).fetchone()[0]
        for name, columns in self._tables.items():
            if '"utterance"' in columns:
                db.execute(f"DELETE FROM main.{name} WHERE utterance < ?", (middle,))
            else:
                # the last of each kind tells how things stand
                last = f"SELECT max(seq) FROM main.{name}"
                db.execute(f"DELETE FROM main.{name} WHERE seq < ? AND seq < ({last})", (since,))

    def over(self, now: float) -> bool:
        """Whether all is in the file again, by lamp time `now`; that is tried every few seconds."""
        if now < self._again:
            return False
        self._again = now + RETRY_S
        if self.knows and not self._path.exists():
            # its disk is not there, and what is made in its place would be hidden once it is
            return False
        try:
            if shutil.disk_usage(self._path.parent).free < 2 * used(self._journal.db) + ROOM:
                return False
            file = connect(self._path)
        except (JournalError, OSError):
            return False
        try:
            self._write(file)
        except sqlite3.Error as error:
            self._error = str(error)
            file.close()
            return False
        self._journal.take_over(file)
        log.info("journal is well again", file=str(self._path), lost=self._lost)
        return True

    def _write(self, file: sqlite3.Connection) -> None:
        """Write to the file what is in memory, all or nothing. Raises sqlite3.Error."""
        memory = self._journal.db
        numbers = self._numbers(file)
        with file:
            file.execute("BEGIN IMMEDIATE")
            for name, columns in self._tables.items():
                values = [_value(name, column, self.knows) for column in columns]
                rows = memory.execute(f"SELECT {', '.join(values)} FROM main.{name} ORDER BY seq", numbers)
                marks = ", ".join("?" * len(columns))
                file.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", rows)

    def _numbers(self, file: sqlite3.Connection) -> dict[str, int]:
        """What is to be added to the numbers of messages and, where what is in the file was not known, of utterances
        above and below zero, so that none is there twice."""
        kept = [name for name in self._tables if name != "gauge"]
        newest = max(file.execute(f"SELECT coalesce(max(seq), 0) FROM {name}").fetchone()[0] for name in kept)
        first = min(
            self._journal.db.execute(f"SELECT coalesce(min(seq), {newest + 1}) FROM main.{name}").fetchone()[0]
            for name in kept
        )
        high = low = 0
        if not self.knows:
            used = "SELECT utterance FROM transcript UNION ALL SELECT utterance FROM example UNION ALL SELECT 0"
            low, high = file.execute(f"SELECT min(utterance), max(utterance) FROM ({used})").fetchone()
        return {"seq": max(0, newest + 1 - first), "high": high, "low": low}


def _value(name: str, column: str, knows: bool) -> str:
    """What of a column is written, in SQL."""
    match column:
        case '"seq"':
            return "NULL" if name == "gauge" else "seq + :seq"
        case '"utterance"':
            return "utterance + iif(utterance > 0, :high, :low)"
        case '"because"' if not knows:
            # they are numbers of other utterances then
            return "'[]'"
    return column


def _advice(error: str) -> str:
    if "full" in error:
        return "make room on its disk: `lampctl session list` shows what was recorded"
    if "version" in error:
        return "it was written by a newer lampd: install that one"
    if "another program" in error:
        return "move it elsewhere"
    return "see that its disk is there and can be written: `lampctl doctor`, and `dmesg`"


def _stand_in(path: Path) -> tuple[sqlite3.Connection, bool]:
    """A journal in memory, and whether what the file at `path` has is read with it."""
    db = sqlite3.connect(":memory:", isolation_level=None, uri=True)
    db.execute("PRAGMA temp_store=MEMORY")
    db.executescript(f"BEGIN; {CHANGES[0]} PRAGMA user_version={VERSION}; COMMIT;")
    tables = [name for (name,) in db.execute(PLACES.format("main"))]
    try:
        # beside a journal that was closed there is nothing, and where nothing can be written nothing can be made
        how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
        db.execute("ATTACH ? AS disk", (f"{path.absolute().as_uri()}?{how}",))
        if db.execute("PRAGMA disk.user_version").fetchone()[0] != VERSION:
            return db, False
        for name in tables:
            db.execute(f"SELECT max(seq) FROM disk.{name}").fetchone()
    except (sqlite3.Error, OSError, UnicodeDecodeError):
        return db, False
    for name in tables:
        columns = ", ".join(_columns(db, name))
        both = " UNION ALL ".join(f"SELECT {columns} FROM {place}.{name}" for place in ("disk", "main"))
        db.execute(f"CREATE TEMP VIEW {name} AS {both}")
    label = db.execute("SELECT sql FROM main.sqlite_master WHERE name = 'label'").fetchone()[0]
    db.execute(label.replace("CREATE VIEW", "CREATE TEMP VIEW"))
    return db, True


def _columns(db: sqlite3.Connection, name: str) -> list[str]:
    return [f'"{row[1]}"' for row in db.execute(f"PRAGMA main.table_info({name})")]
