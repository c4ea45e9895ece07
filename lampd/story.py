"""Messages come in, sentences that people read leave."""

from collections.abc import Mapping
from typing import Any

import msgspec

from lampd.messages import (
    ALREADY,
    Acted,
    AnyMessage,
    Autonomy,
    Correction,
    Directive,
    Example,
    Flip,
    Lamp,
    Leaning,
    Learning,
    Level,
    Listening,
    Model,
    PartialTranscript,
    Press,
    Privacy,
    Records,
    Resume,
    Tag,
    Told,
    Transcript,
    Trust,
)
from lampd.settings import Thing

LAMP = Thing("lamp", "lit", "dark")

UNREAD = ("ngrams", "sound")
JOINERS = "\u200c\u200d"
"""Persian and other words are not written without."""


def fields(message: AnyMessage) -> dict[str, Any]:
    """A message for scripts to read, without what only learners can."""
    told: dict[str, Any] = msgspec.to_builtins(message)
    return {name: value for name, value in told.items() if name not in UNREAD}


def readable(text: str) -> str:
    """`text` in one line, without what controls a terminal, the direction of writing or an XML parser."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in JOINERS else "\ufffd" for letter in text)


def clock(seconds: float) -> str:
    """Lamp time as minutes and seconds."""
    seconds = max(seconds, 0.0)
    return f"{int(seconds) // 60:3}:{seconds % 60:04.1f}"


def state(lit: bool, thing: Thing = LAMP) -> str:
    return thing.lit if lit else thing.dark


def shown(lit: bool, thing: Thing = LAMP) -> str:
    """How it is, at a glance; what it is, where it is no lamp."""
    name = "" if thing.name == LAMP.name else f"{thing.name} "
    return f"{name}{'●' if lit else '○'} {state(lit, thing)}"


def meaning(tag: Tag, thing: Thing = LAMP) -> str:
    """What people call a tag."""
    return tag if tag == "nothing" else state(tag == "lit", thing)


def tallied(examples: Mapping[str, int], thing: Thing = LAMP) -> str:
    """How many there are of each tag, and of what is known not to mean it; empty for none."""
    names = {"lit": thing.lit, "dark": thing.dark, "not lit": f"not {thing.lit}", "not dark": f"not {thing.dark}"}
    return ", ".join(f"{count} {names.get(tag, tag)}" for tag, count in examples.items() if count)


def thought(directive: Directive, thing: Thing = LAMP) -> str:
    """What an utterance was taken for."""
    likely = max(directive.lit, directive.dark)
    tag = state(directive.lit >= directive.dark, thing)
    if likely == 0:
        return "nothing (never taught)"
    if directive.reason == ALREADY:
        return f"{tag} ({likely:.2f}), done already"
    if directive.wish == "nothing":
        reason = "" if directive.reason == "not sure enough" else f", {directive.reason}"
        return f"nothing ({tag} {likely:.2f}{reason})"
    return f"{tag} ({likely:.2f})"


def sentence(message: AnyMessage, thing: Thing = LAMP) -> str:
    """One line about a message; empty for those that tell people nothing."""
    return readable(_sentence(message, thing))


def _sentence(message: AnyMessage, thing: Thing) -> str:
    match message:
        case Transcript():
            return f"heard    “{message.text}”  ({message.confidence:.2f}, {message.end - message.start:.1f} s)"
        case PartialTranscript() | Press() | Privacy() | Told() | Level() | Leaning():
            return ""
        case Directive():
            return f"thought  {thought(message, thing)}, by {message.model}"
        case Acted():
            return f"acted    the {thing.name} is {state(message.lit, thing)}"
        case Flip():
            return f"flip     a hand: the {thing.name} is {state(message.lit, thing)}"
        case Correction():
            return (
                f"wrong    a hand took back {state(message.lit, thing)}: utterance {message.utterance} did not mean it"
            )
        case Lamp() | Resume():
            return f"{thing.name:8} {state(message.lit, thing)} as lampd comes up"
        case Example(possible=()):
            return f"unlearn  “{message.text}”"
        case Example(settled=False):
            meant = " or ".join(meaning(tag, thing) for tag in message.possible)
            return f"learned  “{message.text}” means {meant} ({message.cause})"
        case Listening():
            return f"privacy  it {'listens again' if message.listens else 'no longer listens'}{_time(message.for_s)}"
        case Learning():
            return f"learning it {'learns again' if message.learns else 'learns nothing'}{_time(message.for_s)}"
        case Autonomy():
            may = {"act": "act", "hint": "hint, and not act", "observe": "observe, and not act"}[message.limit]
            return f"autonomy it may {may}{_time(message.for_s)}"
        case Trust():
            earned = (
                "has earned it to act again" if message.trusted else "was wrong too often: from now on it only hints"
            )
            return f"autonomy it {earned}"
        case Records():
            return "record   from now on" if message.records else "record   no longer"
        case Model():
            return f"model    {message.kind} {message.version} from {tallied(message.examples, thing)}"
    return ""


def _time(seconds: float) -> str:
    return f" for {duration(seconds)}" if seconds else ""


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
