"""Wrong acts and misses: what was done and wished comes in, by day or by week, with the hours it listened, leaves."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lampd import story
from lampd.journal import Journal
from lampd.rates import rate
from lampd.report.drawing import HAND, WRONG, picture
from lampd.report.facts import Act, Wish, acts, wishes
from lampd.report.hours import hours_by_day, listened
from lampd.report.section import Section, Table, counted
from lampd.settings import Thing

TITLE = "Wrong acts and misses"
DAYS, MOST = 14, 26
"""Days that are told one by one, and weeks that are told at all."""


class Period(NamedTuple):
    """So many `days` from `begin` on."""

    begin: date
    days: int
    hours: float
    acts: int
    wrong: int
    missed: int


def periods(done: Sequence[Act], known: Sequence[Wish], hours: Mapping[date, float]) -> list[Period]:
    """By days, or by weeks from Monday on once there are two weeks of days; those in which nothing was wished or done
    are left out."""
    wished = [date.fromtimestamp(wish.wall) for wish in known]
    missed = [day for day, wish in zip(wished, known, strict=True) if wish.by != "lamp"]
    acted = [date.fromtimestamp(act.wall) for act in done]
    wrong = [day for day, act in zip(acted, done, strict=True) if act.wrong]
    every = sorted({*wished, *acted})
    days = 7 if every and (every[-1] - every[0]).days >= DAYS else 1

    def begin(day: date) -> date:
        return day - timedelta(day.weekday()) if days == 7 else day

    heard: defaultdict[date, float] = defaultdict(float)
    for day, some in hours.items():
        heard[begin(day)] += some
    tallies = [Counter(map(begin, some)) for some in (acted, wrong, missed)]
    return [
        Period(one, days, heard[one], *(tally[one] for tally in tallies))
        for one in sorted({begin(day) for day in every})
    ]


def section(journal: Journal, thing: Thing = story.LAMP) -> Section:
    done, known = acts(journal), wishes(journal)
    hours = hours_by_day(listened(journal))
    found = periods(done, known, hours)
    if not found:
        return Section(TITLE, ["There is not enough to say yet: it has not acted, and no wish is known."])
    wrong, missed = sum(act.wrong for act in done), sum(wish.by != "lamp" for wish in known)
    says = [
        f"It acted {counted(len(done), 'time')}, {wrong} of them wrongly: a hand took that back, or its owner told "
        f"that it had not been meant. It missed {missed} of {counted(len(known), 'known wish', 'known wishes')}, with "
        "those that taught it at first.",
        in_words(wrong, sum(hours.values())),
    ]
    rows = [
        [one.begin.isoformat(), f"{one.hours:.1f}", str(one.acts), str(one.wrong), str(one.missed)]
        for one in found[-MOST:]
    ]
    table = Table(["day" if found[0].days == 1 else "week from", "hours", "acts", "wrong", "missed"], rows)
    return Section(TITLE, says, picture("mistakes", "Wrong acts and misses", _drawn(found[-MOST:])), [table])


def in_words(wrong: int, hours: float) -> str:
    """How often it is wrong, and how sure that is."""
    if hours < 1:
        return "It has listened for less than an hour: too short to say how often it is wrong in one."
    often, least, most = rate(wrong, hours)
    return (
        f"In at least {hours:.0f} hours of listening that is {often:.2g} wrong acts an hour; between {least:.2g} and "
        f"{most:.2g} are likely (95 %)."
    )


def _drawn(found: Sequence[Period]) -> Callable[[Figure], None]:
    places = range(len(found))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.bar([x - 0.2 for x in places], [one.wrong for one in found], 0.38, color=WRONG, label="wrong acts")
        axes.bar([x + 0.2 for x in places], [one.missed for one in found], 0.38, color=HAND, label="misses")
        step = 1 + len(found) // 7
        axes.set_xticks(places[::step], [f"{one.begin:%m-%d}" for one in found[::step]])
        # few bars are not to be as wide as the page
        axes.set_xlim(-0.6, max(len(found), 7) - 0.4)
        axes.set_ylim(0, 1.05 * max(3, *(max(one.wrong, one.missed) for one in found)))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.set_ylabel("a day" if found[0].days == 1 else "a week")
        figure.legend(loc="outside upper center", ncols=2)

    return draw
