"""How soon it reacts: the times at which each stage was done come in, how long each took leaves.

Replays are left out, for their time is the session's own.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from lampd import story
from lampd.journal import Journal
from lampd.report.drawing import FAINT, HAND, INK, LAMP, picture
from lampd.report.section import Section, Table, counted
from lampd.score import quantile
from lampd.settings import Thing

TITLE = "How soon it reacts"
ENOUGH = 5
SHORTEST_MS = 0.1
"""What is drawn of delays that are shorter: their axis is logarithmic."""
LIVE = "utterance > 0 AND boot != '' AND boot NOT LIKE 'replay %'"
COLOURS = {"hearing": HAND, "thinking": LAMP, "acting": FAINT, "altogether": INK}


class Delays(NamedTuple):
    """Seconds, in order: from the end of the words to their transcript, which holds the pause that tells that they are
    over (`hearing`); from there to the directive (`thinking`); from a directive to the lamp (`acting`); and from the
    end of the words to the lamp. `early` acts came while the words were still being said, and have no part in that."""

    hearing: list[float]
    thinking: list[float]
    acting: list[float]
    altogether: list[float]
    early: int


def delays(journal: Journal) -> Delays:
    """Of all utterances that were heard live, each in one life of the lamp's clock."""
    heard: dict[tuple[str, int], tuple[float, float]] = {}
    query = f'SELECT boot, utterance, at, "end" FROM transcript WHERE {LIVE} ORDER BY seq'
    for boot, utterance, at, end in journal.db.execute(query):
        heard[boot, utterance] = at, end
    hearing = [at - end for at, end in heard.values()]
    thought: dict[tuple[str, int], float] = {}
    decided: dict[tuple[str, int], float] = {}
    query = f"SELECT boot, utterance, at, wish FROM directive WHERE {LIVE} ORDER BY seq"
    for boot, utterance, at, wish in journal.db.execute(query):
        if wish != "nothing":
            decided[boot, utterance] = at
        if (said := heard.get((boot, utterance))) and at >= said[0]:
            thought[boot, utterance] = at - said[0]
    acting, altogether, early = [], [], 0
    for boot, utterance, at in journal.db.execute(f"SELECT boot, utterance, at FROM acted WHERE {LIVE} ORDER BY seq"):
        one = boot, utterance
        if one not in decided or one not in heard:
            continue
        acting.append(at - decided[one])
        if decided[one] < heard[one][0]:
            early += 1
        else:
            altogether.append(at - heard[one][1])
    return Delays(sorted(hearing), sorted(thought.values()), sorted(acting), sorted(altogether), early)


def section(journal: Journal, thing: Thing = story.LAMP) -> Section:
    found = delays(journal)
    if len(found.hearing) < ENOUGH:
        few = counted(len(found.hearing), "utterance was", "utterances were")
        return Section(
            TITLE,
            [f"There is not enough to say yet: {few} heard live, and it takes {ENOUGH}. Replays tell nothing of this."],
        )
    by_stage = {name: getattr(found, name) for name in COLOURS}
    says = [
        f"Of {counted(len(found.hearing), 'utterance')} heard live. Hearing lasts from the end of the words to their "
        "transcript, and has in it the pause that tells that they are over; thinking from there to what is to be done; "
        f"acting from there to the {thing.name}. {_early(found.early, thing)}"
    ]
    rows = [[name, str(len(some)), _ms(some, 0.5), _ms(some, 0.95)] for name, some in by_stage.items()]
    table = Table(["", "times", "half within, ms", "95 % within, ms"], rows)
    return Section(TITLE, says, picture("delays", "How long each stage takes", _drawn(by_stage)), [table])


def _early(acts: int, thing: Thing) -> str:
    if not acts:
        return f"Altogether is from the end of the words to the {thing.name}."
    were = "was" if acts == 1 else "were"
    return (
        f"Altogether is from the end of the words to the {thing.name}, but for "
        f"{counted(acts, 'act')} that {were} done while the words were still being said."
    )


def _ms(ordered: Sequence[float], share: float) -> str:
    seconds = quantile(ordered, share)
    return "-" if seconds is None else f"{1000 * seconds:.0f}"


def _drawn(by_stage: Mapping[str, Sequence[float]]) -> Callable[[Figure], None]:
    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for name, some in by_stage.items():
            if not some:
                continue
            ms = [max(1000 * seconds, SHORTEST_MS) for seconds in some]
            shares = [100 * number / len(ms) for number in range(len(ms) + 1)]
            axes.step([ms[0], *ms], shares, where="post", color=COLOURS[name], linewidth=2, label=name)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel("milliseconds")
        axes.set_ylabel("within that, %")
        axes.set_ylim(0, 102)
        figure.legend(loc="outside upper center", ncols=4, handlelength=1.2, columnspacing=1)

    return draw
