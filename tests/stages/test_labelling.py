"""What teaches what: every row of the table in DESIGN.md, and what happens where two of them meet."""

import random
from collections import defaultdict
from functools import cache

import pytest

from lampd import config
from lampd.messages import Acted, AnyMessage, Correction, Directive, Example, Flip, Press, Tag, Transcript
from lampd.stages.labelling import Labelling
from lampd.stages.operator import Operator

TIMES = config.load(board="laptop").anticipator
NOT_LIT, NOT_DARK = ("dark", "nothing"), ("lit", "nothing")


def words(utterance: int, start: float, end: float, text: str = "some words", heard: float | None = None) -> Transcript:
    """Words whose transcript is there 0.3 s after their end, or at `heard`."""
    return Transcript(end + 0.3 if heard is None else heard, utterance, start, end, text, 0.9)


def corrected(at: float, utterance: int, lit: bool) -> list[AnyMessage]:
    """What the operator says when a hand takes back `lit`."""
    return [Flip(at, not lit), Correction(at, utterance, lit)]


def history(
    events: list[AnyMessage], lit: bool = False, had_model: bool = True, tick: float = 0.25, after: float = 130.0
) -> list[Example]:
    """All that is concluded from `events`, the lamp being `lit` at first, with time passing in steps of `tick`."""
    labelling = Labelling(TIMES)
    events = sorted(events, key=lambda event: event.at)
    said: list[Example] = []
    changes = [(float("-inf"), lit)]
    now = min(0.0, events[0].at)
    for event in events:
        while now + tick < event.at:
            now += tick
            said += labelling.conclude(now)
        match event:
            case Transcript():
                was_lit = next(lit for since, lit in reversed(changes) if since <= event.start)
                labelling.hear(event, was_lit, had_model)
            case Flip():
                changes.append((event.at, event.lit))
                labelling.flip(event)
            case Acted():
                changes.append((event.at, event.lit))
                labelling.acted(event)
            case Correction():
                labelling.corrected(event)
        said += labelling.conclude(event.at)
    end = events[-1].at + after
    while now < end:
        now += tick
        said += labelling.conclude(now)
    return said


def final(said: list[Example]) -> dict[int, tuple[tuple[Tag, ...], str]]:
    """The last word on each utterance; those that teach nothing are left out."""
    last = {example.utterance: example for example in said}
    return {u: (example.possible, example.cause) for u, example in sorted(last.items()) if example.possible}


def labels(
    events: list[AnyMessage], lit: bool = False, had_model: bool = True
) -> dict[int, tuple[tuple[Tag, ...], str]]:
    return final(history(events, lit, had_model))


# the rows of the table


@pytest.mark.parametrize("lit", [True, False])
@pytest.mark.parametrize("delay", [0.1, 4.0, 8.0])
def test_a_flip_up_to_8_s_after_words_says_what_they_meant(lit: bool, delay: float) -> None:
    flip = [words(1, 10, 12), Flip(12 + delay, lit)]
    assert labels(flip, lit=not lit) == {1: (("lit" if lit else "dark",), "miss")}


def test_a_flip_while_there_is_no_model_is_no_miss() -> None:
    assert labels([words(1, 10, 12), Flip(13, True)], had_model=False) == {1: (("lit",), "flip")}


@pytest.mark.parametrize("at", [10, 10.5, 12])
def test_a_flip_during_words_says_what_they_meant(at: float) -> None:
    assert labels([words(1, 10, 12), Flip(at, True)]) == {1: (("lit",), "miss")}


def test_a_flip_just_before_words_says_nothing_about_them() -> None:
    assert labels([Flip(9.9, True), words(1, 10, 12)]) == {1: (NOT_DARK, "silence")}


def test_a_flip_with_no_words_near_it_gives_no_example() -> None:
    assert history([Flip(5, True)]) == []
    assert labels([words(1, 10, 12), Flip(40, True)]) == {1: (NOT_LIT, "silence")}


@pytest.mark.parametrize(("lit", "left"), [(False, NOT_LIT), (True, NOT_DARK)])
def test_silence_is_evidence_against_the_other_state_alone(lit: bool, left: tuple[Tag, ...]) -> None:
    assert labels([words(1, 10, 12)], lit=lit) == {1: (left, "silence")}


def test_silence_is_concluded_after_10_s_and_not_before() -> None:
    labelling = Labelling(TIMES)
    labelling.hear(words(1, 10, 12), was_lit=False, had_model=True)
    assert labelling.conclude(22.0) == []
    assert [example.cause for example in labelling.conclude(22.01)] == ["silence"]


