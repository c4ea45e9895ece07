"""A fan as its owner meets it: the daemon runs a command for each change, and says so where that goes wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.conftest import opened
from tests.devices.test_command import alive
from tests.test_daemon import House, operator_ready

SCRIPT = """#!/bin/sh
echo "$1 $LAMPD_STATE" >>{place}/said
test ! -e {place}/slow || {{ sleep 60 & echo $! >{place}/pid; wait; }}
test ! -e {place}/jammed || {{ echo it is jammed; exit 3; }}
"""


@pytest.fixture
def fan(tmp_path: Path) -> Iterator[House]:
    """A fan without a relay, whose command may be jammed by a file."""
    house = House(tmp_path)
    # whoever runs the command may write there
    place = tmp_path / "room"
    place.mkdir()
    opened(place)
    place.chmod(0o777)
    program = place / "fan"
    program.write_text(SCRIPT.format(place=place))
    program.chmod(0o755)
    settings = yaml.safe_load(house.file.read_text()) | {
        "thing": {"name": "fan", "lit": "on", "dark": "off"},
        "gpio": {"relay": None},
        "actuator": {"command": [str(program)]},
    }
    house.file.write_text(yaml.safe_dump(settings))
    yield house
    if house.daemon and house.daemon.poll() is None:
        house.daemon.kill()
        house.daemon.wait()


def said(fan: House) -> list[str]:
    file = fan.file.parent / "room" / "said"
    return file.read_text().splitlines() if file.exists() else []


def test_a_flip_runs_the_command_and_everything_speaks_of_the_fan(fan: House) -> None:
    fan.start()
    fan.until(lambda: operator_ready(fan))
    fan.until(lambda: said(fan) == ["off 0"])
    fan.ask("flip")
    fan.until(lambda: said(fan) == ["off 0", "on 1"])
    assert "fan ● on" in fan.ask("status").stdout
    log = fan.ask("log").stdout
    assert "fan      off as lampd comes up" in log and "a hand: the fan is on" in log
    assert fan.status()["lit"] is True
    assert fan.daemon
    fan.daemon.terminate()
    fan.daemon.wait()
    fan.start()
    fan.until(lambda: said(fan) == ["off 0", "on 1", "on 1"])


def test_what_still_runs_ends_with_the_daemon(fan: House) -> None:
    room = fan.file.parent / "room"
    (room / "slow").touch()
    fan.start()
    fan.until(lambda: (room / "pid").exists() and (room / "pid").read_text())
    assert fan.daemon
    fan.daemon.terminate()
    assert fan.daemon.wait(5) == 0
    fan.until(lambda: not alive(int((room / "pid").read_text())), 2)


def test_a_jammed_command_is_not_well_until_it_works(fan: House) -> None:
    jammed = fan.file.parent / "room" / "jammed"
    jammed.touch()
    with (fan.file.parent / "log").open("wb") as log:
        fan.start(log=log)
        fan.until(lambda: operator_ready(fan) and fan.status()["stages"]["operator"]["note"])
        status, shown = fan.status(), fan.ask("status")
        assert shown.returncode == 1 and not status["well"]
        [line] = [line for line in shown.stdout.splitlines() if "jammed" in line]
        assert "room/fan off: exit code 3 (it is jammed): run it yourself" in line
        told = [json.loads(line) for line in (fan.file.parent / "log").read_text().splitlines()]
        assert [one["output"] for one in told if "output" in one] == ["it is jammed"]
        jammed.unlink()
        fan.ask("flip")
        fan.until(lambda: not fan.status()["stages"]["operator"]["note"])
        assert fan.ask("status").returncode == 0 or "operator" not in " ".join(fan.status()["complaints"])
        assert said(fan) == ["off 0", "on 1"]
