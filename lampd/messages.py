"""Everything that flows between the stages.

Read this first, then routes.py. A message is a frozen record; its type is its address. `at` is lamp time in
seconds: the monotonic clock when the lamp is live, the session's own time when one is replayed. Spans (`start`,
`end`) are in lamp time too.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Tag = Literal["lit", "dark", "nothing"]
Cause = Literal["flip", "miss", "silence", "left alone", "correction", "withdrawn", "told"]
Freedom = Literal["observe", "hint", "act"]  # how far it goes when it is sure; a hint blinks the status light

Light = Literal["off", "on", "blinking", "hint"]  # of the status light


class Said(msgspec.Struct, frozen=True):
    """What an utterance sounded like to a `voice`: the best guess at its words, how often each n-gram is to be
    expected, and the sound itself (moments.py)."""

    text: str
    ngrams: Mapping[str, float] = {}
    sound: bytes = b""
    voice: str = ""


class Message(msgspec.Struct, frozen=True, tag=True):
    """Base of all messages; `at` is when it came to be, in lamp time."""

    at: float


class Tick(Message, frozen=True):
    """Time passes. Also the pulse: a stage that no longer answers ticks is hung."""


class Resume(Message, frozen=True):
    """Where a life begins: after the highest utterance number used, with a lamp that is to be `lit` or not and that
    `listens` and `records` or does not."""

    utterance: int
    lit: bool
    listens: bool = True
    records: bool = False


class Block(Message, frozen=True):
    """Sound that has just ended: 16 kHz mono signed 16-bit little-endian samples."""

    pcm: bytes


class Speaking(Message, frozen=True):
    """Speech as it grows: all of the utterance so far, from `start`."""

    utterance: int
    start: float
    pcm: bytes


class Speech(Message, frozen=True):
    """A whole utterance, pre-roll included in `pcm`; `cut` where it was ended by its length, not by silence."""

    utterance: int
    start: float
    end: float
    pcm: bytes
    cut: bool = False


class Level(Message, frozen=True):
    """How loud it has been since the last one: mean, highest peak and the room's own noise, in dB of full scale, the
    share of samples that are `clipped`, and the highest probability of `speech` in 0..1."""

    rms_db: float
    peak_db: float
    clipped: float
    noise_db: float
    speech: float


class PartialTranscript(Message, frozen=True):
    """What the speech so far sounds like, in the words of Transcript."""

    utterance: int
    start: float
    text: str
    confidence: float
    ngrams: Mapping[str, float] = {}
    sound: bytes = b""
    voice: str = ""

    @property
    def said(self) -> Said:
        return Said(self.text, self.ngrams, self.sound, self.voice)


class Transcript(Message, frozen=True):
    """What an utterance sounded like; `confidence` is in 0..1, `ngrams`, `sound` and `voice` as in Said."""

    utterance: int
    start: float
    end: float
    text: str
    confidence: float
    cut: bool = False
    ngrams: Mapping[str, float] = {}
    sound: bytes = b""
    voice: str = ""

    @property
    def said(self) -> Said:
        return Said(self.text, self.ngrams, self.sound, self.voice)


class Press(Message, frozen=True):
    """A hand on the switch: None toggles the lamp, a truth value sets it."""

    lit: bool | None = None


class Privacy(Message, frozen=True):
    """A hand on the privacy button: None toggles whether the lamp listens, a truth value sets it; for `for_s`
    seconds, or until it is told otherwise (0)."""

    listens: bool | None = None
    for_s: float = 0.0


class Listening(Message, frozen=True):
    """From now on the lamp `listens`, or does not; for `for_s` seconds, 0 until it is told otherwise."""

    listens: bool
    for_s: float = 0.0


class Learning(Message, frozen=True):
    """From now on what happens teaches the lamp, or does not; `for_s` as in Listening."""

    learns: bool
    for_s: float = 0.0


class Autonomy(Message, frozen=True):
    """From now on its owner lets the lamp go as far as `limit`; `for_s` as in Listening."""

    limit: Freedom
    for_s: float = 0.0


class Trust(Message, frozen=True):
    """After `utterance` it is `trusted` to go as far as its owner lets it; else it was wrong too often, and hints."""

    trusted: bool
    utterance: int


class Records(Message, frozen=True):
    """From now on what is said is recorded, sound included, or is not."""

    records: bool


class Lamp(Message, frozen=True):
    """The lamp's state as the operator comes up."""

    lit: bool


