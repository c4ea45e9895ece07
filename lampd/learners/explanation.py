"""Why a learner thought what it did: the n-grams and the past utterances that decided."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lampd.learners.ngrams import padded
from lampd.learners.sound import Sound
from lampd.learners.wish import Predictor, bearing
from lampd.messages import Example, Said, Tag

NGRAMS, TELLING, UTTERANCES = 5, 32, 3


class Explanation(NamedTuple):
    """`ngrams` with what each adds to the logit, weightiest first; `utterances` that taught the most of that."""

    ngrams: dict[str, float]
    utterances: list[int]


def explain(drivers: Sequence[Predictor], said: Said, lit: bool, examples: Iterable[Example]) -> Explanation:
    """What in `said` speaks for or against a change of a lamp that is `lit` or not, and where that was learned: the
    example that sounded most like it, where sound has a say, and those that hold most of the weightiest n-grams and say
    the same; where several do so equally, the newest."""
    wish: Tag = "dark" if lit else "lit"
    parts: Counter[str] = Counter()
    for driver in drivers:
        parts.update({ngram: part / len(drivers) for ngram, part in driver.contributions(said, wish).items()})
    weightiest = sorted(parts, key=lambda ngram: (-abs(parts[ngram]), ngram))
    for_it = sum(parts.values()) > 0
    if not parts:
        for_it = any(max(driver.predict(said, lit)[:2]) >= 0.5 for driver in drivers)
    telling = {ngram: abs(parts[ngram]) for ngram in weightiest[:TELLING] if (parts[ngram] > 0) == for_it}
    shared = {
        example.utterance: sum(weight for ngram, weight in telling.items() if ngram in held)
        for example in examples
        if bearing(example.possible, wish) is for_it and (held := example.ngrams or padded(example.text))
    }
    by_words = sorted((u for u in shared if shared[u] > 0), key=lambda u: (-shared[u], -u))
    by_sound = [u for one in drivers if isinstance(one, Sound) for u in one.nearest(said, wish, for_it)]
    taught = [*dict.fromkeys([*by_sound[: 1 if by_words else None], *by_words])][:UTTERANCES]
    return Explanation({ngram: round(parts[ngram], 3) for ngram in weightiest[:NGRAMS]}, taught)
