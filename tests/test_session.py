"""Sessions on disk: read whole or not at all, and written as they are read."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lampd.session import Audio, Flip, Session, SessionError, Text, Wish, joined, length, read, write

GOOD = [
    {"t": 1.0, "type": "wish", "lit": True, "start": 1.0, "end": 2.0},
    {"t": 2.5, "type": "text", "start": 1.0, "end": 2.0, "text": "hágase la luz", "confidence": 0.8},
    {"t": 4.0, "type": "flip", "lit": True},
    {"t": 9.0, "type": "wish", "lit": None, "start": 9.0, "end": 9.5, "who": "radio", "words": "and now"},
]


def folder(path: Path, events: list[object], head: str = "format: 1\ntitle: an evening\n") -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "session.yaml").write_text(head, "utf-8")
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    (path / "events.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return path


def sound(path: Path, seconds: float, rate: int = 16_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(round(seconds * rate), np.int16), rate)


def fault(path: Path) -> str:
    with pytest.raises(SessionError) as error:
        read(path)
    return str(error.value)


def test_events_come_as_they_were_written(tmp_path: Path) -> None:
    session = read(folder(tmp_path, GOOD))
    assert session.title == "an evening"
    assert session.events == (
        Wish(1.0, True, 1.0, 2.0),
        Text(2.5, 1.0, 2.0, "hágase la luz", 0.8),
        Flip(4.0, True),
        Wish(9.0, None, 9.0, 9.5, "radio", "and now"),
    )
    assert session.wishes() == [session.events[0], session.events[3]]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"t": 3.0, "type": "fl', "truncated"),
        ('{"t": 3.0, "type": "flip"}', "lit"),
        ('{"t": "now", "type": "flip", "lit": true}', "float"),
        ('{"t": NaN, "type": "flip", "lit": true}', "malformed"),
        ('{"t": 3.0, "type": "flop", "lit": true}', "flop"),
        ('{"t": 3.0, "lit": true}', "type"),
        ("[3.0]", "object"),
        ("no json", "malformed"),
        ('{"t": 0.5, "type": "flip", "lit": true}', "order"),
        ('{"t": 3.0, "type": "text", "start": 2.0, "end": 1.0, "text": ""}', "end"),
        ('{"t": 3.0, "type": "text", "start": -1.0, "end": 1.0, "text": ""}', "positive"),
        ('{"t": 3.0, "type": "audio", "file": "gone.flac"}', "gone.flac"),
    ],
)
def test_a_faulty_line_is_named_with_its_file_and_number(tmp_path: Path, line: str, why: str) -> None:
    message = fault(folder(tmp_path, [*GOOD[:2], line, *GOOD[2:]]))
    assert message.startswith(f"{tmp_path / 'events.jsonl'}:3: ")
    assert why in message


def test_a_negative_time_is_refused(tmp_path: Path) -> None:
    assert "events.jsonl:1: times must be positive" in fault(
        folder(tmp_path, [{"t": -1.0, "type": "flip", "lit": True}])
    )


def test_bytes_that_are_no_text_are_refused_by_line(tmp_path: Path) -> None:
    folder(tmp_path, GOOD)
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(b'{"t": 9.5, "type": "text", "start": 1, "end": 2, "text": "\xff"}\n')
    assert "events.jsonl:5: " in fault(tmp_path)


@pytest.mark.parametrize("head", ["format: 2\n", "title: no format\n", "[]\n", "", "just words\n", "format: '1'\n"])
def test_another_format_is_refused_and_says_which_it_needs(tmp_path: Path, head: str) -> None:
    assert fault(folder(tmp_path, GOOD, head)) == f"{tmp_path / 'session.yaml'}: needs `format: 1`"


def test_a_head_that_is_no_yaml_is_refused_by_name(tmp_path: Path) -> None:
    assert fault(folder(tmp_path, GOOD, "format: [1\n")).startswith(f"{tmp_path / 'session.yaml'}: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "session.yaml: not there" in fault(tmp_path / "nowhere")
    (folder(tmp_path, GOOD) / "events.jsonl").unlink()
    assert fault(tmp_path).startswith(f"{tmp_path / 'events.jsonl'}: ")


def test_empty_lines_and_unknown_keys_do_no_harm(tmp_path: Path) -> None:
    session = read(folder(tmp_path, [GOOD[0], "", {**GOOD[2], "mood": "good"}, "  "]))
    assert [type(event) for event in session.events] == [Wish, Flip]


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    sound(tmp_path / "audio/1.flac", 0.5)
    events = (
        Audio(0.0, "audio/1.flac"),
        Wish(1.25, False, 1.25, 2.5, "nora", "gute Nacht"),
        Text(2.75, 1.25, 2.5, "gute\nnacht 🌙", 0.25),
        Flip(4.0, False),
        Wish(9.0, None, 9.0, 9.0),
    )
    session = Session("Ein Abend: „draußen“", events, tmp_path, "2026-11-20T18:30:00+01:00", {"by": ["us", 2]})
    write(session)
    assert read(tmp_path) == session


def test_events_are_written_in_order_and_in_letters_that_people_read(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    write(Session("Gute Nächte", (Flip(5.0, False), Flip(2.0, True)), folder))
    assert read(folder).events == (Flip(2.0, True), Flip(5.0, False))
    assert "title: Gute Nächte\n" in (folder / "session.yaml").read_text("utf-8")


def test_events_may_begin_at_once_and_together_and_last_no_time(tmp_path: Path) -> None:
    events = (Wish(0.0, True, 0.0, 0.0), Flip(0.0, True), Flip(0.0, False))
    write(Session("", events, tmp_path))
    assert read(tmp_path).events == events


def test_a_session_is_over_when_its_last_event_is(tmp_path: Path) -> None:
    assert length(Session("", ())) == 0.0
    assert length(Session("", (Wish(1.0, True, 1.0, 7.0), Flip(4.0, True)))) == 7.0
    assert length(Session("", (Text(9.0, 1.0, 2.0, "late"),))) == 9.0


def test_a_session_is_not_over_while_its_sound_plays(tmp_path: Path) -> None:
    sound(tmp_path / "long.wav", 40.0, rate=8000)
    sound(tmp_path / "short.wav", 1.0)
    events = (Audio(2.0, "long.wav"), Flip(4.0, True), Audio(5.0, "short.wav"))
    assert length(Session("", events, tmp_path)) == pytest.approx(42.0)


def test_a_file_that_is_no_sound_is_named(tmp_path: Path) -> None:
    (tmp_path / "words.flac").write_text("no sound")
    with pytest.raises(SessionError, match=r"words\.flac"):
        length(Session("", (Audio(0.0, "words.flac"),), tmp_path))


def test_sessions_are_joined_one_after_another(tmp_path: Path) -> None:
    first = Session("one", (Text(2.5, 1.0, 2.0, "a"), Flip(4.0, True)))
    second = Session("two", (Wish(1.0, True, 1.0, 2.0), Text(2.5, 1.0, 2.0, "b")))
    third = Session("three", (Flip(3.0, False),))
    whole = joined([first, second, third], gap=10.0)
    assert whole.title == "one + two + three"
    assert whole.events == (
        *first.events,
        Wish(15.0, True, 15.0, 16.0),
        Text(16.5, 15.0, 16.0, "b"),
        Flip(14.0 + 2.5 + 10.0 + 3.0, False),
    )


def test_joined_sounds_are_found_and_do_not_overlap(tmp_path: Path) -> None:
    sound(tmp_path / "a/one.wav", 100.0)
    sound(tmp_path / "b/one.wav", 1.0)
    both = [Session(name, (Audio(0.0, "one.wav"),), tmp_path / name) for name in "ab"]
    first, second = joined(both, gap=10.0).events
    assert isinstance(first, Audio) and isinstance(second, Audio)
    assert (Path(first.file), Path(second.file)) == (tmp_path / "a/one.wav", tmp_path / "b/one.wav")
    assert (first.t, second.t) == (0.0, pytest.approx(110.0))


def test_one_session_joined_is_itself() -> None:
    session = Session("one", (Flip(4.0, True),))
    assert joined([session]) is session
