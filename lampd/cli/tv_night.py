"""`lampctl tv-night`: household noise, from the running lamp's microphone or from recordings, is learned as meaning
nothing; how often the lamp would have acted on it is told."""

import argparse
import base64
import json
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from lampd import control
from lampd.cli.ask import DEGRADED, DOWN, WELL, complain, load, open_journal
from lampd.settings import Settings
from lampd.story import duration

LOOK_S, TOLD = 1.0, 20
"""Between two looks at how far it is, and how often that is told."""


class Refused(Exception):
    """The reason why it cannot be done."""


def main(arguments: argparse.Namespace) -> int:
    settings = load(arguments)
    if not settings:
        return DEGRADED
    from lampd.session import SessionError

    try:
        report = _recorded(arguments.sound, settings) if arguments.sound else _lived(arguments, settings)
    except control.NotRunning as error:
        complain(error)
        return DOWN
    except (Refused, SessionError, OSError) as error:
        complain(error)
        return DEGRADED
    print(json.dumps(report) if arguments.json else "\n".join(told(report)))
    return WELL


def _ask(settings: Settings, request: control.Request) -> control.Request:
    answer = control.ask(Path(settings.control_socket), request)
    if "error" in answer:
        raise Refused(answer["error"])
    return answer


def _lived(arguments: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """Until it is over, by time, by a hand, or because somebody stopped it."""
    report = _ask(settings, {"ask": "tvnight", "for_s": 0.0 if arguments.what == "stop" else arguments.seconds})
    if not report["over"]:
        print("it only observes meanwhile; a hand on the switch, or lampctl tv-night stop, ends it", file=sys.stderr)
    told_at = float("inf")
    while not report["over"]:
        left = report["left_s"]
        if left <= told_at - arguments.seconds / TOLD:
            told_at = left
            heard, acts = (sum(half[key] for half in report["halves"]) for key in ("utterances", "would_act"))
            print(f"{duration(left)} left: heard {heard}, would have acted {acts} times", file=sys.stderr)
        time.sleep(LOOK_S)
        report = _ask(settings, {"ask": "status"})["tv_night"]
    return report


def _recorded(files: list[str], settings: Settings) -> dict[str, Any]:
    """The same of what is in sound files, as fast as it can be heard."""
    from lampd.memory import memory
    from lampd.noise import heard, judged
    from lampd.why import thinker

    _ask(settings, {"ask": "ping"})
    journal = open_journal(settings)
    if not journal:
        raise Refused("there is no journal to learn into")
    mind = thinker(settings, memory(journal, "anticipator"))
    journal.close()
    print("listening to the recordings ...", file=sys.stderr)
    said, seconds = heard([Path(file) for file in files], settings)
    halves = judged(said, seconds, mind)
    for one in said:
        sound = base64.b64encode(one.sound).decode()
        words = {"text": one.text, "ngrams": one.ngrams, "sound": sound, "voice": one.voice}
        _ask(settings, {"ask": "teach", "said": words, "meant": "nothing"})
    told = [msgspec.to_builtins(half) | {"an_hour": half.an_hour} for half in halves]
    return {"over": True, "left_s": 0, "halves": told}


def told(report: dict[str, Any]) -> list[str]:
    """The report in sentences."""
    lines = []
    for name, half in zip(("first half", "second half"), report["halves"], strict=True):
        rate = ""
        if half["an_hour"]:
            value, low, high = half["an_hour"]
            rate = f": {value:.2f} an hour, between {low:.2f} and {high:.2f} (95 %)"
        heard = f"{half['utterances']} utterances in {duration(3600 * half['hours'])}"
        lines.append(f"{name:12} {heard}, {half['would_act']} of them taken for a wish{rate}")
    return [*lines, "All were learned as meaning nothing; the second half is measured on what it had not learned."]
