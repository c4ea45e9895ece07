"""The anticipator alone: what it decides, and what it remembers, from messages made by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from lampd import config
from lampd.journal import Journal
from lampd.learners.gate_fit import Fitter
from lampd.learners.models import load
from lampd.memory import memory
from lampd.messages import (
    Acted,
    AnyMessage,
    Correction,
    Directive,
    Example,
    Flip,
    Lamp,
    Model,
    Resume,
    Said,
    Tag,
    Tick,
    Transcript,
)
from lampd.session import Session, Text, Wish
from lampd.stages.anticipator import Anticipator

SETTINGS = config.load(board="laptop").anticipator


def example(utterance: int, text: str, *possible: Tag) -> Example:
    return Example(0.0, utterance, text, False, possible, "flip", settled=True)


TAUGHT = [example(1, "hello sunshine", "lit"), example(2, "sleep well", "dark")]


def model(path: Path, examples: list[Example], version: int = 1) -> Model:
    fitter = Fitter()
    for one in examples:
        fitter.learn(one)
    gate = fitter.fit(version)
    path.write_bytes(gate.to_bytes())
    return Model(0.0, "gate", version, str(path), gate.examples)


def words(utterance: int, text: str, start: float, heard: float | None = None) -> Transcript:
    """A second of words, whose transcript is there half a second after their end, or at `heard`."""
    return Transcript(start + 1.5 if heard is None else heard, utterance, start, start + 1, text, 0.9)


def heard_by(stage: Anticipator, *messages: AnyMessage) -> list[AnyMessage]:
    return [said for message in messages for said in stage.handle(message)]


def decisions(said: list[AnyMessage]) -> list[Directive]:
    return [message for message in said if isinstance(message, Directive)]


def decide(stage: Anticipator, *messages: AnyMessage) -> Directive:
    """The one decision that follows from `messages`."""
    (directive,) = decisions(heard_by(stage, *messages))
    return directive


def taught(*examples: Example, lit: bool = False) -> Anticipator:
    stage = Anticipator(SETTINGS)
    heard_by(stage, *(examples or TAUGHT), Resume(0.0, 100, lit))
    return stage


def test_it_does_nothing_before_it_was_ever_taught() -> None:
    said = decide(Anticipator(SETTINGS), words(1, "hello sunshine", 10))
    assert (said.wish, said.lit, said.dark, said.reason) == ("nothing", 0.0, 0.0, "never taught")


def test_one_flip_for_each_wish_is_enough_to_act() -> None:
    assert decide(taught(), words(101, "hello sunshine", 10)).wish == "lit"
    assert decide(taught(lit=True), words(101, "sleep well", 10)).wish == "dark"


def flipped(text: str, lit: bool) -> Anticipator:
    """A stage that has heard `text` once, and a hand that made the lamp `lit` or not after it."""
    stage = Anticipator(SETTINGS)
    heard_by(stage, Lamp(0, not lit), words(1, text, 10), Flip(13, lit))
    return stage


@pytest.mark.parametrize(("lit", "wish"), [(True, "lit"), (False, "dark")])
@pytest.mark.parametrize("text", ["hello sunshine", "on", "x", "ж", "hágase la luz", "la " * 100])
def test_one_flip_is_enough_to_act(text: str, lit: bool, wish: str) -> None:
    stage = flipped(text, lit)
    heard_by(stage, Flip(100, not lit))
    said = decide(stage, words(2, text, 200))
    assert (said.wish, said.because) == (wish, (1,))
    assert (said.lit, said.dark)[lit is False] > 0.5


@pytest.mark.parametrize("text", ["what is for dinner", "zzz", "ж"])
def test_one_flip_is_not_enough_to_act_on_other_words(text: str) -> None:
    stage = flipped("hello sunshine", True)
    heard_by(stage, Flip(100, False))
    said = decide(stage, words(2, text, 200))
    assert (said.wish, said.because) == ("nothing", ())


def test_words_that_meant_what_is_so_do_not_act() -> None:
    """What is said for one wish is a hint of the other, but not by the very same words."""
    said = decide(flipped("hello sunshine", True), words(2, "hello  Sunshine", 200))
    assert said.dark > said.act_above, "else this shows nothing"
    assert (said.wish, said.reason) == ("nothing", "it is so already")


def test_words_that_have_meant_both_act_both_ways() -> None:
    stage = flipped("abracadabra", True)
    heard_by(stage, words(2, "abracadabra", 100), Flip(103, False))
    assert decide(stage, words(3, "abracadabra", 200)).wish == "lit"
    heard_by(stage, Acted(201.5, 3, True))
    assert decide(stage, words(4, "abracadabra", 300)).wish == "dark"


def test_one_flip_and_a_correction_is_no_longer_enough() -> None:
    stage = flipped("hello sunshine", True)
    heard_by(stage, Flip(100, False))
    corrected(stage, 2, "hello sunshine", at=200)
    assert decide(stage, words(3, "hello sunshine", 300)).wish == "nothing"


def test_one_flip_that_was_fidgeting_teaches_nothing() -> None:
    stage = flipped("hello sunshine", True)
    heard_by(stage, Flip(13.5, False))
    said = decide(stage, words(2, "hello sunshine", 200))
    assert (said.wish, said.reason, said.thoughts) == ("nothing", "never taught", {})


def test_it_acts_on_words_that_it_never_heard_just_so() -> None:
    assert decide(taught(), words(101, "hello dear sunshine", 10)).wish == "lit"


def test_a_decision_says_what_it_is_about() -> None:
    said = decide(taught(), words(101, "hello sunshine", 10))
    assert (said.utterance, said.ended, said.model, said.dark) == (101, 11, "explicit", 0.0)
    assert said.lit >= said.act_above == 0.5
    assert (said.was_lit, said.thoughts, said.losses, said.because) == (False, {"explicit": said.lit}, {}, (1,))


@pytest.mark.parametrize(("lit", "wish"), [(False, "lit"), (True, "nothing")])
def test_the_state_of_the_lamp_is_an_input(lit: bool, wish: str) -> None:
    assert decide(taught(lit=lit), words(101, "hello sunshine", 10)).wish == wish


@pytest.mark.parametrize("change", [Flip(5, True), Acted(5, 90, True), Lamp(5, True)])
def test_it_follows_the_lamp_whoever_changes_it(change: AnyMessage) -> None:
    stage = taught()
    heard_by(stage, change)
    assert decide(stage, words(101, "hello sunshine", 10)).lit == 0.0
    assert decide(stage, words(102, "sleep well", 20)).wish == "dark"


def test_it_stays_still_where_it_is_not_sure() -> None:
    said = decide(taught(), words(101, "pass me the bread", 10))
    assert (said.wish, said.reason) == ("nothing", "not sure enough")
    assert 0 < said.lit < said.act_above
    assert said.because == (), "it did nothing that wants a reason"


# who drives


def judged(first: int, meant: str, **thoughts: float) -> list[AnyMessage]:
    """From memory: twelve utterances, two in three of which asked for light, and what each learner held of that;
    one that holds .9 of those that asked holds .1 of the others. `gate_proven` is the proven version of the gate."""
    told: list[AnyMessage] = []
    for utterance in range(first, first + 12):
        asked = utterance % 3 > 0
        held = {name.replace("_", ", "): p if asked else 1 - p for name, p in thoughts.items()}
        told.append(Directive(0.0, utterance, 0.0, "nothing", 0.0, 0.0, "", "", thoughts=held))
        told.append(example(utterance, meant if asked else "pass the bread", "lit" if asked else "nothing"))
    return told


def test_the_explicit_solution_drives_until_enough_wishes_are_known(tmp_path: Path) -> None:
    better = judged(1, "hello", explicit=0.5, gate=0.9)
    stage = Anticipator(SETTINGS)
    heard_by(stage, model(tmp_path / "1", TAUGHT), *better, Resume(0.0, 50, False))
    said = decide(stage, words(101, "hello sunshine", 10))
    assert (said.model, said.act_above, said.losses) == ("explicit", 0.5, {})
    assert said.thoughts.keys() == {"explicit", "gate", "gate, proven"}, "the others say what they think"


@pytest.mark.parametrize(("explicit", "gate", "driver"), [(0.6, 0.9, "gate 1"), (0.9, 0.6, "explicit")])
def test_then_the_one_that_did_better_drives(tmp_path: Path, explicit: float, gate: float, driver: str) -> None:
    stage = Anticipator(SETTINGS)
    past = judged(1, "hello", explicit=explicit, gate=gate) + judged(21, "hello", explicit=explicit, gate=gate)
    heard_by(stage, model(tmp_path / "1", TAUGHT), *past, Resume(0.0, 50, False))
    said = decide(stage, words(101, "hello sunshine", 10))
    assert (said.model, said.losses.keys()) == (driver, {"explicit", "gate", "explicit + gate"})
    assert said.losses[driver.split()[0]] == min(said.losses.values())


def test_a_model_that_does_worse_than_the_one_before_it_does_not_drive(tmp_path: Path) -> None:
    stage = Anticipator(SETTINGS)
    heard_by(stage, model(tmp_path / "1", TAUGHT), model(tmp_path / "2", TAUGHT, version=2))
    past = judged(1, "hello", explicit=0.5, gate=0.7, gate_proven=0.95)
    heard_by(stage, *past, *judged(21, "hello", explicit=0.5, gate=0.7, gate_proven=0.95), Resume(0.0, 50, False))
    assert decide(stage, words(101, "hello sunshine", 10)).model == "gate 1"
    # what the old one learned is to be forgotten
    heard_by(stage, example(30, ""))
    assert decide(stage, words(102, "hello sunshine", 20)).model == "gate 2"


def test_a_torn_model_leaves_the_old_one_in_place(tmp_path: Path) -> None:
    both = [*TAUGHT, example(3, "hello again", "lit"), example(4, "sleep", "dark")]
    good, torn = model(tmp_path / "1", both), model(tmp_path / "2", both, version=2)
    (tmp_path / "2").write_bytes((tmp_path / "2").read_bytes()[:-100])
    gone = Model(0.0, "gate", 3, str(tmp_path / "3"), good.examples)
    stage = taught()
    heard_by(stage, good, torn, gone)
    said = decide(stage, words(101, "hello sunshine", 10))
    assert said.thoughts["gate"] == load("gate", tmp_path / "1").predict(Said("hello sunshine"), False).lit
    # nor does one of a kind that is not known
    heard_by(stage, Model(0.0, "oracle", 1, str(tmp_path / "1"), {}))
    assert decide(stage, words(102, "hello sunshine", 20)).thoughts.keys() == said.thoughts.keys()


def test_it_stays_still_when_a_hand_was_faster_than_the_transcript() -> None:
    for at in (10.0, 10.5, 11.0, 11.4):
        said = decide(taught(), Flip(5, True), Flip(at, False), words(101, "hello sunshine", 10))
        assert (said.wish, said.reason) == ("nothing", "a hand was faster"), at


def test_a_hand_before_the_words_does_not_hold_it_back() -> None:
    said = decide(taught(), Flip(5, True), Flip(9.9, False), words(101, "hello sunshine", 10))
    assert said.wish == "lit"


def test_it_does_not_act_on_stale_words() -> None:
    late = 11 + SETTINGS.stale_s
    assert decide(taught(), words(101, "hello sunshine", 10, heard=late)).wish == "lit"
    said = decide(taught(), words(101, "hello sunshine", 10, heard=late + 0.1))
    assert (said.wish, said.reason) == ("nothing", "too late")


def test_words_are_stale_by_the_time_that_it_knows_of() -> None:
    said = decide(taught(), Tick(60), words(101, "hello sunshine", 10))
    assert said.reason == "too late"


def corrected(stage: Anticipator, utterance: int, text: str, at: float, lit: bool = True) -> None:
    """The lamp acts on words, and a hand takes it back 3 s later."""
    heard_by(
        stage,
        words(utterance, text, at),
        Acted(at + 1.5, utterance, lit),
        Flip(at + 4, not lit),
        Correction(at + 4, utterance, lit),
    )


def sure_of(*texts: str) -> list[Example]:
    """So many examples that one correction changes no mind."""
    return [example(i, texts[i % len(texts)], "lit") for i in range(1, 41)] + [example(41, "sleep well", "dark")]


def test_words_that_were_corrected_do_not_do_it_again() -> None:
    stage = taught(*sure_of("hello sunshine", "hello"))
    corrected(stage, 101, "Hello  sunshine", at=10)
    said = decide(stage, words(102, "hello sunshine", 15))
    assert said.lit > said.act_above, "else this shows nothing"
    assert (said.wish, said.reason) == ("nothing", "corrected before")
    assert decide(stage, words(103, "hello", 20)).wish == "lit", "other words may"


def test_they_do_not_do_it_again_after_their_correction_has_settled() -> None:
    stage = taught(*sure_of("hello sunshine"))
    corrected(stage, 101, "hello sunshine", at=10)
    said = heard_by(stage, *(Tick(at) for at in range(15, 120)))
    assert [one.settled for one in said if isinstance(one, Example) and one.utterance == 101] == [True]
    assert decide(stage, words(102, "hello sunshine", 130)).reason == "corrected before"


def test_they_may_again_once_a_hand_shows_that_they_mean_it() -> None:
    stage = taught(*sure_of("hello sunshine"))
    corrected(stage, 101, "hello sunshine", at=10)
    # long enough after the correction not to take it back
    heard_by(stage, words(102, "hello sunshine", 30), Flip(33, True), Flip(48, False))
    said = heard_by(stage, words(103, "hello sunshine", 50), *(Tick(at) for at in range(60, 150)))
    assert decisions(said)[0].wish == "lit", "before the correction has settled"
    settled = [one.utterance for one in said if isinstance(one, Example) and one.cause == "correction"]
    assert settled == [101]
    assert decide(stage, words(104, "hello sunshine", 160)).wish == "lit", "and after"


def test_a_later_correction_counts_again() -> None:
    stage = taught(*sure_of("hello sunshine"))
    corrected(stage, 101, "hello sunshine", at=10)
    heard_by(stage, words(102, "hello sunshine", 30), Flip(33, True), Flip(48, False))
    corrected(stage, 103, "hello sunshine", at=50)
    assert decide(stage, words(104, "hello sunshine", 60)).reason == "corrected before"


def test_a_correction_that_was_itself_corrected_holds_nothing_back() -> None:
    stage = taught(*sure_of("hello sunshine"))
    corrected(stage, 101, "hello sunshine", at=10)
    heard_by(stage, Flip(20, True), Tick(40), Flip(40, False))
    assert decide(stage, words(102, "hello sunshine", 50)).wish == "lit"


def test_a_correction_of_one_act_does_not_hold_back_the_other() -> None:
    stage = taught(*[example(i, "switch", "dark") for i in range(1, 40)], example(40, "hello", "lit"))
    corrected(stage, 101, "switch", at=10)
    heard_by(stage, Flip(40, True))
    assert decide(stage, words(102, "switch", 50)).wish == "dark"


def test_examples_leave_as_they_are_concluded() -> None:
    stage = taught()
    said = heard_by(stage, words(101, "let there be light", 10), Flip(13, True))
    examples = [message for message in said if isinstance(message, Example)]
    assert [(one.utterance, one.text, one.possible) for one in examples] == [(101, "let there be light", ("lit",))]


def test_what_was_concluded_is_learned_at_once() -> None:
    stage = taught()
    assert decide(stage, words(101, "abracadabra", 10)).wish == "nothing"
    heard_by(stage, Flip(13, True), Flip(30, False))
    assert decide(stage, words(102, "abracadabra", 40)).wish == "lit"


def test_an_example_says_how_the_lamp_was_when_the_words_began() -> None:
    stage = taught()
    said = heard_by(stage, Flip(5, True), words(101, "soup", 10), *(Tick(at) for at in range(12, 30)))
    assert [one.was_lit for one in said if isinstance(one, Example)] == [True]
    said = heard_by(stage, Flip(40.5, False), words(102, "sleep well", 40))
    assert [one.was_lit for one in said if isinstance(one, Example)] == [True]
    # also before anything was heard of the lamp but that it changed
    said = heard_by(Anticipator(SETTINGS), Flip(10.5, False), Flip(18.5, True), words(1, "sleep well", 10))
    assert [one.was_lit for one in said if isinstance(one, Example)] == [True]


def test_an_act_left_alone_is_learned() -> None:
    stage = taught()
    said = heard_by(stage, words(101, "hello sunshine", 10), Acted(11.5, 101, True), Tick(32))
    assert [(one.possible, one.cause) for one in said if isinstance(one, Example)] == [(("lit",), "left alone")]


@pytest.mark.parametrize(("examples", "cause"), [([], "flip"), (TAUGHT[1:], "miss")])
def test_what_it_could_not_have_known_is_no_miss(examples: list[Example], cause: str) -> None:
    said = heard_by(Anticipator(SETTINGS), *examples, words(101, "abracadabra", 10), Flip(13, True))
    assert [one.cause for one in said if isinstance(one, Example)] == [cause]


# what it remembers


def half_a_life(tmp_path: Path) -> list[AnyMessage]:
    """Minutes in which everything happens that a life has: acts, corrections, hands, silence, a model."""
    gate = model(tmp_path / "gate", [*TAUGHT, example(3, "hello you", "lit"), example(4, "sleep", "dark")])
    return [
        Lamp(0.0, False),
        words(1, "hello sunshine", 10),
        Flip(13, True),
        words(2, "sleep well", 30),
        Flip(32, False),
        words(3, "hello sunshine", 50),
        Acted(51.5, 3, True),
        Tick(75),
        words(4, "pass the bread", 100),
        Tick(112),
        gate,
        words(5, "sleep well", 140),
        Acted(141.5, 5, False),
        Flip(144, True),
        Correction(144, 5, False),
        words(6, "the soup is hot", 200),
        Tick(205),
    ]


def rest_of_life() -> list[AnyMessage]:
    return [
        Tick(212),
        words(7, "sleep well", 214),
        words(8, "sleep very well", 220),
        Acted(221.5, 8, False),
        Tick(245),
        words(9, "hello sunshine", 250),
        *(Tick(float(at)) for at in range(252, 330)),
    ]


@pytest.mark.parametrize("cut", range(1, 18))
def test_a_new_life_that_is_reminded_decides_as_the_old_one(tmp_path: Path, cut: int) -> None:
    """Wherever the first life is cut off, the second one says what the first one would have said."""
    life = half_a_life(tmp_path) + rest_of_life()
    journal = Journal(":memory:", "boot")
    old = Anticipator(SETTINGS)
    lit = False
    for message in life[:cut]:
        lit = message.lit if isinstance(message, (Flip, Acted, Lamp)) else lit
        journal.write(message)
        for said in old.handle(message):
            journal.write(said)
    new = Anticipator(SETTINGS)
    heard_by(new, *memory(journal, "anticipator"))
    resume = Resume(max(message.at for message in life[:cut]), 0, lit)
    heard_by(old, resume)
    heard_by(new, resume)

    def known(said: list[AnyMessage]) -> list[object]:
        # whether a model was there at the time of a flip is not remembered: it says miss for flip
        return [
            (one.utterance, one.text, one.was_lit, one.possible, one.settled) if isinstance(one, Example) else one
            for one in said
        ]

    assert known(heard_by(new, *life[cut:])) == known(heard_by(old, *life[cut:]))


def test_a_new_life_says_nothing_again_and_what_the_old_one_did_not_get_to_say() -> None:
    journal, old = Journal(":memory:", "boot"), Anticipator(SETTINGS)
    for message in (Lamp(0.0, False), words(1, "soup", 10.0), Tick(22.0), words(2, "hello sunshine", 30.0)):
        journal.write(message)
        for said in old.handle(message):
            journal.write(said)
    concluded = old.handle(Flip(33.0, True))
    journal.write(Flip(33.0, True))

    def reminded() -> list[AnyMessage]:
        new = Anticipator(SETTINGS)
        heard_by(new, *memory(journal, "anticipator"))
        return new.handle(Resume(40.0, 2, True))

    assert [one for one in concluded if isinstance(one, Example)], "else this shows nothing"
    # the flip was on disk when the hub died, and what it taught was not
    assert reminded() == concluded
    for said in concluded:
        journal.write(said)
    assert reminded() == []


def test_a_new_life_hears_of_a_flip_that_waited_only_when_it_comes() -> None:
    stage = Anticipator(SETTINGS)
    heard_by(stage, Lamp(0.0, False), Resume(10.0, 0, True))
    said = heard_by(stage, words(1, "hello sunshine", 10.5), Flip(12.0, True))
    assert [(one.possible, one.was_lit) for one in said if isinstance(one, Example)] == [(("lit",), False)]


def of_a_household(journal: Journal, household: Session, path: Path) -> Iterator[tuple[Anticipator, AnyMessage]]:
    """A life in which a hand does whatever was asked and the lamp does not, and models come and go."""
    stage, lit, number, examples = Anticipator(SETTINGS), False, 0, []
    truth = {event.start: event.lit for event in household.events if isinstance(event, Wish)}
    waiting: list[AnyMessage] = [Lamp(0.0, False)]
    for event in household.events:
        if isinstance(event, Text):
            number, wish = number + 1, truth[event.start]
            waiting.append(Transcript(event.t, number, event.start, event.end, event.text, 1.0))
            if wish is not None and wish != lit:
                waiting.append(Flip(event.end + 3.0, lit := wish))
            waiting.append(Tick(event.end + 14.0))
            if number in (8, 16):
                waiting.append(model(path / str(number), examples, version=number))
        while waiting:
            yield stage, waiting[0]
            journal.write(waiting[0])
            for said in stage.handle(waiting.pop(0)):
                journal.write(said)
                examples += [said] if isinstance(said, Example) else []


def test_a_new_life_that_is_reminded_judges_as_the_old_one(tmp_path: Path, household: Session) -> None:
    """Wherever the first life is cut off, who drives, how sure it must be and all calibrations are the same."""
    journal = Journal(":memory:", "boot")
    drivers = set()
    for old, _ in of_a_household(journal, household, tmp_path):
        new = Anticipator(SETTINGS)
        heard_by(new, *memory(journal, "anticipator"))
        learners = ["explicit", "gate"]
        verdict = new._council.judge.verdict(learners)
        assert verdict == old._council.judge.verdict(learners)
        drivers.add((verdict.drivers, len(verdict.losses)))
    assert (("explicit",), 0) in drivers and max(judged for _, judged in drivers) == 3, "else this shows nothing"


def test_a_new_life_on_the_next_boot_judges_as_the_old_one(tmp_path: Path, household: Session) -> None:
    journal = Journal(tmp_path / "journal.db", "monday")
    for stage, _ in of_a_household(journal, household, tmp_path):
        old = stage
    journal.close()
    new = Anticipator(SETTINGS)
    heard_by(new, *memory(Journal(tmp_path / "journal.db", "tuesday"), "anticipator"))
    verdict = new._council.judge.verdict(["explicit", "gate"])
    assert verdict == old._council.judge.verdict(["explicit", "gate"])
    assert verdict.losses.keys() == {"explicit", "gate", "explicit + gate"}


def test_what_is_remembered_of_a_long_boot_does_not_make_words_stale_after_the_next(tmp_path: Path) -> None:
    """The clock begins anew at each boot; all would be too late until it had overtaken the last one's."""
    stage = Anticipator(SETTINGS)
    long_ago = [replace(one, at=90_000.0) for one in TAUGHT]
    heard_by(stage, *long_ago, replace(model(tmp_path / "1", TAUGHT), at=90_100.0), Resume(5.0, 2, False))
    assert decide(stage, words(3, "hello sunshine", 10)).wish == "lit"
    said = heard_by(stage, words(4, "soup", 12), Flip(14, True))
    assert [(one.utterance, one.possible) for one in said if isinstance(one, Example)] == [(4, ("lit",))]


def test_a_new_life_knows_that_the_lamp_had_long_been_lit() -> None:
    """Else it would take silence for evidence against the state that the lamp was in."""
    journal = Journal(":memory:", "boot")
    for message in (Lamp(0.0, False), Flip(10, True), words(1, "soup", 5000), Tick(5003)):
        journal.write(message)
    stage = Anticipator(SETTINGS)
    heard_by(stage, *memory(journal, "anticipator"), Resume(5003, 1, True))
    (said,) = heard_by(stage, Tick(5020))
    assert isinstance(said, Example)
    assert (said.was_lit, said.possible) == (True, ("lit", "nothing"))
