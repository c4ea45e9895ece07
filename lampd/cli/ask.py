"""The commands that ask a running lamp, or look at what it left on disk.

Exit codes: 0 well, 1 degraded or refused, 2 not running.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lampd import config, control
from lampd.settings import Settings

if TYPE_CHECKING:
    from lampd.journal import Journal

WELL, DEGRADED, DOWN = 0, 1, 2


def load(arguments: argparse.Namespace) -> Settings | None:
    try:
        return config.load(config.owners_file(arguments.config))
    except config.ConfigError as error:
        print(f"lampctl: {error}", file=sys.stderr)
        return None


def _ask(arguments: argparse.Namespace, request: control.Request) -> tuple[int, control.Request]:
    """The exit code so far, and the daemon's answer."""
    settings = load(arguments)
    if not settings:
        return DEGRADED, {}
    try:
        answer = control.ask(Path(settings.control_socket), request)
    except control.NotRunning as error:
        print(f"lampctl: {error}", file=sys.stderr)
        return DOWN, {}
    if "error" in answer:
        print(f"lampctl: {answer['error']}", file=sys.stderr)
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
        _print_status(answer)
    return WELL if answer["well"] else DEGRADED


def _print_board(board: dict[str, Any]) -> None:
    told = []
    if board["temperature_c"] is not None:
        told.append(f"{board['temperature_c']:.0f} °C")
    if board["undervoltage"]:
        told.append("its power supply is too weak: use the board's own, and a short, thick cable")
    if board["learning_rests"]:
        told.append("learning rests until that is over")
    if told:
        print(f"{'board':12} {'; '.join(told)}")


def _print_status(answer: dict[str, Any]) -> None:
    up = int(answer["up_s"])
    lamp = "● lit" if answer["lit"] else "○ dark"
    print(f"{lamp}   lampd {answer['version']}, up {up // 3600}:{up // 60 % 60:02}:{up % 60:02}")
    print()
    for name, stage in answer["stages"].items():
        memory = f"{stage['memory_mb']:6.0f} MB" if stage["memory_mb"] else "        -"
        line = (
            f"{name:12} {stage['state']:9}{memory}  pulse {stage['pulse_s']:5.1f} s ago  restarts {stage['restarts']}"
        )
        dropped = f"  dropped {stage['dropped']}" if stage["dropped"] else ""
        told = [f"\n             {text}" for text in (stage["error"], stage["note"]) if text]
        print(line + dropped + "".join(told))
    print(f"{'hub':12} {'':9}{answer['hub_memory_mb']:6.0f} MB")
    _print_board(answer["board"])
    if not answer["listens"]:
        print("privacy      it does not listen: press the privacy button, or lampctl resume listening")
    print()
    known = ", ".join(f"{count} {tag}" for tag, count in answer["known"].items() if count) or "nothing yet"
    print(f"learned from {known}")
    model = answer["model"]
    print(
        f"model        {model['kind']} {model['version']}"
        if model
        else "model        none yet: it takes a flip for each"
    )
    if judged := answer["judged"]:
        losses = ", ".join(f"{name} {loss:.3f}" for name, loss in sorted(judged["losses"].items(), key=lambda x: x[1]))
        print(f"drives       {judged['driver']}, acting above {judged['act_above']:.2f}")
        print(f"loss         {losses or 'not known before ten wishes'} (nats an utterance; less is better)")
    scores = answer["scores"]
    print(f"acts         {scores['acts']}, corrected {scores['corrected']}, missed {scores['missed']}")
    if answer["journal_error"]:
        print(f"journal      fails: {answer['journal_error']}; what happens now will not be remembered")
    if answer["recording"]:
        print(f"recording    into {answer['recording']}")
    print()
    import msgspec

    from lampd.messages import AnyMessage
    from lampd.story import sentence

    for message in answer["recent"]:
        if line := sentence(msgspec.convert(message, AnyMessage)):
            print(line)


def press(arguments: argparse.Namespace) -> int:
    lit = {"flip": None, "on": True, "off": False}[arguments.name]
    return _ask(arguments, {"ask": "press", "lit": lit})[0]


def record(arguments: argparse.Namespace) -> int:
    folder = str(Path(arguments.folder).absolute()) if arguments.folder else "new"
    code, answer = _ask(arguments, {"ask": "record", "folder": folder if arguments.what == "start" else None})
    if not code:
        print(f"{'recording into' if arguments.what == 'start' else 'recorded'} {answer['folder']}")
    return code


def listen(arguments: argparse.Namespace) -> int:
    code, _ = _ask(arguments, {"ask": "listen", "listens": arguments.listens})
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
        print(f"lampctl: {error}", file=sys.stderr)
        return None


def log(arguments: argparse.Namespace) -> int:
    """Reads the journal itself, so that it also works while the lamp is down."""
    from lampd.story import fields, sentence

    settings = load(arguments)
    journal = open_journal(settings) if settings else None
    if not journal:
        return DEGRADED if settings is None or _journal_of(settings).exists() else DOWN
    for wall, message in journal.tail(arguments.n):
        if arguments.json:
            print(json.dumps({"wall": wall, **fields(message)}))
        elif line := sentence(message):
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
        print(f"lampctl: {error}", file=sys.stderr)
        return DEGRADED
    return WELL
