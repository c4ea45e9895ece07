"""Real clips come in; whether expected n-gram counts beat those of the best string leaves, with what they cost.

The bundled voice hears each clip once. A learner gets some examples of each wish and three clips of chatter to each of
them, and is asked about all other clips of the task. Every representation is judged on the same splits, so differences
are paired; their standard errors are over splits of the same clips, and know nothing of other people and other rooms.
Tasks in which who speaks tells a wish from chatter are shown, but count in no mean and no verdict.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lampd.bench import data
from lampd.bench.clips import Task, split, tasks
from lampd.bench.counted import LEARNERS, Floats, Learner, matrix
from lampd.bench.lattice import Alphabet, Counts, best, collapsed, expected, mixed, sampled
from lampd.devices.sound import RATE, read
from lampd.learners.wish import WISHES
from lampd.messages import Tag
from lampd.voice.wav2vec2 import BUNDLED, Voice

EXAMPLES = (2, 4, 8, 16)
"""Of each wish."""
SPLITS = 20
SURE = 3.0
"""Standard errors that a gain must exceed: several representations are tried."""
MEASURES = ("average precision", "macro-F1")

Logits = NDArray[np.float32]
Reader = Callable[[Logits, np.random.Generator, Alphabet], Counts]


def by_best(logits: Logits, rng: np.random.Generator, alphabet: Alphabet) -> Counts:
    return expected(collapsed(best(logits), alphabet))


def by_samples(samples: int, temperature: float = 1.0, least: float = 0.0) -> Reader:
    def reader(logits: Logits, rng: np.random.Generator, alphabet: Alphabet) -> Counts:
        counts = expected(collapsed(sampled(logits, samples, rng, temperature), alphabet))
        return {ngram: count for ngram, count in counts.items() if count >= least}

    return reader


def by_both(samples: int) -> Reader:
    def reader(logits: Logits, rng: np.random.Generator, alphabet: Alphabet) -> Counts:
        return mixed(by_best(logits, rng, alphabet), by_samples(samples)(logits, rng, alphabet))

    return reader


BEST = "best string"
RARE = 0.05
"""An n-gram less often expected than this is rare. Chosen on these same clips, so its figures flatter it a little."""
READERS: dict[str, Reader] = {
    BEST: by_best,
    "8 samples": by_samples(8),
    "32 samples": by_samples(32),
    "128 samples": by_samples(128),
    "32, half temperature": by_samples(32, 0.5),
    "32, half best string": by_both(32),
    "128, no rare ones": by_samples(128, least=RARE),
}


def hear(clips: Sequence[Path], voice: Voice) -> tuple[dict[Path, Logits], dict[str, float]]:
    """The logits of each clip, and what they cost."""
    sounds = {clip: read(clip) for clip in clips}
    began = time.process_time()
    logits = {clip: voice.logits(sound) for clip, sound in sounds.items()}
    spent, seconds = time.process_time() - began, sum(map(len, sounds.values())) / RATE
    return logits, {"clips": len(clips), "seconds a clip": seconds / len(clips), "ms a clip": 1000 * spent / len(clips)}


def represent(
    heard: dict[Path, Logits], reader: Reader, alphabet: Alphabet, seed: int
) -> tuple[dict[Path, Counts], float]:
    """The counts of each clip, and what they cost in ms a clip. Fewer samples are the first of more."""
    began = time.process_time()
    counts = {
        clip: reader(logits, np.random.default_rng([seed, number]), alphabet)
        for number, (clip, logits) in enumerate(heard.items())
    }
    return counts, 1000 * (time.process_time() - began) / len(heard)


def average_precision(logits: Floats, wished: NDArray[np.bool_]) -> float:
    """The area under precision against recall, a step at each different logit."""
    levels, found = np.unique(-logits, return_inverse=True)
    right = np.cumsum(np.bincount(found, wished, len(levels)))
    said = np.cumsum(np.bincount(found, minlength=len(levels)))
    return float((np.diff(right, prepend=0) * right / said).sum() / right[-1])


def f1(logits: Floats, wished: NDArray[np.bool_]) -> float:
    """Of acting above one half."""
    return float(2 * (wished & (logits > 0)).sum() / (wished.sum() + (logits > 0).sum()))


def judge(logits: Floats, tags: Sequence[Tag]) -> tuple[float, float]:
    """Average precision and F1 of each wish against the chatter, the mean of both wishes."""
    pairs = []
    for index, wish in enumerate(WISHES):
        asked = np.array([tag in (wish, "nothing") for tag in tags])
        wished = np.array([tag == wish for tag in tags])[asked]
        pairs.append((average_precision(logits[asked, index], wished), f1(logits[asked, index], wished)))
    return sum(ap for ap, _ in pairs) / len(pairs), sum(f for _, f in pairs) / len(pairs)


def contest(task: Task, counts: dict[Path, Counts], learner: Learner, splits: int) -> tuple[Floats, float]:
    """Both measures (examples x splits x 2), and the ms that learning and judging took with the most examples."""
    tags = [*task.clips.values()]
    x = matrix([counts[clip] for clip in task.clips])
    results = np.zeros((len(EXAMPLES), splits, 2))
    for row, examples in enumerate(EXAMPLES):
        began = time.process_time()
        for seed in range(splits):
            learned, judged = split(tags, examples, seed)
            logits = learner(x[learned], [tags[i] for i in learned], x[judged])
            results[row, seed] = judge(logits, [tags[i] for i in judged])
    return results, 1000 * (time.process_time() - began) / splits


def mean_and_error(values: Floats) -> tuple[float, float]:
    """Of a value a split: the mean, and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))


