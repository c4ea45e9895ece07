"""The real speech and text that benchmarks are run on. It is no part of the product; LAMPD_DATA says where it lies."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def folder() -> Path | None:
    """The data folder, or None where there is none."""
    path = Path(os.environ.get("LAMPD_DATA", REPOSITORY.parent / "shared" / "data"))
    return path if path.is_dir() else None
