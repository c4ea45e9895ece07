"""What is said and flipped, as a session on disk: whole after every event, in order, and cheap however long it gets."""

import time
from pathlib import Path

import numpy as np
import pytest

from lampd import session
from lampd.messages import AnyMessage, Flip, Lamp, Speech, Transcript
from lampd.recording import Recording
from lampd.session import Audio, Text


def said(at: float, utterance: int, text: str = "lit th lamp") -> list[AnyMessage]:
    """Words of two seconds that end at `at`, with the sound that was heard of them, in the order in which they come."""
    return [
        Speech(at + 0.4, utterance, at - 2, at, np.zeros(40_000, np.int16).tobytes()),
        Transcript(at + 0.6, utterance, at - 2, at, text, 0.8),
    ]


def test_the_folder_is_a_whole_session_after_every_event(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "evening", 100.0, "2026-11-20T18:30:00+01:00")
    assert session.read(tmp_path / "evening").events == ()
    messages = [Lamp(100.0, False), Flip(109.0, True), *said(110.0, 1), Flip(112.0, False), *said(120.0, 2)]
    count = 0
    for message in messages:
        recording.observe(message)
        count += not isinstance(message, Lamp)
        assert len(session.read(tmp_path / "evening").events) == count
    kept = session.read(tmp_path / "evening")
    assert (kept.title, kept.started) == ("evening", "2026-11-20T18:30:00+01:00")
    assert kept.events == (
        Audio(7.6, "audio/000001.flac"),
        session.Flip(9.0, True),
        Text(10.6, 8.0, 10.0, "lit th lamp", 0.8),
        session.Flip(12.0, False),
        Audio(17.6, "audio/000002.flac"),
        Text(20.6, 18.0, 20.0, "lit th lamp", 0.8),
    )
    assert not recording.error


def test_what_comes_at_the_same_time_stays_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    recording = Recording(tmp_path, 0.0, "")
    for lit in (True, False, True):
        recording.observe(Flip(5.0, lit))
    recording.observe(Flip(1.0, False))
    assert [event.lit for event in session.read(tmp_path).events if isinstance(event, session.Flip)] == [
        False,
        True,
        False,
        True,
    ]


def test_a_recording_takes_no_folder_that_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear lamp")
    with pytest.raises(FileExistsError, match="not empty"):
        Recording(tmp_path, 0.0, "")


def test_a_lamp_works_on_when_the_disk_takes_no_more(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "evening", 0.0, "")
    recording.observe(Flip(1.0, True))
    (tmp_path / "evening" / "events.jsonl").rename(tmp_path / "elsewhere.jsonl")
    recording.observe(Flip(2.0, False))
    assert str(tmp_path / "evening") in recording.error
    recording.observe(Flip(3.0, True))
    assert (tmp_path / "elsewhere.jsonl").read_bytes().count(b"\n") == 1


def test_a_disk_that_takes_half_a_line_keeps_whole_ones(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "evening", 0.0, "")
    recording.observe(Flip(1.0, True))
    (tmp_path / "evening" / "events.jsonl").unlink()
    (tmp_path / "evening" / "events.jsonl").symlink_to("/dev/full")
    recording.observe(Flip(2.0, True))
    assert recording.error


def test_a_long_evening_costs_no_more_an_event_than_a_short_one(tmp_path: Path) -> None:
    recording = Recording(tmp_path, 0.0, "")
    taken = []
    for hundred in range(20):
        began = time.perf_counter()
        for number in range(100):
            recording.observe(Flip(100.0 * hundred + number - 5 * (number % 2), True))
        taken.append(time.perf_counter() - began)
    assert len(session.read(tmp_path).events) == 2000
    # it was two hundred times as much; test machines are busy
    assert min(taken[-5:]) < 10 * min(taken[:5])


def test_a_recording_leaves_room_on_the_disk_and_keeps_to_its_own(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"less than .* MB are free \(keeping.free_mb\)"):
        Recording(tmp_path / "none", 0.0, "", free=1e18)
    assert not (tmp_path / "none").exists(), "nothing is left of it"
    with pytest.raises(OSError, match=r"keeping.sessions_mb"):
        Recording(tmp_path / "none", 0.0, "", room=0.0)
    recording = Recording(tmp_path / "short", 0.0, "", room=100.0)
    for message in [*said(10.0, 1), *said(20.0, 2), Flip(30.0, True)]:
        recording.observe(message)
    assert "keeping.sessions_mb" in recording.error
    assert len(session.read(tmp_path / "short").events) == 2


def test_a_sound_that_was_not_written_to_its_end_is_no_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libsndfile says nothing of a disk that is full as it closes the file."""
    recording = Recording(tmp_path, 0.0, "")
    monkeypatch.setattr("soundfile.info", lambda path: type("Info", (), {"frames": 2**63 - 1}))
    recording.observe(said(10.0, 1)[0])
    assert "no room" in recording.error
    assert session.read(tmp_path).events == ()
    assert list((tmp_path / "audio").iterdir()) == []
