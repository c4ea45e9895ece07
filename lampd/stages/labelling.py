"""What teaches what. Words, flips and acts come in; what each utterance may have meant leaves.

This is the table of DESIGN.md. The labels are a function of what happened in the last half minute, worked out anew
whenever something happens or time passes: a transcript that arrives late, a flip that is undone or a correction that
is corrected revises what was concluded before, and no rule needs to undo another.
"""

from collections import deque

import msgspec

from lampd.messages import Acted, Cause, Correction, Example, Flip, Tag, Transcript
from lampd.settings import Anticipator as Times


class Label(msgspec.Struct, frozen=True):
    """The tags an utterance may have meant, and the row of the table that says so."""

    possible: tuple[Tag, ...]
    cause: Cause


def tag(lit: bool) -> Tag:
    return "lit" if lit else "dark"


def excluding(lit: bool) -> tuple[Tag, ...]:
    """What is left when an utterance is known not to have meant `lit`."""
    return ("dark", "nothing") if lit else ("lit", "nothing")


class Heard(msgspec.Struct):
    """One utterance, and all that bears on what it meant."""

    said: Transcript
    was_lit: bool
    had_model: bool
    act: Acted | None = None
    correction: Correction | None = None
    told: Label | None = None
    settled: bool = False
    said_before: Example | None = None


