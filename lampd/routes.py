"""Who hears what. One table; a message goes to the stages beside its type, in this order."""

from typing import Protocol

from lampd.messages import (
    Acted,
    AnyMessage,
    Autonomy,
    Block,
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
    Speaking,
    Speech,
    Tick,
    Told,
    Transcript,
    Trust,
)

STAGES = ("operator", "recorder", "transcriber", "anticipator", "trainer")

HEARD_BY: dict[type[AnyMessage], tuple[str, ...]] = {
    Resume: ("operator", "recorder", "anticipator", "trainer"),
    Tick: STAGES,
    Block: ("recorder",),
    Speaking: ("transcriber",),
    Speech: ("transcriber",),
    PartialTranscript: ("anticipator",),
    Transcript: ("anticipator",),
    Press: ("operator",),
    Privacy: ("operator",),
    Listening: ("recorder",),
    Level: (),
    Learning: ("anticipator",),
    Autonomy: ("anticipator",),
    Trust: ("anticipator",),
    Records: ("operator",),
    Leaning: (),
    Lamp: ("anticipator",),
    Flip: ("anticipator",),
    Directive: ("operator",),
    Acted: ("anticipator",),
    Correction: ("anticipator",),
    Example: ("trainer",),
    Told: ("anticipator",),
    Model: ("anticipator",),
}

DROPPABLE: frozenset[type[AnyMessage]] = frozenset({Tick, Block, Speaking, PartialTranscript, Level, Leaning})
"""What may be lost when an inbox is full; everything else waits for room."""


class Stage(Protocol):
    """One of the five: it hears a message and says what follows from it. It knows no clock, queue or neighbour."""

    def handle(self, message: AnyMessage) -> list[AnyMessage]: ...
