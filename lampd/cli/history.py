"""`lampctl history | relabel | teach | undo | forget`: what was heard, and its owner's last word about it.

They ask the daemon where one runs, and else change the journal themselves.
"""

import argparse
import json
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from lampd import control, elapsed, history
from lampd.cli.ask import DEGRADED, WELL, complain, load, open_journal
from lampd.journal import Journal, boot_id
from lampd.messages import Example, Said, Tag
from lampd.settings import Settings, Thing
from lampd.story import meaning, readable
from lampd.why import said_then, thinks

Here = Callable[[Journal], list[Example]]
SHOWN = 5
"""Of the words that are forgotten, for so many it is shown what it thinks of them before and afterwards."""


def shown(arguments: argparse.Namespace) -> int:
    """`lampctl history`"""
    settings = load(arguments)
    journal = open_journal(settings) if settings else None
    if not settings or not journal:
        return DEGRADED
    rows = history.past(journal, arguments.n, arguments.words or "")
    for row in rows:
        print(json.dumps(msgspec.to_builtins(row)) if arguments.json else _line(row, settings.thing))
    if not rows:
        print(
            "lampctl: nothing like that was heard" if arguments.words else "lampctl: nothing was heard yet",
            file=sys.stderr,
        )
    return WELL


def _line(row: history.Past, thing: Thing) -> str:
    when = time.strftime("%m-%d %H:%M:%S", time.localtime(row.wall))
    did = "" if row.did == "nothing" else f"made it {meaning(row.did, thing)}{', wrongly' if row.corrected else ''}"
    meant = f"{' or '.join(meaning(tag, thing) for tag in row.possible)} ({row.cause})" if row.possible else "-"
    return f"{row.utterance:6}  {when}  {meant:26}  {did:20}  “{readable(row.text)}”"


def _tag(word: str, thing: Thing) -> Tag:
    """What a word of people means. Raises HistoryError."""
    names: dict[str, Tag] = {thing.lit: "lit", thing.dark: "dark", "lit": "lit", "dark": "dark", "nothing": "nothing"}
    if word not in names:
        raise history.HistoryError(f"{word}: must be {thing.lit}, {thing.dark} or nothing")
    return names[word]


def relabel(arguments: argparse.Namespace) -> int:
    """`lampctl relabel N ... MEANT`"""

    def asked(settings: Settings) -> tuple[control.Request, Here]:
        meant, numbers = _tag(arguments.meant, settings.thing), arguments.utterances
        request = {"ask": "relabel", "utterances": numbers, "meant": meant}
        return request, lambda journal: [history.told(journal, one, meant) for one in numbers]

    return _told(arguments, asked)


def teach(arguments: argparse.Namespace) -> int:
    """`lampctl teach WORDS MEANT`"""

    def asked(settings: Settings) -> tuple[control.Request, Here]:
        meant, words = _tag(arguments.meant, settings.thing), arguments.words
        _writable(words, settings)
        request = {"ask": "teach", "said": {"text": words}, "meant": meant}
        return request, lambda journal: [history.taught(journal, Said(words), meant, 0.0)]

    code = _told(arguments, asked)
    if code == WELL:
        print("It knows them if its ear writes them so: see lampctl history. Surer: say them, then relabel that.")
    return code


def _writable(words: str, settings: Settings) -> None:
    """Refuse what the ear in use can never write. Raises HistoryError."""
    from lampd.voice.folder import VoiceError, folder_of

    try:
        letters = json.loads((folder_of(settings.transcriber.voice) / "vocab.json").read_text("utf-8"))
    except (VoiceError, OSError, ValueError):
        return
    known = {one.casefold() for one in letters if len(one) == 1} | {" "}
    if strange := sorted(set(words.casefold()) - known):
        raise history.HistoryError(
            f"{words}: its ear never writes {' '.join(strange)}; it writes {''.join(sorted(known))}"
        )


def undo(arguments: argparse.Namespace) -> int:
    """`lampctl undo`"""

    def here(journal: Journal) -> list[Example]:
        return [history.undone(journal, time.monotonic(), boot_id())]

    return _told(arguments, lambda settings: ({"ask": "undo"}, here))


