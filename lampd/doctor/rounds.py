"""All checks, one after another: a lamp comes in, what was found leaves as it is found, and what to do first."""

from collections.abc import Iterator, Sequence

from lampd.doctor import button, files, health, itself, pins, sound, users
from lampd.doctor.check import Check, Lamp, Looks, Verdict, within

ROUNDS: tuple[tuple[str, Looks, float], ...] = (
    ("lampd", itself.daemon, 10),
    ("configuration", itself.configuration, 10),
    ("board", itself.board, 10),
    ("versions", itself.versions, 20),
    ("power", health.heat, 10),
    ("memory", health.memory, 10),
    ("disk", files.disk, 10),
    ("card", files.card, 10),
    ("state", files.permissions, 10),
    ("writing", files.writing, 30),
    ("journal", files.journal, 30),
    ("socket", itself.socket, 10),
    ("groups", users.member, 10),
    ("clock", itself.clock, 10),
    ("pins", pins.pins, 15),
    ("microphone", sound.microphone, 60),
    ("detection", sound.detection, 120),
    ("transcriber", sound.transcriber, 120),
)
"""In the order in which they are to be put right: their names, and for how long each may take (s)."""
BUTTON: tuple[str, Looks, float] = ("button", button.button, button.PATIENCE_S + 15)


def rounds(lamp: Lamp, with_button: bool = False) -> Iterator[Check]:
    for name, looks, limit_s in (*ROUNDS, *([BUTTON] if with_button else [])):
        yield within(name, looks, lamp, limit_s)


def worst(found: Sequence[Check]) -> Verdict:
    verdicts: tuple[Verdict, ...] = ("bad", "look")
    return next((one for one in verdicts if any(check.verdict == one for check in found)), "ok")


def first(found: Sequence[Check]) -> Check | None:
    """What to put right first, if anything: of the worst. What lampd itself complains of is found by a check of its
    own, so that one comes last."""
    ranked = [one for one in found if one.verdict == worst(found) != "ok"]
    return next((one for one in ranked if one.name != "lampd"), ranked[0] if ranked else None)
