"""The learners against each other and against simple peers, closed loop, from nothing, in twelve text households.

`lampd` is the whole: the explicit solution, the gate and the judge, as the lamp runs them. Every other row is one
learner alone in the lamp's place, acting above one half. Figures are over all households and noise levels together;
the worst decile is the mean F1 of the tenth of the households where it is lowest.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, get_args

import msgspec

from lampd.bench import Report, data, speed
from lampd.bench.contest import OURS, PEERS, live
from lampd.bench.households import Composer, Scenario
from lampd.bench.tally import Tally, groups, spoken

HOUSEHOLDS = 12
UTTERANCES = 150
NOISES = (0.0, 1.0, 2.0)
WINDOWS = {"0 to 20": (0, 20), "20 to 150": (20, 150)}
CHANGED = {"before": (55, 75), "the 20 after": (75, 95), "later": (95, 150)}
"""In houses that change their phrases at 75."""
QUICK = ("--learners", "lampd", "explicit", "bayes", "--households", "2", "--noise", "1", "--no-speed")


class Task(msgspec.Struct, frozen=True):
    name: str
    data: str
    seed: int
    noise: float
    scenario: Scenario


@cache
def composer(folder: str) -> Composer:
    return Composer(Path(folder))


def lived(task: Task) -> tuple[dict[str, Tally], list[Tally]]:
    """The tallies of one household by window, and of its groups of commands."""
    session = composer(task.data).compose(task.seed, task.noise, UTTERANCES, task.scenario)
    outcomes = live(task.name, session, task.seed).outcomes
    windows = WINDOWS | CHANGED if task.scenario == "changes" else WINDOWS
    return {name: Tally.of(spoken(outcomes, *window)) for name, window in windows.items()}, groups(outcomes)


def summed(results: list[tuple[dict[str, Tally], list[Tally]]]) -> dict[str, Any]:
    """Figures over all households: by window, and the curve of F1 by groups of commands."""
    windows: dict[str, Any] = {}
    for name in results[0][0]:
        tallies = [parts[name] for parts, _ in results]
        lowest = sorted(tally.f1 for tally in tallies)[: max(1, len(tallies) // 10)]
        windows[name] = Tally.total(tallies).figures() | {"worst_decile_f1": round(sum(lowest) / len(lowest), 4)}
    longest = max(len(curve) for _, curve in results)
    totals = [Tally.total([curve[i] for _, curve in results if i < len(curve)]) for i in range(longest)]
    # where few households are left, chance is most of it
    whole = [total for i, total in enumerate(totals) if sum(len(c) > i for _, c in results) * 2 >= len(results)]
    return {"windows": windows, "curve": [round(total.f1, 4) for total in whole]}


def compare(tasks: list[Task], jobs: int) -> list[tuple[dict[str, Tally], list[Tally]]]:
    """Run all `tasks`, `jobs` at once, saying on stderr how far it has come."""
    results = []
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for number, result in enumerate(pool.map(lived, tasks), 1):
            results.append(result)
            print(f"\r{tasks[number - 1].name:12} {number} of {len(tasks)} evenings", end="", file=sys.stderr)
    print(file=sys.stderr)
    return results


def table(rows: dict[str, Any]) -> str:
    lines = [f"{'':12} {'utterances':12} {'F1':>6} {'worst tenth':>11} {'precision':>9} {'recall':>6} "]
    lines[0] += f"{'false per 1000':>14} {'wrong way':>9}"
    for name, row in rows.items():
        for window, f in row["windows"].items():
            lines.append(
                f"{name:12} {window:12} {f['f1']:6.3f} {f['worst_decile_f1']:11.3f} {f['precision']:9.3f} "
                f"{f['recall']:6.3f} {f['false_per_1000']:14.1f} {f['wrong_way_percent']:7.1f} %"
            )
    return "\n".join(lines)


def draw(rows: dict[str, Any], path: Path) -> None:
    """F1 by tens of commands, a line a learner. Raises OSError."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 5.5))
    for index, (name, row) in enumerate(rows.items()):
        style = {"linewidth": 3.0, "color": "#e0a000", "zorder": 9} if name == "lampd" else {"color": f"C{index}"}
        line = "-" if name in OURS else "--"
        axes.plot([10 * i + 5 for i in range(len(row["curve"]))], row["curve"], line, marker="o", label=name, **style)
    axes.set_xlabel("commands since the lamp was new (by tens)")
    axes.set_ylabel("F1 of what the lamp did, lit and dark")
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=2, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def options(parser: argparse.ArgumentParser) -> None:
    every = (*OURS, *PEERS)
    parser.add_argument("--learners", nargs="+", choices=every, default=every, metavar="NAME", help=" ".join(every))
    parser.add_argument("--noise", nargs="+", type=float, default=NOISES, help="times the measured errors (0 1 2)")
    parser.add_argument("--scenario", choices=get_args(Scenario), default="steady", help=" | ".join(get_args(Scenario)))
    parser.add_argument("--households", type=int, default=HOUSEHOLDS)
    parser.add_argument("--first", type=int, default=0, help="number of the first household (0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-speed", action="store_true", help="leave out times and memory")
    parser.add_argument("--picture", type=Path, metavar="PNG", help="draw F1 against the number of commands")


def run(arguments: argparse.Namespace) -> Report:
    folder = data.needed()
    os.environ["OMP_NUM_THREADS"] = "1"
    seeds = range(arguments.first, arguments.first + arguments.households)
    tasks = [
        Task(name, str(folder), seed, noise, arguments.scenario)
        for name in arguments.learners
        for noise in arguments.noise
        for seed in seeds
    ]
    results = compare(tasks, arguments.jobs)
    rows: dict[str, Any] = {}
    for name in arguments.learners:
        own = [(task, result) for task, result in zip(tasks, results, strict=True) if task.name == name]
        by_noise = {noise: [result for task, result in own if task.noise == noise] for noise in arguments.noise}
        rows[name] = summed([result for _, result in own])
        rows[name]["noise"] = {f"{noise:g}": summed(part)["windows"] for noise, part in by_noise.items()}
    measured = {} if arguments.no_speed else speed.measure(composer(str(folder)))
    if arguments.picture:
        draw(rows, arguments.picture)
    lines = [f"{arguments.households} households, {UTTERANCES} utterances each, {arguments.scenario}; all noise levels"]
    lines.append(table(rows))
    for noise in arguments.noise if len(arguments.noise) > 1 else ():
        of_noise = {name: {"windows": row["noise"][f"{noise:g}"]} for name, row in rows.items()}
        lines += [f"\n{noise:g} times the measured errors", table(of_noise)]
    lines += [f"{what:60} {value}" for what, value in measured.items()]
    return Report({"learners": rows, "speed": measured}, "\n".join(lines))
