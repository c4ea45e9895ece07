"""Several lamps on one board, by their names: each has a configuration, a state directory and a socket of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lampd import config
from lampd.cli.main import main
from lampd.config import ConfigError, load, name_of, owners_file, service_of, shipped

ELSEWHERE = """
import sys
from pathlib import Path
from lampd import config
place, shipped = Path(sys.argv.pop(1)), config.shipped
config.OWNERS = place / "etc/lampd.yaml"
config.shipped = lambda name: place / "lampd.yaml" if name == "config/lampd.yaml" else shipped(name)
from lampd.cli.main import daemon, main
sys.exit({}())
"""
"""lampd on a system whose /etc, /run and /var are a folder."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system with two lamps that have names."""
    (tmp_path / "etc").mkdir()
    defaults = shipped("config/lampd.yaml").read_text()
    for key, folder in (("/var/lib/lampd ", "state"), ("/run/lampd/control.sock", "run/control.sock")):
        assert key in defaults
        defaults = defaults.replace(key, f"{tmp_path}/{folder} ", 1)
    (tmp_path / "lampd.yaml").write_text(defaults)
    (tmp_path / "etc/fan.yaml").write_text('board: laptop\nthing: {name: fan, lit: "on", dark: "off"}\n')
    (tmp_path / "etc/blind.yaml").write_text("board: laptop\nthing: {name: blind, lit: up, dark: down}\n")
    for name in ("LAMPD_NAME", "LAMPD_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def lampctl(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ELSEWHERE.format("main"), str(place), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def both(place: Path) -> Iterator[Path]:
    """The two of them, running."""
    command = [sys.executable, "-c", ELSEWHERE.format("daemon"), str(place)]
    daemons = [subprocess.Popen([*command, "--name", name], stderr=subprocess.DEVNULL) for name in ("fan", "blind")]
    yield place
    for daemon in daemons:
        daemon.kill()
        daemon.wait()


def lit(place: Path, name: str) -> bool | None:
    """How one is; None as long as its switch does not work."""
    status = json.loads(lampctl(place, "--name", name, "status", "--json").stdout)
    ready = status.get("stages", {}).get("operator", {}).get("state") == "ready"
    return bool(status["lit"]) if ready else None


def until(name: str, place: Path, state: bool, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while lit(place, name) is not state:
        assert time.monotonic() < end, f"{name} was never {state}"
        time.sleep(0.1)


def test_two_of_them_run_at_once_and_are_asked_by_name(both: Path) -> None:
    for name in ("fan", "blind"):
        until(name, both, False)
    assert lampctl(both, "--name", "fan", "flip").returncode == 0
    until("fan", both, True)
    assert lit(both, "blind") is False
    assert "a hand: the fan is on" in lampctl(both, "--name", "fan", "log").stdout
    assert "blind    down as lampd comes up" in lampctl(both, "--name", "blind", "log").stdout
    for name in ("fan", "blind"):
        assert (both / f"state/{name}/journal.db").exists() and (both / f"run@{name}/control.sock").is_socket()
    # the lamp without a name is another
    nameless = lampctl(both, "status")
    assert nameless.returncode == 2 and "run/control.sock" in nameless.stderr and "--name NAME" in nameless.stderr


def test_its_own_are_the_folders_that_its_service_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "OWNERS", tmp_path / "lampd.yaml")
    (tmp_path / "fan.yaml").write_text("board: laptop\n")
    settings = load(owners_file(name="fan"))
    assert settings.state_dir == "/var/lib/lampd/fan"
    assert settings.control_socket == "/run/lampd@fan/control.sock"
    assert service_of(tmp_path / "fan.yaml") == "lampd@fan"
    (tmp_path / "fan.yaml").write_text("state_dir: /srv/fan\n")
    assert load(owners_file(name="fan")).state_dir == "/srv/fan", "its owner's word"


def test_other_files_are_of_the_lamp_without_a_name(tmp_path: Path) -> None:
    for path in (None, config.OWNERS, tmp_path / "fan.yaml"):
        assert (name_of(path), service_of(path)) == ("", "lampd")


def test_what_is_typed_counts_more_than_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    etc = config.OWNERS.parent
    monkeypatch.setenv("LAMPD_NAME", "blind")
    assert owners_file() == etc / "blind.yaml"
    monkeypatch.setenv("LAMPD_CONFIG", "/from/environment.yaml")
    assert owners_file() == Path("/from/environment.yaml")
    assert owners_file(name="fan") == etc / "fan.yaml"
    assert owners_file("/given.yaml") == Path("/given.yaml")


@pytest.mark.parametrize("name", ["lampd", "models", "sessions", "../lamp", ".fan", "a b", "fan.old"])
def test_what_cannot_be_a_name_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a lamp"):
        owners_file(name=name)
    with pytest.raises(SystemExit):
        main(["--name", name, "status"])
    assert "cannot be the name of a lamp" in capsys.readouterr().err


def test_a_name_without_a_file_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--name", "nobody-has-this", "status"]) == 1
    assert "/etc/lampd/nobody-has-this.yaml" in capsys.readouterr().err


def test_a_name_and_a_file_are_one_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--name", "fan", "--config", "fan.yaml", "status"])
    assert "not allowed with" in capsys.readouterr().err
