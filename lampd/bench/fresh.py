"""A voice comes in; what it costs to begin leaves: a process of its own loads it as the transcriber's does and hears
two seconds of noise."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROGRAM = """
import json, sys, time
began = time.perf_counter()
import lampd.child
from lampd import assembly, config
from lampd.messages import Speech
settings = config.load(board="laptop", transcriber=json.loads(sys.argv[1]))
transcriber = assembly.build("transcriber", settings)
ready = time.perf_counter()
import numpy as np
noise = (np.random.default_rng(0).standard_normal(32_000) * 3000).astype("<i2").tobytes()
times = []
for number in range(4):
    start = time.perf_counter()
    transcriber.handle(Speech(0.0, number, 0.0, 2.0, noise))
    times.append(time.perf_counter() - start)
with open("/proc/self/status") as file:
    memory = dict(line.split(":") for line in file if line.startswith(("VmRSS", "VmHWM")))
resident, peak = (int(memory[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
print(json.dumps({
    "ready_s": ready - began, "first_s": times[0], "later_s": min(times[1:]), "resident_mb": resident,
    "peak_mb": peak,
    "torch": "torch" in sys.modules,
}))
"""


def start(folder: Path, runtime: str, threads: int = 1, times: int = 3) -> dict[str, Any]:
    """Seconds from the start of the process to hearing (`hearing_s`, with the interpreter's own start and the first
    utterance), to being loaded (`ready_s`), for the first and later utterances of 2 s, and memory in MB. The best of
    some `times`."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        settings = json.dumps({"voice": str(folder), "runtime": runtime, "threads": threads})
        done = subprocess.run([sys.executable, "-c", PROGRAM, settings], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        told = json.loads(done.stdout.splitlines()[-1])
        # what came after the first utterance was not waited for
        told["hearing_s"] = time.perf_counter() - began - 3 * told["later_s"]
        found.append(told)
    best: dict[str, Any] = min(found, key=lambda told: told["hearing_s"])
    return {key: value if isinstance(value, bool) else round(value, 3) for key, value in best.items()}
