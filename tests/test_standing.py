"""What stands until it is told otherwise: through restarts, power cuts, and to the end of a pause."""

from pathlib import Path

import pytest

from lampd.journal import Journal
from lampd.messages import AnyMessage, Autonomy, Learning, Listening, Privacy, Trust
from lampd.standing import Standing


def standing(*messages: AnyMessage, boot: str = "boot", now: float = 0.0) -> Standing:
    """After a restart at lamp time `now` of `boot`, of a lamp that said `messages` on the boot called boot."""
    journal = Journal(":memory:", "boot")
    for message in messages:
        journal.write(message)
    journal.boot = boot
    return Standing(journal, now)


def test_a_new_lamp_listens_learns_and_acts() -> None:
    new = standing()
    assert (new.listens, new.learns, new.freedom) == (True, True, "act")
    assert new.over(1e9) == []


def test_what_was_told_stands_after_a_power_cut() -> None:
    told = standing(Listening(1.0, False), Learning(1.0, False), Autonomy(1.0, "hint"), boot="next")
    assert (told.listens, told.learns, told.freedom) == (False, False, "hint")
    assert told.over(1e9) == []


@pytest.mark.parametrize(
    ("pause", "end"),
    [
        (Listening(10.0, False, 60.0), Privacy(70.0, True)),
        (Learning(10.0, False, 60.0), Learning(70.0, True)),
        (Autonomy(10.0, "observe", 60.0), Autonomy(70.0, "act")),
    ],
)
def test_a_pause_ends_once_when_its_time_is_over(pause: AnyMessage, end: AnyMessage) -> None:
    live = standing()
    live.observe(pause)
    for one in (live, standing(pause, now=30.0)):
        assert one.over(69.9) == []
        assert one.over(70.0) == [end]
        one.observe(end)
        assert one.over(1e9) == []


def test_a_pause_begins_anew_after_a_power_cut() -> None:
    paused = standing(Learning(1000.0, False, 60.0), boot="next", now=5.0)
    assert (paused.over(64.9), paused.over(65.0)) == ([], [Learning(65.0, True)])


def test_after_a_pause_it_may_do_what_it_might_before() -> None:
    paused = standing(Autonomy(1.0, "hint"), Autonomy(2.0, "observe", 60.0), now=10.0)
    assert paused.freedom == "observe"
    assert paused.over(100.0) == [Autonomy(100.0, "hint")]


def test_a_word_of_its_owner_ends_a_pause() -> None:
    paused = standing(Learning(1.0, False, 60.0))
    paused.observe(Learning(5.0, True))
    assert paused.over(1e9) == []
    assert paused.status(5.0)["pauses_left_s"] == {}


def test_one_that_is_not_trusted_hints_at_most() -> None:
    for limit, freedom in (("act", "hint"), ("hint", "hint"), ("observe", "observe")):
        assert standing(Autonomy(1.0, limit), Trust(2.0, False, 7)).freedom == freedom  # type: ignore[arg-type]
    assert standing(Trust(2.0, False, 7), Trust(3.0, True, 9)).freedom == "act"


def test_status_tells_how_long_it_still_lasts() -> None:
    shown = standing(Listening(10.0, False, 3600.0), now=20.0).status(100.0)
    assert (shown["listens"], shown["pauses_left_s"]) == (False, {"listening": 3510})


def test_it_is_read_from_the_file_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "boot")
    journal.write(Autonomy(1.0, "hint"))
    journal.close()
    assert Standing(Journal(tmp_path / "journal.db", "next"), 0.0).limit == "hint"
