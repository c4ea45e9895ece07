"""What the microphone heard and how much memory it took, over the days: gauges come in, two lines a picture leave."""

from collections.abc import Callable, Sequence
from datetime import datetime

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


def _drawn(found: Sequence[Gauge]) -> Callable[[Figure], None]:
    def draw(figure: Figure) -> None:
        loud, large = figure.subplots(2, 1, sharex=True)
        when = [datetime.fromtimestamp(one.wall) for one in found]
        for name, colour, values in (
            ("loudest", LAMP, [one.peak_db for one in found]),
            ("the room", HAND, [one.noise_db for one in found]),
        ):
            loud.plot(when, [float("nan") if value is None else value for value in values], color=colour, label=name)
        loud.set_ylabel("dB")
        large.plot(when, [one.memory_mb for one in found], color=INK)
        large.set_ylabel("memory, MB")
        large.set_ylim(bottom=0)
        locator = AutoDateLocator(maxticks=5)  # type: ignore[no-untyped-call]
        large.xaxis.set_major_locator(locator)
        large.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        figure.legend(loc="outside upper center", ncols=2)

    return draw
