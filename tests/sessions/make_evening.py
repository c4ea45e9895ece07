"""Make `first_evening`, the recorded evening that ships with the repository.

    python tests/sessions/make_evening.py [DIR]

Half an hour in a house where two people, Nora and Tomas, want light and dark in their own words,
while they, a guest and a radio talk about everything else. espeak-ng and flite speak the sentences
below, each time a little differently, in a synthetic room with noise. DIR (default: first_evening
beside this file) receives session.yaml, events.jsonl and audio/*.flac. A simulated household makes
the flips, which depend on the lamp. The same synthesisers and libraries give the same bytes.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Samples = npt.NDArray[np.float64]
SEED = 20
RATE = 16_000
MARGIN = 3520  # samples of room kept before and after the speech of a clip
BED_SECONDS = 20.0
COMMANDS = 60  # even numbers want light, odd ones dark
SILENT = (11, 22, 37, 48)  # these are flips without a word


class Speaker(NamedTuple):
    synthesiser: str
    voice: str
    speed: float
    pitch: float
    level: float  # dBFS while speaking: how near the lamp this person sits
    present: tuple[float, float]  # the part of the evening in which this person chatters
    band: tuple[float, float] = (60.0, 7600.0)  # hertz; a radio is a small loudspeaker


class Wish(NamedTuple):
    speaker: str
    text: str  # empty for a flip without a word
    lit: bool | None


SYNTHESISERS = {  # speed and pitch: a stretch of durations and hertz; words a minute and 0 to 99
    "flite": "-voice {} --setf duration_stretch={:.3f} --setf int_f0_target_mean={:.1f} -o {} -t",
    "espeak-ng": "-v {} -s {:.0f} -p {:.0f} -w {} --",
}
SPEAKERS = {
    "nora": Speaker("flite", "slt", 1.05, 185, -36, (0.0, 1.0)),
    "tomas": Speaker("espeak-ng", "en-gb+Marco", 150, 42, -38, (0.0, 1.0)),
    "guest": Speaker("flite", "awb", 1.05, 115, -39, (0.15, 0.65)),
    "radio": Speaker("flite", "rms", 1.0, 105, -39, (0.35, 1.0), (200.0, 4000.0)),
}

# What each says to have it light or dark, or (None) wanting neither. Nora asks; Tomas says what he
# sees or dreams of. Some chatter shares words with the commands on purpose. es: marks Spanish.
SENTENCES: dict[tuple[str, bool | None], str] = {
    ("nora", True): "turn the lights on | give me some light please",
    ("nora", False): "turn the lights off | put the lamp out now | no more light for tonight",
    ("nora", None): """
    the soup is almost ready | did you remember the bread | she wants to visit us in March
    my sister called this morning | pass me the salt please | they painted their door light blue
    this pan is far too hot | turn the potatoes over | it was already dark when I left work
    somebody left the gate open | I put your keys on the shelf | can you put the plates on the table
    what did you say | the bus was late again | I like the light in that photograph
    give me the small knife please | my hands are freezing | I ordered a lamp for the hallway
    who wants the last dumpling | are you still reading that book | tomorrow it is your turn to cook
    no more coffee for me tonight | where is the other sock | put the butter back in the fridge
    the dentist moved my appointment | turn the radio down a little | I will call her back on Sunday
    what did you say | the cat is asleep on your coat | I need new glasses | the bike is locked""",
    ("tomas", True): "it is getting gloomy in here | I can hardly see my hands | es:hágase la luz",
    ("tomas", False): "let the stars come in | time for the owls to wake up",
    ("tomas", None): """
    it smells wonderful in here | I forgot the bread | I liked that story about the lighthouse
    es:dónde están mis gafas | the chess club is on Thursday | let the dough rest for an hour
    I can hardly believe it | how is your mother | we owe the plumber forty pounds
    there is a hole in my pocket | time for another cup of tea | es:mañana tengo que madrugar
    I saw a fox by the bins | are we out of olives | it is getting late for the post office
    the garden is full of snails | I might paint the ceiling | the stars of that film were terrible
    I dreamt about my old school | I never liked dark chocolate | the window in the shed is broken
    what did you say | my brother bought a boat | he cannot even swim | have you seen my blue scarf
    I will peel the onions | es:qué hambre tengo | the printer has eaten my letter
    the owl on the roof is plastic | this chair needs a new leg | it feels colder than yesterday""",
    ("guest", None): """
    thank you for having me | what a lovely kitchen | my daughter is afraid of the dark
    the traffic was awful tonight | I brought you some plums | we had no light in the tent at all
    is that a new table | we walked along the river | where did you find this recipe
    she starts school in autumn | just a little more please | I will help you with the dishes
    how long have you lived here | I could fall asleep right here | it rained for the whole week
    this bread is excellent | do you still play the guitar | good night to you both""",
    ("radio", None): """
    and now the weather for tomorrow | light winds from the west | rain is on its way
    expect showers over the hills | the council will vote again on Monday | nobody was hurt
    traffic is heavy on the northern ring road | the home side scored twice | the choir sang well
    you are listening to the evening show | good evening | the museum has opened its new wing
    our guest has written a book about bees | and how did you begin with that | I was only nine
    a power cut left two villages in the dark | the lights came back on shortly before noon
    call us now and tell us your story | here is a song from nineteen seventy four
    the minister would not answer questions | please turn down your radio when you call us
    scientists have counted the stars again | sales of candles have doubled | back to the studio
    the film opens in cinemas next week | it is a quiet night on the roads | the night train is back
    a ship ran aground near the lighthouse | stay with us | and that was the news at nine""",
}

SESSION = """\
format: 1
title: First evening
started: "2026-11-20T18:30:00+01:00"
notes: |
  Made by tests/sessions/make_evening.py; no person was recorded, and no flips: replay it
  closed-loop. Two people want light and dark, four times by hand without a word; they, a guest
  and a radio talk in between. Speech: espeak-ng (Tomas; GPL-3.0-or-later, which does not extend to
  what it says), flite with its voices slt (Nora), awb (guest) and rms (radio) (BSD-like). The
  sentences, rooms and noise were made for it.
