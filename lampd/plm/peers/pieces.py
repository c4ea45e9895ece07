"""A corpus arrives, padded batches of its documents leave: what networks trained by gradients read.

A network reads a document shifted by one token: `corpus.size`, which stands for the beginning, then all tokens but the
last.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from lampd.plm.corpus import Corpus

PADDING = -1
"""The target where there is none."""


class Piece(NamedTuple):
    """The tokens read (T) and those to be predicted (T); stacked, (B, T) each, the latter padded with PADDING."""

    read: Tensor
    wanted: Tensor


def piece_of(document: Tensor, beginning: int) -> Piece:
    return Piece(torch.cat((document.new_tensor([beginning]), document))[:-1], document)


def laid_out(corpus: Corpus, rows: int, longest: int, shuffle: torch.Generator) -> Iterator[Piece]:
    """To train on: documents in random order, one behind the other in up to `rows` rows, `longest` tokens at a time.

    Batches are alike then, whatever the lengths of documents; were they of like length, headings would come together,
    and each such batch would pull the network its way.
    """
    order = torch.randperm(len(corpus.documents), generator=shuffle).tolist()
    wholes = [piece_of(corpus.documents[index], corpus.size) for index in order if len(corpus.documents[index])]
    if not wholes:
        return
    count = sum(len(piece.read) for piece in wholes)
    rows = max(1, min(rows, count // longest))
    width = -(-count // rows)
    read = functional.pad(torch.cat([piece.read for piece in wholes]), (0, rows * width - count))
    wanted = functional.pad(torch.cat([piece.wanted for piece in wholes]), (0, rows * width - count), value=PADDING)
    for pair in zip(*(torch.split(one.view(rows, width), longest, 1) for one in (read, wanted)), strict=True):
        yield Piece(*pair)


def stacked(corpus: Corpus, tokens: int) -> Iterator[Piece]:
    """To judge: whole documents, those of like length side by side, about `tokens` to a batch, padding included."""
    group: list[Piece] = []
    for document in sorted(corpus.documents, key=len):
        if group and (len(group) + 1) * len(document) > tokens:
            yield _stack(group)
            group = []
        if len(document):
            group.append(piece_of(document, corpus.size))
    if group:
        yield _stack(group)


def _stack(group: list[Piece]) -> Piece:
    wanted = pad_sequence([piece.wanted for piece in group], True, PADDING)
    return Piece(pad_sequence([piece.read for piece in group], True), wanted)
