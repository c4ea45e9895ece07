"""Text households: the data folder comes in, sessions of commands among chatter leave.

There are twelve of them: three in plain English, one each in German, French, Dutch and Swedish, two that speak
indirectly (a greeting and a goodbye; yes and no), one of single words, one of poetry, one that spells. Each has three
favourite phrases for light and three for dark, and says another one time in ten. Four utterances in ten are commands;
three in ten of the rest are about light or the house's other devices. One command in twenty asks for what is already
so, and before one in eight a hand flips without a word, so that spoken commands do not alternate. Everything said is
misheard. Beside the steady house there are one that changes its favourites half-way, one of two people with favourites
of their own, and one with a guest, who says one thing in five, in other words, and is misheard twice as much.
"""

import json
import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from lampd.bench.mishearing import Mishearing
from lampd.session import AnyEvent, Session, Text, Wish

FAVOURITES = 3
OTHER_PHRASE = 0.1
COMMAND = 0.4
CONFUSABLE = 0.3
SILENT_FLIP = 0.125
REDUNDANT = 0.05
SECONDS_PER_CHARACTER = 0.06
GUEST = 0.2

Scenario = Literal["steady", "changes", "two people", "guest"]


class House(msgspec.Struct, frozen=True):
    """What is said in one house: phrases for light and for dark, chatter, and chatter that is easily confused."""

    kind: str
    lit: list[str]
    dark: list[str]
    chatter: list[str]
    confusable: list[str]


class Composer:
    """Reads the data folder once, and composes sessions from it."""

    def __init__(self, data: Path) -> None:
        self.mishear = Mishearing(data)
        self._home: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for line in (data / "text/home_assistant_sentences.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            self._home[entry["lang"], entry["label"]].add(entry["text"].strip("?!. "))
        self._requests: defaultdict[str, list[str]] = defaultdict(list)
        for line in (data / "text/clinc150.tsv").read_text(encoding="utf-8").splitlines():
            intent, sentence = line.split("\t")
            self._requests[intent].append(sentence)
        self._about_light = (data / "text/mentions_light_not_a_command.txt").read_text().splitlines()
        lines = (data / "text/tinyshakespeare.txt").read_text().splitlines()
        self._verse = sorted({line.strip(" ,.;:!?") for line in lines if len(line) > 20 and not line.endswith(":")})
        self._words = sorted({w.lower() for line in lines for w in line.split() if w.isalpha() and 3 <= len(w) <= 6})
        plain, language = self._plain, self._language
        self.kinds: list[Callable[[random.Random], House]] = [
            *(plain, plain, plain),
            *(lambda _, code=code: language(code) for code in ("de", "fr", "nl", "sv")),
            lambda _: self._indirect("greeting", "goodbye"),
            lambda _: self._indirect("yes", "no"),
            self._single,
            self._poetry,
            self._spelt,
        ]

    def _chatter(self, *without: str) -> list[str]:
        """Requests to an assistant, less those that might be a wish."""
        return [s for intent, said in self._requests.items() if intent not in ("smart_home", *without) for s in said]

    def _plain(self, _: random.Random) -> House:
        near = sorted(self._home["en", "other"] | self._home["en", "other_light"]) + self._about_light
        lit, dark = sorted(self._home["en", "lit"]), sorted(self._home["en", "dark"])
        return House("plain English", lit, dark, self._chatter(), near)

    def _language(self, code: str) -> House:
        lit, dark = sorted(self._home[code, "lit"]), sorted(self._home[code, "dark"])
        return House(code, lit, dark, sorted(self._home[code, "other"]), sorted(self._home[code, "other_light"]))

    def _indirect(self, lit: str, dark: str) -> House:
        chatter = self._chatter(lit, dark)
        return House(f"{lit} and {dark}", self._requests[lit], self._requests[dark], chatter, self._about_light)

    def _single(self, rng: random.Random) -> House:
        words = rng.sample(self._words, 2 * FAVOURITES)
        chatter = self._chatter() + self._words
        return House("single words", words[:FAVOURITES], words[FAVOURITES:], chatter, self._about_light)

    def _poetry(self, rng: random.Random) -> House:
        verse = rng.sample(self._verse, 4 * FAVOURITES)
        half = 2 * FAVOURITES
        return House("poetry", verse[:half], verse[half:], self._chatter(), self._verse)

    def _spelt(self, rng: random.Random) -> House:
        words = [" ".join(word) for word in rng.sample(self._words, 200)]
        half = 2 * FAVOURITES
        return House("spelt words", words[:half], words[half : 2 * half], self._chatter(), words[2 * half :])

    def compose(self, seed: int, noise: float = 1.0, utterances: int = 150, scenario: Scenario = "steady") -> Session:
        """A session of `utterances` in house number `seed` modulo 12; it starts dark."""
        rng = random.Random(f"household {seed}")
        house = self.kinds[seed % len(self.kinds)](rng)
        people = [Phrases(house, rng) for _ in range(1 if scenario == "steady" else 2)]
        events: list[AnyEvent] = []
        now, lit = 5.0, False
        for number in range(utterances):
            wish: bool | None = None
            speaks = {
                "steady": 0,
                "changes": int(number >= utterances // 2),
                "two people": rng.randrange(2),
                "guest": int(rng.random() < GUEST),
            }[scenario]
            if rng.random() < COMMAND:
                if rng.random() >= REDUNDANT:
                    lit = not lit
                if rng.random() < SILENT_FLIP:
                    events.append(Wish(t=now, lit=lit, start=now, end=now))
                    now += rng.uniform(11.0, 30.0)
                    lit = not lit
                wish = lit
                said = people[speaks].one(lit)
            else:
                said = rng.choice(house.confusable if rng.random() < CONFUSABLE else house.chatter)
            end = now + 0.4 + SECONDS_PER_CHARACTER * len(said)
            heard = self.mishear(said.lower(), noise * (2 if scenario == "guest" and speaks else 1), rng)
            events.append(Wish(t=now, lit=wish, start=now, end=end))
            events.append(Text(t=end + 0.5, start=now, end=end, text=heard))
            now = end + rng.uniform(11.0, 30.0)
        return Session(title=f"{house.kind}, {seed}", events=tuple(sorted(events, key=lambda event: event.t)))


class Phrases:
    """What one person says for each wish: some favourites, and now and then another."""

    def __init__(self, house: House, rng: random.Random) -> None:
        self._phrases = {lit: rng.sample(said, len(said)) for lit, said in ((True, house.lit), (False, house.dark))}
        self._rng = rng

    def one(self, lit: bool) -> str:
        favourites, others = self._phrases[lit][:FAVOURITES], self._phrases[lit][FAVOURITES:]
        if others and self._rng.random() < OTHER_PHRASE:
            return self._rng.choice(others)
        return self._rng.choices(favourites, (5, 3, 2)[: len(favourites)])[0]
