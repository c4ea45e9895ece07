"""A text arrives; what to train on, to stop by and to judge by leaves: three corpora of one vocabulary."""

from dataclasses import dataclass, replace
from pathlib import Path

from lampd.plm.corpus import Corpus
from lampd.plm.vocabulary import Kind, Split, Vocabulary, corpus_of

WORDS = 2000
"""Of WikiText-2, kept; the others are `<unknown>`."""
JUDGED = 40_000
"""Tokens of a test text, at most: every model is judged at every point."""


@dataclass(frozen=True)
class Task:
    """`highest` is the order up to which n-grams are counted."""

    name: str
    kind: Kind
    train: Corpus
    development: Corpus
    test: Corpus
    highest: int


def begun(corpus: Corpus, tokens: int) -> Corpus:
    """The first documents of `corpus`, up to about `tokens` tokens."""
    found, total = [], 0
    for document in corpus.documents:
        if total >= tokens:
            break
        found.append(document)
        total += len(document)
    return Corpus(found, corpus.size)


def task_of(name: str, parts: tuple[str, str, str], kind: Kind, split: Split, size: int | None = None) -> Task:
    """The vocabulary is of the first part, the training text."""
    vocabulary = Vocabulary.of(parts[0], kind, size, split)
    train, development, test = (corpus_of(part, vocabulary, split) for part in parts)
    return Task(name, kind, train, development, begun(test, JUDGED), 7 if kind == "characters" else 5)


def shares(text: str, *ends: float) -> list[str]:
    """`text` cut after these shares of its length, at the next line end."""
    cuts = [0]
    for end in ends:
        at = text.find("\n", round(end * len(text)))
        cuts.append(len(text) if at < 0 else at + 1)
    return [text[start:end] for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True)]


def wikitext(folder: Path) -> Task:
    """Words of WikiText-2: its validation file to train on and, the last tenth, to stop by; its test file to judge."""
    train, development = shares((folder / "text" / "wikitext2_valid.txt").read_text("utf-8"), 0.9)
    test = (folder / "text" / "wikitext2_test.txt").read_text("utf-8")
    return task_of("WikiText-2, words", (train, development, test), "words", "line", WORDS)


def shakespeare(folder: Path) -> Task:
    """Speeches of Shakespeare's, by characters, 90 : 5 : 5."""
    return cut(folder / "text" / "tinyshakespeare.txt", "characters", "tinyshakespeare, characters")


def cut(path: Path, kind: Kind, name: str | None = None) -> Task:
    """Any text, 90 : 5 : 5. Documents are what blank lines part, where there are some, else lines.

    Raises OSError, and ValueError where that leaves a part without a document.
    """
    text = path.read_text("utf-8")
    split: Split = "blank" if text.count("\n\n") > 20 else "line"
    train, development, test = shares(text, 0.9, 0.95)
    task = task_of(name or path.name, (train, development, test), kind, split, WORDS if kind == "words" else None)
    if not all(part.documents for part in (task.train, task.development, task.test)):
        raise ValueError(f"{path} is too short to be cut in three")
    return task


def shortened(task: Task, tokens: int) -> Task:
    """The beginning of each part: about `tokens` to train on, a fifth of that for each of the others."""
    development, test = (begun(part, tokens // 5) for part in (task.development, task.test))
    return replace(task, train=begun(task.train, tokens), development=development, test=test)
