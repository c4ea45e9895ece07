"""Whether PyTorch, ONNX Runtime, transformers and SciPy do on this processor what they do elsewhere.

Each runtime takes one small step of what the lamp asks of it, in a process of its own, for one that was built for
another processor does not raise: it is killed by an illegal instruction. What the steps come to is printed, to be
compared with another machine's; deploy/cores.sh does that on emulated Cortex-A53 and A72.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lampd.bench import Refused, Report

PACKAGES = {"gate": "scipy", "hear": "onnxruntime", "learn": "torch", "listen": "transformers"}
"""The steps, and what does the work in each."""
QUICK = ()
WORDS = ("light please", "goodnight", "light now", "good night then", "some light", "a good night")


def gate(sound: Path) -> str:
    """The trainer's daily fit."""
    from lampd.learners.gate_fit import Fitter
    from lampd.messages import Example, Said

    fitter = Fitter()
    for i, text in enumerate(WORDS):
        fitter.learn(Example(float(i), i, text, bool(i % 2), ("dark",) if i % 2 else ("lit",), "flip"))
    return f"{fitter.fit(1, lambda: False).predict(Said(WORDS[0]), False).lit:.4f}"


def learn(sound: Path) -> str:
    """The language model: a warm start, and an epoch of gradient steps."""
    import torch

    from lampd.plm.corpus import Corpus
    from lampd.plm.model import PrecisionModel
    from lampd.plm.sizes import Configuration, Context

    torch.manual_seed(0)
    documents = [torch.tensor([ord(letter) - 97 for letter in text if letter != " "]) for text in WORDS]
    model = PrecisionModel(Configuration((Context("radial", 16, 8, 4),), "step", epochs=1, thawed=1, batch=64, span=32))
    corpus = Corpus(documents, 26)
    return " ".join(f"{point.perplexity:.2f}" for point in model.train(corpus, corpus))


def hear(sound: Path) -> str:
    """A transcription, as the transcriber makes it."""
    from lampd.voice.folder import BUNDLED
    from lampd.voice.onnx import OnnxVoice

    return _text(OnnxVoice(BUNDLED, 1), sound)


def listen(sound: Path) -> str:
    """The same where ONNX Runtime does not work."""
    from lampd.voice.folder import BUNDLED
    from lampd.voice.wav2vec2 import Voice

    return _text(Voice(BUNDLED, 1), sound)


def _text(ear: Any, sound: Path) -> str:
    from lampd.devices.sound import read
    from lampd.voice.ctc import decode

    return decode(ear.logits(read(sound)), ear.alphabet)[0]


def step(name: str, sound: Path) -> dict[str, Any]:
    """What the step called `name` comes to, with the seconds that it took, imports included, or what ended it."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "lampd.bench.runtimes", name, str(sound)], capture_output=True, text=True
    )
    row = {"step": name, "package": PACKAGES[name], "version": version(PACKAGES[name])}
    if done.returncode < 0:
        return row | {"error": signal.Signals(-done.returncode).name}
    if done.returncode:
        return row | {"error": (done.stderr.strip().splitlines() or ["nothing was said"])[-1]}
    return row | {"seconds": round(time.perf_counter() - began, 1), "result": done.stdout.strip()}


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sound", type=Path, help="a sound file with speech")


def run(arguments: argparse.Namespace) -> Report:
    if not arguments.sound.is_file():
        raise Refused(f"{arguments.sound} is no file")
    rows = []
    for name in PACKAGES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows.append(step(name, arguments.sound))
    lines = []
    for row in rows:
        came_to = row.get("error") or f"{row['seconds']} s: {row['result']}"
        lines.append(f"{row['step']:8}{row['package']:14}{row['version']:10}{came_to}")
    return Report(rows, "\n".join(lines), not any("error" in row for row in rows))


if __name__ == "__main__":
    steps: dict[str, Callable[[Path], str]] = {"gate": gate, "hear": hear, "learn": learn, "listen": listen}
    print(steps[sys.argv[1]](Path(sys.argv[2])))
