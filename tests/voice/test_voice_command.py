"""`lampctl voice` as its owner types it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from lampd.cli.main import main
from lampd.voice import preparation
from lampd.voice.folder import BUNDLED
from lampd.voice.onnx import PREPARED

Checkpoint = Callable[..., Path]
AUDIO = Path(__file__).parents[1] / "sessions" / "first_evening" / "audio"


class Lamp:
    """A configuration with a state folder, and one unprepared voice on its shelf."""

    def __init__(self, folder: Path, voice: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file, self.voice, self._capsys = folder / "lampd.yaml", folder / "state" / "voices" / "own", capsys
        shutil.copytree(voice, self.voice)
        self.file.write_text(f"# mine\nboard: laptop\nstate_dir: {folder / 'state'}\n")

    def type(self, *words: str) -> tuple[int, str, str]:
        """The exit code, what was printed, and the errors."""
        code = main(["--config", str(self.file), "voice", *words])
        return code, *self._capsys.readouterr()


@pytest.fixture(scope="module")
def fresh(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("voices") / "fresh", "abcß")


@pytest.fixture
def lamp(tmp_path: Path, fresh: Path, capsys: pytest.CaptureFixture[str]) -> Lamp:
    return Lamp(tmp_path, fresh, capsys)


def test_voices_are_listed_with_what_they_are(lamp: Lamp) -> None:
    code, said, _ = lamp.type("list", "--json")
    rows = json.loads(said)
    assert code == 0
    assert [*rows] == ["bundled", "own"]
    assert (rows["bundled"]["used"], rows["own"]["used"]) == (True, False)
    assert rows["bundled"]["prepared"] == "exact"
    assert rows["bundled"]["parameters"] > 1_000_000
    assert (rows["own"]["prepared"], rows["own"]["vocabulary"]) == (None, 7)
    assert "lampctl voice prepare" in rows["own"]["problem"]
    code, said, _ = lamp.type("list")
    assert code == 0
    assert "* bundled" in said and "  own" in said


def test_one_is_prepared_and_used_and_heard_with(lamp: Lamp) -> None:
    code, said, _ = lamp.type("prepare", "own", "--json", "--sound", str(AUDIO / "0001.flac"), str(AUDIO / "0002.flac"))
    told = json.loads(said)
    assert code == 0
    assert told["times_transformers"] > 0
    assert (told["identical"], told["clips"], told["compared_on"], told["precision"]) == (1, 2, "sound", "exact")
    code, said, _ = lamp.type("use", "own")
    assert code == 0
    assert "restart lampd" in said
    assert lamp.file.read_text().startswith("# mine\n")
    assert yaml.safe_load(lamp.file.read_text())["transcriber"] == {"voice": str(lamp.voice)}
    assert json.loads(lamp.type("list", "--json")[1])["own"]["used"]
    code, said, errors = lamp.type("test", "--json", "--sound", str(AUDIO / "0001.flac"))
    assert code == 0
    assert set(json.loads(said)["text"]) <= set("abcß ")
    assert errors == ""


def test_files_and_folders_are_heard(lamp: Lamp, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    shutil.copy(AUDIO / "0001.flac", folder)
    code, said, _ = lamp.type("test", "bundled", "--sound", str(folder), str(AUDIO / "0002.flac"))
    assert code == 0
    assert "lai" in said.splitlines()[0], "the sounds of lights"
    assert len(said.splitlines()) == 2


def test_without_sound_it_says_how_little_it_knows(lamp: Lamp) -> None:
    code, said, _ = lamp.type("prepare", str(lamp.voice), "--precision", "int8")
    assert code == 0
    assert "noise, which says little" in said
    assert "times as fast as transformers" in said


def test_what_is_too_slow_is_refused_unless_wanted(lamp: Lamp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "SLOWEST", 1e-9)
    code, _, errors = lamp.type("prepare", "own")
    assert code == 1
    assert "for a second of sound" in errors and "--anyway" in errors
    assert not (lamp.voice / PREPARED).exists()
    assert lamp.type("prepare", "own", "--anyway")[0] == 0
    assert (lamp.voice / PREPARED).exists()


@pytest.mark.parametrize("words", [("use", "nowhere"), ("prepare", "nowhere"), ("test", "nowhere", "--sound", "x.wav")])
def test_a_voice_that_is_not_there_is_refused_by_name(lamp: Lamp, words: tuple[str, ...]) -> None:
    before = lamp.file.read_text()
    code, _, errors = lamp.type(*words)
    assert code == 1
    assert "nowhere" in errors
    assert lamp.file.read_text() == before


def test_sound_that_is_not_there_is_refused_by_name(lamp: Lamp, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in ("nothing.wav", str(tmp_path / "empty")):
        code, _, errors = lamp.type("test", "bundled", "--sound", path)
        assert code == 1
        assert path in errors


def test_a_file_that_cannot_be_changed_safely_is_left_with_the_line_to_write(lamp: Lamp) -> None:
    text = lamp.file.read_text() + "transcriber: {threads: 1}\n"
    lamp.file.write_text(text)
    code, _, errors = lamp.type("use", "own")
    assert code == 1
    assert f"  voice: {lamp.voice}" in errors
    assert lamp.file.read_text() == text


def test_the_bundled_voice_is_used_by_its_name(lamp: Lamp) -> None:
    lamp.file.chmod(0o600)
    assert lamp.type("use", "bundled")[0] == 0
    assert yaml.safe_load(lamp.file.read_text())["transcriber"]["voice"] == "bundled"
    assert lamp.file.stat().st_mode & 0o777 == 0o600
    assert (BUNDLED / PREPARED).exists()
