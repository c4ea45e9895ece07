"""Outcomes of many households are counted together."""

import msgspec

from lampd.score import Outcome

GROUP = 10
"""Commands to a point of the learning curve."""


class Tally(msgspec.Struct):
    """Counts by wish (lit, dark), summed over households."""

    right: list[int]
    acts: list[int]
    asked: list[int]
    chatter: int = 0
    false: int = 0
    wrong_way: int = 0

    @classmethod
    def of(cls, outcomes: list[Outcome]) -> "Tally":
        tally = cls([0, 0], [0, 0], [0, 0])
        for one in outcomes:
            acts = one.acts + one.strays
            for index, lit in enumerate((True, False)):
                tally.right[index] += one.command and one.answered and one.wish.lit == lit
                tally.asked[index] += one.command and one.asked and one.wish.lit == lit
                tally.acts[index] += sum(act.lit == lit for act in acts)
            tally.chatter += one.wish.lit is None
            tally.false += len(acts) if one.wish.lit is None else len(one.strays)
            tally.wrong_way += sum(act.lit != one.wish.lit for act in one.acts) if one.command else 0
        return tally

    @classmethod
    def total(cls, tallies: "list[Tally]") -> "Tally":
        right, acts, asked = (
            [sum(counts) for counts in zip(*columns, strict=True)]
            for columns in zip(*((one.right, one.acts, one.asked) for one in tallies), strict=True)
        )
        return cls(
            right,
            acts,
            asked,
            sum(one.chatter for one in tallies),
            sum(one.false for one in tallies),
            sum(one.wrong_way for one in tallies),
        )

    @property
    def f1(self) -> float:
        """The mean of the two wishes' F1, of those that were asked for or done."""
        parts = [2 * r / (a + k) for r, a, k in zip(self.right, self.acts, self.asked, strict=True) if a + k]
        return sum(parts) / len(parts) if parts else 0.0

    def figures(self) -> dict[str, float]:
        return {
            "f1": round(self.f1, 4),
            "precision": round(sum(self.right) / max(1, sum(self.acts)), 4),
            "recall": round(sum(self.right) / max(1, sum(self.asked)), 4),
            "false_per_1000": round(1000 * self.false / max(1, self.chatter), 2),
            "wrong_way_percent": round(100 * self.wrong_way / max(1, sum(self.acts)), 2),
        }


def spoken(outcomes: list[Outcome], begin: int, end: int) -> list[Outcome]:
    """The outcomes of utterances number `begin` to `end`, and of the flips without words among them."""
    chosen, number = [], 0
    for outcome in outcomes:
        if begin <= number < end:
            chosen.append(outcome)
        number += outcome.wish.end > outcome.wish.start
    return chosen


def groups(outcomes: list[Outcome]) -> list[Tally]:
    """Tallies of GROUP commands each, with the chatter among them."""
    parts: list[list[Outcome]] = [[]]
    commands = 0
    for outcome in outcomes:
        if outcome.command and commands and commands % GROUP == 0:
            parts.append([])
        commands += outcome.command
        parts[-1].append(outcome)
    return [Tally.of(part) for part in parts]
