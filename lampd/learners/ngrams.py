"""What was said comes in, counts of its character n-grams leave."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from lampd.messages import Said

LONGEST = 4
RARE = 0.05
"""N-grams less often expected than this are left out: `lampctl bench posterior`."""
MOST = 2000
"""Characters of a text that count: more than can be said in the longest utterance."""


def padded(text: str) -> str:
    """`text` in lower case with one space between words and around them; empty where it has no letter."""
    words = text[:MOST].replace("\0", " ").casefold().split()
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
    said = "\0".join(map(padded, texts))
    characters = np.frombuffer(said.encode("utf-32-le"), np.uint32)
    letters, ids = np.unique(characters, return_inverse=True)
    ends = characters == 0
    found: dict[str, float] = {}
    # of the n-gram at each place its number, in base len(letters), and whether it is within one text
    codes, within = ids.astype(np.int64), ~ends
    for n in range(1, LONGEST + 1):
        if n > 1:
            codes = codes[:-1] * len(letters) + ids[n - 1 :]
            within = within[:-1] & ~ends[n - 1 :]
        _, places, times = np.unique(codes[within], return_index=True, return_counts=True)
        for place, count in zip(np.flatnonzero(within)[places].tolist(), times.tolist(), strict=True):
            if count >= least * len(texts):
                found[said[place : place + n]] = count / len(texts)
    found.pop(" ", None)
    return found


def counts(said: Said) -> Mapping[str, float]:
    """The expected counts that came with the words, or else those of their text."""
    return said.ngrams or ngrams(said.text)
