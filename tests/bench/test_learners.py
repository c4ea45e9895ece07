"""The benchmark of learners: how it counts, whom it compares, and the houses they live in."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

from lampd.bench import learners
from lampd.bench.command import bench
from lampd.bench.contest import OURS, PEERS, learner, live
from lampd.bench.households import GUEST, REDUNDANT, Composer, Scenario
from lampd.bench.mishearing import Mishearing
from lampd.bench.tally import GROUP, Tally, groups, spoken
from lampd.learners.wish import Predictor
from lampd.messages import Acted, Example, Said, Tag
from lampd.score import Outcome
from lampd.session import Session, Text, Wish

# counting


def outcome(lit: bool | None, *acts: bool, asked: bool = True, strays: tuple[bool, ...] = ()) -> Outcome:
    """Of a second of words that wanted `lit`, after which the lamp became `acts`."""
    made = [[Acted(2.0, 1, one) for one in some] for some in (acts, strays)]
    return Outcome(Wish(0.0, lit, 0.0, 1.0), asked and lit is not None, made[0], made[1])


def silent(lit: bool) -> Outcome:
    """Of a hand that flips without a word."""
    return Outcome(Wish(0.0, lit, 0.0, 0.0), False, [], [])


def counts(tally: Tally) -> tuple[list[int], list[int], list[int], int, int, int]:
    return tally.right, tally.acts, tally.asked, tally.chatter, tally.false, tally.wrong_way


EVENING = [
    outcome(True, True),
    outcome(False, True),
    outcome(None, False),
    outcome(None),
    outcome(True, asked=False),
    outcome(True, strays=(False,)),
    silent(True),
]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (outcome(True, True), ([1, 0], [1, 0], [1, 0], 0, 0, 0)),
        (outcome(False, False), ([0, 1], [0, 1], [0, 1], 0, 0, 0)),
        (outcome(True), ([0, 0], [0, 0], [1, 0], 0, 0, 0)),
        (outcome(False, True), ([0, 0], [1, 0], [0, 1], 0, 0, 1)),
        (outcome(True, True, asked=False), ([0, 0], [1, 0], [0, 0], 0, 0, 0)),
        (outcome(True, True, False), ([1, 0], [1, 1], [1, 0], 0, 0, 1)),
        (outcome(None), ([0, 0], [0, 0], [0, 0], 1, 0, 0)),
        (outcome(None, True), ([0, 0], [1, 0], [0, 0], 1, 1, 0)),
        (outcome(True, True, strays=(False,)), ([1, 0], [1, 1], [1, 0], 0, 1, 0)),
        (silent(True), ([0, 0], [0, 0], [0, 0], 0, 0, 0)),
    ],
    ids=["lit", "dark", "missed", "wrong way", "so already", "twice", "chatter", "false", "stray", "silent"],
)
def test_an_outcome_is_counted(one: Outcome, expected: tuple[list[int], list[int], list[int], int, int, int]) -> None:
    assert counts(Tally.of([one])) == expected


def test_figures_of_an_evening() -> None:
    """Right 1 of 4 acts and of 3 that were asked for; F1 2/(2 + 2) of lit and 0 of dark; 2 false on 2 of chatter."""
    tally = Tally.of(EVENING)
    assert counts(tally) == ([1, 0], [2, 2], [2, 1], 2, 2, 1)
    assert tally.figures() == {
        "f1": 0.25,
        "precision": 0.25,
        "recall": 0.3333,
        "false_per_1000": 1000.0,
        "wrong_way_percent": 25.0,
    }


def test_f1_is_of_the_wishes_that_there_were() -> None:
    assert Tally.of([]).f1 == 0.0
    assert Tally.of([outcome(None)]).f1 == 0.0
    assert Tally.of([outcome(True, True), outcome(None)]).f1 == 1.0
    assert Tally.of([outcome(True, True), outcome(False)]).f1 == 0.5
    assert set(Tally.of([]).figures().values()) == {0.0}


def test_a_total_is_as_if_all_had_been_counted_together() -> None:
    for cut in range(1, len(EVENING)):
        parts = [Tally.of(EVENING[:cut]), Tally.of(EVENING[cut:])]
        assert Tally.total(parts) == Tally.of(EVENING)
    one = Tally.of(EVENING)
    assert counts(Tally.total([one, one])) == ([2, 0], [4, 4], [4, 2], 4, 4, 2)
    assert counts(one) == ([1, 0], [2, 2], [2, 1], 2, 2, 1), "what was added up is unchanged"


def test_utterances_are_numbered_without_the_silent_flips() -> None:
    said = [outcome(None, True), silent(True), outcome(True), outcome(False), silent(True), outcome(None)]
    assert spoken(said, 0, 1) == said[:1]
    assert spoken(said, 1, 3) == said[1:4]
    assert spoken(said, 3, 9) == said[4:]
    assert spoken(said, 9, 12) == []


def test_a_group_is_ten_commands_and_the_talk_up_to_the_next() -> None:
    evening = [outcome(None)]
    for number in range(2 * GROUP + 3):
        evening += [outcome(number % 2 == 0, number % 2 == 0), outcome(None), silent(True)]
    found = groups(evening)
    assert [sum(group.asked) for group in found] == [GROUP, GROUP, 3]
    assert [group.chatter for group in found] == [GROUP + 1, GROUP, 3]
    assert Tally.total(found) == Tally.of(evening)


def test_a_group_begins_when_there_is_one_more_command() -> None:
    assert [sum(group.asked) for group in groups([outcome(True, True)] * GROUP)] == [GROUP]
    assert [group.chatter for group in groups([outcome(None)] * 3)] == [3]


def lamp(right: int) -> Tally:
    """That was right so many times of ten."""
    return Tally.of([outcome(True, True)] * right + [outcome(True)] * (10 - right))


def f1(right: int) -> float:
    return 2 * right / (right + 10)


@pytest.mark.parametrize(("households", "lowest"), [(1, 1), (9, 1), (12, 1), (20, 2), (36, 3)])
def test_the_worst_tenth_is_the_mean_of_the_lowest(households: int, lowest: int) -> None:
    right = [3, 1, 2, *[9] * 33][:households]
    figures = learners.summed([({"all": lamp(one)}, []) for one in right])["windows"]["all"]
    worst = sorted(right)[:lowest]
    assert figures["worst_decile_f1"] == pytest.approx(sum(f1(one) for one in worst) / lowest, abs=1e-4)
    assert figures["recall"] == pytest.approx(sum(right) / (10 * households), abs=1e-4)


def test_the_curve_ends_where_most_households_have() -> None:
    results = [({"all": lamp(5)}, [lamp(5)] * length) for length in (1, 2, 3, 4)]
    assert learners.summed(results)["curve"] == [round(f1(5), 4)] * 3


def test_a_table_has_a_line_for_each_window() -> None:
    rows = {name: learners.summed([({"0 to 20": lamp(5), "20 to 150": lamp(9)}, [lamp(5)])]) for name in ("a", "b")}
    lines = learners.table(rows).splitlines()
    assert len(lines) == 5 and "precision" in lines[0]
    assert len({len(line) for line in lines[1:]}) == 1
    assert "0.667" in lines[1] and "0.947" in lines[2]


def test_the_curve_is_drawn(tmp_path: Path) -> None:
    row = learners.summed([({"all": lamp(5)}, [lamp(3), lamp(9)])])
    learners.draw({"lampd": row, "bayes": row}, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


# contestants

ALONE = [name for name in (*OURS, *PEERS) if name != "lampd"]
EACH = pytest.mark.parametrize("name", ALONE)
STATES = (False, True)
CHATTER = ["pass me the soup", "where is the bread", "what is for dinner", "did you see the game", "play some music"]


def example(utterance: int, text: str, *possible: Tag, was_lit: bool = False) -> Example:
    return Example(0.0, utterance, text, was_lit, possible, "flip")


def chatter() -> list[Example]:
    kinds: dict[bool, tuple[Tag, Tag]] = {False: ("dark", "nothing"), True: ("lit", "nothing")}
    return [
        example(100 + 2 * i + was_lit, text, *kinds[was_lit], was_lit=was_lit)
        for i, text in enumerate(CHATTER)
        for was_lit in STATES
    ]


def commands() -> list[Example]:
    lit = [example(i, "hello sunshine", "lit") for i in range(4)]
    return lit + [example(10 + i, "sleep well", "dark", was_lit=True) for i in range(4)]


def mixed(examples: list[Example]) -> list[Example]:
    """In no order that repeats, each with its place as its number."""
    random.Random(1).shuffle(examples)
    return [example(number, one.text, *one.possible, was_lit=one.was_lit) for number, one in enumerate(examples)]


def taught(name: str, examples: list[Example]) -> Predictor:
    found = learner(name)
    for one in examples:
        found.learn(one)
    return found


@cache
def at_home(name: str) -> Predictor:
    """After an evening of commands and chatter; to be asked, not to be taught."""
    return taught(name, mixed(commands() + chatter()))


def change(model: Predictor, text: str, lit: bool) -> float:
    return max(model.predict(Said(text), lit)[:2])


def test_all_who_compete_are_here() -> None:
    assert set(ALONE) == {"explicit", "gate", "saffu", "bayes", "regression", "gru", "transformer"}
    assert [learner(name).name for name in ALONE] == ALONE


@EACH
def test_untaught_nothing_is_likely(name: str) -> None:
    for model in (taught(name, []), taught(name, chatter()[:4])):
        assert {model.predict(Said(text), lit).nothing for text in ("hello sunshine", "x") for lit in STATES} == {1.0}


@EACH
def test_it_learns_two_phrases(name: str) -> None:
    model = at_home(name)
    assert change(model, "hello sunshine", False) > 0.5
    assert change(model, "sleep well", True) > 0.5
    for text in CHATTER:
        for lit in STATES:
            assert change(model, text, lit) < 0.5
    for lit in STATES:
        thought = model.predict(Said("hello sunshine"), lit)
        assert sum(thought) == pytest.approx(1)
        assert (thought.lit if lit else thought.dark) == 0.0


@EACH
def test_the_same_examples_teach_the_same(name: str) -> None:
    once, again = at_home(name), taught(name, mixed(commands() + chatter()))
    for text in ("hello sunshine", "sleep", "something else"):
        for lit in STATES:
            assert once.predict(Said(text), lit) == again.predict(Said(text), lit)


@EACH
def test_an_example_with_nothing_possible_is_forgotten(name: str) -> None:
    found = learner(name)
    for one in [*chatter()[:2], example(1, "hello sunshine", "lit")]:
        found.learn(one)
    assert change(found, "hello sunshine", False) > 0
    found.learn(example(1, "hello sunshine"))
    found.learn(example(77, "never heard of"))
    assert {found.predict(Said("hello sunshine"), lit).nothing for lit in STATES} == {1.0}


@pytest.mark.parametrize("name", [*PEERS, "saffu"])
def test_it_is_told_the_state_of_the_lamp(name: str) -> None:
    """The very same words that ask for light in the dark are talk where it is lit: without the state it is even."""
    said = [example(i, "hm", "lit") for i in range(6)]
    said += [example(10 + i, "hm", "lit", "nothing", was_lit=True) for i in range(6)]
    said += [example(20 + i, "sleep well", "dark", was_lit=True) for i in range(3)]
    model = taught(name, mixed(said))
    assert change(model, "hm", False) > 0.6


# houses


@pytest.fixture(scope="module")
def composer(data_folder: Path) -> Composer:
    return Composer(data_folder)


HOUSES = range(12)
SINGLE_WORDS = 9
"""The house that knows no more than its favourites: they change in how often they are said, and no more."""
MANY = 3000


def said_for(session: Session, lit: bool) -> list[str]:
    """What was said for a wish, in order."""
    texts = {event.start: event.text for event in session.events if isinstance(event, Text)}
    return [texts[wish.start] for wish in session.wishes() if wish.lit is lit and wish.end > wish.start]


def apart(some: list[str], other: list[str]) -> float:
    """How far what is said differs: 0 for as often, 1 for nothing in common."""
    shares = [Counter(texts) for texts in (some, other)]
    return sum(abs(shares[0][t] / len(some) - shares[1][t] / len(other)) for t in {*some, *other}) / 2


def halves(texts: list[str]) -> tuple[list[str], list[str]]:
    return texts[: len(texts) // 2], texts[len(texts) // 2 :]


def test_all_houses_are_different(composer: Composer) -> None:
    kinds = [composer.compose(seed, 0.0, 1).title.partition(",")[0] for seed in HOUSES]
    assert len(kinds) == len(composer.kinds) == 12
    assert len(set(kinds)) == 10, "three of them speak plain English"
    assert kinds[SINGLE_WORDS] == "single words"


@pytest.mark.parametrize("scenario", get_args(Scenario))
def test_the_same_seed_is_the_same_session(composer: Composer, scenario: Scenario) -> None:
    for seed in (0, 5):
        assert composer.compose(seed, 1.0, 60, scenario) == composer.compose(seed, 1.0, 60, scenario)
    assert composer.compose(0, 1.0, 60, scenario) != composer.compose(12, 1.0, 60, scenario)


@pytest.mark.parametrize("scenario", get_args(Scenario))
def test_a_session_can_be_lived(composer: Composer, scenario: Scenario) -> None:
    for seed in HOUSES:
        session = composer.compose(seed, 1.0, 150, scenario)
        assert sum(isinstance(event, Text) for event in session.events) == 150
        assert all(a.t <= b.t for a, b in pairwise(session.events))
        assert all(a.end + 10 < b.start for a, b in pairwise(session.wishes()))
        commands = [wish for wish in session.wishes() if wish.lit is not None and wish.end > wish.start]
        assert 0.2 < len(commands) / 150 < 0.6
        assert {wish.lit for wish in commands} == {True, False}


def test_one_command_in_twenty_asks_for_what_is_so(composer: Composer) -> None:
    redundant = asked = silent = 0
    for seed in HOUSES:
        lit = False
        for wish in composer.compose(seed, 0.0, MANY).wishes():
            if wish.lit is None:
                continue
            if wish.end > wish.start:
                asked += 1
                redundant += wish.lit == lit
            else:
                silent += 1
            lit = wish.lit
    assert redundant / asked == pytest.approx(REDUNDANT, abs=0.02)
    assert silent / asked == pytest.approx(1 / 8, abs=0.02)


@pytest.mark.parametrize("seed", HOUSES)
def test_a_steady_house_says_what_it_said(composer: Composer, seed: int) -> None:
    for lit in STATES:
        assert apart(*halves(said_for(composer.compose(seed, 0.0, MANY), lit))) < 0.3


@pytest.mark.parametrize("seed", HOUSES)
def test_a_house_that_changes_says_something_else_from_half_way_on(composer: Composer, seed: int) -> None:
    session = composer.compose(seed, 0.0, MANY, "changes")
    middle = sorted(event.start for event in session.events if isinstance(event, Text))[MANY // 2]
    texts = {event.start: event.text for event in session.events if isinstance(event, Text)}
    moved = []
    for lit in STATES:
        spoke = [wish.start for wish in session.wishes() if wish.lit is lit and wish.end > wish.start]
        before, after = ([texts[at] for at in spoke if (at < middle) == early] for early in (True, False))
        assert apart(*halves(before)) < 0.3 and apart(*halves(after)) < 0.3
        moved.append(apart(before, after))
    assert max(moved) > (0.15 if seed == SINGLE_WORDS else 0.35)


@pytest.mark.parametrize("seed", [0, 3, 7])
def test_two_people_have_favourites_of_their_own(composer: Composer, seed: int) -> None:
    """Half of the time each: what is said most is said half as often, in both halves of the session."""
    alone, both = (said_for(composer.compose(seed, 0.0, MANY, how), True) for how in ("steady", "two people"))
    often = [sum(n > 0.03 * len(texts) for n in Counter(texts).values()) for texts in (alone, both)]
    assert often == [3, 6]
    assert apart(*halves(both)) < 0.3


@pytest.fixture
def noises(composer: Composer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[float]]]:
    """The noise that each thing said was heard with, in order."""
    given: list[float] = []

    def note(text: str, noise: float, rng: random.Random) -> str:
        given.append(noise)
        return text

    monkeypatch.setattr(composer, "mishear", note)
    yield lambda: given
    monkeypatch.undo()
    assert isinstance(composer.mishear, Mishearing)


def test_a_guest_is_misheard_twice_as_much(composer: Composer, noises: Callable[[], list[float]]) -> None:
    session = composer.compose(0, 1.5, MANY, "guest")
    assert Counter(noises()).keys() == {1.5, 3.0}
    assert noises().count(3.0) / MANY == pytest.approx(GUEST, abs=0.04)
    heard = [event.text for event in session.events if isinstance(event, Text)]
    by = dict(zip([event.start for event in session.events if isinstance(event, Text)], noises(), strict=True))
    asked = [wish.start for wish in session.wishes() if wish.lit and wish.end > wish.start]
    texts = dict(zip(by, heard, strict=True))
    guest, host = ([texts[at] for at in asked if (by[at] == 3.0) == visits] for visits in (True, False))
    assert apart(guest, host) > 0.35, "in other words"


@pytest.mark.parametrize("scenario", ["steady", "changes", "two people"])
def test_those_who_live_there_are_misheard_alike(
    composer: Composer, noises: Callable[[], list[float]], scenario: Scenario
) -> None:
    composer.compose(0, 1.5, 100, scenario)
    assert set(noises()) == {1.5}


# all together


@pytest.mark.parametrize("name", ["explicit", "bayes"])
def test_who_is_alone_in_the_lamps_place_learns_and_is_counted(composer: Composer, name: str) -> None:
    session = composer.compose(0, 0.0, 60)
    outcomes = live(name, session, 0).outcomes
    assert [one.wish for one in outcomes] == session.wishes()
    assert Tally.of(spoken(outcomes, 30, 60)).f1 > 0.5
    assert [one.acts for one in live(name, session, 0).outcomes] == [one.acts for one in outcomes]


def test_windows_of_a_house_that_changes(data_folder: Path) -> None:
    for scenario, windows in (("steady", learners.WINDOWS), ("changes", learners.WINDOWS | learners.CHANGED)):
        tallies, curve = learners.lived(learners.Task("explicit", str(data_folder), 0, 1.0, scenario))
        assert tallies.keys() == windows.keys()
        whole = Tally.total([tallies[name] for name in learners.WINDOWS])
        assert whole == Tally.total(curve)


def test_main_prints_all_as_json(
    data_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # main sets it for its processes
    options = ["--households", "1", "--noise", "1", "--learners", "explicit", "--no-speed", "--jobs", "1"]
    assert bench("learners", [*options, "--data", str(data_folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["figures"]["learners"]
    assert found.keys() == {"learners", "speed"} and found["speed"] == {}
    (row,) = found["learners"].values()
    assert list(found["learners"]) == ["explicit"]
    assert row.keys() == {"windows", "curve", "noise"}
    assert list(row["windows"]) == list(learners.WINDOWS)
    assert row["noise"] == {"1": row["windows"]}
    for figures in row["windows"].values():
        assert figures.keys() == {*Tally.of([]).figures(), "worst_decile_f1"}
        assert figures["worst_decile_f1"] == figures["f1"]
        assert all(0 <= figures[name] <= 1 for name in ("f1", "precision", "recall"))
    assert all(0 <= point <= 1 for point in row["curve"]) and len(row["curve"]) > 3
    assert row["windows"]["20 to 150"]["f1"] > 0.8


@pytest.mark.parametrize("options", [["--learners", "oracle"], ["--scenario", "a flood"]])
def test_main_refuses_what_it_does_not_know(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench("learners", options)
    assert options[1] in capsys.readouterr().err


def test_main_says_where_there_is_no_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMPD_DATA", "")  # it is set to what is given
    with pytest.raises(SystemExit):
        bench("learners", ["--data", str(tmp_path)])
    assert "LAMPD_DATA" in capsys.readouterr().err