class Labelling:
    """Collects examples; `times` are the windows of the table, in seconds."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self._heard: dict[int, Heard] = {}
        self._ahead: dict[int, tuple[Acted, Correction | None]] = {}
        """What was done about words that are still being said."""
        self._told: set[int] = set()
        self._flips: deque[Flip] = deque()
        # long enough for words still being said at a flip to end, and to take it from earlier ones
        self._horizon = 2 * max(times.flip_window_s, times.silence_s, times.left_alone_s, times.correction_s)

    def hear(self, said: Transcript, was_lit: bool, had_model: bool) -> None:
        """An utterance; the lamp `was_lit` or not as it began, and there was a model that could have acted or not."""
        # what was heard so late may be older than the flips that are remembered
        if (said.text.strip() or said.sound) and said.at - said.start <= self._horizon:
            heard = Heard(said, was_lit, had_model, *self._ahead.get(said.utterance, ()))
            heard.settled = said.utterance in self._told
            self._heard[said.utterance] = heard
        self._ahead.clear()

    def told(self, utterance: int) -> None:
        """Its owner has said what an utterance meant: nothing is concluded about it any more."""
        self._told.add(utterance)
        if heard := self._heard.get(utterance):
            heard.settled = True

    def concluded(self, example: Example) -> None:
        """What a former life said of an utterance that is heard again."""
        if heard := self._heard.get(example.utterance):
            heard.said_before = example

    def begin(self) -> None:
        """All that was heard so far was a former life's: only what that said has been said."""
        for utterance, heard in self._heard.items():
            said = heard.said_before
            heard.told = Label(said.possible, said.cause) if said and said.cause != "withdrawn" else None
            heard.settled = utterance in self._told or bool(said and said.settled)

    def thought(self, utterance: int, had_model: bool) -> None:
        """Correct whether there was a model, for an utterance heard again in a new life."""
        if heard := self._heard.get(utterance):
            heard.had_model = had_model

    def flip(self, flip: Flip) -> None:
        self._flips.append(flip)

    def acted(self, act: Acted) -> None:
        if heard := self._heard.get(act.utterance):
            heard.act = act
        else:
            self._ahead[act.utterance] = act, None

    def corrected(self, correction: Correction) -> None:
        if heard := self._heard.get(correction.utterance):
            heard.correction = correction
        elif correction.utterance in self._ahead:
            self._ahead[correction.utterance] = self._ahead[correction.utterance][0], correction

    def conclude(self, now: float) -> list[Example]:
        """Examples that are new, revised or settled since last asked, in order of utterance."""
        flips = self._flips_that_count()
        meant = self._meant_by_flips(flips)
        examples = []
        for utterance, heard in sorted(self._heard.items()):
            if heard.settled:
                continue
            heard.settled = now > self._settles(heard)
            label = self._label(heard, meant.get(utterance), flips, now)
            if label != heard.told or (heard.settled and label):
                examples.append(self._example(heard, label))
                heard.told = label
        self._forget(now)
        return examples

    def _forget(self, now: float) -> None:
        """Drop what can no longer bear on a label, its own or another's."""
        for utterance, heard in list(self._heard.items()):
            if now > self._settles(heard) + self._horizon:
                del self._heard[utterance]
                self._told.discard(utterance)
        earliest = min((heard.said.start for heard in self._heard.values()), default=now)
        while self._flips and self._flips[0].at < min(earliest, now - self._horizon) - self._horizon:
            self._flips.popleft()

    def _example(self, heard: Heard, label: Label | None) -> Example:
        said = heard.said
        if label is None:
            label = Label((), "withdrawn")
        return Example(
            at=said.at,
            utterance=said.utterance,
            text=said.text,
            ngrams=said.ngrams,
            sound=said.sound,
            voice=said.voice,
            was_lit=heard.was_lit,
            possible=label.possible,
            cause=label.cause,
            settled=heard.settled,
        )

    def _settles(self, heard: Heard) -> float:
        """After this nothing that happens can change the label."""
        last = max(event.at for event in (heard.act, heard.correction, heard.said) if event)
        return max(last, heard.said.end) + self._horizon

    def _flips_that_count(self) -> list[Flip]:
        """The flips less those undone within the time of fidgeting, and those that undid them."""
        kept: list[Flip] = []
        for flip in self._flips:
            if kept and flip.lit != kept[-1].lit and flip.at - kept[-1].at <= self._times.fidget_s:
                kept.pop()
            else:
                kept.append(flip)
        return kept

    def _meant_by_flips(self, flips: list[Flip]) -> dict[int, Flip]:
        """Utterances by the flip that gave them their meaning: the nearest in each flip's window, unless an earlier
        flip spoke of it. A flip that corrects an act speaks of words said since the act, if any."""
        corrected = {heard.correction.at: heard for heard in self._heard.values() if heard.correction}
        meant: dict[int, Flip] = {}
        for flip in flips:
            act = corrected[flip.at].act if flip.at in corrected else None
            since = act.at if act else float("-inf")
            near = [
                (max(0.0, flip.at - heard.said.end), -utterance)
                for utterance, heard in self._heard.items()
                if since < heard.said.start <= flip.at <= heard.said.end + self._times.flip_window_s
            ]
            if near:
                meant.setdefault(-min(near)[1], flip)
        return meant

    def _label(self, heard: Heard, flip: Flip | None, flips: list[Flip], now: float) -> Label | None:
        times, said = self._times, heard.said
        if heard.correction:
            if self._taken_back(heard.correction, flips):
                return None
            return Label(excluding(heard.correction.lit), "correction")
        if heard.act:
            alone_until = heard.act.at + times.left_alone_s
            if now <= alone_until or any(heard.act.at <= flip.at <= alone_until for flip in self._flips):
                return None
            return Label((tag(heard.act.lit),), "left alone")
        if flip:
            return Label((tag(flip.lit),), "miss" if heard.had_model else "flip")
        quiet_until = said.end + times.silence_s
        changes = [flip.at for flip in self._flips] + [h.act.at for h in self._heard.values() if h.act]
        if now <= quiet_until or any(said.start <= at <= quiet_until for at in changes):
            return None
        return Label(excluding(not heard.was_lit), "silence")

    def _taken_back(self, correction: Correction, flips: list[Flip]) -> bool:
        """A hand undid the correction too: at once, or within the window of corrections."""
        if all(flip.at != correction.at for flip in flips):
            return True
        return any(
            0 < flip.at - correction.at <= self._times.correction_s and flip.lit == correction.lit for flip in flips
        )
