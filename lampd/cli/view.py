"""Messages come in; what is going on in the room is shown, live in a terminal, as plain lines elsewhere."""

import sys
import time
from collections import deque
from typing import Any

import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from lampd.messages import (
    Acted,
    AnyMessage,
    Autonomy,
    Correction,
    Directive,
    Example,
    Flip,
    Lamp,
    Leaning,
    Learning,
    Level,
    Listening,
    Model,
    PartialTranscript,
    Records,
    Tick,
    Transcript,
    Trust,
)
from lampd.score import Score
from lampd.settings import Thing
from lampd.story import LAMP, clock, meaning, readable, sentence, state, tallied, thought

ROWS = 9
REFRESH_S = 0.1
QUIETEST_DB, BAR = -70.0, 24
"""Where the meter begins, and how many characters wide a full bar is."""


class Row(msgspec.Struct):
    """One utterance, and what came of it; or a flip without words."""

    at: float
    said: str = ""
    heard: str = ""
    thought: str = ""
    came: str = ""
    good: bool | None = None


class View:
    """Shows what it observes; `score` knows the truth, where there is one. Use as a context."""

    def __init__(
        self,
        score: Score | None = None,
        title: str = "lampd",
        plain: bool | None = None,
        begin: float = 0.0,
        thing: Thing = LAMP,
        refresh_s: float = REFRESH_S,
    ) -> None:
        self._begin, self._thing, self._refresh_s = begin, thing, refresh_s
        self._level: Level | None = None
        self._likely: Leaning | Directive | None = None
        self._learned = ""
        self._plain = not sys.stdout.isatty() if plain is None else plain
        self._score, self._title = score, title
        self._rows: deque[Row] = deque(maxlen=ROWS)
        self._early: Acted | None = None  # on words that are still being said
        self._by_utterance: dict[int, Row] = {}
        self._lit = False
        self._hearing = self._model = ""
        self._now = self._drawn = 0.0
        self.note = ""
        self._console = Console()
        self._live = None if self._plain else Live(console=self._console, auto_refresh=False, transient=False)

    def begin(self, at: float) -> None:
        """Lamp time `at` is shown as 0."""
        self._begin = at

    def __enter__(self) -> "View":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live:
            self._draw()
            self._live.stop()

    def observe(self, message: AnyMessage) -> None:
        self._now = max(self._now, message.at)
        match message:
            case PartialTranscript():
                self._hearing = readable(message.text)
            case Tick():
                return
            case Level():
                self._level = message
            case Leaning():
                self._likely = message
            case Example() if learned := sentence(message, self._thing):
                self._learned = learned
                self._line(self._now, learned)
            case Listening() | Learning() | Autonomy() | Trust() | Records():
                self.note = sentence(message, self._thing)
                self._line(message.at, self.note)
            case Transcript():
                self._hearing = ""
                self._rows.append(Row(message.start, self._truth(message), readable(message.text)))
                newest = dict([*self._by_utterance.items()][-ROWS:])
                self._by_utterance = newest | {message.utterance: self._rows[-1]}
                if self._early and self._early.utterance == message.utterance:
                    self._rows[-1].came, self._rows[-1].good = (
                        f"{self._thing.name} {state(self._early.lit, self._thing)}",
                        True,
                    )
            case Directive():
                self._likely = message
                if row := self._by_utterance.get(message.utterance):
                    row.thought = readable(thought(message, self._thing))
                    self._print(row)
            case Acted():
                self._lit = message.lit
                if row := self._by_utterance.get(message.utterance):
                    row.came, row.good = f"{self._thing.name} {state(message.lit, self._thing)}", True
                else:
                    self._early = message
                self._line(message.at, f"the {self._thing.name} makes it {state(message.lit, self._thing)}")
            case Flip():
                self._lit = message.lit
                self._flipped(message)
            case Correction():
                if row := self._by_utterance.get(message.utterance):
                    row.came, row.good = f"wrong: a hand made it {state(not message.lit, self._thing)}", False
                    self._line(message.at, "a hand takes that back")
            case Lamp():
                self._lit = message.lit
            case Model():
                self._model = f"{message.kind} {message.version}, from {tallied(message.examples, self._thing)}"
        self.refresh()

    def refresh(self) -> None:
        """Draw anew, if it is time for that."""
        if self._live and time.monotonic() - self._drawn >= self._refresh_s:
            self._draw()

    def _bars(self) -> list[RenderableType]:
        """How loud it is, where that is told, and what was last thought, as it moves."""
        shown: list[RenderableType] = []
        if self._level:
            level = self._level
            loud = bar(1 - level.rms_db / QUIETEST_DB)
            told = f"{level.rms_db:4.0f} dB, the room {level.noise_db:.0f}{', CLIPPED' if level.clipped else ''}"
            shown.append(Text(f"level    {loud} {told}", no_wrap=True))
            if self._learned:
                shown.append(Text(self._learned, "dim", no_wrap=True, overflow="ellipsis"))
        if self._likely:
            lit, dark = self._likely.lit, self._likely.dark
            names = (
                (meaning("lit", self._thing), lit),
                (meaning("dark", self._thing), dark),
                ("nothing", 1 - lit - dark),
            )
            shown += [Text(f"{name:8} {bar(likely)} {likely:.2f}", no_wrap=True) for name, likely in names]
        return shown

    def _flipped(self, flip: Flip) -> None:
        last = self._rows[-1] if self._rows else None
        if last and not last.came and flip.at - last.at < 12:
            last.came = f"a hand made it {state(flip.lit, self._thing)}"
        elif not (last and last.came.startswith(self._thing.name)):
            self._rows.append(Row(flip.at, came=f"a hand made it {state(flip.lit, self._thing)}"))
        self._line(flip.at, f"a hand makes it {state(flip.lit, self._thing)}")

    def _truth(self, said: Transcript) -> str:
        outcome = self._score.of(said.start, said.end) if self._score else None
        return readable(f"{outcome.wish.who}: {outcome.wish.words}") if outcome and outcome.wish.words else ""

    def _line(self, at: float, words: str) -> None:
        if self._plain:
            print(f"{clock(at - self._begin)}  {words}", flush=True)

    def _print(self, row: Row) -> None:
        said = f"{row.said}  " if row.said else ""
        self._line(row.at, f"{said}heard “{row.heard}”  thought {row.thought}")

    def _draw(self) -> None:
        if self._live:
            self._drawn = time.monotonic()
            self._live.update(self.picture(), refresh=True)

    def picture(self) -> RenderableType:
        """All that is going on."""
        style = "black on yellow" if self._lit else "white on grey23"
        lamp = Text(f"  {'●' if self._lit else '○'} {state(self._lit, self._thing)}  ", style)
        head = Table.grid(expand=True)
        head.add_column()
        head.add_column(justify="right")
        head.add_row(lamp, Text(clock(self._now - self._begin).strip(), "bold"))
        table = Table(expand=True, box=None, pad_edge=False, header_style="dim")
        truth = any(row.said for row in self._rows)
        for name, ratio in (("", 0), *((("said", 4),) if truth else ()), ("heard", 4), ("thought", 3), ("came", 3)):
            table.add_column(name, ratio=ratio or None, no_wrap=True, overflow="ellipsis")
        for row in self._rows:
            style = {True: "green", False: "red", None: "yellow" if row.came else ""}[row.good]
            # not as markup: brackets may be said
            said = (Text(row.said),) if truth else ()
            heard, thought_of = Text(row.heard), Text(row.thought)
            table.add_row(clock(row.at - self._begin), *said, heard, thought_of, Text(row.came, style))
        for _ in range(ROWS - len(self._rows)):
            table.add_row("")
        hearing = Text(f"hearing  {self._hearing}", "italic dim", no_wrap=True)
        lines: list[RenderableType] = [head, table, hearing, *self._bars()]
        lines.append(Text(f"learner  {self._model or 'nothing yet'}", "dim", no_wrap=True))
        if self._score:
            lines.append(Text(tally(self._score), "bold"))
        if self.note:
            lines.append(Text(self.note, "yellow"))
        return Panel(Group(*lines), title=Text(readable(self._title)))


def bar(share: float) -> str:
    """A share of 0..1 as a bar that needs no colour."""
    full = round(min(max(share, 0.0), 1.0) * BAR)
    return "█" * full + "·" * (BAR - full)


def tally(score: Score) -> str:
    """The score so far, and of the last ten wishes."""
    commands = [outcome for outcome in score.outcomes[: score.begun] if outcome.asked]
    so_far: dict[str, Any] = score.summary(score.outcomes[: score.begun])
    wrong = so_far["wrong_direction"] + so_far["false_acts"]
    answered = sum(outcome.answered for outcome in commands)
    recent = commands[-10:]
    return (
        f"wishes answered {answered} of {len(commands)} (last {len(recent)}: "
        f"{sum(outcome.answered for outcome in recent)})   wrong acts {wrong}   flips by hand {so_far['flips_by_hand']}"
    )
