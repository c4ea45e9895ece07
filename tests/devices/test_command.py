"""Commands of the owner's, as real processes: told the newest state, ended in time, with nothing left of them."""

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lampd import config, story
from lampd.devices.command import LONGEST, Command, unprivileged
from lampd.settings import Actuator, Thing
from tests.conftest import opened

FAN = Thing("fan", "on", "off")
Told = list[tuple[str, str]]


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that whoever runs the command may write to."""
    folder = tmp_path_factory.mktemp("command")
    opened(folder)
    folder.chmod(0o777)
    return folder


def script(place: Path, body: str, mode: int = 0o755) -> str:
    path = place / "fan"
    path.write_text(f"#!/bin/sh\ncd {place}\n{body}\n")
    path.chmod(mode)
    return str(path)


def started(*argv: str, timeout_s: float = 10.0) -> tuple[Command, Told]:
    told: Told = []
    return Command(Actuator([*argv], timeout_s), FAN, lambda *words: told.append(words)), told


def until(reached: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)


def lines(place: Path) -> list[str]:
    said = place / "said"
    return said.read_text().splitlines() if said.exists() else []


def children() -> set[int]:
    """Of this process, zombies too."""
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


@pytest.fixture(autouse=True)
def others() -> set[int]:
    """Children that were there before, such as what follows resources for multiprocessing."""
    return children()


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_is_told_the_state_by_its_name_and_in_its_environment(
    place: Path, monkeypatch: pytest.MonkeyPatch, others: set[int]
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    said = 'echo "$@ $LAMPD_STATE $(pwd) $NOTIFY_SOCKET$(cat)" >>said'
    command, told = started(script(place, said), "--speed", "two words")
    for lit, line in ((True, "on 1"), (False, "off 0")):
        command.set(lit)
        until(lambda line=line: any(line in one for one in lines(place)))  # type: ignore[misc]
    assert lines(place) == [f"--speed two words on 1 {place} ", f"--speed two words off 0 {place} "]
    until(lambda: told == [("", "")])
    assert children() <= others


def test_no_shell_reads_it(place: Path) -> None:
    command, told = started(script(place, 'echo "$1" >>said'), f"$(touch {place}/made); touch {place}/made")
    command.set(True)
    until(lambda: told)
    assert lines(place)[0].startswith("$(touch")
    assert not (place / "made").exists()


def test_of_a_burst_of_changes_the_newest_wins(place: Path, others: set[int]) -> None:
    command, _ = started(script(place, "echo $1 >>said; sleep 0.2; echo over >>said"))
    began = time.monotonic()
    for number in range(100):
        command.set(number % 2 == 0)
        time.sleep(0.001)
    assert time.monotonic() - began < 2, "nobody waits for it"
    until(lambda: len(lines(place)) >= 4 and lines(place)[-2:] == ["off", "over"])
    time.sleep(0.5)
    said = lines(place)
    assert said[1::2] == ["over"] * (len(said) // 2), "one at a time"
    assert len(said) // 2 <= 4, "and no more of them than it takes"
    assert children() <= others


def test_what_it_was_told_already_it_is_not_told_again(place: Path) -> None:
    command, told = started(script(place, "echo $1 >>said"))
    command.set(True)
    until(lambda: told)
    command.set(True)
    command.set(False)
    until(lambda: "off" in lines(place))
    assert lines(place) == ["on", "off"]


def test_a_failure_is_told_with_its_end_and_taken_back_once_it_works(place: Path) -> None:
    body = (
        f"test -e fixed && exit 0; head -c {3 * LONGEST} /dev/zero | tr '\\0' x; echo; echo 'it is jammed' >&2; exit 3"
    )
    command, told = started(script(place, body))
    command.set(True)
    until(lambda: told)
    [(why, output)] = told
    assert f"actuator.command: {place}/fan on: exit code 3 (it is jammed)" in why
    assert "at the next change" in why
    assert output.endswith("x\nit is jammed") and len(output) <= LONGEST
    (place / "fixed").touch()
    command.set(False)
    until(lambda: len(told) == 2)
    assert told[1] == ("", "")


def test_a_command_that_failed_is_run_again_for_the_same_state(place: Path) -> None:
    command, told = started(script(place, "echo $1 >>said; exit 1"))
    for times in (1, 2):
        command.set(True)
        until(lambda times=times: len(told) == times)  # type: ignore[misc]
    assert lines(place) == ["on", "on"]


@pytest.mark.parametrize("body", ["sleep 60 & echo $! >pid; wait", "sleep 60 & echo $! >pid; yes"])
def test_one_that_hangs_is_ended_with_its_children(place: Path, body: str, others: set[int]) -> None:
    command, told = started(script(place, body), timeout_s=0.5)
    began = time.monotonic()
    command.set(True)
    until(lambda: told)
    assert 0.5 <= time.monotonic() - began < 5
    assert "not over after 0.5 s" in told[0][0] and "actuator.timeout_s" in told[0][0]
    assert len(told[0][1]) <= LONGEST
    until(lambda: not alive(int((place / "pid").read_text())))
    assert children() <= others


def test_what_it_leaves_running_ends_with_it(place: Path) -> None:
    command, told = started(script(place, "sleep 60 & echo $! >pid"))
    command.set(True)
    until(lambda: told, 5)
    assert told == [("", "")]
    until(lambda: not alive(int((place / "pid").read_text())))


def test_a_newer_state_follows_one_that_hung(place: Path) -> None:
    command, told = started(script(place, "echo $1 >>said; test $1 = off || sleep 60"), timeout_s=0.5)
    command.set(True)
    until(lambda: lines(place) == ["on"])
    command.set(False)
    until(lambda: len(told) == 2)
    assert lines(place) == ["on", "off"] and told[1] == ("", "")


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["/usr/local/bin/no-such-fan"], "no such program"),
        (["no-such-fan"], "give its whole path"),
        (["/etc/passwd"], "may not run it: chmod 755"),
        (["/bin/sh\0"], "cannot be run"),
    ],
)
def test_what_cannot_be_run_is_named(argv: list[str], why: str) -> None:
    command, told = started(*argv)
    command.set(False)
    until(lambda: told)
    assert why in told[0][0]
    assert told[0][0].startswith("actuator.command: ") and argv[0] in told[0][0]


def test_what_is_no_program_is_named(place: Path) -> None:
    (place / "fan").write_text("echo no first line\n")
    (place / "fan").chmod(0o755)
    command, told = started(str(place / "fan"))
    command.set(True)
    until(lambda: told)
    assert "Exec format error" in told[0][0] and "#!/bin/sh" in told[0][0]


def test_it_has_no_privilege_and_no_precedence(place: Path) -> None:
    said = "sleep 0.1; id -u; id -G; cat /proc/self/oom_score_adj; cut -d ' ' -f 19 /proc/self/stat; exit 1"
    command, told = started(script(place, said))
    command.set(True)
    until(lambda: told)
    uid, groups, oom, nice = told[0][1].splitlines()
    assert int(uid) != 0 and "0" not in groups.split()
    assert int(oom) >= 0 and int(nice) >= 0
    if os.geteuid() == 0:
        assert pwd.getpwuid(int(uid)).pw_name in ("lampd", "nobody")


def test_who_is_no_root_has_nothing_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert unprivileged() == {}


def test_what_runs_is_ended_when_its_owner_leaves(place: Path) -> None:
    command, _ = started(script(place, "sleep 60 & echo $! >pid; wait"))
    command.set(True)
    until(lambda: (place / "pid").exists() and (place / "pid").read_text())
    command.end()
    until(lambda: not alive(int((place / "pid").read_text())))


def test_the_switch_does_not_wait_for_it(place: Path) -> None:
    """A command that never stops talking, and a hand that presses meanwhile."""
    command, _ = started(script(place, "yes"), timeout_s=2.0)
    taken = []
    for number in range(150):
        began = time.monotonic()
        command.set(number % 2 == 0)
        taken.append(time.monotonic() - began)
        time.sleep(0.01)
    assert sorted(taken)[len(taken) * 9 // 10] < 0.005, "others are busy here, too"


def test_the_shape_is_that_of_the_configuration() -> None:
    assert config.load().actuator == Actuator(None, 5.0)
    assert story.state(True, FAN) == "on"


def test_it_loads_nothing_heavy() -> None:
    code = "import sys, lampd.devices.command; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "asyncio", "structlog", "torch", "rich"} & set(done.stdout.split())
