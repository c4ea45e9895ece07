"""What the daemon says of itself comes in, lines for people leave."""

import time
from typing import Any

import msgspec

from lampd import story
from lampd.messages import AnyMessage
from lampd.settings import Thing
from lampd.story import duration, readable, sentence, tallied

Answer = dict[str, Any]


def lines(answer: Answer) -> list[str]:
    """All that `lampctl status` shows."""
    thing = msgspec.convert(answer["thing"], Thing)
    up = int(answer["up_s"])
    now = story.shown(answer["lit"], thing)
    shown = [f"{now}   lampd {answer['version']}, up {up // 3600}:{up // 60 % 60:02}:{up % 60:02}"]
    shown += [f"not well     {complaint}" for complaint in answer["complaints"]]
    shown += ["", *_stages(answer), ""]
    shown += [*_ears(answer), *_board(answer), ""]
    shown += [*_learned(answer, thing), *_rates(answer)]
    if answer["recording"]:
        shown.append(f"recording    into {answer['recording']}")
    if (night := answer["tv_night"]) and not night["over"]:
        shown.append(f"TV night     for another {duration(night['left_s'])}; any hand on the switch ends it")
    recent = (sentence(msgspec.convert(message, AnyMessage), thing) for message in answer["recent"])
    return [readable(line) for line in (*shown, "", *filter(None, recent))]


def _stages(answer: Answer) -> list[str]:
    shown = []
    for name, stage in answer["stages"].items():
        memory = f"{stage['memory_mb']:6.0f} MB" if stage["memory_mb"] else "        -"
        line = f"{name:12} {stage['state']:9}{memory}  pulse {stage['pulse_s']:5.1f} s ago"
        dropped = f"  dropped {stage['dropped']}" if stage["dropped"] else ""
        shown.append(f"{line}  restarts {stage['restarts']}{dropped}")
        if stage["note"] and f"{name}: {stage['note']}" not in answer["complaints"]:
            shown.append(f"             {stage['note']}")
    return [*shown, f"{'hub':12} {'':9}{answer['hub_memory_mb']:6.0f} MB"]


def _left(answer: Answer, what: str) -> str:
    left = answer["pauses_left_s"].get(what)
    return f", for another {duration(left)}" if left else ""


def freedom(answer: Answer) -> str:
    """How far it goes, and why no further."""
    now, limit = answer["autonomy"]["now"], answer["autonomy"]["limit"]
    told = {
        "act": "acts when it is sure enough",
        "hint": "only hints, on its status light and in its log",
        "observe": "only observes",
    }
    why = "" if now == limit else "; it was wrong too often, and acts again once five hints in a row were right"
    return told[now] + why + _left(answer, "autonomy")


def _ears(answer: Answer) -> list[str]:
    shown = []
    level, ago = answer["microphone"]["level"], answer["microphone"]["heard_s_ago"]
    if not answer["listens"]:
        left = _left(answer, "listening")
        shown.append(f"privacy      it does not listen{left}: the privacy button, or lampctl resume listening")
    elif level:
        heard = "nothing said yet" if ago is None else f"last words {duration(ago)} ago"
        shown.append(f"microphone   {level['rms_db']:.0f} dB, the room {level['noise_db']:.0f} dB; {heard}")
    if not answer["learns"]:
        shown.append(f"learning     it learns nothing{_left(answer, 'learning')}: lampctl resume learning")
    return [*shown, f"autonomy     {freedom(answer)}"]


def _board(answer: Answer) -> list[str]:
    board, disk = answer["board"], answer["disk"]
    told = [f"{board['temperature_c']:.0f} °C"] if board["temperature_c"] is not None else []
    if board["learning_rests"]:
        told.append("learning rests: too hot, or too weak a power supply")
    if disk["free_mb"] is not None:
        told.append(f"{disk['free_mb'] / 1000:.1f} GB free, the journal has {disk['journal_mb']} MB")
    return [f"board        {'; '.join(told)}"] if told else []


def _learned(answer: Answer, thing: Thing) -> list[str]:
    known = tallied(answer["known"], thing) or "nothing yet"
    model = answer["model"]
    shown = [
        f"learned from {known}",
        f"model        {model['kind']} {model['version']}" if model else "model        none yet: each needs a flip",
    ]
    if judged := answer["judged"]:
        losses = ", ".join(f"{name} {loss:.3f}" for name, loss in sorted(judged["losses"].items(), key=lambda x: x[1]))
        since = time.strftime(" since %m-%d %H:%M", time.localtime(judged["since"])) if judged["since"] else ""
        shown.append(f"drives       {judged['driver']}{since}, acting above {judged['act_above']:.2f}")
        shown.append(f"loss         {losses or 'not known before ten wishes'} (nats an utterance; less is better)")
    return shown


def _rates(answer: Answer) -> list[str]:
    scores = answer["scores"]
    shown = [f"acts         {scores['acts']}, corrected {scores['corrected']}, missed {scores['missed']}"]
    for one, name in zip(answer["rates"], ("last day", "last week"), strict=True):
        told = []
        if one["wrong_an_hour"]:
            value, low, high = one["wrong_an_hour"]
            told.append(f"{value:.2f} wrong acts an hour ({low:.2f} to {high:.2f}) in {one['hours']:.1f} h")
        if one["missed_share"]:
            value, low, high = (round(100 * share) for share in one["missed_share"])
            told.append(f"{value} % of {one['wishes']} wishes missed ({low} to {high})")
        if told:
            shown.append(f"{name:12} {'; '.join(told)}")
    return shown
