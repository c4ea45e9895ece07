"""Recorded sessions played again: the same way every time, and to some effect."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from lampd import config, session
from lampd.bench.households import Composer
from lampd.household import Household
from lampd.messages import AnyMessage, Example, Flip
from lampd.replay import play, stages_here, state
from lampd.score import Score
from lampd.session import AnyEvent, Session, Text, Wish

SETTINGS = config.load(board="laptop")
LIT, DARK = ["turn on the light", "some light please"], ["good night everyone", "we are leaving now"]
TALK = ["what is for dinner", "the train was late again", "my light blue scarf is gone", "have a good time tonight"]


def say(start: float, text: str, lit: bool | None) -> list[AnyEvent]:
    end = start + 1.5
    return [Wish(start, lit, start, end), Text(end + 0.5, start, end, text)]


def evening(seed: int, rounds: int = 15) -> Session:
    """Rounds of talk, a wish for light, talk, a wish for dark; no text quite like another."""
    rng = random.Random(f"evening {seed}")
    events: list[AnyEvent] = []
    now = 5.0
    for _ in range(rounds):
        for phrases, lit in ((TALK, None), (LIT, True), (TALK, None), (DARK, False)):
            text = rng.choice(phrases)
            cut = rng.randrange(len(text))
            events += say(now, text[:cut] + text[cut + 1 :], lit)
            now += rng.uniform(13.5, 25.0)
    return Session(f"evening {seed}", tuple(events))


def replay(
    evening: Session, closed: bool = True, seed: int = 0, folder: Path | None = None
) -> tuple[dict[str, Any], list[AnyMessage]]:
    """The figures, and every message."""
    household = Household(evening.wishes(), seed) if closed else None
    score = Score(evening.wishes())
    messages: list[AnyMessage] = []
    with state(SETTINGS, folder) as (settings, journal):
        stages = stages_here(settings, journal, evening)
        play(evening, stages, journal, household, observers=(score.observe, messages.append))
    return score.figures(), messages


def test_an_evening_gives_the_same_figures_every_time() -> None:
    first, second = (replay(evening(1)) for _ in range(2))
    assert first[0] == second[0]
    # models lie in folders of their own
    assert [m for m in first[1] if not hasattr(m, "path")] == [m for m in second[1] if not hasattr(m, "path")]


def test_other_people_respond_otherwise() -> None:
    ones, others = (
        [message.at for message in replay(evening(1), seed=seed)[1] if isinstance(message, Flip)] for seed in (1, 2)
    )
    assert ones and ones != others


def test_it_learns_from_the_flips_alone() -> None:
    figures = replay(evening(1))[0]
    first, *later = figures["windows"]
    assert first["answered"] / first["asked"] < 0.8
    assert sum(window["answered"] for window in later) / sum(window["asked"] for window in later) > 0.85
    assert figures["false_acts"] <= 1 and figures["wrong_direction"] == 0
    assert figures["decisions"][0]["reason"] == "never taught"


def test_without_wishes_come_true_nothing_is_learned() -> None:
    """An open replay of an evening without flips: nobody taught it anything."""
    figures, messages = replay(evening(1), closed=False)
    assert (figures["acts"], figures["flips_by_hand"]) == (0, 0)
    assert {m.cause for m in messages if isinstance(m, Example)} == {"silence"}


def recorded(seed: int) -> Session:
    """An evening with the flips that its people made when nobody had taught the lamp."""
    plain = evening(seed)
    flips = [session.Flip(wish.end + 3.0, wish.lit) for wish in plain.wishes() if wish.lit is not None]
    return Session(plain.title, tuple(sorted((*plain.events, *flips), key=lambda event: event.t)))


def test_an_open_replay_uses_the_recorded_flips() -> None:
    figures, messages = replay(recorded(1), closed=False)
    times = {event.t for event in recorded(1).events if isinstance(event, session.Flip)}
    flips = {message.at for message in messages if isinstance(message, Flip)}
    assert flips and flips <= times
    # where the lamp has done it already, the recorded hand changes nothing
    assert len(flips) + figures["answered"] <= len(times) <= len(flips) + figures["acts"]
    assert figures["answered"] > len(times) / 2


def test_a_closed_loop_ignores_the_recorded_flips() -> None:
    with_flips, without = replay(recorded(1))[0], replay(evening(1))[0]
    assert with_flips["decisions"] == without["decisions"]
    assert with_flips["windows"] == without["windows"]


def test_what_was_learned_is_kept_where_it_is_asked_to_be(tmp_path: Path) -> None:
    alone, _ = replay(evening(2))
    first, _ = replay(evening(1), folder=tmp_path / "lamp")
    second, messages = replay(evening(2), folder=tmp_path / "lamp")
    assert first["decisions"][0]["model"] == "explicit"
    assert alone["first_correct_act"] > 0 == second["first_correct_act"]
    assert second["answered"] > alone["answered"]
    assert second["decisions"][0]["utterance"] == len(first["decisions"]) + 1, "numbers go on"
    assert {m.utterance for m in messages if isinstance(m, Example)}.isdisjoint(
        decision["utterance"] for decision in first["decisions"]
    ), "and what has settled is not told again"


def test_evenings_joined_go_on_learning() -> None:
    figures, _ = replay(session.joined([evening(1), evening(2)]))
    assert figures["wishes"] == 60
    assert sum(window["answered"] for window in figures["windows"][3:]) > replay(evening(2))[0]["answered"]


def test_words_that_were_corrected_never_do_it_again() -> None:
    """A radio says what sounds like a command, over and over, also long after its correction has settled."""
    lines: list[tuple[str, bool | None]] = []
    for _ in range(6):
        lines += [("turn on the light please", True), ("what is for dinner", None), ("good night everyone", False)]
    lines += [("turn on the light police", None), ("the train was late", None)] * 8
    events = [event for number, (text, lit) in enumerate(lines) for event in say(5.0 + 21.0 * number, text, lit)]
    figures, _ = replay(Session("radio", tuple(events)))
    radio = [decision for decision in figures["decisions"] if decision["text"].endswith("police")]
    assert [decision["acted"] for decision in radio] == [True] + [False] * 7


def test_a_session_of_words_needs_neither_recorder_nor_voice() -> None:
    with state(SETTINGS, None) as (settings, journal):
        stages = stages_here(settings, journal, evening(1))
    assert {type(stages[name]).__name__ for name in ("recorder", "transcriber")} == {"Silent"}
    assert "Silent" not in {type(stages[name]).__name__ for name in ("operator", "anticipator", "trainer")}


def test_a_state_that_is_not_asked_for_is_gone_afterwards() -> None:
    with state(SETTINGS, None) as (settings, _):
        folder = Path(settings.state_dir)
        assert folder.is_dir()
    assert not folder.exists()


def lampctl(*arguments: str, hashseed: int = 0) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": str(hashseed)}
    environment.pop("LAMPD_CONFIG", None)
    done = subprocess.run(
        [sys.executable, "-m", "lampd.cli.main", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_line_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    folders = []
    for seed in (1, 2):
        session.write(Session(f"evening {seed}", evening(seed).events, tmp_path / str(seed)))
        folders.append(str(tmp_path / str(seed)))
    first, second = (
        lampctl("replay", *folders, "--closed-loop", "--json", "--seed", "3", hashseed=hashseed) for hashseed in (1, 2)
    )
    assert first == second
    figures = json.loads(first)
    assert figures == json.loads(json.dumps(replay(session.joined([evening(1), evening(2)]), seed=3)[0]))
    named = {"wishes", "acts", "lit", "dark", "wrong_direction", "false_acts", "false_acts_per_hour", "misses"}
    named |= {"flips_by_hand", "first_correct_act", "windows", "reaction_ms", "decisions"}
    assert named <= set(figures)
    assert set(figures["lit"]) == {"precision", "recall", "f1"}


# with the data that is no part of the repository


def test_households_in_their_own_words_are_learned(data_folder: Path) -> None:
    composer = Composer(data_folder)
    acts = {True: [0, 0, 0], False: [0, 0, 0]}  # right, acted, asked
    false = 0
    for seed in (2, 3):
        house = composer.compose(seed)
        household, score = Household(house.wishes(), seed), Score(house.wishes())
        with state(SETTINGS, None) as (settings, journal):
            play(house, stages_here(settings, journal, house), journal, household, observers=(score.observe,))
        twentieth = [outcome for outcome in score.outcomes if outcome.command][20]
        late = [outcome for outcome in score.outcomes if outcome.wish.start >= twentieth.wish.start]
        false += score.summary(late)["false_acts"]
        for lit, counts in acts.items():
            counts[0] += sum(outcome.answered for outcome in late if outcome.wish.lit is lit)
            counts[1] += sum(act.lit is lit for outcome in late for act in outcome.acts + outcome.strays)
            counts[2] += sum(outcome.asked for outcome in late if outcome.wish.lit is lit)
    for right, acted, asked in acts.values():
        assert asked > 25
        assert 2 * right / (acted + asked) >= 0.85
    assert false <= 2
