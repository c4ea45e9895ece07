"""An evening of whistles in real time: a rising one means light, two claps dark, tunes nothing; a household flips by
hand where the lamp does not follow. Blocks of sound and presses leave, each when its time has come.

The windows in which something is learned are some eight times shorter than the lamp's own, so that much happens.
"""

from collections.abc import Iterator

import numpy as np
from msgspec.structs import replace

from lampd import config
from lampd.bench import noises
from lampd.bench.scene import QUIET_DB, Sound
from lampd.household import Household
from lampd.messages import AnyMessage, Block
from lampd.session import Wish
from lampd.settings import Settings
from lampd.timeline import RATE

LONGEST_S = 4 * 3600.0
APART_S, BLOCK_S = 3.5, 0.1
PATIENCE_S, REACTION_S = 0.5, 0.3


def settings(state: str) -> Settings:
    """Those of such an evening, with its files in `state`; a stage that hangs is missed soon, and comes back soon."""
    usual = config.load(board="laptop", state_dir=state)
    windows = {"flip_window_s": 1.5, "silence_s": 1.5, "left_alone_s": 2.0, "correction_s": 1.5, "fidget_s": 0.2}
    return replace(
        usual,
        anticipator=replace(usual.anticipator, **windows),
        trainer=replace(usual.trainer, keep_models=100),
        hub=replace(usual.hub, hang_after_s=2.0, first_restart_s=0.1, longest_restart_s=1.0),
    )


class Evening:
    """Begins at `now`, in seconds of any clock; `household` is to see what the lamp does. Words `ended` last then."""

    def __init__(self, now: float, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._wishes = list(_wishes(now + 1.0, self._rng))
        self.household = Household([wish for wish, _ in self._wishes], seed, PATIENCE_S, REACTION_S)
        self._wishes.reverse()
        self._sound = np.zeros(0, np.float32)
        self.next = self.ended = now
        self.said = 0

    def due(self, now: float) -> Iterator[AnyMessage]:
        """All that has happened up to `now` and was not told yet."""
        yield from self.household.due(now)
        while self.next + BLOCK_S <= now:
            self.next += BLOCK_S
            yield Block(self.next, self._block())

    def _block(self) -> bytes:
        count = round(BLOCK_S * RATE)
        if self._wishes and self._wishes[-1][0].start < self.next:
            wish, self._sound = self._wishes.pop()
            self.ended = wish.end
            self.said += 1
        now, self._sound = self._sound[:count], self._sound[count:]
        block = self._rng.normal(0, 10 ** (QUIET_DB / 20), count)
        block[: len(now)] += now
        return np.asarray(np.clip(block, -1, 1) * 32767, "<i2").tobytes()


def _wishes(now: float, rng: np.random.Generator) -> Iterator[tuple[Wish, Sound]]:
    end, lit = now + LONGEST_S, False
    while now < end:
        wish: bool | None = None
        if rng.random() < 0.7:
            wish = lit = not lit
        sound = noises.whistle(rng) if wish is None else noises.glide(rng, 1200, 2200) if wish else noises.claps(rng, 2)
        yield Wish(now, wish, now, now + len(sound) / RATE), sound
        now += APART_S + float(rng.uniform(-0.5, 0.5))
