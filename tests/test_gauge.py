"""What is written every ten minutes, and what the report makes of it."""

from pathlib import Path

from lampd import config
from lampd.gauge import EVERY_S, INSERT, WHOLE, Gauge, Gauges, gauges
from lampd.hub import Hub
from lampd.journal import Journal
from lampd.messages import Level
from lampd.report import room

NOW = 1_790_000_000.0


def test_the_last_noise_and_the_loudest_peak_are_written_in_their_time() -> None:
    now = 0.0
    hub = Hub(config.load(board="laptop"), Journal(":memory:", "boot"), lambda: now, live=False)
    written = Gauges(hub)
    for at, peak, noise in ((1.0, -20.0, -50.0), (2.0, -6.0, -51.0), (3.0, -30.0, -52.0)):
        hub.post(Level(at, -40.0, peak, 0.0, noise, 0.0))
    written.look()
    assert gauges(hub.journal) == []
    for now in (EVERY_S, EVERY_S + 1, 2 * EVERY_S + 1):  # noqa: B007
        written.look()
    first, second = gauges(hub.journal)
    assert (first.boot, first.noise_db, first.peak_db) == ("boot", -52.0, -6.0)
    assert first.memory_mb > 1
    assert (second.noise_db, second.peak_db) == (None, None), "nothing was heard since"


def test_the_report_draws_them(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "boot")
    assert "not enough" in room.section(journal).says[0]
    for number in range(2000):
        loud = None if number < 12 else -10.0
        row = Gauge(
            "boot", NOW + EVERY_S * number, None if loud is None else -55.0 - number % 3, loud, 320.0 + number / 100
        )
        journal.db.execute(INSERT, row)
    drawn = room.section(journal)
    assert drawn.says == [
        "In 333 hours all its processes together took 320 to 340 MB of memory.",
        "The room was at -57 to -55 dB of full scale when nobody spoke.",
        "For 2.0 hours it heard nothing at all: no microphone, or told not to listen.",
    ]
    assert len(drawn.picture) < 60_000


def test_a_clock_that_was_set_is_no_axis() -> None:
    journal = Journal(":memory:", "boot")
    for number in range(20):
        wall = (0.0 if number < 9 else NOW) + EVERY_S * number
        journal.db.execute(INSERT, Gauge("boot", wall, -55.0, -10.0, 320.0))
    assert "in order: its clock was set meanwhile" in room.section(journal).picture
    journal.db.execute("DELETE FROM gauge WHERE seq < 10")
    assert "its clock was set" not in room.section(journal).picture


def test_a_month_is_kept_whole_and_less_of_what_is_older() -> None:
    now = 0.0
    hub = Hub(config.load(board="laptop"), Journal(":memory:", "boot"), lambda: now, live=False)
    written = Gauges(hub)
    rows = [Gauge("boot", NOW + EVERY_S * number, None, None, 1.0) for number in range(WHOLE + 360)]
    hub.journal.db.executemany(INSERT, rows)
    now = EVERY_S + 1
    written.look()
    kept = gauges(hub.journal)
    assert len(kept) == WHOLE + 10
    assert kept[-WHOLE:-1] == rows[1 - WHOLE :]
