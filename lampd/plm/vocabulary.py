"""Text arrives, token ids leave: words, characters or byte pairs, numbered in order of falling frequency.

That order is what the bit cipher is built on. Documents are lines, or paragraphs between blank lines; `<end>` ends
each of them. A token that is not in the vocabulary is `<unknown>`.
"""

import functools
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from lampd.plm.corpus import Corpus

END, UNKNOWN = "<end>", "<unknown>"
BYTE_PAIRS = 2000
"""Tokens of a byte-pair vocabulary whose size was not asked for."""

Kind = Literal["characters", "words", "bpe"]
Split = Literal["line", "blank"]


@dataclass(frozen=True)
class Vocabulary:
    """`tokens[id]` was seen `counts[id]` times; `merges` is the byte-pair tokenizer's JSON, else empty."""

    kind: Kind
    tokens: tuple[str, ...]
    counts: tuple[int, ...]
    merges: str = ""

    @classmethod
    def of(cls, text: str, kind: Kind, size: int | None = None, split: Split = "line") -> "Vocabulary":
        """The `size` most frequent tokens of `text`, `<end>` and `<unknown>` among them; all of them for None.

        Ties are in alphabetical order. Raises ValueError for an unknown kind or split, and where `size` is below 2
        or, for byte pairs, below the 258 that spell any text.
        """
        if kind not in get_args(Kind):
            raise ValueError(f"tokens are one of {', '.join(get_args(Kind))}, not {kind!r}")
        least = 258 if kind == "bpe" else 2
        if size is not None and size < least:
            raise ValueError(f"a vocabulary of {kind} has {least} tokens at least, not {size}")
        documents = documents_of(text, split)
        merges = _byte_pairs(documents, size or BYTE_PAIRS) if kind == "bpe" else ""
        counts = Counter(itertools.chain.from_iterable(cls(kind, (), (), merges).pieces(one) for one in documents))
        if kind == "bpe":
            counts.update(dict.fromkeys(Tokenizer.from_str(merges).get_vocab(), 0))
        # text that spells a special token is not one
        special = {END: len(documents), UNKNOWN: counts.pop(END, 0) + counts.pop(UNKNOWN, 0)}
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        kept = ranked if size is None else ranked[: size - 2]
        special[UNKNOWN] += sum(count for _, count in ranked[len(kept) :])
        kept = sorted([*kept, *special.items()], key=lambda item: (-item[1], item[0]))
        return cls(kind, tuple(token for token, _ in kept), tuple(count for _, count in kept), merges)

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def end(self) -> int:
        return self._ids[END]

    @property
    def unknown(self) -> int:
        return self._ids[UNKNOWN]

    @functools.cached_property
    def _ids(self) -> dict[str, int]:
        return {token: index for index, token in enumerate(self.tokens)}

    @functools.cached_property
    def _tokenizer(self) -> Tokenizer:
        return Tokenizer.from_str(self.merges)

    def pieces(self, text: str) -> list[str]:
        """`text` cut into tokens, those included that the vocabulary does not have."""
        match self.kind:
            case "characters":
                return list(text)
            case "words":
                return text.split()
            case "bpe":
                tokens: list[str] = self._tokenizer.encode(text).tokens
                return tokens

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, without an `<end>`."""
        unknown = self.unknown
        return [unknown if piece == END else self._ids.get(piece, unknown) for piece in self.pieces(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`, as far as the kind keeps it; `<end>` is left out. Raises IndexError for a foreign id."""
        pieces = [token for token in (self.tokens[index] for index in ids) if token != END]
        if self.kind == "bpe":
            return str(decoders.ByteLevel().decode(pieces))
        return (" " if self.kind == "words" else "").join(pieces)

    def to_json(self) -> str:
        fields = {"kind": self.kind, "tokens": self.tokens, "counts": self.counts, "merges": self.merges}
        return json.dumps(fields, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Vocabulary":
        """The inverse of `to_json`. Raises ValueError where `text` is not what it wrote."""
        try:
            fields = json.loads(text)
            return cls(fields["kind"], tuple(fields["tokens"]), tuple(fields["counts"]), fields["merges"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a vocabulary: {error!r}") from error


def documents_of(text: str, split: Split = "line") -> list[str]:
    """`text` cut at its line ends or at its blank lines; what holds nothing but white space is no document.

    Raises ValueError for another split.
    """
    if split not in get_args(Split):
        raise ValueError(f"documents are split by {' or '.join(get_args(Split))}, not {split!r}")
    parts = text.split("\n") if split == "line" else re.split(r"\n\s*\n", text)
    return [part for part in parts if part.strip()]


def corpus_of(text: str, vocabulary: Vocabulary, split: Split = "line") -> Corpus:
    """The documents of `text` as token ids, `<end>` last in each. Raises ValueError for an unknown split."""
    end = vocabulary.end
    documents = [torch.tensor([*vocabulary.encode(one), end]) for one in documents_of(text, split)]
    return Corpus(documents, len(vocabulary))


def _byte_pairs(documents: Sequence[str], size: int) -> str:
    """A byte-level byte-pair tokenizer of `size` tokens, less the two special ones, as JSON."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size - 2, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(documents, trainer)
    return str(tokenizer.to_str())
