"""Text households: the data folder comes in, sessions of commands among chatter leave.

A household has three favourite phrases for light and three for dark, drawn from the smart-home sentences, and says
one of the others one time in ten. Three pieces of chatter, one in five of them about light, come with each command.
One command in eight is a hand that flips without a word, so that spoken commands do not alternate. Everything said
is misheard as a wav2vec2 mishears: an error rate drawn per utterance from the measured pairs (they are heavy-tailed)
times `noise`, spent on characters by the measured confusions.
"""

import csv
import gzip
import json
import random
from pathlib import Path

import msgspec

from lampd.session import AnyEvent, Session, Text, Wish

FAVOURITES = 3
OTHER_PHRASE = 0.1
SILENT_FLIP = 0.125
ABOUT_LIGHT = 0.2
CHATTER_PER_COMMAND = 3
SECONDS_PER_CHARACTER = 0.06


def _edit_distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (x != y))
    return row[-1]


class Mishearing:
    """Damages text as a wav2vec2 CTC model was measured to."""

    def __init__(self, data: Path) -> None:
        with gzip.open(data / "asr/wav2vec2_ctc_pairs_en.tsv.gz", "rt", encoding="utf-8") as file:
            pairs = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1::8]
        self.rates = [_edit_distance(said, heard) / max(1, len(said)) for said, heard in pairs]
        counts = json.loads((data / "asr/wav2vec2_ctc_confusions_en.json").read_text())
        self.edits: dict[str, tuple[list[str], list[int]]] = {}
        for kind in ("sub", "del"):
            for key, count in sorted(counts[kind].items()):
                said, heard = key.split(">", 1) if kind == "sub" and ">" in key else (key, "")
                targets, weights = self.edits.setdefault(said, ([], []))
                targets.append(heard)
                weights.append(count)
        self.inserted = list(counts["ins"]), list(counts["ins"].values())
        self.insertion = sum(self.inserted[1]) / sum(sum(counts[kind].values()) for kind in ("sub", "del", "ins"))

    def __call__(self, text: str, noise: float, rng: random.Random) -> str:
        rate = min(0.9, rng.choice(self.rates) * noise)
        heard = []
        for character in text:
            if rng.random() >= rate:
                heard.append(character)
            elif rng.random() < self.insertion:
                heard += [character, rng.choices(*self.inserted)[0]]
            else:
                heard += rng.choices(*self.edits.get(character, ([""], [1])))
        return "".join(heard)


class Household(msgspec.Struct, frozen=True):
    """What is said in one house."""

    lit: list[str]
    dark: list[str]
    lit_others: list[str]
    dark_others: list[str]


class Composer:
    """Reads the data folder once, and composes sessions from it."""

    def __init__(self, data: Path) -> None:
        self.mishear = Mishearing(data)
        sentences: dict[str, set[str]] = {"lit": set(), "dark": set()}
        for line in (data / "text/home_assistant_sentences.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry["lang"] == "en" and entry["label"] in sentences:
                sentences[entry["label"]].add(entry["text"].strip("?!. "))
        self.lit, self.dark = sorted(sentences["lit"]), sorted(sentences["dark"])
        requests = [line.split("\t") for line in (data / "text/clinc150.tsv").read_text().splitlines()]
        # smart_home holds real lighting commands
        self.chatter = [sentence for intent, sentence in requests if intent != "smart_home"]
        self.about_light = (data / "text/mentions_light_not_a_command.txt").read_text().split("\n")[:-1]

    def _household(self, rng: random.Random) -> Household:
        lit, dark = rng.sample(self.lit, len(self.lit)), rng.sample(self.dark, len(self.dark))
        return Household(lit[:FAVOURITES], dark[:FAVOURITES], lit[FAVOURITES:], dark[FAVOURITES:])

    def compose(self, seed: int, noise: float = 1.0, commands: int = 60) -> Session:
        """A session of `commands` wishes for light or dark in house number `seed`; the house starts dark."""
        rng = random.Random(f"household {seed}")
        house = self._household(rng)
        events: list[AnyEvent] = []
        now, lit = 5.0, False

        def say(text: str, wish: bool | None) -> None:
            nonlocal now
            end = now + 0.4 + SECONDS_PER_CHARACTER * len(text)
            heard = self.mishear(text.lower(), noise, rng)
            events.append(Wish(t=now, lit=wish, start=now, end=end))
            events.append(Text(t=end + 0.5, start=now, end=end, text=heard))
            now = end + rng.uniform(11.0, 30.0)

        for _ in range(commands):
            kinds = [True] + [False] * CHATTER_PER_COMMAND
            rng.shuffle(kinds)
            for is_command in kinds:
                if not is_command:
                    say(rng.choice(self.about_light if rng.random() < ABOUT_LIGHT else self.chatter), None)
                    continue
                lit = not lit
                if rng.random() < SILENT_FLIP:
                    events.append(Wish(t=now, lit=lit, start=now, end=now))
                    now += rng.uniform(11.0, 30.0)
                    continue
                favourites, others = (house.lit, house.lit_others) if lit else (house.dark, house.dark_others)
                other = rng.random() < OTHER_PHRASE
                say(rng.choice(others) if other else rng.choices(favourites, (5, 3, 2))[0], lit)
        return Session(title=f"household {seed}", events=tuple(sorted(events, key=lambda event: event.t)))
