"""The model card of a voice: what it learned from, how, and how well it writes, all of it counted by the run itself."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lampd import durable
from lampd.voice import confidence
from lampd.voice.ctc import Alphabet
from lampd.voice.train.augmentation import Samples, augmented, surroundings
from lampd.voice.train.corpus import JUDGED, Corpus
from lampd.voice.train.evaluation import Counts, Judged, counted, judged, rate
from lampd.voice.train.plan import Plan, Progress
from lampd.voice.train.sounds import LETTERS, vocabulary
from lampd.voice.train.voices import LICENCES, RECORDED

CARD, EARLIER = "README.md", "EARLIER.md"
ROOM = 1.25
"""Longer than the sound itself is the noisy row that it lies in."""
MEANING = {"heard": "voices it was trained on", "unheard": "voices held out"}


def judgements(model: Any, corpus: Corpus, seed: int) -> dict[str, list[Judged]]:
    """All sentences to judge by, in groups "purpose language"; "clean", and "noisy" as training's noise goes."""
    alphabet = Alphabet.by(vocabulary(corpus.wanted.alphabet))
    around = surroundings(np.random.default_rng((seed, 2)))

    def said(noisy: bool) -> Iterator[tuple[str, Samples, str]]:
        for purpose in JUDGED:
            for number in corpus.of(purpose):
                sound = corpus.samples(int(number))
                chance = np.random.default_rng((seed, 3, int(number)))
                samples = sound.astype(np.float32)
                if noisy:
                    samples = augmented(sound, int(len(sound) * ROOM), chance, around, [])
                yield f"{purpose} {corpus.languages[number]}", samples, corpus.labels[number]

    return {name: [*judged(model, said(name == "noisy"), alphabet)] for name in ("clean", "noisy")}


def write(folder: Path, corpus: Corpus, plan: Plan, progress: Progress, found: dict[str, list[Judged]]) -> None:
    """README.md in the voice's folder, beside those of the voices it began from, newest first, and how far to trust it.
    Raises OSError."""
    measured = confidence.measure(_pairs(found, "heard"))
    durable.write(folder / confidence.MEASURED, json.dumps(measured, indent=1).encode())
    if plan.start is not None and (plan.start / CARD).exists():
        cards = [path.read_bytes() for path in (plan.start / CARD, plan.start / EARLIER) if path.exists()]
        durable.write(folder / EARLIER, b"\n".join(cards))
    durable.write(folder / CARD, "\n".join(_lines(folder, corpus, plan, progress, found)).encode())


def _pairs(found: dict[str, list[Judged]], purpose: str) -> list[tuple[float, int, int]]:
    every = (one for judged in found.values() for one in judged)
    return [one[1:] for one in every if one.group.split()[0] == purpose]


def _lines(
    folder: Path, corpus: Corpus, plan: Plan, progress: Progress, found: dict[str, list[Judged]]
) -> Iterator[str]:
    size = (folder / "model.safetensors").stat().st_size
    alphabet = corpus.wanted.alphabet
    yield "# A small voice, trained on synthetic speech"
    yield ""
    yield "Written by `python -m lampd.voice.train`, which made this voice: nothing here was typed by hand."
    yield ""
    yield f"A wav2vec2 CTC network in transformers' format: {size / 1e6:.1f} MB in half precision, 16 kHz sound in."
    yield f"It writes {'broad sounds, alike for all languages' if alphabet == 'sounds' else 'English letters'}:"
    yield f"`{' '.join(LETTERS[alphabet])}`, and `|` between words. It never heard a person who was not a synthesiser."
    yield ""
    yield "## Character errors"
    yield ""
    yield "On sentences that were never trained on; noise and rooms as in training."
    yield ""
    yield from _errors(corpus, {name: counted(judged) for name, judged in found.items()})
    yield ""
    trusted = confidence.off(_pairs(found, "unheard"), confidence.of(folder))
    yield f"What it says of its own text, {confidence.MEASURED}, was measured on the voices it was trained on; on those"
    yield f"held out it is {trusted:.3f} off the share of right characters, tenth by tenth of the utterances."
    yield ""
    yield "## On the way"
    yield ""
    yield "Clean, by the averaged weights; hours are of sound seen, padding included."
    yield ""
    yield from _table(
        ("minutes", "steps", "hours", "loss a character", *MEANING.values()),
        (
            (point["minutes"], point["steps"], point["hours"], point["loss"], *(point[name] for name in JUDGED))
            for point in progress.curve
        ),
    )
    yield ""
    yield "## Training"
    yield ""
    speed = progress.sound / max(progress.seconds, 1e-9)
    yield f"- {progress.step} steps of {plan.batch:g} s of sound in {progress.seconds / 60:.0f} minutes on"
    yield f"  {plan.processes} processor threads; {speed:.0f} s of sound a second;"
    yield f"  AdamW, {plan.peak:g} at the peak; seed {plan.seed}; network: {plan.size}."
    yield f"- Begun from {f'the weights of an earlier voice, see {EARLIER}' if plan.start else 'nothing'}."
    yield "- Every utterance is heard anew each time, in two surroundings: equaliser, band limits, rooms, noise,"
    yield f"  hum, clatter, babble, gaps; the two are to be written alike (weight {plan.alike:g})."
    yield ""
    yield "## Material"
    yield ""
    hours = corpus.hours("train")
    count = len(corpus.of("train"))
    yield f"{hours:.1f} hours, {count} utterances, spoken by free synthesisers that Debian has in its main section."
    yield "Texts: household sentences that come with the recipe, words from Debian's word lists, numbers, and for"
    yield "English verses of the King James Bible (public domain). Languages by share of utterances:"
    languages = Counter(corpus.languages[number] for number in corpus.of("train"))
    yield ", ".join(f"{name} {number / max(count, 1):.1%}" for name, number in languages.most_common()) + "."
    yield ""
    yield from _voices(corpus)
    yield ""


def _errors(corpus: Corpus, errors: dict[str, Counts]) -> Iterator[str]:
    rows: list[tuple[object, ...]] = []
    for purpose, meaning in MEANING.items():
        for language in (*sorted(set(corpus.languages)), ""):
            known = [
                [pair for group, pair in counts.items() if group.startswith(f"{purpose} {language}")]
                for counts in errors.values()
            ]
            if all(known):
                rates = [f"{rate(pairs):.3f}" for pairs in known]
                rows.append((meaning, language or "all", sum(number for _, number in known[0]), *rates))
    yield from _table(("voices", "language", "characters", *errors), rows)


def _voices(corpus: Corpus) -> Iterator[str]:
    """Each synthesiser voice that spoke, with its licence; espeak-ng's variants in one row."""
    licences = {f"{one.engine} {one.name}": one.licence for one in RECORDED}
    trained = Counter(corpus.voices[number] for number in corpus.of("train"))
    unheard = Counter(corpus.voices[number] for number in corpus.of("unheard"))
    rows: list[tuple[object, ...]] = []
    for used, what in ((trained, "trained on"), (unheard, "held out")):
        variants = sorted(name.split()[1] for name in used if name.startswith("espeak-ng "))
        total = sum(number for name, number in used.items() if name.startswith("espeak-ng "))
        if variants:
            name = f"espeak-ng, {len(variants)} variants: {', '.join(variants)}"
            rows.append((name, what, total, LICENCES["espeak-ng"]))
        rows += [(name, what, used[name], licences[name]) for name in sorted(used) if name in licences]
    yield from _table(("synthesiser voice", "", "utterances", "licence"), rows)


def _table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    head = list(head)
    yield f"| {' | '.join(map(str, head))} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
