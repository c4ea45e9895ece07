"""Evenings by clocks that are wrong, compared with one by a clock that is right."""

from lampd.bench.faults import clock


def test_no_clock_on_the_wall_makes_or_loses_a_label() -> None:
    outcome = clock.run(clock.SHORT, 0, lambda text: None)
    assert outcome.broken == []
    assert outcome.counts["messages compared"] > 500