def test_an_act_left_alone_for_20_s_was_right() -> None:
    assert labels([words(1, 10, 12), Acted(12.5, 1, True)]) == {1: (("lit",), "left alone")}
    assert labels([words(1, 10, 12), Acted(12.5, 1, False)], lit=True) == {1: (("dark",), "left alone")}


def test_an_act_is_not_right_before_20_s_have_passed() -> None:
    labelling = Labelling(TIMES)
    labelling.hear(words(1, 10, 12), was_lit=False, had_model=True)
    labelling.acted(Acted(12.5, 1, True))
    assert labelling.conclude(32.5) == []
    assert [example.cause for example in labelling.conclude(32.51)] == ["left alone"]


@pytest.mark.parametrize("later", [20.5, 30.0, 39.0])
def test_what_a_hand_does_after_20_s_says_nothing_about_an_act(later: float) -> None:
    assert labels([words(1, 10, 12), Acted(12.5, 1, True), Flip(12.5 + later, False)]) == {1: (("lit",), "left alone")}


@pytest.mark.parametrize(("lit", "left"), [(True, NOT_LIT), (False, NOT_DARK)])
def test_an_act_that_a_hand_reversed_was_wrong(lit: bool, left: tuple[Tag, ...]) -> None:
    events = [words(1, 10, 12), Acted(12.5, 1, lit), *corrected(17, 1, lit)]
    assert labels(events, lit=not lit) == {1: (left, "correction")}


def test_a_correction_is_known_at_once() -> None:
    labelling = Labelling(TIMES)
    labelling.hear(words(1, 10, 12), was_lit=False, had_model=True)
    labelling.acted(Acted(12.5, 1, True))
    labelling.flip(Flip(14, False))
    labelling.corrected(Correction(14, 1, True))
    assert [(example.possible, example.cause) for example in labelling.conclude(14)] == [(NOT_LIT, "correction")]


def test_a_flip_is_known_at_once() -> None:
    labelling = Labelling(TIMES)
    labelling.hear(words(1, 10, 12), was_lit=False, had_model=True)
    labelling.flip(Flip(14, True))
    assert [example.possible for example in labelling.conclude(14)] == [("lit",)]


@pytest.mark.parametrize("gap", [0.1, 1.5, 2.0])
def test_fidgeting_gives_no_example(gap: float) -> None:
    assert labels([words(1, 10, 12), Flip(14, True), Flip(14 + gap, False)]) == {}


def test_flips_further_apart_than_fidgeting_are_meant() -> None:
    assert labels([words(1, 10, 12), Flip(14, True), Flip(16.5, False)]) == {1: (("lit",), "miss")}


# where they meet


def test_of_two_utterances_before_a_flip_the_nearest_is_meant_and_the_earlier_is_not_taken_for_nothing() -> None:
    assert labels([words(1, 8, 9), words(2, 10, 12), Flip(14, True)]) == {2: (("lit",), "miss")}


def test_each_flip_speaks_of_its_own_words() -> None:
    events = [words(1, 10, 11), Flip(13, True), words(2, 15, 16), Flip(18, False)]
    assert labels(events) == {1: (("lit",), "miss"), 2: (("dark",), "miss")}


def test_a_flip_during_speech_is_taken_from_the_words_before_once_the_transcript_is_there() -> None:
    said = history([words(1, 10, 12), Flip(15, True), words(2, 14.5, 17, heard=19)])
    assert [(example.possible, example.cause) for example in said if example.utterance == 1] == [
        (("lit",), "miss"),
        ((), "withdrawn"),
    ]
    assert final(said) == {2: (("lit",), "miss")}


def test_a_flip_between_8_and_10_s_after_words_gives_nothing() -> None:
    assert labels([words(1, 10, 12), Flip(20.1, True)]) == {}
    assert labels([words(1, 10, 12), Flip(22, True)]) == {}


def test_a_flip_after_10_s_leaves_silence_as_it_was() -> None:
    assert labels([words(1, 10, 12), Flip(22.1, True)]) == {1: (NOT_LIT, "silence")}


def test_of_two_flips_after_one_utterance_the_first_speaks_of_it() -> None:
    assert labels([words(1, 10, 12), Flip(13, True), Flip(18, False)]) == {1: (("lit",), "miss")}


def test_the_second_of_two_flips_does_not_speak_of_words_before_the_first() -> None:
    events = [words(1, 10, 11), words(2, 12, 13), Flip(14, True), Flip(17, False)]
    assert labels(events) == {2: (("lit",), "miss")}


def test_a_correction_taken_back_at_once_is_fidgeting() -> None:
    events = [words(1, 10, 12), Acted(12.5, 1, True), *corrected(16, 1, True), Flip(17, True)]
    said = history(events)
    assert ("correction" in [example.cause for example in said]) and final(said) == {}


