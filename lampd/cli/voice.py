"""`lampctl voice`: which ears there are, which one is used, what each hears. Exit codes: 0 done, 1 refused."""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from lampd import config, durable
from lampd.amend import AmendError, amended
from lampd.cli.ask import complain
from lampd.devices.sound import SoundError, read
from lampd.settings import Settings
from lampd.story import readable
from lampd.voice.choice import ear
from lampd.voice.ctc import decode
from lampd.voice.folder import VoiceError, folder_of
from lampd.voice.shelf import description, named, shelf
from lampd.voice.wav2vec2 import RATE

RECORD_S = 3.0
SOUNDS = {".flac", ".wav", ".ogg"}


def voice(arguments: argparse.Namespace) -> int:
    from lampd.devices.microphone import MicrophoneError

    does = {"list": _list, "use": _use, "prepare": _prepare, "test": _test}[arguments.what]
    try:
        return does(arguments, config.load(config.owners_file(arguments.config)))
    except (config.ConfigError, VoiceError, SoundError, MicrophoneError, OSError) as error:
        complain(error)
        return 1


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    found = shelf(Path(settings.state_dir))
    try:
        used = folder_of(settings.transcriber.voice)
    except VoiceError as error:
        used = Path(settings.transcriber.voice)
        complain(error)
    else:
        if used not in found.values():
            found[str(used)] = used
    rows = {name: {**description(folder), "used": folder == used} for name, folder in found.items()}
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return 0
    for name, row in rows.items():
        millions = f"{row['parameters'] / 1e6:.1f} M" if row["parameters"] else "?"
        told = f"prepared, {row['prepared']}" if row["prepared"] else row["problem"]
        mark = "*" if row["used"] else " "
        print(
            f"{mark} {name:16} {row['size_mb']:7.1f} MB  {millions:>8} parameters  {row['vocabulary']} letters  {told}"
        )
    print("(* is used)")
    return 0


def _use(arguments: argparse.Namespace, settings: Settings) -> int:
    folder = named(arguments.voice, Path(settings.state_dir))
    value = "bundled" if arguments.voice == "bundled" else str(folder.absolute())
    file = (config.owners_file(arguments.config) or config.OWNERS).resolve()
    by_hand = f"put this into {file}:\ntranscriber:\n  voice: {value}"
    try:
        before = file.read_text("utf-8") if file.exists() else ""
        mode = file.stat().st_mode if file.exists() else 0o644
        durable.write(file, amended(before, "transcriber", "voice", value).encode())
        file.chmod(mode)
    except AmendError as error:
        raise VoiceError(f"{file} was left as it is: {error}; {by_hand}") from None
    except OSError as error:
        raise VoiceError(f"{file} cannot be written: {error.strerror}; with sudo it may, or {by_hand}") from None
    told = description(folder)
    if arguments.json:
        print(json.dumps({"file": str(file), "voice": value, "prepared": told["prepared"]}))
    else:
        restart = f"systemctl restart {config.service_of(file)}"
        print(f"{file}: transcriber.voice is {value} now; restart lampd to hear with it ({restart})")
        print("with a voice that is new to it lampd learns anew; what it learned with another is kept for that one")
    if not told["prepared"]:
        complain(f"until it is prepared it hears slowly: {told['problem']}")
    return 0


def _prepare(arguments: argparse.Namespace, settings: Settings) -> int:
    from lampd.voice.preparation import prepare

    folder = named(arguments.voice, Path(settings.state_dir))
    clips = [read(path) for path in _sounds(arguments.sound)]
    threads = arguments.threads or settings.transcriber.threads
    told = prepare(folder, clips, arguments.precision, threads, arguments.anyway, _progress)
    if arguments.json:
        print(json.dumps(told))
        return 0
    print(f"{folder} is prepared: {told['precision']}, {told['size_mb']} MB")
    print(f"real-time factor  {told['real_time_factor']:.4f} on this machine ({threads} of its threads)", end="")
    print(f"; {told['times_transformers']:.1f} times as fast as transformers, by processor time on the same sound")
    what = "clips" if clips else "pieces of noise, which says little: give recordings with --sound"
    print(f"same text         {told['identical']:.1%} of {told['clips']} {what}")
    print(f"character error   {told['character_error']:.4f} against transformers")
    if clips and told["identical"] < 0.99 and told["precision"] == "int8":
        print("--precision exact writes the same text as transformers, more slowly")
    return 0


def _test(arguments: argparse.Namespace, settings: Settings) -> int:
    import msgspec

    folder = named(arguments.voice or settings.transcriber.voice, Path(settings.state_dir))
    transcriber = msgspec.structs.replace(settings.transcriber, voice=str(folder))
    paths = _sounds(arguments.sound)
    hears = ear(transcriber, complain)
    chosen: list[Path | None] = [*paths] or [None]
    for path in chosen:
        samples = read(path) if path else _recorded(settings)
        began = time.perf_counter()
        text, probability = decode(hears.logits(samples), hears.alphabet)
        confidence = hears.confidence(probability)
        taken = time.perf_counter() - began
        row: dict[str, Any] = {"sound": str(path) if path else None, "seconds": round(len(samples) / RATE, 2)}
        row |= {"text": text, "confidence": round(confidence, 4), "took_s": round(taken, 4)}
        if arguments.json:
            print(json.dumps(row, ensure_ascii=False), flush=True)
        else:
            print(
                f"{confidence:.2f}  {1000 * taken:5.0f} ms of {row['seconds']:5.2f} s  {readable(text) or '(nothing)'}",
                end="",
            )
            print(f"  {path}" if path else "", flush=True)
    if not paths:
        # a microphone is never closed, for that may hang
        os._exit(0)
    return 0


def _recorded(settings: Settings) -> Any:
    import numpy as np

    from lampd.devices.microphone import Microphone

    microphone = Microphone(settings.recorder.device, settings.recorder.deaf_after_s)
    _progress(f"listening for {RECORD_S:.0f} s: say something")
    pcm = b""
    for piece in microphone:
        pcm += piece
        if len(pcm) >= 2 * RATE * RECORD_S:
            break
    return np.frombuffer(pcm, "<i2")


def _sounds(given: list[str]) -> list[Path]:
    """The files given, and the sound files under the folders given. Raises SoundError where there are none."""
    found = []
    for path in map(Path, given):
        inside = sorted(one for one in path.rglob("*") if one.suffix.lower() in SOUNDS) if path.is_dir() else [path]
        if not inside:
            raise SoundError(f"{path}: there are no sound files ({', '.join(sorted(SOUNDS))}) in it")
        found += inside
    return found


def _progress(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)
