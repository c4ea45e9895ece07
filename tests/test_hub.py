"""What the hub makes of the lamp's past."""

from pathlib import Path

import msgspec
import pytest

from lampd.hub import Hub
from lampd.journal import Journal
from lampd.messages import Flip, Lamp, Speaking, Speech, Transcript
from lampd.settings import Settings


@pytest.mark.parametrize("was_lit", [True, False])
@pytest.mark.parametrize(("power_up", "lit"), [("restore", None), ("lit", True), ("dark", False)])
def test_after_a_power_cut_the_lamp_comes_up_as_configured_and_later_as_it_was(
    settings: Settings, tmp_path: Path, power_up: str, lit: bool | None, was_lit: bool
) -> None:
    operator = msgspec.structs.replace(settings.operator, power_up=power_up)
    settings = msgspec.structs.replace(settings, operator=operator)
    before = Journal(tmp_path / "journal.db", boot="before")
    before.write(Flip(100.0, was_lit))
    before.close()
    journal = Journal(tmp_path / "journal.db", boot="now")
    hub = Hub(settings, journal, lambda: 1.0, live=False)
    expected = was_lit if lit is None else lit
    assert hub.resume().lit == expected
    # the operator has come up; should its process or the hub die now, no light goes on or off by itself
    journal.write(Lamp(1.0, expected))
    journal.write(Flip(2.0, not expected))
    assert hub.resume().lit == (not expected)


def test_a_recorder_that_comes_back_uses_no_number_again(settings: Settings) -> None:
    """What is being said, or transcribed, is in no journal yet."""
    journal = Journal(":memory:", boot="boot")
    journal.write(Transcript(1.0, 6, 0.0, 1.0, "hello", 1.0))
    hub = Hub(settings, journal, lambda: 1.0, live=False)
    assert hub.resume().utterance == 6
    hub.post(Speech(2.0, 7, 1.5, 2.0, b""))
    assert hub.resume().utterance == 7
    hub.post(Speaking(3.0, 8, 2.5, b""))
    assert hub.resume().utterance == 8
