"""What board.lock pins, on the boards' processors, emulated: `make cores-test`, as root.

PyTorch 2.10 dies of an illegal instruction on the first two; nothing but running it shows that.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lampd.bench import runtimes

SCRATCH = os.environ.get("LAMPD_SCRATCH", "/var/tmp/lampd")
ROOT, RELEASES = Path(f"{SCRATCH}-root-arm64"), Path(f"{SCRATCH}-releases")
SOUND = Path(__file__).parents[1] / "sessions" / "first_evening" / "audio" / "0000.flac"
CORES = {"cortex-a53": "Le Potato, Raspberry Pi 3, Zero 2 W", "cortex-a72": "Raspberry Pi 4"}
PATIENCE_S = 1200


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A root that forgets what is done to it, with the newest release."""
    release = max(RELEASES.iterdir(), key=lambda folder: folder.stat().st_mtime)
    work = tmp_path_factory.mktemp("board")
    for folder in ("upper", "below", "root"):
        (work / folder).mkdir()
    root = work / "root"
    layers = f"lowerdir={ROOT},upperdir={work}/upper,workdir={work}/below"
    inside = root / "opt/lampd/releases" / release.name
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, root], check=True)
    inside.mkdir(parents=True)
    (root / "opt/lampd/current").symlink_to(f"releases/{release.name}")
    (root / "tmp/sound.flac").write_bytes(SOUND.read_bytes())
    binds = [(release, inside), (Path("/proc"), root / "proc"), (Path("/dev"), root / "dev")]
    for source, target in binds:
        subprocess.run(["mount", "--bind", source, target], check=True)
    yield root
    for _, target in reversed(binds):
        subprocess.run(["umount", "--recursive", target], check=True)
    subprocess.run(["umount", root], check=True)


@pytest.fixture(scope="module")
def here() -> dict[str, Any]:
    """What the steps come to on this machine, with what is installed here."""
    return {name: runtimes.step(name, SOUND) for name in runtimes.PACKAGES}


@pytest.mark.parametrize("core", CORES)
def test_every_runtime_does_there_what_it_does_here(
    core: str, board: Path, here: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    command = [
        "/usr/sbin/chroot",
        board,
        "/opt/lampd/current/bin/lampctl",
        "bench",
        "runtimes",
        "--json",
        "/tmp/sound.flac",
    ]
    environment = os.environ | {"QEMU_CPU": core, "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    rows = {row["step"]: row for row in json.loads(done.stdout or "[]")}
    with capfd.disabled():
        for row in rows.values():
            said = row.get("error") or f"{row['seconds']} s: {row['result']}"
            print(f"\n{core:12}{row['package']:14}{row['version']:9}{said}", end="")
    assert done.returncode == 0, done.stderr
    for name in ("gate", "hear", "listen"):
        assert rows[name]["result"] == here[name]["result"], name
    perplexities = [float(one) for one in rows["learn"]["result"].split()]
    assert perplexities == pytest.approx([float(one) for one in here["learn"]["result"].split()], rel=0.01)
