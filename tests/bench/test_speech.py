"""Sessions of real speech: who says what, when, over what, and which part of it is counted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from msgspec import structs

from lampd.bench import speech
from lampd.bench.materials import COUPLE, SIGNALS, Material, anyhow, digits, signals
from lampd.messages import AnyMessage, Tick, Transcript
from lampd.score import Outcome
from lampd.session import Audio, Wish

ROOM = np.zeros(16_000, np.float32)


@pytest.fixture(scope="module")
def george(data_folder: Path) -> Material:
    return digits(data_folder, "george")


def test_a_speaker_says_two_digits_for_the_wishes_and_eight_as_chatter(george: Material) -> None:
    assert (len(george.lit), len(george.dark), len(george.chatter)) == (20, 20, 160)
    assert {clip.name[0] for clip in george.chatter} == {*"01245689"}


def test_a_session_alternates_and_has_so_much_chatter(george: Material, tmp_path: Path) -> None:
    session = speech.compose(george, ROOM, tmp_path, 10, seed=3)
    wishes = session.wishes()
    assert [wish.lit for wish in wishes if wish.lit is not None] == [True, False] * 5
    assert sum(wish.lit is None for wish in wishes) == 30
    clips = {event.t: event.file for event in session.events if isinstance(event, Audio)}
    for wish in wishes:
        # t is where the clip begins, start where its speech does
        assert wish.t in clips and wish.t <= wish.start < wish.end < wish.t + 1.5
        digit = Path(clips[wish.t]).name[0]
        assert {True: digit == "3", False: digit == "7", None: digit not in "37"}[wish.lit]
    assert session == speech.compose(george, ROOM, tmp_path, 10, seed=3)
    assert session != speech.compose(george, ROOM, tmp_path, 10, seed=4)


def test_a_kitchen_is_as_loud_as_asked(data_folder: Path, george: Material) -> None:
    clips = george.lit[:3]
    loud, soft = (speech.level(speech.floor(data_folder, decibels, clips, 0)) for decibels in (5.0, 20.0))
    assert loud - soft == pytest.approx(15.0, abs=0.01)


def test_windows_begin_with_a_command() -> None:
    def outcome(number: int) -> Outcome:
        return Outcome(Wish(float(number), None if number % 2 else True, float(number), number + 0.5))

    parts = speech.windows([outcome(number) for number in range(12)], (2, 4))
    assert [[int(one.wish.t) for one in part] for part in parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_two_people_say_the_same_digits(data_folder: Path) -> None:
    both = digits(data_folder, *COUPLE)
    assert (len(both.lit), len(both.dark), len(both.chatter)) == (40, 40, 320)
    assert {clip.parent.name for clip in both.lit} == {*COUPLE}
    assert both.commands == 80


def test_a_digit_said_any_way_is_the_same_again_with_the_same_seed(data_folder: Path, tmp_path: Path) -> None:
    for name in ("one", "again"):
        (tmp_path / name).mkdir()
    one, again = (anyhow(data_folder, "theo", tmp_path / name, 0) for name in ("one", "again"))
    assert [clip.read_bytes() for clip in one.lit] == [clip.read_bytes() for clip in again.lit]
    plain = digits(data_folder, "theo").lit
    same = [np.array_equal(soundfile.read(a)[0], soundfile.read(b)[0]) for a, b in zip(one.lit, plain, strict=True)]
    assert 0 < sum(same) < 20


def test_whistles_and_claps_are_of_their_kinds(data_folder: Path, tmp_path: Path) -> None:
    said = signals(data_folder, tmp_path, 0)
    assert (len(said.lit), len(said.dark), len(said.chatter)) == (SIGNALS, SIGNALS, 4 * SIGNALS)
    for clip, rising in ((said.lit[0], True), (tmp_path / "falling-0.flac", False)):
        sound = soundfile.read(clip)[0]
        first, last = (np.abs(np.fft.rfft(half)).argmax() for half in np.array_split(sound[: len(sound) // 2 * 2], 2))
        assert (last > first) == rising


def test_afterwards_there_are_a_kitchen_and_many_people(data_folder: Path, george: Material, tmp_path: Path) -> None:
    session = speech.compose(george, ROOM, tmp_path, 2, seed=3)
    longer = speech.afterwards(data_folder, session, tmp_path, 0)
    assert longer.events[: len(session.events)] == session.events
    kitchen, talk = longer.events[-2:]
    assert talk.t - kitchen.t == speech.AFTERWARDS["kitchen"]
    assert soundfile.info(tmp_path / "talk.flac").duration == speech.AFTERWARDS["talk"]
    assert longer.wishes() == session.wishes()


def test_who_reads_hears_no_sound() -> None:
    said = Transcript(5.0, 7, 1.0, 2.5, "hello", 0.5, sound=b"\1")

    class Both:
        def handle(self, message: AnyMessage) -> list[AnyMessage]:
            return [said, Tick(5.0)]

    assert speech.Read(Both()).handle(Tick(5.0)) == [structs.replace(said, sound=b""), Tick(5.0)]


def test_several_orders_come_to_one_row() -> None:
    def part(f1: float) -> dict[str, Any]:
        window = {"f1": f1, "lit": {"f1": f1}, "dark": {"f1": None}, "acts": 3, "false_acts": 1, "wrong_direction": 0}
        whole = {"name": "phrases", "utterances": 9, "chatter": 6, "hours": 0.5, "acts_afterwards": 1}
        return whole | {"windows": {"0 to 120": window}}

    row = speech.together([part(0.5), part(1.0)])
    assert row["windows"]["0 to 120"] == {
        "acts": 6,
        "false_acts": 2,
        "wrong_direction": 0,
        "lit": {"f1": 0.75},
        "dark": {"f1": 0.0},
        "f1": 0.75,
        "f1_spread": 0.25,
    }
    assert (row["orders"], row["acts_afterwards"], row["chatter"]) == (2, 2, 12)
    assert "0.250" in speech.table([row])
