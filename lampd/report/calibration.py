"""Whether it is as sure as it should be: what it thought of utterances and what these meant come in, by how sure it was
how often it was right leaves.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from matplotlib.figure import Figure

from lampd import story
from lampd.journal import Journal
from lampd.learners.wish import bearing
from lampd.rates import share
from lampd.report.drawing import FAINT, INK, LAMP, picture
from lampd.report.section import Section, Table, counted
from lampd.settings import Thing

TITLE = "Is it as sure as it should be?"
ENOUGH, BINS = 20, 10


class Bin(NamedTuple):
    """Predictions of a probability of at least `low`: how many `times`, their mean, how often a change was `meant`, and
    between which shares that is likely to lie (95 %, Wilson 1927)."""

    low: float
    times: int
    predicted: float
    meant: int
    least: float
    most: float


def predictions(journal: Journal) -> list[tuple[float, bool]]:
    """For each utterance of which it is known: how probable a change was held to be, and whether one was meant. What
    was never taught anything predicts nothing."""
    labels = {
        utterance: (was_lit, tuple(msgspec.json.decode(possible)))
        for utterance, was_lit, possible in journal.db.execute("SELECT utterance, was_lit, possible FROM label")
    }
    # the last thought of an utterance is of the whole of it
    query = "SELECT utterance, was_lit, max(lit, dark) FROM directive ORDER BY seq"
    thoughts = {utterance: (lit, likely) for utterance, lit, likely in journal.db.execute(query)}
    found = []
    for utterance, (lit, likely) in sorted(thoughts.items()):
        was_lit, possible = labels.get(utterance, (lit, ()))
        meant = bearing(possible, "dark" if lit else "lit")
        if was_lit == lit and meant is not None and likely > 0:
            found.append((float(likely), meant))
    return found


def binned(predicted: Sequence[tuple[float, bool]]) -> list[Bin]:
    """Bins of equal width that are not empty."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for probability, meant in predicted:
        bins.setdefault(min(int(probability * BINS), BINS - 1), []).append((probability, meant))
    found = []
    for number, some in sorted(bins.items()):
        meant_in = sum(meant for _, meant in some)
        mean = math.fsum(probability for probability, _ in some) / len(some)
        found.append(Bin(number / BINS, len(some), mean, meant_in, *share(meant_in, len(some))[1:]))
    return found


def section(journal: Journal, thing: Thing = story.LAMP) -> Section:
    predicted = predictions(journal)
    if len(predicted) < ENOUGH:
        few = counted(len(predicted), "utterance", "utterances")
        return Section(
            TITLE,
            [f"There is not enough to say yet: of {few} it is known what was thought and meant; it takes {ENOUGH}."],
        )
    found = binned(predicted)
    mean = math.fsum(probability for probability, _ in predicted) / len(predicted)
    meant = sum(meant for _, meant in predicted) / len(predicted)
    says = [
        f"Of {len(predicted)} utterances it is known whether they asked for a change: {100 * meant:.0f} % did, and "
        f"{100 * mean:.0f} % were expected to. On the diagonal it is as sure as it should be; below, too sure. The "
        "bars hold what is likely (95 %); the figures above say how many utterances each point stands for.",
        "An act that was left alone counts as meant.",
    ]
    rows = [
        [
            f"{one.low:.1f} to {one.low + 1 / BINS:.1f}",
            str(one.times),
            f"{one.predicted:.2f}",
            f"{one.meant / one.times:.2f}",
            f"{one.least:.2f} to {one.most:.2f}",
        ]
        for one in found
    ]
    table = Table(["held to be", "times", "expected", "meant", "95 %"], rows)
    return Section(TITLE, says, picture("calibration", "Expected and meant changes", _drawn(found), 3.2), [table])


def _drawn(found: Sequence[Bin]) -> Callable[[Figure], None]:
    expected = [one.predicted for one in found]
    meant = [one.meant / one.times for one in found]
    # what floating point leaves must not make them negative
    below = [max(0.0, share - one.least) for share, one in zip(meant, found, strict=True)]
    above = [max(0.0, one.most - share) for share, one in zip(meant, found, strict=True)]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--")
        axes.errorbar(expected, meant, (below, above), fmt="o", color=LAMP, ecolor=LAMP, markersize=6, elinewidth=2)
        for x, one in zip(expected, found, strict=True):
            axes.text(x, 1.06, str(one.times), ha="center", fontsize=8, color=INK)
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.13)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.set_xlabel("how probable a change was held to be")
        axes.set_ylabel("how often it was meant")

    return draw
