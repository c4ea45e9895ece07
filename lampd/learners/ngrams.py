"""Text comes in, counts of its character n-grams leave."""

from collections import Counter

LONGEST = 4


def ngrams(text: str) -> Counter[str]:
    """Counts of the character 1- to 4-grams of `text`, across word boundaries, in order of first occurrence.

    Case and runs of white space do not matter; a text without a letter has none.
    """
    words = text.replace("\0", " ").casefold().split()
    if not words:
        return Counter()
    padded = f" {' '.join(words)} "
    return Counter(
        padded[i : i + n] for n in range(1, LONGEST + 1) for i in range(len(padded) - n + 1) if padded[i : i + n] != " "
    )
