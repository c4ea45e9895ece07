"""Recorded evenings in their owner's hands: listed, shown, played, sent, taken in, cut, deleted."""

import json
import shutil
import stat
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from lampd import archive, config, parcel, session
from lampd.cli.main import main
from lampd.cli.session_parser import moment
from lampd.replay import play, stages_here, state
from lampd.score import Score
from lampd.session import Audio, Flip, Session, SessionError, Text, Wish
from lampd.trim import trim
from tests.conftest import EVENING
from tests.test_daemon import House, house, operator_ready  # noqa: F401 - a fixture

RATE = 8000


def noise(seconds: float, seed: int) -> Any:
    return np.random.default_rng(seed).integers(-9000, 9000, round(seconds * RATE)).astype(np.int16)


def evening(folder: Path) -> Session:
    """Two minutes: the room all the while, two utterances with their sound, and flips."""
    (folder / "audio").mkdir(parents=True)
    for name, seconds, seed in (("room", 120.0, 0), ("000001", 3.0, 1), ("000002", 3.0, 2)):
        soundfile.write(folder / "audio" / f"{name}.flac", noise(seconds, seed), RATE)
    events = (
        Audio(0.0, "audio/room.flac"),
        Audio(10.0, "audio/000001.flac"),
        Wish(10.5, True, 10.5, 12.5, "nora", "turn the lights on"),
        Text(13.0, 10.5, 12.5, "tun th lits on", 0.8),
        Flip(15.0, True),
        Audio(60.0, "audio/000002.flac"),
        Wish(60.5, None, 60.5, 62.5),
        Text(63.0, 60.5, 62.5, "the soup is cold", 0.7),
        Flip(70.0, False),
    )
    session.write(Session("An evening", events, folder, "2026-11-20T18:30:00+01:00", "with soup\n"))
    return session.read(folder)


@pytest.fixture
def owner(tmp_path: Path) -> list[str]:
    """`lampctl` for a lamp that is down, with one session."""
    settings = {"board": "laptop", "state_dir": str(tmp_path / "state"), "control_socket": str(tmp_path / "none.sock")}
    (tmp_path / "lampd.yaml").write_text(yaml.safe_dump(settings))
    evening(tmp_path / "state" / "sessions" / "evening")
    return ["--config", str(tmp_path / "lampd.yaml"), "session"]


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sessions"


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# list, show


def test_sessions_are_listed_with_what_is_in_them(
    owner: list[str], shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shelf / "broken").mkdir()
    (shelf / "broken" / "session.yaml").write_text("format: 9\n")
    assert main([*owner, "list", "--json"]) == 0
    broken, row = [json.loads(line) for line in lines(capsys)]
    assert "format: 1" in broken["error"]
    assert row == {
        "name": "evening",
        "size_mb": pytest.approx(2.0, abs=0.3),
        "title": "An evening",
        "started": "2026-11-20T18:30:00+01:00",
        "length_s": 120.0,
        "utterances": 2,
        "flips": 2,
    }
    assert main([*owner, "list"]) == 0
    broken_line, line = lines(capsys)
    assert "cannot be read" in broken_line
    assert "2026-11-20 18:30" in line
    assert "2:00.0" in line
    assert "2 utterances" in line


def test_where_there_are_none_it_says_how_to_make_one(
    owner: list[str], shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(shelf)
    assert main([*owner, "list"]) == 0
    assert "lampctl record start" in capsys.readouterr().err


def test_a_session_is_shown_to_people_and_programs(
    owner: list[str], shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*owner, "show", "evening"]) == 0
    told = lines(capsys)
    assert told[:2] == ["An evening, 2026-11-20T18:30:00+01:00", "with soup"]
    assert any("nora wants lit: “turn the lights on”" in line for line in told)
    assert any("somebody wants nothing" in line for line in told)
    assert told[-1] == "  1:10.0  flip     a hand: the lamp is dark"
    assert main([*owner, "show", str(shelf / "evening"), "--json"]) == 0
    assert "".join(f"{line}\n" for line in lines(capsys)) == (shelf / "evening" / "events.jsonl").read_text()


