"""Acting on words that are still being said: twice sure, once done, and a hand still has the last word."""

from pathlib import Path

import pytest
from msgspec import structs

from lampd import config
from lampd.journal import Journal
from lampd.learners.judge import EARLY
from lampd.memory import memory
from lampd.messages import (
    Acted,
    AnyMessage,
    Correction,
    Directive,
    Example,
    Flip,
    Lamp,
    PartialTranscript,
    Resume,
    Tag,
    Tick,
    Transcript,
)
from lampd.stages.anticipator import Anticipator
from lampd.stages.operator import Operator

SETTINGS = config.load(None, board="laptop").anticipator


def example(utterance: int, text: str, *possible: Tag) -> Example:
    return Example(0.0, utterance, text, possible == ("dark",), possible, "flip", settled=True)


def judged(first: int) -> list[AnyMessage]:
    """Utterances of which the explicit solution thought right, and what they meant."""
    said: list[AnyMessage] = []
    for u in range(first, first + 24):
        wish = u % 2 == 0
        said.append(Directive(0.0, u, 0.0, "nothing", 0.0, 0.0, "", "", thoughts={"explicit": 0.95 if wish else 0.05}))
        said.append(example(u, "hello sunshine", "lit") if wish else example(u, f"the {u} bread", "dark", "nothing"))
    return said


SURE = [
    *(example(u, "hello sunshine", "lit") for u in range(1, 9)),
    *(example(u, "sleep well", "dark") for u in range(9, 17)),
    *(example(u, f"where is the {u} bread", "dark", "nothing") for u in range(17, 41)),
]


def stage_of(*examples: AnyMessage, early: bool = True, lit: bool = False) -> Anticipator:
    stage = Anticipator(structs.replace(SETTINGS, early=early))
    for message in (*(examples or (*SURE, *judged(60))), Resume(0.0, 100, lit)):
        stage.handle(message)
    return stage


def look(text: str, at: float, utterance: int = 101) -> PartialTranscript:
    return PartialTranscript(at, utterance, 10.0, text, 0.9)


def over(text: str, end: float = 11.2, utterance: int = 101) -> Transcript:
    return Transcript(end + 0.6, utterance, 10.0, end, text, 0.9)


def told(stage: Anticipator, *messages: AnyMessage) -> list[Directive]:
    said = [one for message in messages for one in stage.handle(message)]
    return [one for one in said if isinstance(one, Directive)]


def examples(stage: Anticipator, *messages: AnyMessage) -> dict[tuple[Tag, ...], str]:
    said = [one for message in messages for one in stage.handle(message)]
    return {one.possible: one.cause for one in said if isinstance(one, Example)}


def test_one_look_is_not_enough_and_two_are() -> None:
    stage = stage_of()
    assert told(stage, look("hello sunsh", 10.8)) == []
    (early,) = told(stage, look("hello sunshine", 11.0))
    assert (early.wish, early.utterance, early.ended, early.reason) == (
        "lit",
        101,
        11.0,
        "sure while it was being said",
    )
    assert early.lit >= early.act_above == EARLY
    assert early.because


def test_two_looks_that_do_not_follow_each_other_are_not_enough() -> None:
    stage = stage_of()
    assert told(stage, look("hello sunshine", 10.4), look("where is", 10.6), look("hello sunshine", 10.8)) == []


def test_looks_at_different_utterances_do_not_add_up() -> None:
    assert told(stage_of(), look("hello sunshine", 10.8), look("hello sunshine", 12.0, 102)) == []


def test_an_utterance_is_acted_on_once() -> None:
    stage = stage_of()
    assert len(told(stage, look("hello sunshine", 10.8), look("hello sunshine", 11.0))) == 1
    assert told(stage, Acted(11.0, 101, True), look("hello sunshine", 11.2), look("hello sunshine", 11.4)) == []
    (final,) = told(stage, over("sleep well"))
    assert (final.wish, final.reason, final.was_lit) == ("nothing", "acted on already", False)
    # it is judged as what it was: words to a dark lamp
    assert final.thoughts and final.lit > 0 == final.dark
    assert final.steady > EARLY


