"""The commands that ask a running lamp, or look at what it left on disk.

Exit codes: 0 well, 1 degraded or refused, 2 not running.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lampd import config, control
from lampd.settings import Settings

if TYPE_CHECKING:
    from lampd.journal import Journal

WELL, DEGRADED, DOWN = 0, 1, 2


def complain(error: object) -> None:
    """Say what is wrong, whoever's words are in it."""
    from lampd.story import readable

    print("\n".join(map(readable, f"lampctl: {error}".splitlines())), file=sys.stderr)


def load(arguments: argparse.Namespace) -> Settings | None:
    try:
        return config.load(config.owners_file(arguments.config))
    except config.ConfigError as error:
        complain(error)
        return None


def _ask(arguments: argparse.Namespace, request: control.Request) -> tuple[int, control.Request]:
    """The exit code so far, and the daemon's answer."""
    settings = load(arguments)
    if not settings:
        return DEGRADED, {}
    try:
        answer = control.ask(Path(settings.control_socket), request)
    except control.NotRunning as error:
        complain(error)
        return DOWN, {}
    if "error" in answer:
        complain(answer["error"])
        return DEGRADED, {}
    return WELL, answer


def status(arguments: argparse.Namespace) -> int:
    code, answer = _ask(arguments, {"ask": "status"})
    if code:
        if arguments.json:
            print(json.dumps({"well": False, "running": code != DOWN}))
        return code
    if arguments.json:
        print(json.dumps(answer, indent=1))
    else:
        from lampd.cli.status import lines

        print("\n".join(lines(answer)))
    return WELL if answer["well"] else DEGRADED


def press(arguments: argparse.Namespace) -> int:
    """`lampctl flip | on | off`"""
    return _ask(arguments, {"ask": "flip", "lit": {"flip": None, "on": True, "off": False}[arguments.name]})[0]


def record(arguments: argparse.Namespace) -> int:
    folder = str(Path(arguments.folder).absolute()) if arguments.folder else "new"
    code, answer = _ask(arguments, {"ask": "record", "folder": folder if arguments.what == "start" else None})
    if not code:
        print(f"{'recording into' if arguments.what == 'start' else 'recorded'} {answer['folder']}")
        if answer.get("incomplete"):
            print(f"lampctl: not to its end: {answer['incomplete']}", file=sys.stderr)
            return DEGRADED
    return code


def pause(arguments: argparse.Namespace) -> int:
    """`lampctl pause WHAT [--for TIME]`"""
    code, _ = _ask(arguments, {"ask": "pause", "what": arguments.what, "for_s": arguments.seconds})
    if not code:
        from lampd.story import duration

        until = f" for {duration(arguments.seconds)}" if arguments.seconds else f": lampctl resume {arguments.what}"
        print(f"it stops {arguments.what}{until}")
    return code


def resume(arguments: argparse.Namespace) -> int:
    """`lampctl resume WHAT`"""
    code, _ = _ask(arguments, {"ask": "resume", "what": arguments.what})
    if not code:
        print(f"it goes on {arguments.what}")
    return code


def autonomy(arguments: argparse.Namespace) -> int:
    """`lampctl autonomy [LIMIT]`"""
    if arguments.limit:
        code, _ = _ask(arguments, {"ask": "limit", "limit": arguments.limit})
        if code:
            return code
    code, answer = _ask(arguments, {"ask": "status"})
    if not code:
        from lampd.cli.status import freedom

        print(json.dumps(answer["autonomy"]) if arguments.json else freedom(answer))
    return code


def _journal_of(settings: Settings) -> Path:
    return Path(settings.state_dir) / "journal.db"


def open_journal(settings: Settings) -> "Journal | None":
    """The journal, whether the lamp is up or down; None, with a word about it, where there is none to read."""
    from lampd.journal import Journal, JournalError
    from lampd.voice.identity import identity

    path = _journal_of(settings)
    if not path.exists():
        print(f"lampctl: there is no journal at {path} yet", file=sys.stderr)
        return None
    try:
        return Journal(path, boot="", voice=identity(settings.transcriber.voice))
    except JournalError as error:
        complain(error)
        return None


def log(arguments: argparse.Namespace) -> int:
    """Reads the journal itself, so that it also works while the lamp is down."""
    from lampd.story import fields, sentence

    settings = load(arguments)
    if not settings:
        return DEGRADED
    journal = open_journal(settings)
    if not journal:
        return DEGRADED if _journal_of(settings).exists() else DOWN
    for wall, message in journal.tail(arguments.n):
        if arguments.json:
            print(json.dumps({"wall": wall, **fields(message)}))
        elif line := sentence(message, settings.thing):
            print(time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall)), line)
    return WELL


def config_check(arguments: argparse.Namespace) -> int:
    settings = load(arguments)
    if not settings:
        return DEGRADED
    import msgspec
    import yaml

    from lampd.voice.folder import VoiceError, folder_of

    print(yaml.safe_dump(msgspec.to_builtins(settings), sort_keys=False), end="")
    try:
        folder_of(settings.transcriber.voice)
    except VoiceError as error:
        complain(error)
        return DEGRADED
    return WELL
