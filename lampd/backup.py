"""Backups: all that was learned leaves in one file, FILE.lamp, or such a file comes in and is looked through.

It is a zip: manifest.json says what it is and what is in it, manifest.json.sig who made it, where it is signed;
journal.db is the journal, written anew without what was forgotten, and models/ what was fitted from it. Nothing in it
knows of pins, of settings, or of where it was made, so any lamp can take it.
"""

import datetime
import os
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from lampd import __version__, archive, schema
from lampd.signature import check, sign

FORMAT = 1
MANIFEST, SIGNATURE, JOURNAL = "manifest.json", "manifest.json.sig", "journal.db"
SMALL = 1 << 22
"""Bytes that a manifest, or its signature, has at most."""
MODEL = re.compile(r"models/(.+/)?[^/]+\.safetensors")
BEGINS = b"PK\x03\x04"


class BackupError(Exception):
    """A backup that cannot be made, or is not to be used; the text says why, and what to do."""


class Content(msgspec.Struct, frozen=True):
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup is: its `format`, the version of `lampd` that `made` it (when: ISO 8601) and of its `journal`, the
    identity of the `voice` that was in use, and what is in it."""

    format: int
    lampd: str
    made: str
    journal: int
    voice: str
    files: dict[str, Content]


def make(state: Path, file: Path, voice: str, key: Path | None = None, force: bool = False) -> Manifest:
    """Write to `file` what was learned in `state`, whether or not a lamp runs there, signed where there is a `key`.
    Raises BackupError, ArchiveError or SignatureError."""
    if not (state / JOURNAL).exists():
        raise BackupError(f"there is no journal at {state / JOURNAL} yet")
    files: dict[str, Content] = {}
    with archive.written(file, force) as into:
        with tempfile.TemporaryDirectory(prefix=".lampd-", dir=file.parent) as folder:
            # the journal first: a model that it names may be gone by now, but none is of what it does not know
            version = _copy(state / JOURNAL, Path(folder) / JOURNAL)
            files[JOURNAL] = Content(*archive.put(into, JOURNAL, Path(folder) / JOURNAL))
        for path in sorted((state / "models").rglob("*.safetensors")):
            name = f"models/{path.relative_to(state / 'models').as_posix()}"
            try:
                files[name] = Content(*archive.put(into, name, path))
            except FileNotFoundError:
                continue
        made = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        manifest = Manifest(FORMAT, __version__, made, version, voice, files)
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        archive.put(into, MANIFEST, text)
        if key:
            archive.put(into, SIGNATURE, sign(text, key))
    return manifest


def _copy(journal: Path, copy: Path) -> int:
    """Write the journal as it is at this moment, and nothing that it no longer holds; its version. Raises
    BackupError."""
    try:
        db = sqlite3.connect(f"{journal.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
        try:
            db.execute("VACUUM INTO ?", (str(copy),))
        finally:
            db.close()
        db = sqlite3.connect(copy, isolation_level=None)
        try:
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if not 0 < version <= schema.VERSION:
                raise BackupError(f"{journal}: a journal of version {version}; this lampd knows {schema.VERSION}")
            db.execute("PRAGMA secure_delete=ON")
            move_models(db, "")
        finally:
            db.close()
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
            raise BackupError(f"{copy.parent.parent}: there is no room for a copy of {journal}") from None
        # SQLite writes beside what it reads, where nobody has it open
        hint = "" if os.access(journal.parent, os.W_OK) else "; with sudo it may be"
        raise BackupError(f"{journal} cannot be read: {error}{hint}") from None
    return version


def move_models(db: sqlite3.Connection, where: str) -> None:
    """Have the journal look for its models in the folder `where`. Raises sqlite3.Error."""
    for (path,) in db.execute("SELECT DISTINCT path FROM model").fetchall():
        parts = PurePosixPath(path).parts
        begin = max((number for number, part in enumerate(parts) if part == "models"), default=len(parts) - 1)
        inside = "/".join(parts[begin:])
        # what leads elsewhere leads nowhere
        inside = inside if archive.is_plain(inside) else "models/lost.safetensors"
        db.execute("UPDATE model SET path = ? WHERE path = ?", (str(PurePosixPath(where, inside)), path))


class Found(msgspec.Struct, frozen=True):
    """A backup that was looked through: its manifest, the members to unpack, and whether it is `signed` by anyone."""

    manifest: Manifest
    members: dict[str, zipfile.ZipInfo]
    signed: bool


def looked_through(opened: zipfile.ZipFile, signer: str | None = None) -> Found:
    """What a backup holds, once it is known to be whole, of a version that this lampd reads, and signed by `signer`,
    where one is named. Raises BackupError, ArchiveError or SignatureError."""
    file = Path(str(opened.filename))
    found = archive.listed(opened)
    if MANIFEST not in found:
        raise BackupError(f"{file}: no .lamp file, for there is no {MANIFEST} in it")
    large = [name for name in (MANIFEST, SIGNATURE) if name in found and found[name].file_size > SMALL]
    if large:
        raise BackupError(f"{file}: {large[0]} in it is too large")
    text = opened.read(found.pop(MANIFEST))
    signature = opened.read(found.pop(SIGNATURE)) if SIGNATURE in found else b""
    if signer and not signature:
        raise BackupError(f"{file} is not signed: take one that is, or leave --signer out")
    if signer:
        check(text, signature, signer)
    manifest = _manifest(file, text)
    _agree(file, manifest, found)
    return Found(manifest, found, bool(signature))


def is_whole(file: Path) -> None:
    """Raises BackupError for a file that is no backup, or not byte for byte as it was made."""
    try:
        with file.open("rb") as opened:
            begins = opened.read(len(BEGINS))
        whole = archive.is_whole(file)
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror}") from None
    if begins != BEGINS:
        raise BackupError(f"{file} is no .lamp file: `lampctl backup` makes them")
    if not whole:
        raise BackupError(f"{file} is damaged or cut short: copy it again from where it was made")


def _manifest(file: Path, text: bytes) -> Manifest:
    try:
        said = msgspec.json.decode(text, type=dict[str, object])
        number, version = said.get("format"), said.get("journal")
        if isinstance(number, int) and number > FORMAT:
            raise BackupError(f"{file} was made by a newer lampd ({said.get('lampd')}): upgrade this one first")
        if isinstance(version, int) and version > schema.VERSION:
            raise BackupError(
                f"{file} was made by a newer lampd ({said.get('lampd')}): its journal is of version {version}, and "
                f"this lampd reads {schema.VERSION} at most; upgrade it first"
            )
        return msgspec.convert(said, Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"{file}: {MANIFEST} in it is damaged: {error}") from None


def _agree(file: Path, manifest: Manifest, found: Mapping[str, zipfile.ZipInfo]) -> None:
    """The manifest and the archive are to say the same about what is in it. Raises BackupError."""
    if missing := sorted({JOURNAL, *manifest.files} - found.keys()):
        raise BackupError(f"{file}: {missing[0]} is missing in it")
    for name, info in found.items():
        if name not in manifest.files or not (name == JOURNAL or MODEL.fullmatch(name)):
            raise BackupError(f"{file}: {name} in it is nothing that a lamp has learned")
        if info.file_size != manifest.files[name].size:
            raise BackupError(f"{file}: {name} in it has {info.file_size} bytes, not {manifest.files[name].size}")
