"""Heat and weak power, as a kernel's files tell them: learning rests first."""

from pathlib import Path

import pytest

from lampd import config
from lampd.hub import Hub
from lampd.journal import Journal
from lampd.messages import Tick
from lampd.status import status
from lampd.strain import LOOK_S, Rest, Strain, look


@pytest.fixture
def sys(tmp_path: Path) -> Path:
    """A Raspberry Pi's: one sensor that cannot be read, one at 48.3 degrees, and good power."""
    tell(tmp_path, "class/thermal/thermal_zone0/temp", "not now")
    tell(tmp_path, "class/thermal/thermal_zone1/temp", "48312")
    tell(tmp_path, "class/hwmon/hwmon1/in0_lcrit_alarm", "0")
    return tmp_path


def tell(sys: Path, sensor: str, value: str) -> None:
    (sys / sensor).parent.mkdir(parents=True, exist_ok=True)
    (sys / sensor).write_text(f"{value}\n")


def test_what_the_sensors_say(sys: Path, tmp_path: Path) -> None:
    assert look(sys) == Strain(48.312, False)
    assert look(tmp_path / "nothing") == Strain(None, None)


def test_learning_rests_while_it_is_hot_and_until_it_is_cooler(sys: Path) -> None:
    rest = Rest(75)
    rested = []
    for i, degrees in enumerate((74.9, 75.1, 72.0, 70.1, 69.9, 74.9)):
        tell(sys, "class/thermal/thermal_zone1/temp", str(int(1000 * degrees)))
        rested.append(rest.look(i * LOOK_S, sys))
    assert rested == [False, True, True, True, False, False]


def test_learning_rests_while_the_power_is_weak(sys: Path) -> None:
    rest = Rest(75)
    tell(sys, "class/hwmon/hwmon1/in0_lcrit_alarm", "1")
    assert rest.look(0, sys)
    tell(sys, "class/hwmon/hwmon1/in0_lcrit_alarm", "0")
    assert rest.look(LOOK_S / 2, sys), "not looked at yet"
    assert not rest.look(LOOK_S, sys)


def test_a_trainer_that_rests_is_not_told_the_time_and_all_others_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hub = Hub(config.load(board="laptop"), Journal(":memory:", "boot"), lambda: 1000.0, live=True)
    told: list[str] = []
    monkeypatch.setattr(hub.processes, "give", lambda name, seq, message: told.append(name))
    monkeypatch.setattr("lampd.strain.look", lambda sys: Strain(90.0, None))
    hub.post(Tick(1000.0))
    assert told == ["operator", "recorder", "transcriber", "anticipator"]
    shown = status(hub, tmp_path)
    assert shown["board"] == {"temperature_c": 90.0, "undervoltage": None, "learning_rests": True}
