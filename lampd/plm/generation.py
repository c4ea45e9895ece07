"""What a model would say: a beginning arrives, token ids leave, one by one."""

from collections.abc import Iterator, Sequence

import torch

from lampd.plm.model import PrecisionModel


def generate(
    model: PrecisionModel, beginning: Sequence[int], end: int, temperature: float = 1.0, seed: int = 0
) -> Iterator[int]:
    """Ids drawn one after the other until `end`, which is left out; the likeliest ones at temperature 0.

    Raises ValueError for a temperature below that.
    """
    if temperature < 0:
        raise ValueError(f"a temperature is 0 or more, not {temperature}")
    generator = torch.Generator().manual_seed(seed)
    ids = list(beginning)
    while True:
        scores = model.next_log_probabilities(torch.tensor(ids, dtype=torch.int64))
        if temperature > 0:
            drawn = torch.multinomial((scores / temperature).softmax(-1), 1, generator=generator)
        else:
            drawn = scores.argmax(keepdim=True)
        ids.append(int(drawn))
        if ids[-1] == end:
            return
        yield ids[-1]
