"""Laws of the vocabulary: ids fall in frequency, text comes back, nothing is lost between text and JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampd.plm.vocabulary import END, UNKNOWN, Kind, Vocabulary, corpus_of, documents_of

TEXT = "b a b\n\nc b a\n \nd\n"
KINDS: list[Kind] = ["characters", "words", "bpe"]


def test_words_by_hand() -> None:
    words = Vocabulary.of(TEXT, "words", 4)
    assert words.tokens == (END, "b", UNKNOWN, "a")
    assert words.counts == (3, 3, 2, 2)
    assert words.encode("a z b <end>") == [3, 2, 1, 2]
    corpus = corpus_of(TEXT, words)
    assert [one.tolist() for one in corpus.documents] == [[1, 3, 1, 0], [2, 1, 3, 0], [2, 0]]
    assert (corpus.size, corpus.tokens) == (4, 10)


def test_documents_are_lines_or_paragraphs() -> None:
    assert documents_of("a\nb\n \n\nc\n") == ["a", "b", "c"]
    assert documents_of("a\nb\n \n\nc\n", "blank") == ["a\nb", "c\n"]


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text(st.characters(codec="utf-8"), max_size=80))
def test_counts_fall_and_ids_come_back(kind: Kind, text: str) -> None:
    vocabulary = Vocabulary.of(text, kind)
    assert list(vocabulary.counts) == sorted(vocabulary.counts, reverse=True)
    assert len(set(vocabulary.tokens)) == len(vocabulary)
    assert sum(vocabulary.counts) == corpus_of(text, vocabulary).tokens
    for document in documents_of(text):
        expected = " ".join(document.split()) if kind == "words" else document
        assert vocabulary.decode([*vocabulary.encode(document), vocabulary.end]) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_json_keeps_everything(kind: Kind) -> None:
    vocabulary = Vocabulary.of(TEXT, kind, 258)
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


def test_errors_say_what_is_possible() -> None:
    with pytest.raises(ValueError, match="characters, words, bpe"):
        Vocabulary.of("a", "syllables")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="258"):
        Vocabulary.of("a", "bpe", 100)
    with pytest.raises(ValueError, match="line or blank"):
        documents_of("a", "page")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not a vocabulary"):
        Vocabulary.from_json("{}")
