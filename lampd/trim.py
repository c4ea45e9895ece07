"""A session and a span of it come in; a session of what happened in between leaves, its sound cut where it must be."""

import datetime
import os
import shutil
from pathlib import Path
from typing import Any

import msgspec

from lampd import session
from lampd.archive import is_plain
from lampd.durable import sync
from lampd.session import AnyEvent, Audio, Session, SessionError, Text, Wish


def trim(whole: Session, begin: float, end: float, folder: Path) -> Session:
    """Write to `folder`, which may be the session's own, what happened from `begin` to `end`, in seconds: events that
    are wholly in between, `begin` seconds earlier. Sound that is no longer a part of it is gone from `folder`. Raises
    SessionError or OSError; until events.jsonl is replaced, the session of before is there."""
    over = session.length(whole)
    end = min(end, over)
    if not 0 <= begin < end:
        raise SessionError(f"{whole.folder}: from {begin:g} to {end:g} s there is nothing; it lasts {over:g} s")
    cut = _Cut(whole, begin, end, folder)
    try:
        events = [kept for event in whole.events if (kept := cut.of(event))]
        if not events:
            raise SessionError(f"{whole.folder}: nothing happened from {begin:g} to {end:g} s")
    except BaseException:
        for path in cut.made:
            path.unlink(missing_ok=True)
        raise
    trimmed = Session(whole.title, tuple(events), folder, _later(whole.started, begin), whole.notes)
    session.write(trimmed)
    if folder == whole.folder:
        _sweep(whole, trimmed)
    return session.read(folder)


class _Cut:
    """Events as they are from `begin` to `end`; sound files appear in `folder` as they are needed."""

    def __init__(self, whole: Session, begin: float, end: float, folder: Path) -> None:
        self._whole, self._begin, self._end, self._folder = whole, begin, end, folder
        self._taken = {event.file for event in whole.events if isinstance(event, Audio)}
        self.made: list[Path] = []

    def of(self, event: AnyEvent) -> AnyEvent | None:
        if isinstance(event, Audio):
            return self._sound(event)
        spans = isinstance(event, (Text, Wish))
        times = {key: getattr(event, key) for key in (("t", "start", "end") if spans else ("t",))}
        if min(times.values()) < self._begin or max(times.values()) > self._end:
            return None
        return msgspec.structs.replace(event, **{key: self._since(time) for key, time in times.items()})

    def _since(self, time: float) -> float:
        return round(time - self._begin, 6)

    def _sound(self, event: Audio) -> Audio | None:
        import soundfile

        source = self._whole.folder / event.file
        try:
            info = soundfile.info(source)
            first = max(0, round((self._begin - event.t) * info.samplerate))
            last = min(info.frames, round((self._end - event.t) * info.samplerate))
            if first >= last:
                return None
            if (first, last) == (0, info.frames):
                return Audio(self._since(event.t), self._kept(source, event.file))
            name = self._name(event.file)
            self._write(source, name, first, last, info)
        except (soundfile.LibsndfileError, OSError) as error:
            raise SessionError(f"{source}: {error}") from None
        return Audio(self._since(event.t + first / info.samplerate), name)

    def _kept(self, source: Path, file: str) -> str:
        """Its name in the new folder, where it is, or is brought."""
        if self._folder == self._whole.folder:
            return file
        # one that lies elsewhere comes along
        name = file if is_plain(file) else self._name(file)
        if not (self._folder / name).exists():
            (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, self._folder / name)
        return name

    def _name(self, file: str) -> str:
        """A name for a new sound file that none has."""
        path = Path("audio") / Path(file).name
        number = 1
        while (name := f"audio/{path.stem}-{number}{path.suffix}") in self._taken or (self._folder / name).exists():
            number += 1
        self._taken.add(name)
        return name

    def _write(self, source: Path, name: str, first: int, last: int, info: Any) -> None:
        import soundfile

        # as it is, bit for bit, where its kind of file allows that
        numbers = {"PCM_16": "int16", "PCM_24": "int32", "PCM_32": "int32"}.get(info.subtype, "float64")
        samples, rate = soundfile.read(source, start=first, stop=last, dtype=numbers, always_2d=True)
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.made.append(path)
        soundfile.write(path, samples, rate, subtype=info.subtype, format=info.format)
        with path.open("rb") as file:
            os.fsync(file.fileno())
        sync(path.parent)


def _sweep(before: Session, kept: Session) -> None:
    """Remove the sound that was a part of the session and is none any longer, or that was given up half-way."""
    folder = kept.folder
    needed = {(folder / event.file).resolve() for event in kept.events if isinstance(event, Audio)}
    was = [folder / event.file for event in before.events if isinstance(event, Audio) and is_plain(event.file)]
    for path in (*was, *(folder / "audio").glob("*")):
        if path.is_file() and path.resolve() not in needed:
            path.unlink()


def _later(started: str, seconds: float) -> str:
    """An ISO 8601 time, `seconds` later; what is none stays."""
    try:
        when = datetime.datetime.fromisoformat(started)
    except ValueError:
        return started
    return (when + datetime.timedelta(seconds=seconds)).isoformat(timespec="seconds")
