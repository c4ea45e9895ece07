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
    Correction,
    Directive,
    Flip,
    Lamp,
    Model,
    PartialTranscript,
    Transcript,
)
from lampd.score import Score
from lampd.story import clock, state, thought

ROWS = 9
REFRESH_S = 0.1


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
        self, score: Score | None = None, title: str = "lampd", plain: bool | None = None, begin: float = 0.0
    ) -> None:
        self._begin = begin
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

    def __enter__(self) -> "View":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live:
            self._draw()
            self._live.stop()

    def observe(self, message: AnyMessage) -> None:
        self._now = message.at
        match message:
            case PartialTranscript():
                self._hearing = message.text
            case Transcript():
                self._hearing = ""
                self._rows.append(Row(message.start, self._truth(message), message.text))
                newest = dict([*self._by_utterance.items()][-ROWS:])
                self._by_utterance = newest | {message.utterance: self._rows[-1]}
                if self._early and self._early.utterance == message.utterance:
                    self._rows[-1].came, self._rows[-1].good = f"lamp {state(self._early.lit)}", True
            case Directive():
                if row := self._by_utterance.get(message.utterance):
                    row.thought = thought(message)
                    self._print(row)
            case Acted():
                self._lit = message.lit
                if row := self._by_utterance.get(message.utterance):
                    row.came, row.good = f"lamp {state(message.lit)}", True
                else:
                    self._early = message
                self._line(message.at, f"the lamp makes it {state(message.lit)}")
            case Flip():
                self._lit = message.lit
                self._flipped(message)
            case Correction():
                if row := self._by_utterance.get(message.utterance):
                    row.came, row.good = f"wrong: a hand made it {state(not message.lit)}", False
                    self._line(message.at, "a hand takes that back")
            case Lamp():
                self._lit = message.lit
            case Model():
                counts = ", ".join(f"{count} {tag}" for tag, count in message.examples.items() if count)
                self._model = f"{message.kind} {message.version}, from {counts}"
        self.refresh(message.at)

    def refresh(self, now: float) -> None:
        """Draw anew, if it is time for that; `now` is lamp time."""
        self._now = now
        if self._live and time.monotonic() - self._drawn >= REFRESH_S:
            self._draw()

    def _flipped(self, flip: Flip) -> None:
        last = self._rows[-1] if self._rows else None
        if last and not last.came and flip.at - last.at < 12:
            last.came = f"a hand made it {state(flip.lit)}"
        elif not (last and last.came.startswith("lamp")):
            self._rows.append(Row(flip.at, came=f"a hand made it {state(flip.lit)}"))
        self._line(flip.at, f"a hand makes it {state(flip.lit)}")

    def _truth(self, said: Transcript) -> str:
        outcome = self._score.of(said.start, said.end) if self._score else None
        return f"{outcome.wish.who}: {outcome.wish.words}" if outcome and outcome.wish.words else ""

    def _line(self, at: float, words: str) -> None:
        if self._plain:
            print(f"{clock(at - self._begin)}  {words}", flush=True)

    def _print(self, row: Row) -> None:
        said = f"{row.said}  " if row.said else ""
        self._line(row.at, f"{said}heard “{row.heard}”  thought {row.thought}")

    def _draw(self) -> None:
        if self._live:
            self._drawn = time.monotonic()
            self._live.update(self._picture(), refresh=True)

    def _picture(self) -> RenderableType:
        lamp = Text("  ● lit   ", "black on yellow") if self._lit else Text("  ○ dark  ", "white on grey23")
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
            said = (row.said,) if truth else ()
            table.add_row(clock(row.at - self._begin), *said, row.heard, row.thought, Text(row.came, style))
        for _ in range(ROWS - len(self._rows)):
            table.add_row("")
        hearing = Text(f"hearing  {self._hearing}", "italic dim", no_wrap=True)
        lines: list[RenderableType] = [head, table, hearing, Text(f"learner  {self._model or 'nothing yet'}", "dim")]
        if self._score:
            lines.append(Text(tally(self._score), "bold"))
        if self.note:
            lines.append(Text(self.note, "yellow"))
        return Panel(Group(*lines), title=self._title)


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
