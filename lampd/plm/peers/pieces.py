"""A corpus arrives, padded batches of its documents leave: what networks trained by gradients read.

A network reads a document shifted by one token: `corpus.size`, which stands for the beginning, then all tokens but the
last. Documents longer than a network reads at once are cut; a later piece begins with the last token of the one before.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from lampd.plm.corpus import Corpus

PADDING = -1
"""The target where a row has ended."""


class Piece(NamedTuple):
    """The tokens read (T) and those to be predicted (T); stacked, (B, T) each, the latter padded with PADDING."""

    read: Tensor
    wanted: Tensor


def piece_of(document: Tensor, beginning: int) -> Piece:
    return Piece(torch.cat((document.new_tensor([beginning]), document))[:-1], document)


def pieces_of(corpus: Corpus, longest: int) -> list[Piece]:
    """All of `corpus` in pieces of at most `longest` tokens, none of them empty, in order."""
    wholes = (piece_of(document, corpus.size) for document in corpus.documents if len(document))
    return [
        Piece(*pair)
        for whole in wholes
        for pair in zip(torch.split(whole.read, longest), torch.split(whole.wanted, longest), strict=True)
    ]


def batches(pieces: list[Piece], tokens: int, shuffle: torch.Generator | None = None) -> Iterator[Piece]:
    """`pieces` stacked with those of like length, about `tokens` to a batch, padding included.

    With `shuffle`, in random order, and pieces of the same length in another company each time.
    """
    order = torch.arange(len(pieces)) if shuffle is None else torch.randperm(len(pieces), generator=shuffle)
    groups: list[list[Piece]] = []
    for index in sorted(order.tolist(), key=lambda index: len(pieces[index].read)):
        piece = pieces[index]
        if not groups or (len(groups[-1]) + 1) * len(piece.read) > tokens:
            groups.append([])
        groups[-1].append(piece)
    turns = torch.arange(len(groups)) if shuffle is None else torch.randperm(len(groups), generator=shuffle)
    for turn in turns.tolist():
        group = groups[turn]
        wanted = pad_sequence([piece.wanted for piece in group], True, PADDING)
        yield Piece(pad_sequence([piece.read for piece in group], True), wanted)
