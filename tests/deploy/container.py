"""A Debian 13 in a container that forgets, with its own systemd and without a network; and bundles to install there.

What is made is kept beside LAMPD_SCRATCH: deploy/root.sh's root, and bundles for as long as nothing that is in them
changes.
"""

import contextlib
import functools
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lampd.precedence import Place

HERE = Path(__file__).parents[2]
SCRATCH = os.environ.get("LAMPD_SCRATCH", "/var/tmp/lampd")
ROOT, BUNDLES = Path(f"{SCRATCH}-root-amd64"), Path(f"{SCRATCH}-bundles")
KEY = BUNDLES / "key"
# systemd-nspawn enforces DeviceAllow only with all capabilities and bpf
BOOT = """mount --make-rprivate / && mkdir -p /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
mount -t overlay overlay -o "lowerdir=$0,upperdir=$1/upper,workdir=$1/below" "$1/root" &&
exec systemd-nspawn --quiet --directory="$1/root" --machine="lamp-$$" --boot --register=no --keep-unit --console=pipe \
    --capability=all --system-call-filter=bpf --private-network"""
NOT_DAILY = """contourpy fonttools hf-xet huggingface-hub kiwisolver matplotlib networkx onnx pillow setuptools sympy
    tokenizers torch transformers"""
"""Packages that no stage loads until a voice is prepared or a curve is drawn."""


class Machine:
    """A booting or booted container, seen from outside."""

    def __init__(self, nspawn: int) -> None:
        self._children = Path(f"/proc/{nspawn}/task/{nspawn}/children")

    @property
    def root(self) -> Path:
        """Its files, as they are from here."""
        return Path(f"/proc/{self._children.read_text().strip()}/root")

    def ask(self, *command: str, write: str | None = None) -> subprocess.CompletedProcess[str]:
        # systemd, once it is there: another child has set the stage for it
        entered = ["nsenter", "--target", self._children.read_text().strip(), "--all", *command]
        return subprocess.run(entered, input=write, capture_output=True, text=True, timeout=600)

    def run(self, *command: str, write: str | None = None) -> str:
        done = self.ask(*command, write=write)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def copy(self, file: Path, to: str) -> None:
        shutil.copy(file, self.root / to.lstrip("/"))

    def unpack(self, bundle: Path, folder: str) -> None:
        """The bundle's content, in a new folder of the machine's."""
        self.run("mkdir", "-p", folder)
        tar = [
            "tar",
            "--extract",
            "--strip-components=1",
            "--directory",
            self.root / folder.lstrip("/"),
            "--file",
            bundle,
        ]
        subprocess.run(tar, check=True)

    def unit(self, key: str) -> str:
        return self.run("systemctl", "show", "--value", "--property", key, "lampd")

    def standing(self, pid: int) -> Place:
        nice, oom_score_adj = self.run("sh", "-c", f"ps -o nice= -p {pid}; cat /proc/{pid}/oom_score_adj").split()
        return Place(int(nice), int(oom_score_adj))

    def lampctl(self, *words: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        return self.ask("runuser", "-u", user, "--", "/usr/local/bin/lampctl", *words)

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.lampctl("status", "--json").stdout or "{}")
        return answer

    def kill(self, pid: int | str, signal: str) -> None:
        self.run("kill", f"-{signal}", str(pid))


@contextlib.contextmanager
def booted(work: Path) -> Iterator[Machine]:
    """A machine of its own; what it writes lies in work/upper until it is gone."""
    for folder in ("upper", "below", "root"):
        (work / folder).mkdir()
    container = subprocess.Popen(
        ["unshare", "--mount", "--cgroup", "sh", "-c", BOOT, str(ROOT), str(work)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        machine = Machine(container.pid)
        until(lambda: machine.ask("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"))
        yield machine
        machine.run("systemctl", "poweroff")
        container.wait(30)
    finally:
        container.kill()
        container.wait()
        for folder in ("upper", "below"):
            shutil.rmtree(work / folder, ignore_errors=True)


@functools.cache
def shelf() -> Path:
    """Where bundles of this checkout, as it is now, are kept; those of others go."""
    now = subprocess.check_output([HERE / "deploy/tree.sh", "--version"], text=True).strip()
    for older in BUNDLES.glob("*/"):
        if older.name != now:
            shutil.rmtree(older)
    (BUNDLES / now).mkdir(parents=True, exist_ok=True)
    return BUNDLES / now


def bundle(version: str, edit: Callable[[Path], Any] = lambda source: None) -> Path:
    """A signed bundle of this checkout, as `version`, and with its copy edited."""
    made = shelf() / f"{version}.tar"
    if made.exists():
        return made
    if not KEY.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", KEY], check=True)
    source = made.with_suffix(".source")
    shutil.rmtree(source, ignore_errors=True)
    for name in ("lampd", "config", "hardware", "systemd", "deploy"):
        shutil.copytree(HERE / name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(HERE / name, source)
    init = source / "lampd/__init__.py"
    lines = init.read_text().splitlines(keepends=True)
    init.write_text("".join(f'__version__ = "{version}"\n' if "__version__ =" in line else line for line in lines))
    edit(source)
    without = [word for name in NOT_DAILY.split() for word in ("--without", name)]
    command = ["deploy/bundle.sh", "--machine", platform.machine(), "--python", "3.13", "--key", KEY, *without]
    subprocess.run([*command, made.with_suffix(".draft")], cwd=source, check=True)
    made.with_suffix(".draft").rename(made)
    shutil.rmtree(source)
    return made


def until(reached: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)
