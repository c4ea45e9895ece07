"""Why a learner thought what it did: the n-grams and the past utterances that decided."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
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


def explain(
    drivers: Sequence[Predictor], said: Said, lit: bool, examples: Collection[Example], acted: bool = False
) -> Explanation:
    """What in `said` speaks for a change of a lamp that is `lit` or not, if it `acted`, or else for or against one; and
    where that was learned: the example that sounded most like it, where sound has a say, and those that hold most of
    the weightiest n-grams and say the same; where several do so equally, the newest."""
    wish: Tag = "dark" if lit else "lit"
    parts: Counter[str] = Counter()
    for driver in drivers:
        parts.update({ngram: part / len(drivers) for ngram, part in driver.contributions(said, wish).items()})
    weightiest = sorted(parts, key=lambda ngram: (-abs(parts[ngram]), ngram))
    for_it = acted or sum(parts.values()) > 0
    if not (parts or acted):
        for_it = any(max(driver.predict(said, lit)[:2]) >= 0.5 for driver in drivers)
    telling = {ngram: parts[ngram] for ngram in weightiest[:TELLING] if (parts[ngram] > 0) == for_it}
    by_words = _sharing(telling or parts, (one for one in examples if bearing(one.possible, wish) is for_it))
    by_sound = [u for one in drivers if isinstance(one, Sound) for u in one.nearest(said, wish, for_it)]
    # evidence for one wish is some for the other
    other = (one for one in examples if one.possible in (("lit",), ("dark",)))
    taught = [*by_sound[: 1 if by_words else None], *by_words] or _sharing(parts, other)
    ngrams: dict[str, float] = {ngram: round(parts[ngram], 3) for ngram in weightiest[:NGRAMS]}
    return Explanation(ngrams, list(dict.fromkeys(taught))[:UTTERANCES])


def _sharing(telling: Mapping[str, float], examples: Iterable[Example]) -> list[int]:
    """The utterances that hold n-grams that tell, those that hold most first, the newest of equals."""
    shared = {
        one.utterance: sum(abs(weight) for ngram, weight in telling.items() if ngram in held)
        for one in examples
        if (held := one.ngrams or padded(one.text))
    }
    return sorted((u for u in shared if shared[u] > 0), key=lambda u: (-shared[u], -u))
