"""`lampctl why`: what was thought of an utterance, because of what, and what would have changed it."""

import argparse
import json
import time

import msgspec

from lampd.cli.ask import DEGRADED, WELL, complain, load, open_journal
from lampd.settings import Thing
from lampd.story import LAMP, meaning, readable, state
from lampd.why import NoReason, Reason, Taught, why


def main(arguments: argparse.Namespace) -> int:
    settings = load(arguments)
    journal = open_journal(settings) if settings else None
    if not settings or not journal:
        return DEGRADED
    try:
        reason = why(journal, settings, arguments.utterance)
    except NoReason as error:
        complain(error)
        return DEGRADED
    finally:
        journal.close()
    print(json.dumps(msgspec.to_builtins(reason), indent=1) if arguments.json else told(reason, settings.thing))
    return WELL


def told(reason: Reason, thing: Thing = LAMP) -> str:
    """The reason in sentences."""
    change = meaning(reason.change, thing)
    did = f"made it {meaning(reason.wish, thing)}" if reason.wish != "nothing" else f"did nothing: {reason.reason}"
    lines = [
        f"utterance {reason.utterance}, {_when(reason.wall)}: “{reason.text}”",
        f"the {thing.name} was {state(reason.was_lit, thing)}, and {did}",
        "",
    ]
    if not reason.likely:
        return _joined([*lines, f"nothing had taught it yet what asks for {change}", *_learned(reason)])
    enough = "enough" if reason.likely >= reason.act_above else "not enough"
    lines.append(
        f"{change} was {reason.likely:.2f} likely by {reason.driver}, and {reason.act_above:.2f} is needed "
        f"to act within its budget of wrong acts: {enough}"
    )
    if reason.thoughts:
        each = (
            f"{name} {likely:.2f}" + (f" (loss {reason.losses[name]:.2f})" if name in reason.losses else "")
            for name, likely in sorted(reason.thoughts.items())
        )
        lines.append("each learner by itself: " + ", ".join(each))
    if reason.ngrams:
        lines.append("in nats: " + ", ".join(f"“{ngram}” {weight:+.2f}" for ngram, weight in reason.ngrams.items()))
    if reason.taught:
        lines += ["", "taught by", *(_taught(one, thing) for one in reason.taught)]
    return _joined([*lines, *_learned(reason)])


def _joined(lines: list[str]) -> str:
    return "\n".join(map(readable, lines))


def _taught(one: Taught, thing: Thing) -> str:
    how = {"flip": "a flip", "miss": "a flip, when it had done nothing", "left alone": "its act, left alone"}.get(
        one.cause, {"silence": "no flip", "correction": "a hand that took it back"}.get(one.cause, one.cause)
    )
    means = " or ".join(meaning(tag, thing) for tag in one.possible)
    adds = round(one.adds, 2) + 0.0  # and no -0.00
    return f"  {one.utterance:5}  {_when(one.wall)}  “{one.text}” means {means}: {how}; adds {adds:+.2f}"


def _learned(reason: Reason) -> list[str]:
    acts = "acts" if reason.learned >= reason.act_above else "does nothing yet"
    return ["", f"after a flip that says so, the same words are {reason.learned:.2f} likely: it {acts}"]


def _when(wall: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall)) if wall else "some time ago"
