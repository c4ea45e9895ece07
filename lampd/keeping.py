"""What the journal no longer needs: its connection comes in, and rows leave it, few at a time, so that it keeps to its
size for years and nobody waits for it.

Sounds go first, of all but the newest utterances and those that meant a wish. Once the journal is larger than it may
be, what was said longest ago goes, whole: first what no hand and no owner gave a meaning, then wishes; but never what a
learner still uses, nor what its owner told. Flips, acts and corrections stay: they are small.
"""

import sqlite3

SOUNDS_KEPT, SILENCE_EVERY = 2000, 100
"""Utterances whose sound is kept, and how often that of older ones is dropped."""
UTTERANCES_KEPT, WISHES_KEPT = 5000, 2000
"""The newest of all, and of each wish, that stay whatever they take: more than learners use (learners/kept.py)."""
DROP_EVERY, AT_ONCE = 10, 20
"""Utterances between two looks at the size, and how many are dropped at one of them at most."""
LAST = "(SELECT {} FROM example WHERE example.utterance = transcript.utterance ORDER BY seq DESC LIMIT 1)"
WISH = """('["lit"]', '["dark"]')"""
SILENCED = f"""UPDATE transcript SET sound = x'' WHERE utterance BETWEEN ? AND ? AND sound != x''
    AND coalesce({LAST.format("possible")}, '') NOT IN {WISH}"""
TAUGHT = """cause IN ('flip', 'miss', 'left alone', 'correction', 'told') AND possible != '["nothing"]'"""
CHATTER = f"NOT coalesce({LAST.format(TAUGHT)}, 0)"
LESSON = """cause != 'told' AND
    CASE possible WHEN '["lit"]' THEN utterance < ? WHEN '["dark"]' THEN utterance < ? ELSE 1 END"""
LESSONS = f"coalesce({LAST.format(LESSON)}, 0)"
LOOKED_AT = 200
"""Utterances that are looked at to find those: nobody waits for a look through all."""
# by number of message alone: the index of utterances would have all of them sorted each time
WINDOW = f"""SELECT seq, utterance, {{}} FROM transcript WHERE seq > ? AND +utterance BETWEEN 1 AND ?
    ORDER BY seq LIMIT {LOOKED_AT}"""
SIZE = ("page_count", "freelist_count", "page_size")
MODELS_KEPT = 200
UNUSED = "DELETE FROM model WHERE seq < (SELECT seq FROM model ORDER BY seq DESC LIMIT 1 OFFSET ?)"
OLDEST = "SELECT DISTINCT utterance FROM example WHERE possible = ? ORDER BY utterance DESC LIMIT 1 OFFSET ?"


class Walk:
    """Through the utterances that may go, oldest first, a few at a time, and then from the first again. `what` in SQL
    says of an utterance whether it may go."""

    def __init__(self, what: str) -> None:
        self._query = WINDOW.format(what)
        self._at = self._found = 0
        self.over = False
        """Whether the last walk through all found next to nothing."""

    def on(self, db: sqlite3.Connection, last: int, *values: int) -> list[int]:
        """Up to AT_ONCE utterances that may go, of those up to number `last`; `values` are those of `what`."""
        rows = db.execute(self._query, (*values, self._at, last)).fetchall()
        going = [(seq, utterance) for seq, utterance, goes in rows if goes][:AT_ONCE]
        self._found += len(going)
        if len(going) == AT_ONCE:
            self._at = going[-1][0]
        elif len(rows) == LOOKED_AT:
            self._at = rows[-1][0]
        else:
            self.over, self._at, self._found = self._found < AT_ONCE, 0, 0
        return [utterance for _, utterance in going]


class Keeping:
    """Keeps a journal to `most_mb`, in MB of what is in its file."""

    def __init__(self, most_mb: float) -> None:
        self._most = most_mb * 1e6
        self._chatter, self._lessons = Walk(CHATTER), Walk(LESSONS)

    def tidy(self, db: sqlite3.Connection, utterance: int) -> None:
        """After an utterance of this number was written, drop what it is time to. Raises sqlite3.Error."""
        if utterance % SILENCE_EVERY == 0:
            last = utterance - SOUNDS_KEPT
            # not every number comes by
            db.execute(SILENCED, (last - 10 * SILENCE_EVERY, last))
            db.execute(UNUSED, (MODELS_KEPT,))
        if utterance % DROP_EVERY == 0 and used(db) > self._most:
            self._drop(db, utterance - UTTERANCES_KEPT)

    def _drop(self, db: sqlite3.Connection, last: int) -> None:
        found = self._chatter.on(db, last)
        if self._chatter.over:
            kept = [db.execute(OLDEST, (f'["{wish}"]', WISHES_KEPT - 1)).fetchone() for wish in ("lit", "dark")]
            found += self._lessons.on(db, last, *(oldest[0] if oldest else 0 for oldest in kept))
        for table in ("transcript", "directive", "example"):
            db.executemany(f"DELETE FROM {table} WHERE utterance = ?", [(utterance,) for utterance in found])


def used(db: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages, free, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in SIZE)
    return int((pages - free) * size)
