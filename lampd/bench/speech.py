"""Learning from real speech, closed loop, through the real recorder and transcriber.

`phrases`: "jarvis" means lit and "snowboy" means dark, each said by more than fifty people; "computer" and orders to a
coffee machine are chatter. Afterwards a kitchen is heard for two minutes, and many people, two at a time, for ten. A
digit speaker: "three" means lit and "seven" dark, all by one person, and the other digits are chatter. `couple`: two of
them in one house. `anyhow`: one, who now whispers, now speaks softly or from across the room. `signals`: whistles and
claps. Three pieces of chatter to a command, laid out as a session over a quiet room's noise, or over a kitchen's.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from msgspec.structs import replace
from numpy.typing import NDArray

from lampd import config
from lampd.bench import Report, data, noises
from lampd.bench.materials import SPEAKERS, Material, material_of
from lampd.bench.scene import level, pcm
from lampd.bench.scene import speech as spoken
from lampd.household import Household
from lampd.messages import Acted, AnyMessage, PartialTranscript, Transcript
from lampd.replay import play, stages_here, state
from lampd.routes import Stage
from lampd.score import Outcome, Score
from lampd.session import AnyEvent, Audio, Session, Wish

RATE = 16_000
CHATTER_PER_COMMAND = 3
FLOOR_S = 20.0
GAPS_S = (11.0, 15.0)
"""Between two clips: as long as silence takes to teach."""
AFTERWARDS = {"kitchen": 120.0, "talk": 600.0}
"""Seconds."""
TALK_DB = -26.0
QUICK = ("--material", "phrases", "nicolas")


def floor(folder: Path, kitchen_db: float | None, clips: list[Path], seed: int) -> NDArray[np.float32]:
    """The room's noise: a quiet one's, or a kitchen's so many decibels below the median speech of `clips`."""
    if kitchen_db is None:
        return np.asarray(np.random.default_rng(seed).standard_normal(int(FLOOR_S * RATE)) * 12 / 32768, np.float32)
    noise, _ = soundfile.read(folder / "noise" / "kitchen.flac", dtype="float32")
    loud = np.median([level(sound[slice(*spoken(sound))]) for sound in map(_read, clips)])
    return np.asarray(noise * 10 ** ((loud - kitchen_db - level(noise)) / 20), np.float32)


def _read(clip: Path) -> NDArray[np.float32]:
    samples: NDArray[np.float32] = soundfile.read(clip, dtype="float32")[0]
    return samples


