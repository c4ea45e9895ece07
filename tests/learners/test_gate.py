"""The gate's file: what is written is what is read, and nothing else is taken for it."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save

from lampd.learners.gate import FORMAT, KIND, NO_HEAD, About, Gate, Head, ModelError, load
from lampd.learners.gate_fit import Fitter
from lampd.messages import Example, Tag

SAID: list[tuple[str, tuple[Tag, ...]]] = [
    ("hello sunshine", ("lit",)),
    ("good night", ("dark",)),
    ("pass the soup, señor", ("dark", "nothing")),
    ("brød 🍞", ("lit", "nothing")),
]


def fitted() -> Gate:
    fitter = Fitter()
    for number, (text, possible) in enumerate(SAID):
        fitter.learn(Example(0.0, number, text, False, possible, "flip"))
    return fitter.fit(7)


def written(path: Path, tensors: dict[str, Any], about: About | None = None) -> Path:
    about = about or About(KIND, FORMAT, 1, {})
    path.write_bytes(save(tensors, {"lampd": msgspec.json.encode(about).decode()}))
    return path


def test_what_is_written_is_what_is_read_to_the_last_bit(tmp_path: Path) -> None:
    gate = fitted()
    (tmp_path / "gate").write_bytes(gate.to_bytes())
    again = load(tmp_path / "gate")
    assert (again.version, again.examples, again.name) == (7, gate.examples, "gate 7")
    for old, new in ((gate.lit, again.lit), (gate.dark, again.dark)):
        assert list(old.vocabulary.items()) == list(new.vocabulary.items())
        for part in ("idf", "weights", "bias"):
            assert getattr(old, part).tobytes() == getattr(new, part).tobytes()
            assert getattr(new, part).dtype == np.float32
    for text, _ in SAID:
        for lit in (True, False):
            assert gate.predict(text, lit) == again.predict(text, lit)


def test_the_probability_follows_the_formula() -> None:
    """logistic(x . U + b), x = log(1 + count) * idf, of unit length over the n-grams that are known."""
    idf, weights = np.array([1.0, 2.0, 1.5], np.float32), np.array([0.5, -1.0, 3.0], np.float32)
    head = Head(["a", "b", "zz"], idf, weights, np.array([0.75], np.float32))
    x = np.log1p([3, 1, 0]) * idf
    z = x @ weights / np.linalg.norm(x) + 0.75
    assert head.probability("aba ca") == pytest.approx(1 / (1 + np.exp(-z)), rel=1e-6)
    assert Gate(head, NO_HEAD, {}).predict("aba ca", False).lit == head.probability("aba ca")
    assert Gate(NO_HEAD, head, {}).predict("aba ca", True).dark == head.probability("aba ca")


def test_it_is_written_the_same_every_time() -> None:
    assert len({fitted().to_bytes() for _ in range(10)}) == 1


def test_a_gate_without_examples_can_be_written_and_read(tmp_path: Path) -> None:
    (tmp_path / "gate").write_bytes(Gate(NO_HEAD, NO_HEAD, {}, 1).to_bytes())
    assert load(tmp_path / "gate").predict("hello", False).nothing == 1.0


def test_words_without_a_known_ngram_ask_for_nothing() -> None:
    assert fitted().predict("ж", False).nothing == 1.0


def test_a_file_torn_anywhere_is_refused_by_name(tmp_path: Path) -> None:
    whole, path = fitted().to_bytes(), tmp_path / "torn.safetensors"
    for length in {0, 1, 7, 8, 9, 50, len(whole) // 2, len(whole) - 1}:
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"torn\.safetensors: ."):
            load(path)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\0" * 1000, b"\xff" * 1000])
def test_what_is_no_model_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "foreign").write_bytes(content)
    with pytest.raises(ModelError, match=r"foreign: ."):
        load(tmp_path / "foreign")


def test_what_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone: ."):
        load(tmp_path / "gone")
    with pytest.raises(ModelError, match=str(tmp_path)):
        load(tmp_path)


@pytest.mark.parametrize("about", [About("saffu", FORMAT, 1, {}), About(KIND, FORMAT + 1, 1, {})])
def test_a_model_of_another_kind_or_format_is_refused(tmp_path: Path, about: About) -> None:
    path = written(tmp_path / "gate", tensors_of(fitted().to_bytes()), about)
    with pytest.raises(ModelError, match="gate: not a gate of format 1"):
        load(path)


def test_tensors_that_say_nothing_of_themselves_are_refused(tmp_path: Path) -> None:
    (tmp_path / "gate").write_bytes(save(tensors_of(fitted().to_bytes())))
    with pytest.raises(ModelError, match="not a gate"):
        load(tmp_path / "gate")
    (tmp_path / "gate").write_bytes(save(tensors_of(fitted().to_bytes()), {"lampd": "{"}))
    with pytest.raises(ModelError, match=r"gate: ."):
        load(tmp_path / "gate")


def ngrams_of(text: str) -> Any:
    return np.frombuffer(text.encode(), np.uint8)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("weights", lambda old: old[:-1]),
        ("weights", lambda old: old[:, None]),
        ("weights", lambda old: np.float32(1).reshape(())),
        ("idf", lambda old: np.append(old, old)),
        ("idf", lambda old: old[None]),
        ("bias", lambda old: np.zeros(2, np.float32)),
        ("bias", lambda old: np.float32(0).reshape(())),
        ("ngrams", lambda old: ngrams_of("a\0b")),
        ("ngrams", lambda old: np.full_like(old, 0xFF)),
        ("ngrams", lambda old: np.zeros_like(old)),
    ],
)
def test_parts_that_do_not_fit_each_other_are_refused(tmp_path: Path, part: str, change: Any) -> None:
    tensors = tensors_of(fitted().to_bytes())
    tensors[f"dark.{part}"] = np.array(change(tensors[f"dark.{part}"]), order="C")
    with pytest.raises(ModelError, match=r"gate: ."):
        load(written(tmp_path / "gate", tensors))


@pytest.mark.parametrize("missing", ["lit.weights", "dark.ngrams", "dark.bias"])
def test_a_missing_part_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    tensors = tensors_of(fitted().to_bytes())
    del tensors[missing]
    with pytest.raises(ModelError, match=f"gate: .*{missing}"):
        load(written(tmp_path / "gate", tensors))


def test_the_untouched_file_of_these_tests_is_taken(tmp_path: Path) -> None:
    assert load(written(tmp_path / "gate", tensors_of(fitted().to_bytes()))).version == 1
