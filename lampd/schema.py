"""The journal's tables, and what makes them of those of older versions: a path comes in, a connection to the journal
there leaves.
"""

import sqlite3
from pathlib import Path

from lampd import durable

VERSION = 7

SCHEMA = """
CREATE TABLE transcript (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, start REAL,
    "end" REAL, text TEXT, confidence REAL, cut INTEGER, ngrams TEXT, sound BLOB, voice TEXT);
CREATE TABLE directive (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, ended REAL,
    wish TEXT, lit REAL, dark REAL, model TEXT, reason TEXT, was_lit INTEGER, act_above REAL, thoughts TEXT,
    losses TEXT, because TEXT, steady REAL, would TEXT);
CREATE TABLE acted (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, lit INTEGER);
CREATE TABLE flip (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, lit INTEGER);
CREATE TABLE correction (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, lit INTEGER);
CREATE TABLE listening (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, listens INTEGER,
    for_s REAL);
CREATE TABLE learning (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, learns INTEGER, for_s REAL);
CREATE TABLE autonomy (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, "limit" TEXT, for_s REAL);
CREATE TABLE trust (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, trusted INTEGER,
    utterance INTEGER);
CREATE TABLE gauge (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, noise_db REAL, peak_db REAL, memory_mb REAL);
CREATE TABLE lamp (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, lit INTEGER);
CREATE TABLE example (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, text TEXT,
    was_lit INTEGER, possible TEXT, cause TEXT, settled INTEGER);
CREATE TABLE model (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, kind TEXT, version INTEGER, path TEXT,
    examples TEXT);
CREATE INDEX example_utterance ON example (utterance);
CREATE INDEX transcript_utterance ON transcript (utterance);
CREATE INDEX directive_utterance ON directive (utterance);
CREATE VIEW label AS SELECT * FROM example WHERE seq IN (SELECT max(seq) FROM example GROUP BY utterance);
"""
FROM_VERSION_1 = """
ALTER TABLE directive ADD COLUMN was_lit INTEGER DEFAULT 0;
ALTER TABLE directive ADD COLUMN act_above REAL DEFAULT 0.5;
ALTER TABLE directive ADD COLUMN thoughts TEXT DEFAULT '{}';
ALTER TABLE directive ADD COLUMN losses TEXT DEFAULT '{}';
ALTER TABLE directive ADD COLUMN because TEXT DEFAULT '[]';
"""
FROM_VERSION_2 = """
ALTER TABLE transcript ADD COLUMN ngrams TEXT DEFAULT '{}';
ALTER TABLE directive ADD COLUMN steady REAL DEFAULT 0;
CREATE INDEX transcript_utterance ON transcript (utterance);
"""
FROM_VERSION_3 = """
ALTER TABLE transcript ADD COLUMN sound BLOB DEFAULT x'';
ALTER TABLE transcript ADD COLUMN voice TEXT DEFAULT '';
"""
FROM_VERSION_4 = """
CREATE TABLE listening (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, listens INTEGER);
"""
FROM_VERSION_5 = """
ALTER TABLE listening ADD COLUMN for_s REAL DEFAULT 0;
ALTER TABLE directive ADD COLUMN would TEXT DEFAULT 'nothing';
UPDATE directive SET would = wish;
CREATE TABLE learning (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, learns INTEGER, for_s REAL);
CREATE TABLE autonomy (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, "limit" TEXT, for_s REAL);
CREATE TABLE trust (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, trusted INTEGER,
    utterance INTEGER);
CREATE TABLE gauge (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, noise_db REAL, peak_db REAL, memory_mb REAL);
"""
FROM_VERSION_6 = """
CREATE INDEX IF NOT EXISTS directive_utterance ON directive (utterance);
"""
STEPS = (FROM_VERSION_1, FROM_VERSION_2, FROM_VERSION_3, FROM_VERSION_4, FROM_VERSION_5, FROM_VERSION_6)
CHANGES = {0: SCHEMA} | {version: "".join(STEPS[version - 1 :]) for version in range(1, VERSION)}
"""What makes a journal of VERSION of an older one; 0 is a new file."""


class JournalError(Exception):
    """A journal that cannot be used; the text names the file."""


def connect(path: Path | str) -> sqlite3.Connection:
    """The journal at `path`, made or brought up to date. Raises JournalError."""
    try:
        if path != ":memory:":
            durable.folder(Path(path).parent)
        db = sqlite3.connect(path, isolation_level=None)
        # what a card has damaged may be no text any longer
        db.text_factory = lambda text: text.decode("utf-8", "replace")
        found = db.execute("PRAGMA user_version").fetchone()[0]
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        if not found and tables and "transcript" not in tables:
            raise JournalError(f"{path}: another program's database")
        if found != VERSION and found not in CHANGES:
            raise JournalError(f"{path}: a journal of version {found}; this lampd writes version {VERSION}")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        # what is dropped is not to be read from the file by who finds it
        db.execute("PRAGMA secure_delete=ON")
        if found != VERSION:
            db.executescript(f"BEGIN; {CHANGES[found]} PRAGMA user_version={VERSION}; COMMIT;")
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise JournalError(f"{path}: {error}") from None
    return db
