"""`lampctl history | relabel | undo | forget`: what was heard, and its owner's last word about it.

They ask the daemon where one runs, and else change the journal themselves.
"""

import argparse
import json
import re
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from lampd import control, history
from lampd.cli.ask import DEGRADED, WELL, load, open_journal
from lampd.journal import Journal
from lampd.messages import AnyMessage
from lampd.settings import Settings

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def shown(arguments: argparse.Namespace) -> int:
    """`lampctl history`"""
    settings = load(arguments)
    journal = open_journal(settings) if settings else None
    if not journal:
        return DEGRADED
    rows = history.past(journal, arguments.n, arguments.words or "")
    for row in rows:
        print(json.dumps(msgspec.to_builtins(row)) if arguments.json else _line(row))
    if not rows:
        print(
            "lampctl: nothing like that was heard" if arguments.words else "lampctl: nothing was heard yet",
            file=sys.stderr,
        )
    return WELL


def _line(row: history.Past) -> str:
    when = time.strftime("%m-%d %H:%M:%S", time.localtime(row.wall))
    did = {"lit": "made it lit", "dark": "made it dark", "nothing": ""}[row.did] + (
        ", wrongly" if row.corrected else ""
    )
    meant = f"{' or '.join(row.possible)} ({row.cause})" if row.possible else "-"
    return f"{row.utterance:6}  {when}  {meant:26}  {did:20}  “{row.text}”"


def relabel(arguments: argparse.Namespace) -> int:
    """`lampctl relabel`"""
    asked = {"ask": "relabel", "utterances": arguments.utterances, "meant": arguments.meant}

    def here(journal: Journal) -> control.Request:
        return _write([history.told(journal, one, arguments.meant) for one in arguments.utterances], journal)

    return _done(arguments, asked, here)


def undo(arguments: argparse.Namespace) -> int:
    """`lampctl undo`"""
    return _done(arguments, {"ask": "undo"}, lambda journal: _write([history.undone(journal)], journal))


def _write(examples: "list[Any]", journal: Journal) -> control.Request:
    messages: list[AnyMessage] = examples
    for message in messages:
        journal.write(message)
    return {"done": [[example.utterance, example.possible] for example in examples]}


def forget(arguments: argparse.Namespace) -> int:
    """`lampctl forget`"""
    settings = load(arguments)
    journal = open_journal(settings) if settings else None
    if not settings or not journal:
        return DEGRADED
    try:
        rows = _chosen(arguments, journal)
    except ValueError as error:
        print(f"lampctl: {error}", file=sys.stderr)
        return DEGRADED
    if not rows:
        print("lampctl: nothing like that was heard", file=sys.stderr)
        return DEGRADED
    for row in rows:
        print(_line(row))
    sessions = sorted(path.parent for path in (Path(settings.state_dir) / "sessions").glob("*/session.yaml"))
    if sessions:
        print(f"recorded sessions are yours to delete: {', '.join(map(str, sessions))}")
    journal.close()
    if not arguments.yes:
        if not sys.stdin.isatty():
            print("lampctl: nothing is forgotten without --yes, or a yes at a terminal", file=sys.stderr)
            return DEGRADED
        if input(f"forget {len(rows)} of them for ever? [y/N] ").strip().lower() != "y":
            return DEGRADED
    numbers = [row.utterance for row in rows]

    def here(journal: Journal) -> control.Request:
        history.forget(Path(settings.state_dir), journal, numbers)
        return {"done": [[number, ()] for number in numbers]}

    code = _done(arguments, {"ask": "forget", "utterances": numbers}, here, quiet=True)
    if code == WELL:
        print(f"forgotten: {len(numbers)}")
    return code


def _chosen(arguments: argparse.Namespace, journal: Journal) -> list[history.Past]:
    since = time.time() - seconds(arguments.since) if arguments.since else 0.0
    rows = history.past(journal, None, arguments.words or "", since)
    if arguments.all or arguments.since or arguments.words:
        return rows
    last = rows[-1].utterance if rows else 0
    numbers = {last if one == "last" else int(one) for one in arguments.which}
    return [row for row in rows if row.utterance in numbers]


def seconds(duration: str) -> float:
    """Of `90s`, `5m`, `1h` or `2d`. Raises ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", duration)
    if not found:
        raise ValueError(f"{duration!r} is no duration: 90s, 5m, 1h, 2d")
    return float(found[1]) * UNITS[found[2]]


def _done(arguments: argparse.Namespace, request: control.Request, here: Any, quiet: bool = False) -> int:
    """Have the daemon do it, or do it `here` where none runs."""
    settings = load(arguments)
    if not settings:
        return DEGRADED
    try:
        answer = control.ask(Path(settings.control_socket), request)
    except control.NotRunning:
        answer = _here(settings, here)
    if "error" in answer:
        print(f"lampctl: {answer['error']}", file=sys.stderr)
        return DEGRADED
    for number, possible in () if quiet else answer["done"]:
        print(f"utterance {number} means {' or '.join(possible) or 'nothing that is known'}")
    return WELL


def _here(settings: Settings, here: Any) -> control.Request:
    journal = open_journal(settings)
    if not journal:
        return {"error": "lampd is down"}
    try:
        answer: control.Request = here(journal)
    except (history.HistoryError, sqlite3.Error, OSError) as error:
        return {"error": str(error)}
    finally:
        journal.close()
    return answer
