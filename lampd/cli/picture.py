"""A score comes in, the learning curve leaves as a picture."""

from pathlib import Path

from lampd.score import Score
from lampd.settings import Thing

LAMP, WRONG, HAND = "#e0a000", "#c03030", "#4070b0"


def learning_curve(score: Score, path: Path, thing: Thing) -> None:
    """Draw wishes answered, wrong acts and flips by hand against time, and write a PNG. Raises OSError."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (top, bottom) = pyplot.subplots(2, 1, figsize=(9, 6.5), sharex=True, height_ratios=(3, 2))
    windows = [window for window in score.windows() if window["asked"]]
    ends = [*[window["t"] for window in windows][1:], score.outcomes[-1].wish.end]
    middles = [(window["t"] + end) / 120 for window, end in zip(windows, ends, strict=True)]
    widths = [(end - window["t"]) / 60 for window, end in zip(windows, ends, strict=True)]
    shares = [100 * window["answered"] / window["asked"] for window in windows]
    top.bar(middles, shares, [0.96 * width for width in widths], color=LAMP)
    for x, share, window in zip(middles, shares, windows, strict=True):
        top.text(x, share + 2, f"{window['answered']} of {window['asked']}", ha="center", fontsize=9)
    top.set_ylim(0, 115)
    top.set_yticks(range(0, 101, 25))
    top.set_ylabel(f"wishes the {thing.name} answered, %")
    top.set_title(f"How the {thing.name} learned, by tens of wishes")

    hands = [outcome.wish.end / 60 for outcome in score.outcomes for _ in range(outcome.flips)]
    wrong = [
        act.at / 60 for outcome in score.outcomes for act in outcome.acts + outcome.strays if not outcome.right(act)
    ]
    right = [act.at / 60 for outcome in score.outcomes for act in outcome.acts if outcome.right(act)]
    end = score.outcomes[-1].wish.end / 60
    for times, colour, label in (
        (right, LAMP, "right acts"),
        (hands, HAND, "flips by hand"),
        (wrong, WRONG, "wrong acts"),
    ):
        bottom.step([0.0, *times, end], [*range(len(times) + 1), len(times)], where="post", color=colour, label=label)
    bottom.set_ylabel("so far")
    bottom.set_xlabel("minutes")
    bottom.legend(loc="upper left", frameon=False)
    for axes in (top, bottom):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
