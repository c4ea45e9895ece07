"""deploy/install.sh where nothing is installed: what it understands, tells and refuses, with real SSH signatures."""

import os
import re
import shutil
import struct
import subprocess
import tomllib
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
HARDWARE = DEPLOY.parent / "hardware"
MODELS = {
    "raspberrypi,3-model-b-plus": "raspberry-pi-3",
    "raspberrypi,4-model-b": "raspberry-pi-4",
    "raspberrypi,5-model-b": "raspberry-pi-5",
    "raspberrypi,model-zero-2-w": "raspberry-pi-zero-2-w",
    "libretech,aml-s905x-cc": "le-potato",
}
Run = subprocess.CompletedProcess[str]

needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def seal(bundle: Path, key: Path | None = None) -> None:
    """The sums of what is in a bundle, signed."""
    sums = "find . -type f ! -name 'SHA256SUMS*' | sort | xargs sha256sum >SHA256SUMS; rm -f SHA256SUMS.sig"
    subprocess.run(["sh", "-c", sums], cwd=bundle, check=True)
    if key:
        subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "lampd", "-f", key, bundle / "SHA256SUMS"], check=True)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """As deploy/bundle.sh makes one, of nothing."""
    folder = tmp_path / "bundle"
    (folder / "debs").mkdir(parents=True)
    shutil.copy(DEPLOY / "install.sh", folder)
    shutil.copytree(DEPLOY / "install.d", folder / "install.d")
    (folder / "contents").write_text("version=1.0.0\nmachine=aarch64\npython=3.13\nunpacked_kb=1000\n")
    (folder / "release.tar.xz").write_bytes(bytes(1000))
    seal(folder)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A card's system, as far as it is looked at."""
    folder = tmp_path / "root"
    python(folder, 2, 183)
    model(folder, "raspberrypi,4-model-b")
    return folder


def python(root: Path, bits: int, machine: int) -> None:
    (root / "usr/bin").mkdir(parents=True, exist_ok=True)
    (root / "usr/bin/python3.13").write_bytes(b"\x7fELF" + bytes([bits]) + bytes(13) + struct.pack("<H", machine))


def model(root: Path, compatible: str) -> None:
    (root / "proc/device-tree").mkdir(parents=True, exist_ok=True)
    (root / "proc/device-tree/compatible").write_bytes(f"{compatible}\0brcm,some\0".encode())


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    made = {name: tmp_path / name for name in ("maker", "stranger")}
    for key in made.values():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    return made


def install(bundle: Path, *words: str | Path) -> Run:
    quiet = os.environ | {"LC_ALL": "C"}
    command = [bundle / "install.sh", *words]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=quiet)


def dry(bundle: Path, root: Path, *words: str | Path) -> Run:
    return install(bundle, "--dry-run", "--root", root, *words)


def refused(run: Run, *why: str) -> None:
    assert run.returncode == 1, run.stdout + run.stderr
    for words in why:
        assert words in run.stderr


@pytest.mark.parametrize("script", sorted(DEPLOY.glob("*.sh")), ids=lambda script: script.name)
def test_bash_can_read_it(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)


def test_all_that_lampd_needs_is_pinned_for_boards() -> None:
    """Else `make board-lock` was forgotten."""
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())
    lock = (DEPLOY / "board.lock").read_text()
    for needed in project["project"]["dependencies"]:
        found = re.match(r"[A-Za-z0-9-]+", needed)
        assert found
        assert f"\n{found[0].lower()}==" in lock, needed
    assert "\ntorch==2.9.1 " in lock
    assert "\nhatchling==1.28.0 " in (DEPLOY / "build.lock").read_text()
    assert not re.search("https?://", lock)


def test_it_tells_what_it_does(bundle: Path) -> None:
    told = install(bundle, "--help")
    assert told.returncode == 0
    for word in ("rollback", "uninstall", "--purge", "--dry-run", "--online", "--unsigned", "Exit codes"):
        assert word in told.stdout
    for board in HARDWARE.glob("*.yaml"):
        assert board.stem in told.stdout


def test_what_it_does_not_understand_is_refused(bundle: Path, root: Path) -> None:
    refused(install(bundle, "--turbo"), "--turbo is not an option")
    refused(install(bundle, "upgrade"), "no such bundle, and no such command")
    refused(install(bundle, "--board"), "--board wants a value")
    refused(dry(bundle, root, "--board", "toaster"), "toaster is not known", "le-potato")
    refused(install(bundle, "--root", root / "nowhere"), "must be a whole system")
    refused(install(DEPLOY, "--dry-run"), "SHA256SUMS is missing")


@pytest.mark.parametrize(("compatible", "board"), MODELS.items())
def test_the_board_is_known_by_what_the_kernel_says(bundle: Path, root: Path, compatible: str, board: str) -> None:
    model(root, compatible)
    assert (HARDWARE / f"{board}.yaml").exists()
    assert f"board: {board}\n" in dry(bundle, root, "--unsigned").stdout


