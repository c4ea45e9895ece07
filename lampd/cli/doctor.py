"""`lampctl doctor`: the lamp and its board come in; a line for each check leaves, as it is made, and what to do first.

Exit codes: 0 all is well, 1 something is to be looked at, 2 something is bad.
"""

import argparse
import json
import os
import sys

from lampd import config
from lampd.doctor.check import Check, met
from lampd.doctor.rounds import first, rounds, worst

CODES = {"ok": 0, "look": 1, "bad": 2}


def main(arguments: argparse.Namespace) -> int:
    error, service = "", "lampd"
    try:
        file = config.owners_file(arguments.config)
        service, settings = config.service_of(file), config.load(file)
    except config.ConfigError as wrong:
        error, settings = str(wrong), config.load()
    lamp = met(settings, error, service)
    found: list[Check] = []
    for one in rounds(lamp, arguments.button):
        found.append(one)
        if not arguments.json:
            print(line(one), flush=True)
    verdict, now = worst(found), first(found)
    if arguments.json:
        rows = [one._asdict() for one in found]
        runs = lamp.answer is not None
        print(json.dumps({"verdict": verdict, "runs": runs, "first": now and now._asdict(), "checks": rows}, indent=1))
    elif now:
        print(f"\nfirst: {now.name}: {now.do}")
    else:
        print("\nall is well")
    sys.stdout.flush()
    # a check that hung must not keep this from ending
    os._exit(CODES[verdict])


def line(one: Check) -> str:
    return f"{one.verdict:5} {one.name:14}{one.found}" + (f"  -> {one.do}" if one.do else "")
