"""The journal's tables, and what makes them of those of older versions."""

VERSION = 5

SCHEMA = """
CREATE TABLE transcript (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, start REAL,
    "end" REAL, text TEXT, confidence REAL, cut INTEGER, ngrams TEXT, sound BLOB, voice TEXT);
CREATE TABLE directive (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, ended REAL,
    wish TEXT, lit REAL, dark REAL, model TEXT, reason TEXT, was_lit INTEGER, act_above REAL, thoughts TEXT,
    losses TEXT, because TEXT, steady REAL);
CREATE TABLE acted (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, lit INTEGER);
CREATE TABLE flip (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, lit INTEGER);
CREATE TABLE correction (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, lit INTEGER);
CREATE TABLE listening (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, listens INTEGER);
CREATE TABLE lamp (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, lit INTEGER);
CREATE TABLE example (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, text TEXT,
    was_lit INTEGER, possible TEXT, cause TEXT, settled INTEGER);
CREATE TABLE model (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, kind TEXT, version INTEGER, path TEXT,
    examples TEXT);
CREATE INDEX example_utterance ON example (utterance);
CREATE INDEX transcript_utterance ON transcript (utterance);
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
CHANGES = {
    0: SCHEMA,
    1: FROM_VERSION_1 + FROM_VERSION_2 + FROM_VERSION_3 + FROM_VERSION_4,
    2: FROM_VERSION_2 + FROM_VERSION_3 + FROM_VERSION_4,
    3: FROM_VERSION_3 + FROM_VERSION_4,
    4: FROM_VERSION_4,
}
"""What makes a journal of VERSION of an older one; 0 is a new file."""
