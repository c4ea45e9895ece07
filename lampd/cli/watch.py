"""`lampctl watch`: the messages of a running lamp come in; the live view, lines, or JSON leave."""

import argparse
import json
from pathlib import Path

import msgspec

from lampd import control
from lampd.cli.ask import DEGRADED, DOWN, complain, load
from lampd.messages import AnyMessage, Lamp
from lampd.settings import Thing

REFRESH_S = 0.5
"""Between two drawings: a fast one is not worth a board's time, nor a slow link's."""


def main(arguments: argparse.Namespace) -> int:
    settings = load(arguments)
    if not settings:
        return DEGRADED
    try:
        if arguments.json:
            for message in control.watch(Path(settings.control_socket)):
                print(json.dumps(message), flush=True)
        else:
            _view(arguments, Path(settings.control_socket))
    except control.NotRunning as error:
        complain(error)
    return DOWN


def _view(arguments: argparse.Namespace, path: Path) -> None:
    from lampd.cli.view import View

    answer = control.ask(path, {"ask": "status"})
    thing = msgspec.convert(answer["thing"], Thing)
    title = f"{thing.name}: lampctl watch; Ctrl-C ends it"
    with View(title=title, plain=arguments.plain or None, thing=thing, refresh_s=REFRESH_S) as view:
        begun = False
        for message in control.watch(path):
            view.note = (
                f"{message.pop('missed')} messages were missed: too slow a link" if "missed" in message else view.note
            )
            told = msgspec.convert(message, AnyMessage)
            if not begun and (begun := True):
                view.begin(told.at - answer["up_s"])
                view.observe(Lamp(told.at, answer["lit"]))
            view.observe(told)
