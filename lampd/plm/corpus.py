"""What language models are trained on: documents of token ids."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Corpus:
    """`documents` are int64 tensors (T) of token ids below `size`, the number of tokens in the vocabulary.

    Ids are in order of falling frequency in the training text. `weights`, where given, are float tensors (T): how
    often each token counts as something to predict. A weight of zero leaves a token as mere context.
    """

    documents: list[Tensor]
    size: int
    weights: list[Tensor] | None = None

    @property
    def tokens(self) -> int:
        return sum(len(document) for document in self.documents)
