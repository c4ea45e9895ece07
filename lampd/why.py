"""Why the lamp did what it did about an utterance: a journal comes in, a reason leaves.

The anticipator is made anew from what the journal says it knew then, and asked again; then with one thing
changed, to see what would have changed its mind. Of models that are no longer kept it has to do without.
"""

from collections.abc import Sequence
from typing import Protocol, cast

import msgspec
from msgspec.structs import replace

from lampd import assembly
from lampd.journal import Journal
from lampd.learners.explanation import explain
from lampd.learners.judge import Verdict
from lampd.learners.wish import Predictor
from lampd.memory import memory, then
from lampd.messages import AnyMessage, Cause, Directive, Example, Resume, Said, Tag, Transcript
from lampd.settings import Settings

AGAIN = 10**12
"""The number of an utterance that was never said."""


class Taught(msgspec.Struct, frozen=True):
    """A past utterance that had a say: what it was known to mean then, how, and when (seconds since 1970); `adds` is
    how much less likely the change would have been without it."""

    utterance: int
    text: str
    possible: tuple[Tag, ...]
    cause: Cause
    wall: float
    adds: float


class Reason(msgspec.Struct, frozen=True):
    """What was thought of an utterance. `likely` is the probability that it asked for `change`, and `act_above` what
    would have been enough; `ngrams` is what each adds to the logit, in nats; `taught` the utterances behind that.
    `learned` is how likely the same words would be after a flip that said so."""

    utterance: int
    text: str
    wall: float
    was_lit: bool
    change: Tag
    wish: Tag
    reason: str
    likely: float
    act_above: float
    driver: str
    thoughts: dict[str, float]
    losses: dict[str, float]
    ngrams: dict[str, float]
    taught: tuple[Taught, ...]
    learned: float


class Thought(Protocol):
    """What an anticipator thinks."""

    drivers: list[Predictor]
    likely: float
    verdict: Verdict


class Thinker(Protocol):
    """An anticipator that can be asked."""

    def handle(self, message: AnyMessage) -> list[AnyMessage]: ...

    def think(self, said: Said, lit: bool) -> Thought: ...

    def learn(self, example: Example) -> None: ...

    def forget(self, utterance: int) -> None: ...


class NoReason(Exception):
    """An utterance about which nothing is known; the text says which there are."""


def why(journal: Journal, settings: Settings, utterance: int | None = None) -> Reason:
    """Of `utterance`, or of the last one that was heard. Raises NoReason."""
    seq, directive = _directive(journal, utterance)
    said, wall = said_then(journal, directive.utterance)
    examples = journal.examples(seq)
    begin = Resume(directive.at, directive.utterance, directive.was_lit)

    mind = thinker(settings, [*examples, *then(journal, seq), begin])
    thought = mind.think(said, directive.was_lit)

    def likely_without(example: Example) -> float:
        mind.forget(example.utterance)
        likely = mind.think(said, directive.was_lit).likely
        mind.learn(example)
        return likely

    found = explain(thought.drivers, said, directive.was_lit, examples, directive.wish != "nothing")
    by_number = {example.utterance: example for example in examples}
    because = [number for number in directive.because or found.utterances if number in by_number]
    change: Tag = "dark" if directive.was_lit else "lit"
    flip = Example(directive.at, AGAIN, said.text, directive.was_lit, (change,), "flip", True, said.ngrams, said.sound)
    taught = tuple(
        Taught(
            number,
            by_number[number].text,
            by_number[number].possible,
            by_number[number].cause,
            said_then(journal, number)[1],
            thought.likely - likely_without(by_number[number]),
        )
        for number in because
    )
    mind.learn(replace(flip, voice=said.voice))
    return Reason(
        utterance=directive.utterance,
        text=said.text,
        wall=wall,
        was_lit=directive.was_lit,
        change=change,
        wish=directive.wish,
        reason=directive.reason,
        likely=max(directive.lit, directive.dark),
        act_above=directive.act_above,
        driver=directive.model,
        thoughts=directive.thoughts,
        losses=directive.losses,
        ngrams=found.ngrams,
        taught=taught,
        learned=mind.think(said, directive.was_lit).likely,
    )


def thinks(journal: Journal, settings: Settings, words: Sequence[Said]) -> list[list[tuple[Tag, float, bool]]]:
    """Of `words`, each, by what is known now: how likely they mean lit to a dark lamp, and dark to one that is lit, and
    whether that is enough to act."""
    mind = thinker(settings, memory(journal, "anticipator"))
    tags: tuple[tuple[Tag, bool], ...] = ("lit", False), ("dark", True)
    opinions = []
    for said in words:
        thoughts = [(tag, mind.think(said, lit)) for tag, lit in tags]
        opinions.append([(tag, one.likely, one.likely >= one.verdict.act_above) for tag, one in thoughts])
    return opinions


def thinker(settings: Settings, known: Sequence[AnyMessage]) -> Thinker:
    """An anticipator that knows that."""
    mind = cast(Thinker, assembly.build("anticipator", settings))
    for message in known:
        mind.handle(message)
    return mind


def _directive(journal: Journal, utterance: int | None) -> tuple[int, Directive]:
    """What was decided about an utterance: while it was being said, where it was acted on then, else once it was over.
    The thoughts are those about the whole of it."""
    found = [(seq, one) for seq, _, one in journal.about(Directive, utterance) if isinstance(one, Directive)]
    if not found:
        raise NoReason("no words were heard yet" if utterance is None else f"there is no utterance {utterance}")
    seq, decided = next((row for row in found if row[1].wish != "nothing"), found[-1])
    return seq, replace(decided, thoughts=found[-1][1].thoughts)


def said_then(journal: Journal, utterance: int) -> tuple[Said, float]:
    """What was heard, and its wall time."""
    for _, wall, one in journal.about(Transcript, utterance):
        if isinstance(one, Transcript):
            return one.said, wall
    return Said(""), 0.0
