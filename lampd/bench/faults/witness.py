"""Whether anything was lost or doubled: all that a hub posted and what was acknowledged of it come in, sentences about
what is wrong leave.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from lampd import assembly
from lampd.journal import KEPT, Journal
from lampd.messages import (
    Acted,
    AnyMessage,
    Directive,
    Example,
    Flip,
    Lamp,
    Model,
    PartialTranscript,
    Resume,
    Transcript,
)
from lampd.routes import DROPPABLE, HEARD_BY
from lampd.settings import Settings
from lampd.stages.anticipator import EARLY


class Witness:
    """Sees all that a hub posts, and what is acknowledged of it."""

    def __init__(self) -> None:
        self.posted: list[AnyMessage] = []
        self.heard: list[tuple[str, AnyMessage]] = []

    def observe(self, message: AnyMessage) -> None:
        self.posted.append(message)

    def receive(self, stage: str, heard: AnyMessage, said: list[AnyMessage]) -> None:
        self.heard.append((stage, heard))

    def unanswered(self) -> tuple[int, int]:
        """How many messages were not handled by a stage that was to hear them, and how many more than once."""
        answers = Counter((stage, id(heard)) for stage, heard in self.heard)
        owed = [
            answers[stage, id(message)]
            for message in self.posted
            if type(message) not in DROPPABLE
            for stage in HEARD_BY[type(message)]
        ]
        return owed.count(0), sum(count > 1 for count in owed)


def judge(witness: Witness, journal: Journal, settings: Settings, counts: dict[str, float], broken: list[str]) -> None:
    """Count what happened, and say what of it is not as it should be."""
    lost, doubled = witness.unanswered()
    if lost or doubled:
        broken.append(f"{lost} messages were never handled, {doubled} more than once")
    # rows of old models are removed
    kept = [message for message in witness.posted if isinstance(message, KEPT) and not isinstance(message, Model)]
    journaled = [message for _, message in journal.tail(10**9) if not isinstance(message, Model)]
    if journaled != kept:
        broken.append(f"the journal has {len(journaled)} messages where {len(kept)} were posted, or others")
    for kind in (Flip, Acted, Transcript, Example):
        counts[f"{kind.__name__.lower()}s"] = sum(isinstance(message, kind) for message in kept)
    heard = Counter(message.utterance for message in kept if isinstance(message, Transcript))
    thought = Counter(
        m.utterance for m in kept if isinstance(m, Directive) and m.reason != EARLY and m.utterance in heard
    )
    if heard.total() != len(heard) or heard != thought:
        broken.append("an utterance was heard twice, or not thought of, or twice")
    lit = False
    for message in kept:
        if isinstance(message, (Flip, Acted, Lamp)):
            # a flip or an act is a change, and a stage that comes up finds the lamp as it was
            if (message.lit == lit) != isinstance(message, Lamp):
                broken.append(f"{message}, and the lamp was {'lit' if lit else 'dark'}")
            lit = message.lit
    if (found := _labels(kept)) != (due := _undisturbed(witness, settings)):
        strange = sorted(
            found.keys() ^ due.keys() | {one for one in found.keys() & due.keys() if found[one] != due[one]}
        )
        first = strange[0]
        broken.append(
            f"{len(strange)} utterances have other labels: {first}: {found.get(first)} and not {due.get(first)}"
        )


def _labels(messages: Sequence[AnyMessage]) -> dict[int, list[object]]:
    """What was said of each utterance, in order."""
    labels: defaultdict[int, list[object]] = defaultdict(list)
    for one in messages:
        if isinstance(one, Example):
            labels[one.utterance].append((one.possible, one.cause, one.settled, one.was_lit))
    return dict(labels)


def _undisturbed(witness: Witness, settings: Settings) -> dict[int, list[object]]:
    """What an anticipator says of the same that lives through all of it."""
    alone = assembly.build("anticipator", settings)
    said = alone.handle(Resume(witness.posted[0].at, 0, False))
    for message in witness.posted:
        if "anticipator" in HEARD_BY[type(message)] and not isinstance(message, PartialTranscript):
            said += alone.handle(message)
    return _labels(said)
