"""`python -m lampd.cli.manual FOLDER`: what may be typed after lampctl comes in; its man page leaves, and what shells
complete it by. They are kept in deploy/shell, and a test holds them to the parser."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from lampd.cli.parser import parser

INTRODUCTION = r""".TH LAMPCTL 1 "" lampd "lampd"
.ad l
.SH NAME
lampctl \- look in on a lamp that learns what you say from the flips of its switch
.SH SYNOPSIS
.B lampctl
[\fB\-\-config\fR \fIFILE\fR | \fB\-\-name\fR \fINAME\fR] \fICOMMAND\fR ...
.SH DESCRIPTION
lampctl asks the daemon
.B lampd
over a Unix socket, or reads what it has left on disk where it is down. It is for root and for who is in the group
lampd.
.SH COMMANDS
"""
CONCLUSION = r""".SH EXIT STATUS
.TP
.B 0
Well; done.
.TP
.B 1
Degraded, refused, or nothing to show; the reason is on standard error. Of levels and doctor: something to look at.
.TP
.B 2
The daemon is not running, or the command line is wrong. Of doctor: something is bad; of levels: nothing can be heard.
.TP
.B 130
Ended by Ctrl-C.
.SH ENVIRONMENT
.TP
.B LAMPD_CONFIG
The configuration, where it is not the default one.
.TP
.B LAMPD_NAME
Which of several lamps on a board is asked.
.SH FILES
.TP
.I /etc/lampd/lampd.yaml
The owner's configuration: what differs from the defaults.
.TP
.I /etc/lampd/NAME.yaml
That of one of several lamps, lampd@NAME, whose files are in NAME below.
.TP
.I /var/lib/lampd
The journal, the models, recorded sessions, voices.
.TP
.I /run/lampd/control.sock
Where the daemon answers: a JSON object a line.
"""
NAMES = {"bash": "lampctl.bash", "zsh": "_lampctl", "fish": "lampctl.fish"}

Parser = argparse.ArgumentParser


def commands(top: Parser, name: str = "") -> Iterator[tuple[str, Parser]]:
    """All commands that have no commands of their own, with their full names."""
    inside = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    if not inside:
        yield name, top
    for action in inside:
        for word, command in action.choices.items():
            yield from commands(command, f"{name} {word}".strip())


def page(top: Parser) -> str:
    """The man page, in roff."""
    lines = [INTRODUCTION]
    for name, command in commands(top):
        positional = [action for action in command._actions if not action.option_strings]
        usage = " ".join([f"\\fB{_plain(name)}\\fR", *(_argument(action) for action in positional)])
        lines += [".SS " + usage, _plain(command.description or "")]
        for action in command._actions:
            if "--help" not in action.option_strings and action.help:
                lines += [".TP", _option(action) if action.option_strings else _argument(action), _plain(action.help)]
    return "\n".join(lines) + "\n" + CONCLUSION


def _plain(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-")


def _value(action: argparse.Action) -> str:
    if action.metavar:
        words = action.metavar if isinstance(action.metavar, tuple) else (action.metavar,)
        return " ".join(f"\\fI{_plain(word)}\\fR" for word in words)
    if action.choices:
        return "|".join(f"\\fB{_plain(str(choice))}\\fR" for choice in action.choices)
    return f"\\fI{_plain(action.dest.upper())}\\fR"


def _argument(action: argparse.Action) -> str:
    value = _value(action)
    many = {"+": f"{value} ...", "*": f"[{value} ...]", "?": f"[{value}]", argparse.REMAINDER: f"[{value} ...]"}
    return many.get(str(action.nargs), value)


def _option(action: argparse.Action) -> str:
    names = ", ".join(f"\\fB{_plain(name)}\\fR" for name in action.option_strings)
    return names if action.nargs == 0 else f"{names} {_argument(action)}"


def completion(top: Parser, shell: str) -> str:
    """What `shell` completes by."""
    import shtab

    for _, command in commands(top):
        for action in command._actions:
            if action.metavar in ("FILE", "PATH", "PNG"):
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif action.metavar == "DIR":
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    script: str = shtab.complete(top, shell)
    return script


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lampctl.1").write_text(page(parser()), "utf-8")
    for shell, name in NAMES.items():
        (folder / name).write_text(completion(parser(), shell), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
