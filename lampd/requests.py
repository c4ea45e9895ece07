"""What its owner asks of a running lamp: requests of `lampctl` come in, the hub does what is asked, answers leave."""

import datetime
import itertools
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from lampd import __version__
from lampd.history import taught, told, undone
from lampd.hub import Hub
from lampd.messages import AnyMessage, Autonomy, Example, Freedom, Learning, Press, Privacy, Records, Said, Tag, Trust
from lampd.night import Night
from lampd.recording import Recording
from lampd.settings import Settings
from lampd.status import status

Answer = dict[str, Any]
Duration = Annotated[float, Meta(ge=0, le=30 * 86400)]
What = Literal["listening", "learning", "acting"]
Utterance = Annotated[int, Meta(ge=-(2**53), le=2**53)]


class Asked(msgspec.Struct, forbid_unknown_fields=True, tag_field="ask", tag=str.lower):
    """Base of all requests: `ask` is the name of the kind, in lower case."""


class Ping(Asked):
    pass


class Status(Asked):
    pass


class Flip(Asked):
    """A hand: None toggles."""

    lit: bool | None


class Relabel(Asked):
    utterances: list[Utterance]
    meant: Tag


class Teach(Asked):
    """Words that were not said to it, as its ear would write them, or sound as it would be heard."""

    said: Said
    meant: Tag


class Undo(Asked):
    pass


class Forget(Asked):
    utterances: list[Utterance]


class Pause(Asked):
    """For so many seconds, or until it is told to go on (0)."""

    what: What
    for_s: Duration = 0.0


class Resume(Asked):
    what: What


class Limit(Asked):
    limit: Freedom


class Record(Asked):
    """A folder, "new", or None to stop."""

    folder: str | None


class TvNight(Asked):
    """For so many seconds; 0 ends it."""

    for_s: Duration


AnyAsked = Ping | Status | Flip | Relabel | Teach | Undo | Forget | Pause | Resume | Limit | Record | TvNight


class Requests:
    """Answers them for `hub`."""

    def __init__(self, hub: Hub, settings: Settings) -> None:
        self._hub = hub
        self._state = Path(settings.state_dir)
        self._thing = msgspec.to_builtins(settings.thing)
        self._keeping = settings.keeping
        self._recording: Recording | None = None
        self._night: Night | None = None

    def answer(self, request: Answer) -> Answer:
        """Raises ValueError, OSError or sqlite3.Error, which `lampctl` gets too."""
        asked = msgspec.convert(request, AnyAsked)
        now = time.monotonic()
        match asked:
            case Ping():
                return {"version": __version__}
            case Status():
                return self._status()
            case Flip():
                operator = self._hub.processes.children["operator"]
                if operator.error and not (operator.life and operator.life.ready):
                    # it would be done whenever that is mended
                    raise ValueError(f"the switch is out of order: {operator.error}")
                self._hub.post(Press(now, asked.lit))
            case Relabel():
                return self._tell([told(self._hub.journal, one, asked.meant) for one in asked.utterances])
            case Teach():
                return self._tell([taught(self._hub.journal, asked.said, asked.meant, now)])
            case Undo():
                return self._tell([undone(self._hub.journal, now)])
            case Forget():
                self._hub.forget(self._state, set(asked.utterances))
            case Pause() | Resume():
                self._hub.post(self._owners(asked, now))
            case Limit():
                # its owner's word is worth more than its record
                self._hub.post(Autonomy(now, asked.limit))
                self._hub.post(Trust(now, True, self._hub.journal.utterance()))
            case Record():
                return self._record(asked.folder)
            case TvNight():
                return self._tv_night(asked.for_s)
        return {"done": True}

    def _status(self) -> Answer:
        recording = str(self._recording.folder) if self._recording else None
        night = self._night.report() if self._night else None
        shown = self._hub.reading(lambda: status(self._hub, self._state))
        if self._recording and self._recording.error:
            ended = f"recording: no more since {self._recording.error}; `lampctl record stop`, then make room"
            shown |= {"well": False, "complaints": [*shown["complaints"], ended]}
        return {"version": __version__, "thing": self._thing, **shown, "recording": recording, "tv_night": night}

    def _tell(self, examples: list[Example]) -> Answer:
        for example in examples:
            self._hub.tell(example)
        return {"done": [[example.utterance, example.possible] for example in examples]}

    def _owners(self, asked: Pause | Resume, now: float) -> AnyMessage:
        """What its owner's word comes to."""
        match asked:
            case Pause(what="listening"):
                return Privacy(now, False, asked.for_s)
            case Pause(what="learning"):
                return Learning(now, False, asked.for_s)
            case Pause():
                return Autonomy(now, "observe", asked.for_s)
            case Resume(what="listening"):
                return Privacy(now, True)
            case Resume(what="learning"):
                return Learning(now, True)
        lasting = self._hub.standing.lasting
        return Autonomy(now, "act" if lasting == "observe" else lasting)

    def _record(self, folder: str | None) -> Answer:
        if self._recording:
            if folder:
                raise ValueError(f"already recording into {self._recording.folder}")
            self._hub.observers.remove(self._recording.observe)
            done, self._recording = self._recording, None
            self._hub.post(Records(time.monotonic(), False))
            return {"folder": str(done.folder), "incomplete": done.error}
        if not folder:
            raise ValueError("not recording")
        started = datetime.datetime.now().astimezone()
        sessions, path = self._state / "sessions", Path(folder)
        if folder == "new":
            name = started.strftime("%Y-%m-%dT%H-%M-%S")
            # a clock that was set back may come by the same second twice
            path = next(one for one in _numbered(sessions / name) if not one.exists())
        room = math.inf
        if path.is_relative_to(sessions):
            room = 1e6 * self._keeping.sessions_mb - sum(one.stat().st_size for one in sessions.rglob("*"))
        begins = time.monotonic(), started.isoformat(timespec="seconds")
        self._recording = Recording(path, *begins, free=1e6 * self._keeping.free_mb, room=room)
        self._hub.observers.append(self._recording.observe)
        self._hub.post(Records(time.monotonic(), True))
        return {"folder": str(path)}

    def _tv_night(self, for_s: float) -> Answer:
        if self._night and not self._night.over:
            if for_s:
                raise ValueError("a TV night is on: lampctl tv-night stop")
            self._night.end(time.monotonic())
        elif not for_s:
            raise ValueError("no TV night is on")
        else:
            self._night = Night(self._hub, time.monotonic(), for_s)
        return self._night.report()


def _numbered(path: Path) -> Iterator[Path]:
    """The path, and then those of the same name with a number."""
    yield path
    yield from (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
