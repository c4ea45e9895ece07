"""What looking in costs, measured once and shortly."""

from tests.bench.test_command import found


def test_status_and_watch_are_cheap() -> None:
    figures = found("looking", "--seconds", "6", "--times", "3")
    # promised are 0.3 s and 3 %; test machines are busy
    assert figures["status_s"][0] < 3
    assert 0 < figures["watch_share"] < 0.1
