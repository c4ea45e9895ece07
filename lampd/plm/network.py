"""The arithmetic of the model: batches arrive, features of each context and log-probabilities leave.

Every context turns what it holds into features H (M, J), and these, through its own layer, into softmax(H U) (M, D').
Those outputs, one behind the other, are the inputs of the last layer, which predicts the token.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from lampd.plm import saffu
from lampd.plm.batches import Batch
from lampd.plm.sizes import Configuration, Context

CACHED = 4096
"""Most tokens of which all comparisons are kept, in 64 MiB."""


class View(nn.Module):
    """One context: embeddings E (N + 1, D), the first for the start; attention W (K, K); output layer U (J, D')."""

    def __init__(self, context: Context, embeddings: Tensor, outputs: int) -> None:
        super().__init__()
        self.context = context
        self.e = nn.Parameter(embeddings, requires_grad=False)
        dimension = embeddings.shape[1]
        self.w = nn.Parameter(torch.zeros(context.keys, context.keys), requires_grad=context.keys > 0)
        self.groups = [dimension] * (context.keys if context.join == "cat" and context.keys else 1)
        self.u = nn.Parameter(torch.zeros(sum(self.groups), outputs))
        self.g: Tensor | None = None

    def cache(self, wanted: bool) -> None:
        """Keep all comparisons, for as long as embeddings are static; else compute those that are needed."""
        self.g = saffu.comparisons(self.e.detach()) if wanted and len(self.w) > 0 and len(self.e) <= CACHED else None

    def features(self, batch: Batch) -> Tensor:
        """H (M, J)."""
        if self.context.kind == "document":
            return self._document(batch)
        queries, keys, valid, places = self.attended(batch)
        shares = saffu.attention(queries, self.w[: queries.shape[-1], : queries.shape[-1]], valid)
        if self.context.kind == "radial":
            return saffu.joined(shares, keys, self.context.join)
        if self.context.join == "sum":
            summed = shares @ keys / valid.sum(-1, keepdim=True) if valid is not None else shares @ keys
            return summed.flatten(0, 1)[places]
        rows = (shares.unsqueeze(-1) * keys.unsqueeze(1)).flatten(0, 1)[places]
        return functional.pad(rows, (0, 0, 0, len(self.w) - rows.shape[1])).flatten(1)

    def of_fold(self, fold: int, batch: Batch) -> Tensor:
        """Features do not depend on what was seen."""
        return self.features(batch)

    def attended(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor | None, Tensor]:
        """Q, X, which keys are not masked, and where among the heads the places are.

        For a radius Q is (M, K) and X (M, K, D), the head first. For blocks, cut to the length L of what they hold,
        Q is (blocks, L, L + 1) and X (blocks, L + 1, D), the start before the block.
        """
        if self.context.kind == "radial":
            radius = self.context.length
            rows, columns = batch.places // batch.read.shape[1], batch.places % batch.read.shape[1]
            padded = functional.pad(batch.read, (radius - 1, 0))
            near = padded[rows[:, None], columns[:, None] + torch.arange(radius - 1, -1, -1)]
            return self._compared(near[:, :1], near).squeeze(-2), self.e[near], None, batch.places
        height, width = batch.read.shape
        length = min(width, self.context.length)
        count = -(-width // length)
        blocks = functional.pad(batch.read, (0, count * length - width)).view(height * count, length)
        keys = functional.pad(blocks, (1, 0))
        valid = torch.ones(length, length + 1, dtype=torch.bool).tril(1)
        places = batch.places // width * (count * length) + batch.places % width
        return self._compared(blocks, keys), self.e[keys], valid, places

    def queries(self, batch: Batch) -> Tensor:
        """Q of each place (M, K), zero where masked."""
        queries, _, valid, places = self.attended(batch)
        if valid is None:
            return queries
        return self._padded((queries * valid).flatten(0, 1)[places])

    def compared_with(self, batch: Batch, vectors: Tensor, offset: float) -> Tensor:
        """(v + offset) . X[m, k] (M, K), where not masked, of vectors v (M, D) or, one for each key, (M, K, D)."""
        _, keys, valid, places = self.attended(batch)
        vectors = vectors + offset
        if valid is None:
            return (keys * (vectors if vectors.dim() == 3 else vectors.unsqueeze(1))).sum(-1)
        blocks, length = len(keys), valid.shape[0]
        block, head = places // length, places % length
        if vectors.dim() == 3:
            products = (keys[block] * vectors[:, : length + 1]).sum(-1)
        else:
            spread = vectors.new_zeros(blocks * length, vectors.shape[-1]).index_copy_(0, places, vectors)
            products = (spread.view(blocks, length, -1) @ keys.transpose(1, 2)).flatten(0, 1)[places]
        return self._padded(products * valid[head])

    def _padded(self, values: Tensor) -> Tensor:
        return functional.pad(values, (0, len(self.w) - values.shape[-1]))

    def _compared(self, heads: Tensor, keys: Tensor) -> Tensor:
        """Q (..., heads, keys): the comparisons of each head with each key, looked up or computed."""
        if self.g is not None:
            pairs = heads.unsqueeze(-1) * len(self.e) + keys.unsqueeze(-2)
            return self.g.view(-1)[pairs]
        return self.e[heads] @ self.e[keys].transpose(-1, -2)

    def _document(self, batch: Batch) -> Tensor:
        """The mean embedding of all that was read of the document."""
        running = self.e[batch.read].cumsum(1) / torch.arange(1, batch.read.shape[1] + 1)[:, None]
        return running.flatten(0, 1)[batch.places]


class Network(nn.Module):
    """Views on the context and the last layer (the sum of D', N)."""

    def __init__(self, configuration: Configuration, embeddings: list[Tensor], size: int) -> None:
        super().__init__()
        self.configuration = configuration
        self.size = size
        hidden = [min(context.hidden, size) for context in configuration.contexts]
        views = zip(configuration.contexts, embeddings, hidden, strict=True)
        self.views = nn.ModuleList(View(context, e, outputs) for context, e, outputs in views)
        self.groups = hidden
        self.last = nn.Parameter(torch.zeros(sum(hidden), size))

    def hidden(self, batch: Batch, layers: Sequence[Tensor] | None = None) -> Tensor:
        """The outputs of all contexts (M, the sum of D'), each context's a distribution; by other `layers` if given."""
        layers = layers or [view.u for view in self.each()]
        outputs = [view.features(batch) @ u for view, u in zip(self.each(), layers, strict=True)]
        return torch.cat([one.softmax(-1) for one in outputs], -1)

    def forward(self, batch: Batch) -> Tensor:
        """Natural logarithms of the probabilities of all tokens, at each place (M, N)."""
        return (self.hidden(batch) @ self.last).log_softmax(-1)

    def each(self) -> list[View]:
        return [view for view in self.views if isinstance(view, View)]

    def thaw(self, thawed: bool, cache: bool = True) -> None:
        """Let embeddings learn, their comparisons computed on the fly, or not, those looked up where `cache`."""
        for view in self.each():
            view.e.requires_grad_(thawed)
            view.cache(cache and not thawed)