"""


def evening(rng: np.random.Generator) -> list[Wish]:
    """All that is wanted and said, in order."""
    placed: list[tuple[float, Wish]] = []
    sentence = re.compile(r"\w[^|\n]*\w")
    said = [Wish(who, s, lit) for (who, lit), b in SENTENCES.items() for s in sentence.findall(b)]
    for lit in (True, False):
        phrases = [wish for wish in said if wish.lit is lit]
        # Every phrase is said once before any is said again.
        order = np.concatenate([rng.permutation(len(phrases)) for _ in range(COMMANDS)])
        for i, number in enumerate(range(0 if lit else 1, COMMANDS, 2)):
            wish = Wish("", "", lit) if number in SILENT else phrases[order[i]]
            placed.append(((number + rng.uniform(0.3, 0.9)) / COMMANDS, wish))
    for name, speaker in SPEAKERS.items():
        first, last = speaker.present
        chatter = [wish for wish in said if wish.speaker == name and wish.lit is None]
        for i, wish in enumerate(chatter):
            placed.append((first + (last - first) * (i + rng.uniform()) / len(chatter), wish))
    return [wish for _, wish in sorted(placed, key=lambda pair: pair[0])]


def gap(before: Wish, after: Wish, rng: np.random.Generator) -> float:
    """Seconds of quiet between two wishes."""
    quiet = min(2.6 + rng.exponential(4.7), 15.0)
    if before.lit is not None:  # mostly long enough for silence to mean that the lamp did right
        quiet = rng.uniform(11.0, 14.5) if rng.uniform() < 0.85 else rng.uniform(5.0, 8.0)
    if not after.text:  # far enough from words to teach nothing; close to the radio, to mislead
        quiet = 3.0 if before.speaker == "radio" else max(quiet, 10.0)
    return quiet


def speak(speaker: Speaker, text: str, rng: np.random.Generator) -> Samples:
    """`text` at 16 kHz, never twice the same, from its first to its last loud 10 ms."""
    speed, pitch = rng.uniform(0.94, 1.06, 2) * (speaker.speed, speaker.pitch)
    voice = speaker.voice
    if text.startswith("es:"):
        voice, text = voice.replace("en-gb", "es-419"), text.removeprefix("es:")
    how = SYNTHESISERS[speaker.synthesiser].format(voice, speed, pitch, "speech.wav")
    with tempfile.TemporaryDirectory() as folder:
        command = [speaker.synthesiser, *how.split(), text]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        sound: Samples = soxr.resample(*soundfile.read(f"{folder}/speech.wav"), RATE)
    frame = RATE // 100
    power = (sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10**-3.5)
    return sound[loud[0] * frame : (loud[-1] + 1) * frame]


def noise(length: int, slope: float, hum: float, rng: np.random.Generator) -> Samples:
    """Noise of unit power that falls with frequency ** -slope, and a share of 50 Hz mains hum."""
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    spectrum = rng.standard_normal(len(hertz)) + 1j * rng.standard_normal(len(hertz))
    spectrum *= np.maximum(hertz, 40.0) ** -slope * (hertz > 20)
    spectrum[np.searchsorted(hertz, [50, 100, 150, 250])] += hum / 2 * np.linalg.norm(spectrum)
    # Made from a spectrum, noise is periodic: its end joins its beginning without a seam.
    sound = np.fft.irfft(spectrum, length)
    return np.asarray(sound / sound.std())


def in_room(sound: Samples, low: float, high: float, rng: np.random.Generator) -> Samples:
    """`sound` from `low` to `high` hertz, in a small room of noisy echoes that `rng` furnishes."""
    seconds = np.arange(int(0.3 * RATE)) / RATE
    echo = rng.standard_normal(len(seconds)) * 10 ** (-3 * seconds / rng.uniform(0.2, 0.35))
    echo *= seconds > 0.005  # the first wall is almost a metre away
    echo *= 10 ** (rng.uniform(-14, -10) / 20) / np.linalg.norm(echo)
    echo[0] = 1.0
    length = len(sound) + len(echo)
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    wet = np.fft.rfft(sound, length) * np.fft.rfft(echo, length) * (low < hertz) * (hertz < high)
    return np.fft.irfft(wet, length)[: len(sound)]


def clip(wish: Wish, rng: np.random.Generator) -> tuple[Samples, float]:
    """The sound of a wish, whose speech begins MARGIN samples in, and its seconds of speech."""
    speaker = SPEAKERS[wish.speaker]
    dry = speak(speaker, wish.text, rng)
    # Who sits in one place all evening has the same echoes every time.
    place = np.random.default_rng([SEED, list(SPEAKERS).index(wish.speaker)])
    sound = in_room(np.pad(dry, MARGIN), *speaker.band, place)
    loudness = 10 ** ((speaker.level + rng.uniform(-2, 2)) / 20)
    sound *= loudness / sound[MARGIN:-MARGIN].std()
    hiss = noise(len(sound), rng.uniform(0.8, 1.5), rng.uniform(0.0, 0.7), rng)
    sound += loudness * 10 ** (-rng.uniform(15, 30) / 20) * hiss
    # Swelling and fading, a clip can be laid over the room noise without a click.
    edge = np.minimum(np.arange(len(sound)), np.arange(len(sound))[::-1]) / MARGIN
    return sound * np.sin(np.pi / 2 * np.minimum(edge, 1.0)) ** 2, len(dry) / RATE


def perform(folder: Path, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Write the audio of the evening into `folder`; yield its events, not yet in order of time."""
    script = evening(rng)
    end = 4.0  # a voice activity detector needs a moment to settle
    for number, wish in enumerate(script):
        start = end = round(end + gap(script[max(number - 1, 0)], wish, rng), 3)
        if wish.text:
            # Its own randomness: changing one utterance leaves the sound of the others alone.
            sound, seconds = clip(wish, np.random.default_rng([SEED, 1000 + number]))
            end = round(start + seconds, 3)
            file = f"audio/{number:04d}.flac"
            soundfile.write(folder / file, sound, RATE, subtype="PCM_16", compression_level=1.0)
            yield {"t": round(start - MARGIN / RATE, 3), "type": "audio", "file": file}
        truth = {"t": start, "type": "wish", "lit": wish.lit, "start": start, "end": end}
        yield truth | ({"who": wish.speaker, "words": wish.text.removeprefix("es:")} if wish.text else {})
        if number % 20 == 0:
            print(f"{number} of {len(script)}: minute {end / 60:.0f}", file=sys.stderr)
    room = 10 ** (-60 / 20) * noise(int(BED_SECONDS * RATE), 0.7, 0.5, rng)
    soundfile.write(folder / "audio/room.flac", room, RATE, compression_level=1.0)
    for lap in range(int((end + 15) // BED_SECONDS) + 1):
        yield {"t": lap * BED_SECONDS, "type": "audio", "file": "audio/room.flac"}


def main() -> None:
    for program in SYNTHESISERS:
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing: sudo apt install espeak-ng flite")
    folder = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("first_evening")
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    for old in (folder / "audio").glob("[0-9]*.flac"):
        old.unlink()
    events = sorted(perform(folder, np.random.default_rng(SEED)), key=lambda event: event["t"])
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    (folder / "session.yaml").write_text(SESSION)


if __name__ == "__main__":
    main()