@pytest.mark.parametrize("again", [16.5, 23.0, 24.0])
def test_a_correction_taken_back_within_its_window_is_withdrawn(again: float) -> None:
    events = [words(1, 10, 12), Acted(12.5, 1, True), *corrected(14, 1, True), Flip(again, True)]
    said = history(events)
    assert ("correction" in [example.cause for example in said]) and final(said) == {}


def test_a_correction_outlives_a_flip_long_after_it() -> None:
    events = [words(1, 10, 12), Acted(12.5, 1, True), *corrected(14, 1, True), Flip(24.5, True)]
    assert labels(events) == {1: (NOT_LIT, "correction")}


@pytest.mark.parametrize("later", [10.5, 15.0, 20.0])
def test_an_act_and_a_flip_too_late_to_correct_it_give_no_label(later: float) -> None:
    assert labels([words(1, 10, 12), Acted(12.5, 1, True), Flip(12.5 + later, False)]) == {}


def test_a_flip_that_corrects_also_speaks_of_words_since_the_act() -> None:
    events = [words(1, 10, 12), Acted(12.5, 1, True), words(2, 13, 14), *corrected(15, 1, True)]
    assert labels(events) == {1: (NOT_LIT, "correction"), 2: (("dark",), "miss")}


def test_a_flip_that_corrects_does_not_speak_of_words_before_the_act() -> None:
    events = [words(1, 8, 9), words(2, 10, 12), words(3, 12.2, 13.2), Acted(14, 2, True), *corrected(15, 2, True)]
    assert labels(events) == {2: (NOT_LIT, "correction")}


def test_a_late_flip_speaks_of_words_since_the_act() -> None:
    events = [words(1, 10, 12), Acted(12.5, 1, True), words(2, 22, 23), Flip(25, False)]
    assert labels(events) == {2: (("dark",), "miss")}


def test_an_act_on_other_words_disturbs_silence() -> None:
    events = [words(1, 10, 11), words(2, 14, 15), Acted(15.3, 2, True)]
    assert labels(events) == {2: (("lit",), "left alone")}


def test_an_act_after_the_window_leaves_silence_as_it_was() -> None:
    events = [words(1, 10, 11), words(2, 20, 21), Acted(21.3, 2, True)]
    assert labels(events) == {1: (NOT_LIT, "silence"), 2: (("lit",), "left alone")}


def test_fidgeting_disturbs_silence_and_an_act() -> None:
    assert labels([words(1, 10, 12), Flip(21, True), Flip(22, False)]) == {}
    assert labels([words(1, 10, 12), Acted(12.5, 1, True), Flip(25, False), Flip(26, True)]) == {}


def test_silence_about_words_while_the_lamp_changed_is_no_evidence() -> None:
    assert labels([Flip(5, True), words(1, 10, 12), Flip(11, False), Flip(11.5, True)]) == {}


def test_an_empty_transcript_teaches_nothing() -> None:
    assert labels([words(1, 10, 12, " "), Flip(13, True)]) == {}
    assert labels([words(1, 10, 12, "")]) == {}


def test_an_empty_transcript_takes_no_flip_from_words() -> None:
    assert labels([words(1, 10, 12), words(2, 12.5, 12.8, ""), Flip(14, True)]) == {1: (("lit",), "miss")}


def test_words_heard_long_after_they_were_said_teach_nothing_that_cannot_be_known() -> None:
    assert labels([Flip(13, True), words(1, 10, 12, heard=90)]) == {}


# what has once been concluded


def test_each_label_is_settled_once_and_says_what_it_said_before() -> None:
    said = history([words(1, 10, 12), Flip(13, True), words(2, 40, 41), words(3, 60, 61), Acted(61.3, 3, False)])
    for utterance in (1, 2, 3):
        told = [example for example in said if example.utterance == utterance]
        assert [example.settled for example in told] == [False, True]
        assert told[0].possible == told[1].possible


def test_fidgeting_around_words_is_not_forgotten_by_half() -> None:
    """The first flip of the two is older than the words, and would be the first to be forgotten."""
    assert labels([Flip(10, True), words(1, 10.5, 11.2), Flip(11.6, False)]) == {}


def test_an_act_is_not_forgotten_before_the_words_that_it_disturbed() -> None:
    """The long words settle after those that the lamp acted on."""
    events = [words(1, 10, 11), words(2, 11.2, 20), Acted(11.5, 1, True), words(3, 90, 91)]
    assert 2 not in labels(events)


def test_it_remembers_minutes_and_not_days() -> None:
    labelling = Labelling(TIMES)
    for number in range(1000):
        labelling.hear(words(number, 20.0 * number, 20.0 * number + 1), False, True)
        labelling.flip(Flip(20.0 * number + 2, number % 2 == 0))
        labelling.conclude(20.0 * number + 2)
    assert len(labelling._heard) < 20 and len(labelling._flips) < 20


