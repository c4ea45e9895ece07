"""The demo, shortened: the recorded evening through five real processes, and whole in one."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from lampd import config, session
from lampd.journal import Journal
from lampd.messages import Directive, Transcript
from lampd.voice.identity import identity
from lampd.why import why

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


def test_by_the_end_of_the_evening_the_lamp_answers(lived: tuple[Path, dict[str, Any]]) -> None:
    _, figures = lived
    assert figures["wishes"] == 56
    assert figures["chatter"] == 110
    first, last = figures["windows"][0], figures["windows"][-2:]
    answered, asked = sum(w["answered"] for w in last), sum(w["asked"] for w in last)
    assert answered >= 0.8 * asked, (answered, asked)
    assert first["answered"] < 0.5 * first["asked"], "it was to start from nothing"
    assert sum(w["false_acts"] + w["wrong_direction"] for w in last) <= 1
    assert figures["flips_by_hand"] <= 32


def test_why_names_what_taught_every_decision_of_the_evening(lived: tuple[Path, dict[str, Any]]) -> None:
    """All that taught an act meant what the lamp did; first comes what was said in the same words, where it was."""
    state, figures = lived
    settings = config.load(board="laptop", state_dir=str(state))
    journal = Journal(state / "journal.db", "", identity(settings.transcriber.voice))
    wishes = session.read(EVENING).wishes()

    def words(utterance: int) -> str:
        """What was said, in truth."""
        [said] = (one for _, _, one in journal.about(Transcript, utterance) if isinstance(one, Transcript))
        overlaps = [(min(wish.end, said.end) - max(wish.start, said.start), wish.words) for wish in wishes]
        return max(overlaps)[1]

    numbers = [row[0] for row in journal.db.execute("SELECT DISTINCT utterance FROM directive ORDER BY utterance")]
    assert len(numbers) == figures["wishes"] + figures["chatter"]
    acts = []
    for number in numbers[::2]:
        reason = why(journal, settings, number)
        assert all(one.utterance < number for one in reason.taught)
        assert (reason.likely > 0) == bool(reason.taught), number
        if reason.wish == "nothing":
            continue
        assert reason.taught
        assert {one.possible for one in reason.taught} == {(reason.wish,)}, number
        before = {words(one.utterance) for one in journal.examples(_number(journal, number)) if one.utterance < number}
        if words(number) in before:
            acts.append(words(reason.taught[0].utterance) == words(number))
    assert len(acts) > 15
    assert acts.count(True) >= 0.9 * len(acts), (acts.count(True), len(acts))


def _number(journal: Journal, utterance: int) -> int:
    """The message by which an utterance was first decided."""
    return min(seq for seq, _, _ in journal.about(Directive, utterance))
