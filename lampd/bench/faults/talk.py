"""What is said in a house day after day: a seed comes in; wishes, and what the ear makes of all that is said, leave.

Two utterances in a hundred are commands, in favourite phrases mostly; as many are about other devices, and the rest is
talk. The data folder's households say it where there is one; else it is in words that nobody knows.
"""

import random
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lampd.bench.households import REDUNDANT, SECONDS_PER_CHARACTER, SILENT_FLIP, Composer, House, Phrases
from lampd.learners.ngrams import expected, padded
from lampd.messages import Transcript
from lampd.moments import MOMENTS, pack
from lampd.session import Wish

COMMAND = CONFUSABLE = 0.02
GUESSES = 8
"""Of the ear, at each utterance."""
FEATURES = 57
"""Of a moment of sound, as the bundled voice has it."""
SILENCE_S, DAY_S = 53.0, 86400.0
"""Between two utterances, on average: a thousand take sixteen hours."""
LONGEST = 90


class Day(NamedTuple):
    """Wishes for a household, and transcripts, in lamp time."""

    wishes: list[Wish]
    heard: list[Transcript]


class Talk:
    """Of one house, from `seed`; `folder` is the data folder."""

    def __init__(self, seed: int, folder: Path | None) -> None:
        self._rng = random.Random(f"talk {seed}")
        composer = Composer(folder) if folder else None
        self._mishear: Callable[[str, float, random.Random], str] = composer.mishear if composer else misheard
        house = composer.kinds[seed % len(composer.kinds)](self._rng) if composer else invented(self._rng)
        chatter = [*house.chatter, *(prose(folder) if folder else ())]
        self._rng.shuffle(chatter)
        self._near, self._chatter, self._phrases = house.confusable, cycle(chatter), Phrases(house, self._rng)
        self._letters: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = {}
        self._lit = False

    def day(self, number: int, count: int, first: int) -> Day:
        """Day `number`, of `count` utterances, numbered from `first`."""
        rng, wishes, heard = self._rng, list[Wish](), list[Transcript]()
        now = number * DAY_S + 60.0
        for utterance in range(first, first + count):
            wish: bool | None = None
            if rng.random() < COMMAND:
                self._lit ^= rng.random() >= REDUNDANT
                if rng.random() < SILENT_FLIP:
                    wishes.append(Wish(now, self._lit, now, now))
                    now += 20.0
                    self._lit = not self._lit
                wish, said = self._lit, self._phrases.one(self._lit)
            else:
                said = rng.choice(self._near) if rng.random() < CONFUSABLE else next(self._chatter)
            end = now + 0.4 + SECONDS_PER_CHARACTER * len(said)
            wishes.append(Wish(now, wish, now, end))
            heard.append(self._heard(said.lower(), utterance, now, end))
            now = end + rng.uniform(0.2, 1.8) * SILENCE_S
        return Day(wishes, heard)

    def _heard(self, said: str, utterance: int, start: float, end: float) -> Transcript:
        guesses = [self._mishear(said, 1.0, self._rng) for _ in range(GUESSES)]
        letters = padded(guesses[0])
        sound = pack(self._sound(letters)) if letters else b""
        return Transcript(end + 0.5, utterance, start, end, guesses[0], 0.7, False, expected(guesses), sound)

    def _sound(self, letters: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """Every letter has a sound of its own, never quite the same."""
        for letter in set(letters) - self._letters.keys():
            self._letters[letter] = np.random.default_rng(ord(letter)).normal(0, 1.5, FEATURES)
        places = np.linspace(0, len(letters) - 1, MOMENTS).round().astype(int)
        rows = np.stack([self._letters[letters[place]] for place in places])
        return np.asarray(rows + np.random.default_rng(self._rng.randrange(2**32)).normal(0, 0.5, rows.shape))


def prose(folder: Path) -> Iterator[str]:
    """Sentences of WikiText-2 and of Shakespeare that take a breath."""
    for name, end in (("wikitext2_valid.txt", " . "), ("tinyshakespeare.txt", "\0")):
        for line in (folder / "text" / name).read_text("utf-8").splitlines():
            yield from (one.strip(" ,.;:!?") for one in line.split(end) if 20 < len(one) < LONGEST)


def misheard(text: str, noise: float, rng: random.Random) -> str:
    """One letter in twenty is another, or lost."""
    return "".join(rng.choice("aeinrst ") * rng.randrange(2) if rng.random() < 0.05 * noise else one for one in text)


def invented(rng: random.Random) -> House:
    """A house whose words are made of syllables."""
    syllables = [first + second for first in "bdfgklmnprstv" for second in "aeiou"]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 3))) for _ in range(600)]

    def some(count: int, least: int, most: int) -> list[str]:
        return [" ".join(rng.choices(words, k=rng.randint(least, most))) for _ in range(count)]

    return House("words that nobody knows", some(6, 2, 4), some(6, 2, 4), some(3000, 3, 12), some(100, 2, 4))