def compare(found: dict[str, Floats], todo: Sequence[Task]) -> dict[str, Any]:
    """Figures of one learner from both measures (tasks x examples x splits x 2) of each representation."""
    fair = [i for i, task in enumerate(todo) if not task.telling]
    rows: dict[str, Any] = {}
    for name, values in found.items():
        rows[name] = {}
        for index, measure in enumerate(MEASURES):
            own, gain = values[..., index], (values - found[BEST])[..., index]
            rows[name][measure] = {
                "mean": mean_and_error(own[fair].mean((0, 1))),
                "gain": mean_and_error(gain[fair].mean((0, 1))),
                "by examples": {k: mean_and_error(own[fair, i].mean(0)) for i, k in enumerate(EXAMPLES)},
                "gain by examples": {k: mean_and_error(gain[fair, i].mean(0)) for i, k in enumerate(EXAMPLES)},
                "by task": {task.name: mean_and_error(own[i].mean(0)) for i, task in enumerate(todo)},
                "gain by task": {task.name: mean_and_error(gain[i].mean(0)) for i, task in enumerate(todo)},
            }
    return rows


def verdict(learners: dict[str, Any], fair: Sequence[str]) -> str:
    """For each learner what gains most average precision, of what surely gains and surely loses on no `fair` task."""
    said: dict[str, str] = {}
    for learner, rows in learners.items():
        best_gain = 0.0
        for name, row in rows.items():
            gain, error = row[MEASURES[0]]["gain"]
            by_task = [row[measure]["gain by task"][task] for measure in MEASURES for task in fair]
            loses = any(change < -SURE * its_error for change, its_error in by_task)
            if gain > max(best_gain, SURE * error) and not loses:
                best_gain = gain
                said[learner] = f"expected counts ({name}) are better by {gain:.3f} ± {error:.3f} {MEASURES[0]}"
    if not said:
        return "the best string stays"
    return "; ".join(f"{learner}: {said.get(learner, 'the best string stays')}" for learner in learners)


def measure(folder: Path, splits: int, seed: int) -> dict[str, Any]:
    todo = tasks(folder / "speech")
    heard, voice = hear([*dict.fromkeys(clip for task in todo for clip in task.clips)], Voice(BUNDLED))
    alphabet = Alphabet.of(BUNDLED)
    found: dict[str, dict[str, Floats]] = {learner: {} for learner in LEARNERS}
    costs: dict[str, dict[str, float]] = {}
    for name, reader in READERS.items():
        counts, spent = represent(heard, reader, alphabet, seed)
        costs[name] = {"ms a clip": spent, "n-grams a clip": sum(map(len, counts.values())) / len(counts)}
        for learner, learn in LEARNERS.items():
            parts = [contest(task, counts, learn, splits) for task in todo]
            found[learner][name] = np.stack([values for values, _ in parts])
            costs[name][f"{learner} ms"] = sum(ms for _, ms in parts) / len(parts)
    learners = {learner: compare(values, todo) for learner, values in found.items()}
    fair = [task.name for task in todo if not task.telling]
    return {"voice": voice, "costs": costs, "learners": learners, "verdict": verdict(learners, fair)}


def table(figures: dict[str, Any]) -> str:
    voice = figures["voice"]
    lines = [
        f"{voice['clips']} clips of {voice['seconds a clip']:.1f} s; hearing one takes {voice['ms a clip']:.1f} ms"
    ]
    lines.append(f"{'':22} ms a clip  n-grams  explicit ms  gate ms with {EXAMPLES[-1]} examples of each wish")
    for name, cost in figures["costs"].items():
        ms, ngrams, explicit, gate = cost.values()
        lines.append(f"{name:22} {ms:9.2f} {ngrams:8.0f} {explicit:12.1f} {gate:8.1f}")
    for learner, rows in figures["learners"].items():
        for of in MEASURES:
            head = "".join(f"{f'k = {k}':>8}" for k in EXAMPLES)
            lines.append(f"\n{f'{learner}, {of}':28}{'mean':>14}{head}{'gain':>16}   gain by task")
            for name, row in rows.items():
                by = "".join(f"{mean:8.3f}" for mean, _ in row[of]["by examples"].values())
                gains = "".join(f" {gain:+7.3f}" for gain, _ in row[of]["gain by task"].values())
                (mean, error), (gain, its_error) = row[of]["mean"], row[of]["gain"]
                lines.append(f"{name:28} {mean:.3f} ± {error:.3f}{by}  {gain:+.3f} ± {its_error:.3f}  {gains}")
    names = next(iter(figures["learners"].values()))[BEST][MEASURES[0]]["gain by task"]
    return "\n".join([*lines, "", "tasks: " + "; ".join(names), figures["verdict"]])


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lampctl bench posterior", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--splits", type=int, default=SPLITS, help=f"seeded splits of each task, two or more ({SPLITS})"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the samples (0)")
    parser.add_argument("--data", type=Path, help="the data folder (LAMPD_DATA)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    if arguments.splits < 2:
        parser.error("a standard error takes two splits")
    figures = measure(data.needed(parser, arguments.data), arguments.splits, arguments.seed)
    print(json.dumps(figures, indent=1) if arguments.json else table(figures))
    return 0
