"""Files that are there whole or not at all, whenever the power goes."""

import contextlib
import os
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """Replace the file at `path` by `data`, on disk: a power cut meanwhile leaves the old one or the new one, whole.
    Raises OSError."""
    folder(path.parent)
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        sync(path.parent)
    except OSError as error:
        # a disk that is full needs the room
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None


def folder(path: Path) -> None:
    """Make a folder where there is none, and those that it is to be in, and have their names on disk. Raises
    OSError."""
    if path.is_dir():
        return
    folder(path.parent)
    path.mkdir(exist_ok=True)
    # one may make a folder in another that one may not read
    with contextlib.suppress(PermissionError):
        sync(path.parent)


def sync(path: Path) -> None:
    """Have the names in the folder at `path` on disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
