"""The score of outcomes made by hand, small enough to work out every figure."""

from typing import Any

from lampd.messages import Acted, AnyMessage, Correction, Directive, Flip, Lamp, Tag, Tick, Transcript
from lampd.score import Score, quantile
from lampd.session import Wish


def score(wishes: list[Wish], *seen: AnyMessage, until: float = 1000.0) -> dict[str, Any]:
    watched = Score(wishes)
    for message in (Lamp(0.0, False), *sorted(seen, key=lambda message: message.at), Tick(until)):
        watched.observe(message)
    return watched.figures()


def spoken(start: float, lit: bool | None) -> Wish:
    return Wish(start, lit, start, start + 1.0)


def words(utterance: int, start: float, end: float | None = None) -> Transcript:
    end = start + 1.0 if end is None else end
    return Transcript(end + 0.5, utterance, start, end, f"words {utterance}", 0.9)


def acted(utterance: int, start: float, lit: bool, at: float | None = None) -> list[AnyMessage]:
    """The lamp acts on words half a second after they are over."""
    return [words(utterance, start), Acted(start + 1.5 if at is None else at, utterance, lit)]


def test_of_nothing_there_are_no_figures() -> None:
    figures = score([])
    assert (figures["wishes"], figures["acts"], figures["false_acts"], figures["misses"]) == (0, 0, 0, 0)
    assert figures["lit"] == figures["dark"] == {"precision": None, "recall": None, "f1": None}
    assert figures["first_correct_act"] is None
    assert figures["reaction_ms"] == {"p50": None, "p95": None}


# Light at 10: answered. Dark at 20: missed, a hand does it. Light at 30 and dark at 40: answered. Chatter at 50: the
# lamp lights, and a hand takes it back. Light at 60: missed. Light again at 70: it is so. Dark at 80: answered, late.
EVENING = [
    spoken(10, True),
    spoken(20, False),
    spoken(30, True),
    spoken(40, False),
    spoken(50, None),
    spoken(60, True),
    spoken(70, True),
    spoken(80, False),
]
HAPPENED: list[AnyMessage] = [
    *acted(1, 10, True),
    words(2, 20),
    Flip(24.0, False),
    *acted(3, 30, True),
    *acted(4, 40, False),
    *acted(5, 50, True),
    Flip(54.0, False),
    Correction(54.0, 5, True),
    words(6, 60),
    Flip(64.0, True),
    words(7, 70),
    *acted(8, 80, False, at=82.0),
]


def test_every_figure_of_a_small_evening() -> None:
    figures = score(EVENING, *HAPPENED, until=360.0)
    assert (figures["wishes"], figures["chatter"], figures["asked"], figures["answered"]) == (7, 1, 6, 4)
    assert (figures["acts"], figures["false_acts"], figures["wrong_direction"], figures["misses"]) == (5, 1, 0, 2)
    assert (figures["flips_by_hand"], figures["corrections"], figures["first_correct_act"]) == (3, 1, 0)
    assert figures["lit"] == {"precision": 0.6667, "recall": 0.6667, "f1": 0.6667}
    assert figures["dark"] == {"precision": 1.0, "recall": 0.6667, "f1": 0.8}
    assert (figures["false_acts_per_hour"], figures["minutes"]) == (10.0, 6.0)
    assert figures["reaction_ms"] == {"p50": 500.0, "p95": 1000.0}


def test_an_act_against_a_wish_goes_in_the_wrong_direction_and_answers_nothing() -> None:
    figures = score([spoken(10, True), spoken(30, True)], *acted(1, 10, True), *acted(2, 30, False))
    assert (figures["wrong_direction"], figures["false_acts"], figures["misses"], figures["answered"]) == (1, 0, 0, 1)
    assert figures["dark"]["precision"] == 0.0


def test_only_the_first_act_on_a_wish_answers_it() -> None:
    lit_then_dark = [words(1, 10), Acted(11.5, 1, True), words(2, 10.5, 11.0), Acted(12.5, 2, False)]
    figures = score([spoken(10, True)], *lit_then_dark)
    assert (figures["answered"], figures["acts"], figures["wrong_direction"]) == (1, 2, 1)


def test_an_act_belongs_to_the_words_that_it_overlaps_most() -> None:
    wishes = [Wish(10.0, None, 10.0, 14.0), Wish(13.0, True, 13.0, 16.0)]
    assert score(wishes, words(1, 13.2, 16.0), Acted(16.5, 1, True))["false_acts"] == 0
    assert score(wishes, words(1, 9.9, 13.5), Acted(16.5, 1, True))["false_acts"] == 1


