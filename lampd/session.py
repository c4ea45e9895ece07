"""Sessions: a folder with session.yaml and events.jsonl goes in or out; see "Sessions" in the README.

A session is read whole or not at all: the first fault is a SessionError that names its file and line.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from lampd import durable, yamlfile

FORMAT = 1
LONG, LARGE = 1 << 20, 1 << 26
"""Bytes of a line of events.jsonl, and of all of it."""
LONGEST_S = 366 * 86400.0


class SessionError(Exception):
    """A session that cannot be read; the text says which file, which line and why."""


class Event(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """Base of all events; `t` is in seconds from the session's start."""

    t: float


class Audio(Event, frozen=True, tag="audio"):
    """Sound in `file`, relative to the folder, that starts at t. Sounds that overlap are added."""

    file: str


class Text(Event, frozen=True, tag="text"):
    """A transcript that was there at t, of speech from start to end."""

    start: float
    end: float
    text: str
    confidence: float = 1.0


class Flip(Event, frozen=True, tag="flip"):
    """A hand on the switch."""

    lit: bool


class Wish(Event, frozen=True, tag="wish"):
    """The truth: what was wanted by the words from start to end; None wants nothing. With start == end nothing was
    said: somebody simply flips the switch. `who` said which `words` is for people to read."""

    lit: bool | None
    start: float
    end: float
    who: str = ""
    words: str = ""


AnyEvent = Audio | Text | Flip | Wish


class Session(msgspec.Struct, frozen=True):
    title: str
    events: tuple[AnyEvent, ...]
    folder: Path = Path()
    started: str = ""
    notes: Any = None

    def wishes(self) -> list[Wish]:
        return [event for event in self.events if isinstance(event, Wish)]


_decode = msgspec.json.Decoder(AnyEvent).decode


def _head(path: Path) -> dict[str, Any]:
    try:
        head = yamlfile.read(path)
    except FileNotFoundError:
        raise SessionError(f"{path}: not there; a session is a folder with session.yaml and events.jsonl") from None
    except OSError as error:
        raise SessionError(f"{path}: {error.strerror}") from None
    except yamlfile.YamlError as error:
        raise SessionError(str(error)) from None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise SessionError(f"{path}: needs `format: {FORMAT}`")
    return head


def _events(path: Path) -> list[AnyEvent]:
    events: list[AnyEvent] = []
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > LARGE:
                raise SessionError(f"{path}: too large: {LARGE} bytes are the most")
            for number, line in enumerate(iter(lambda: file.readline(LONG + 1), b""), 1):
                if line.strip():
                    events.append(_event(path, number, line, events[-1].t if events else 0.0))
    except OSError as error:
        raise SessionError(f"{path}: {error.strerror}") from None
    return events


def _event(path: Path, number: int, line: bytes, before: float) -> AnyEvent:
    """The event in a line, which comes at `before` or later. Raises SessionError."""
    where = f"{path}:{number}"
    if len(line) > LONG:
        raise SessionError(f"{where}: too long: {LONG} bytes are the most")
    try:
        event: AnyEvent = _decode(line.rstrip(b"\n"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SessionError(f"{where}: {error}") from None
    times = [event.start, event.end] if isinstance(event, (Text, Wish)) else []
    if event.t < 0 or any(time < 0 for time in times) or times != sorted(times):
        raise SessionError(f"{where}: times must be positive, and end not before start")
    if event.t < before:
        raise SessionError(f"{where}: t = {event.t} comes before {before}: events must be in order")
    if max(event.t, *times, 0.0) > LONGEST_S:
        raise SessionError(f"{where}: a session lasts a year at most")
    if isinstance(event, Audio) and not _is_file(path.parent / event.file):
        raise SessionError(f"{where}: there is no {path.parent / event.file}")
    return event


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have, or a folder that is closed
        return False


def read(folder: Path) -> Session:
    """Read the session in `folder`. Raises SessionError; nothing is half-read."""
    head = _head(folder / "session.yaml")
    return Session(
        title=str(head.get("title", folder.name)),
        events=tuple(_events(folder / "events.jsonl")),
        folder=folder,
        started=str(head.get("started", "")),
        notes=head.get("notes"),
    )


def length(session: Session) -> float:
    """Seconds until all of the session is over, its sound included. Raises SessionError for a file that is no sound."""
    from lampd.devices import sound

    files = {event.file: session.folder / event.file for event in session.events if isinstance(event, Audio)}
    try:
        sounds = {file: sound.length(path) for file, path in files.items()}
    except sound.SoundError as error:
        raise SessionError(str(error)) from None
    ends = (event.t + sounds[event.file] if isinstance(event, Audio) else event.t for event in session.events)
    return max([0.0, *ends, *(event.end for event in session.events if isinstance(event, (Text, Wish)))])


def joined(sessions: Sequence[Session], gap: float = 60.0) -> Session:
    """The sessions one after another, `gap` seconds apart, as one."""
    if len(sessions) == 1:
        return sessions[0]
    events: list[AnyEvent] = []
    begin = 0.0
    for session in sessions:
        for event in session.events:
            spans = {key: begin + getattr(event, key) for key in ("t", "start", "end") if hasattr(event, key)}
            file = {"file": str((session.folder / event.file).absolute())} if isinstance(event, Audio) else {}
            events.append(msgspec.structs.replace(event, **spans, **file))
        begin += length(session) + gap
    return Session(title=" + ".join(session.title for session in sessions), events=tuple(events))


def line(event: AnyEvent) -> bytes:
    """An event as events.jsonl has it."""
    return msgspec.json.encode(event) + b"\n"


def write(session: Session) -> None:
    """Write `session` to its folder, events in order of t, each file whole or not at all; sound files are the
    caller's."""
    head = {"format": FORMAT, "title": session.title, "started": session.started, "notes": session.notes}
    events = sorted(session.events, key=lambda event: event.t)
    durable.write(session.folder / "events.jsonl", b"".join(map(line, events)))
    text = yaml.safe_dump(head, sort_keys=False, allow_unicode=True)
    durable.write(session.folder / "session.yaml", text.encode())
