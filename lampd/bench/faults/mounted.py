"""A lamp whose state lies on a file system of its own, which can be made to fail: a real one, mounted for it alone.

That takes root, and a C compiler for slow fsyncs.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from lampd.bench.faults.finger import FILE, PAUSED
from lampd.control import NotRunning, ask

PATIENCE_S = 120.0
"""A busy machine is given this long for what takes seconds."""
SLOW_S = 2
SHIM = f"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static int slowly(const char *name, int fd) {{
    if (access(getenv("LAMPD_SLOW"), F_OK) == 0) sleep({SLOW_S});
    return ((int (*)(int)) dlsym(RTLD_NEXT, name))(fd);
}}
int fsync(int fd) {{ return slowly("fsync", fd); }}
int fdatasync(int fd) {{ return slowly("fdatasync", fd); }}
"""
MOUNT = {
    "tmpfs": 'mount -t tmpfs -o size=24m,nr_inodes=400 tmpfs "$STATE"',
    "ext4": 'mount -o loop,errors=remount-ro "$IMAGE" "$STATE"',
}
Asked = dict[str, Any]


def missing() -> str:
    """What this machine lacks for the campaign; empty where nothing."""
    if os.geteuid() != 0:
        return "it takes root, to mount what is to fail"
    if lacking := [name for name in ("unshare", "nsenter", "cc", "mkfs.ext4") if not shutil.which(name)]:
        return f"it takes {lacking[0]}"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        return "nothing can be mounted here"
    return ""


class House:
    """A lampd, with a finger, whose state_dir is a file system of its own of `kind` tmpfs or ext4."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.state, self._socket = folder, folder / "state", folder / "control.sock"
        self.state.mkdir()
        config = {"board": "laptop", "state_dir": str(self.state), "control_socket": str(self._socket)}
        (folder / "lampd.yaml").write_text(yaml.safe_dump(config))
        (folder / "slow.c").write_text(SHIM)
        _run("cc", "-shared", "-fPIC", "-o", f"{folder}/slow.so", f"{folder}/slow.c", "-ldl")
        if kind == "ext4":
            _run("truncate", "-s", "24M", f"{folder}/image")
            _run("mkfs.ext4", "-qF", f"{folder}/image")
        names = {"STATE": self.state, "IMAGE": folder / "image", FILE: folder / "presses", PAUSED: folder / "paused"}
        names |= {"LAMPD_SLOW": folder / "slow", "SHIM": folder / "slow.so"}
        begin = f'{MOUNT[kind]} && LD_PRELOAD="$SHIM" exec "$@"'
        lamp = [sys.executable, "-m", "lampd.bench.faults.finger", "--config", str(folder / "lampd.yaml")]
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", begin, "sh", *lamp],
            env={**os.environ, **{name: str(value) for name, value in names.items()}},
            stderr=self.log,
        )
        self.until("all stages are ready", lambda: all(one["state"] == "ready" for one in self.stages().values()))

    @property
    def inside(self) -> Path:
        """The state_dir as the lamp sees it."""
        return Path(f"/proc/{self.process.pid}/root{self.state}")

    def mount(self, *command: str) -> None:
        """Run a command where the lamp's file system is mounted."""
        _run("nsenter", "-t", str(self.process.pid), "-m", *command)

    def ask(self, **request: Any) -> Asked:
        return ask(self._socket, request)

    def status(self) -> Asked:
        return self.ask(ask="status")

    def stages(self) -> Asked:
        found: Asked = self.status().get("stages", {"all": {"state": "silent"}})
        return found

    def until(self, what: str, reached: Callable[[], bool]) -> float:
        """Wait, and say for how many seconds. Raises TimeoutError."""
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE_S:
            try:
                if reached():
                    return time.monotonic() - began
            except NotRunning:
                if self.process.poll() is not None:
                    break
            time.sleep(0.1)
        log = (self.folder / "log").read_text(errors="replace")[-2000:]
        raise TimeoutError(f"it is not so that {what}, after {time.monotonic() - began:.0f} s\n{log}")

    def presses(self) -> list[tuple[float, float]]:
        """When, and after how many milliseconds the relay moved."""
        lines = (self.folder / "presses").read_text().splitlines()
        return [(float(line.split()[0]), float(line.split()[1])) for line in lines]

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
