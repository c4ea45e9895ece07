"""Rates, shares, and their intervals, against tables and by hand."""

import pytest

from lampd.journal import Journal
from lampd.messages import AnyMessage, Correction, Example, Flip, Lamp, Tag
from lampd.rates import DAY_S, rate, rates, share


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Garwood's exact limits of a Poisson mean
    [(0, 0.0, 3.689), (1, 0.025, 5.572), (2, 0.242, 7.225), (5, 1.623, 11.668), (20, 12.217, 30.888)],
)
def test_rates_are_close_to_the_exact_limits(count: int, low: float, high: float) -> None:
    estimate = rate(count, 1.0)
    assert estimate.value == count
    assert estimate.low == pytest.approx(low, abs=0.05)
    assert estimate.high == pytest.approx(high, rel=0.03)
    assert rate(count, 10.0).high == pytest.approx(estimate.high / 10)


def test_shares_have_wilsons_interval() -> None:
    assert share(5, 10) == pytest.approx((0.5, 0.23659, 0.76341), abs=1e-5), "a table's"
    assert share(1, 10) == pytest.approx((0.1, 0.0179, 0.4042), abs=1e-4)
    assert share(0, 10) == pytest.approx((0.0, 0.0, 0.2775), abs=1e-4)
    assert share(10, 10) == pytest.approx((1.0, 0.7225, 1.0), abs=1e-4)


def example(at: float, utterance: int, cause: str, possible: Tag = "lit") -> Example:
    return Example(at, utterance, "words", False, (possible,), cause, True)  # type: ignore[arg-type]


def test_of_a_week_and_a_day() -> None:
    now = 1_795_000_000.0
    rows: list[tuple[float, str, AnyMessage]] = [
        (now - 9 * DAY_S, "first", Lamp(5.0, False)),
        (now - 9 * DAY_S, "first", Correction(6.0, 1, True)),
        (now - 3 * DAY_S, "second", Lamp(100.0, False)),
        (now - 3 * DAY_S + 7200, "second", Flip(7300.0, True)),
        (now - 3 * DAY_S + 7200, "second", example(7300.0, 1, "flip")),
        (now - 3600, "third", Lamp(50.0, False)),
        (now - 1800, "third", Correction(1900.0, 2, True)),
        (now - 1700, "third", example(2000.0, 2, "correction", "nothing")),
        (now - 1600, "third", example(2050.0, 3, "left alone")),
        (now - 1500, "third", example(2150.0, 4, "miss")),
        (now - 1500, "third", Flip(2150.0, True)),
    ]
    wall = 0.0
    journal = Journal(":memory:", "third", wall=lambda: wall)
    for wall, boot, message in rows:  # noqa: B007
        journal.boot = boot
        journal.write(message)
    wall = now
    day, week = rates(journal, 1, 3650.0), rates(journal, 7, 3650.0)
    assert (day.wrong, day.wishes, day.missed) == (1, 2, 1)
    assert (week.wrong, week.wishes, week.missed) == (1, 3, 2)
    # an hour of the third boot, and two of the second
    assert (day.hours, week.hours) == (1.0, 3.0)
    assert day.wrong_an_hour is not None
    assert day.wrong_an_hour.value == pytest.approx(1.0)


def test_of_nothing_nothing_is_said() -> None:
    new = rates(Journal(":memory:", "boot"), 1, 10.0)
    assert (new.hours, new.wrong_an_hour, new.missed_share) == (0.0, None, None)
