"""The real speech and text that benchmarks are run on. It is no part of the product; LAMPD_DATA says where it lies."""

import os
from pathlib import Path

from lampd.bench import Refused

REPOSITORY = Path(__file__).parents[2]


def _expected() -> Path:
    return Path(os.environ.get("LAMPD_DATA", REPOSITORY.parent / "shared" / "data"))


def folder() -> Path | None:
    """The data folder, or None where there is none."""
    path = _expected()
    return path if path.is_dir() else None


def needed() -> Path:
    """The data folder. Raises Refused where there is none."""
    path = _expected()
    if not (path / "speech").is_dir():
        raise Refused(f"there is no data folder at {path}: name one with --data or LAMPD_DATA")
    return path
