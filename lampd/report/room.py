"""What the microphone heard and how much memory it took, over the days: gauges come in, two lines a picture leave."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise

from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from lampd.gauge import Gauge, gauges
from lampd.journal import Journal
from lampd.report.drawing import HAND, INK, LAMP, picture
from lampd.report.section import Section
from lampd.settings import Thing
from lampd.story import LAMP as A_LAMP

TITLE = "Its microphone and its memory"
ENOUGH, POINTS = 6, 500
SET_S = 30 * 86400.0
"""More than between two that are drawn."""


def section(journal: Journal, thing: Thing = A_LAMP) -> Section:
    found = gauges(journal)
    if len(found) < ENOUGH:
        return Section(
            TITLE, ["There is not enough to say yet: it is measured every ten minutes, and an hour is needed."]
        )
    heard = [one.noise_db for one in found if one.noise_db is not None]
    memory = [one.memory_mb for one in found]
    took = f"{min(memory):.0f} to {max(memory):.0f} MB of memory"
    says = [f"In {len(found) / 6:.0f} hours all its processes together took {took}."]
    deaf = len(found) - len(heard)
    if heard:
        says.append(f"The room was at {min(heard):.0f} to {max(heard):.0f} dB of full scale when nobody spoke.")
    if deaf:
        says.append(f"For {deaf / 6:.1f} hours it heard nothing at all: no microphone, or told not to listen.")
    return Section(TITLE, says, picture("room", "Loudness and memory over time", _drawn(_thinned(found)), 3.6))


def _thinned(found: Sequence[Gauge]) -> Sequence[Gauge]:
    """No more than can be told apart on a phone."""
    return found[:: max(1, len(found) // POINTS)]


def _in_order(found: Sequence[Gauge]) -> bool:
    """Whether the clock on the wall went forward, and within a boot was not set by a month."""
    pairs = list(pairwise(found))
    forward = all(one.wall <= other.wall for one, other in pairs)
    return forward and all(other.wall - one.wall < SET_S for one, other in pairs if one.boot == other.boot)


def _drawn(found: Sequence[Gauge]) -> Callable[[Figure], None]:
    def draw(figure: Figure) -> None:
        loud, large = figure.subplots(2, 1, sharex=True)
        is_right = _in_order(found)
        when = [datetime.fromtimestamp(one.wall) if is_right else number for number, one in enumerate(found)]
        for name, colour, values in (
            ("loudest", LAMP, [one.peak_db for one in found]),
            ("the room", HAND, [one.noise_db for one in found]),
        ):
            loud.plot(when, [float("nan") if value is None else value for value in values], color=colour, label=name)
        loud.set_ylabel("dB")
        large.plot(when, [one.memory_mb for one in found], color=INK)
        large.set_ylabel("memory, MB")
        large.set_ylim(bottom=0)
        if is_right:
            locator = AutoDateLocator(maxticks=5)  # type: ignore[no-untyped-call]
            large.xaxis.set_major_locator(locator)
            large.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        else:
            large.set_xlabel("in order: its clock was set meanwhile")
            large.set_xticks([])
        figure.legend(loc="outside upper center", ncols=2)

    return draw
