"""What was said comes in, counts of its character n-grams leave."""

from collections import Counter
from collections.abc import Mapping, Sequence

from lampd.messages import Said

LONGEST = 4
RARE = 0.05
"""N-grams less often expected than this are left out: `lampctl bench posterior`."""


def padded(text: str) -> str:
    """`text` in lower case with one space between words and around them; empty where it has no letter."""
    words = text.replace("\0", " ").casefold().split()
    return f" {' '.join(words)} " if words else ""


def ngrams(text: str) -> Counter[str]:
    """Counts of the character 1- to 4-grams of `text`, across word boundaries, in order of first occurrence.

    Case and runs of white space do not matter; a text without a letter has none.
    """
    said = padded(text)
    return Counter(
        said[i : i + n] for n in range(1, LONGEST + 1) for i in range(len(said) - n + 1) if said[i : i + n] != " "
    )


def expected(texts: Sequence[str], least: float = RARE) -> dict[str, float]:
    """The mean of the n-gram counts of `texts`, several guesses of what was said; those under `least` are left out."""
    total: Counter[str] = Counter()
    for text, times in Counter(texts).items():
        for ngram, count in ngrams(text).items():
            total[ngram] += count * times
    return {ngram: count / len(texts) for ngram, count in total.items() if count >= least * len(texts)}


def counts(said: Said) -> Mapping[str, float]:
    """The expected counts that came with the words, or else those of their text."""
    return said.ngrams or ngrams(said.text)
