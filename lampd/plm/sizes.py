"""What a model is made of, and the sizes that have names: all that is needed to build one again."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["block", "radial", "document"]
Join = Literal["sum", "cat"]
Attention = Literal["level", "start", "tuning"]


@dataclass(frozen=True)
class Context:
    """One view on what came before, with an embedding and an output layer of its own.

    `length` is how many tokens a radial context holds, or a block before the next begins; a document has no limit.
    `dimension` is D of its cipher, `hidden` the number of its outputs. `contextual` is the radius over which
    embeddings become contextual vectors, `gathered` by sum or offset; 0 leaves the cipher as it is.
    """

    kind: Kind
    dimension: int
    hidden: int
    length: int = 0
    join: Join = "sum"
    contextual: int = 0
    gathered: Join = "sum"

    def __post_init__(self) -> None:
        if self.kind not in ("block", "radial", "document") or not {self.join, self.gathered} <= {"sum", "cat"}:
            raise ValueError(f"no context is {self.kind!r} joined by {self.join!r}")
        if min(self.dimension, self.hidden) < 1 or self.contextual < 0 or (self.kind != "document" and self.length < 2):
            raise ValueError(f"a context needs a dimension, outputs and two tokens at least, not {self}")

    @property
    def keys(self) -> int:
        """What attention chooses from: a block's start is one of them."""
        return {"radial": self.length, "block": self.length + 1, "document": 0}[self.kind]

    def parameters(self, size: int) -> int:
        """Numbers in embeddings, attention and output layer for `size` tokens."""
        wide = min(self.dimension, size + 1)
        if self.contextual and self.gathered == "cat":
            wide *= 2 * self.contextual + 1
        groups = self.keys if self.join == "cat" and self.keys else 1
        return (size + 1) * wide + self.keys**2 + groups * wide * min(self.hidden, size)


@dataclass(frozen=True)
class Configuration:
    """`epochs` are those with embeddings frozen, at `rate`; `thawed` those that follow, at `rate / slower`.

    Either phase stops after `patience` rises of development perplexity. `warm_tokens` are enough for the warm start:
    it saturates early. A batch holds up to `batch` tokens; documents longer than `span` are read as several.
    Attention begins `level`, W = 0, or with its explicit solution for the `start` or, after that, `tuning` targets.
    """

    contexts: tuple[Context, ...]
    name: str = "custom"
    attention: Attention = "level"
    epochs: int = 2
    thawed: int = 8
    rate: float = 0.03
    slower: float = 5.0
    patience: int = 8
    warm_tokens: int = 500_000
    batch: int = 2048
    span: int = 1024

    def __post_init__(self) -> None:
        if not self.contexts:
            raise ValueError("a model needs a context at least")
        if self.attention not in get_args(Attention):
            raise ValueError(f"attention begins {', '.join(get_args(Attention))}, not {self.attention!r}")
        counts = (self.batch, self.span, self.patience, self.warm_tokens)
        if min(counts) < 1 or min(self.rate, self.slower) <= 0 or min(self.epochs, self.thawed) < 0:
            raise ValueError(f"not a way to train: {self}")

    def to_fields(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def parameters(self, size: int) -> int:
        """How many numbers a model for `size` tokens learns, frozen or not."""
        return sum(one.parameters(size) for one in self.contexts) + size * sum(
            min(one.hidden, size) for one in self.contexts
        )

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "Configuration":
        """The inverse of `to_fields`. Raises TypeError or ValueError where they are not what it gave."""
        return cls(**{**fields, "contexts": tuple(Context(**one) for one in fields["contexts"])})


def _shape(name: str, block: int, radius: int, hidden: int, b: int, r: int, **training: Any) -> Configuration:
    """The best published shape: a block summed, a radius concatenated, the running mean of the document."""
    contexts = (
        Context("radial", radius, 2 * hidden, r, "cat"),
        Context("block", block, hidden, b),
        Context("document", block, hidden),
    )
    return Configuration(contexts, name, **training)


SIZES = {
    one.name: one
    for one in (
        _shape("potato", 32, 16, 32, 32, 4),
        _shape("micro", 128, 64, 128, 128, 8),
        _shape("base", 256, 128, 256, 128, 8),
        _shape("big", 512, 256, 512, 128, 8),
        _shape("large", 1024, 512, 1024, 256, 16),
    )
}
