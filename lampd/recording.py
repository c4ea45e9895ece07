"""Messages come in, a session folder is written: what was said, with its sound, and every flip."""

from pathlib import Path

from lampd import session
from lampd.messages import AnyMessage, Flip, Speech, Transcript

RATE = 16_000


class Recording:
    """Records into `folder` from lamp time `begin` on. The folder is a whole session after every event."""

    def __init__(self, folder: Path, begin: float, started: str) -> None:
        if folder.exists() and any(folder.iterdir()):
            raise FileExistsError(f"{folder} is not empty: a recording goes into a folder of its own")
        self._session = session.Session(title=folder.name, events=(), folder=folder, started=started)
        self._begin = begin
        (folder / "audio").mkdir(parents=True, exist_ok=True)
        session.write(self._session)

    @property
    def folder(self) -> Path:
        return self._session.folder

    def observe(self, message: AnyMessage) -> None:
        match message:
            case Speech():
                self._add(self._sound(message))
            case Transcript():
                span = self._since(message.start), self._since(message.end)
                text = session.Text(self._since(message.at), *span, message.text, message.confidence)
                self._add(text)
            case Flip():
                self._add(session.Flip(self._since(message.at), message.lit))

    def _since(self, at: float) -> float:
        return round(max(0.0, at - self._begin), 3)

    def _sound(self, speech: Speech) -> session.Audio:
        import soundfile

        name = f"audio/{speech.utterance:06}.flac"
        with soundfile.SoundFile(self.folder / name, "w", RATE, 1, "PCM_16") as file:
            file.buffer_write(speech.pcm, "int16")
        # the sound begins before the words, by what is not speech and not the recorder's tail
        lead = max(0.0, len(speech.pcm) / 2 / RATE - (speech.end - speech.start) - 0.1)
        return session.Audio(self._since(speech.start - lead), name)

    def _add(self, event: session.AnyEvent) -> None:
        events = sorted((*self._session.events, event), key=lambda event: event.t)
        self._session = session.Session(
            self._session.title, tuple(events), self.folder, self._session.started, self._session.notes
        )
        session.write(self._session)
