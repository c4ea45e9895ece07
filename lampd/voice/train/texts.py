"""What the synthesisers say: household sentences, words, numbers, and verses of a public-domain text, from a seed.

`phrases/LANGUAGE.txt` holds one pattern a line: `{a|b}` stands for one of its alternatives, `#` for a number.
"""

import random
import re
import subprocess
import zlib
from functools import cache
from pathlib import Path

from lampd.voice.train.numerals import english

PHRASES = Path(__file__).parent / "phrases"
WORDS = Path("/usr/share/dict")
LISTS = {
    "en": "american-english",
    "pl": "polish",
    "de": "ngerman",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "sv": "swedish",
    "pt": "portuguese",
}
"""Word lists as Debian packages them; a language without its list does without."""
KEPT, SHORTEST, LONGEST = 40_000, 2, 12
EVERY = 25
"""One sentence in so many is never trained on."""
CHOICE = re.compile(r"\{([^{}]*)\}")
CLAUSE = re.compile(r"[^a-z' ]+")


class Texts:
    """Everything there is to say in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.patterns = (PHRASES / f"{language}.txt").read_text("utf-8").splitlines()
        plain = " ".join(self.patterns)
        self.common: list[str] = sorted(set(re.findall(r"[^\W\d_]{2,}[1-5]?", plain)))
        self.words = words(language) or self.common
        self.verses: tuple[str, ...] = verses() if language == "en" else ()

    def draw(self, chance: random.Random) -> str:
        """Something to say: a sentence in half of the cases, else a word, a number or a few words."""
        kind = chance.random()
        if kind < 0.47:
            return self.sentence(chance)
        if kind < 0.67:
            return chance.choice(self.common if chance.random() < 0.4 else self.words)
        if kind < 0.80:
            return self.number(chance)
        if self.verses and kind < 0.93:
            return self.verse(chance)
        return " ".join(chance.choice(self.words) for _ in range(chance.randint(2, 4)))

    def sentence(self, chance: random.Random) -> str:
        pattern = chance.choice(self.patterns)
        text = CHOICE.sub(lambda match: chance.choice(str(match[1]).split("|")), pattern)
        return " ".join(re.sub("#", lambda _: self.number(chance), text).split())

    def number(self, chance: random.Random) -> str:
        """Mostly one digit; else a number below a thousand, or digits one by one."""
        kind = chance.random()
        if kind < 0.5:
            values = [chance.randint(0, 10)]
        elif kind < 0.85:
            values = [chance.randint(11, 99 if kind < 0.75 else 999)]
        else:
            values = [chance.randint(0, 9) for _ in range(chance.randint(2, 4))]
        return " ".join(english(value) if self.language == "en" else str(value) for value in values)

    def verse(self, chance: random.Random) -> str:
        parts = chance.choice(self.verses).split()
        length = min(len(parts), chance.randint(3, 10))
        start = chance.randint(0, len(parts) - length)
        return " ".join(parts[start : start + length])

    def drawn(self, chance: random.Random, development: bool) -> str:
        """A sentence kept for development, or anything else but one."""
        for _ in range(10_000):
            text = self.sentence(chance) if development else self.draw(chance)
            if kept_apart(text) == development:
                return text
        raise ValueError(f"{self.language}: too few sentences to keep some apart")


def kept_apart(text: str) -> bool:
    """Whether this is a sentence to judge by; single words and pairs never are."""
    return len(text.split()) > 2 and zlib.crc32(text.encode()) % EVERY == 0


@cache
def texts(language: str) -> Texts:
    return Texts(language)


def words(language: str) -> list[str]:
    """Words of one language's list, evenly thinned out; none where the list is not installed."""
    path = WORDS / LISTS.get(language, "-")
    if not path.is_file():
        return []
    found = [
        word.lower()
        for word in path.read_text("utf-8", errors="ignore").splitlines()
        if SHORTEST <= len(word) <= LONGEST and word.isalpha() and (word.islower() or language == "de")
    ]
    return found[:: max(1, len(found) // KEPT)]


@cache
def verses() -> tuple[str, ...]:
    """The verses of the King James Bible, lower case without punctuation; none where `bible` is not installed."""
    try:
        done = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], capture_output=True, text=True, check=True, input="")
    except (OSError, subprocess.CalledProcessError):
        return ()
    lines = (line.partition(" ")[2].lower() for line in done.stdout.splitlines())
    plain = (" ".join(CLAUSE.sub(" ", line).split()) for line in lines)
    return tuple(line for line in plain if len(line.split()) > 3)
