"""The language model as a learner: what it reads, what its files are, and what it forgets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lampd.learners import gate_fit, models, saffu
from lampd.learners.abandoned import Abandoned
from lampd.learners.gate import ModelError
from lampd.learners.saffu import CHANGE, LONGEST, NOTHING, UNKNOWN, WHILE, Fitter, Saffu, tokens, vocabulary
from lampd.messages import Example, Said, Tag
from lampd.plm import files
from lampd.plm.corpus import Corpus
from lampd.plm.model import PrecisionModel


def example(utterance: int, text: str, *possible: Tag, was_lit: bool = False) -> Example:
    return Example(0.0, utterance, text, was_lit, possible, "flip")


EVENING = [
    example(1, "hello sunshine", "lit"),
    example(2, "sleep well", "dark", was_lit=True),
    example(3, "pass me the soup", "dark", "nothing"),
    example(4, "where is the bread", "lit", "nothing", was_lit=True),
    example(5, "hello hello sun", "lit"),
    example(6, "sleep tight", "dark", was_lit=True),
    example(7, "the sun was out all day", "dark", "nothing"),
]
ASKED = ["hello sunshine", "sleep", "the soup", "sun", "something else", "x", "ж", ""]


def fitted(examples: list[Example], version: int = 1) -> Saffu:
    fitter = Fitter()
    for one in examples:
        fitter.learn(one)
    return fitter.fit(version)


def answers(model: models.Published) -> list[tuple[float, ...]]:
    return [model.predict(Said(text), lit) for text in ASKED for lit in (True, False)]


def change(model: Saffu, text: str, lit: bool) -> float:
    return max(model.predict(Said(text), lit)[:2])


# what it reads


def test_tokens_are_the_trigrams_of_the_words_and_their_ends() -> None:
    assert tokens("No  SUN") == [" no", "no ", "o s", " su", "sun", "un "]
    assert tokens("x") == [" x "]
    assert tokens("") == tokens(" \0\t") == []


def test_of_very_long_words_it_reads_the_last() -> None:
    text = "soup " * 500
    assert tokens(text) == tokens(text[-5 * LONGEST :])
    assert len(tokens(text)) == LONGEST
    assert len(tokens("a" * LONGEST)) == LONGEST


def test_the_more_frequent_a_token_the_lower_its_number() -> None:
    ids = vocabulary([["a", "b"], ["b", "c"], ["b", CHANGE]])
    assert ids["b"] == 0 and ids[CHANGE] < ids[NOTHING]
    assert sorted(ids.values()) == list(range(len(ids)))
    assert {UNKNOWN, CHANGE, NOTHING, *WHILE.values()} < ids.keys()


@pytest.mark.parametrize("length", [1, 100, LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST, 5000])
def test_the_lamps_state_is_read_however_long_the_words_are(length: int) -> None:
    text = "a" * length
    pairs = [example(2 * i, text, "lit") for i in range(4)]
    pairs += [example(2 * i + 1, text, "lit", "nothing", was_lit=True) for i in range(4)]
    model = fitted(pairs)
    assert change(model, text, False) > change(model, text, True)


# what it learns


def test_it_tells_wishes_and_chatter_apart() -> None:
    # each thing said a few times: it takes more than one to be sure
    model = fitted([example(10 * i + one.utterance, one.text, *one.possible, was_lit=one.was_lit)
                    for i in range(3) for one in EVENING])  # fmt: skip
    for text, lit in (("hello sunshine", False), ("sleep well", True)):
        assert change(model, text, lit) > 0.5
    for text, lit in (("pass me the soup", False), ("where is the bread", True)):
        assert change(model, text, lit) < 0.5


def test_the_same_words_mean_something_in_one_state_and_nothing_in_the_other() -> None:
    said = [example(i, "good evening", "lit") for i in range(5)]
    said += [example(10 + i, "good evening", "lit", "nothing", was_lit=True) for i in range(5)]
    model = fitted(said)
    assert change(model, "good evening", False) > 0.9 > 0.1 > change(model, "good evening", True)


def test_an_example_that_does_not_tell_is_not_learned() -> None:
    """Of a dark lamp, "not dark" leaves open whether it should have changed."""
    fitter = Fitter()
    vague = example(50, "what a day", "lit", "nothing")
    for one in EVENING:
        fitter.learn(one)
    assert not fitter.learn(vague)
    assert not fitter.learn(example(51, "what a day", "lit", "dark"))
    assert fitter.fit(1).to_bytes() == fitted(EVENING).to_bytes()
    telling = [*EVENING, example(50, "what a day", "dark", "nothing")]
    assert fitted(telling).to_bytes() != fitted(EVENING).to_bytes()


def test_a_label_that_no_longer_tells_takes_its_example_away() -> None:
    fitter = Fitter()
    for one in EVENING:
        fitter.learn(one)
    assert fitter.learn(example(1, "hello sunshine", "lit", "dark"))
    assert fitter.fit(1).to_bytes() == fitted(EVENING[1:]).to_bytes()


def test_it_says_whether_an_example_changes_anything() -> None:
    fitter = Fitter()
    assert fitter.learn(EVENING[0])
    assert not fitter.learn(EVENING[0])
    assert fitter.learn(example(1, "hello sunshine", "lit", was_lit=True)), "the lamp was another"
    assert fitter.learn(example(1, "hello moonshine", "lit", was_lit=True)), "the words are others"
    assert fitter.learn(example(1, "hello moonshine")), "it is forgotten"
    assert not fitter.learn(example(1, "hello moonshine")), "it was forgotten"
    assert not fitter.learn(example(2, "\0", "lit")), "there are no words"


def test_it_counts_the_examples_of_each_tag() -> None:
    assert fitted([]).examples == {}
    assert fitted(EVENING).examples == {"dark": 2, "lit": 2}
    nothing = example(8, "is that so", "nothing")
    assert fitted([*EVENING, nothing]).examples == {"dark": 2, "lit": 2, "nothing": 1}


def test_what_is_forgotten_leaves_no_trace_in_the_file() -> None:
    fitter = Fitter()
    for one in [*EVENING, example(99, "xylophone", "lit")]:
        fitter.learn(one)
    assert b"xyl" in fitter.fit(1).to_bytes()
    fitter.forget(99)
    whole = fitter.fit(1).to_bytes()
    assert b"xyl" not in whole
    assert whole == fitted(EVENING).to_bytes()


def test_it_is_given_up_before_it_begins() -> None:
    with pytest.raises(Abandoned):
        Fitter().fit(1, lambda: True)


# why


def test_a_contribution_is_what_is_lost_without_a_token() -> None:
    model = fitted(EVENING)
    parts = model.contributions(Said("HELLO  hello"), "lit")
    assert parts.keys() == set(tokens("hello hello"))
    known = set(saffu.tokens("hello hello sun"))
    assert all(part == 0 for token, part in model.contributions(Said("zyzzyva"), "lit").items() if token not in known)
    assert model.contributions(Said(""), "lit") == {}


def test_what_speaks_for_a_wish_and_against_it_have_opposite_signs() -> None:
    model = fitted(EVENING)
    assert (
        sum(model.contributions(Said("hello"), "lit").values())
        > 0
        > sum(model.contributions(Said("soup"), "lit").values())
    )


# files


def test_a_file_is_the_model(tmp_path: Path) -> None:
    path = tmp_path / "model"
    model = fitted(EVENING, 42)
    path.write_bytes(model.to_bytes())
    for again in (saffu.load(path), models.load("saffu", path)):
        assert (again.name, again.version, again.examples) == ("saffu 42", 42, model.examples)
        assert answers(again) == answers(model)
        assert again.to_bytes() == model.to_bytes()


def test_an_untaught_model_has_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(fitted([]).to_bytes())
    assert {nothing for _, _, nothing in answers(saffu.load(path))} == {1.0}


def test_equal_examples_make_equal_files() -> None:
    assert fitted(EVENING).to_bytes() == fitted(EVENING[::-1]).to_bytes() == fitted([*EVENING, *EVENING]).to_bytes()


def refused(path: Path) -> None:
    """A refusal names the file, whichever way it is read."""
    for read in (saffu.load, lambda path: models.load("saffu", path)):
        with pytest.raises(ModelError, match=rf"{path.name}: ."):
            read(path)


def test_torn_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "torn"
    whole = fitted(EVENING).to_bytes()
    for length in (0, 7, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        refused(path)


def test_what_is_not_there_or_no_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "absent")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder")


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_text("not a model", "utf-8")
    refused(path)
    gates = gate_fit.Fitter()
    for one in EVENING:
        gates.learn(one)
    path.write_bytes(gates.fit(1).to_bytes())
    refused(path)
    alone = PrecisionModel(saffu.CONFIGURATION)
    list(alone.train(Corpus([], 3), Corpus([], 3)))
    alone.save(path)
    refused(path)


def test_no_other_kind_takes_its_files(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(fitted(EVENING).to_bytes())
    with pytest.raises(ModelError, match="model: not a gate"):
        models.load("gate", path)


FAULTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "another kind": lambda fields: fields.update(kind="gate"),
    "another format": lambda fields: fields.update(format=saffu.FORMAT + 1),
    "no version": lambda fields: fields.pop("version"),
    "a version that is none": lambda fields: fields.update(version=None),
    "no examples": lambda fields: fields.pop("examples"),
    "examples that are none": lambda fields: fields.update(examples={"lit": "many"}),
    "no tokens": lambda fields: fields.pop("tokens"),
    "tokens that are none": lambda fields: fields.update(tokens=[["a"], ["b"]]),
    "a token too few": lambda fields: fields["tokens"].pop(),
    "a token twice": lambda fields: fields["tokens"].append(fields["tokens"].pop(0)) or fields["tokens"].append("x"),
    "no answers": lambda fields: fields.update(tokens=[f"{token}?" for token in fields["tokens"]]),
    "no configuration": lambda fields: fields.pop("configuration"),
    "another size": lambda fields: fields.update(size=fields["size"] + 1),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_file_whose_parts_do_not_fit_is_refused(fault: Callable[[dict[str, Any]], object], tmp_path: Path) -> None:
    path, good = tmp_path / "model", tmp_path / "good"
    good.write_bytes(fitted(EVENING).to_bytes())
    tensors, fields = files.read(good)
    fault(fields)
    path.write_bytes(files.encoded(tensors, fields))
    refused(path)


def test_a_file_without_its_numbers_is_refused(tmp_path: Path) -> None:
    path, good = tmp_path / "model", tmp_path / "good"
    good.write_bytes(fitted(EVENING).to_bytes())
    tensors, fields = files.read(good)
    for name in tensors:
        path.write_bytes(files.encoded({other: value for other, value in tensors.items() if other != name}, fields))
        refused(path)
