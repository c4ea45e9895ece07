"""A text arrives; how good the precision language model is before any gradient leaves, begun in one way and another.

Attention's weights W may be nought or explicitly solved (2311.07510), with the negative logarithm of the softmax, as
published, or with the softmax itself; groups of inputs may be believed as they deserve or, as published, all alike.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from torch import Tensor

from lampd.bench import race
from lampd.bench.texts import Task, begun
from lampd.plm import saffu
from lampd.plm.language_model import perplexity
from lampd.plm.model import PrecisionModel
from lampd.plm.sizes import Configuration

SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)


def warm(task: Task, configuration: Configuration, share: float = 1.0, evidence: bool = True) -> float:
    """Test perplexity of the warm start on the first `share` of the tokens to train on."""
    model = PrecisionModel(configuration, evidence=evidence)
    next(model.train(begun(task.train, round(share * task.train.tokens)), task.development))
    return perplexity(model, task.test)


def costs(task: Task, configuration: Configuration) -> dict[str, float]:
    """Seconds of the warm start, of an epoch with embeddings frozen, comparisons looked up or computed, and thawed."""
    short = replace(configuration, epochs=1, thawed=1)
    found = race.run(PrecisionModel(short), task, math.inf).costs()
    computed = race.run(PrecisionModel(replace(short, thawed=0), cache=False), task, math.inf).costs()
    return {
        "warm start": found["warm"],
        "frozen, looked up": found["frozen"],
        "frozen, computed": computed["frozen"],
        "thawed": found["thawed"],
    }


def by_share(task: Task, configuration: Configuration) -> dict[str, float]:
    return {f"{share:g}": warm(task, configuration, share) for share in SHARES}


def by_kind(task: Task, configuration: Configuration) -> dict[str, float]:
    start, tuning = (replace(configuration, attention=attention) for attention in ("start", "tuning"))
    found = {
        "W = 0, groups alike": warm(task, replace(configuration, attention="level"), evidence=False),
        "W = 0": warm(task, replace(configuration, attention="level")),
        "W start": warm(task, start),
        "W tuning": warm(task, tuning),
    }
    with softmax_attention():
        found["W start, softmax"] = warm(task, start)
    return found


@contextmanager
def softmax_attention() -> Iterator[None]:
    """Attention by the softmax itself, as large as the usual one where it is uniform."""

    def attention(queries: Tensor, weights: Tensor, valid: Tensor | None = None) -> Tensor:
        if valid is None:
            return (queries @ weights).softmax(-1) * queries.shape[-1]
        logits = ((queries * valid) @ weights).masked_fill(~valid, -math.inf)
        return logits.softmax(-1) * valid.sum(-1, keepdim=True)

    usual = saffu.attention
    saffu.attention = attention
    try:
        yield
    finally:
        saffu.attention = usual
