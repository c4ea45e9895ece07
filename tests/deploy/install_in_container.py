"""The life of an installation, in order, on one Debian without a network: `make install-test`, as root.

Upgrades keep what was learned; what does not do well, or was not signed by a known key, does not stay.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from container import KEY, Machine, booted, bundle, until

FIRST, INSTALLED = "/opt/first/install.sh", "/opt/lampd/current/install.sh"
SIGNED = "/opt/maker.pub"
Run = subprocess.CompletedProcess[str]


def breaks(source: Path) -> None:
    """A release that makes of the journal what the one before it cannot read, and dies."""
    schema, daemon = source / "lampd/schema.py", source / "lampd/daemon.py"
    text = re.sub(r"(?m)^VERSION = (\d+)$", r"OLD = \1\nVERSION = OLD + 1", schema.read_text())
    schema.write_text(f'{text}CHANGES[OLD] = "CREATE TABLE more (thing);"\n')
    text = daemon.read_text()
    assert "    daemon.hub.start()\n" in text
    daemon.write_text(text.replace("    daemon.hub.start()\n", '    raise SystemExit("the moon is full")\n'))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    bundles = {"1.0.0": bundle("1.0.0"), "1.1.0": bundle("1.1.0"), "2.0.0": bundle("2.0.0", breaks)}
    with booted(tmp_path_factory.mktemp("machine")) as machine:
        machine.run("useradd", "owner")
        machine.unpack(bundles["1.0.0"], "/opt/first")
        for name, file in bundles.items():
            machine.copy(file, f"/opt/{name}.tar")
        machine.copy(KEY.with_suffix(".pub"), SIGNED)
        yield machine


def files(machine: Machine) -> set[str]:
    """What is on its disk, with times, sizes and modes, but for what systemd itself writes."""
    found = machine.run("find", "/", "-xdev", "-printf", r"%p %T@ %s %m\n").splitlines()
    return {line for line in found if not re.match("/ |/run|/tmp|/var/(log|lib/systemd|tmp)", line)}


def named(machine: Machine) -> list[str]:
    """Everything outside of /opt that is called lampd."""
    return machine.run(
        "find", "/", "-xdev", "-path", "/opt/[^l]*", "-prune", "-o", "-name", "*lampd*", "-print"
    ).split()


def version(machine: Machine) -> str:
    return str(machine.status().get("version"))


def flips(machine: Machine) -> int:
    return machine.lampctl("log", "-n", "1000").stdout.count("a hand")


def releases(machine: Machine) -> set[str]:
    return set(machine.run("ls", "/opt/lampd/releases").split())


def journal_version(machine: Machine) -> int:
    ask = (
        "import sqlite3; print(*sqlite3.connect('/var/lib/lampd/journal.db').execute('PRAGMA user_version').fetchone())"
    )
    return int(machine.run("runuser", "-u", "lampd", "--", "python3", "-c", ask))


def refused(run: Run, why: str) -> None:
    assert (run.returncode, why in run.stderr) == (1, True), run.stdout + run.stderr


def fan(machine: Machine) -> dict[str, Any]:
    """The status of the other lamp."""
    answer: dict[str, Any] = json.loads(machine.lampctl("--name", "fan", "status", "--json").stdout or "{}")
    return answer


def test_a_dry_run_touches_nothing(machine: Machine) -> None:
    before = files(machine)
    said = machine.run(FIRST, "--dry-run", "--board", "laptop", "--owner", "owner", "--signer", SIGNED)
    for words in ("would unpack 1.0.0", "would install PortAudio", "board: laptop", "lampd.service", "owner"):
        assert words in said
    assert files(machine) == before


def test_what_cannot_be_told_or_trusted_is_refused(machine: Machine) -> None:
    before = files(machine)
    refused(machine.ask(FIRST, "--board", "laptop"), "no key is trusted yet")
    refused(machine.ask(FIRST, "--signer", SIGNED), "say --board NAME")
    refused(machine.ask(FIRST, "--signer", SIGNED, "--board", "laptop", "--owner", "nobody-here"), "there is no user")
    refused(machine.ask("runuser", "-u", "owner", "--", FIRST, "--signer", SIGNED, "--board", "laptop"), "use sudo")
    assert files(machine) == before


def test_one_command_and_the_lamp_works_without_a_network(machine: Machine) -> None:
    assert machine.run("ls", "/sys/class/net") == "lo"
    said = machine.run(FIRST, "--signer", SIGNED, "--board", "laptop", "--owner", "owner")
    assert "lampd 1.0.0 is installed" in said
    assert "it cannot hear yet: there is no microphone" in said
    assert version(machine) == "1.0.0"
    assert machine.lampctl("on", user="owner").returncode == 0
    until(lambda: machine.status()["lit"], 3)
    assert "board: laptop" in machine.run("cat", "/etc/lampd/lampd.yaml")
    machine.run("python3", "-c", "import ctypes; ctypes.CDLL('libportaudio.so.2')")


def test_a_lamp_with_a_name_runs_beside_it(machine: Machine) -> None:
    machine.run("tee", "/etc/lampd/fan.yaml", write="board: laptop\nthing: {name: fan, lit: 'on', dark: 'off'}\n")
    machine.run("systemctl", "start", "lampd@fan")
    assert machine.lampctl("--name", "fan", "on", user="owner").returncode == 0
    until(lambda: fan(machine)["lit"], 5)
    assert fan(machine)["version"] == "1.0.0"


def test_what_it_loads_was_compiled_before(machine: Machine) -> None:
    maps = machine.run("sh", "-c", "ls /opt/lampd/current/lib/python3.13/site-packages/*/__pycache__ -d")
    for package in ("lampd", "msgspec", "numpy", "onnxruntime", "scipy", "structlog", "yaml"):
        assert f"/{package}/" in maps


def test_a_second_run_changes_nothing_and_says_so(machine: Machine) -> None:
    before, running = files(machine), machine.unit("MainPID")
    assert "1.0.0 is installed already: nothing to do" in machine.run(FIRST, "--owner", "owner")
    # the lamp itself may write meanwhile
    assert {line for line in files(machine) ^ before if not line.startswith("/var/lib/lampd")} == set()
    assert machine.unit("MainPID") == running


def test_an_upgrade_keeps_what_was_learned_and_the_light(machine: Machine) -> None:
    before = flips(machine)
    assert before
    machine.run(
        "runuser",
        "-u",
        "lampd",
        "--",
        "sh",
        "-c",
        "mkdir -p /var/lib/lampd/models; echo kept >/var/lib/lampd/models/one",
    )
    said = machine.run(INSTALLED, "/opt/1.1.0.tar")
    assert "lampd 1.1.0 is installed" in said
    assert version(machine) == "1.1.0"
    assert machine.status()["lit"]
    assert flips(machine) == before
    assert machine.run("cat", "/var/lib/lampd/models/one", "/var/lib/lampd/before-1.1.0/models/one") == "kept\nkept"
    assert machine.run("readlink", "/opt/lampd/previous") == "releases/1.0.0"
    until(lambda: fan(machine).get("version") == "1.1.0")
    assert fan(machine)["lit"]
    machine.run("ls", "/var/lib/lampd/fan/before-1.1.0/journal.db")


def test_what_was_tampered_with_is_refused(machine: Machine) -> None:
    pid, packed = machine.unit("MainPID"), "/opt/bad/release.tar.xz"
    machine.unpack(bundle("2.0.0", breaks), "/opt/bad")
    spoilt = f"size=$(stat -c %s {packed}); printf x | dd of={packed} bs=1 seek=$((size / 2)) conv=notrunc status=none"
    machine.run("sh", "-c", spoilt)
    refused(machine.ask("/opt/bad/install.sh"), "release.tar.xz is not what was made")
    machine.run("sh", "-c", "cd /opt/bad && find . -type f ! -name 'SHA256SUMS*' | xargs sha256sum >SHA256SUMS")
    refused(machine.ask("/opt/bad/install.sh"), "is of no key")
    machine.run(
        "sh",
        "-c",
        "cd /opt/bad && ssh-keygen -q -t ed25519 -N '' -f /root/other && rm SHA256SUMS.sig && "
        "ssh-keygen -q -Y sign -n lampd -f /root/other SHA256SUMS",
    )
    refused(machine.ask("/opt/bad/install.sh"), "is of no key")
    machine.run("rm", "/opt/bad/SHA256SUMS.sig")
    refused(machine.ask("/opt/bad/install.sh"), "is not signed")
    assert machine.unit("MainPID") == pid
    assert releases(machine) == {"1.0.0", "1.1.0"}


def test_a_release_that_dies_is_taken_back_by_itself_with_what_it_did_to_the_journal(machine: Machine) -> None:
    before = flips(machine), journal_version(machine)
    run = machine.ask(INSTALLED, "/opt/2.0.0.tar")
    assert run.returncode == 2, run.stdout + run.stderr
    assert "release 2.0.0 does not do well" in run.stderr
    assert "the moon is full" in run.stderr
    assert "journalctl -u lampd" in run.stderr
    assert "/var/lib/lampd/after-2.0.0" in run.stdout
    assert version(machine) == "1.1.0"
    assert machine.status()["lit"]
    assert (flips(machine), journal_version(machine)) == before
    until(lambda: fan(machine).get("lit"))


def test_what_did_not_do_well_goes_with_the_next_that_does(machine: Machine) -> None:
    assert releases(machine) == {"1.0.0", "1.1.0", "2.0.0"}
    assert "remove 2.0.0" in machine.run(INSTALLED, "/opt/1.1.0.tar")
    assert releases(machine) == {"1.0.0", "1.1.0"}


def test_rollback_by_hand_goes_back_and_forth_and_keeps_what_was_learned(machine: Machine) -> None:
    machine.lampctl("flip")
    until(lambda: not machine.status()["lit"], 3)
    before = flips(machine)
    assert "what was learned stays" in machine.run(INSTALLED, "rollback")
    assert (version(machine), flips(machine)) == ("1.0.0", before)
    machine.run(INSTALLED, "rollback")
    assert (version(machine), flips(machine)) == ("1.1.0", before)


def test_uninstalled_it_is_gone_but_for_what_it_learned(machine: Machine) -> None:
    before = flips(machine)
    machine.run(INSTALLED, "uninstall")
    assert sorted(named(machine)) == ["/etc/lampd", "/etc/lampd/lampd.yaml", "/var/lib/lampd"]
    assert "nothing to do" in machine.run(FIRST, "uninstall")
    machine.run(FIRST, "--owner", "owner")
    assert (version(machine), flips(machine)) == ("1.0.0", before)


def test_purged_nothing_is_left(machine: Machine) -> None:
    machine.run(INSTALLED, "uninstall", "--purge")
    assert named(machine) == []
    assert machine.ask("getent", "passwd", "lampd").returncode == 2
    assert machine.ask("getent", "group", "lampd").returncode == 2
