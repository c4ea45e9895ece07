"""The report's numbers, against small journals whose numbers were worked out by hand."""

import math
from datetime import date, datetime

import pytest

from lampd.journal import Journal
from lampd.learners.explicit import FLOOR, UNHEARD
from lampd.messages import (
    Acted,
    AnyMessage,
    Cause,
    Correction,
    Directive,
    Example,
    Flip,
    Lamp,
    Listening,
    Tag,
    Transcript,
)
from lampd.report.calibration import binned, predictions
from lampd.report.delays import delays
from lampd.report.facts import Act, Wish, acts, wishes
from lampd.report.hours import Stretch, hours_by_day, listened
from lampd.report.learning import groups, size_for
from lampd.report.mistakes import periods
from lampd.report.words import telling, weights

LIVE = "5b2c8f3e-0c56-4c0e-9d2e-6f3a3a6c1d11"
NOON = datetime(2026, 3, 2, 12).timestamp()
"""A Monday's."""


class Diary:
    """A journal in memory; `wall` is what people's clocks say as it is written."""

    def __init__(self, boot: str = LIVE) -> None:
        self.wall = NOON
        self.journal = Journal(":memory:", boot, wall=lambda: self.wall)

    def __call__(self, *messages: AnyMessage) -> None:
        for message in messages:
            self.journal.write(message)

    def means(self, utterance: int, possible: tuple[Tag, ...], cause: Cause, was_lit: bool = False) -> None:
        self(Example(0.0, utterance, "words", was_lit, possible, cause, True))


def heard(utterance: int, at: float, end: float) -> Transcript:
    return Transcript(at, utterance, end - 1, end, "words", 0.9)


def thought(utterance: int, at: float, likely: float, was_lit: bool = False, wish: Tag = "nothing") -> Directive:
    lit, dark = (0.0, likely) if was_lit else (likely, 0.0)
    return Directive(at, utterance, at, wish, lit, dark, "explicit", "", was_lit)


@pytest.fixture
def diary() -> Diary:
    return Diary()


def test_each_known_wish_was_seen_to_by_someone(diary: Diary) -> None:
    diary(Acted(1.0, 3, True), Acted(2.0, 4, False), Correction(3.0, 4, False))
    diary(Acted(4.0, 5, True), Acted(5.0, 9, True), Correction(6.0, 9, True))
    diary.means(1, ("lit",), "flip")
    diary.means(2, ("dark",), "miss", was_lit=True)
    diary.means(3, ("lit",), "left alone")
    diary.means(4, ("lit", "nothing"), "correction", was_lit=True)
    diary.means(5, ("nothing",), "told")
    diary.means(6, ("dark", "nothing"), "silence")
    diary.means(7, ("lit",), "told")
    diary.means(8, ("lit",), "told", was_lit=True)
    diary.means(9, ("lit",), "told")
    diary.means(-1, ("lit",), "told")
    assert [(wish.utterance, wish.by) for wish in wishes(diary.journal)] == [
        (1, "hand"),
        (2, "hand"),
        (3, "lamp"),
        (7, "nobody"),
        (9, "lamp"),
    ], "8 asked for what was so; 9 was right, as its owner says, whatever the hand did; -1 was never said"
    assert [(act.utterance, act.lit, act.wrong) for act in acts(diary.journal)] == [
        (3, True, False),
        (4, False, True),
        (5, True, True),
        (9, True, False),
    ]


def test_a_label_that_was_revised_counts_as_it_is_now(diary: Diary) -> None:
    diary.means(1, ("lit",), "miss")
    diary.means(1, (), "withdrawn")
    assert wishes(diary.journal) == []


def test_the_learning_curve_by_groups() -> None:
    by = ["hand", "hand", "lamp", "lamp", "lamp", "nobody", "lamp"]
    known = [Wish(10 * number, 0.0, one) for number, one in enumerate(by, 1)]  # type: ignore[arg-type]
    # the third group is not full; what came after its last wish is its own too
    assert groups(known, [5, 30, 31, 75], 3) == [(1, 3, 1, 2, 0, 2), (4, 6, 2, 0, 1, 1), (7, 7, 1, 0, 0, 1)]
    assert [size_for(count) for count in (10, 240, 241, 1200, 1201, 24_000)] == [10, 10, 20, 50, 100, 1000]


def test_it_listened_while_nothing_says_otherwise(diary: Diary) -> None:
    diary(Lamp(10.0, False), heard(1, 110.0, 109.0), Flip(60.0, True), Flip(200.0, False))
    diary(Listening(300.0, False), Flip(900.0, True), Listening(1000.0, True), Flip(1050.0, False))
    # it was started again; nobody knows when it had stopped
    diary(Lamp(9000.0, False), Flip(9005.0, True))
    diary.journal.boot = "another life"
    diary(Lamp(5.0, False), Flip(7.0, True))
    assert [seconds for _, seconds in listened(diary.journal)] == [100, 90, 100, 50, 5, 2]


