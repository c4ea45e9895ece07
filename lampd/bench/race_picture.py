"""Runs of several models on several texts arrive; a picture of perplexity against seconds leaves."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lampd.bench.race import Run

COLOURS = ("#e0a000", "#7a5a00", "#c03030", "#9a9a9a", "#4070b0", "#50a0d0", "#408050", "#80b060")


def draw(races: Mapping[str, tuple[float, Sequence[Run]]], path: Path) -> None:
    """One panel a text, with its unigram perplexity and its runs; both axes are logarithmic. Raises OSError."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(races), figsize=(7 * len(races), 5.5), squeeze=False)
    for axes, (name, (unigram, runs)) in zip(panels[0], races.items(), strict=True):
        end = max(mark.seconds for run in runs for mark in run.marks)
        for run, colour in zip(runs, (COLOURS * len(runs))[: len(runs)], strict=True):
            # what starts at once has no place on this axis
            seconds = [max(mark.seconds, 0.05) for mark in run.marks]
            best = [min(run.marks[: at + 1], key=lambda mark: mark.development).test for at in range(len(run.marks))]
            axes.step([*seconds, end], [*best, best[-1]], where="post", color=colour, linewidth=1)
            axes.plot(seconds, best, "o", markersize=3.5, color=colour, label=run.name)
        axes.axhline(unigram, color="black", linewidth=0.8, linestyle=":", label="unigram")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_title(name)
        axes.set_xlabel("seconds of training on one core")
        axes.set_ylabel("test perplexity of the best so far")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8, loc="upper center")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
