"""Texts are the same for the same seed, and what is judged by is never learned."""

import random

import pytest

from lampd.voice.train.numerals import english
from lampd.voice.train.texts import PHRASES, Texts, kept_apart, texts
from lampd.voice.train.voices import SHARES, SPOKEN

LANGUAGES = sorted(path.stem for path in PHRASES.glob("*.txt"))


def test_every_language_is_spoken() -> None:
    assert LANGUAGES == sorted(SPOKEN) == sorted(SHARES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_decided_by_the_seed(language: str) -> None:
    def some(seed: int) -> list[str]:
        chance = random.Random(seed)
        return [texts(language).draw(chance) for _ in range(30)]

    assert some(1) == some(1) != some(2)
    assert all(text.strip() and not set(text) & set("{}|#") for text in some(3))


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_to_judge_by_are_never_learned(language: str) -> None:
    chance = random.Random(0)
    judged = {texts(language).drawn(chance, True) for _ in range(20)}
    learned = {texts(language).drawn(chance, False) for _ in range(300)}
    assert all(map(kept_apart, judged))
    assert not judged & learned


def test_digits_and_single_words_are_common() -> None:
    chance = random.Random(0)
    said = [texts("en").draw(chance) for _ in range(2000)]
    assert sum(len(text.split()) == 1 for text in said) > 400
    for digit in range(10):
        assert said.count(english(digit)) >= 5


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "zero"), (13, "thirteen"), (40, "forty"), (99, "ninety nine"), (100, "one hundred")],
)
def test_numbers_are_spelled(number: int, said: str) -> None:
    assert english(number) == said


def test_a_number_below_a_thousand_alone_is_spelled() -> None:
    assert english(999) == "nine hundred and ninety nine"
    with pytest.raises(ValueError, match="1000"):
        english(1000)


def test_a_language_without_a_word_list_has_words_of_its_own() -> None:
    finnish = Texts("fi")
    assert finnish.words == finnish.common
    assert "valo" in finnish.words