def test_an_example_says_what_was_heard_and_how_the_lamp_was() -> None:
    (first, _) = history([words(1, 10, 12, "es werde licht"), Flip(13, False)], lit=True)
    assert (first.text, first.was_lit) == ("es werde licht", True)


# laws, on random evenings


def evening(seed: int, begin: float = 10.0) -> list[AnyMessage]:
    """Some two minutes of words, right and wrong acts, and hands, as the operator would report them."""
    rng = random.Random(f"evening {seed}")
    causes: list[AnyMessage] = []
    said: list[AnyMessage] = []
    now = begin
    for utterance in range(1, rng.randint(3, 14)):
        now += rng.choice([0.3, 1.0, 3.0, 7.0, 12.0, 30.0]) * rng.uniform(0.5, 1.5)
        end = now + rng.choice([0.5, 2.0, 8.0, 15.0])
        heard = end + rng.choice([0.1, 0.5, 3.0, 7.0])
        said.append(words(utterance, now, end, rng.choice(["light", "good night", "soup", ""]), heard))
        if rng.random() < 0.4:
            wish: Tag = rng.choice(["lit", "dark"])
            causes.append(Directive(heard, utterance, end, wish, 0.9, 0.9, "model", "sure enough"))
        now = end
    for _ in range(rng.randint(0, 8)):
        at = rng.uniform(begin, now + 30)
        causes += [Press(at + gap) for gap in rng.choice([[0.0], [0.0, 1.1], [0.0, 5.0], [0.0, 0.7, 1.9]])]
    operator = Operator(lambda lit: None, TIMES.correction_s)
    for cause in sorted(causes, key=lambda cause: cause.at):
        said += operator.handle(cause)
    return sorted(said, key=lambda event: event.at)


EVENINGS = range(100)


@cache
def told(seed: int) -> list[Example]:
    return history(evening(seed))


def test_labels_do_not_depend_on_how_often_time_is_told() -> None:
    for seed in EVENINGS:
        assert final(told(seed)) == final(history(evening(seed), tick=1.0)), seed
        assert final(told(seed)) == final(history(evening(seed), tick=500.0, after=1000.0)), seed


def test_nothing_is_said_of_an_utterance_once_it_is_settled() -> None:
    for seed in EVENINGS:
        by_utterance: dict[int, list[Example]] = defaultdict(list)
        for example in told(seed):
            by_utterance[example.utterance].append(example)
        for utterance, examples in by_utterance.items():
            settled = [example.settled for example in examples]
            assert not any(settled[:-1]), (seed, utterance)
            assert settled[-1] == bool(examples[-1].possible), (seed, utterance)


def test_every_change_of_a_label_is_news() -> None:
    for seed in EVENINGS:
        last: dict[int, Example] = {}
        for example in told(seed):
            before = last.get(example.utterance)
            news = before is None or (before.possible, before.cause) != (example.possible, example.cause)
            assert news or example.settled, seed
            last[example.utterance] = example


def test_labels_do_not_depend_on_what_happened_minutes_ago() -> None:
    for seed in EVENINGS:
        tonight = evening(seed, begin=1000.0)
        # other words, so other numbers; the last hand leaves the lamp as it was
        before: list[AnyMessage] = [Flip(900, False)]
        for event in evening(seed + 1000):
            if isinstance(event, Flip) and event.at < 800:
                before.append(event)
            elif isinstance(event, Transcript) and event.at < 800:
                before.append(words(event.utterance + 100, event.start, event.end))
        known = {u: label for u, label in final(history(before + tonight, tick=1.0)).items() if u < 100}
        assert known == final(history(tonight, tick=1.0)), seed


def test_whatever_was_learned_from_a_flip_has_a_flip_in_its_window() -> None:
    for seed in EVENINGS:
        events = evening(seed)
        flips = [event for event in events if isinstance(event, Flip)]
        said = {event.utterance: event for event in events if isinstance(event, Transcript)}
        for utterance, (possible, cause) in final(told(seed)).items():
            start, end = said[utterance].start, said[utterance].end
            if cause in ("miss", "flip"):
                meant = ["lit" if flip.lit else "dark" for flip in flips if start <= flip.at <= end + 8]
                assert possible[0] in meant, seed
            if cause == "silence":
                assert not [flip for flip in flips if start <= flip.at <= end + 10], seed


def test_the_random_evenings_hold_every_row_of_the_table() -> None:
    causes = {example.cause for seed in EVENINGS for example in told(seed)}
    assert causes == {"miss", "silence", "left alone", "correction", "withdrawn"}
