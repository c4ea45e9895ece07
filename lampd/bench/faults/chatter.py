"""Hours of talk that nobody composed for the lamp, and people who make it wrong on purpose: what it does all the same.

Half of the talk is heard in a house where "jarvis" means lit and "snowboy" dark, each said by many people; half in one
where two people ask for light in English, as all of the talk is, of which one sentence in four is their own. In each 50
commands are learned from flips, with a sentence between two; then one is given to 50 sentences. Some of it is heard
once more as the recorder does, and looked at while it is said. `times` counts the sentences of each book. Whoever has
no such data or no espeak-ng gets the contrary people alone, who need neither.
"""

import ctypes.util
from collections.abc import Iterator, Mapping
from itertools import chain, cycle, islice, zip_longest
from pathlib import Path

from msgspec import Struct

from lampd import assembly, config, rates
from lampd.bench import data
from lampd.bench.faults import Outcome, Say
from lampd.bench.faults.contrary import AT_MOST, CONTRARY, Tally, contrary
from lampd.bench.faults.living import AN_HOUR, Heard, Living
from lampd.bench.overheard import HOUSE, Ear, Looked, Piece, Shelves, Whole, asks_for_light, pieces
from lampd.replay import state
from lampd.settings import Settings

FULL, SHORT, FEWEST = 2500, 8, 60
COMMANDS, APART = 50, 50
LOOKED = 0.04
"""The share that is heard again as the recorder hears it."""
MOST_AN_HOUR = 0.1
MOST_WRONG, MOST_WRONG_AN_HOUR = 20, 4.0
"""Acts that contrary people take back."""
ENOUGH_HOURS = 3.67 / MOST_AN_HOUR
"""Fewer do not show that, though there be no false act."""
TAKES = 200
WORDS = {True: ("turn on the light", "some light please"), False: ("turn off the light", "good night everybody")}
Said = tuple[Piece, Heard]
SPOKEN = {
    lit: [Piece(words[n % 2], "command", HOUSE[n // 2 % 2], take=n) for n in range(TAKES)]
    for lit, words in WORDS.items()
}


class Kept(Struct):
    """What was said to one lamp after the lessons, and what it did about that; `for_light` of its false acts were on
    commands for light indeed, though not in this house's words; `at_first` are those during the lessons."""

    at_first: int = 0
    sentences: int = 0
    false: int = 0
    for_light: int = 0
    commands: int = 0
    answered: int = 0

    @property
    def hours(self) -> float:
        return self.sentences / AN_HOUR

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(*(getattr(self, field) + getattr(other, field) for field in self.__struct_fields__))


def lived(
    settings: Settings, commands: Mapping[bool, Iterator[Heard]], talk: Iterator[Said], lessons: int, say: Say
) -> Kept:
    """`talk` to a lamp that is new, after so many lessons with a sentence between two."""
    lamp, kept = Living(settings), Kept()
    for _, (_, heard) in zip(range(lessons), talk, strict=False):
        lamp.hear(next(commands[not lamp.lit]), flips=True, takes_back=False)
        kept.at_first += lamp.hear(heard, flips=False, takes_back=True)
    for piece, heard in talk:
        if kept.sentences % APART == 0:
            kept.commands += 1
            kept.answered += lamp.hear(next(commands[not lamp.lit]), flips=True, takes_back=False) > 0
        kept.sentences += 1
        lit = lamp.lit
        if acts := lamp.hear(heard, flips=False, takes_back=True):
            kept.false += acts
            kept.for_light += acts * asks_for_light(piece)
            say(f"{'put out' if lit else 'lit'} by: {piece.text or piece.clip} ({piece.about})")
    return kept


def talked(settings: Settings, folder: Path, times: int, ear: Ear, say: Say) -> Kept:
    """All of it, half in each house."""

    def shelves(said: list[Piece]) -> Iterator[Heard]:
        return iter(Shelves(said[:times], settings.transcriber.voice, ear))

    books = pieces(folder).values()
    clips = {
        lit: [Piece("", "command", clip=clip) for clip in sorted((folder / "speech" / name).glob("*.flac"))]
        for lit, name in ((True, "jarvis"), (False, "snowboy"))
    }
    kept = Kept()
    for number, (name, own) in enumerate((("clips", clips), ("spoken", SPOKEN))):
        commands = {lit: cycle(shelves(said)) for lit, said in own.items()}
        halves = [islice(zip(said, shelves(said), strict=False), number, None, 2) for said in books]
        talk = (one for one in chain.from_iterable(zip_longest(*halves)) if one)
        with state(settings, None) as (fresh, _):
            here = lived(fresh, commands, talk, min(COMMANDS, times // 2), say)
        say(f"{name}: {here}")
        kept += here
    return kept


def run(times: int, seed: int, say: Say) -> Outcome:
    settings = config.load(None, board="laptop")
    counts: dict[str, float] = {}
    broken: list[str] = []
    folder = data.folder()
    if folder and ctypes.util.find_library("espeak-ng"):
        transcriber = assembly.build("transcriber", settings)
        whole = talked(settings, folder, times, Whole(transcriber, settings.recorder), say)
        as_lamps_do = Looked(transcriber, assembly.build("recorder", settings))
        looked = talked(settings, folder, round(LOOKED * times), as_lamps_do, say)
        estimate = rates.rate(whole.false, whole.hours)
        counts |= {
            "hours of talk": whole.hours,
            "false acts": whole.false,
            "an hour": estimate.value,
            "at most with 95 % confidence": estimate.high,
            "of them on commands for light": whole.for_light,
            "more while it was taught": whole.at_first,
            "commands": whole.commands,
            "answered": whole.answered,
            "hours looked at while they were said": looked.hours,
            "false acts then": looked.false,
        }
        if estimate.low > MOST_AN_HOUR or (estimate.high > MOST_AN_HOUR and whole.hours >= ENOUGH_HOURS):
            broken.append(f"{whole.false} false acts in {whole.hours:.0f} hours, not {MOST_AN_HOUR} an hour")
    else:
        say("neither speech nor talk: LAMPD_DATA and espeak-ng are needed for them")
    return Outcome(counts | wronged(settings, times, seed, say, broken), broken)


def wronged(settings: Settings, times: int, seed: int, say: Say, broken: list[str]) -> dict[str, float]:
    """Counts of all the contrary households, and in `broken` where the lamp went on being wrong, or was never trusted
    again."""
    lived: list[dict[str, Tally]] = []
    for manner in CONTRARY:
        with state(settings, None) as (fresh, _):
            lived.append(contrary(fresh, manner, max(times, FEWEST), seed))
        tally, again = lived[-1]["wronged"], lived[-1]["again"]
        say(f"{manner}: {tally}, then honest for {again.utterances} utterances")
        if tally.wrong > MOST_WRONG + MOST_WRONG_AN_HOUR * tally.hours:
            broken.append(f"{tally.wrong} wrong acts in {tally.hours:.0f} hours of people of whom one {manner}")
        if again.utterances >= AT_MOST:
            broken.append(f"it is not trusted again {AT_MOST} utterances after one {manner}")
    tallies = [part["wronged"] for part in lived]
    return {
        "hours of contrary people": sum(tally.hours for tally in tallies),
        "wrong acts for them": sum(tally.wrong for tally in tallies),
        "at most before it no longer acted": max((tally.before for tally in tallies if tally.lost), default=0),
        "times it no longer acted": sum(tally.lost for tally in tallies),
        "honest utterances at most until it did again": max(part["again"].utterances for part in lived),
    }
