"""The precision language model over the conversation: examples come in, a model that predicts the lamp's answer leaves.

An utterance is a document: its character trigrams, a token for the lamp's state as it was said, and the lamp's answer,
a change or nothing. The model is warm-started on all of them, in closed form; a radius, a block and the whole document
are its contexts (lampd/plm). It imports torch.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import torch
from msgspec.structs import replace

from lampd.learners.abandoned import Abandoned
from lampd.learners.gate import FAULTS, LARGEST, ModelError
from lampd.learners.ngrams import padded
from lampd.learners.wish import Wish, bearing, logistic
from lampd.messages import Example, Said, Tag
from lampd.plm.corpus import Corpus
from lampd.plm.files import FileError, read
from lampd.plm.model import PrecisionModel
from lampd.plm.sizes import Configuration, Context

KIND = "saffu"
FORMAT = 1
LENGTH = 3
"""Characters in a token."""
LANGUAGE = 0.05
"""How much predicting a token of the words counts against predicting the answer."""
EVERY = 8
"""One token in so many is predicted, for all of them: it costs as much less and was not measured to be worse."""
CONTEXTS = (
    Context("radial", 512, 64, 8, "cat"),
    Context("block", 512, 64, 128),
    Context("document", 512, 64),
)
CONFIGURATION = Configuration(CONTEXTS, "lamp", epochs=0, thawed=0, batch=4096, span=512)
LONGEST = CONFIGURATION.span - 2
"""Tokens of the words, for the lamp's state and its answer must be read with them."""
UNKNOWN, CHANGE, NOTHING = "\0unknown", "\0change", "\0nothing"
WHILE = {True: "\0while lit", False: "\0while dark"}


def tokens(text: str) -> list[str]:
    """The last LONGEST character trigrams of `text`, in order; none of a text without a letter."""
    said = padded(text)
    return [said[i : i + LENGTH] for i in range(len(said) - LENGTH + 1)][-LONGEST:]


def vocabulary(documents: list[list[str]]) -> dict[str, int]:
    """Ids of all tokens, in order of falling frequency."""
    counts = Counter(token for document in documents for token in document)
    counts.update(dict.fromkeys((UNKNOWN, CHANGE, NOTHING, *WHILE.values()), 0))
    return {token: i for i, token in enumerate(sorted(counts, key=lambda token: (-counts[token], token)))}


class Saffu:
    """A fitted model; `ids` are those of its tokens."""

    def __init__(self, model: PrecisionModel, ids: dict[str, int], examples: dict[str, int], version: int) -> None:
        self._model = model
        self._ids = ids
        self.examples = examples
        self.version = version

    @property
    def name(self) -> str:
        return f"{KIND} {self.version}"

    def _logit(self, words: list[str], lit: bool) -> float:
        """Of the lamp's answer being a change."""
        known = [self._ids.get(token, self._ids[UNKNOWN]) for token in (*words, WHILE[lit])]
        log_p = self._model.next_log_probabilities(torch.tensor(known))
        return float(log_p[self._ids[CHANGE]] - log_p[self._ids[NOTHING]])

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        """How far the logit of `wish` falls when a token of `said` is not understood."""
        words, lit = tokens(said.text), wish == "dark"
        whole = self._logit(words, lit)
        return {one: whole - self._logit([w if w != one else UNKNOWN for w in words], lit) for one in set(words)}

    def predict(self, said: Said, lit: bool) -> Wish:
        """Probabilities of what `said` asks of a lamp that is `lit` or not."""
        words = tokens(said.text)
        return Wish.of(lit, logistic(self._logit(words, lit)) if words and self._taught else 0.0)

    @property
    def _taught(self) -> bool:
        return self.examples.get("lit", 0) + self.examples.get("dark", 0) > 0

    def to_bytes(self) -> bytes:
        """The model as a safetensors file that says what it is."""
        about = {"kind": KIND, "format": FORMAT, "version": self.version, "examples": self.examples}
        return self._model.to_bytes(about=about | {"tokens": list(self._ids)})


def load(path: Path) -> Saffu:
    """Read a model from its file. Raises ModelError for one that is missing, torn, or of another kind."""
    try:
        model = PrecisionModel.load(path)
        _, fields = read(path)
        if (fields.get("kind"), fields.get("format")) != (KIND, FORMAT):
            raise ModelError(f"{path}: not a {KIND} of format {FORMAT}")
        ids = {token: i for i, token in enumerate(fields["tokens"])}
        if len(ids) != model.network.size or not ids.keys() >= {UNKNOWN, CHANGE, NOTHING, *WHILE.values()}:
            raise ValueError("its parts do not fit each other")
        if not all((part.abs() < LARGEST).all() for part in model.network.state_dict().values()):
            raise ValueError("not all of its weights are numbers")
        return Saffu(model, ids, msgspec.convert(fields["examples"], dict[str, int]), int(fields["version"]))
    except (FileError, *FAULTS) as error:
        raise ModelError(f"{path}: {error}") from None


class Fitter:
    """Keeps examples as documents, and fits a model to them when asked."""

    def __init__(self) -> None:
        self._documents: dict[int, list[str]] = {}
        self._examples: dict[int, Example] = {}

    def learn(self, example: Example) -> bool:
        """Add or replace an example; one with nothing possible is forgotten. False where that changes nothing."""
        old = self._examples.get(example.utterance)
        if old and (old.possible, old.text, old.was_lit) == (example.possible, example.text, example.was_lit):
            return False
        self.forget(example.utterance)
        words = tokens(example.text)
        meant = bearing(example.possible, "dark" if example.was_lit else "lit")
        if meant is None or not words:
            return old is not None
        answer = CHANGE if meant else NOTHING
        self._documents[example.utterance] = [*words, WHILE[example.was_lit], answer]
        self._examples[example.utterance] = replace(example, ngrams={}, sound=b"")
        return True

    def forget(self, utterance: int) -> None:
        """Be as if `utterance` had never been there."""
        self._documents.pop(utterance, None)
        self._examples.pop(utterance, None)

    def fit(self, version: int, abandon: Callable[[], bool] = lambda: False) -> Saffu:
        """The model for the present examples. Raises Abandoned if `abandon()` is true when it begins."""
        if abandon():
            raise Abandoned
        documents = [self._documents[utterance] for utterance in sorted(self._documents)]
        ids = vocabulary(documents)
        weights = [_weights(len(document)) for document in documents]
        corpus = Corpus([torch.tensor([ids[token] for token in d]) for d in documents], len(ids), weights)
        model = PrecisionModel(CONFIGURATION)
        for _ in model.train(corpus, Corpus([], len(ids))):
            pass
        examples = Counter(e.possible[0] for e in self._examples.values() if len(e.possible) == 1)
        return Saffu(model, ids, dict(sorted(examples.items())), version)


def _weights(length: int) -> torch.Tensor:
    """How much each token of a document counts as something to predict; the answer, its last, most."""
    weights = torch.zeros(length)
    weights[:-2:EVERY] = LANGUAGE * EVERY
    weights[-1] = 1.0
    return weights
