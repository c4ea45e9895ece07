"""Press to pin: how long after a finger moves the button the relay's pin moves, idle and with every core busy.

The operator runs in its own process as it does in the lamp, on gpiozero's mock pins. A thread in there is the finger:
it means to press at a moment drawn beforehand, so that the wait for a busy core counts. Meanwhile the real transcriber
and the real trainer, niced as configured, work without a pause, and so many of them that no core is left.
"""

import argparse
import json
import os
import random
import threading
import time
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import numpy as np

from lampd import child, config
from lampd.lives import SPAWN
from lampd.messages import Example, Resume
from lampd.score import quantile


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
    from lampd.voice.wav2vec2 import BUNDLED, Voice

    voice = Voice(BUNDLED)
    sound = (np.random.default_rng(0).standard_normal(4 * 16_000) * 3000).astype(np.int16)
    while True:
        voice.transcribe(sound)


def train(niceness: int) -> None:
    from lampd.learners.gate_fit import Fitter

    os.nice(niceness)
    fitter, rng = Fitter(), random.Random(0)
    while True:
        for number in range(300):
            text = " ".join(rng.choice(("light", "lamp", "on", "off", "please", "tea", "now", "the")) for _ in range(6))
            fitter.learn(Example(0.0, number, text, False, (rng.choice(("lit", "dark", "nothing")),), "flip"))
        fitter.fit(1)


def measure(presses: int, busy: bool) -> list[float]:
    """Milliseconds from finger to pin, in order of size."""
    settings = config.load(None, board="laptop")
    load = []
    if busy:
        for _ in range(max(1, (os.cpu_count() or 2) // 2)):
            load += [SPAWN.Process(target=transcribe, daemon=True)]
            load += [SPAWN.Process(target=train, args=(settings.trainer.niceness,), daemon=True)]
    for process in load:
        process.start()
    time.sleep(8 if busy else 0)
    beginning = child.Beginning("operator", settings, [], Resume(0.0, 0, False), live=True)
    inbox, outbox, times = SPAWN.Queue(256), SPAWN.Queue(4096), SPAWN.Queue()
    arguments = child.encode_beginning(beginning), inbox, outbox, presses, times
    process = SPAWN.Process(target=operator, args=arguments, daemon=True)
    process.start()
    try:
        taken: list[float] = times.get(timeout=120)
    finally:
        for each in (process, *load):
            each.kill()
    return sorted(taken)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lampctl bench switch", description=__doc__.split("\n")[0])
    parser.add_argument("--presses", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    rows = {}
    for name, busy in (("idle", False), ("busy", True)):
        taken = measure(arguments.presses, busy)
        rows[name] = {
            "presses": len(taken),
            "p50_ms": quantile(taken, 0.5),
            "p99_ms": quantile(taken, 0.99),
            "worst_ms": round(taken[-1], 3),
        }
    if arguments.json:
        print(json.dumps(rows))
    else:
        print(f"press to pin on mock pins, {os.cpu_count()} cores, {Path('/proc/loadavg').read_text().split()[0]} load")
        for name, row in rows.items():
            figures = "  ".join(f"{key.removesuffix('_ms')} {row[key]} ms" for key in ("p50_ms", "p99_ms", "worst_ms"))
            print(f"{name:5} {row['presses']} presses  {figures}")
    p99 = rows["busy"]["p99_ms"]
    return 0 if p99 is not None and p99 < 20 else 1
