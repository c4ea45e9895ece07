"""How long ago, by clocks on the wall that are right, wrong, and set."""

import pytest

from lampd.elapsed import Up, first, last
from lampd.journal import Journal
from lampd.messages import Lamp, Transcript

HOUR, NOW = 3600.0, 1_795_000_000.0


def boots(*walls: tuple[float, float]) -> Journal:
    """Boots of half an hour each, with the time on the wall as they began, and how far it was set meanwhile."""
    at, wall = 0.0, 0.0
    journal = Journal(":memory:", "", wall=lambda: wall)
    for number, (begins, by) in enumerate(walls):
        journal.boot = f"boot {number}"
        for at in (20.0, 920.0, 1820.0):
            wall = begins + at + (by if at > 20 else 0.0)
            journal.write(
                Lamp(at, False) if at == 20 else Transcript(at, 10 * number + int(at > 1000) + 1, at, at, "", 1.0)
            )
    journal.wall = lambda: wall
    return journal


def heard(journal: Journal, seconds: float) -> list[int]:
    since = first(journal, "transcript", last(journal, seconds, 1820.0))
    return [number for (number,) in journal.db.execute("SELECT utterance FROM transcript WHERE seq >= ?", (since,))]


def test_by_a_clock_that_is_right() -> None:
    journal = boots((NOW, 0.0), (NOW + HOUR, 0.0))
    assert last(journal, HOUR, 1820.0) == [Up("boot 1", 20.0, 1820.0)]
    assert heard(journal, 600) == [12]
    assert heard(journal, 2000) == [11, 12]
    # half an hour up, half an hour off, and ten minutes before
    assert last(journal, 4200.0, 1820.0) == [Up("boot 1", 20.0, 1820.0), Up("boot 0", 1220.0, 1820.0)]
    assert heard(journal, 4200) == [2, 11, 12]


@pytest.mark.parametrize("years", [-50, -1, 50])
def test_within_a_boot_it_does_not_matter_to_what_the_clock_is_set(years: int) -> None:
    journal = boots((NOW, years * 365 * 24 * HOUR))
    assert heard(journal, 600) == [2]
    assert heard(journal, 1000) == [1, 2]


def test_a_clock_that_was_set_back_while_it_was_off_hides_nothing() -> None:
    assert heard(boots((NOW, 0.0), (NOW - 1e9, 0.0)), 2500) == [2, 11, 12]


def test_a_boot_that_began_in_1970_and_was_set_right_lies_where_it_was() -> None:
    assert heard(boots((NOW, 0.0), (0.0, NOW + HOUR)), 2500) == [11, 12]


def test_a_boot_that_thought_it_was_1970_to_its_end_counts_as_just_before_the_next() -> None:
    journal = boots((NOW, 0.0), (0.0, 0.0), (NOW + 9 * HOUR, 0.0))
    assert heard(journal, 2500) == [12, 21, 22]
    assert heard(boots((0.0, 0.0), (NOW, 0.0)), 2500) == [2, 11, 12], "also where nothing is known from before"
