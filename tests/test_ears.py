"""When it is said that a microphone that gives sound is deaf, and when no longer."""

import pytest

from lampd.ears import FIRST_S, LATER_S, SOUNDLESS_S, Ears
from lampd.messages import Level


def heard(ears: Ears, since: float, until: float, rms_db: float, peak_db: float) -> None:
    """Levels four times a second."""
    for quarter in range(round(4 * since), round(4 * until)):
        ears.hear(Level(quarter / 4, rms_db, peak_db, 0.0, rms_db, 0.0))


ZEROS, CONSTANT, QUIET = (-90.3, -90.3), (-90.3, -20.0), (-75.0, -60.0)


@pytest.mark.parametrize(("what", "told"), [(ZEROS, "digital silence"), (CONSTANT, "one constant value")])
def test_one_that_never_gave_anything_else_is_said_to_be_muted(what: tuple[float, float], told: str) -> None:
    ears = Ears(0.0)
    heard(ears, 0, FIRST_S, *what)
    assert ears.complaint(FIRST_S) == ""
    heard(ears, FIRST_S, FIRST_S + 1, *what)
    assert told in ears.complaint(FIRST_S + 1) and "alsamixer" in ears.complaint(FIRST_S + 1)
    heard(ears, FIRST_S + 1, FIRST_S + 2, *QUIET)
    assert ears.complaint(FIRST_S + 2) == "", "it is over"


def test_one_that_worked_may_be_silent_for_a_while_but_not_for_ever() -> None:
    ears = Ears(0.0)
    heard(ears, 0, 60, *QUIET)
    heard(ears, 60, 60 + LATER_S - 1, *ZEROS)
    assert ears.complaint(60 + LATER_S - 1) == ""
    heard(ears, 60 + LATER_S - 1, 60 + LATER_S + 1, *ZEROS)
    assert "for 15 min" in ears.complaint(60 + LATER_S + 1)


def test_a_click_as_it_opens_is_no_sign_of_life() -> None:
    ears = Ears(0.0)
    heard(ears, 0, 1, -38.0, -6.0)
    heard(ears, 1, FIRST_S + 2, *ZEROS)
    assert "digital silence" in ears.complaint(FIRST_S + 2)


def test_a_quiet_night_is_no_fault() -> None:
    ears = Ears(0.0)
    heard(ears, 0, 8 * 3600, *QUIET)
    assert ears.complaint(8 * 3600) == ""


def test_one_that_comes_back_muted_is_not_trusted_for_what_the_last_gave() -> None:
    ears = Ears(0.0)
    heard(ears, 0, 60, *QUIET)
    heard(ears, 70, 82, *ZEROS)
    assert "digital silence" in ears.complaint(82)


def test_no_sound_at_all_is_said_and_shows_no_old_level() -> None:
    ears = Ears(0.0)
    heard(ears, 0, 10, *QUIET)
    assert ears.level(10.0) and not ears.level(20.0)
    assert ears.complaint(10 + SOUNDLESS_S - 1) == ""
    assert "no sound for" in ears.complaint(11 + SOUNDLESS_S)
    ears.begin(100.0)
    assert ears.complaint(101.0) == "", "it was told to listen just then"
