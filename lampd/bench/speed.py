"""What learning costs: one flip, a fit and its file at 300 and 3,000 examples, a prediction, the trainer's memory."""

import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from lampd.bench.households import Composer
from lampd.devices.sound import RATE
from lampd.durable import write
from lampd.learners import gate, gate_fit
from lampd.learners.explicit import Explicit
from lampd.learners.sound import MEANT, OTHERS, Sound
from lampd.messages import Example, Tag, Tick
from lampd.moments import MOMENTS, pack
from lampd.session import Text
from lampd.stages.trainer import Trainer
from lampd.voice.embedding import embed

SIZES = (300, 3000)
TIMES = 5
FEATURES = 57
"""Of a moment, with the bundled voice."""


def examples(composer: Composer, count: int) -> list[Example]:
    """Labelled utterances of as many households as it takes."""
    found: list[Example] = []
    seed = 0
    while len(found) < count:
        session = composer.compose(seed)
        texts = {event.start: event.text for event in session.events if isinstance(event, Text)}
        for wish in session.wishes():
            if wish.start in texts and texts[wish.start].strip():
                possible: tuple[Tag, ...] = ("dark", "nothing")
                if wish.lit is not None:
                    possible = ("lit",) if wish.lit else ("dark",)
                found.append(Example(0.0, len(found), texts[wish.start], wish.lit is False, possible, "flip"))
        seed += 1
    return found[:count]


def milliseconds(act: Callable[[], object]) -> float:
    """The median time of an act."""
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 2)


def peak(known: list[Example]) -> float:
    """MiB that a process takes at most in learning `known` and publishing a model, run in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(Path(folder), 5)
        for example in known:
            trainer.handle(example)
        trainer.handle(Tick(1.0))
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def hearing() -> dict[str, Any]:
    """What the learner that hears takes of an utterance of a second, when it remembers all that it may."""
    chance = np.random.default_rng(0)
    full = 2 * MEANT + OTHERS

    def example(utterance: int, *possible: Tag) -> Example:
        kept = pack(chance.normal(0, 1.5, (MOMENTS, FEATURES)))
        return Example(0.0, utterance, "", False, possible, "flip", sound=kept)

    learner = Sound()
    for utterance in range(full):
        learner.learn(
            example(utterance, *(("lit",), ("dark",))[utterance % 2] if utterance < 2 * MEANT else ("nothing",))
        )
    new = iter([example(full + time, "lit") for time in range(TIMES)])

    def think_and_learn() -> None:
        one = next(new)
        learner.predict(one.said, False)
        learner.learn(one)

    samples, logits = chance.normal(0, 3000, RATE).astype(np.int16), chance.normal(0, 3, (49, 30)).astype(np.float32)
    embed(samples, logits, 0)
    return {
        "a second of sound embedded, ms": milliseconds(lambda: embed(samples, logits, 0)),
        f"sound: an utterance thought of and learned, {full} remembered, ms": milliseconds(think_and_learn),
        "sound: kept of an utterance, bytes": MOMENTS * FEATURES,
    }


def measure(composer: Composer) -> dict[str, Any]:
    """Milliseconds by what they are spent on, and MiB."""
    figures: dict[str, Any] = hearing()
    known = examples(composer, max(SIZES))
    for size in SIZES:
        explicit, fitter = Explicit(), gate_fit.Fitter()
        for example in known[:size]:
            explicit.learn(example)
            fitter.learn(example)
        one = known[0]

        def flip(explicit: Explicit = explicit, one: Example = one) -> None:
            explicit.learn(one)
            explicit.predict(one.said, False)

        figures[f"one flip to changed prediction, explicit, {size} examples, ms"] = milliseconds(flip)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "gate.safetensors"

            def publish(fitter: gate_fit.Fitter = fitter, path: Path = path) -> None:
                write(path, fitter.fit(1).to_bytes())

            figures[f"gate fitted and published, {size} examples, ms"] = milliseconds(publish)
            model = gate.load(path)
        model.predict(one.said, False)
        figures[f"gate's prediction, {size} examples, ms"] = milliseconds(
            lambda model=model, one=one: model.predict(one.said, False)  # type: ignore[misc]
        )
    with get_context("spawn").Pool(1) as pool:
        figures[f"the trainer's process at its largest, {max(SIZES)} examples, MiB"] = pool.apply(peak, (known,))
    return figures