def test_a_board_that_is_not_known_has_to_be_named(bundle: Path, root: Path) -> None:
    model(root, "friendlyarm,nanopi-r5s")
    refused(dry(bundle, root, "--unsigned"), "say --board NAME", "le-potato")
    assert "board: laptop\n" in dry(bundle, root, "--unsigned", "--board", "laptop").stdout


def test_the_owners_settings_stay(bundle: Path, root: Path) -> None:
    (root / "etc/lampd").mkdir(parents=True)
    (root / "etc/lampd/lampd.yaml").write_text("board: raspberry-pi-4 # mine\n")
    run = dry(bundle, root, "--unsigned", "--board", "le-potato")
    assert "is yours and stays as it is, with board: raspberry-pi-4\n" in run.stdout
    assert "write" not in [line.split()[1] for line in run.stdout.splitlines() if "lampd.yaml" in line]


def test_a_system_that_does_not_fit_is_refused(bundle: Path, root: Path) -> None:
    python(root, 1, 40)
    refused(dry(bundle, root, "--unsigned"), "32-bit system")
    python(root, 2, 62)
    refused(dry(bundle, root, "--unsigned"), "for aarch64, and the system is for x86_64")
    (root / "usr/bin/python3.13").rename(root / "usr/bin/python3.11")
    refused(dry(bundle, root, "--unsigned"), "for Python 3.13", "python3.11")


def test_a_disk_that_is_too_small_is_refused(bundle: Path, root: Path) -> None:
    contents = bundle / "contents"
    contents.write_text(contents.read_text().replace("=1000", f"={10**12}"))
    seal(bundle)
    refused(dry(bundle, root, "--unsigned"), "MB left", "make room")


def test_a_bundle_that_is_not_whole_is_refused(bundle: Path, root: Path) -> None:
    (bundle / "debs/more.deb").write_text("unlisted")
    refused(dry(bundle, root, "--unsigned"), "more.deb is not in SHA256SUMS")
    (bundle / "debs/more.deb").unlink()
    (bundle / "link").symlink_to("contents")
    refused(dry(bundle, root, "--unsigned"), "link is no plain file")
    (bundle / "link").unlink()
    packed = bundle / "release.tar.xz"
    packed.write_bytes(bytes(999) + b"x")
    refused(dry(bundle, root, "--unsigned"), "release.tar.xz is not what was made")
    packed.unlink()
    refused(dry(bundle, root, "--unsigned"), "release.tar.xz is not what was made")


@needs_ssh
def test_who_signed_it_must_be_known(bundle: Path, root: Path, keys: dict[str, Path]) -> None:
    refused(dry(bundle, root), "is not signed", "--unsigned")
    seal(bundle, keys["maker"])
    refused(dry(bundle, root), "say --signer KEY")
    refused(dry(bundle, root, "--signer", "my friend"), "neither a file with a public SSH key nor one")
    public = {name: key.with_suffix(".pub") for name, key in keys.items()}
    refused(dry(bundle, root, "--signer", public["stranger"]), "is of no key")
    for known in (public["maker"], public["maker"].read_text()):
        run = dry(bundle, root, "--signer", known)
        assert run.returncode == 0, run.stderr
        assert "would trust this key" in run.stdout


@needs_ssh
def test_the_bundles_own_key_is_not_trusted_where_nobody_can_be_asked(
    bundle: Path, root: Path, keys: dict[str, Path]
) -> None:
    shutil.copy(keys["maker"].with_suffix(".pub"), bundle / "signer.pub")
    seal(bundle, keys["maker"])
    refused(dry(bundle, root), "no terminal to ask at", f"--signer '{' '.join(_public(keys['maker']))}'")


@needs_ssh
def test_once_known_a_key_is_enough_and_for_releases_alone(bundle: Path, root: Path, keys: dict[str, Path]) -> None:
    (root / "etc/lampd").mkdir(parents=True)
    known = root / "etc/lampd/release-signers"
    known.write_text(f'lampd namespaces="lampd" {" ".join(_public(keys["maker"]))}\n')
    seal(bundle, keys["stranger"])
    refused(dry(bundle, root), "is of no key", str(known))
    seal(bundle, keys["maker"])
    run = dry(bundle, root)
    assert run.returncode == 0, run.stderr
    assert "would trust" not in run.stdout
    (bundle / "SHA256SUMS.sig").unlink()
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", keys["maker"], bundle / "SHA256SUMS"]
    subprocess.run(sign, check=True)
    refused(dry(bundle, root), "is of no key")


def _public(key: Path) -> list[str]:
    return key.with_suffix(".pub").read_text().split()[:2]