def test_hours_are_of_the_days_they_were_in() -> None:
    one_past_midnight = datetime(2026, 3, 3, 1).timestamp()
    found = hours_by_day([Stretch(one_past_midnight, 26 * 3600), Stretch(one_past_midnight + 3600, 1800)])
    assert found == pytest.approx({date(2026, 3, 3): 1.5, date(2026, 3, 2): 24.0, date(2026, 3, 1): 1.0})


def test_by_day_and_later_by_week() -> None:
    day = 86400.0
    done = [Act(1, NOON, True, True), Act(2, NOON + day, False, False)]
    known = [Wish(2, NOON + day, "lamp"), Wish(3, NOON + day, "hand"), Wish(4, NOON + 3 * day, "nobody")]
    hours = {date(2026, 3, 2): 2.0, date(2026, 3, 3): 4.0}
    assert periods(done, known, hours) == [
        (date(2026, 3, 2), 1, 2.0, 1, 1, 0),
        (date(2026, 3, 3), 1, 4.0, 1, 0, 1),
        (date(2026, 3, 5), 1, 0.0, 0, 0, 1),
    ]
    known.append(Wish(5, NOON + 15 * day, "hand"))
    assert periods(done, known, hours) == [
        (date(2026, 3, 2), 7, 6.0, 2, 1, 2),
        (date(2026, 3, 16), 7, 0.0, 0, 0, 1),
    ], "nothing is known of the week between"


def test_what_was_thought_is_held_against_what_was_meant(diary: Diary) -> None:
    diary(thought(1, 1.0, 0.9, wish="lit"), thought(1, 2.0, 0.8), thought(2, 3.0, 0.3, was_lit=True))
    diary(thought(3, 4.0, 0.0), thought(4, 5.0, 0.4), thought(5, 6.0, 0.5), thought(6, 7.0, 0.6))
    diary.means(1, ("lit",), "left alone")
    diary.means(2, ("lit", "nothing"), "silence", was_lit=True)
    diary.means(3, ("lit",), "flip")
    diary.means(4, ("lit", "nothing"), "correction")
    diary.means(5, ("lit",), "miss", was_lit=True)
    assert predictions(diary.journal) == [(0.8, True), (0.3, False)], (
        "not of 3, that knew nothing; 4, that may have meant it; 5, that was of another lamp; 6, that nobody knows of"
    )


def test_bins_and_their_intervals() -> None:
    found = binned([(0.01, False), (0.05, False), (0.09, True), (0.95, True), (1.0, True)])
    assert [(one.low, one.times, one.meant) for one in found] == [(0.0, 3, 1), (0.9, 2, 2)]
    assert [one.predicted for one in found] == pytest.approx([0.05, 0.975])
    # Wilson's for 1 of 3, from the formula by hand
    assert (found[0].least, found[0].most) == pytest.approx((0.06149, 0.79234), abs=1e-5)


def test_how_long_each_stage_took(diary: Diary) -> None:
    diary(heard(1, 10.5, 10.0), thought(1, 10.51, 0.9, wish="lit"), Acted(10.512, 1, True))
    diary(heard(2, 20.7, 20.0), thought(2, 20.705, 0.1))
    # acted on while it was being said, and thought of once more after that
    diary(thought(3, 29.9, 0.99, wish="dark"), Acted(29.904, 3, False), heard(3, 30.6, 30.0), thought(3, 30.62, 0.9))
    diary.journal.boot = "another life, that heard what the last one said"
    diary(thought(2, 3.0, 0.9, wish="lit"), Acted(4.0, 2, True))
    diary.journal.boot = "replay 17"
    diary(heard(4, 2.0, 1.0), thought(4, 2.0, 0.9, wish="lit"), Acted(2.0, 4, True))
    found = delays(diary.journal)
    assert found.hearing == pytest.approx([0.5, 0.6, 0.7])
    assert found.thinking == pytest.approx([0.005, 0.01, 0.02])
    assert found.acting == pytest.approx([0.002, 0.004])
    assert found.altogether == pytest.approx([0.512])
    assert found.early == 1


def test_what_an_ngram_weighs() -> None:
    examples = [
        Example(0.0, 1, "a", False, ("lit",), "flip", True, {"a": 1.0}),
        Example(0.0, 2, "b", False, ("dark", "nothing"), "silence", True, {"b": 1.0}),
    ]
    found = weights(examples)
    # an utterance is worth 4 n-grams; there are 2 n-grams known and UNHEARD others
    floor = FLOOR * (2 + UNHEARD)
    balance = math.log((4 + floor) / (4 + floor))
    assert found["lit"]["a"] == pytest.approx(balance + math.log((4 + FLOOR) / FLOOR))
    assert found["lit"]["b"] == pytest.approx(balance + math.log(FLOOR / (4 + FLOOR)))
    assert set(found["dark"]) == {"a", "b"}, "half of what is known of one wish is known of the other"
    assert weights([]) == {"lit": {}, "dark": {}}


def test_the_weightiest_pieces_are_of_different_words() -> None:
    weight = {"ligh": 5.0, "ight": 4.9, "igh": 4.9, "on": 3.0, "o": 2.5, "the": 1.0, "ow": -1.0}
    assert telling(weight, 10) == {"ligh": 5.0, "on": 3.0, "the": 1.0}
    assert list(telling(weight, 2)) == ["ligh", "on"]
