"""Sessions of real speech: who says what, when, over what, and which part of it is counted."""

from pathlib import Path

import numpy as np
import pytest

from lampd.bench import speech
from lampd.score import Outcome
from lampd.session import Audio, Wish

ROOM = np.zeros(16_000, np.float32)


@pytest.fixture(scope="module")
def george(data_folder: Path) -> speech.Material:
    return speech.digits(data_folder, "george")


def test_a_speaker_says_two_digits_for_the_wishes_and_eight_as_chatter(george: speech.Material) -> None:
    assert (len(george.lit), len(george.dark), len(george.chatter)) == (20, 20, 160)
    assert {clip.name[0] for clip in george.chatter} == {*"01245689"}


def test_a_session_alternates_and_has_so_much_chatter(george: speech.Material, tmp_path: Path) -> None:
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


def test_a_kitchen_is_as_loud_as_asked(data_folder: Path, george: speech.Material) -> None:
    clips = george.lit[:3]
    loud, soft = (speech.level(speech.floor(data_folder, decibels, clips, 0)) for decibels in (5.0, 20.0))
    assert loud - soft == pytest.approx(15.0, abs=0.01)


def test_windows_begin_with_a_command() -> None:
    def outcome(number: int) -> Outcome:
        return Outcome(Wish(float(number), None if number % 2 else True, float(number), number + 0.5))

    parts = speech.windows([outcome(number) for number in range(12)], (2, 4))
    assert [[int(one.wish.t) for one in part] for part in parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
