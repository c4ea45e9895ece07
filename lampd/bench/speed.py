"""What learning costs: one flip, a fit and its file at 300 and 3,000 examples, a prediction, the trainer's memory."""

import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from lampd.bench.households import Composer
from lampd.durable import write
from lampd.learners import gate, gate_fit
from lampd.learners.explicit import Explicit
from lampd.messages import Example, Tag, Tick
from lampd.session import Text
from lampd.stages.trainer import Trainer

SIZES = (300, 3000)
TIMES = 5


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


def measure(composer: Composer) -> dict[str, Any]:
    """Milliseconds by what they are spent on, and MiB."""
    figures: dict[str, Any] = {}
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
