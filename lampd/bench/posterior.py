"""Real clips come in; whether expected n-gram counts beat those of the best string leaves, with what they cost.

The bundled voice hears each clip once. A learner gets some examples of each wish and three clips of chatter to each of
them, and is asked about all other clips of the task. Every representation is judged on the same splits, so differences
are paired; their standard errors are over splits of the same clips, and know nothing of other people and other rooms.
Tasks in which who speaks tells a wish from chatter are shown, but count in no mean and no verdict.
"""

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lampd.bench import Refused, Report, data
from lampd.bench.clips import Task, split, tasks
from lampd.bench.contest import Learner, learner
from lampd.devices.sound import RATE, read
from lampd.learners.ngrams import RARE, counts, expected
from lampd.learners.wish import WISHES
from lampd.messages import Example, Said, Tag
from lampd.voice.ctc import SAMPLES, Alphabet, Logits, decode, guesses
from lampd.voice.folder import VoiceError, folder_of
from lampd.voice.wav2vec2 import Voice

EXAMPLES = (2, 4, 8, 16)
"""Of each wish."""
SPLITS = 10
SURE = 3.0
"""Standard errors that a gain must exceed: several representations are tried."""
MEASURES = ("average precision", "macro-F1")
LEARNERS = ("explicit", "gate")
QUICK = ("--splits", "2")

Floats = NDArray[np.float64]
Reader = Callable[[Logits, Alphabet], Said]


def by_best(logits: Logits, alphabet: Alphabet) -> Said:
    return Said(decode(logits, alphabet)[0])


def by_samples(samples: int, least: float) -> Reader:
    return lambda logits, alphabet: Said("", expected(guesses(logits, alphabet, samples), least))


