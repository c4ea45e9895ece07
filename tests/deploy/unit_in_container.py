"""The unit under a real systemd: `make unit-test`, as root, installs it on a Debian in a container that forgets.

What needs sound, pins or a limit on memory is not here: the container has this machine's kernel.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lampd import config
from lampd.precedence import PLACES, Place, place

sys.path.insert(0, str(Path(__file__).parent))

from container import Machine, booted, bundle, until

HASTY = """[Service]
ExecStartPre=/opt/lampd/current/bin/python /opt/probe.py
WatchdogSec=5
RestartSec=100ms
RestartMaxDelaySec=200ms
"""
PROBE = """
import errno, grp, json, os, pathlib, socket, time

def attempt(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"

status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
pathlib.Path("/var/lib/lampd/probe.json").write_text(json.dumps({
    "internet": attempt(lambda: socket.socket(socket.AF_INET)),
    "internet 6": attempt(lambda: socket.socket(socket.AF_INET6)),
    "netlink": attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
    "unix": attempt(lambda: socket.socket(socket.AF_UNIX)),
    "network": os.readlink("/proc/self/ns/net"),
    "interfaces": [line.split(":")[0].strip() for line in open("/proc/self/net/dev").read().splitlines()[2:]],
    "fuse": attempt(lambda: open("/dev/probe", "rb")),
    "null": attempt(lambda: open("/dev/null", "rb")),
    "own code": attempt(lambda: open("/opt/lampd/new", "w")),
    "settings": attempt(lambda: open("/etc/probe", "w")),
    "homes": attempt(lambda: os.listdir("/root")),
    "clock": attempt(lambda: time.clock_settime(time.CLOCK_REALTIME, time.time())),
    "namespace": attempt(lambda: os.unshare(os.CLONE_NEWUSER)),
    "groups": sorted(grp.getgrgid(group).gr_name for group in {os.getgid(), *os.getgroups()}),
    "status": {key: status[key].strip() for key in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")},
}))
"""


def pid_of(machine: Machine, stage: str) -> int:
    return int(machine.status().get("stages", {}).get(stage, {}).get("pid") or 0)


def errors(machine: Machine) -> str:
    return machine.run("journalctl", "-u", "lampd", "-p", "err", "-o", "cat")


def answers(machine: Machine) -> bool:
    return machine.unit("ActiveState") == "active" and bool(machine.status())


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with booted(tmp_path_factory.mktemp("machine")) as machine:
        machine.run("useradd", "owner")
        machine.unpack(bundle("1.0.0"), "/opt/bundle")
        machine.run("/opt/bundle/install.sh", "--board", "laptop", "--owner", "owner", "--unsigned")
        machine.run("mkdir", "-p", "/run/systemd/system/lampd.service.d")
        machine.run("tee", "/run/systemd/system/lampd.service.d/hasty.conf", write=HASTY)
        machine.run("tee", "/opt/probe.py", write=PROBE)
        machine.run("mknod", "-m", "666", "/dev/probe", "c", "10", "229")
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", "lampd")
        yield machine


def test_todays_systemd_finds_nothing_wrong_with_what_is_installed(machine: Machine) -> None:
    verified = machine.ask("systemd-analyze", "verify", "--man=no", "lampd.service")
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    machine.run("systemd-analyze", "security", "--threshold=20", "lampd.service")
    machine.run("udevadm", "verify", "/usr/lib/udev/rules.d/60-lampd-gpio.rules")


def test_ready_means_that_the_switch_works(machine: Machine) -> None:
    machine.run("systemctl", "restart", "lampd")
    assert machine.lampctl("on").returncode == 0
    until(lambda: machine.status()["lit"], 3)


def test_it_can_do_little_else(machine: Machine) -> None:
    # what is refused below would be granted elsewhere
    machine.run("runuser", "-u", "lampd", "--", "head", "-c0", "/dev/probe")
    found = json.loads(machine.run("cat", "/var/lib/lampd/probe.json"))
    assert found.pop("network") != machine.run("readlink", "/proc/1/ns/net")
    assert found.pop("fuse") == "EPERM"
    assert found.pop("homes") in ("EACCES", "EPERM")
    assert found == {
        "internet": "EAFNOSUPPORT",
        "internet 6": "EAFNOSUPPORT",
        "netlink": "EAFNOSUPPORT",
        "unix": "done",
        "interfaces": ["lo"],
        "null": "done",
        "own code": "EROFS",
        "settings": "EROFS",
        "clock": "EPERM",
        "namespace": "EPERM",
        "groups": ["audio", "gpio", "lampd"],
        "status": {"CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"},
    }


def test_its_group_may_ask_and_read_and_nobody_else(machine: Machine) -> None:
    assert machine.lampctl("flip", user="owner").returncode == 0
    until(lambda: "a hand" in machine.lampctl("log", user="owner").stdout, 5)
    assert machine.lampctl("flip", user="nobody").returncode == 2
    assert machine.ask("runuser", "-u", "nobody", "--", "ls", "/var/lib/lampd").returncode != 0


def test_the_stages_step_back_and_a_killed_one_comes_back(machine: Machine) -> None:
    until(lambda: pid_of(machine, "trainer") and pid_of(machine, "transcriber"))
    hub = int(machine.unit("MainPID"))
    start = machine.standing(hub)
    assert start.nice == PLACES["operator"].nice
    # a container that has no CAP_SYS_RESOURCE itself can lower nobody's
    assert start.oom_score_adj in (PLACES["operator"].oom_score_adj, 0)
    settings = config.load()
    for stage in ("operator", "transcriber", "trainer"):
        assert machine.standing(pid_of(machine, stage)) == Place(*map(max, place(stage, settings), start)), stage
    before = pid_of(machine, "trainer")
    machine.kill(before, "KILL")
    until(lambda: pid_of(machine, "trainer") not in (0, before))
    assert int(machine.unit("MainPID")) == hub


def test_a_hung_hub_is_ended_by_the_watchdog_and_the_lamp_is_as_it_was(machine: Machine) -> None:
    machine.lampctl("on")
    until(lambda: machine.status()["lit"], 5)
    before = machine.unit("MainPID")
    machine.kill(before, "STOP")
    until(lambda: machine.unit("MainPID") not in ("0", before) and answers(machine))
    assert "Watchdog timeout" in machine.run("journalctl", "-u", "lampd", "-o", "cat")
    assert machine.status()["lit"]


def test_it_is_never_given_up(machine: Machine) -> None:
    began = int(machine.unit("NRestarts"))
    # systemd's own limit would be five in ten seconds
    for _ in range(7):
        before = machine.unit("MainPID")
        machine.kill(before, "KILL")
        until(lambda before=before: machine.unit("MainPID") not in ("0", before))
    assert int(machine.unit("NRestarts")) == began + 7
    until(lambda: answers(machine))


def test_another_lamp_has_a_name_and_all_else_of_its_own(machine: Machine) -> None:
    fan = "thing: {name: fan, lit: 'on', dark: 'off'}\ngpio: {relay: null}\nactuator: {command: [/opt/fan]}\n"
    machine.run("tee", "/etc/lampd/fan.yaml", write=f"board: laptop\n{fan}")
    machine.run("tee", "/opt/fan", write='#!/bin/sh\necho "$1, $(id -un)" >>/var/lib/lampd/fan/said\n')
    machine.run("chmod", "755", "/opt/fan")
    verified = machine.ask("systemd-analyze", "verify", "--man=no", "lampd@fan.service")
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    machine.run("systemctl", "start", "lampd@fan")
    machine.run("systemd-analyze", "security", "--threshold=20", "lampd@fan.service")
    assert machine.lampctl("--name", "fan", "flip", user="owner").returncode == 0
    until(lambda: machine.ask("cat", "/var/lib/lampd/fan/said").stdout == "off, lampd\non, lampd\n", 10)
    assert machine.lampctl("--name", "fan", "flip", user="nobody").returncode == 2
    assert machine.run("stat", "-c", "%U %G %a", "/var/lib/lampd/fan") == "lampd lampd 750"
    # the lamp without a name comes and goes, and the fan stays
    before = machine.run("systemctl", "show", "--value", "--property", "MainPID", "lampd@fan")
    machine.run("systemctl", "restart", "lampd")
    until(lambda: answers(machine))
    assert "fan ● on" in machine.lampctl("--name", "fan", "status", user="owner").stdout
    assert machine.run("systemctl", "show", "--value", "--property", "MainPID", "lampd@fan") == before
    machine.run("systemctl", "stop", "lampd@fan")
    assert machine.ask("ls", "/run/lampd@fan").returncode != 0
    assert answers(machine)


def test_errors_are_errors_in_the_journal(machine: Machine) -> None:
    machine.run("tee", "/etc/lampd/lampd.yaml", write="recorder: {hangover: 0.5}\n")
    machine.ask("systemctl", "restart", "lampd")
    until(lambda: "recorder.hangover is not a key" in errors(machine), 10)
    assert "there is no microphone" in errors(machine)
    assert "stage ready" not in errors(machine)
    machine.run("tee", "/etc/lampd/lampd.yaml", write="board: laptop\n")
    until(lambda: answers(machine))
