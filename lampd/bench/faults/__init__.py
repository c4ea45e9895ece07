"""Break the lamp on purpose, and count what is lost: one campaign a module.

A campaign has FULL and SHORT, how often each fault is made, and `run(times, seed, say) -> Outcome`; it `say`s how far
it is. Equal seeds make the same faults, as far as a lamp that runs free can be made to meet them alike.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module

from msgspec import Struct, structs

Say = Callable[[str], None]

CAMPAIGNS: dict[str, str] = {}
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


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lampctl bench faults", description=__doc__)
    listed = "; ".join(f"{name}: {text}" for name, text in CAMPAIGNS.items())
    parser.add_argument("names", nargs="+", choices=[*CAMPAIGNS, "all"], metavar="NAME", help=f"{listed}; all")
    how_often = parser.add_mutually_exclusive_group()
    how_often.add_argument("--short", action="store_true", help="as the tests run it")
    how_often.add_argument("--times", type=int, metavar="N", help="each fault")
    parser.add_argument("--seed", type=int, default=0, help="of when and where (0)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    names = list(CAMPAIGNS) if "all" in arguments.names else arguments.names
    outcomes = {}
    for name in names:
        campaign = import_module(f"lampd.bench.faults.{name}")
        times = arguments.times or (campaign.SHORT if arguments.short else campaign.FULL)
        began = time.monotonic()
        outcomes[name] = outcome = campaign.run(times, arguments.seed, _say)
        if not arguments.json:
            print(f"{outcome.line(name)} ({time.monotonic() - began:.0f} s)", flush=True)
            for sentence in outcome.broken:
                print(f"  {sentence}", flush=True)
    if arguments.json:
        print(json.dumps({name: structs.asdict(outcome) for name, outcome in outcomes.items()}))
    return 1 if any(outcome.broken for outcome in outcomes.values()) else 0