def test_words_that_only_touch_a_wish_are_not_its_words() -> None:
    figures = score([Wish(10.0, True, 10.0, 12.0)], words(1, 12.0, 13.0), Acted(13.5, 1, True))
    assert (figures["false_acts"], figures["answered"]) == (1, 0)


def test_a_lamp_that_is_lit_from_the_start_is_not_asked_for_light() -> None:
    watched = Score([spoken(10, True), spoken(20, False)])
    for message in (Lamp(0.0, True), Tick(30.0)):
        watched.observe(message)
    assert [outcome.asked for outcome in watched.outcomes] == [False, True]


def test_wishes_that_were_never_answered_score_nothing() -> None:
    figures = score([spoken(10, True), spoken(30, False)], Flip(13.0, True))
    assert figures["lit"] == figures["dark"] == {"precision": None, "recall": 0.0, "f1": 0.0}
    only_false = score([spoken(10, None)], *acted(1, 10, True))
    assert only_false["lit"] == {"precision": 0.0, "recall": None, "f1": 0.0}


def test_an_act_on_words_that_nobody_said_is_false() -> None:
    figures = score([spoken(10, True)], words(1, 20), Acted(21.5, 1, True))
    assert (figures["false_acts"], figures["wrong_direction"], figures["misses"]) == (1, 0, 1)


def test_a_hand_without_words_is_no_spoken_wish() -> None:
    figures = score([Wish(10.0, True, 10.0, 10.0), spoken(20, True)], Flip(10.0, True))
    assert (figures["wishes"], figures["asked"], figures["misses"], figures["flips_by_hand"]) == (1, 0, 0, 1)


def test_the_first_correct_act_counts_among_spoken_wishes() -> None:
    wishes = [spoken(5, None), Wish(8.0, False, 8.0, 8.0), spoken(10, True), spoken(30, False)]
    assert score(wishes, Flip(14.0, True), *acted(3, 30, False))["first_correct_act"] == 1


def test_windows_hold_ten_spoken_wishes_each_with_the_chatter_after_them() -> None:
    wishes = [spoken(3, None)]
    happened: list[AnyMessage] = []
    for number in range(25):
        start = 10.0 + 20 * number
        lit = number % 2 == 0
        wishes += [spoken(start, lit), spoken(start + 10, None)]
        # the first ten are missed
        happened += [Flip(start + 5, lit)] if number < 10 else acted(number, start, lit)
    figures = score(wishes, *happened)
    windows = figures["windows"]
    assert [window["wishes"] for window in windows] == [10, 10, 5]
    assert [window["answered"] for window in windows] == [0, 10, 5]
    assert [window["misses"] for window in windows] == [10, 0, 0]
    assert [window["t"] for window in windows] == [3.0, 210.0, 410.0]
    for key in ("wishes", "asked", "answered", "acts", "false_acts", "misses", "flips_by_hand", "wrong_direction"):
        assert sum(window[key] for window in windows) == figures[key], key


def test_a_false_act_is_counted_in_the_window_of_its_chatter() -> None:
    wishes = [spoken(10.0 + 20 * number, True) for number in range(11)] + [spoken(500, None)]
    windows = score(wishes, *acted(1, 500, True))["windows"]
    assert [window["false_acts"] for window in windows] == [0, 1]


def directive(utterance: int, at: float, wish: Tag) -> Directive:
    return Directive(at, utterance, at - 0.5, wish, 0.9, 0.0, "gate 3", "sure enough")


def test_decisions_stand_beside_the_truth() -> None:
    wishes = [spoken(10, True), spoken(20, None)]
    seen = [words(1, 10), directive(1, 11.5, "lit"), Acted(11.5, 1, True), words(2, 20), directive(2, 21.5, "nothing")]
    first, second = score(wishes, *seen)["decisions"]
    assert (first["t"], first["text"]) == (10, "words 1")
    assert (first["truth"], first["wish"], first["acted"]) == ("lit", "lit", True)
    assert (first["model"], first["reason"], first["lit"]) == ("gate 3", "sure enough", 0.9)
    assert (second["truth"], second["wish"], second["acted"]) == ("nothing", "nothing", False)


def test_quantiles() -> None:
    assert quantile([], 0.5) is None
    assert quantile([7.0], 0.95) == 7.0
    hundred = [float(n) for n in range(100)]
    assert (quantile(hundred, 0.5), quantile(hundred, 0.95), quantile(hundred, 1.0)) == (50.0, 95.0, 99.0)
