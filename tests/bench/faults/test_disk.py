"""A lamp on a disk that fails, for a short while each."""

import pytest

from lampd.bench.faults import disk


@pytest.mark.skipif(bool(disk.missing()), reason=disk.missing())
def test_nothing_is_lost_on_a_disk_that_fails_and_all_is_well_afterwards() -> None:
    said: list[str] = []
    outcome = disk.run(disk.SHORT, 0, said.append)
    # how soon the relay moves is for a machine that is not busy
    assert [one for one in outcome.broken if "the relay moved" not in one] == []
    assert outcome.counts["faults of the disk"] == 3
    assert outcome.counts["presses"] >= 4 * disk.SHORT
    assert any("days kept whole" in line for line in said)
