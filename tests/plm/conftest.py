"""A text and a size so small that everything about them can be tried."""

from collections.abc import Callable

import pytest
import torch

from lampd.plm.corpus import Corpus
from lampd.plm.sizes import Configuration, Context


@pytest.fixture
def tiny() -> Configuration:
    contexts = (Context("radial", 6, 5, 3, "cat"), Context("block", 7, 4, 4), Context("document", 5, 4))
    return Configuration(contexts, "tiny", epochs=3, thawed=2, batch=64, span=12)


@pytest.fixture
def language() -> Callable[[int], Corpus]:
    """Forty documents of 1 to 16 tokens out of 9, each token mostly the successor of the last."""

    def made(seed: int) -> Corpus:
        generator = torch.Generator().manual_seed(seed)
        documents = []
        for _ in range(40):
            length = int(torch.randint(1, 17, (), generator=generator))
            steps = 1 + (torch.rand(length, generator=generator) < 0.1).long()
            documents.append(steps.cumsum(0) % 9)
        return Corpus(documents, 9)

    return made
