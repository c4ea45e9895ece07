"""Two short days through five processes; and that the campaign sees what grows, leaks, slows down and unlearns."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from lampd.bench.faults import month
from lampd.bench.faults.month import Evening, grown, leaked
from lampd.bench.faults.talk import Talk
from lampd.messages import Acted
from lampd.score import Outcome
from lampd.session import Wish


def test_two_short_days() -> None:
    outcome = month.run(month.SHORT, 7, lambda text: None)
    assert outcome.broken == []
    # and the sound of each day, which the transcriber hears
    assert outcome.counts["utterances"] == month.SHORT * (month.FEW + 1)
    assert outcome.counts["fits"] > 10


def day(number: int, right: int = 8) -> Evening:
    answers: list[Outcome] = []
    for lit in (True, False) * 5:
        wish = Wish(float(number), lit, float(number), number + 1.0)
        answers.append(Outcome(wish, asked=True, acts=[Acted(number + 1.0, 1, lit)] if len(answers) < right else []))
    whole = {"hub": 40.0, "trainer": 90.0}
    return Evening(dict(whole), {"hub": 30, "trainer": 9}, {"hub": 8, "trainer": 3}, answers, 40, 8.0, 0.2)


def test_a_month_in_which_nothing_grows_is_a_good_one() -> None:
    days = [day(number) for number in range(9)]
    assert grown(days) == [] == list(leaked(days))


@pytest.mark.parametrize(
    ("worse", "said"),
    [
        (lambda one: replace(one, memory=one.memory | {"trainer": 95.0}), "trainer: 90.0 MB, then 95.0 MB"),
        (lambda one: replace(one, fitting_s=80.0), "a fit took 0.200 s in the middle, 2.000 s at the end"),
        (lambda one: replace(one, thinking_s=2.0), "a thought took 0.020 s in the middle, 0.200 s at the end"),
        (lambda one: day(0, right=4), "F1 was 0.89 in the middle, and 0.57 at the end"),
    ],
)
def test_what_is_worse_in_the_last_days_is_said(worse: Callable[[Evening], Evening], said: str) -> None:
    days = [day(number) for number in range(6)]
    assert grown([*days, *map(worse, [day(6), day(7), day(8)])]) == [said]


def test_files_and_threads_that_are_left_are_said() -> None:
    last = replace(day(1), files={"hub": 31, "trainer": 9}, threads={"hub": 8, "trainer": 4})
    assert list(leaked([day(0), last])) == [("files", "hub", 30, 31), ("threads", "trainer", 3, 4)]


def test_a_house_whose_words_nobody_knows_says_the_same_for_the_same_seed() -> None:
    """Where there is no data folder."""
    one, again, other = (Talk(seed, None).day(0, 200, 1) for seed in (0, 0, 1))
    assert one == again and one.heard != other.heard
    commands = [wish for wish in one.wishes if wish.lit is not None and wish.end > wish.start]
    assert 0 < len(commands) < 20 and [words.utterance for words in one.heard] == list(range(1, 201))
    assert all(words.ngrams and len(words.sound) == 1824 for words in one.heard)
