"""Learning from real speech, closed loop, through the real recorder and transcriber.

"Jarvis" means lit and "snowboy" means dark, each said by more than fifty people; "computer" and orders to a coffee
machine are chatter, three to a command. The clips are laid out as a session, a seeded noise floor under them.
"""

import argparse
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from lampd import config
from lampd.bench import data
from lampd.household import Household
from lampd.replay import play, stages_here, state
from lampd.score import Outcome, Score
from lampd.session import AnyEvent, Audio, Session, Wish

RATE = 16_000
CHATTER_PER_COMMAND = 3
FLOOR_S = 20.0
EARLY = 20
"""Commands that are counted apart."""


def compose(folder: Path, target: Path, commands: int, seed: int) -> Session:
    """A session in `target` of real clips from the data `folder`; wishes span the clips."""
    rng = random.Random(f"speech {seed}")
    clips = {
        name: sorted((folder / "speech" / name).glob("*.flac")) for name in ("jarvis", "snowboy", "computer", "coffee")
    }
    for files in clips.values():
        rng.shuffle(files)
    chatter = clips["computer"] + clips["coffee"]
    rng.shuffle(chatter)
    floor = np.random.default_rng(seed).standard_normal(int(FLOOR_S * RATE)) * 12
    soundfile.write(target / "floor.flac", floor.astype(np.int16), RATE)
    events: list[AnyEvent] = []
    now, lit = 5.0, False

    def say(clip: Path, wish: bool | None) -> None:
        nonlocal now
        end = now + soundfile.info(clip).duration
        events.extend((Audio(now, str(clip.absolute())), Wish(now, wish, now, end)))
        now = end + rng.uniform(11.0, 15.0)

    for _ in range(commands):
        kinds = [True] + [False] * CHATTER_PER_COMMAND
        rng.shuffle(kinds)
        for is_command in kinds:
            if is_command:
                lit = not lit
                name = "jarvis" if lit else "snowboy"
                say(clips[name][(len(events) // 2) % len(clips[name])], lit)
            else:
                say(chatter[(len(events) // 2) % len(chatter)], None)
    laps = int(now / FLOOR_S) + 1
    events += [Audio(lap * FLOOR_S, str((target / "floor.flac").absolute())) for lap in range(laps)]
    return Session("real speech", tuple(sorted(events, key=lambda event: event.t)), target)


def split(outcomes: list[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """Outcomes of the first commands with the chatter among them, and of the rest."""
    commands = 0
    for index, outcome in enumerate(outcomes):
        commands += outcome.command
        if commands > EARLY:
            return outcomes[:index], outcomes[index:]
    return outcomes, []


def measure(folder: Path, commands: int, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        session = compose(folder, Path(temporary), commands, seed)
        score = Score(session.wishes())
        with state(config.load(None, board="laptop"), None) as (settings, journal):
            stages = stages_here(settings, journal, session)
            began = time.perf_counter()
            play(session, stages, journal, Household(session.wishes(), seed), observers=(score.observe,))
            took = time.perf_counter() - began
    figures = score.figures()
    early, late = split(score.outcomes)
    return {
        "commands": figures["wishes"],
        "chatter": figures["chatter"],
        "utterances": len(figures["decisions"]),
        "first_20": score.summary(early),
        "after": score.summary(late),
        "false_acts": figures["false_acts"],
        "wrong_direction": figures["wrong_direction"],
        "hours": round(figures["minutes"] / 60, 2),
        "reaction_ms": figures["reaction_ms"],
        "times_real_time": round(60 * figures["minutes"] / took, 1),
    }


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lampctl bench speech", description=__doc__.split("\n")[0])
    parser.add_argument("--commands", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, help="the data folder (LAMPD_DATA)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    given = data.needed(parser, arguments.data)
    row = measure(given, arguments.commands, arguments.seed)
    if arguments.json:
        print(json.dumps(row, indent=1))
        return 0
    print(f"{row['commands']} commands, {row['chatter']} pieces of chatter, {row['utterances']} utterances heard")
    for name, part in (("first 20 commands", row["first_20"]), ("after", row["after"])):
        for tag in ("lit", "dark"):
            figures = {key: "-" if value is None else f"{value:.3f}" for key, value in part[tag].items()}
            print(f"{name:18} {tag:5} F1 {figures['f1']}  precision {figures['precision']}  recall {figures['recall']}")
        print(f"{'':18} false acts {part['false_acts']}, in the wrong direction {part['wrong_direction']}")
    print(f"{row['hours']} hours of lamp time at {row['times_real_time']} times real time")
    return 0
