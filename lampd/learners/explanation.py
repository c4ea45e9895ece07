"""Why a learner thought what it did: the n-grams and the past utterances that decided."""

from collections.abc import Iterable
from typing import NamedTuple

from lampd.learners.ngrams import ngrams
from lampd.learners.wish import Predictor, bearing
from lampd.messages import Example, Tag

NGRAMS, UTTERANCES = 5, 3


class Explanation(NamedTuple):
    """`ngrams` with what each adds to the logit, weightiest first; `utterances` that taught the most of that."""

    ngrams: dict[str, float]
    utterances: list[int]


def explain(learner: Predictor, text: str, lit: bool, examples: Iterable[Example]) -> Explanation:
    """What in `text` speaks for or against a change of a lamp that is `lit` or not, and where that was learned: the
    examples that share most of it and say the same of it; where several do so equally, the newest."""
    wish: Tag = "dark" if lit else "lit"
    parts = learner.contributions(text, wish)
    weightiest = sorted(parts, key=lambda ngram: (-abs(parts[ngram]), ngram))[:NGRAMS]
    for_it = sum(parts.values()) > 0
    shared = {
        example.utterance: sum(max(0.0, value if for_it else -value) for n, value in parts.items() if n in known)
        for example in examples
        if bearing(example.possible, wish) is for_it and (known := ngrams(example.text).keys())
    }
    taught = sorted((u for u in shared if shared[u] > 0), key=lambda u: (-shared[u], -u))[:UTTERANCES]
    return Explanation({ngram: round(parts[ngram], 3) for ngram in weightiest}, taught)