class Flip(Message, frozen=True):
    """A hand has changed the lamp to `lit`."""

    lit: bool


class Directive(Message, frozen=True):
    """What an utterance was taken to mean, and by whom.

    `wish` is what the operator is to do, and `would` what it were if the lamp was free to act; `lit` and `dark` are the
    probabilities of those tags, each in 0..1.
    `ended` is when the utterance ended: a hand that moved since then has the last word. `thoughts` is what every
    learner held the probability of a change to be, for a lamp that `was_lit` or not; `losses` what those earned that
    have been judged, in nats an utterance; `because` the past utterances that taught it to act. An utterance that is
    acted on while it is said has one directive for that, without thoughts, and another once it is over; `steady` is
    the highest probability that two looks in a row at it, while it was said, have agreed on.
    """

    utterance: int
    ended: float
    wish: Tag
    lit: float
    dark: float
    model: str
    reason: str
    was_lit: bool = False
    act_above: float = 0.5
    thoughts: dict[str, float] = {}
    losses: dict[str, float] = {}
    because: tuple[int, ...] = ()
    steady: float = 0.0
    would: Tag = "nothing"


ALREADY = "acted on already"
"""The reason of a directive whose utterance was acted on while it was said."""
HINTS, OBSERVES = "it only hints", "it only observes"
"""The reasons of one that would have acted."""


class Leaning(Message, frozen=True):
    """What words that are still being said are taken to mean so far, with the probabilities of a Directive."""

    utterance: int
    lit: float
    dark: float


class Acted(Message, frozen=True):
    """The lamp changed to `lit` because of an utterance."""

    utterance: int
    lit: bool


class Correction(Message, frozen=True):
    """A hand reversed, within the window, what the lamp had done: the utterance did not mean `lit`."""

    utterance: int
    lit: bool


class Example(Message, frozen=True):
    """What an utterance may have meant: the tags still `possible`, none where it teaches nothing.

    `was_lit` is the lamp's state when it was said. A later Example of the same utterance replaces this one, until
    one is `settled`.
    """

    utterance: int
    text: str
    was_lit: bool
    possible: tuple[Tag, ...]
    cause: Cause
    settled: bool = False
    ngrams: Mapping[str, float] = {}
    sound: bytes = b""
    voice: str = ""

    @property
    def said(self) -> Said:
        return Said(self.text, self.ngrams, self.sound, self.voice)


class Told(Message, frozen=True):
    """Its owner says what an utterance meant: `example`, which nothing that happens may revise."""

    example: Example


class Model(Message, frozen=True):
    """A fitted model in an immutable file; `examples` counts those it was fitted to by tag, and is 0 for a tag never
    seen."""

    kind: str
    version: int
    path: str
    examples: dict[str, int]


OfSound = Block | Speaking | Speech | Level | PartialTranscript | Transcript | Listening | Records
OfLamp = Press | Privacy | Lamp | Flip | Leaning | Directive | Acted | Correction
OfLearning = Example | Told | Model | Learning | Autonomy | Trust
AnyMessage = Tick | Resume | OfSound | OfLamp | OfLearning


def _plain(ngrams: Any) -> dict[str, float]:
    """Counts that are packed (learners/packed.py), as others are."""
    return dict(ngrams.items())


encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode
decode = msgspec.msgpack.Decoder(AnyMessage).decode
