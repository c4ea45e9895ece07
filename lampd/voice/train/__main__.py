"""python -m lampd.voice.train: speech is synthesised, a small wav2vec2 learns to write it down, and its card is
written. Killed, and run again, it goes on where it was.

It takes espeak-ng; flite, festival and its festvox voices, word lists (wamerican, wpolish, ...) and bible-kjv are used
where they are installed.
"""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lampd import durable
from lampd.voice.train import corpus as speech
from lampd.voice.train.espeak import EspeakError
from lampd.voice.train.plan import Plan, say
from lampd.voice.train.sounds import ALPHABETS

WORK, PLAN = Path("build/voice"), "plan.json"


class UsageError(Exception):
    """Something asked for is not possible; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = parser().parse_args(arguments)
    # before torch is loaded: a waiting thread must not take the time of another process
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    try:
        make(chosen)
    except (UsageError, EspeakError, speech.CorpusError, ValueError, OSError) as error:
        print(f"lampd.voice.train: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    plan, wanted = Plan(), speech.Wanted()
    top = argparse.ArgumentParser(prog="python -m lampd.voice.train", description=__doc__)
    top.add_argument("--work", type=Path, default=WORK, help=f"folder for speech and checkpoints (default: {WORK})")
    top.add_argument("--out", type=Path, help="folder of the finished voice (default: voice in --work)")
    top.add_argument("--alphabet", choices=ALPHABETS, default=wanted.alphabet, help="what it writes (default: sounds)")
    top.add_argument("--hours", type=float, default=wanted.hours, help=f"of speech (default: {wanted.hours:g})")
    top.add_argument("--judged", type=int, default=wanted.judged, help=argparse.SUPPRESS)
    top.add_argument("--minutes", type=float, default=plan.minutes, help=f"of training (default: {plan.minutes:g})")
    top.add_argument("--steps", type=int, help="of training, instead of minutes")
    top.add_argument("--start", type=Path, help="begin from the weights of the voice in this folder")
    top.add_argument("--seed", type=int, default=plan.seed)
    top.add_argument("--processes", type=int, default=plan.processes, help=f"at a time (default: {plan.processes})")
    top.add_argument("--batch", type=float, default=plan.batch, help=argparse.SUPPRESS)
    top.add_argument("--size", choices=("small", "tiny"), default=plan.size, help=argparse.SUPPRESS)
    top.add_argument("--keep", type=float, default=plan.keep, help="seconds between checkpoints (default: 180)")
    return top


def make(chosen: argparse.Namespace) -> None:
    """All of it, or what is left of it."""
    wanted = speech.Wanted(chosen.hours, chosen.seed, chosen.alphabet, chosen.judged)
    names = ("minutes", "steps", "seed", "size", "start", "processes", "batch", "keep")
    plan = Plan(**{name: getattr(chosen, name) for name in names})
    corpus = speech.make(chosen.work, wanted, plan.processes, say)
    say(f"{corpus.hours('train'):.1f} hours of speech, {len(corpus.of('train'))} utterances")
    _same(chosen.work / PLAN, plan)
    # torch and transformers take seconds to load
    from lampd.voice.train import card, network, training

    training.learn(chosen.work, plan, say)
    model, progress = training.learned(chosen.work, plan)
    out = chosen.out or chosen.work / "voice"
    network.save(model, out, wanted.alphabet)
    card.write(out, corpus, plan, progress, card.judgements(model, corpus, plan.seed))
    say(f"{out}: character errors {json.dumps(progress.curve[-1])}")


def _same(path: Path, plan: Plan) -> None:
    """Remember what training was begun with. Raises UsageError where that was something else."""
    fields: dict[str, Any] = dataclasses.asdict(plan)
    # more of the same, or other checkpoints, are no other training
    told = {name: str(fields[name]) for name in ("seed", "size", "start", "batch", "processes")}
    if path.exists() and json.loads(path.read_text("utf-8")) != told:
        raise UsageError(f"{path}: begun with other settings; finish it, delete it or choose another --work")
    durable.write(path, json.dumps(told).encode())


if __name__ == "__main__":
    sys.exit(main())
