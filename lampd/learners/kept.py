"""What is remembered of all that was ever learned: labels come in, the utterances that are too old leave.

Kept are the newest WISHES utterances that meant lit, as many that meant dark, as many whose act a hand corrected, as
many that teach nothing after all, and the newest OTHERS of all others; and whatever the owner told, for good. That is a
function of the labels alone, so the stages and the journal, which reminds them after a restart, come to the same. At a
thousand utterances a day, twenty of them wishes, that is a day of talk and fifty days of wishes.
"""

from bisect import bisect_left, insort

from lampd.messages import Example

WISHES, OTHERS = 500, 1000


def kind(possible: tuple[str, ...], cause: str) -> str:
    """As what a label counts; "told" is kept for good."""
    if cause in ("told", "correction", "withdrawn"):
        return cause
    return possible[0] if possible in (("lit",), ("dark",)) else "other"


class Kept:
    """The utterances that are remembered, by what they count as, oldest first."""

    def __init__(self) -> None:
        self._utterances: dict[str, list[int]] = {}

    def learn(self, example: Example) -> int | None:
        """Take up a label, in place of the one that its utterance had; the utterance that is to be forgotten for it."""
        return self.add(example.utterance, example.possible, example.cause)

    def add(self, utterance: int, possible: tuple[str, ...], cause: str) -> int | None:
        """The same of an utterance and what its label says."""
        self.forget(utterance)
        if (one := kind(possible, cause)) == "told":
            return None
        alike = self._utterances.setdefault(one, [])
        insort(alike, utterance)
        return alike.pop(0) if len(alike) > (OTHERS if one == "other" else WISHES) else None

    def __len__(self) -> int:
        return sum(map(len, self._utterances.values()))

    def forget(self, utterance: int) -> None:
        """Be as if it had never been learned."""
        for alike in self._utterances.values():
            place = bisect_left(alike, utterance)
            if alike[place : place + 1] == [utterance]:
                del alike[place]
