"""What may be typed after `lampctl session`."""

import argparse


def fill(command: argparse.ArgumentParser) -> None:
    """Add the actions of `lampctl session` to its parser."""
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, text: str, *parts: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        for part in parts:
            told = "as list has it, or a folder" if part == "NAME" else None
            action.add_argument(part.lower(), metavar=part, help=told)
        return action

    add("list", "what was recorded").add_argument("--json", action="store_true", help="one JSON object a line")
    show = add("show", "what happened in it", "NAME")
    show.add_argument("--json", action="store_true", help="its events, one JSON object a line")
    _span(add("play", "hear it again, and see what happens", "NAME"))
    export = add("export", "put it into one file", "NAME", "FILE")
    export.add_argument("--without-sound", action="store_true", help="leave its sound out; transcripts stand in")
    export.add_argument("--force", action="store_true", help="even if there is such a file")
    add("import", "take in such a file", "FILE").add_argument("name", nargs="?", metavar="NAME", help="its new name")
    trim = add("trim", "keep only a part of it, sound and all", "NAME")
    trim.add_argument("new", nargs="?", metavar="NEW", help="leave it as it is, and keep the part under this name")
    _span(trim)
    add("delete", "delete it for ever", "NAME").add_argument("--yes", action="store_true", help="without asking")


def _span(action: argparse.ArgumentParser) -> None:
    action.add_argument("--from", dest="begin", type=moment, default=0.0, metavar="T", help="90 or 1:30 (the start)")
    action.add_argument("--to", dest="end", type=moment, metavar="T", help="90 or 1:30 (the end)")


def moment(words: str) -> float:
    """Seconds from the start of a session, of `90`, `1:30` or `1:01:30.5`. Raises ValueError."""
    seconds = 0.0
    for part in words.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds
