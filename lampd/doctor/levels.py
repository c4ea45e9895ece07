"""How loud it has been, a second after the other, comes in; what to do about the microphone leaves, in sentences.

The bounds are where the recorder was seen to lose words: of twelve wishes of the recorded evening in steady noise it
heard all where they peaked 20 dB above the noise, eleven or ten at 15 dB, five to seven at 10, and none at 5.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lampd.messages import Level

SILENT_DB, STEADY_DB = -80.0, -85.0
"""Of peak and mean: three steps of 16 bits and two, which no microphone that works stays below."""
QUIET_DB = -40.0
"""Where speech should peak at least; what is quieter is near the noise of most microphones."""
ABOVE_DB = 20.0
"""How far speech should peak above the room's noise."""
LOUD_ROOM_DB = -35.0
"""A room that leaves speech too little space below full scale."""
CLIPPED = 1e-4
"""The share of clipped samples that is heard."""
SPEECH = 0.6
"""The probability above which a second counts as one with speech."""
MISSED = 2
"""Seconds without a level that mean nothing: a busy lamp tells some late."""
GAIN = "`alsamixer` (F6 chooses the card, F4 shows what it captures, arrow keys raise and lower it)"


class Advice(NamedTuple):
    """What it is `about`, in a word for programs, and what to `do`, in a sentence for people."""

    about: str
    do: str


def together(levels: Sequence[Level]) -> Level:
    """Levels of equally long times, one after another, as one. Needs one at least."""
    energy = sum(10 ** (one.rms_db / 10) for one in levels) / len(levels)
    last = levels[-1]
    return Level(
        last.at,
        db(energy),
        max(one.peak_db for one in levels),
        sum(one.clipped for one in levels) / len(levels),
        last.noise_db,
        max(one.speech for one in levels),
    )


def db(power: float) -> float:
    """10 log10, of nothing too."""
    return 10 * math.log10(max(power, 1e-12))


def advice(seconds: Sequence[Level | None], devices: Callable[[], Sequence[object]] = list) -> list[Advice]:
    """What to do, after so many seconds, of which None gave no sound; `devices` is asked for the microphones that
    there are where this one seems to be the wrong one."""
    heard = [one for one in seconds if one]
    if not heard:
        again = "plug it in again, or set recorder.device to another"
        return [Advice("nothing", f"No sound comes from the microphone: {again}.{_listed(devices)}")]
    if all(one.rms_db < STEADY_DB for one in heard):
        if max(one.peak_db for one in heard) < SILENT_DB:
            what = "silence", "The microphone gives digital silence"
        else:
            what = "offset", "The microphone gives one constant value"
        wrong = "it is muted, switched off, or the wrong device; unmute it in"
        return [Advice(what[0], f"{what[1]}: {wrong} {GAIN}, or set recorder.device to another.{_listed(devices)}")]
    found = _clipping(heard) + _speech(heard)
    if (missing := len(seconds) - len(heard)) > MISSED:
        gaps = f"No sound came in {missing} of {len(seconds)} seconds: a loose plug, or too little power for USB."
        found.append(Advice("gaps", gaps))
    return found


def fine(seconds: Sequence[Level | None]) -> str:
    """What is said where there is nothing to advise."""
    heard = [one for one in seconds if one]
    peak = speech_peak(heard)
    said = f"speech peaks at {peak:.0f} dB" if peak is not None else "nobody spoke"
    return f"The microphone does well: {said}, the room is at {room(heard):.0f} dB."


def room(heard: Sequence[Level]) -> float:
    """The noise of the room: the median, without the first second, in which it is not known yet."""
    known = sorted(one.noise_db for one in heard[1:] or heard)
    return known[len(known) // 2]


def speech_peak(heard: Sequence[Level]) -> float | None:
    """What the louder seconds with speech peak at; None where nobody spoke."""
    peaks = sorted(one.peak_db for one in heard if one.speech > SPEECH)
    return peaks[3 * len(peaks) // 4] if peaks else None


def _clipping(heard: Sequence[Level]) -> list[Advice]:
    if sum(one.clipped for one in heard) / len(heard) <= CLIPPED:
        return []
    loud = sum(one.clipped > 0 for one in heard)
    often = f"Sound is clipped in {loud} of {len(heard)} seconds"
    return [Advice("clipping", f"{often}: move the microphone away, or lower its capture gain in {GAIN}.")]


def _speech(heard: Sequence[Level]) -> list[Advice]:
    peak, noise = speech_peak(heard), room(heard)
    if peak is None:
        if noise > LOUD_ROOM_DB:
            return [Advice("noisy", f"The room alone is at {noise:.0f} dB: lower the capture gain in {GAIN}.")]
        unheard = f"No speech was heard, in a room at {noise:.0f} dB. Speak as you would to the lamp; if you did, come"
        return [Advice("no speech", f"{unheard} nearer, or raise the capture gain in {GAIN}.")]
    told = f"speech peaks at {peak:.0f} dB"
    if peak < QUIET_DB:
        raised = f"come nearer, or raise the capture gain in {GAIN}, until it peaks between -30 and -10 dB"
        return [Advice("quiet", f"Too quiet, {told}: {raised}.")]
    if peak - noise < ABOVE_DB:
        less = f"bring the microphone nearer to who speaks, {ABOVE_DB:.0f} dB are wanted, or further from what hums"
        return [Advice("noisy", f"A noisy room: {told}, {peak - noise:.0f} dB above its noise: {less} or blows.")]
    return []


def _listed(devices: Callable[[], Sequence[object]]) -> str:
    there = [str(one) for one in devices()]
    return f" There are: {'; '.join(there)}." if there else ""
