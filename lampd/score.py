"""How well the lamp did: the messages of a replay come in, figures against the session's wishes leave.

An act belongs to the wish whose words overlap its utterance's most. A spoken wish for light or dark asks for an act if
the lamp was not so already as its words began. Precision of a tag is right acts over acts, recall right acts over
wishes that asked; an act on words that wanted nothing is false, one against a wish goes in the wrong direction.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from lampd.messages import Acted, AnyMessage, Correction, Directive, Flip, Lamp, PartialTranscript, Transcript
from lampd.session import Wish

GROUP = 10
"""Wishes to a window of the learning curve."""


class Outcome(msgspec.Struct):
    """What became of one wish, up to the next one's beginning."""

    wish: Wish
    asked: bool = False
    acts: list[Acted] = []
    strays: list[Acted] = []
    flips: int = 0

    @property
    def command(self) -> bool:
        return self.wish.lit is not None and self.wish.end > self.wish.start

    def right(self, act: Acted) -> bool:
        return self.asked and act is next(iter(self.acts), None) and act.lit == self.wish.lit

    @property
    def answered(self) -> bool:
        return any(self.right(act) for act in self.acts)


class Spoken(NamedTuple):
    start: float
    end: float
    text: str


class Score:
    """Watches a replay of a session with `wishes`."""

    def __init__(self, wishes: Sequence[Wish]) -> None:
        self.outcomes = [Outcome(wish) for wish in sorted(wishes, key=lambda wish: wish.start)]
        self._starts = [outcome.wish.start for outcome in self.outcomes]
        self._said: dict[int, Spoken] = {}
        self._lit = False
        self.begun = 0
        self._corrections = 0
        self._until = 0.0
        self.decisions: list[dict[str, Any]] = []

    def observe(self, message: AnyMessage) -> None:
        self._begin(message.at)
        match message:
            case PartialTranscript():
                # stands for the utterance where it is acted on before it is over
                self._said[message.utterance] = Spoken(message.start, message.at, message.text)
            case Transcript():
                self._said[message.utterance] = Spoken(message.start, message.end, message.text)
            case Directive():
                self._decided(message)
            case Lamp():
                self._lit = message.lit
            case Flip():
                self._lit = message.lit
                if self.begun:
                    self.outcomes[self.begun - 1].flips += 1
            case Acted():
                self._lit = message.lit
                for decision in reversed(self.decisions):
                    if decision["utterance"] == message.utterance:
                        decision["acted"] = True
                        break
                if outcome := self.of(*self._said[message.utterance][:2]):
                    outcome.acts.append(message)
                elif self.begun:
                    self.outcomes[self.begun - 1].strays.append(message)
            case Correction():
                self._corrections += 1

    def _begin(self, now: float) -> None:
        """Note which of the wishes that begin up to `now` ask for an act."""
        self._until = max(self._until, now)
        while self.begun < len(self.outcomes) and self._starts[self.begun] <= now:
            outcome = self.outcomes[self.begun]
            outcome.asked = outcome.command and outcome.wish.lit != self._lit
            self.begun += 1

    def of(self, start: float, end: float) -> Outcome | None:
        """The outcome that an utterance from `start` to `end` belongs to, if any."""
        last = bisect_right(self._starts, end)
        near = [
            (min(end, outcome.wish.end) - max(start, outcome.wish.start), -index)
            for index, outcome in enumerate(self.outcomes[max(0, last - 4) : last], max(0, last - 4))
        ]
        overlap, index = max(near, default=(0.0, 0))
        return self.outcomes[-index] if overlap > 0 else None

    def _decided(self, directive: Directive) -> None:
        said = self._said[directive.utterance]
        outcome = self.of(said.start, said.end)
        truth = outcome.wish.lit if outcome else None
        self.decisions.append(
            {
                "t": round(said.start, 3),
                "utterance": directive.utterance,
                "text": said.text,
                "truth": {True: "lit", False: "dark", None: "nothing"}[truth],
                "wish": directive.wish,
                "lit": round(directive.lit, 6),
                "dark": round(directive.dark, 6),
                "model": directive.model,
                "reason": directive.reason,
                "acted": False,
            }
        )

    def summary(self, outcomes: Sequence[Outcome] | None = None) -> dict[str, Any]:
        """The figures of some of the outcomes, or of all."""
        outcomes = self.outcomes if outcomes is None else outcomes
        commands = [outcome for outcome in outcomes if outcome.command]
        acts = [(outcome, act) for outcome in outcomes for act in outcome.acts + outcome.strays]
        figures: dict[str, Any] = {
            "wishes": len(commands),
            "asked": sum(outcome.asked for outcome in commands),
            "answered": sum(outcome.answered for outcome in commands),
            "acts": len(acts),
        }
        for tag, lit in (("lit", True), ("dark", False)):
            asked = [outcome for outcome in commands if outcome.asked and outcome.wish.lit == lit]
            right = sum(outcome.answered for outcome in asked)
            precision = _ratio(right, sum(act.lit == lit for _, act in acts))
            recall = _ratio(right, len(asked))
            figures[tag] = {"precision": precision, "recall": recall, "f1": _f1(precision, recall)}
        wrong = [(outcome, act) for outcome, act in acts if outcome.command and act in outcome.acts]
        return figures | {
            "wrong_direction": sum(act.lit != outcome.wish.lit for outcome, act in wrong),
            "false_acts": sum(not outcome.command or act in outcome.strays for outcome, act in acts),
            "misses": sum(outcome.asked and not outcome.acts for outcome in commands),
            "flips_by_hand": sum(outcome.flips for outcome in outcomes),
        }

    def windows(self) -> list[dict[str, Any]]:
        """The figures by groups of ten wishes, each with the chatter that follows it."""
        groups: list[list[Outcome]] = [[]]
        commands = 0
        for outcome in self.outcomes:
            if outcome.command and commands and commands % GROUP == 0:
                groups.append([])
            commands += outcome.command
            groups[-1].append(outcome)
        return [{"t": group[0].wish.start, **self.summary(group)} for group in groups if group]

    def figures(self) -> dict[str, Any]:
        """All figures of the replay; times in ms are from the end of speech to the act, in lamp time."""
        commands = [outcome for outcome in self.outcomes if outcome.command]
        answered = [index for index, outcome in enumerate(commands) if outcome.answered]
        reaction = sorted(1000 * (outcome.acts[0].at - outcome.wish.end) for outcome in commands if outcome.answered)
        summary = self.summary()
        hours = self._until / 3600
        return summary | {
            "minutes": round(self._until / 60, 2),
            "chatter": sum(outcome.wish.lit is None for outcome in self.outcomes),
            "false_acts_per_hour": round(summary["false_acts"] / hours, 3) if hours else 0.0,
            "corrections": self._corrections,
            "first_correct_act": answered[0] if answered else None,
            "windows": self.windows(),
            "reaction_ms": {"p50": quantile(reaction, 0.5), "p95": quantile(reaction, 0.95)},
            "decisions": self.decisions,
        }


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _f1(precision: float | None, recall: float | None) -> float | None:
    if not precision or not recall:
        return None if precision is None and recall is None else 0.0
    return round(2 * precision * recall / (precision + recall), 4)


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value below which `share` of the `ordered` ones lie; None of none."""
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3) if ordered else None