def test_what_is_not_there_is_named(owner: list[str], shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["show", "morning"], ["export", "morning", "x.zip"], ["trim", "morning"], ["delete", "../evening"]):
        assert main([*owner, *words]) == 1
        told = capsys.readouterr().err
        assert words[1] in told
        assert "Traceback" not in told


def test_times_are_typed_as_people_tell_them() -> None:
    assert [moment(words) for words in ("90", "1:30", "1:30.5", "1:01:30")] == [90, 90, 90.5, 3690]


# play


class Card(types.ModuleType):
    """Stands for sounddevice: takes what is played, at `rate` alone."""

    class PortAudioError(Exception):
        pass

    def __init__(self, rate: float = 16_000.0, there: bool = True) -> None:
        super().__init__("sounddevice")
        self.heard = b""
        self.rate, self.there = rate, there

    def query_devices(self, device: object, kind: str) -> dict[str, float]:
        if not self.there:
            raise self.PortAudioError("Error querying device -1")
        return {"default_samplerate": self.rate}

    def RawOutputStream(self, rate: float, **options: object) -> Any:
        if rate != self.rate:
            raise self.PortAudioError("Invalid sample rate")
        stream = types.SimpleNamespace(start=lambda: None, stop=lambda: None, close=lambda: None)

        def write(pcm: bytes) -> None:
            self.heard += pcm

        stream.write = write
        return stream


