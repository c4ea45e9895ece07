"""Text comes in, counts of its character n-grams leave."""

from collections import Counter

LONGEST = 4


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
