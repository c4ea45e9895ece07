"""From the end of speech to the pin: real clips in real time, through the five real processes.

First the lamp learns, closed loop and as fast as it goes; then other clips of the same phrases are played in real time.
A reaction counts from where the clip's speech ends, and so holds the hangover, in which the recorder waits for more
words: what comes beyond it is the lamp's own. Acts on words that were still being said are counted apart.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from lampd import config
from lampd.bench import Report, data
from lampd.bench.materials import phrases
from lampd.bench.speech import compose, floor
from lampd.household import Household
from lampd.messages import Acted, AnyMessage, Directive, Speech, Transcript
from lampd.replay import play, play_live, stages_here, state
from lampd.score import Score, quantile
from lampd.session import Session

SOON_S = 0.1
"""This long after the end of speech is as good as before it."""
TAUGHT, PLAYED = 40, 16
"""Commands that are learned from, and played in real time."""
QUICK = ("--taught", "20", "--commands", "6")


class Times:
    """When each stage was done with an utterance, in lamp time."""

    def __init__(self) -> None:
        self.of: dict[type[AnyMessage], dict[int, float]] = {
            kind: {} for kind in (Speech, Transcript, Directive, Acted)
        }

    def observe(self, message: AnyMessage) -> None:
        if isinstance(message, (Speech, Transcript, Directive, Acted)):
            self.of[type(message)].setdefault(message.utterance, message.at)

    def between(self, first: type[AnyMessage], then: type[AnyMessage]) -> list[float]:
        """Seconds from one to the other, in order; of utterances that were not acted on before they were over."""
        begun, done = self.of[first], self.of[then]
        return sorted(done[u] - begun[u] for u in done.keys() & begun.keys() if done[u] >= begun[u])


def reactions(score: Score) -> list[float]:
    """Seconds from the end of speech to the act, of commands that were answered."""
    return sorted(one.acts[0].at - one.wish.end for one in score.outcomes if one.answered)


def figures(score: Score, times: Times, hangover_s: float) -> dict[str, Any]:
    found = reactions(score)
    summary = score.summary()
    late = [seconds for seconds in found if seconds > SOON_S]
    wrong = summary["acts"] - summary["answered"]
    beyond = [1000 * (seconds - hangover_s) for seconds in found]
    return {
        "commands": summary["asked"],
        "answered": summary["answered"],
        "wrong_acts": wrong,
        "soon_share": round(1 - len(late) / len(found), 3) if found else None,
        "reaction_ms": {"p50": _ms(found, 0.5), "p95": _ms(found, 0.95)},
        "beyond_hangover_ms": {"p50": quantile(beyond, 0.5), "p95": quantile(beyond, 0.95)},
        "late_ms": {"p50": _ms(late, 0.5), "p95": _ms(late, 0.95)},
        "transcript_ms": {"p50": _ms(times.between(Speech, Transcript), 0.5)},
        "decision_ms": {"p50": _ms(times.between(Transcript, Directive), 0.5)},
        "act_ms": {"p50": _ms(times.between(Directive, Acted), 0.5)},
    }


def _ms(ordered: list[float], share: float) -> float | None:
    seconds = quantile(ordered, share)
    return None if seconds is None else round(1000 * seconds, 1)


def measure(folder: Path, taught: int, played: int, early: bool, seed: int) -> dict[str, Any]:
    settings = config.load(None, board="laptop", anticipator={"early": early})
    with tempfile.TemporaryDirectory() as temporary, state(settings, None) as (settings, journal):
        target, material = Path(temporary), phrases(folder)
        room = floor(folder, None, [], seed)
        lesson = compose(material, room, target, taught, seed)
        _say(f"learning from {taught} commands ...")
        play(lesson, stages_here(settings, journal, lesson), journal, Household(lesson.wishes(), seed))
        # lamp time begins anew
        journal.boot = "in real time"
        test = compose(material, room, target, played, seed + 1, 1, (4.0, 5.0))
        _say(f"playing {played} more in real time, {_seconds(test):.0f} s ...")
        score, times = Score(test.wishes()), Times()
        watching = score.observe, times.observe
        play_live(test, settings, journal, Household(test.wishes(), seed), observers=watching)
    return figures(score, times, settings.recorder.hangover_s)


def _seconds(session: Session) -> float:
    return max(wish.end for wish in session.wishes())


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def table(row: dict[str, Any]) -> str:
    def of(key: str) -> str:
        return ", ".join(f"{name} {value} ms" for name, value in row[key].items())

    return "\n".join(
        [
            f"{row['answered']} of {row['commands']} commands answered, {row['wrong_acts']} wrong acts",
            f"end of speech to pin            {of('reaction_ms')}",
            f"  beyond the hangover           {of('beyond_hangover_ms')}",
            f"  before or within {1000 * SOON_S:.0f} ms of it   {row['soon_share']} of the commands",
            f"  of the others                 {of('late_ms')}",
            f"speech over to transcript       {of('transcript_ms')}",
            f"transcript to directive         {of('decision_ms')}",
            f"directive to relay              {of('act_ms')}",
        ]
    )


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--taught", type=int, default=TAUGHT, help=f"commands to learn from first ({TAUGHT})")
    parser.add_argument("--commands", type=int, default=PLAYED, help=f"commands in real time ({PLAYED})")
    parser.add_argument("--late", action="store_true", help="never act before the words are over")
    parser.add_argument("--seed", type=int, default=0)


def run(arguments: argparse.Namespace) -> Report:
    row = measure(data.needed(), arguments.taught, arguments.commands, not arguments.late, arguments.seed)
    return Report(row, table(row))