BEST = "best string"
READERS: dict[str, Reader] = {
    BEST: by_best,
    f"{SAMPLES} guesses": by_samples(SAMPLES, RARE),
    f"{SAMPLES // 4} guesses": by_samples(SAMPLES // 4, RARE),
}


def hear(clips: Sequence[Path], voice: Voice) -> tuple[dict[Path, Logits], dict[str, float]]:
    """The logits of each clip, and what they cost."""
    sounds = {clip: read(clip) for clip in clips}
    began = time.process_time()
    logits = {clip: voice.logits(sound) for clip, sound in sounds.items()}
    spent, seconds = time.process_time() - began, sum(map(len, sounds.values())) / RATE
    return logits, {"clips": len(clips), "seconds a clip": seconds / len(clips), "ms a clip": 1000 * spent / len(clips)}


def represent(heard: dict[Path, Logits], reader: Reader, alphabet: Alphabet) -> tuple[dict[Path, Said], float]:
    """What was said in each clip, and what it cost to find out, in ms a clip."""
    began = time.process_time()
    said = {clip: reader(logits, alphabet) for clip, logits in heard.items()}
    return said, 1000 * (time.process_time() - began) / len(heard)


def average_precision(likely: Floats, wished: NDArray[np.bool_]) -> float:
    """The area under precision against recall, a step at each different probability."""
    levels, found = np.unique(-likely, return_inverse=True)
    right = np.cumsum(np.bincount(found, wished, len(levels)))
    said = np.cumsum(np.bincount(found, minlength=len(levels)))
    return float((np.diff(right, prepend=0) * right / said).sum() / right[-1])


def f1(likely: Floats, wished: NDArray[np.bool_]) -> float:
    """Of acting above one half."""
    return float(2 * (wished & (likely > 0.5)).sum() / (wished.sum() + (likely > 0.5).sum()))


def judge(likely: Floats, tags: Sequence[Tag]) -> tuple[float, float]:
    """Average precision and F1 of each wish (N x 2 probabilities) against the chatter, the mean of both wishes."""
    pairs = []
    for index, wish in enumerate(WISHES):
        asked = np.array([tag in (wish, "nothing") for tag in tags])
        wished = np.array([tag == wish for tag in tags])[asked]
        pairs.append((average_precision(likely[asked, index], wished), f1(likely[asked, index], wished)))
    return sum(ap for ap, _ in pairs) / len(pairs), sum(f for _, f in pairs) / len(pairs)


def taught(name: str, said: Sequence[Said], tags: Sequence[Tag]) -> Learner:
    """A learner of what was said to a lamp that was not so, or, where nothing was meant, to a dark one."""
    new = learner(name)
    for number, (one, tag) in enumerate(zip(said, tags, strict=True)):
        new.learn(Example(0.0, number, one.text, tag == "dark", (tag,), "flip", ngrams=one.ngrams))
    return new


def contest(task: Task, said: dict[Path, Said], name: str, splits: int) -> tuple[Floats, float]:
    """Both measures (examples x splits x 2), and the ms that learning and judging took with the most examples."""
    clips, tags = [said[clip] for clip in task.clips], [*task.clips.values()]
    results = np.zeros((len(EXAMPLES), splits, 2))
    for row, examples in enumerate(EXAMPLES):
        began = time.process_time()
        for seed in range(splits):
            learned, judged = split(tags, examples, seed)
            new = taught(name, [clips[i] for i in learned], [tags[i] for i in learned])
            likely = np.array([[new.predict(clips[i], False).lit, new.predict(clips[i], True).dark] for i in judged])
            results[row, seed] = judge(likely, [tags[i] for i in judged])
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
    for who, rows in learners.items():
        best_gain = 0.0
        for name, row in rows.items():
            gain, error = row[MEASURES[0]]["gain"]
            by_task = [row[measure]["gain by task"][task] for measure in MEASURES for task in fair]
            loses = any(change < -SURE * its_error for change, its_error in by_task)
            if gain > max(best_gain, SURE * error) and not loses:
                best_gain = gain
                said[who] = f"expected counts ({name}) are better by {gain:.3f} ± {error:.3f} {MEASURES[0]}"
    if not said:
        return "the best string stays"
    return "; ".join(f"{who}: {said.get(who, 'the best string stays')}" for who in learners)


def measure(folder: Path, splits: int, voice: Voice) -> dict[str, Any]:
    todo = tasks(folder / "speech")
    heard, hearing = hear([*dict.fromkeys(clip for task in todo for clip in task.clips)], voice)
    found: dict[str, dict[str, Floats]] = {name: {} for name in LEARNERS}
    costs: dict[str, dict[str, float]] = {}
    for name, reader in READERS.items():
        print(f"{name} ...", file=sys.stderr, flush=True)
        said, spent = represent(heard, reader, voice.alphabet)
        costs[name] = {"ms a clip": spent, "n-grams a clip": sum(len(counts(one)) for one in said.values()) / len(said)}
        for one in LEARNERS:
            parts = [contest(task, said, one, splits) for task in todo]
            found[one][name] = np.stack([values for values, _ in parts])
            costs[name][f"{one} ms"] = sum(ms for _, ms in parts) / len(parts)
    learners = {one: compare(values, todo) for one, values in found.items()}
    fair = [task.name for task in todo if not task.telling]
    return {"voice": hearing, "costs": costs, "learners": learners, "verdict": verdict(learners, fair)}


def table(figures: dict[str, Any]) -> str:
    voice = figures["voice"]
    lines = [
        f"{voice['clips']} clips of {voice['seconds a clip']:.1f} s; hearing one takes {voice['ms a clip']:.1f} ms"
    ]
    lines.append(f"{'':22} ms a clip  n-grams  explicit ms  gate ms with {EXAMPLES[-1]} examples of each wish")
    for name, cost in figures["costs"].items():
        ms, ngrams, explicit, gate = cost.values()
        lines.append(f"{name:22} {ms:9.2f} {ngrams:8.0f} {explicit:12.1f} {gate:8.1f}")
    for who, rows in figures["learners"].items():
        for of in MEASURES:
            head = "".join(f"{f'k = {k}':>8}" for k in EXAMPLES)
            lines.append(f"\n{f'{who}, {of}':28}{'mean':>14}{head}{'gain':>16}   gain by task")
            for name, row in rows.items():
                by = "".join(f"{mean:8.3f}" for mean, _ in row[of]["by examples"].values())
                gains = "".join(f" {gain:+7.3f}" for gain, _ in row[of]["gain by task"].values())
                (mean, error), (gain, its_error) = row[of]["mean"], row[of]["gain"]
                lines.append(f"{name:28} {mean:.3f} ± {error:.3f}{by}  {gain:+.3f} ± {its_error:.3f}  {gains}")
    names = next(iter(figures["learners"].values()))[BEST][MEASURES[0]]["gain by task"]
    return "\n".join([*lines, "", "tasks: " + "; ".join(names), figures["verdict"]])


def options(parser: argparse.ArgumentParser) -> None:
    splits = f"seeded splits of each task, two or more ({SPLITS})"
    parser.add_argument("--splits", type=int, default=SPLITS, help=splits)
    parser.add_argument("--voice", default="bundled", help="a checkpoint's folder (bundled)")


def run(arguments: argparse.Namespace) -> Report:
    if arguments.splits < 2:
        raise Refused("a standard error takes two splits")
    folder = data.needed()
    try:
        voice = Voice(folder_of(arguments.voice))
    except VoiceError as error:
        raise Refused(str(error)) from None
    figures = measure(folder, arguments.splits, voice)
    return Report(figures, table(figures))
