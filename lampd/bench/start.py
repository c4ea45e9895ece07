"""How soon each process of a lamp is ready, and how much memory it takes.

A daemon is started some times with a new state; its log says when each stage is ready, in seconds from the begin of the
stage's own process, and `status` how much memory each takes, once all are.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from lampd.bench import Refused, Report
from lampd.control import NotRunning, ask
from lampd.score import quantile

TIMES = 5
PATIENCE_S = 120.0
QUICK = ("--times", "1")
DAEMON = [sys.executable, "-c", "import sys; from lampd.cli.main import daemon; sys.exit(daemon())"]

Figures = dict[str, float]


def once(folder: Path) -> tuple[Figures, Figures]:
    """Seconds and memory (MB) by process of one start of a lamp that lives in `folder`. Raises Refused."""
    settings, socket, log = folder / "lampd.yaml", folder / "control.sock", folder / "log"
    paths = {"state_dir": str(folder / "state"), "control_socket": str(socket)}
    settings.write_text(yaml.safe_dump({"board": "laptop", **paths}))
    with log.open("w") as file:
        daemon = subprocess.Popen([*DAEMON, "--config", str(settings)], stdin=subprocess.DEVNULL, stderr=file)
    try:
        status = ready(socket, log)
    finally:
        daemon.terminate()
        daemon.wait()
    events = [json.loads(line) for line in log.read_text().splitlines() if '"stage ready"' in line]
    memory = {name: stage["memory_mb"] for name, stage in status["stages"].items()}
    return {event["stage"]: event["seconds"] for event in events}, memory | {"hub": status["hub_memory_mb"]}


def ready(socket: Path, log: Path) -> dict[str, Any]:
    """The status of the lamp that answers at `socket` once all its stages are ready. Raises Refused."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        time.sleep(0.1)
        try:
            status = ask(socket, {"ask": "status"})
        except NotRunning:
            continue
        if all(stage["state"] == "ready" for stage in status["stages"].values()):
            return status
    raise Refused(f"the lamp was not ready after {PATIENCE_S:.0f} s: {log.read_text()[-2000:]}")


def middle(rows: list[Figures]) -> Figures:
    return {name: quantile(sorted(row[name] for row in rows if name in row), 0.5) or 0.0 for name in rows[0]}


def table(seconds: Figures, memory: Figures) -> str:
    lines = [f"{'':14}ready after, s   memory, MB"]
    lines += [f"{name:14}{seconds[name]:14.2f}{memory[name]:13.0f}" for name in seconds]
    return "\n".join([*lines, f"{'hub':14}{'':14}{memory['hub']:13.0f}"])


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=TIMES, help=f"a lamp is started ({TIMES})")


def run(arguments: argparse.Namespace) -> Report:
    rows = []
    for _ in range(arguments.times):
        with tempfile.TemporaryDirectory(prefix="lampd-") as folder:
            rows.append(once(Path(folder)))
    seconds, memory = middle([row[0] for row in rows]), middle([row[1] for row in rows])
    return Report({"ready_s": seconds, "memory_mb": memory}, table(seconds, memory))
