"""Press to pin: how long after a finger moves the button the relay's pin moves, idle and with every core busy.

The operator runs in its own process as it does in the lamp, on gpiozero's mock pins. A thread in there is the finger:
it means to press at a moment drawn beforehand, so that the wait for a busy core counts. Meanwhile the real transcriber
and the real trainer, niced as configured, work without a pause, and so many of them that no core is left; then they
are killed and started again as well.
"""

import argparse
import os
import random
import threading
import time
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from typing import Any

import numpy as np

from lampd import child, config
from lampd.bench import Report
from lampd.lives import SPAWN
from lampd.messages import Example, Resume
from lampd.score import quantile

LIMIT_MS = 20.0
QUICK = ("--presses", "200")


def operator(
    beginning: bytes, inbox: "Queue[bytes]", outbox: "Queue[bytes]", presses: int, times: "Queue[Any]"
) -> None:
    """The operator's process, with a finger in it."""
    one = child.Child(child.decode_beginning(beginning), inbox, outbox)

    def finger() -> None:
        rng = random.Random(0)
        while one.panel is None or not outbox.qsize():
            time.sleep(0.01)
        taken = []
        for _ in range(presses):
            meant = time.monotonic() + rng.uniform(0.005, 0.05)
            was = one.panel.lit
            time.sleep(max(0.0, meant - time.monotonic()))
            one.panel.press()
            taken.append(1000 * (time.monotonic() - meant))
            if one.panel.lit == was:
                raise RuntimeError("the relay did not move")
        times.put(taken)

    threading.Thread(target=finger, daemon=True).start()
    one.run()


def transcribe() -> None:
    from lampd.voice.folder import BUNDLED
    from lampd.voice.wav2vec2 import Voice

    voice = Voice(BUNDLED)
    sound = (np.random.default_rng(0).standard_normal(4 * 16_000) * 3000).astype(np.int16)
    while True:
        voice.logits(sound)


def train(niceness: int) -> None:
    from lampd.learners.gate_fit import Fitter

    os.nice(niceness)
    fitter, rng = Fitter(), random.Random(0)
    while True:
        for number in range(300):
            text = " ".join(rng.choice(("light", "lamp", "on", "off", "please", "tea", "now", "the")) for _ in range(6))
            fitter.learn(Example(0.0, number, text, False, (rng.choice(("lit", "dark", "nothing")),), "flip"))
        fitter.fit(1)


class Load:
    """Transcribers and trainers, a pair for two cores; with `kills`, one of them dies and comes back each second."""

    def __init__(self, kills: bool) -> None:
        niceness = config.load(None, board="laptop").trainer.niceness
        self._kinds = [(transcribe, ()), (train, (niceness,))] * max(1, (os.cpu_count() or 2) // 2)
        self._running = [self._start(*kind) for kind in self._kinds]
        self._kills, self._over = kills, threading.Event()
        self._killer = threading.Thread(target=self._kill, daemon=True)
        self.killed = 0

    def _start(self, target: Any, arguments: tuple[int, ...] | tuple[()]) -> BaseProcess:
        process = SPAWN.Process(target=target, args=arguments, daemon=True)
        process.start()
        return process

    def _kill(self) -> None:
        while not self._over.wait(1.0):
            which = self.killed % len(self._kinds)
            self._running[which].kill()
            self._running[which].join()
            self._running[which] = self._start(*self._kinds[which])
            self.killed += 1

    def __enter__(self) -> "Load":
        # until they have loaded what they need
        time.sleep(8)
        if self._kills:
            self._killer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        if self._kills:
            self._killer.join()
        for process in self._running:
            process.kill()


def measure(presses: int) -> dict[str, Any]:
    """Milliseconds from finger to pin."""
    settings = config.load(None, board="laptop")
    beginning = child.Beginning("operator", settings, [], Resume(0.0, 0, False), live=True)
    inbox, outbox, times = SPAWN.Queue(256), SPAWN.Queue(4 * presses), SPAWN.Queue()
    arguments = child.encode_beginning(beginning), inbox, outbox, presses, times
    process = SPAWN.Process(target=operator, args=arguments, daemon=True)
    process.start()
    try:
        taken = sorted(times.get(timeout=300))
    finally:
        process.kill()
    return {
        "presses": len(taken),
        "p50_ms": quantile(taken, 0.5),
        "p99_ms": quantile(taken, 0.99),
        "worst_ms": round(taken[-1], 3),
    }


def table(rows: dict[str, Any], presses: int) -> str:
    lines = [f"press to pin, on mock pins, {presses} presses, {os.cpu_count()} cores"]
    for name, row in rows.items():
        figures = "  ".join(f"{key.removesuffix('_ms')} {row[key]} ms" for key in ("p50_ms", "p99_ms", "worst_ms"))
        lines.append(f"{name:6} {figures}" + (f"  ({row['kills']} kills)" if "kills" in row else ""))
    return "\n".join(lines)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--presses", type=int, default=1000)


def run(arguments: argparse.Namespace) -> Report:
    rows = {"idle": measure(arguments.presses)}
    with Load(kills=False):
        rows["busy"] = measure(arguments.presses)
    with Load(kills=True) as load:
        rows["kills"] = measure(arguments.presses) | {"kills": load.killed}
    in_time = all(row["p99_ms"] < LIMIT_MS for row in rows.values())
    return Report(rows, table(rows, arguments.presses), in_time)
