"""Interpolated n-grams with modified Kneser-Ney smoothing, counted in one pass over each order.

Chen and Goodman, "An empirical study of smoothing techniques for language modeling" (1998), section 3. With c the
counts of the n-grams of the highest order, and below it the number of different tokens seen before an n-gram,

    p(w | h) = (c(h w) - D(c(h w))) / sum_v c(h v) + L(h) p(w | h less its first token),

where D is one of three discounts, for counts of 1, 2 and more, and L(h) what they set free. A context never seen leaves
the probability as it is; below single tokens lies 1 / N. n-grams of an order are numbered, and one of the next order is
the number of its first tokens and its last token in one integer: a trie in sorted arrays.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from lampd.plm.corpus import Corpus
from lampd.plm.language_model import Point, perplexity
from lampd.plm.peers.gradient import Stopwatch

NONE = -1
"""The number of an n-gram that was never seen, or that would begin before its document does."""
USUAL, LEAST = 0.75, 0.1
"""The discount where there are too few n-grams to estimate one, and the least, so that every token stays possible."""


class Order(NamedTuple):
    """The n-grams of one order, by number: their keys, sorted, and what each keeps after its discount.

    `total` and `freed` are by the number of the context: the sums of its counts and of their discounts.
    """

    keys: Tensor
    kept: Tensor
    total: Tensor
    freed: Tensor


class Counted(NamedTuple):
    """The n-grams of one order in the training text: their keys, how often each was seen, and how often newly.

    `fresh` counts different tokens before an n-gram; each beginning of a document is a different one.
    """

    keys: Tensor
    seen: Tensor
    fresh: Tensor


class KneserNey:
    """Tokens given the `order` - 1 before; of all orders up to `highest`, the one best on the development text."""

    name = "Kneser-Ney"

    def __init__(self, highest: int = 5) -> None:
        if highest < 1:
            raise ValueError(f"n-grams are of one token at least, not {highest}")
        self.highest = highest
        self._size = 0
        self._orders: list[Order] = []

    @property
    def order(self) -> int:
        return len(self._orders)

    @property
    def parameters(self) -> int:
        """Numbers kept: one of each n-gram, two of each context."""
        return sum(len(order.kept) + 2 * len(order.total) for order in self._orders)

    def train(self, corpus: Corpus, development: Corpus) -> Iterator[Point]:
        """See LanguageModel. There are no gradients, so there is one point."""
        watch = Stopwatch()
        self._size = corpus.size
        with watch:
            counted = _counted(corpus, self.highest)
        found: list[tuple[float, list[Order]]] = []
        for highest in range(len(counted) + 1):
            with watch:
                self._orders = _smoothed(counted[:highest], corpus.size)
            found.append((perplexity(self, development), self._orders))
        best, self._orders = min(found, key=lambda one: one[0])
        yield Point("counts", 0, watch.seconds, best)

    def log_probabilities(self, document: Tensor) -> Tensor:
        """See LanguageModel; before training every token is as likely as any other."""
        tokens = _begun(document, self._size)
        before = torch.zeros_like(tokens)
        probability = torch.full((len(tokens),), 1.0 / max(1, self._size), dtype=torch.float64)
        for order in self._orders:
            numbers = _found(order.keys, before * (self._size + 1) + tokens, before != NONE)
            total = torch.where(before == NONE, 0.0, order.total[before])
            kept = torch.where(numbers == NONE, 0.0, order.kept[numbers])
            probability = torch.where(total > 0, (kept + order.freed[before] * probability) / total, probability)
            before = torch.cat((numbers.new_tensor([NONE]), numbers[:-1]))
        return probability[1:].log()


def _begun(document: Tensor, beginning: int) -> Tensor:
    return torch.cat((document.new_tensor([beginning]), document))


def _found(keys: Tensor, wanted: Tensor, possible: Tensor) -> Tensor:
    """The numbers of the keys `wanted`, or NONE."""
    numbers = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
    return torch.where(possible & (keys[numbers] == wanted), numbers, NONE)


def _counted(corpus: Corpus, highest: int) -> list[Counted]:
    """All n-grams of 1 to `highest` tokens; the beginning of a document counts as its first token."""
    begun = [_begun(document, corpus.size) for document in corpus.documents]
    tokens = torch.cat([torch.empty(0, dtype=torch.int64), *begun])
    place = torch.cat([torch.empty(0, dtype=torch.int64), *(torch.arange(len(one)) for one in begun)])
    orders: list[Counted] = []
    shorter = torch.zeros_like(tokens)  # the number of the n-gram, one token shorter, that ends before each token
    ending = shorter
    for order in range(1, highest + 1):
        whole = (place >= order - 1).nonzero().squeeze(1)
        if not len(whole):
            break
        named = shorter[whole] * (corpus.size + 1) + tokens[whole]
        keys, inverse, seen = torch.unique(named, return_inverse=True, return_counts=True)
        if orders:
            # each different n-gram lends its last tokens one more token before them
            example = torch.empty_like(keys).scatter_(0, inverse, whole)
            orders[-1].fresh.add_(torch.bincount(ending[example], minlength=len(orders[-1].keys)))
        ending = torch.full_like(tokens, NONE).scatter_(0, whole, inverse)
        fresh = torch.bincount(ending[place == order - 1], minlength=len(keys))
        if order == 1:
            # nothing but a context
            seen, fresh = (torch.where(keys == corpus.size, 0, counts) for counts in (seen, fresh))
        orders.append(Counted(keys, seen, fresh))
        shorter = ending.roll(1)
    return orders


def _smoothed(counted: list[Counted], size: int) -> list[Order]:
    """What each n-gram keeps, and each context frees, in a model whose highest order is the last of `counted`."""
    orders = []
    contexts = 1
    for number, (keys, seen, fresh) in enumerate(counted, 1):
        counts = seen if number == len(counted) else fresh
        discounts = _discounts(counts)[counts.clamp(max=3)]
        context = keys // (size + 1)
        total = torch.bincount(context, counts.double(), contexts)
        orders.append(Order(keys, counts - discounts, total, torch.bincount(context, discounts, contexts)))
        contexts = len(keys)
    return orders


def _discounts(counts: Tensor) -> Tensor:
    """(4) in double precision: what is taken from a count of 0, 1, 2, and 3 or more."""
    one, two, three, four = ((counts == count).sum().double() for count in (1, 2, 3, 4))
    if min(one, two, three, four) == 0:
        return torch.tensor([0.0, USUAL, USUAL, USUAL], dtype=torch.float64)
    ratio = one / (one + 2 * two)
    taken = torch.stack((1 - 2 * ratio * two / one, 2 - 3 * ratio * three / two, 3 - 4 * ratio * four / three))
    return torch.cat((torch.zeros(1, dtype=torch.float64), taken.clamp(min=LEAST)))
