"""The learner that hears: whom it remembers, and what it never compares."""

import numpy as np
import pytest

from lampd.learners import sound
from lampd.learners.explanation import explain
from lampd.learners.sound import Sound
from lampd.learners.soundings import Soundings
from lampd.messages import Example, Said, Tag
from lampd.moments import MOMENTS, pack


def spoken(word: int, take: int = 0) -> bytes:
    """Takes of one word differ a little."""
    rows = np.random.default_rng(word).normal(0, 1.5, (MOMENTS, 20))
    return pack(rows + np.random.default_rng((word, take)).normal(0, 0.6, rows.shape))


def example(utterance: int, word: int, *possible: Tag, voice: str = "a") -> Example:
    taken = spoken(word, utterance)
    return Example(0.0, utterance, "", possible == ("dark",), possible, "flip", sound=taken, voice=voice)


def said(word: int, voice: str = "a") -> Said:
    return Said("", sound=spoken(word, 10**6), voice=voice)


@pytest.fixture
def learner() -> Sound:
    taught = Sound()
    for utterance in range(1, 10):
        taught.learn(example(utterance, 3 + utterance, "dark", "nothing"))
    taught.learn(example(10, 1, "lit"))
    taught.learn(example(11, 2, "dark"))
    return taught


def test_one_flip_is_enough_and_chatter_stays_chatter(learner: Sound) -> None:
    assert learner.predict(said(1), False).lit > 0.5
    assert learner.predict(said(2), True).dark > 0.5
    assert all(learner.predict(said(word), False).lit < 0.3 for word in (2, *range(3, 30)))


def test_one_word_may_ask_for_both(learner: Sound) -> None:
    for utterance in (20, 22, 24):
        learner.learn(example(utterance, 40, "lit"))
        learner.learn(example(utterance + 1, 40, "dark"))
    assert learner.predict(said(40), False).lit > 0.5
    assert learner.predict(said(40), True).dark > 0.5


def test_what_another_voice_heard_is_not_compared(learner: Sound) -> None:
    assert learner.predict(said(1, "b"), False).nothing == 1
    learner.learn(example(30, 1, "lit", voice="b"))
    assert learner.predict(said(1, "b"), False).lit > 0.3
    learner.forget(30)
    assert learner.predict(said(1, "b"), False).nothing == 1


def test_words_without_a_sound_are_none_of_its_business(learner: Sound) -> None:
    before = learner.predict(said(1), False)
    learner.learn(Example(0.0, 50, "hello", False, ("lit",), "flip"))
    assert learner.predict(said(1), False) == before
    assert learner.predict(Said("hello"), False).nothing == 1


def test_the_oldest_of_a_kind_are_forgotten_and_wishes_outlive_chatter(
    learner: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "OTHERS", 12)
    monkeypatch.setattr(sound, "MEANT", 3)
    for utterance in range(100, 140):
        learner.learn(example(utterance, utterance, "dark", "nothing"))
    assert learner.predict(said(1), False).lit > 0.5
    assert sorted(learner.examples) == [10, 11, *range(128, 140)]
    for utterance in range(200, 205):
        learner.learn(example(utterance, 1, "lit"))
    assert [one for one in sorted(learner.examples) if one >= 200 or one == 10] == [202, 203, 204]


def test_of_a_long_memory_only_what_is_kept_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "OTHERS", 5)
    added: list[int] = []
    add = Soundings.add

    def counted(self: Soundings, utterance: int, heard: bytes) -> None:
        added.append(utterance)
        add(self, utterance, heard)

    monkeypatch.setattr(Soundings, "add", counted)
    reminded = Sound()
    for utterance in range(40):
        reminded.learn(example(utterance, utterance, "nothing"))
    assert added == []
    reminded.compare()
    assert added == [35, 36, 37, 38, 39]


def test_it_names_what_sounded_alike(learner: Sound) -> None:
    learner.learn(example(20, 1, "lit"))
    assert learner.nearest(said(1), "lit", meant=True) == [10, 20] or learner.nearest(said(1), "lit", meant=True) == [
        20,
        10,
    ]
    assert explain([learner], said(1), False, learner.examples.values()).utterances[0] in (10, 20)
    assert explain([learner], said(7), False, learner.examples.values()).utterances[0] == 4
