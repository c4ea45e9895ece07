"""The demo, shortened: the recorded evening through five real processes, and whole in one."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec

from lampd import session

EVENING = Path(__file__).parent / "sessions" / "first_evening"
REPLAY = [sys.executable, "-m", "lampd.cli.main", "replay"]


def test_the_opening_of_the_evening_in_five_processes_watched_and_drawn(tmp_path: Path) -> None:
    whole = session.read(EVENING)
    events = []
    for event in whole.events:
        if event.t < 240:
            file = {"file": str(EVENING / event.file)} if isinstance(event, session.Audio) else {}
            events.append(msgspec.structs.replace(event, **file))
    session.write(session.Session("opening", tuple(events), tmp_path / "opening"))
    picture = tmp_path / "learning.png"
    command = [*REPLAY, str(tmp_path / "opening"), "--closed-loop", "--processes", "--watch", "--picture", str(picture)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert shown.returncode == 0, shown.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "nora: turn the lights on" in shown.stdout
    assert "a hand makes it lit" in shown.stdout
    assert "spoken wishes" in shown.stdout


def test_by_the_end_of_the_evening_the_lamp_answers() -> None:
    played = subprocess.run(
        [*REPLAY, str(EVENING), "--closed-loop", "--json"], capture_output=True, text=True, timeout=240
    )
    assert played.returncode == 0, played.stderr
    figures = json.loads(played.stdout)
    assert figures["wishes"] == 56
    assert figures["chatter"] == 110
    first, last = figures["windows"][0], figures["windows"][-2:]
    answered, asked = sum(w["answered"] for w in last), sum(w["asked"] for w in last)
    assert answered >= 0.8 * asked, (answered, asked)
    assert first["answered"] < 0.5 * first["asked"], "it was to start from nothing"
    assert sum(w["false_acts"] + w["wrong_direction"] for w in last) <= 1
    assert figures["flips_by_hand"] <= 32
