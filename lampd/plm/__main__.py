"""python -m lampd.plm: train a model on text, let it speak, judge it, and say how large each size is."""

import argparse
import dataclasses
import itertools
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import torch

from lampd.plm.corpus import Corpus
from lampd.plm.files import FileError
from lampd.plm.generation import generate
from lampd.plm.language_model import Point, perplexity
from lampd.plm.model import PrecisionModel, Start
from lampd.plm.sizes import SIZES, Configuration
from lampd.plm.vocabulary import Kind, Split, Vocabulary, corpus_of, documents_of

WORDS = 2000
MODEL, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"
COPIES = 5
"""Of every parameter while it learns: itself, its gradient, Adam's two moments, and the best so far."""


class UsageError(Exception):
    """Something asked for is not possible; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = parser().parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    try:
        chosen.command(chosen)
    except (UsageError, FileError, ValueError, OSError) as error:
        print(f"lampd.plm: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m lampd.plm", description=__doc__)
    top.add_argument("--threads", type=int, default=1, help="processor threads (default: 1)")
    commands = top.add_subparsers(required=True)

    one = commands.add_parser("train", help="learn text; killed, and run again, it goes on where it was")
    one.set_defaults(command=train)
    one.add_argument("text", nargs="+", type=Path)
    one.add_argument("--development", type=Path, help="text to judge by (default: the last tenth of the documents)")
    one.add_argument("--size", choices=SIZES, default="micro")
    one.add_argument("--tokens", choices=get_args(Kind), default="words")
    one.add_argument("--vocabulary", type=int, help=f"tokens told apart (default: {WORDS} words; all characters)")
    one.add_argument("--split", choices=get_args(Split), default="line", help="what ends a document (default: line)")
    one.add_argument("--epochs", type=int, help="at most, with embeddings frozen")
    one.add_argument("--thawed", type=int, help="at most, after that")
    one.add_argument("--seconds", type=float, default=math.inf, help="of training, at most")
    one.add_argument("--cold", action="store_true", help="start without the explicit solution")
    one.add_argument("--out", type=Path, required=True, help="folder of the model and its checkpoint")

    one = commands.add_parser("generate", help="let a model speak")
    one.set_defaults(command=speak)
    one.add_argument("model", type=Path, help="a folder or file that train wrote")
    one.add_argument("--prompt", default="")
    one.add_argument("--length", type=int, default=200, help="tokens, at most")
    one.add_argument("--temperature", type=float, default=1.0)
    one.add_argument("--seed", type=int, default=0)

    one = commands.add_parser("evaluate", help="the perplexity of text")
    one.set_defaults(command=evaluate)
    one.add_argument("model", type=Path, help="a folder or file that train wrote")
    one.add_argument("text", nargs="+", type=Path)
    one.add_argument("--split", choices=get_args(Split), default="line")

    one = commands.add_parser("sizes", help="parameters, memory and speed of each size, on this machine")
    one.set_defaults(command=sizes)
    one.add_argument("--vocabulary", type=int, default=WORDS)
    return top


def train(chosen: argparse.Namespace) -> None:
    documents = documents_of(_read(chosen.text), chosen.split)
    between = "\n" if chosen.split == "line" else "\n\n"
    judged = documents_of(_read([chosen.development]), chosen.split) if chosen.development else []
    if not judged:
        held = max(1, len(documents) // 10)
        documents, judged = documents[:-held], documents[-held:]
    if not documents:
        raise UsageError("there is not enough text: two documents at least, or one and --development")
    text = between.join(documents)
    count = chosen.vocabulary or (WORDS if chosen.tokens == "words" else None)
    vocabulary = Vocabulary.of(text, chosen.tokens, count, chosen.split)
    corpus = corpus_of(text, vocabulary, chosen.split)
    development = corpus_of(between.join(judged), vocabulary, chosen.split)
    asked = {"epochs": chosen.epochs, "thawed": chosen.thawed}
    changed = {name: value for name, value in asked.items() if value is not None}
    configuration = dataclasses.replace(SIZES[chosen.size], **changed)
    start: Start = "cold" if chosen.cold else "warm"
    checkpoint = chosen.out / CHECKPOINT
    if checkpoint.exists():
        model = PrecisionModel.load(checkpoint, seconds=chosen.seconds)
        if (model.configuration, model.start, model.vocabulary) != (configuration, start, vocabulary):
            raise UsageError(f"{checkpoint}: begun with other text or settings; finish it, delete it or choose --out")
        points = model.resume(corpus, development)
        print("going on where it was")
    else:
        model = PrecisionModel(configuration, start, seconds=chosen.seconds, vocabulary=vocabulary)
        points = model.train(corpus, development)
    print(f"{len(vocabulary)} tokens told apart; {corpus.tokens} to learn, {development.tokens} to judge by")
    before: Point | None = None
    for point in points:
        _show(point, before, corpus)
        model.save(checkpoint, training=True)
        before = point
    model.save(chosen.out / MODEL)
    checkpoint.unlink(missing_ok=True)
    print(f"{chosen.out / MODEL}: development perplexity {perplexity(model, development):.3f}")


def _show(point: Point, before: Point | None, corpus: Corpus) -> None:
    spent = point.seconds - before.seconds if before else point.seconds if not point.epoch else 0.0
    speed = f"{corpus.tokens / spent:9.0f} tokens/s" if spent > 0 else " " * 18
    print(f"{point.phase:7}epoch {point.epoch:3}{speed}{point.seconds:9.1f} s  perplexity {point.perplexity:.3f}")
    sys.stdout.flush()


def speak(chosen: argparse.Namespace) -> None:
    model, vocabulary = _loaded(chosen.model)
    ids = generate(model, vocabulary.encode(chosen.prompt), vocabulary.end, chosen.temperature, chosen.seed)
    print(vocabulary.decode([*vocabulary.encode(chosen.prompt), *itertools.islice(ids, chosen.length)]))


def evaluate(chosen: argparse.Namespace) -> None:
    model, vocabulary = _loaded(chosen.model)
    corpus = corpus_of(_read(chosen.text), vocabulary, chosen.split)
    print(f"perplexity {perplexity(model, corpus):.3f} over {corpus.tokens} tokens")


def sizes(chosen: argparse.Namespace) -> None:
    """Training speed is that of the frozen phase, on made-up documents of 64 tokens."""
    free = _free()
    print(f"with {chosen.vocabulary} tokens told apart:\nsize     parameters   on disk  training  tokens/s")
    for name, configuration in SIZES.items():
        count = configuration.parameters(chosen.vocabulary)
        learning = count * 4 * COPIES + configuration.batch * chosen.vocabulary * 4 * 3
        speed = f"{_speed(configuration, chosen.vocabulary):8.0f}" if learning < free else "does not fit"
        print(f"{name:8}{count:11} {count * 4 / 1e6:6.1f} MB {learning / 1e6:6.0f} MB  {speed}", flush=True)


def _speed(configuration: Configuration, size: int) -> float:
    rows = max(1, configuration.batch // 64)
    ids = torch.randint(size, (rows, 64), generator=torch.Generator().manual_seed(0))
    corpus = Corpus(list(ids), size)
    model = PrecisionModel(dataclasses.replace(configuration, epochs=3, thawed=0), "cold")
    seconds = [point.seconds for point in model.train(corpus, Corpus([ids[0]], size))]
    # the first epoch warms caches up
    return corpus.tokens * 2 / max(seconds[3] - seconds[1], 1e-9)


def _free() -> float:
    """Bytes of memory that may be used; unlimited where Linux does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return math.inf
    return next((float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), math.inf)


def _loaded(path: Path) -> tuple[PrecisionModel, Vocabulary]:
    model = PrecisionModel.load(path / MODEL if path.is_dir() else path)
    if model.vocabulary is None:
        raise UsageError(f"{path}: has no vocabulary, so it knows no text")
    return model, model.vocabulary


def _read(paths: Sequence[Path]) -> str:
    try:
        texts = [path.read_text("utf-8") for path in paths]
    except UnicodeDecodeError as error:
        raise UsageError(f"{', '.join(map(str, paths))}: not text in UTF-8 ({error})") from error
    if not any(text.strip() for text in texts):
        raise UsageError(f"{', '.join(map(str, paths))}: no text in there")
    return "\n\n".join(texts)


if __name__ == "__main__":
    sys.exit(main())
