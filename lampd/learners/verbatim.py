"""What the very same words have meant: examples come in; whether a hand has said so, or the contrary, leaves."""

from lampd.learners.wish import WISHES
from lampd.messages import Example, Tag


class Verbatim:
    """By words and wish, the utterances whose labels say that they did or did not mean it."""

    def __init__(self) -> None:
        self._meant: dict[tuple[str, Tag], dict[int, bool]] = {}

    def learn(self, example: Example) -> None:
        """Add `example`, in place of what its utterance said before."""
        # a whistle and a cough have the same words: none
        for wish in WISHES if example.text.strip() else ():
            words = _same(example.text), wish
            if example.possible == (wish,):
                self._meant.setdefault(words, {})[example.utterance] = True
            elif example.cause in ("correction", "told") and wish not in example.possible:
                self._meant.setdefault(words, {})[example.utterance] = False
            else:
                self._meant.get(words, {}).pop(example.utterance, None)

    def forget(self, example: Example) -> None:
        """Be as if `example`, learned before, had never been."""
        for wish in WISHES:
            words = _same(example.text), wish
            verdicts = self._meant.get(words, {})
            verdicts.pop(example.utterance, None)
            if not verdicts:
                self._meant.pop(words, None)

    def corrected(self, text: str, wish: Tag) -> bool:
        """Whether these very words, when last a hand spoke of them, did not mean `wish`."""
        verdicts = self._meant.get((_same(text), wish), {})
        return not verdicts.get(max(verdicts, default=0), True)

    def means(self, text: str, wish: Tag) -> bool:
        """Whether these very words have meant `wish`."""
        return any(self._meant.get((_same(text), wish), {}).values())


def _same(text: str) -> str:
    return " ".join(text.casefold().split())
