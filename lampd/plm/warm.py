"""Beginnings: a corpus arrives, a network that already predicts leaves, without a gradient and without chance.

Each context's layer is solved for the bits Z of the next token, then the last layer for the token, by the same
formula. A quarter of the pieces at a time is taken out of the co-occurrences: what the layers say of it, not having
seen it, decides how much each group of inputs is believed, and is what the next layer is solved from.
"""

import itertools
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from lampd.plm import saffu
from lampd.plm.batches import Batch, Piece, batches, pieces
from lampd.plm.cipher import bits, noised, normalised
from lampd.plm.contextual import contextual
from lampd.plm.corpus import Corpus
from lampd.plm.evidence import believe
from lampd.plm.explicit import CoOccurrence
from lampd.plm.network import Network, View
from lampd.plm.sizes import Configuration

FOLDS = 4
BELIEVED = 2048
"""About as many places, of all folds, evidence weights are found from."""
Folds = Sequence[Sequence[Batch]]

SEED = 2311
"""Of the cold start's own generator: a network begins the same whatever else draws random numbers."""


def network_of(configuration: Configuration, corpus: Corpus) -> Network:
    """A network that has seen the frequencies of `corpus` and nothing else: its embeddings are noised ciphers."""
    ids = torch.cat([*corpus.documents, torch.zeros(0, dtype=torch.int64)])
    starts = torch.tensor([float(len(corpus.documents))])
    counts = torch.cat([starts, torch.bincount(ids, minlength=corpus.size).float()])
    embeddings = []
    for context in configuration.contexts:
        e = noised(normalised(bits(len(counts), min(context.dimension, len(counts)))), counts)
        if context.contextual:
            read = (functional.pad(document + 1, (1, 0)) for document in corpus.documents)
            e = contextual(e, read, context.contextual, context.gathered)
        embeddings.append(e)
    return Network(configuration, embeddings, corpus.size)


@torch.no_grad()
def cold_start(network: Network) -> None:
    """Weights drawn uniformly within 1 / sqrt(inputs), as usual; always the same ones."""
    generator = torch.Generator().manual_seed(SEED)
    for layer in (*(view.u for view in network.each()), *(view.w for view in network.each()), network.last):
        if layer.numel():
            layer.uniform_(-1, 1, generator=generator).div_(math.sqrt(len(layer)))


@torch.no_grad()
def warm_start(network: Network, corpus: Corpus, evidence: bool = True) -> None:
    """Solve every layer; `evidence` false is the formula as published, all groups believed alike."""
    configuration = network.configuration
    network.thaw(False, cache=False)
    chosen = _part(pieces(corpus, configuration.span), configuration.warm_tokens)
    # in an order of chance, for what comes back every fourth piece would be in one fold
    order = torch.randperm(len(chosen), generator=torch.Generator().manual_seed(SEED)).tolist()
    shuffled = [chosen[i] for i in order]
    folds = [list(batches(shuffled[fold::FOLDS], configuration.batch)) for fold in range(FOLDS)]
    unseen = [_solve_view(view, folds, network, evidence) for view in network.each()]

    def inputs(fold: int, batch: Batch) -> Tensor:
        return network.hidden(batch, [layers[fold] for layers in unseen])

    total, weights, _ = _solve(inputs, folds, network.groups, None, evidence, network.size)
    network.last.copy_(total.solution(network.groups, weights))


def _solve_view(view: View, folds: Folds, network: Network, evidence: bool) -> list[Tensor]:
    """Solve W and U of one context; for each fold, the U that had not seen it."""
    labels = normalised(bits(network.size, view.u.shape[1]))
    attention = network.configuration.attention
    if attention != "level" and len(view.w):
        _attend(view, folds, lambda batch: saffu.starting_targets(view.e[batch.targets + 1]), view.e.shape[1])
    if attention == "tuning" and len(view.w):
        # its targets need a U, found with the W of the start
        view.u.copy_(_solve(view.of_fold, folds, view.groups, labels, False, network.size)[0].solution(view.groups))
        slices = view.u.view(-1, view.e.shape[1], view.u.shape[1]) if len(view.groups) > 1 else view.u

        def tuning(batch: Batch) -> Tensor:
            outputs = (view.features(batch) @ view.u).softmax(-1)
            return saffu.tuning_targets(labels[batch.targets], outputs, slices)

        _attend(view, folds, tuning, view.u.shape[1])
    total, weights, parts = _solve(view.of_fold, folds, view.groups, labels, evidence, network.size)
    view.u.copy_(total.solution(view.groups, weights))
    return [(total - part).solution(view.groups, weights) for part in parts]


def _attend(view: View, folds: Folds, targets: Callable[[Batch], Tensor], outputs: int) -> None:
    """Solve W from F = Q^T V."""
    found = CoOccurrence.none(*view.w.shape)
    offset = saffu.offset(len(view.w), outputs)
    for batch in itertools.chain.from_iterable(folds):
        wanted = view.compared_with(batch, targets(batch), offset).clamp(min=0)
        found.add(view.queries(batch), wanted, batch.weights)
    view.w.copy_(found.solution())


def _solve(
    inputs: Callable[[int, Batch], Tensor],
    folds: Folds,
    groups: Sequence[int],
    labels: Tensor | None,
    evidence: bool,
    size: int,
) -> tuple[CoOccurrence, Tensor | None, list[CoOccurrence]]:
    """All co-occurrences of a layer with labels, or targets; its evidence weights; the part of each fold."""
    parts = []
    for fold, part in enumerate(folds):
        found = CoOccurrence.none(sum(groups), size)
        for batch in part:
            found.add(inputs(fold, batch), batch.targets, batch.weights)
        parts.append(found if labels is None else found.through(labels))
    total = sum(parts, CoOccurrence.none(*parts[0].mass.shape))
    if not evidence or not folds[0]:
        return total, None, parts
    contributions, targets, weights = [], [], []
    places = sum(len(batch.places) for batch in itertools.chain.from_iterable(folds))
    for fold, own in enumerate(parts):
        rest = total - own
        conditional, prior = rest.parts(groups)
        for batch in _thinned(folds[fold], BELIEVED / max(BELIEVED, places)):
            h = inputs(fold, batch)
            said = [one @ known for one, known in zip(torch.split(h, list(groups), -1), conditional, strict=True)]
            contributions.append(torch.stack([*said, h.sum(-1, keepdim=True) / rest.mean_norm * prior]))
            targets.append(batch.targets)
            weights.append(batch.weights)
    answers = torch.cat(targets)
    wanted = functional.one_hot(answers, size).float() if labels is None else labels[answers]
    return total, believe(torch.cat(contributions, 1), wanted, torch.cat(weights)), parts


def _thinned(fold: Sequence[Batch], share: float) -> list[Batch]:
    """The same batches, with a `share` of their places, drawn: every so manieth would be the same of every row."""
    generator = torch.Generator().manual_seed(SEED)
    few = []
    for batch in fold:
        drawn = torch.rand(len(batch.places), generator=generator) < share
        few.append(Batch(batch.read, batch.places[drawn], batch.targets[drawn], batch.weights[drawn]))
    return few


def _part(found: list[Piece], tokens: int) -> list[Piece]:
    """Pieces from all over the corpus that hold about `tokens` tokens."""
    total = sum(len(piece.tokens) for piece in found)
    return found[:: max(1, round(total / tokens))]
