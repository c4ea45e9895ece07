"""The precision language model against n-grams, recurrent networks and transformers, at equal seconds of one core.

Then what its published claims rest on: how it begins, what looked-up comparisons save, and the digits.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

import torch

from lampd.bench import Refused, Report, beginnings, caching, claims, data, digits, race, race_picture, texts
from lampd.bench.caching import Speed
from lampd.bench.claims import Claim
from lampd.bench.race import Mark, Run
from lampd.bench.texts import Task
from lampd.plm.language_model import LanguageModel
from lampd.plm.model import PrecisionModel
from lampd.plm.peers import recurrent, transformer
from lampd.plm.peers.kneser_ney import KneserNey
from lampd.plm.sizes import SIZES, Configuration
from lampd.plm.vocabulary import Kind

EPOCHS, BUDGETS = (1, 2, 4), (5.0, 15.0)
WARM, COLD = "SAFFU, warm", "SAFFU, cold"
DROPOUT: dict[Kind, float] = {"words": 0.3, "bpe": 0.3, "characters": 0.1}
"""Of the peers: a small text is read often, a long one hardly once."""
PART = 30_000
"""Tokens to train on, for a quick look."""
QUICK = ("--seconds", "3", "--part")


@dataclass(frozen=True)
class Race:
    task: Task
    unigram: float
    runs: list[Run]

    def to_fields(self) -> dict[str, Any]:
        task = self.task
        parts = {"train": task.train, "development": task.development, "test": task.test}
        return {
            "name": task.name,
            "vocabulary": task.train.size,
            "tokens": {name: part.tokens for name, part in parts.items()},
            "unigram": self.unigram,
            "runs": [one.to_fields() for one in self.runs],
        }


@dataclass(frozen=True)
class Results:
    races: list[Race]
    costs: dict[str, float]
    by_share: dict[str, float]
    by_kind: dict[str, float]
    speeds: list[Speed]
    digits: dict[str, Any]
    claims: list[Claim]

    def to_fields(self) -> dict[str, Any]:
        return {
            "texts": [one.to_fields() for one in self.races],
            "costs": self.costs,
            "beginnings": {"by share": self.by_share, "by kind": self.by_kind},
            "caching": [asdict(one) for one in self.speeds],
            "digits": self.digits,
            "claims": [asdict(one) for one in self.claims],
        }


def entrants(task: Task, configuration: Configuration, seconds: float) -> dict[str, LanguageModel]:
    """All models, with points often enough to see how each gets on."""
    dropout = DROPOUT[task.kind]
    cells = recurrent.Shape(dropout=dropout)
    layers = transformer.Shape(dropout=min(dropout, 0.2))
    peers = [
        *(recurrent.recurrent(cell, cells) for cell in recurrent.CELLS),
        *(transformer.transformer(replace(layers, positions=one)) for one in get_args(transformer.Positions)),
    ]
    for peer in peers:
        peer.course = replace(peer.course, pause=seconds / 8)
    return {
        WARM: PrecisionModel(configuration, "warm", seconds=seconds),
        COLD: PrecisionModel(configuration, "cold", seconds=seconds),
        "Kneser-Ney": KneserNey(task.highest),
        **{peer.name: peer for peer in peers},
    }


def raced(task: Task, configuration: Configuration, seconds: float) -> Race:
    runs = []
    for name, model in entrants(task, configuration, seconds).items():
        progress(f"{task.name}: {name} ...")
        runs.append(race.run(model, task, seconds, name))
        last = runs[-1].marks[-1]
        progress(f"{task.name}: {name}, {last.seconds:.0f} s, test perplexity {runs[-1].best.test:.1f}")
    return Race(task, race.unigram(task), runs)


def progress(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def measure(tasks: Sequence[Task], configuration: Configuration, seconds: float, quick: bool = False) -> Results:
    """Everything; how the model begins is tried on the first text."""
    races = [raced(task, configuration, seconds) for task in tasks]
    progress(f"{tasks[0].name}: beginnings ...")
    costs = beginnings.costs(tasks[0], configuration)
    by_share = beginnings.by_share(tasks[0], configuration)
    by_kind = beginnings.by_kind(tasks[0], configuration)
    progress("looked-up comparisons ...")
    speeds = caching.measure((16, 64), turns=2) if quick else caching.measure()
    progress("digits ...")
    found = digits.measure()
    stated: list[Claim] = []
    for one in races:
        warm, cold = one.runs[:2]
        stated += claims.of_race(one.task.name, warm, cold, one.unigram)
    stated += claims.of_beginnings(tasks[0].name, by_share, by_kind)
    stated += [claims.of_caching(speeds), *claims.of_digits(found)]
    return Results(races, costs, by_share, by_kind, speeds, found, stated)


def figure(mark: Mark | None) -> str:
    return f"{mark.test:8.1f}" if mark else f"{'-':>8}"


def race_table(one: Race, budgets: Sequence[float]) -> list[str]:
    task = one.task
    heads = ["0 steps", *(f"{n} ep." for n in EPOCHS), *(f"{budget:g} s" for budget in budgets)]
    lines = [
        f"\n{task.name}: {task.train.tokens} tokens, {task.train.size} different; {task.test.tokens} to judge by",
        f"{'test perplexity':36}{'numbers':>9}" + "".join(f"{head:>8}" for head in heads),
        f"{'unigram':36}{task.train.size:9}{one.unigram:8.1f}",
    ]
    for run in one.runs:
        marks = [run.start, *(run.epoch(n) for n in EPOCHS), *(run.within(budget) for budget in budgets)]
        lines.append(f"{run.name:36}{run.parameters:9}" + "".join(figure(mark) for mark in marks))
    return lines


def digits_table(found: dict[str, Any]) -> list[str]:
    explicit = found["explicit"]
    by_k = ", ".join(f"{k}: {accuracy:.1%}" for k, accuracy in found["by K"].items())
    lines = [
        "\n8 x 8 digits, accuracy on the last 597",
        f"explicit {explicit['accuracy']:.1%} in {1000 * explicit['seconds']:.1f} ms; by K: {by_k}; "
        f"the mean norm is {found['mean norm']:.1f}",
    ]
    for name in ("warm", "cold"):
        one = found[name]
        lines.append(
            f"{name} {one['start']:.1%}, {one['accuracy']:.1%} after {one['epochs']} epochs, {one['seconds']:.1f} s"
        )
    return [*lines, f"logistic regression {found['logistic regression']:.1%}"]


def table(results: Results, budgets: Sequence[float]) -> str:
    first = results.races[0].task.name
    lines = [line for one in results.races for line in race_table(one, budgets)]
    lines += [
        f"\nseconds of the precision language model ({first})",
        ", ".join(f"{name} {seconds:.1f}" for name, seconds in results.costs.items()) + "; epochs, but for the start",
        f"\nno gradient, test perplexity ({first})",
        "warm start on " + ", ".join(f"{float(s):.0%}: {p:.1f}" for s, p in results.by_share.items()),
        "and on all of it, " + ", ".join(f"{name} {p:.1f}" for name, p in results.by_kind.items()),
        "\nlooked-up comparisons, times as fast as computed ones, by length of block",
    ]
    for part in ("comparisons", "features", "step"):
        lines.append(f"{part:12}" + "".join(f"{one.length:6}: {getattr(one, part):.2f}" for one in results.speeds))
    return "\n".join([*lines, *digits_table(results.digits), "\npublished claims", *map(str, results.claims)])


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=30.0, help="of training, for each model on each text (30)")
    parser.add_argument("--size", choices=list(SIZES), default="micro", help="of the precision language model (micro)")
    parser.add_argument("--text", type=Path, metavar="FILE", help="this text, in place of the two of the data folder")
    parser.add_argument("--tokens", choices=get_args(Kind), default="characters", help="what that text is made of")
    parser.add_argument("--part", action="store_true", help="of each text, and of what is tried")
    parser.add_argument("--picture", type=Path, metavar="PNG", help="draw perplexity against seconds")


def chosen(arguments: argparse.Namespace) -> list[Task]:
    if arguments.text:
        try:
            tasks = [texts.cut(arguments.text, arguments.tokens)]
        except (OSError, ValueError) as error:
            raise Refused(str(error)) from None
    else:
        folder = data.needed()
        tasks = [texts.wikitext(folder), texts.shakespeare(folder)]
    return [texts.shortened(task, PART) if arguments.part else task for task in tasks]


def run(arguments: argparse.Namespace) -> Report:
    tasks = chosen(arguments)
    torch.set_num_threads(1)
    results = measure(tasks, SIZES[arguments.size], arguments.seconds, arguments.part)
    if arguments.picture:
        race_picture.draw({one.task.name: (one.unigram, one.runs) for one in results.races}, arguments.picture)
    budgets = [*(budget for budget in BUDGETS if budget < arguments.seconds), arguments.seconds]
    return Report(results.to_fields(), table(results, budgets))
