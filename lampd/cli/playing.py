"""A session is played: its sound through the default output device, and each event told when its time comes."""

from collections.abc import Callable

from lampd.devices.speaker import Plays, Silence, Speaker
from lampd.session import AnyEvent, Audio, Session, SessionError, length
from lampd.timeline import RATE, STEP_S, Sound


def play(one: Session, begin: float, end: float | None, tell: Callable[[AnyEvent], None]) -> None:
    """Play a session from `begin` to `end`, in its seconds. Raises SessionError or SpeakerError."""
    over = length(one)
    end = over if end is None else min(end, over)
    if not 0 <= begin < end:
        raise SessionError(f"{one.folder}: there is nothing after {begin:g} s; it lasts {over:g} s")
    ahead = [event for event in one.events if event.t >= begin]
    sound = Sound(one)
    speaker: Plays = Speaker() if any(isinstance(event, Audio) for event in one.events) else Silence()
    try:
        taken = round(begin * RATE)
        while taken < end * RATE:
            until = min(taken + round(STEP_S * RATE), round(end * RATE))
            while ahead and ahead[0].t * RATE < until:
                tell(ahead.pop(0))
            speaker.play(sound.take(taken, until - taken))
            taken = until
        for event in ahead:
            if event.t <= end:
                tell(event)
    finally:
        speaker.close()
