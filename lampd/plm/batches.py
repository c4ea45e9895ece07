"""Documents arrive, batches of documents of like lengths leave: none is packed with another, hardly any is padded.

A batch is as long as its longest document. What is read at each place is the token before it: the first place of
every document reads 0, the start, and token i is read as i + 1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lampd.plm.corpus import Corpus


@dataclass(frozen=True)
class Batch:
    """`read` (B, T) are the tokens read. What is to be predicted: M `targets`, at `places` in read.flatten()."""

    read: Tensor
    places: Tensor
    targets: Tensor
    weights: Tensor


@dataclass(frozen=True)
class Piece:
    """Some consecutive tokens of a document, and how often each of them counts."""

    tokens: Tensor
    weights: Tensor


def pieces(corpus: Corpus, span: int) -> list[Piece]:
    """The documents of `corpus`, those of more than `span` tokens read as several; the empty ones are left out."""
    weights = corpus.weights or [torch.ones(len(document)) for document in corpus.documents]
    return [
        Piece(*part)
        for document, weight in zip(corpus.documents, weights, strict=True)
        for part in zip(torch.split(document, span), torch.split(weight, span), strict=True)
        if len(document)
    ]


def batches(corpus_pieces: Sequence[Piece], tokens: int) -> Iterator[Batch]:
    """All of the pieces, each once, in batches of at most `tokens` places or of one piece; the shortest first."""
    ordered = sorted(corpus_pieces, key=lambda piece: len(piece.tokens))
    chosen: list[Piece] = []
    for piece in ordered:
        if chosen and (len(chosen) + 1) * len(piece.tokens) > tokens:
            yield batch(chosen)
            chosen = []
        chosen.append(piece)
    if chosen:
        yield batch(chosen)


def batch(chosen: Sequence[Piece]) -> Batch:
    """One batch of `chosen`; tokens that weigh nothing are read but not predicted."""
    longest = max(len(piece.tokens) for piece in chosen)
    targets = torch.zeros(len(chosen), longest, dtype=torch.int64)
    weights = torch.zeros(len(chosen), longest)
    for row, piece in enumerate(chosen):
        targets[row, : len(piece.tokens)] = piece.tokens
        weights[row, : len(piece.tokens)] = piece.weights
    read = torch.nn.functional.pad(targets[:, :-1] + 1, (1, 0))
    places = weights.flatten().nonzero()[:, 0]
    return Batch(read, places, targets.flatten()[places], weights.flatten()[places])
