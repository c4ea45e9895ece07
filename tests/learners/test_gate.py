"""The gate's file: what is written is what is read, and nothing else is taken for it."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save

from lampd.learners.gate import FORMAT, KIND, About, Gate, ModelError, load
from lampd.learners.gate_fit import Fitter
from lampd.messages import Example, Said, Tag

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
    assert (again.ngrams, again.unknown, again.bias) == (gate.ngrams, gate.unknown, gate.bias)
    for part in ("idf", "weights"):
        assert getattr(again, part).tobytes() == getattr(gate, part).tobytes()
        assert getattr(again, part).dtype == np.float32
    for text, _ in SAID:
        for lit in (True, False):
            assert gate.predict(Said(text), lit) == again.predict(Said(text), lit)


def by_hand(text_counts: list[int], strange: list[int], wish: int, gate: Gate) -> float:
    """logistic(x . U + b), x = log(1 + count) * idf, of unit length over the n-grams known and unknown."""
    x = np.log1p(text_counts) * gate.idf
    norm = np.sqrt((x**2).sum() + ((np.log1p(strange) * gate.unknown) ** 2).sum())
    return float(1 / (1 + np.exp(-(x @ gate.weights[wish] / norm + gate.bias))))


def test_the_probability_follows_the_formula() -> None:
    idf, weights = np.array([1.0, 2.0, 1.5], np.float32), np.array([[0.5, -1, 3], [2, 0.25, 1]], np.float32)
    gate = Gate(["a", "b", "zz"], idf, 2.5, weights, 0.75, {})
    # of "aba" the n-grams a and b are known, and " a", "ab", "ba", "a ", " ab", "aba", "ba ", " aba", "aba " are not
    assert gate.predict(Said("aba"), False).lit == pytest.approx(by_hand([2, 1, 0], [1] * 9, 0, gate), rel=1e-6)
    assert gate.predict(Said("aba"), True).dark == pytest.approx(by_hand([2, 1, 0], [1] * 9, 1, gate), rel=1e-6)


def test_words_of_which_it_knows_little_say_little() -> None:
    gate = fitted()
    assert (
        gate.predict(Said("hello sunshine"), False).lit
        > gate.predict(Said("hello sunshine and jam for tea"), False).lit
    )
    known, lost = (sum(gate.contributions(Said(text), "lit").values()) for text in ("hello", "hello, жжж ююю щщщ"))
    assert 0 < lost < known


def test_it_is_written_the_same_every_time() -> None:
    assert len({fitted().to_bytes() for _ in range(10)}) == 1


def test_a_gate_without_examples_can_be_written_and_read(tmp_path: Path) -> None:
    (tmp_path / "gate").write_bytes(Gate.untaught({}, 1).to_bytes())
    assert load(tmp_path / "gate").predict(Said("hello"), False).nothing == 1.0


def test_words_without_a_known_ngram_ask_for_nothing() -> None:
    assert fitted().predict(Said("ж"), False).nothing == 1.0


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
    with pytest.raises(ModelError, match="gate: not a gate of format 2"):
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
        ("weights", lambda old: old[:, :-1]),
        ("weights", lambda old: old[:, :, None]),
        ("weights", lambda old: old.T),
        ("weights", lambda old: np.float32(1).reshape(())),
        ("idf", lambda old: np.append(old, old)),
        ("idf", lambda old: old[None]),
        ("ngrams", lambda old: ngrams_of("a\0b")),
        ("ngrams", lambda old: np.full_like(old, 0xFF)),
        ("ngrams", lambda old: np.zeros_like(old)),
    ],
)
def test_parts_that_do_not_fit_each_other_are_refused(tmp_path: Path, part: str, change: Any) -> None:
    tensors = tensors_of(fitted().to_bytes())
    tensors[part] = np.array(change(tensors[part]), order="C")
    with pytest.raises(ModelError, match=r"gate: ."):
        load(written(tmp_path / "gate", tensors))


@pytest.mark.parametrize("missing", ["weights", "ngrams", "idf"])
def test_a_missing_part_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    tensors = tensors_of(fitted().to_bytes())
    del tensors[missing]
    with pytest.raises(ModelError, match=f"gate: .*{missing}"):
        load(written(tmp_path / "gate", tensors))


def test_the_untouched_file_of_these_tests_is_taken(tmp_path: Path) -> None:
    assert load(written(tmp_path / "gate", tensors_of(fitted().to_bytes()))).version == 1