def test_without_early_acts_it_waits_for_the_end() -> None:
    stage = stage_of(early=False)
    assert told(stage, look("hello sunshine", 10.8), look("hello sunshine", 11.0)) == []
    (final,) = told(stage, over("hello sunshine"))
    assert (final.wish, final.steady) == ("lit", 0.0)


def test_before_it_knows_how_well_it_does_it_waits_for_the_end() -> None:
    stage = stage_of(*SURE[:2], *SURE[20:])
    assert told(stage, look("hello sunshine", 10.8), look("hello sunshine", 11.0)) == []
    assert told(stage, over("hello sunshine"))[0].wish == "lit"


def test_a_hand_during_the_words_holds_it_back() -> None:
    stage = stage_of()
    assert told(stage, look("hello sunshine", 10.8), Flip(10.9, True), look("hello sunshine", 11.0)) == []
    assert told(stage, over("hello sunshine"))[0].reason in ("a hand was faster", "not sure enough", "it is so already")


def test_words_that_were_corrected_do_not_do_it_again_before_their_end() -> None:
    wrong = Example(0.0, 99, "hello sunshine", False, ("dark", "nothing"), "correction", settled=True)
    stage = stage_of(*SURE, *judged(60), wrong)
    assert told(stage, look("hello sunshine", 10.8), look("hello sunshine", 11.0)) == []


def test_an_early_act_left_alone_is_learned() -> None:
    stage = stage_of()
    told(stage, look("hello sunshine", 10.8), look("hello sunshine", 11.0))
    found = examples(stage, Acted(11.0, 101, True), over("hello sunshine"), Tick(40.0))
    assert found == {("lit",): "left alone"}


@pytest.mark.parametrize("at", [11.1, 13.0])
def test_an_early_act_that_is_taken_back_is_learned_whether_or_not_the_words_are_over(at: float) -> None:
    stage = stage_of()
    told(stage, look("hello sunshine", 10.8), look("hello sunshine", 11.0))
    correction: list[AnyMessage] = [Flip(at, False), Correction(at, 101, True)]
    events = sorted([Acted(11.0, 101, True), over("hello sunshine"), *correction], key=lambda event: event.at)
    assert examples(stage, *events, Tick(30.0))[("dark", "nothing")] == "correction"


def test_the_operator_obeys_unless_a_hand_has_moved_since() -> None:
    directive = told(stage_of(), look("hello sunshine", 10.8), look("hello sunshine", 11.0))[0]
    pins: list[bool] = []
    operator = Operator(pins.append, 10.0)
    operator.handle(Resume(0.0, 0, False))
    assert operator.handle(directive) == [Acted(directive.at, 101, True)]
    assert pins == [False, True]


def test_a_new_life_does_not_act_again_on_what_its_old_one_did(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "boot")
    stage = stage_of()
    for message in (*SURE, *judged(60), Lamp(0.5, False)):
        journal.write(message)
    (early,) = told(stage, look("hello sunshine", 10.8), look("hello sunshine", 11.0))
    journal.write(early)
    journal.write(Acted(11.0, 101, True))
    new = Anticipator(SETTINGS)
    for message in memory(journal, "anticipator"):
        new.handle(message)
    new.handle(Resume(11.1, 100, True))
    (final,) = told(new, over("hello sunshine"))
    assert (final.wish, final.reason, final.was_lit) == ("nothing", "acted on already", False)


def test_what_the_relay_rested_from_is_asked_for_again_once_the_words_are_over() -> None:
    stage = stage_of()
    assert [one.wish for one in told(stage, look("hello sunshine", 10.8), look("hello sunshine", 11.0))] == ["lit"]
    assert told(stage, look("hello sunshine", 11.1)) == [], "and not at each look"
    [again] = told(stage, over("hello sunshine"))
    assert (again.wish, again.reason) == ("lit", "sure enough")
