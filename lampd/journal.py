"""What was heard, flipped, decided and learned: messages come in, rows of one SQLite file leave.

A row is on disk when write() or write_all() returns (WAL, synchronous=FULL): that is what "acknowledged" means here.
Each message type that is kept has a table with its fields for columns; `seq` is the order of all messages, `boot` tells
one life of the lamp's clock from the next, `wall` is for people.
"""

import math
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from lampd.keeping import Keeping
from lampd.learners.kept import Kept
from lampd.learners.packed import Packed
from lampd.messages import (
    Acted,
    AnyMessage,
    Autonomy,
    Correction,
    Directive,
    Example,
    Flip,
    Lamp,
    Learning,
    Listening,
    Model,
    Transcript,
    Trust,
)
from lampd.schema import JournalError as JournalError
from lampd.schema import connect

KEPT: tuple[type[AnyMessage], ...] = (
    Transcript,
    Directive,
    Acted,
    Flip,
    Correction,
    Lamp,
    Listening,
    Learning,
    Autonomy,
    Trust,
    Example,
    Model,
)
RECENT: tuple[type[AnyMessage], ...] = (Lamp, Transcript, Directive, Flip, Acted, Correction, Learning)
"""What happens, and tells the time."""

ELSEWHERE: dict[tuple[type[AnyMessage], str], str] = {
    (Example, field): f"""coalesce((SELECT {field} FROM transcript WHERE transcript.utterance = example.utterance
        ORDER BY seq DESC LIMIT 1), {nothing})"""
    for field, nothing in (("ngrams", "'{}'"), ("sound", "x''"), ("voice", "''"))
}
"""What is large, and kept once: an example's are those of its transcript."""
LABELS = f"""SELECT utterance, max(seq), possible, cause FROM example WHERE seq < ? GROUP BY utterance
    HAVING ? = '' OR {ELSEWHERE[Example, "voice"]} IN ('', ?)"""

JSON_FIELDS = {"possible", "examples", "thoughts", "losses", "because", "ngrams"}


def table(kind: type[AnyMessage]) -> str:
    """Where messages of a kind are kept."""
    return kind.__name__.lower()


def _column(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, (tuple, dict)) else value


