"""Models on disk: one safetensors file, what built them in its metadata; whole or not there at all."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

KEY = "lampd"
"""The only key of the metadata: several are written in random order, and equal models would differ on disk."""


class FileError(Exception):
    """A file that is no model of ours; the message names it and says why."""


def encoded(tensors: dict[str, Tensor], fields: dict[str, Any]) -> bytes:
    """The file that `read` reads."""
    return save({name: value.contiguous() for name, value in tensors.items()}, {KEY: json.dumps(fields)})


def write(path: Path, data: bytes) -> None:
    """Write `path`, in place of what was there, so that a reader finds the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What was `encoded`. Raises FileError where that is not possible."""
    try:
        with safe_open(path, "pt") as file:
            fields = json.loads((file.metadata() or {})[KEY])
            return {name: file.get_tensor(name) for name in file.keys()}, fields  # noqa: SIM118
    except FileNotFoundError as error:
        raise FileError(f"{path}: there is no such file") from error
    except (OSError, SafetensorError) as error:
        raise FileError(f"{path}: not a safetensors file ({error})") from error
    except (KeyError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise FileError(f"{path}: not a model of lampd ({error!r})") from error