def _told(arguments: argparse.Namespace, asked: Callable[[Settings], tuple[control.Request, Here]]) -> int:
    settings = load(arguments)
    if not settings:
        return DEGRADED
    try:
        request, here = asked(settings)
        answer = _done(settings, request, here)
    except (history.HistoryError, sqlite3.Error, OSError) as error:
        answer = {"error": str(error)}
    if "error" in answer:
        complain(answer["error"])
        return DEGRADED
    for number, possible in answer["done"]:
        meant = " or ".join(meaning(tag, settings.thing) for tag in possible)
        print(f"utterance {number} means {meant or 'nothing that is known'}")
    return WELL


def _done(settings: Settings, request: control.Request, here: Here) -> control.Request:
    """Have the daemon do it, or do it `here` where none runs."""
    try:
        return control.ask(Path(settings.control_socket), request)
    except control.NotRunning:
        journal = open_journal(settings)
    if not journal:
        return {"error": "lampd is down"}
    try:
        examples = here(journal)
        for example in examples:
            journal.write(example)
    finally:
        journal.close()
    return {"done": [[example.utterance, example.possible] for example in examples]}


def forget(arguments: argparse.Namespace) -> int:
    """`lampctl forget`"""
    settings = load(arguments)
    journal = open_journal(settings) if settings else None
    if not settings or not journal:
        return DEGRADED
    rows = _chosen(arguments, journal)
    if not rows:
        print("lampctl: nothing like that was heard", file=sys.stderr)
        journal.close()
        return DEGRADED
    for row in rows:
        print(_line(row, settings.thing))
    sessions = sorted(path.parent for path in (Path(settings.state_dir) / "sessions").glob("*/session.yaml"))
    if sessions:
        print(f"recorded sessions are yours to delete: {', '.join(map(str, sessions))}")
    print("backups that you have made elsewhere are yours to delete, too")
    newest = {row.text: row.utterance for row in rows}
    words = [said_then(journal, number)[0] for number in list(newest.values())[-SHOWN:]]
    before = _thought(journal, settings, words)
    journal.close()
    if not arguments.yes:
        if not sys.stdin.isatty():
            print("lampctl: nothing is forgotten without --yes, or a yes at a terminal", file=sys.stderr)
            return DEGRADED
        if input(f"forget {len(rows)} of them for ever? [y/N] ").strip().lower() != "y":
            return DEGRADED
    numbers = [row.utterance for row in rows]

    def here(journal: Journal) -> list[Example]:
        history.forget(Path(settings.state_dir), journal, numbers)
        return []

    try:
        answer = _done(settings, {"ask": "forget", "utterances": numbers}, here)
    except (sqlite3.Error, OSError) as error:
        answer = {"error": str(error)}
    if "error" in answer:
        complain(answer["error"])
        return DEGRADED
    print(f"forgotten: {len(numbers)}")
    journal = open_journal(settings)
    if journal:
        for was, now in zip(before, _thought(journal, settings, words), strict=True):
            print(f"{was}; now {now.partition(': ')[2]}")
        journal.close()
    return WELL


def _thought(journal: Journal, settings: Settings, words: list[Said]) -> list[str]:
    """What it thinks of words now, one line each."""
    thing = settings.thing
    lines = []
    for said, opinion in zip(words, thinks(journal, settings, words), strict=True):
        each = (f"{meaning(tag, thing)} {likely:.2f}{', and acts' if acts else ''}" for tag, likely, acts in opinion)
        lines.append(f"“{readable(said.text)}”: {', '.join(each)}")
    return lines


def _since(journal: Journal, seconds: float) -> int:
    """The number of the first message of the last `seconds`."""
    return elapsed.first(journal, "transcript", elapsed.last(journal, seconds, time.monotonic(), boot_id()))


def _chosen(arguments: argparse.Namespace, journal: Journal) -> list[history.Past]:
    since = _since(journal, arguments.since) if arguments.since else 0
    rows = history.past(journal, None, arguments.words or "", since)
    if arguments.all or arguments.since or arguments.words:
        return rows
    last = rows[-1].utterance if rows else 0
    numbers = {last if one is None else one for one in arguments.which}
    return [row for row in rows if row.utterance in numbers]
