"""Messages come in, sentences that people read leave."""

from typing import Any

import msgspec

from lampd.messages import (
    ALREADY,
    Acted,
    AnyMessage,
    Correction,
    Directive,
    Example,
    Flip,
    Lamp,
    Listening,
    Model,
    PartialTranscript,
    Press,
    Privacy,
    Resume,
    Told,
    Transcript,
)

UNREAD = ("ngrams", "sound")


def fields(message: AnyMessage) -> dict[str, Any]:
    """A message for scripts to read, without what only learners can."""
    told: dict[str, Any] = msgspec.to_builtins(message)
    return {name: value for name, value in told.items() if name not in UNREAD}


def clock(seconds: float) -> str:
    """Lamp time as minutes and seconds."""
    return f"{int(seconds) // 60:3}:{seconds % 60:04.1f}"


def state(lit: bool) -> str:
    return "lit" if lit else "dark"


def thought(directive: Directive) -> str:
    """What an utterance was taken for."""
    likely = max(directive.lit, directive.dark)
    tag = "lit" if directive.lit >= directive.dark else "dark"
    if likely == 0:
        return "nothing (never taught)"
    if directive.reason == ALREADY:
        return f"{tag} ({likely:.2f}), done already"
    if directive.wish == "nothing":
        reason = "" if directive.reason == "not sure enough" else f", {directive.reason}"
        return f"nothing ({tag} {likely:.2f}{reason})"
    return f"{directive.wish} ({likely:.2f})"


def sentence(message: AnyMessage) -> str:
    """One line about a message; empty for those that tell people nothing."""
    match message:
        case Transcript():
            return f"heard    “{message.text}”  ({message.confidence:.2f}, {message.end - message.start:.1f} s)"
        case PartialTranscript() | Press() | Privacy() | Told():
            return ""
        case Directive():
            return f"thought  {thought(message)}, by {message.model}"
        case Acted():
            return f"acted    the lamp is {state(message.lit)}"
        case Flip():
            return f"flip     a hand: the lamp is {state(message.lit)}"
        case Correction():
            return f"wrong    a hand took back {state(message.lit)}: utterance {message.utterance} did not mean it"
        case Lamp() | Resume():
            return f"lamp     {state(message.lit)} as lampd comes up"
        case Example(possible=()):
            return f"unlearn  “{message.text}”"
        case Example(settled=False):
            return f"learned  “{message.text}” means {' or '.join(message.possible)} ({message.cause})"
        case Listening():
            return "privacy  it listens again" if message.listens else "privacy  it no longer listens"
        case Model():
            counts = ", ".join(f"{count} {tag}" for tag, count in message.examples.items() if count)
            return f"model    {message.kind} {message.version} from {counts}"
    return ""
