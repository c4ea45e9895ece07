"""Files that are there whole or not at all, whenever the power goes."""

import os
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """Replace the file at `path` by `data`, atomically and on disk before this returns. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