def boot_id() -> str:
    """Changes whenever the monotonic clock starts anew."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


class Journal:
    """Opens or makes the journal at `path` (":memory:" keeps it in memory). Raises JournalError.

    What was heard by another `voice` than this one is kept, and not remembered. It keeps to `most_mb` (keeping.py).
    """

    def __init__(
        self,
        path: Path | str,
        boot: str,
        voice: str = "",
        wall: Callable[[], float] = time.time,
        most_mb: float = math.inf,
    ) -> None:
        self.boot = boot
        self.voice = voice
        self.wall = wall
        self._keeping = Keeping(most_mb)
        self._insert = {}
        self._fields = {}
        for kind in KEPT:
            fields = [field for field in kind.__struct_fields__ if (kind, field) not in ELSEWHERE]
            columns = ", ".join(f'"{field}"' for field in fields)
            marks = ", ".join("?" * (len(fields) + 3))
            self._insert[kind] = f"INSERT INTO main.{table(kind)} (seq, boot, wall, {columns}) VALUES ({marks})"
            self._fields[kind] = fields
        self.path = None if path == ":memory:" else Path(path)
        self.seq, self._now = 0, 0.0
        self.take_over(connect(path))

    def take_over(self, db: sqlite3.Connection, on_disk: bool = True) -> None:
        """Go on with another connection, to a journal that is `on_disk` or is in memory until it can be (outage.py)."""
        self.db, before = db, getattr(self, "db", None)
        if before:
            before.close()
        self.on_disk = on_disk
        self.seq = max(self.seq, *(self._max("seq", kind) for kind in KEPT))
        newest = (db.execute(f"SELECT max(at) FROM {table(kind)} WHERE boot = ?", (self.boot,)) for kind in RECENT)
        self._now = max(self._now, *(row.fetchone()[0] or 0.0 for row in newest))

    def _max(self, column: str, kind: type[AnyMessage]) -> int:
        return self.db.execute(f"SELECT max({column}) FROM {table(kind)}").fetchone()[0] or 0

    @property
    def now(self) -> float:
        """The latest lamp time of this boot that any message told."""
        return self._now

    def write(self, message: AnyMessage) -> int:
        """Number a message, keep it if its type is kept, and return its number. Raises sqlite3.Error."""
        return self.write_all([message])[0]

    def write_all(self, messages: Sequence[AnyMessage]) -> list[int]:
        """As write(), of messages that belong together: all of them are kept, or none. Raises sqlite3.Error."""
        first = self.seq + 1
        together = not self.db.in_transaction and any(type(message) in self._insert for message in messages)
        try:
            if together:
                self.db.execute("BEGIN IMMEDIATE")
            for message in messages:
                self._write(message)
            if together:
                self.db.execute("COMMIT")
        finally:
            # those that were not kept have their numbers all the same
            self.seq = first + len(messages) - 1
            if together and self.db.in_transaction:
                self.db.execute("ROLLBACK")
        return list(range(first, self.seq + 1))

    def _write(self, message: AnyMessage) -> None:
        self.seq += 1
        self._now = max(self._now, message.at)
        kind = type(message)
        if statement := self._insert.get(kind):
            values = [_column(getattr(message, field)) for field in self._fields[kind]]
            self.db.execute(statement, (self.seq, self.boot, self.wall(), *values))
            if isinstance(message, Transcript) and self.on_disk:
                self._keeping.tidy(self.db, message.utterance)

    def read(self, kind: type[AnyMessage], condition: str, *values: Any) -> Iterator[tuple[int, AnyMessage]]:
        """Messages of one type with their numbers, in order."""
        fields = kind.__struct_fields__
        columns = ", ".join(ELSEWHERE.get((kind, field), f'"{field}"') for field in fields)
        query = f"SELECT seq, {columns} FROM {table(kind)} WHERE {condition} ORDER BY seq"
        for seq, *row in self.db.execute(query, values):
            data = dict(zip(fields, row, strict=True))
            for field in JSON_FIELDS & data.keys():
                data[field] = msgspec.json.decode(data[field])
            yield seq, msgspec.convert(data, kind, strict=False)

    def examples(self, before: int | None = None) -> list[Example]:
        """The present label of every utterance that is remembered (learners/kept.py), up to message number `before`."""
        labels = self.db.execute(LABELS, (self.seq + 1 if before is None else before, self.voice, self.voice))
        kept, remembered = Kept(), {}
        for utterance, seq, possible, cause in labels:
            remembered[utterance] = seq
            if (old := kept.add(utterance, tuple(msgspec.json.decode(possible)), cause)) is not None:
                del remembered[old]
        rows = self.read(Example, "seq IN (SELECT value FROM json_each(?))", str([*remembered.values()]))
        examples = (message for _, message in rows if isinstance(message, Example))
        return [msgspec.structs.replace(one, ngrams=Packed(one.ngrams)) for one in examples]

    def about(self, kind: type[AnyMessage], utterance: int | None = None) -> list[tuple[int, float, AnyMessage]]:
        """Messages of one type about an utterance, by default the last that any is about, with number and wall time."""
        number = self._max("utterance", kind) if utterance is None else utterance
        walls = dict(self.db.execute(f"SELECT seq, wall FROM {table(kind)} WHERE utterance = ?", (number,)))
        return [(seq, walls[seq], one) for seq, one in self.read(kind, "utterance = ?", number)]

    def tail(self, count: int) -> list[tuple[float, AnyMessage]]:
        """The last `count` messages kept, with their wall time, in order."""
        rows: list[tuple[int, float, AnyMessage]] = []
        for kind in KEPT:
            last = f"SELECT seq, wall FROM {table(kind)} ORDER BY seq DESC LIMIT ?"
            if found := self.db.execute(last, (count,)).fetchall():
                walls = dict(found)
                rows += [(seq, walls[seq], message) for seq, message in self.read(kind, "seq >= ?", found[-1][0])]
        return [(wall, message) for _, wall, message in sorted(rows, key=lambda row: row[0])[-count:]]

    def lit(self) -> bool:
        """The lamp's last known state."""
        changes = [row for kind in (Lamp, Flip, Acted) for row in self.read(kind, "seq = ?", self._max("seq", kind))]
        newest = max(changes, key=lambda row: row[0], default=None)
        return isinstance(newest[1], (Lamp, Flip, Acted)) and newest[1].lit if newest else False

    def last(self, kind: type[AnyMessage], condition: str = "1") -> tuple[bool, AnyMessage] | None:
        """The last message of a kind that meets a `condition` in SQL, and whether it is of this boot."""
        for seq, message in self.read(kind, f"seq = (SELECT max(seq) FROM {table(kind)} WHERE {condition})"):
            boot = self.db.execute(f"SELECT boot FROM {table(kind)} WHERE seq = ?", (seq,)).fetchone()[0]
            return boot == self.boot, message
        return None

    def knows_this_boot(self) -> bool:
        """Whether the lamp has already come up since the power came back."""
        query = "SELECT EXISTS (SELECT 1 FROM lamp WHERE boot = ?)"
        return bool(self.db.execute(query, (self.boot,)).fetchone()[0])

    def utterance(self) -> int:
        """The highest utterance number used."""
        return max(self._max("utterance", kind) for kind in (Transcript, Directive, Example))

    def counts(self) -> dict[str, int]:
        """Rows by table, and examples by what they say."""
        tables = sorted(table(kind) for kind in KEPT)
        return {table: self.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}

    def known(self) -> dict[str, int]:
        """Present labels, by what they say."""
        known = dict.fromkeys(("lit", "dark", "nothing", "not lit", "not dark"), 0)
        for possible, count in self.db.execute("SELECT possible, count(*) FROM label GROUP BY possible"):
            tags = msgspec.json.decode(possible)
            if tags:
                known[tags[0] if len(tags) == 1 else "not dark" if "lit" in tags else "not lit"] += count
        return known

    def scores(self) -> dict[str, int]:
        """Acts, how many of them a hand corrected, and flips that came after words without an act."""
        counts = self.counts()
        missed = "SELECT count(*) FROM label WHERE cause IN ('miss', 'flip')"
        return {
            "acts": counts["acted"],
            "corrected": counts["correction"],
            "missed": self.db.execute(missed).fetchone()[0],
            "flips": counts["flip"],
        }

    def close(self) -> None:
        self.db.close()
