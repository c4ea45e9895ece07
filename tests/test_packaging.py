"""What is built to be installed holds what it needs, and nothing else."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from lampd import __version__

ROOT = Path(__file__).parents[1]
WHEEL = f"lampd-{__version__}-py3-none-any.whl"
SDIST = f"lampd-{__version__}.tar.gz"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder


def tracked(*paths: str) -> set[str]:
    """The files of the checkout under `paths` that belong to it."""
    listed = subprocess.run(["git", "ls-files", *paths], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no checkout")
    return {line for line in listed.stdout.splitlines() if (ROOT / line).exists()}


def test_the_wheel_holds_the_house_and_what_it_needs(built: Path) -> None:
    names = set(zipfile.ZipFile(built / WHEEL).namelist())
    data = f"lampd-{__version__}.data/data/share"
    units = {f"{data}/lampd/{name}" for name in tracked("systemd")}
    typed = {
        f"{data}/man/man1/lampctl.1",
        f"{data}/bash-completion/completions/lampctl",
        f"{data}/zsh/site-functions/_lampctl",
        f"{data}/fish/vendor_completions.d/lampctl.fish",
    }
    shipped = {f"lampd/shipped/{name}" for name in tracked("config", "hardware")}
    house = tracked("lampd")
    described = {name for name in names if ".dist-info/" in name}
    assert {"lampd/voice/bundled/model.onnx", "lampd/shipped/config/lampd.yaml"} <= names
    # what is being worked on may not be tracked yet
    assert house | shipped | units | typed <= names
    strangers = names - house - shipped - units - typed - described
    assert all(name.startswith("lampd/") and name.endswith(".py") for name in strangers), strangers


def test_the_sdist_holds_the_checkout(built: Path) -> None:
    with tarfile.open(built / SDIST) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    whole = tracked()
    assert whole <= names
    assert not {name for name in names - whole if not name.endswith((".py", ".md", ".yaml", "PKG-INFO"))}


def test_both_commands_are_installed_by_name(built: Path) -> None:
    with zipfile.ZipFile(built / WHEEL) as archive:
        entries = archive.read(f"lampd-{__version__}.dist-info/entry_points.txt").decode()
    assert "lampd = lampd.cli.main:daemon" in entries
    assert "lampctl = lampd.cli.main:main" in entries
