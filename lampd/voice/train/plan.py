"""How training goes: for so long, at these rates; and how far it has come, which a kill does not undo."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WARM = 100
"""Steps until the rate is at its peak."""
FLAT = 0.4
"""Of the whole, before the rate begins to fall."""
LAST = 0.01
"""Of the peak, at the end."""


@dataclass(frozen=True)
class Plan:
    """What is asked for. `steps` of training, or as many as fit into `minutes`, evaluations included."""

    minutes: float = 80.0
    steps: int | None = None
    seed: int = 0
    size: str = "small"
    start: Path | None = None
    processes: int = 2
    batch: float = 64.0
    """Seconds of sound in each, over all processes, every utterance heard twice."""
    alike: float = 0.2
    """Weight of the distance between two hearings, where that of the transcripts is 1."""
    peak: float = 1.5e-3
    easy: int = 700
    """Steps with short utterances alone."""
    look: float = 300.0
    """Seconds between evaluations."""
    keep: float = 180.0
    """Seconds between checkpoints."""


@dataclass
class Progress:
    """How far it has come: steps, seconds of training, seconds of sound; and errors on the way."""

    step: int = 0
    seconds: float = 0.0
    sound: float = 0.0
    loss: float = math.nan
    """Per character, a moving average."""
    looked: float = 0.0
    kept: float = 0.0
    curve: list[dict[str, Any]] = field(default_factory=list)

    def share(self, plan: Plan) -> float:
        """0 at the start, 1 at the end."""
        done = self.step / max(plan.steps, 1) if plan.steps is not None else self.seconds / 60 / max(plan.minutes, 1e-9)
        return min(1.0, done)

    def left(self, plan: Plan) -> float:
        """Seconds until the end."""
        share = self.share(plan)
        return self.seconds / share * (1 - share) if share else math.inf

    def rate(self, plan: Plan) -> float:
        """Of learning: up, flat, and down along a cosine."""
        falling = max(0.0, (self.share(plan) - FLAT) / (1 - FLAT))
        down = LAST + (1 - LAST) * (1 + math.cos(math.pi * falling)) / 2
        return plan.peak * min(1.0, (self.step + 1) / WARM) * down

    def heard(self, loss: float, sound: float) -> None:
        """One step is done."""
        self.step += 1
        self.sound += sound
        self.loss = loss if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * loss


def say(line: str) -> None:
    """Tell at once."""
    print(line, flush=True)
