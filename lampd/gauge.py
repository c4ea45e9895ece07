"""How it is over months: the hub comes in, a row of the journal leaves every ten minutes."""

import contextlib
import os
import sqlite3
from typing import NamedTuple

from lampd.hub import Hub
from lampd.journal import Journal
from lampd.messages import AnyMessage, Level
from lampd.status import memory_mb

EVERY_S = 600.0
WHOLE, ONE_IN = 31 * 144, 36
"""A month of them is kept whole, and of older ones a few a day: a few hundred kilobytes a year."""
COLUMNS = "boot, wall, noise_db, peak_db, memory_mb"
THINNED = "DELETE FROM gauge WHERE seq <= (SELECT max(seq) FROM gauge) - ? AND seq % ?"
INSERT = f"INSERT INTO gauge ({COLUMNS}) VALUES (?, ?, ?, ?, ?)"


class Gauge(NamedTuple):
    """At `wall` (s since 1970) of one `boot`: the room's noise and the loudest peak since the last one, in dB of full
    scale, None where nothing was heard; and the memory of all processes together, in MB."""

    boot: str
    wall: float
    noise_db: float | None
    peak_db: float | None
    memory_mb: float


class Gauges:
    """Writes them for `hub`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._next = hub.clock() + EVERY_S
        self._noise_db: float | None = None
        self._peak_db: float | None = None
        hub.observers.append(self._observe)

    def _observe(self, message: AnyMessage) -> None:
        if isinstance(message, Level):
            self._noise_db = message.noise_db
            self._peak_db = message.peak_db if self._peak_db is None else max(self._peak_db, message.peak_db)

    def look(self) -> None:
        """Write one, if it is time to."""
        if self._hub.clock() < self._next:
            return
        self._next = self._hub.clock() + EVERY_S
        lives = [one.life.process.pid for one in self._hub.processes.children.values() if one.life]
        memory = sum(memory_mb(pid) or 0.0 for pid in (os.getpid(), *lives))
        journal = self._hub.journal
        # a disk that fails is told of by the messages that it does not take
        with contextlib.suppress(sqlite3.Error):
            row = Gauge(journal.boot, journal.wall(), self._noise_db, self._peak_db, round(memory, 1))
            journal.db.execute(INSERT, row)
            journal.db.execute(THINNED, (WHOLE, ONE_IN))
        self._noise_db = self._peak_db = None


def gauges(journal: Journal) -> list[Gauge]:
    """All that were written, in order."""
    return [Gauge(*row) for row in journal.db.execute(f"SELECT {COLUMNS} FROM gauge ORDER BY seq")]
