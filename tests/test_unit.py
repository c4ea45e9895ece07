"""The unit and what is installed beside it, as systemd reads them, and as lampd's own defaults have it."""

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from lampd import config
from lampd.precedence import PLACES, Place

SYSTEMD = Path(__file__).parent.parent / "systemd"
UNIT, SYSUSERS, UDEV = (SYSTEMD / name for name in ("lampd.service", "lampd.sysusers", "60-lampd-gpio.rules"))
EXPOSURE = 2.0
"""The most that `systemd-analyze security` may find, of 10."""
SINCE_254 = "RestartSteps", "RestartMaxDelaySec"
"""Older ones, such as Debian 12's, name them as unknown, ignore them, and always wait RestartSec."""


def effective(path: Path) -> str:
    """A file without its comments."""
    return "\n".join(line for line in path.read_text().splitlines() if line and not line.startswith("#"))


def keys() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in effective(UNIT).splitlines():
        key, equals, value = line.partition("=")
        if equals:
            found[key].append(value)
    return found


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Its output, of both kinds, in `stdout`. Skips the test where there is no such program."""
    if not shutil.which(str(command[0])):
        pytest.skip(f"{command[0]} is not there: apt install systemd udev")
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)


def version(program: str) -> int:
    return int(run(program, "--version").stdout.split()[1 if program != "udevadm" else 0].split(".")[0])


@pytest.fixture(params=["lampd.service", "lampd@.service"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Of the only lamp, or of one of several."""
    if request.param == UNIT.name:
        return UNIT
    made = tmp_path / "made" / request.param
    made.parent.mkdir()
    made.write_text(template())
    return made


def template() -> str:
    """As deploy/tree.sh makes it."""
    return subprocess.check_output(["sed", "-f", SYSTEMD / "instance.sed", UNIT], text=True)


def test_systemd_finds_nothing_wrong_with_the_unit(unit: Path, tmp_path: Path) -> None:
    # lampd is not installed where tests run
    (tmp_path / unit.name).write_text(unit.read_text().replace(keys()["ExecStart"][0], shutil.which("true") or ""))
    one = unit.name.replace("@", "@fan")
    if one != unit.name:
        (tmp_path / one).symlink_to(tmp_path / unit.name)
    verified = run("systemd-analyze", "verify", "--man=no", tmp_path / one)
    # others' units are not ours to judge
    complaints = [line for line in verified.stdout.splitlines() if "lampd" in line]
    if version("systemd-analyze") < 254:
        complaints = [line for line in complaints if not any(f"Unknown key '{key}'" in line for key in SINCE_254)]
    assert not complaints
    assert verified.returncode == 0, verified.stdout


def test_what_the_unit_is_exposed_to_is_little(unit: Path) -> None:
    if version("systemd-analyze") < 250:
        pytest.skip("systemd-analyze before 250 judges only units that run")
    judged = run("systemd-analyze", "security", "--offline=yes", f"--threshold={10 * EXPOSURE:.0f}", "--no-pager", unit)
    assert judged.returncode == 0, judged.stdout


def test_one_of_several_lamps_is_as_the_only_one_but_for_its_names() -> None:
    lines = zip(UNIT.read_text().splitlines(), template().splitlines(), strict=True)
    changed = dict(pair[1].split("=", 1) for pair in lines if pair[0] != pair[1])
    assert changed == {
        "Description": "%i, which learns what you say for light and for dark",
        "ExecStart": f"{keys()['ExecStart'][0]} --name %i",
        "StateDirectory": "lampd/%i",
        "RuntimeDirectory": "lampd@%i",
    }
    # systemd empties a RuntimeDirectory when its unit stops: none may lie in another's
    assert not changed["RuntimeDirectory"].startswith(f"{keys()['RuntimeDirectory'][0]}/")


def test_what_torch_needs_is_left_to_it() -> None:
    assert not {"MemoryDenyWriteExecute", "ProcSubset"} & set(keys())


def test_the_unit_owns_the_folders_that_the_configuration_names() -> None:
    settings, unit = config.load(), keys()
    assert settings.state_dir == f"/var/lib/{unit['StateDirectory'][0]}"
    assert str(Path(settings.control_socket).parent) == f"/run/{unit['RuntimeDirectory'][0]}"
    assert "/" not in unit["StateDirectory"][0] + unit["RuntimeDirectory"][0]


def test_its_group_may_use_the_control_socket_and_nobody_else() -> None:
    assert int(keys()["UMask"][0], 8) == 0o007
    assert int(keys()["RuntimeDirectoryMode"][0], 8) == 0o750


def test_a_stage_that_hangs_is_restarted_before_the_whole_is() -> None:
    assert float(keys()["WatchdogSec"][0]) > 2 * config.load().hub.hang_after_s


def test_all_stages_begin_where_the_operator_stays() -> None:
    assert Place(int(keys()["Nice"][0]), int(keys()["OOMScoreAdjust"][0])) == PLACES["operator"]


def test_user_and_groups_are_made(tmp_path: Path) -> None:
    kinds = [line.split()[:2] for line in effective(SYSUSERS).splitlines()]
    assert ["u", keys()["User"][0]] in kinds
    # Debian makes audio itself
    assert {name for _, name in kinds} | {"audio"} >= set(keys()["SupplementaryGroups"][0].split())
    made = run("systemd-sysusers", "--dry-run", f"--root={tmp_path}", SYSUSERS)
    assert made.returncode == 0, made.stdout
    assert f"user '{keys()['User'][0]}'" in made.stdout
    assert config.load().state_dir in SYSUSERS.read_text()


def test_the_pins_are_given_to_a_group_of_the_units() -> None:
    rule = dict(part.replace("==", "=").split("=") for part in effective(UDEV).split(", "))
    assert rule["GROUP"].strip('"') in keys()["SupplementaryGroups"][0].split()
    assert "char-gpiochip rw" in keys()["DeviceAllow"]


def test_udev_reads_the_rule() -> None:
    if version("udevadm") < 254:
        pytest.skip("udevadm before 254 cannot verify rules")
    verified = run("udevadm", "verify", "--resolve-names=never", UDEV)
    assert verified.returncode == 0, verified.stdout
