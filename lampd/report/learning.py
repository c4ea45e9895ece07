"""The learning curve: known wishes come in, by tens of them who saw to it leaves."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lampd import story
from lampd.journal import Journal
from lampd.report.drawing import FAINT, HAND, LAMP, WRONG, picture
from lampd.report.facts import Wish, acts, wishes
from lampd.report.section import Section, counted
from lampd.settings import Thing

TITLE = "How it learned"
TEN, MOST = 10, 24
"""Wishes in a group, and groups that can be told apart on a phone."""


class Group(NamedTuple):
    """Wishes number `first` to `last`, from 1: who saw to them, and the lamp's acts that were `wrong` meanwhile."""

    first: int
    last: int
    lamp: int
    hand: int
    nobody: int
    wrong: int


def groups(known: Sequence[Wish], wrong: Sequence[int], size: int) -> list[Group]:
    """`known` wishes in order, by `size`. A wrong act (its utterance) belongs to the group of the next wish, the last
    ones to the last group."""
    found: list[Group] = []
    before = 0
    for first in range(0, len(known), size):
        some = known[first : first + size]
        is_last = first + size >= len(known)
        upto = max([some[-1].utterance, *(wrong if is_last else ())])
        by = [wish.by for wish in some]
        taken_back = sum(before < utterance <= upto for utterance in wrong)
        tally = by.count("lamp"), by.count("hand"), by.count("nobody")
        found.append(Group(first + 1, first + len(some), *tally, taken_back))
        before = upto
    return found


def size_for(known: int) -> int:
    """Wishes in a group: ten, or as many more as keep the groups few enough to be told apart."""
    sizes = (TEN * step * tens for tens in (1, 10, 100, 1000) for step in (1, 2, 5))
    return next((size for size in sizes if known <= size * MOST), known)


def section(journal: Journal, thing: Thing = story.LAMP) -> Section:
    known = wishes(journal)
    if len(known) < TEN:
        few = counted(len(known), "wish is", "wishes are")
        return Section(TITLE, [f"There is not enough to say yet: {few} known so far, and it takes {TEN}."])
    wrong = [act.utterance for act in acts(journal) if act.wrong]
    size = size_for(len(known))
    since = known[-TEN - 1].utterance if len(known) > TEN else 0
    [last] = groups(known[-TEN:], [utterance for utterance in wrong if utterance > since], TEN)
    nobody = f", and {last.nobody} nobody saw to" if last.nobody else ""
    says = [
        f"Of the last {TEN} known wishes it saw to {last.lamp} by itself and was left alone; {last.hand} took a hand "
        f"on the switch{nobody}. Meanwhile {last.wrong} of its acts {'was' if last.wrong == 1 else 'were'} wrong.",
        f"Each bar is {size} wishes in the order in which they were said"
        + (", the last one fewer." if len(known) % size else "."),
    ]
    return Section(
        TITLE, says, picture("learning", "Who saw to the wishes, by groups", _drawn(known, wrong, size), 3.1)
    )


def _drawn(known: Sequence[Wish], wrong: Sequence[int], size: int) -> Callable[[Figure], None]:
    found = groups(known, wrong, size)
    middles = [(group.first + group.last) / 2 for group in found]
    widths = [0.9 * (group.last - group.first + 1) for group in found]

    def draw(figure: Figure) -> None:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        below = [0.0] * len(found)
        for colour, label, tally in (
            (LAMP, "by itself", [group.lamp for group in found]),
            (HAND, "by hand", [group.hand for group in found]),
            (FAINT, "by nobody", [group.nobody for group in found]),
        ):
            shares = [100 * one / (group.last - group.first + 1) for one, group in zip(tally, found, strict=True)]
            if any(shares):
                top.bar(middles, shares, widths, below, color=colour, label=label)
            below = [low + share for low, share in zip(below, shares, strict=True)]
        top.set_ylabel("wishes, %")
        top.set_yticks(range(0, 101, 25))
        top.set_ylim(0, 100)
        figure.legend(loc="outside upper center", ncols=4)
        bottom.bar(middles, [group.wrong for group in found], widths, color=WRONG)
        bottom.set_ylabel("wrong")
        for axes in (top, bottom):
            axes.yaxis.set_label_coords(-0.11, 0.5)
        bottom.set_ylim(0, max(3, *(group.wrong for group in found)) + 0.2)
        bottom.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        bottom.set_xlabel("known wishes so far")
        bottom.set_xlim(0, len(known) + size * 0.05)
        bottom.xaxis.set_major_locator(MaxNLocator(6, integer=True))

    return draw
