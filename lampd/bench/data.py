"""The real speech and text that benchmarks are run on. It is no part of the product; LAMPD_DATA says where it lies."""

import argparse
import os
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def folder() -> Path | None:
    """The data folder, or None where there is none."""
    path = Path(os.environ.get("LAMPD_DATA", REPOSITORY.parent / "shared" / "data"))
    return path if path.is_dir() else None


def needed(parser: argparse.ArgumentParser, given: Path | None) -> Path:
    """The data folder given, or the usual one; ends the program in words where there is none."""
    path = given or folder()
    if path is None or not (path / "speech").is_dir():
        parser.error(f"there is no data folder at {path}: name one with --data or LAMPD_DATA")
    return path
