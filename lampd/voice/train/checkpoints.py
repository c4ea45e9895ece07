"""What training is at a moment, in one file: weights, their moving average, the optimiser's memory, the progress."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save as packed
from torch import Tensor

from lampd import durable
from lampd.voice.train.plan import Progress

CHECKPOINT = "checkpoint.safetensors"
Average = dict[str, Tensor]


def keep(folder: Path, model: Any, average: Average, adam: torch.optim.AdamW, progress: Progress) -> None:
    """Whole or not at all. Raises OSError."""
    tensors = {f"now.{name}": value.contiguous() for name, value in model.state_dict().items()}
    tensors |= {f"average.{name}": value.contiguous() for name, value in average.items()}
    for index, moments in adam.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{name}": value.contiguous() for name, value in moments.items()}
    told = {"progress": json.dumps(asdict(progress))}
    durable.write(folder / CHECKPOINT, packed(tensors, metadata=told))


def restore(folder: Path, model: Any, adam: torch.optim.AdamW) -> tuple[Average, Progress]:
    """`model` and `adam` are again as they were kept; returns the rest. Raises OSError and SafetensorError."""
    tensors, progress = read(folder)
    model.load_state_dict(_under("now.", tensors))
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in _under("adam.", tensors).items():
        index, _, moment = name.partition(".")
        moments.setdefault(int(index), {})[moment] = value
    adam.load_state_dict({**adam.state_dict(), "state": moments})
    return average(tensors), progress


def average(tensors: dict[str, Tensor]) -> Average:
    """The averaged weights of a checkpoint that was read."""
    return _under("average.", tensors)


def read(folder: Path) -> tuple[dict[str, Tensor], Progress]:
    """What a checkpoint holds. Raises OSError and SafetensorError."""
    with safe_open(folder / CHECKPOINT, "pt") as file:
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        return tensors, Progress(**json.loads(file.metadata()["progress"]))


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
