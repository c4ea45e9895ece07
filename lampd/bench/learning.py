"""Learning from text households, closed loop, from nothing: the figures of the first 20 commands, and of those after.

Each household of households.py is played on its own through the anticipator, the trainer and the operator, with the
training that each change of the data asks for. Rates are over all households together.
"""

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

from lampd import config
from lampd.bench import data
from lampd.bench.households import Composer
from lampd.household import Household
from lampd.messages import Acted, AnyMessage, Correction, Example, Transcript
from lampd.replay import play, stages_here, state
from lampd.score import Outcome, Score
from lampd.session import Session

EARLY = 20


class Repeats:
    """Counts acts that a hand had corrected on the very same words, with no flip since to say otherwise."""

    def __init__(self) -> None:
        self.count = 0
        self._texts: dict[int, str] = {}
        self._wrong: set[tuple[str, bool]] = set()

    def observe(self, message: AnyMessage) -> None:
        match message:
            case Transcript():
                self._texts[message.utterance] = message.text.casefold()
            case Acted():
                self.count += (self._texts[message.utterance], message.lit) in self._wrong
            case Correction():
                self._wrong.add((self._texts[message.utterance], message.lit))
            case Example(possible=("lit",) | ("dark",)):
                self._wrong.discard((message.text.casefold(), message.possible == ("lit",)))


def split(outcomes: list[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """Outcomes of the first commands with the chatter among them, and of the rest."""
    commands = 0
    for index, outcome in enumerate(outcomes):
        commands += outcome.command
        if commands > EARLY:
            return outcomes[:index], outcomes[index:]
    return outcomes, []


def figures(score: Score, outcomes: list[Outcome]) -> dict[str, Any]:
    summary = score.summary(outcomes)
    chatter = sum(outcome.wish.lit is None for outcome in outcomes)
    return {
        "lit_f1": summary["lit"]["f1"],
        "dark_f1": summary["dark"]["f1"],
        "false_per_1000": round(1000 * summary["false_acts"] / chatter, 2) if chatter else None,
        "wrong_direction": summary["wrong_direction"],
        "acts": summary["acts"],
        "chatter": chatter,
    }


def measure(sessions: list[Session]) -> dict[str, Any]:
    """Play each session from nothing, and sum up."""
    early: list[Outcome] = []
    late: list[Outcome] = []
    rates, repeats = [], 0
    for seed, session in enumerate(sessions):
        score, watch = Score(session.wishes()), Repeats()
        with state(config.load(None, board="laptop"), None) as (settings, journal):
            stages = stages_here(settings, journal, session)
            began = time.perf_counter()
            household = Household(session.wishes(), seed)
            play(session, stages, journal, household, observers=(score.observe, watch.observe))
            rates.append(len(score.decisions) / (time.perf_counter() - began))
        repeats += watch.count
        first, rest = split(score.outcomes)
        early += first
        late += rest
    return {
        "first 20 commands": figures(score, early),
        "after": figures(score, late),
        "corrected_acts_repeated": repeats,
        "utterances_per_s": {"median": round(statistics.median(rates)), "best": round(max(rates))},
    }


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lampctl bench learning", description=__doc__.split("\n")[0])
    parser.add_argument("--households", type=int, default=12)
    parser.add_argument("--commands", type=int, default=60)
    parser.add_argument("--data", type=Path, help="the data folder (LAMPD_DATA)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    given = data.needed(parser, arguments.data)
    composer = Composer(given)
    rows: dict[str, Any] = {}
    for noise in (1.0, 2.0):
        sessions = [composer.compose(seed, noise, arguments.commands) for seed in range(arguments.households)]
        rows[f"{noise:g} x measured errors"] = measure(sessions)
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return 0
    print(f"{arguments.households} households, {arguments.commands} commands each, 3 pieces of chatter a command")
    print(f"{'':22} {'':18} {'F1 lit':>7} {'F1 dark':>8} {'false acts':>12} {'wrong way':>10}")
    for name, row in rows.items():
        for part in ("first 20 commands", "after"):
            f = row[part]
            print(
                f"{name:22} {part:18} {f['lit_f1']:7.3f} {f['dark_f1']:8.3f} {f['false_per_1000']:7.1f}/1000 "
                f"{f['wrong_direction']:6} of {f['acts']}"
            )
        rate = row["utterances_per_s"]
        print(f"{'':22} utterances a second, training included: median {rate['median']}, best {rate['best']}")
        print(f"{'':22} acts repeated on words they were corrected on: {row['corrected_acts_repeated']}")
    return 0
