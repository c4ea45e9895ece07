"""Files that are there whole or not at all, whenever the power goes."""

import contextlib
import os
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """Replace the file at `path` by `data`: after a power cut it is the old one or the new one, whole. Raises OSError.

    Which of the two is left to the file system's own time: the folder is not synced, for that costs as much again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError as error:
        # a disk that is full needs the room
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None
