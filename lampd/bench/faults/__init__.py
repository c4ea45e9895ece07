"""Break the lamp on purpose, and count what is lost: one campaign a module.

A campaign has FULL and SHORT, how often each fault is made, and `run(times, seed, say) -> Outcome`; it `say`s how far
it is. Equal seeds make the same faults, as far as a lamp that runs free can be made to meet them alike.
"""

import argparse
import sys
import time
from collections.abc import Callable
from importlib import import_module

from msgspec import Struct, structs

from lampd.bench import Refused, Report

Say = Callable[[str], None]
QUICK = ("--short",)

CAMPAIGNS: dict[str, str] = {
    "processes": "stages that are killed, hang or get no more memory, and the parent of them",
    "power": "kills of all processes at once, and what is left of files that were not synced",
    "disk": "a disk that is full, has no more files, turns read-only, is slow; a journal for years",
    "clock": "a clock on the wall that jumps by years, begins in 1970, changes to summer time",
    "microphone": "microphones that vanish, hang, are muted or replaced; hours of silence and of hum",
    "pins": "directives and hands at any times, loose and stuck buttons, a chip that goes or is taken",
    "month": "days of a thousand utterances, and what they leave in memory, files and learning",
    "chatter": "hours of talk that nobody composed for it, and people who make it wrong on purpose",
}
"""Modules of this package, in order, with what each breaks."""


class Outcome(Struct, frozen=True):
    """What a campaign came to: `counts` of what was done to the lamp and of what came of it, by what they count; and in
    a sentence each, `broken`, what did not hold of what the lamp promises."""

    counts: dict[str, float]
    broken: list[str]

    def line(self, name: str) -> str:
        """One line for people, which begins with the campaign's `name`."""
        said = ", ".join(f"{round(count, 3):,} {what}" for what, count in self.counts.items())
        return f"{name}: {said}; {len(self.broken) or 'none'} of its promises broken"


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def options(parser: argparse.ArgumentParser) -> None:
    listed = "; ".join(f"{name}: {text}" for name, text in CAMPAIGNS.items())
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{listed} (all)")
    parser.add_argument("--times", type=int, metavar="N", help="each fault")
    parser.add_argument("--short", action="store_true", help="as the tests run it")
    parser.add_argument("--seed", type=int, default=0, help="of when and where (0)")


def run(arguments: argparse.Namespace) -> Report:
    names = arguments.names or [*CAMPAIGNS]
    if unknown := [name for name in names if name not in CAMPAIGNS]:
        raise Refused(f"no campaign is called {unknown[0]}: there are {', '.join(CAMPAIGNS)}")
    outcomes, lines = {}, []
    for name in names:
        campaign = import_module(f"lampd.bench.faults.{name}")
        times = arguments.times or (campaign.SHORT if arguments.short else campaign.FULL)
        began = time.monotonic()
        outcomes[name] = outcome = campaign.run(times, arguments.seed, _say)
        lines += [f"{outcome.line(name)} ({time.monotonic() - began:.0f} s)", *(f"  {one}" for one in outcome.broken)]
        _say(lines[-1 - len(outcome.broken)])
    figures = {name: structs.asdict(outcome) for name, outcome in outcomes.items()}
    return Report(figures, "\n".join(lines), not any(outcome.broken for outcome in outcomes.values()))
