"""Model files that are not what they should be: a model that predicts probabilities, or an error that names it."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from numpy.typing import NDArray
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save

from lampd.learners.models import KINDS, Kind, ModelError, fitter, load
from lampd.messages import Example, Said
from lampd.stages.trainer import Trainer
from tests.fuzz.cases import cases, damaged

SAID = ("some light", "good night", "the soup is cold")
Tensors = dict[str, NDArray[Any]]
Change = Callable[[Tensors, dict[str, Any]], None]


def fitted(kind: Kind) -> bytes:
    learner = fitter(kind)
    for number, text in enumerate(SAID):
        tag: Any = (("lit",), ("dark",), ("nothing",))[number]
        learner.learn(Example(1.0, number + 1, text, number == 1, tag, "flip", True))
    return learner.fit(1, lambda: False).to_bytes()


WHOLE = {kind: fitted(kind) for kind in KINDS}
ANY = some.sampled_from(KINDS)


def header_of(data: bytes) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])
    return header


def remade(kind: Kind, change: Change) -> bytes:
    """A model of that kind, with its tensors and what it says of itself changed."""
    tensors = tensors_of(WHOLE[kind])
    about = json.loads(header_of(WHOLE[kind])["__metadata__"]["lampd"])
    change(tensors, about)
    return save(tensors, {"lampd": json.dumps(about)})


def read(kind: Kind, path: Path, data: bytes) -> bool:
    """Whether it is taken for a model, and then what it says are probabilities."""
    path.write_bytes(data)
    try:
        model = load(kind, path)
    except ModelError as error:
        assert str(path) in str(error)
        return False
    for text in SAID:
        wish = model.predict(Said(text), False)
        assert 0 <= wish.lit <= 1 and 0 <= wish.dark <= 1
    assert all(np.isfinite([*model.contributions(Said(SAID[0]), "lit").values()]))
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_what_they_are_made_from_is_well(tmp_path: Path, kind: Kind) -> None:
    assert read(kind, tmp_path / "one", WHOLE[kind])
    assert read(kind, tmp_path / "one", remade(kind, lambda tensors, about: None))


@cases()
@given(kind=ANY, data=some.data())
def test_a_damaged_file(tmp_path: Path, kind: Kind, data: some.DataObject) -> None:
    read(kind, tmp_path / "one", data.draw(damaged(WHOLE[kind])))


@cases()
@given(kind=ANY, data=some.data())
def test_a_damaged_header(tmp_path: Path, kind: Kind, data: some.DataObject) -> None:
    length = struct.unpack("<Q", WHOLE[kind][:8])[0]
    header = data.draw(damaged(WHOLE[kind][8 : 8 + length]))
    read(kind, tmp_path / "one", struct.pack("<Q", len(header)) + header + WHOLE[kind][8 + length :])


VALUES: some.SearchStrategy[Any] = (
    some.none() | some.integers() | some.floats() | some.text() | some.lists(some.integers(), max_size=3)
)


@cases()
@given(kind=ANY, data=some.data())
def test_what_it_says_of_itself_is_something_else(tmp_path: Path, kind: Kind, data: some.DataObject) -> None:
    def change(tensors: Tensors, about: dict[str, Any]) -> None:
        inside = about
        key = data.draw(some.sampled_from(sorted(inside)))
        while isinstance(inside[key], dict) and inside[key] and data.draw(some.booleans()):
            inside = inside[key]
            key = data.draw(some.sampled_from(sorted(inside)))
        inside[key] = data.draw(VALUES)

    read(kind, tmp_path / "one", remade(kind, change))


@cases()
@given(
    kind=ANY,
    which=some.integers(0, 30),
    dtype=some.sampled_from(["float16", "float32", "float64", "int8", "uint8", "int64", "bool"]),
    shape=some.lists(some.sampled_from([0, 1, 2, 5, 50]), max_size=3),
    fill=some.sampled_from([0, 1, -1, np.nan, np.inf, -np.inf, 3e38]),
)
def test_a_tensor_is_another(tmp_path: Path, kind: Kind, which: int, dtype: str, shape: list[int], fill: float) -> None:
    def change(tensors: Tensors, about: dict[str, Any]) -> None:
        name = sorted(tensors)[which % len(tensors)]
        with np.errstate(all="ignore"):
            tensors[name] = np.full(tensors[name].shape if shape == [] else shape, fill).astype(dtype)

    read(kind, tmp_path / "one", remade(kind, change))


@cases()
@given(kind=ANY, which=some.integers(0, 30), place=some.integers(0, 10**6), number=some.sampled_from([np.nan, np.inf]))
@example(kind="gate", which=1, place=0, number=np.nan)
def test_weights_that_are_no_numbers_are_refused(
    tmp_path: Path, kind: Kind, which: int, place: int, number: float
) -> None:
    def change(tensors: Tensors, about: dict[str, Any]) -> None:
        names = sorted(name for name, tensor in tensors.items() if tensor.dtype == np.float32 and tensor.size)
        name = names[which % len(names)]
        tensors[name] = tensors[name].copy()
        tensors[name].flat[place % tensors[name].size] = number

    assert not read(kind, tmp_path / "one", remade(kind, change))


def lying(kind: Kind, **tensor: Any) -> bytes:
    """A model whose header says something else of its first tensor."""
    header = header_of(WHOLE[kind])
    name = next(name for name in header if name != "__metadata__")
    header[name] |= tensor
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + WHOLE[kind][8 + struct.unpack("<Q", WHOLE[kind][:8])[0] :]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 8,
        struct.pack("<Q", 10 << 30) + b"{}",
        struct.pack("<Q", 2**64 - 1) + b"{}",
        struct.pack("<Q", 100_000) + b"[" * 100_000,
        struct.pack("<Q", 2) + b"{}",
        b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93\x8c\x07echo hi\x85R.",
        b"PK\x03\x04" + bytes(100),
    ],
    ids=["empty", "zeros", "10 GB", "16 EB", "deep", "nothing", "pickle", "zip"],
)
def test_what_is_no_model_is_named(tmp_path: Path, kind: Kind, data: bytes) -> None:
    assert not read(kind, tmp_path / "one", data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_header_that_asks_for_more_than_there_is(tmp_path: Path, kind: Kind) -> None:
    for shape, end in (([10 << 30], 40 << 30), ([2**62, 4], 0), ([2**33, 2**33], 2**64 - 1), ([-1], 4)):
        assert not read(kind, tmp_path / "one", lying(kind, shape=shape, data_offsets=[0, end], dtype="F32"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_says_of_itself_that_it_is_enormous(tmp_path: Path, kind: Kind) -> None:
    def larger(tensors: Tensors, about: dict[str, Any]) -> None:
        about["size"] = 10**9
        for context in about.get("configuration", {}).get("contexts", []):
            context |= {"length": 10**6, "hidden": 10**9}

    def deeper(tensors: Tensors, about: dict[str, Any]) -> None:
        inside = about["examples"] = {}
        for _ in range(900):
            inside["a"] = inside = {}

    assert read(kind, tmp_path / "one", remade(kind, larger)) is (kind == "gate")
    assert not read(kind, tmp_path / "one", remade(kind, deeper))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_named(tmp_path: Path, kind: Kind) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    for name in ("folder", "loop", "gone", "huge", "a" * 300, "a\0b"):
        with pytest.raises(ModelError):
            load(kind, tmp_path / name)


def test_a_broken_model_is_passed_over_and_stays_where_it_is(tmp_path: Path) -> None:
    from lampd.messages import Model, Resume

    (tmp_path / "gate-00000001.safetensors").write_bytes(WHOLE["gate"])
    (tmp_path / "gate-00000002.safetensors").write_bytes(WHOLE["gate"][:-5])
    (tmp_path / "gate-00000003.safetensors").write_bytes(os.urandom(200))
    [found] = Trainer(tmp_path, 5).handle(Resume(0.0, 0, False))
    assert isinstance(found, Model) and found.path.endswith("01.safetensors")
    assert len([*tmp_path.iterdir()]) == 3
