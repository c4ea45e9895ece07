"""Archives: files go into a zip that appears whole or not at all; and come out of one that nobody vouches for.

What an archive may do to this machine is decided here alone: no name leads out of the folder, nothing grows larger than
it said, and nothing appears but plain files.
"""

import errno
import hashlib
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from lampd import durable

LIMIT, ENTRIES = 4 << 30, 20_000
"""Bytes in all and files: more than years of learning, or a long evening."""
SPARE = 16 << 20
"""Bytes that are to be left on the disk."""
PIECE = 1 << 20
SEAL = 2 * hashlib.sha256().digest_size
"""Every archive made here ends in the SHA-256, in hexadecimal, of all that comes before it, as its comment."""
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error, ValueError)
"""What zipfile raises for archives that are not as they were made."""


class ArchiveError(Exception):
    """An archive that cannot be made, or is not to be unpacked; the text names the file and says why."""


@contextmanager
def written(path: Path, force: bool = False) -> Iterator[zipfile.ZipFile]:
    """A zip to be filled, which is at `path`, for its owner's eyes alone, once this context is over without an error.
    Raises ArchiveError, also for a file that is there already, unless `force`."""
    if path.exists() and not force:
        raise ArchiveError(f"{path} is there already: name another file, or say --force")
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.comment = bytes(SEAL)
                yield archive
            seal = _digest(file)
            file.seek(-SEAL, os.SEEK_END)
            file.write(seal)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        durable.sync(path.parent)
    except OSError as error:
        raise ArchiveError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def put(archive: zipfile.ZipFile, name: str, content: Path | bytes) -> tuple[int, str]:
    """Add a file; how many bytes went in, and their SHA-256. Raises OSError."""
    # of no time, for a lamp's clock is often wrong, and zip knows none before 1980
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | 0o600) << 16
    if isinstance(content, bytes):
        archive.writestr(info, content)
        return len(content), hashlib.sha256(content).hexdigest()
    size, digest = 0, hashlib.sha256()
    large = content.stat().st_size > zipfile.ZIP64_LIMIT // 2
    with content.open("rb") as file, archive.open(info, "w", force_zip64=large) as into:
        while piece := file.read(PIECE):
            size += len(piece)
            digest.update(piece)
            into.write(piece)
    return size, digest.hexdigest()


def _digest(file: BinaryIO) -> bytes:
    """SHA-256 of a file but for its seal."""
    left = file.seek(0, os.SEEK_END) - SEAL
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (piece := file.read(min(PIECE, left))):
        digest.update(piece)
        left -= len(piece)
    return digest.hexdigest().encode()


def is_whole(path: Path) -> bool:
    """Whether an archive made here is, byte for byte, as it was made. Raises OSError."""
    with path.open("rb") as file:
        seal = _digest(file)
        return file.read() == seal


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive to be read. Raises ArchiveError, also for damage that shows while it is read."""
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise ArchiveError(f"{path}: {error.strerror or error}") from None
    except DAMAGE as error:
        raise ArchiveError(f"{path} is damaged, or no zip: {error}") from None
    with archive:
        try:
            yield archive
        except (*DAMAGE, OSError) as error:
            # places before the beginning are looked for where an entry says that it is there
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            raise ArchiveError(f"{path} is damaged: {error}") from None


def listed(archive: zipfile.ZipFile, limit: int = LIMIT) -> dict[str, zipfile.ZipInfo]:
    """The files in an archive by name, if all of it may be unpacked. Raises ArchiveError, naming what may not."""
    found: dict[str, zipfile.ZipInfo] = {}
    if len(archive.infolist()) > ENTRIES:
        raise ArchiveError(f"{archive.filename}: {len(archive.infolist())} files in it, and {ENTRIES} are the most")
    for info in archive.infolist():
        if wrong := _wrong(info, found):
            raise ArchiveError(f"{archive.filename}: {info.orig_filename!r} in it {wrong}: it is not unpacked")
        if not info.is_dir():
            found[info.filename] = info
    folders = {str(parent) for name in found for parent in Path(name).parents}
    if both := sorted(folders & found.keys()):
        raise ArchiveError(f"{archive.filename}: {both[0]!r} in it is both a file and a folder: it is not unpacked")
    size = sum(info.file_size for info in found.values())
    if size > limit:
        raise ArchiveError(f"{archive.filename}: it would come to {size} bytes, and {limit} are the most")
    return found


def _wrong(info: zipfile.ZipInfo, before: Mapping[str, zipfile.ZipInfo]) -> str:
    """Why an entry may not be unpacked, or nothing."""
    if info.orig_filename != info.filename or not is_plain(info.filename.removesuffix("/")):
        return "is no plain name inside the archive"
    if info.filename in before:
        return "is there twice"
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG):
        return "is no plain file"
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is encrypted, or packed in a way that lampd does not know"
    return ""


def is_plain(name: str) -> bool:
    """Whether a name, relative to a folder, leads to a place in it."""
    parts = name.split("/")
    plain = name.isprintable() and "\\" not in name and len(name) < 1000
    return plain and all(part not in ("", ".", "..") and len(part.encode()) < 256 for part in parts)


def unpack(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], folder: Path) -> dict[str, str]:
    """Write members of an archive to `folder`, by the names given, as they are on disk then; their SHA-256. Raises
    ArchiveError or OSError, and leaves what was unpacked so far."""
    size = sum(info.file_size for info in members.values())
    durable.folder(folder)
    if shutil.disk_usage(folder).free < size + SPARE:
        raise ArchiveError(f"{archive.filename}: there is no room for its {size / 1e6:.0f} MB in {folder}")
    digests = {name: _unpack(archive, info, folder / name) for name, info in members.items()}
    for inside in sorted({folder, *((folder / name).parent for name in members)}):
        durable.sync(inside)
    return digests


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> str:
    durable.folder(path.parent)
    size, digest = 0, hashlib.sha256()
    with archive.open(info) as source, path.open("xb") as file:
        while piece := source.read(PIECE):
            size += len(piece)
            if size > info.file_size:
                break
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if size != info.file_size:
        raise ArchiveError(f"{archive.filename}: {info.filename!r} in it is damaged: it is not as long as it says")
    return digest.hexdigest()


def hand_over(path: Path, like: Path) -> None:
    """Give what root has made at `path` to who has the folder `like`, and its group. Raises OSError."""
    found = like.stat()
    for one in (path, *(path.rglob("*") if path.is_dir() else ())):
        one.chmod(0o770 if one.is_dir() else 0o660)
        if os.geteuid() == 0:
            os.chown(one, found.st_uid, found.st_gid)