def compose(
    material: Material,
    room: NDArray[np.float32],
    target: Path,
    commands: int,
    seed: int,
    chatter_per_command: int = CHATTER_PER_COMMAND,
    gaps: tuple[float, float] = GAPS_S,
) -> Session:
    """A session in `target` of `commands` and chatter over `room`, with so many seconds between two clips; wishes span
    the speech of the clips."""
    rng = random.Random(f"speech {seed}")
    lit, dark, chatter = ([*clips] for clips in material[1:4])
    for clips in (lit, dark, chatter):
        rng.shuffle(clips)
    soundfile.write(target / "floor.flac", room, RATE)
    events: list[AnyEvent] = []
    now, is_lit = 5.0, False

    def say(clip: Path, wish: bool | None) -> None:
        nonlocal now
        samples = _read(clip)
        start, end = (now + at / RATE for at in spoken(samples))
        events.extend((Audio(now, str(clip.absolute())), Wish(now, wish, start, end)))
        now += len(samples) / RATE + rng.uniform(*gaps)

    said = 0
    for number in range(commands):
        kinds = [True] + [False] * chatter_per_command
        rng.shuffle(kinds)
        for is_command in kinds:
            if is_command:
                is_lit = not is_lit
                own = lit if is_lit else dark
                say(own[number // 2 % len(own)], is_lit)
            else:
                say(chatter[said % len(chatter)], None)
                said += 1
    lap = len(room) / RATE
    events += [Audio(n * lap, str((target / "floor.flac").absolute())) for n in range(int(now / lap) + 1)]
    return Session(material.name, tuple(sorted(events, key=lambda event: event.t)), target)


def windows(outcomes: list[Outcome], ends: tuple[int, ...]) -> list[list[Outcome]]:
    """Outcomes of the commands up to each of `ends`, with the chatter among them, and of the rest."""
    parts: list[list[Outcome]] = [[]]
    commands = 0
    for outcome in outcomes:
        commands += outcome.command
        if outcome.command and commands - 1 in ends:
            parts.append([])
        parts[-1].append(outcome)
    return parts


def afterwards(folder: Path, session: Session, target: Path, seed: int) -> Session:
    """`session`, and then a kitchen and many people: those who say digits and order coffee."""
    rng = np.random.default_rng((seed, 3))
    kitchen: NDArray[np.float32] = soundfile.read(folder / "noise" / "kitchen.flac", dtype="float32")[0]
    said = sorted((folder / "speech" / "digits").glob("*/*.flac"))[::3] + sorted(
        (folder / "speech/coffee").glob("*.flac")
    )
    sounds = {
        "kitchen": np.resize(kitchen, round(AFTERWARDS["kitchen"] * RATE)),
        "talk": noises.chatter([*map(_read, said)], AFTERWARDS["talk"], 2, TALK_DB, rng),
    }
    now, events = session.events[-1].t + FLOOR_S, [*session.events]
    for name, sound in sounds.items():
        soundfile.write(target / f"{name}.flac", pcm(sound), RATE)
        events.append(Audio(now, str((target / f"{name}.flac").absolute())))
        now += len(sound) / RATE
    return Session(session.title, tuple(events), session.folder)


class Read:
    """A transcriber whose transcripts tell words alone."""

    def __init__(self, transcriber: Stage) -> None:
        self._transcriber = transcriber

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        said = self._transcriber.handle(message)
        return [replace(one, sound=b"") if isinstance(one, (Transcript, PartialTranscript)) else one for one in said]


def measure(
    folder: Path,
    material: Material,
    seed: int,
    early: bool = True,
    kitchen_db: float | None = None,
    by_words: bool = False,
) -> dict[str, Any]:
    acts: list[float] = []
    with tempfile.TemporaryDirectory() as temporary:
        room = floor(folder, kitchen_db, material.lit + material.dark, seed)
        session = compose(material, room, Path(temporary), material.commands, seed)
        ends = session.events[-1].t + FLOOR_S
        if material.name == "phrases":
            session = afterwards(folder, session, Path(temporary), seed)
        score = Score(session.wishes())

        def watch(message: AnyMessage) -> None:
            if isinstance(message, Acted) and message.at > ends:
                acts.append(message.at)

        with state(config.load(None, board="laptop", anticipator={"early": early}), None) as (settings, journal):
            stages = stages_here(settings, journal, session)
            if by_words:
                stages["transcriber"] = Read(stages["transcriber"])
            began = time.perf_counter()
            play(session, stages, journal, Household(session.wishes(), seed), observers=(score.observe, watch))
            took = time.perf_counter() - began
    figures = score.figures()
    rows = {}
    for begin, end, part in zip(
        (0, *material.windows), (*material.windows, None), windows(score.outcomes, material.windows), strict=True
    ):
        summary = score.summary(part)
        f1 = [summary[tag]["f1"] or 0.0 for tag in ("lit", "dark")]
        rows[f"{begin} to {end or material.commands}"] = summary | {"f1": round(sum(f1) / 2, 4)}
    return {
        "name": material.name,
        "windows": rows,
        "utterances": len({one["utterance"] for one in figures["decisions"]}),
        "chatter": figures["chatter"],
        "acts_afterwards": len(acts) if material.name == "phrases" else None,
        "reaction_ms": figures["reaction_ms"],
        "hours": round(figures["minutes"] / 60, 2),
        "times_real_time": round(60 * figures["minutes"] / took, 1),
    }


def together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures of one material in several orders as those of one: F1 is the mean, the rest are sums."""
    first, several = parts[0], len(parts)
    windows = {}
    for name in first["windows"]:
        found = [part["windows"][name] for part in parts]
        counts = {key: sum(one[key] for one in found) for key in ("acts", "false_acts", "wrong_direction")}
        f1 = {tag: {"f1": round(sum(one[tag]["f1"] or 0.0 for one in found) / several, 4)} for tag in ("lit", "dark")}
        mean, spread = (round(float(f([one["f1"] for one in found])), 4) for f in (np.mean, np.std))
        windows[name] = counts | f1 | {"f1": mean, "f1_spread": spread}
    sums = {key: round(sum(part[key] or 0 for part in parts), 2) for key in ("utterances", "chatter", "hours")}
    if first["acts_afterwards"] is not None:
        sums["acts_afterwards"] = sum(part["acts_afterwards"] for part in parts)
    return first | sums | {"windows": windows, "orders": several}


def table(rows: list[dict[str, Any]]) -> str:
    lines = [f"{'':17} {'commands':12} {'F1':>6} {'lit':>6} {'dark':>6} {'acts':>5} {'false':>6} {'wrong way':>10}"]
    lines[0] += "   F1 varies by" if any(row["orders"] > 1 for row in rows) else ""
    for row in rows:
        for name, part in row["windows"].items():
            lit, dark = (part[tag]["f1"] or 0.0 for tag in ("lit", "dark"))
            lines.append(
                f"{row['name']:17} {name:12} {part['f1']:6.3f} {lit:6.3f} {dark:6.3f} {part['acts']:5} "
                f"{part['false_acts']:6} {part['wrong_direction']:10}"
                + (f"{part['f1_spread']:15.3f}" if row["orders"] > 1 else "")
            )
    people = [row for row in rows if row["name"] in SPEAKERS]
    if people:
        last = {row["name"]: [*row["windows"].values()][-1]["f1"] for row in people}
        worst = min(last, key=lambda name: last[name])
        mean = sum(last.values()) / len(last)
        lines.append(f"digits, in the last window: mean F1 {mean:.3f}, worst {last[worst]:.3f} ({worst})")
    lines += [
        f"{row['name']}, afterwards: {row['acts_afterwards']} acts in two minutes of kitchen and ten of many people"
        for row in rows
        if row["acts_afterwards"] is not None
    ]
    hours, chatter = sum(row["hours"] for row in rows), sum(row["chatter"] for row in rows)
    lines.append(f"{hours:.1f} hours of lamp time with {chatter} pieces of chatter")
    return "\n".join(lines)


def options(parser: argparse.ArgumentParser) -> None:
    every = ("phrases", *SPEAKERS, "couple", "anyhow", "signals")
    parser.add_argument("--material", nargs="+", choices=every, default=every, help=" ".join(every), metavar="NAME")
    parser.add_argument("--kitchen", type=float, metavar="DB", help="in a kitchen so much less loud than the speech")
    parser.add_argument("--late", action="store_true", help="never act before the words are over")
    parser.add_argument("--by-words", action="store_true", help="without the learner that hears")
    order = "of who says what when; of several, what they come to together (0)"
    parser.add_argument("--seed", type=int, nargs="+", default=[0], help=order)


def run(arguments: argparse.Namespace) -> Report:
    folder = data.needed()
    rows = []
    for name in arguments.material:
        print(f"{name} ...", file=sys.stderr, flush=True)
        parts = []
        for seed in arguments.seed:
            with tempfile.TemporaryDirectory() as work:
                material = material_of(name, folder, Path(work), seed)
                early = not arguments.late
                parts.append(measure(folder, material, seed, early, arguments.kitchen, arguments.by_words))
        rows.append(together(parts))
    return Report(rows, table(rows))
