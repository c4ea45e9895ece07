"""What is written every ten minutes, and what the report makes of it."""

from pathlib import Path

from lampd import config
from lampd.gauge import EVERY_S, INSERT, Gauge, Gauges, gauges
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
