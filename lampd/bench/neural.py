"""A small GRU and a small transformer over characters, with the learners' interface.

Both read the lamp's present state and then the characters, and predict lit, dark or nothing; "not lit" and "not dark"
are taken for nothing. They are trained as they go: after each change of the examples, eight steps of Adam on
batches of 32, the new example in each, classes balanced.
"""

import random

import torch
from torch import Tensor, nn
from torch.nn import functional

from lampd.bench.simple import answer, of_classes
from lampd.learners.wish import Wish
from lampd.messages import Example, Said, Tag

TAGS: tuple[Tag, ...] = ("lit", "dark", "nothing")
LONGEST = 64
WIDTH = 64
STEPS, BATCH = 8, 32
CODES = 256


def encoded(text: str, lit: bool) -> Tensor:
    """The state and then the characters, as numbers; 0 is padding."""
    codes = [ord(character) % (CODES - 3) + 3 for character in text.casefold()[:LONGEST]]
    return torch.tensor([1 + lit, *codes])


class Reader(nn.Module):
    """Logits of the three classes (B, 3) from padded texts (B, T)."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.embedding = nn.Embedding(CODES, WIDTH, padding_idx=0)
        self.gru = nn.GRU(WIDTH, WIDTH, batch_first=True, bidirectional=True) if kind == "gru" else None
        if kind != "gru":
            self.places = nn.Parameter(torch.randn(LONGEST + 1, WIDTH) * 0.02)
            layer = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, 0.1, batch_first=True, norm_first=True)
            self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(2 * WIDTH if kind == "gru" else WIDTH, len(TAGS))

    def forward(self, texts: Tensor) -> Tensor:
        real = texts > 0
        x = self.embedding(texts)
        if self.gru is not None:
            read = self.gru(x)[0]
        else:
            read = self.layers(x + self.places[: texts.shape[1]], src_key_padding_mask=~real)
        mean = (read * real.unsqueeze(-1)).sum(1) / real.sum(1, keepdim=True)
        logits: Tensor = self.out(functional.dropout(mean, 0.2, self.training))
        return logits


class Neural:
    """`kind` is gru or transformer."""

    def __init__(self, kind: str) -> None:
        self.name = kind
        self._rng = random.Random(kind)
        torch.manual_seed(0)
        self._reader = Reader(kind)
        self._optimiser = torch.optim.AdamW(self._reader.parameters(), 3e-3 if kind == "gru" else 1e-3)
        self._examples: dict[int, Example] = {}

    def learn(self, example: Example) -> None:
        old = self._examples.get(example.utterance)
        self._examples[example.utterance] = example
        if old and (old.possible, old.text) == (example.possible, example.text):
            return
        if not example.possible:
            del self._examples[example.utterance]
            return
        self._reader.train()
        by_class = {tag: [e for e in self._examples.values() if answer(e) == tag] for tag in TAGS}
        classes = [tag for tag in TAGS if by_class[tag]]
        for _ in range(STEPS):
            chosen = [example, *(self._rng.choice(by_class[self._rng.choice(classes)]) for _ in range(BATCH - 1))]
            texts = nn.utils.rnn.pad_sequence([encoded(e.text, e.was_lit) for e in chosen], batch_first=True)
            loss = functional.cross_entropy(self._reader(texts), torch.tensor([TAGS.index(answer(e)) for e in chosen]))
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._reader.parameters(), 1.0)
            self._optimiser.step()

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        return {}

    @torch.no_grad()
    def predict(self, said: Said, lit: bool) -> Wish:
        if not any(answer(example) != "nothing" for example in self._examples.values()):
            return Wish.of(lit, 0.0)
        self._reader.eval()
        probabilities = self._reader(encoded(said.text, lit)[None]).softmax(-1)[0].tolist()
        return of_classes(dict(zip(TAGS, probabilities, strict=True)), lit)
