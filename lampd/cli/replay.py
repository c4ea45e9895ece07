"""`lampctl replay`: session folders come in; what the lamp did with them is shown, told and drawn."""

import argparse
import json
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from lampd import config, session
from lampd.cli.ask import complain
from lampd.household import Household
from lampd.inline import Observer
from lampd.journal import JournalError
from lampd.log import log
from lampd.messages import Tag
from lampd.replay import in_processes, play, play_live, stages_here, state
from lampd.score import Score
from lampd.settings import Settings, Thing
from lampd.story import LAMP, meaning
from lampd.tape import Tape
from lampd.voice.folder import VoiceError


def replay(arguments: argparse.Namespace) -> int:
    log.to(sys.stderr, "warning")
    try:
        evening = session.joined([session.read(Path(folder)) for folder in arguments.folders])
        if arguments.closed_loop and not evening.wishes():
            raise session.SessionError(f"{arguments.folders[0]}: a closed loop needs wishes, and there are none")
        from_nothing = not (arguments.state and (Path(arguments.state) / "journal.db").exists())
        began = time.monotonic()
        settings = config.load(config.owners_file(arguments.config), board="laptop")
        score = _play(arguments, evening, settings)
    except (session.SessionError, config.ConfigError, VoiceError, JournalError, OSError) as error:
        complain(error)
        return 1
    figures = score.figures()
    if arguments.json:
        print(json.dumps(figures))
    else:
        print(in_words(figures, time.monotonic() - began, from_nothing, settings.thing))
    if arguments.picture:
        from lampd.cli.picture import learning_curve

        learning_curve(score, Path(arguments.picture), settings.thing)
        print(f"the learning curve is in {arguments.picture}", file=sys.stderr)
    return 0


def _play(arguments: argparse.Namespace, evening: session.Session, settings: Settings) -> Score:
    household = Household(evening.wishes(), arguments.seed) if arguments.closed_loop else None
    folder = Path(arguments.state) if arguments.state else None
    score = Score(evening.wishes())
    with ExitStack() as stack:
        settings, journal = stack.enter_context(state(settings, folder))
        tape = stack.enter_context(closing(Tape(Path(arguments.tape)))) if arguments.tape else None
        if not arguments.live:
            if arguments.watch:
                print("loading the stages ...", file=sys.stderr, flush=True)
            stages = (
                stack.enter_context(in_processes(settings, journal))
                if arguments.processes
                else stages_here(settings, journal, evening, arguments.text)
            )
        observers: list[Observer] = [score.observe]
        if arguments.watch:
            from lampd.cli.view import View

            observers.append(stack.enter_context(View(score, evening.title, thing=settings.thing)).observe)
        rest = household, arguments.text, tuple(observers), tape
        if arguments.live:
            play_live(evening, settings, journal, *rest)
        else:
            play(evening, stages, journal, *rest)
    return score


def in_words(figures: dict[str, Any], took_s: float, from_nothing: bool, thing: Thing = LAMP) -> str:
    """What a newcomer wants to know."""
    curve = "  ".join(f"{window['answered']}/{window['asked']}" for window in figures["windows"])
    reaction = figures["reaction_ms"]["p50"]
    wrong = figures["false_acts"] + figures["wrong_direction"]
    lines = [
        "",
        f"{figures['minutes']:.0f} minutes of {thing.name} time in {took_s:.0f} s: {figures['wishes']} spoken wishes "
        f"for {thing.lit} or {thing.dark}, among {figures['chatter']} utterances that wanted nothing.",
        f"The {thing.name} {'knew nothing at first' if from_nothing else 'began with what it had learned'}.",
        f"It answered {figures['answered']} of {figures['asked']} wishes by itself; by tens of wishes:  {curve}",
        f"It acted wrongly {wrong} times in {figures['acts']} acts. A hand flipped the switch "
        f"{figures['flips_by_hand']} times, and that is all it learned from.",
    ]
    if reaction is not None:
        lines.append(
            f"It reacted {reaction / 1000:.1f} s after the end of the words (median, thinking time not counted)."
        )
    tags: tuple[Tag, ...] = "lit", "dark"
    for tag in tags:
        f1, precision, recall = (figures[tag][key] for key in ("f1", "precision", "recall"))
        lines.append(f"{meaning(tag, thing):5} precision {_share(precision)}  recall {_share(recall)}  F1 {_share(f1)}")
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "  - " if value is None else f"{value:.2f}"
