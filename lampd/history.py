"""What its owner may do with the past: what was heard leaves the journal, and what it meant is told, undone, forgotten.

What is forgotten is gone from the file: rows are overwritten with zeros as they are deleted, the file is written anew
without them, and the write-ahead log is emptied.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from lampd import elapsed
from lampd.journal import Journal
from lampd.messages import Cause, Example, Said, Tag, Transcript

MOST, LEAST, MOMENTS = 2000, 0.001, 32
"""Characters of what can be said, how often an n-gram is to be expected, and moments of a sound: as ngrams.py and
moments.py have them, which load numpy."""
UNDO_S = 24 * 3600.0
"""What was told longer ago than this is not undone by mistake."""
PAST = """
SELECT transcript.utterance, transcript.wall, transcript.text, coalesce(label.possible, '[]'), label.cause,
    (SELECT lit FROM acted WHERE acted.utterance = transcript.utterance ORDER BY seq DESC LIMIT 1),
    EXISTS (SELECT 1 FROM correction WHERE correction.utterance = transcript.utterance)
FROM transcript LEFT JOIN label ON label.utterance = transcript.utterance
WHERE transcript.seq >= ? AND instr(lower(transcript.text), lower(?)) ORDER BY transcript.seq DESC LIMIT ?
"""


class HistoryError(ValueError):
    """What cannot be told, undone or forgotten; the text says why."""


class Past(msgspec.Struct, frozen=True):
    """An utterance: when (seconds since 1970), what it is known to have meant and how, what the lamp `did` because of
    it (made itself lit, dark, or nothing), and whether a hand `corrected` that."""

    utterance: int
    wall: float
    text: str
    possible: tuple[Tag, ...]
    cause: Cause | None
    did: Tag
    corrected: bool


def past(journal: Journal, count: int | None = None, words: str = "", since: int = 0) -> list[Past]:
    """The last `count` utterances with `words` in them, from message number `since` on, oldest first."""
    limit = -1 if count is None else count
    rows = journal.db.execute(PAST, (since, words, limit)).fetchall()
    return [
        Past(
            utterance,
            wall,
            text,
            tuple(msgspec.json.decode(possible, type=list[Tag])),
            cause,
            "nothing" if lit is None else "lit" if lit else "dark",
            bool(corrected),
        )
        for utterance, wall, text, possible, cause, lit, corrected in reversed(rows)
    ]


def told(journal: Journal, utterance: int, meant: Tag) -> Example:
    """The example that an utterance becomes when its owner says what it `meant`. Raises HistoryError."""
    example = _label(journal, utterance)
    return msgspec.structs.replace(example, possible=(meant,), cause="told", settled=True)


def taught(journal: Journal, said: Said, meant: Tag, at: float) -> Example:
    """The example of what was `said`, not to the lamp but to whoever teaches it, at lamp time `at`. It is written into
    the journal as an utterance with a number below zero. Raises HistoryError."""
    if not (said.sound or any(letter.isalnum() for letter in said.text)):
        raise HistoryError("there are no letters in that")
    if len(said.text) > MOST:
        raise HistoryError(f"nobody says {len(said.text)} characters at once: {MOST} are the most")
    strange = any(not ngram or "\0" in ngram or not LEAST <= count <= MOST for ngram, count in said.ngrams.items())
    if strange or len(said.sound) % MOMENTS or len(said.ngrams) > 4 * MOST:
        raise HistoryError("no ear of a lamp has heard that")
    lowest = journal.db.execute("SELECT min(utterance) FROM transcript").fetchone()[0] or 0
    number = min(lowest, 0) - 1
    heard = said.ngrams, said.sound, said.voice or journal.voice
    journal.write(Transcript(at, number, at, at, said.text, 1.0, False, *heard))
    return Example(at, number, said.text, meant == "dark", (meant,), "told", True, *heard)


def undone(journal: Journal, now: float, boot: str = "") -> Example:
    """The example that takes back what was told last, at lamp time `now` of this `boot` (the journal's): as it was
    before, or one that teaches nothing. Raises HistoryError."""
    query = "SELECT utterance, seq FROM label WHERE cause = 'told' ORDER BY seq DESC LIMIT 1"
    last = journal.db.execute(query).fetchone()
    if not last:
        raise HistoryError("nothing was told that could be undone")
    utterance, seq = last
    if seq < elapsed.first(journal, "example", elapsed.last(journal, UNDO_S, now, boot)):
        raise HistoryError(f"utterance {utterance} was told more than a day ago: say what it means with relabel")
    before = [one for number, _, one in journal.about(Example, utterance) if number < seq and isinstance(one, Example)]
    if before:
        return msgspec.structs.replace(before[-1], settled=True)
    return msgspec.structs.replace(_label(journal, utterance), possible=(), cause="withdrawn", settled=True)


def _label(journal: Journal, utterance: int) -> Example:
    """What an utterance is known to have meant, or an example that says nothing."""
    for _, _, one in reversed(journal.about(Example, utterance)):
        if isinstance(one, Example):
            return one
    for _, _, said in journal.about(Transcript, utterance):
        if isinstance(said, Transcript):
            was_lit = journal.db.execute("SELECT was_lit FROM directive WHERE utterance = ?", (utterance,)).fetchone()
            heard = said.said
            lit = bool(was_lit and was_lit[0])
            return Example(said.at, utterance, said.text, lit, (), "told", True, heard.ngrams, heard.sound, heard.voice)
    raise HistoryError(f"there is no utterance {utterance}: `lampctl history` lists them")


def forget(state: Path, journal: Journal, utterances: Sequence[int]) -> None:
    """Have the journal, and what was kept of it before upgrades under `state`, never have heard `utterances`; every
    model goes, for each has seen all that was known when it was fitted. Raises sqlite3.Error or OSError."""
    _forget(journal.db, utterances)
    for path in sorted(one for one in state.glob("*/journal.db") if not one.parent.match("damaged-*")):
        kept = sqlite3.connect(path, isolation_level=None)
        try:
            _forget(kept, utterances)
        finally:
            kept.close()
    for path in sorted(state.rglob("models/**/*.safetensors")):
        path.unlink(missing_ok=True)
    if damaged := sorted(state.glob("damaged-*")):
        # nothing can be looked for in there
        raise OSError(f"forgotten, but for what {damaged[0]} may hold: a damaged journal is kept there; delete it")


def _forget(db: sqlite3.Connection, utterances: Sequence[int]) -> None:
    # a reader would keep the log from being emptied afterwards: then nothing is changed
    _empty_log(db)
    db.execute("PRAGMA secure_delete=ON")
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute("CREATE TEMP TABLE forgotten (utterance INTEGER PRIMARY KEY)")
        db.executemany("INSERT OR IGNORE INTO forgotten VALUES (?)", [(one,) for one in utterances])
        for table in ("transcript", "directive", "acted", "correction", "example"):
            db.execute(f"DELETE FROM {table} WHERE utterance IN forgotten")
        db.execute("DELETE FROM model")
        db.execute("DROP TABLE forgotten")
        db.execute("COMMIT")
    except sqlite3.Error:
        db.execute("ROLLBACK")
        raise
    db.execute("VACUUM")
    _empty_log(db)


def _empty_log(db: sqlite3.Connection) -> None:
    """Empty the write-ahead log. Raises sqlite3.OperationalError while another program reads the journal."""
    busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise sqlite3.OperationalError("another program reads the journal: end that, and forget again")
