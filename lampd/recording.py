"""Messages come in, a session folder is written: what was said, with its sound, and every flip.

Sound begins before what happened while it was said, so events come a little out of order: each is put into its place,
and only what comes after it is written again.
"""

import errno
import math
import shutil
from bisect import bisect_right
from pathlib import Path

from lampd import session
from lampd.log import log
from lampd.messages import AnyMessage, Flip, Speech, Transcript

RATE = 16_000


class Recording:
    """Records into `folder` from lamp time `begin` on. The folder is a whole session after every event. When the disk
    takes no more, would have less than `free` bytes left, or `room` bytes of sound are full, it stays what it was then,
    and `error` says so: a lamp works on without. Raises OSError."""

    def __init__(self, folder: Path, begin: float, started: str, free: float = 0.0, room: float = math.inf) -> None:
        if folder.exists() and any(folder.iterdir()):
            raise FileExistsError(f"{folder} is not empty: a recording goes into a folder of its own")
        self.folder = folder
        self.error = ""
        self._begin = begin
        self._times: list[float] = []
        self._lines: list[bytes] = []
        self._size = 0
        self._free, self._room = free, room
        try:
            (folder / "audio").mkdir(parents=True, exist_ok=True)
            session.write(session.Session(title=folder.name, events=(), folder=folder, started=started))
            self._check_room()
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _check_room(self) -> None:
        """Raises OSError."""
        if shutil.disk_usage(self.folder).free < self._free:
            raise OSError(errno.ENOSPC, f"less than {self._free / 1e6:.0f} MB are free (keeping.free_mb)")
        if self._room <= 0:
            raise OSError(errno.ENOSPC, "recorded sessions take as much as they may (keeping.sessions_mb)")

    def observe(self, message: AnyMessage) -> None:
        if self.error or not isinstance(message, (Speech, Transcript, Flip)):
            return
        try:
            self._add(self._event(message))
        except (OSError, RuntimeError) as error:  # soundfile's errors are of the latter kind
            self.error = f"{self.folder}: {error}"
            log.error("recording failed", error=self.error)

    def _event(self, message: Speech | Transcript | Flip) -> session.AnyEvent:
        match message:
            case Speech():
                return self._sound(message)
            case Transcript():
                span = self._since(message.start), self._since(message.end)
                return session.Text(self._since(message.at), *span, message.text, message.confidence)
            case Flip():
                return session.Flip(self._since(message.at), message.lit)

    def _since(self, at: float) -> float:
        return round(max(0.0, at - self._begin), 3)

    def _sound(self, speech: Speech) -> session.Audio:
        import soundfile

        self._check_room()
        name = f"audio/{speech.utterance:06}.flac"
        path = self.folder / name
        try:
            with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
                file.buffer_write(speech.pcm, "int16")
            # a disk that is full as the file is closed is not told of
            if soundfile.info(path).frames != len(speech.pcm) // 2:
                raise OSError(errno.ENOSPC, "no room for a sound")
        except (OSError, RuntimeError):
            path.unlink(missing_ok=True)
            raise
        self._room -= path.stat().st_size
        # the sound begins before the words, by what is not speech and not the recorder's tail
        lead = max(0.0, len(speech.pcm) / 2 / RATE - (speech.end - speech.start) - 0.1)
        return session.Audio(self._since(speech.start - lead), name)

    def _add(self, event: session.AnyEvent) -> None:
        place = bisect_right(self._times, event.t)
        self._times.insert(place, event.t)
        self._lines.insert(place, session.line(event))
        later = b"".join(self._lines[place:])
        begin = self._size + len(self._lines[place]) - len(later)
        with (self.folder / "events.jsonl").open("r+b", buffering=0) as file:
            file.seek(begin)
            if file.write(later) != len(later):
                # a disk that is full takes a part; lines are to be whole
                file.truncate(begin)
                raise OSError(f"no room for {len(later)} bytes")
        self._size = begin + len(later)
