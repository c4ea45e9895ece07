"""Sessions that are not what they should be: read whole, or refused by a file's name; never for ever."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as some

from lampd import session
from lampd.devices import sound
from lampd.session import Session, SessionError
from tests.fuzz.cases import WRITABLE, cases, damaged

HEAD = b"format: 1\ntitle: an evening\nstarted: '2026-11-20T18:30:00+01:00'\nnotes: {by: [us, 2]}\n"
EVENTS = b"""{"t": 0.5, "type": "audio", "file": "a.flac"}
{"t": 1.0, "type": "wish", "lit": true, "start": 1.0, "end": 2.0, "who": "nora", "words": "light"}
{"t": 2.5, "type": "text", "start": 1.0, "end": 2.0, "text": "lights on", "confidence": 0.8}
{"t": 4.0, "type": "flip", "lit": true}
"""
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | WRITABLE,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(WRITABLE, inner, max_size=4),
    max_leaves=12,
)
FIELDS = some.fixed_dictionaries(
    {"t": JSON | some.floats(0, 10), "type": some.sampled_from(["audio", "text", "flip", "wish", "x"])},
    optional={name: JSON for name in ("file", "start", "end", "text", "confidence", "lit", "who", "words")},
)


def read(folder: Path, head: bytes = HEAD, events: bytes = EVENTS) -> Session | None:
    """The session, or nothing where it is refused as it should be."""
    (folder / "session.yaml").write_bytes(head)
    (folder / "events.jsonl").write_bytes(events)
    soundfile.write(folder / "a.flac", np.zeros(1600, np.int16), 16_000)
    try:
        one = session.read(folder)
    except SessionError as error:
        assert str(folder) in str(error)
        return None
    try:
        assert 0 <= session.length(one) <= session.LONGEST_S + sound.LONGEST_S
    except SessionError as error:
        assert str(folder) in str(error)
    return one


def test_what_they_are_made_from_is_well(tmp_path: Path) -> None:
    assert read(tmp_path)


@cases()
@given(head=damaged(HEAD))
def test_a_damaged_head(tmp_path: Path, head: bytes) -> None:
    read(tmp_path, head=head)


@cases()
@given(events=damaged(EVENTS))
def test_damaged_events(tmp_path: Path, events: bytes) -> None:
    read(tmp_path, events=events)


@cases()
@given(events=some.lists(FIELDS | JSON, max_size=5))
def test_events_of_any_shape(tmp_path: Path, events: list[object]) -> None:
    read(tmp_path, events="".join(json.dumps(event) + "\n" for event in events).encode())


@cases()
@given(title=WRITABLE, notes=JSON)
def test_heads_of_any_text(tmp_path: Path, title: str, notes: object) -> None:
    one = read(tmp_path, head=json.dumps({"format": 1, "title": title, "notes": notes}).encode())
    assert one is None or isinstance(one.title, str)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"[" * 5000, "session.yaml: "),
        (b"format: 1\nstarted: 2026-99-99\n", "session.yaml: "),
        (b"format: 1\nnotes: " + b"9" * 5000, "session.yaml: "),
        (b"format: 1\na: &a [x, x]\nb: &b [*a, *a]\ntitle: *b\n", "aliases"),
        (b"format: 1\ntitle: " + b"x" * (1 << 20), "too large"),
        (b"format: 1\n? {a: b}\n: c\n", "session.yaml: "),
    ],
    ids=["deep", "date", "number", "aliases", "large", "key"],
)
def test_heads_that_yaml_itself_stumbles_over_are_named(tmp_path: Path, head: bytes, why: str) -> None:
    (tmp_path / "session.yaml").write_bytes(head)
    (tmp_path / "events.jsonl").write_bytes(b"")
    with pytest.raises(SessionError, match=why):
        session.read(tmp_path)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"[" * 5000, "events.jsonl:1: "),
        (b'{"t": 1e15, "type": "flip", "lit": true}', "events.jsonl:1: .* a year"),
        (b'{"t": 1, "type": "wish", "lit": true, "start": 1, "end": 1e300}', "events.jsonl:1: .* a year"),
        (b'{"t": 1, "type": "audio", "file": "a\\u0000b"}', "events.jsonl:1: "),
        (b'{"t": 1, "type": "audio", "file": "' + b"a" * 5000 + b'"}', "events.jsonl:1: "),
        (b'{"t": 1, "type": "audio", "file": "' + b"a" * (2 << 20) + b'"}', "events.jsonl:1: .*too long"),
    ],
    ids=["deep", "late", "endless", "nul", "name", "long"],
)
def test_events_that_would_take_for_ever_are_named(tmp_path: Path, line: bytes, why: str) -> None:
    (tmp_path / "session.yaml").write_bytes(HEAD)
    (tmp_path / "events.jsonl").write_bytes(line + b"\n")
    with pytest.raises(SessionError, match=why):
        session.read(tmp_path)


@pytest.mark.parametrize("name", ["session.yaml", "events.jsonl"])
def test_what_is_huge_is_refused_before_it_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "session.yaml").write_bytes(HEAD)
    (tmp_path / "events.jsonl").write_bytes(EVENTS)
    with (tmp_path / name).open("ab") as file:
        file.truncate(1 << 36)
    with pytest.raises(SessionError, match=name):
        session.read(tmp_path)


@pytest.mark.parametrize("name", ["session.yaml", "events.jsonl"])
def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "session.yaml").write_bytes(HEAD)
    (tmp_path / "events.jsonl").write_bytes(b"")
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(SessionError, match=name):
        session.read(tmp_path)