def test_a_session_is_heard_again(
    owner: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card = Card()
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    assert main([*owner, "play", "evening", "--from", "9", "--to", "0:16"]) == 0
    assert len(card.heard) == 2 * 16_000 * 7
    heard = np.frombuffer(card.heard, "<i2").reshape(7, 16_000).astype(float)
    assert heard[2].std() > 1.3 * heard[0].std(), "speech over the room's noise"
    told = lines(capsys)
    assert [line.split()[1] for line in told] == ["sound", "wish", "heard", "flip"]
    assert main([*owner, "play", "evening", "--from", "300"]) == 1
    assert "lasts 120 s" in capsys.readouterr().err


def test_a_card_of_another_rate_is_given_its_own(owner: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card(48_000.0)
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    assert main([*owner, "play", "evening", "--from", "9", "--to", "10"]) == 0
    assert len(card.heard) == pytest.approx(2 * 48_000, rel=0.05)


def test_without_an_output_it_says_what_to_do(
    owner: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", Card(there=False))
    assert main([*owner, "play", "evening"]) == 1
    assert "plug in a speaker" in capsys.readouterr().err


def test_a_session_of_words_needs_no_output(
    owner: list[str], shelf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session.write(Session("words", (Text(0.2, 0.0, 0.1, "lit th lamp"), Flip(0.4, True)), shelf / "words"))
    monkeypatch.setitem(sys.modules, "sounddevice", Card(there=False))
    assert main([*owner, "play", "words"]) == 0
    assert [line.split()[1] for line in lines(capsys)] == ["heard", "flip"]


# export, import


def test_a_session_goes_into_one_file_and_comes_out_elsewhere(
    owner: list[str], shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evening.zip"
    (shelf / "evening" / "diary.txt").write_text("dear lamp")
    assert main([*owner, "export", "evening", str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert main([*owner, "export", "evening", str(file)]) == 1
    assert "--force" in capsys.readouterr().err
    assert main([*owner, "import", str(file)]) == 1
    assert "there already" in capsys.readouterr().err
    assert main([*owner, "import", str(file), "again"]) == 0
    again, before = session.read(shelf / "again"), session.read(shelf / "evening")
    assert (again.events, again.title, again.started) == (before.events, before.title, before.started)
    (shelf / "evening" / "diary.txt").unlink()
    assert files(shelf / "again") == files(shelf / "evening")
    shutil.rmtree(shelf)
    assert main([*owner, "import", str(file)]) == 0
    assert [path.name for path in shelf.iterdir()] == ["evening"]


def test_without_its_sound_a_session_replays_from_its_transcripts(
    owner: list[str], shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evening.zip"
    assert main([*owner, "export", "evening", str(file), "--without-sound"]) == 0
    with zipfile.ZipFile(file) as opened:
        assert opened.namelist() == ["evening/session.yaml", "evening/events.jsonl"]
    assert main([*owner, "import", str(file), "words"]) == 0
    capsys.readouterr()
    figures = [decided(shelf / name, text) for name, text in (("evening", True), ("words", True), ("words", False))]
    assert figures[0] == figures[1] == figures[2]
    assert figures[0], "two utterances were thought about"


def decided(folder: Path, text: bool) -> list[object]:
    one = session.read(folder)
    score = Score(one.wishes())
    with state(config.load(board="laptop"), None) as (settings, journal):
        play(one, stages_here(settings, journal, one, text), journal, None, text, (score.observe,))
    decisions: list[object] = score.figures()["decisions"]
    return decisions


def test_a_session_of_sound_alone_is_heard_before_it_goes_without(
    owner: list[str], shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = trim(session.read(EVENING), 0.0, 40.0, tmp_path / "part")
    with pytest.raises(SessionError, match="no transcripts"):
        parcel.export(part, tmp_path / "one.zip", with_sound=False)
    assert not (tmp_path / "one.zip").exists()
    assert main([*owner, "export", str(part.folder), str(tmp_path / "one.zip"), "--without-sound"]) == 0
    assert main([*owner, "import", str(tmp_path / "one.zip"), "words"]) == 0
    words = session.read(shelf / "words")
    said = [wish for wish in words.wishes() if wish.start < wish.end]
    heard = [event for event in words.events if isinstance(event, Text)]
    assert len(said) - 1 <= len(heard) <= len(said) + 1
    assert all(any(abs(text.end - wish.end) < 1 for text in heard) for wish in said)
    assert len(decided(shelf / "words", text=False)) == len(heard)


def test_sound_from_elsewhere_does_not_leave_by_mistake(tmp_path: Path) -> None:
    evening(tmp_path / "evening")
    odd = Session("", (Audio(0.0, "../evening/audio/room.flac"),), tmp_path / "odd")
    session.write(odd)
    with pytest.raises(SessionError, match="lies elsewhere"):
        parcel.export(session.read(odd.folder), tmp_path / "odd.zip")


HEAD = b"format: 1\ntitle: one\n"


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"a/session.yaml": HEAD, "b/session.yaml": HEAD}, "one session has one session.yaml"),
        ({"events.jsonl": b""}, "there are 0"),
        ({"a/b/session.yaml": HEAD}, "one session has one"),
        ({"a/session.yaml": b"format: 2\n", "a/events.jsonl": b""}, r"one\.zip/session\.yaml: needs `format: 1`"),
        ({"a/session.yaml": HEAD}, r"one\.zip/events\.jsonl: No such file"),
        ({"a/session.yaml": HEAD, "a/events.jsonl": b'{"t": 1'}, r"one\.zip/events\.jsonl:1: .*truncated"),
        ({"a/session.yaml": HEAD + b"a: &a [1]\nb: *a\n", "a/events.jsonl": b""}, "aliases"),
        ({"a/session.yaml": b"format: [1\n", "a/events.jsonl": b""}, "one"),
        ({"a/session.yaml": HEAD + b"#" * (1 << 20), "a/events.jsonl": b""}, "too large"),
        (
            {"a/session.yaml": HEAD, "a/events.jsonl": b'{"t": 1, "type": "audio", "file": "/etc/passwd"}\n'},
            "sound '/etc/passwd' is not in the archive",
        ),
        (
            {"a/session.yaml": HEAD, "a/events.jsonl": b'{"t": 1, "type": "audio", "file": "../../lampd.yaml"}\n'},
            "there is no|is not in the archive",
        ),
        (
            {
                "a/session.yaml": HEAD,
                "a/events.jsonl": b'{"t": 1, "type": "audio", "file": "x.wav"}\n',
                "a/x.wav": b"x",
            },
            r"x\.wav",
        ),
        ({"a/session.yaml": HEAD, "a/../../events.jsonl": b""}, "no plain name"),
        ({"/a/session.yaml": HEAD}, "no plain name"),
    ],
)
def test_what_is_no_session_does_not_come_in(
    owner: list[str],
    shelf: Path,
    tmp_path: Path,
    members: dict[str, bytes],
    why: str,
) -> None:
    file = tmp_path / "one.zip"
    with zipfile.ZipFile(file, "w") as into:
        for name, content in members.items():
            into.writestr(name, content)
    before = files(tmp_path)
    with pytest.raises((SessionError, archive.ArchiveError), match=why):
        parcel.bring(file, None, shelf)
    assert files(tmp_path) == before
    assert main([*owner, "import", str(file)]) == 1
    assert [path.name for path in shelf.iterdir()] == ["evening"]


def test_names_lead_nowhere_else(owner: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "one.zip"
    main([*owner, "export", "evening", str(file)])
    for name in ("..", ".hidden", "", "evening", "a\\b"):
        assert main([*owner, "import", str(file), name]) == 1, name
    assert main([*owner, "import", str(tmp_path / "nothing.zip")]) == 1
    assert main([*owner, "import", str(file), str(tmp_path / "here")]) == 0
    assert session.read(tmp_path / "here").title == "An evening"


# trim


def test_a_part_becomes_a_session_of_its_own(owner: list[str], shelf: Path) -> None:
    before = files(shelf / "evening")
    assert main([*owner, "trim", "evening", "part", "--from", "0:11", "--to", "62"]) == 0
    assert files(shelf / "evening") == before
    part = session.read(shelf / "part")
    assert part.started == "2026-11-20T18:30:11+01:00"
    assert (part.title, part.notes) == ("An evening", "with soup\n")
    # what began before or ended after is not wholly in it
    assert [event for event in part.events if not isinstance(event, Audio)] == [Flip(4.0, True)]
    sounds = [event for event in part.events if isinstance(event, Audio)]
    assert [event.t for event in sounds] == [0.0, 0.0, 49.0]
    heard = [soundfile.read(part.folder / event.file, dtype="int16")[0] for event in sounds]
    room, first, second = noise(120.0, 0), noise(3.0, 1), noise(3.0, 2)
    assert np.array_equal(heard[0], room[11 * RATE : 62 * RATE])
    assert np.array_equal(heard[1], first[RATE:])
    assert np.array_equal(heard[2], second[: 2 * RATE])
    assert session.length(part) == pytest.approx(51.0)
    assert len(files(part.folder)) == 5


def test_what_is_wholly_in_between_is_kept_earlier(tmp_path: Path) -> None:
    part = trim(evening(tmp_path / "one"), 55.0, 500.0, tmp_path / "part")
    assert part.events[1:] == (
        Audio(5.0, "audio/000002.flac"),
        Wish(5.5, None, 5.5, 7.5),
        Text(8.0, 5.5, 7.5, "the soup is cold", 0.7),
        Flip(15.0, False),
    )
    assert (part.folder / "audio/000002.flac").read_bytes() == (tmp_path / "one/audio/000002.flac").read_bytes()


def test_in_place_the_old_session_is_replaced_and_its_sound_is_gone(owner: list[str], shelf: Path) -> None:
    (shelf / "evening" / "diary.txt").write_text("dear lamp")
    (shelf / "evening" / "audio" / "left.flac").write_text("by a power cut")
    assert main([*owner, "trim", "evening", "--from", "50", "--to", "100"]) == 0
    kept = session.read(shelf / "evening")
    assert kept.events[0] == Audio(0.0, "audio/room-1.flac")
    assert sorted(files(kept.folder)) == [
        "audio/000002.flac",
        "audio/room-1.flac",
        "diary.txt",
        "events.jsonl",
        "session.yaml",
    ]
    assert main([*owner, "trim", "evening", "--from", "5", "--to", "15"]) == 0
    again = session.read(shelf / "evening")
    room = again.events[0]
    assert isinstance(room, Audio)
    heard, _ = soundfile.read(again.folder / room.file, dtype="int16")
    assert np.array_equal(heard, noise(120.0, 0)[55 * RATE : 65 * RATE])
    assert len(files(again.folder)) == 5


@pytest.mark.parametrize("span", [("50", "40"), ("50", "50"), ("500", "600"), ("nan", "40"), ("0", "nan")])
def test_where_nothing_is_nothing_is_cut(
    owner: list[str], shelf: Path, span: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(shelf)
    for new in ([], ["part"]):
        assert main([*owner, "trim", "evening", *new, "--from", span[0], "--to", span[1]]) == 1
        assert "nothing" in capsys.readouterr().err
    assert files(shelf) == before


def test_what_fails_half_way_leaves_the_session_as_it_was(owner: list[str], shelf: Path) -> None:
    (shelf / "evening" / "audio" / "000002.flac").write_bytes(b"no sound")
    before = files(shelf)
    assert main([*owner, "trim", "evening", "--from", "1", "--to", "61"]) == 1
    assert files(shelf) == before


def test_the_recorded_evening_is_cut_and_still_a_session(tmp_path: Path) -> None:
    part = trim(session.read(EVENING), 60.0, 180.0, tmp_path / "part")
    assert 5 < len(part.wishes()) < 20
    assert session.length(part) == pytest.approx(120.0, abs=0.1)


# delete, and a lamp that runs


def test_a_session_is_deleted_when_its_owner_says_so(
    owner: list[str], shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*owner, "delete", "evening"]) == 1
    assert "--yes" in capsys.readouterr().err
    assert main([*owner, "delete", str(shelf / "evening"), "--yes"]) == 1
    assert "is yours" in capsys.readouterr().err
    assert main([*owner, "delete", "evening", "--yes"]) == 0
    assert list(shelf.iterdir()) == []


def test_what_is_being_recorded_is_not_cut_or_deleted(house: House, tmp_path: Path) -> None:  # noqa: F811
    house.start()
    house.until(lambda: operator_ready(house))
    assert house.ask("record", "start").returncode == 0
    [folder] = (tmp_path / "state" / "sessions").iterdir()
    house.ask("flip")
    house.until(lambda: house.status()["lit"])
    for words in (["trim", folder.name], ["delete", folder.name, "--yes"]):
        asked = house.ask("session", *words)
        assert (asked.returncode, "lampctl record stop" in asked.stderr) == (1, True)
    assert house.ask("record", "stop").returncode == 0
    [row] = [json.loads(line) for line in house.ask("session", "list", "--json").stdout.splitlines()]
    assert (row["name"], row["flips"], row["utterances"]) == (folder.name, 1, 0)
    assert "a hand: the lamp is lit" in house.ask("session", "show", folder.name).stdout
    assert house.ask("session", "play", folder.name).returncode == 0
    assert house.ask("session", "export", folder.name, str(tmp_path / "one.zip")).returncode == 0
    assert house.ask("session", "import", str(tmp_path / "one.zip"), "again").returncode == 0
    assert house.ask("session", "trim", "again", "--to", "1:00").returncode == 0
    assert house.ask("session", "delete", "again", "--yes").returncode == 0
