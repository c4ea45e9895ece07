"""A session with sound comes in; it leaves with transcripts, too, of all that the lamp's ear hears in it."""

import msgspec

from lampd import assembly
from lampd.inline import Inline
from lampd.messages import AnyMessage, Resume, Transcript
from lampd.replay import Silent
from lampd.routes import STAGES, Stage
from lampd.session import AnyEvent, Session, Text
from lampd.settings import Settings
from lampd.timeline import timeline

EARS = "recorder", "transcriber"


def transcribed(one: Session, settings: Settings) -> Session:
    """The session with its transcripts, which it is to have none of yet. Raises SessionError, and VoiceError where the
    voice of `settings` cannot be used."""
    texts: list[Text] = []

    def observe(message: AnyMessage) -> None:
        if isinstance(message, Transcript):
            at = round(message.at, 3), round(message.start, 3), round(message.end, 3)
            texts.append(Text(*at, message.text, message.confidence))

    stages: dict[str, Stage] = {name: assembly.build(name, settings) if name in EARS else Silent() for name in STAGES}
    inline = Inline(stages, [observe])
    inline.feed(Resume(0.0, 0, False))
    for message in timeline(one):
        inline.feed(message)
    events: list[AnyEvent] = sorted((*one.events, *texts), key=lambda event: event.t)
    return msgspec.structs.replace(one, events=tuple(events))
