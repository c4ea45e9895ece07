"""What leaves the lamp, and where it writes, as the kernel sees it: the real daemon is started, spoken to, flipped,
taught, recorded, backed up and stopped under strace. And no code in it reads a pickle."""

import ast
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import soundfile
import yaml

from tests.conftest import EVENING
from tests.devices.test_microphone import Room
from tests.test_daemon import LAMPCTL, LAMPD, House
from tests.test_house import SOURCES

SOCKETS = {"socket", "socketpair"}
OPENS = {"open", "openat", "openat2", "creat"}
CHANGES = {"rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "link", "linkat"}
CHANGES |= {"symlink", "symlinkat", "truncate", "mknod", "mknodat", "chmod", "fchmodat", "fchmodat2", "chown", "lchown"}
CHANGES |= {"fchownat", "utimensat", "setxattr", "lsetxattr", "mount"}
OTHERS = {"io_uring_setup"}
"""What could open a socket unseen."""
WRITES = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)")
CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)(.*)$")
STRING = re.compile(r'(?:(AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')


SILENCED = "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS"


class Trace(NamedTuple):
    """What a program and its children did: families of the sockets they asked for, and paths that they changed, or
    opened for writing."""

    families: set[str]
    changed: set[str]


def traced(*command: str, into: Path) -> list[str]:
    """`command` as strace is to run it."""
    calls = ",".join(f"?{name}" for name in sorted(SOCKETS | OPENS | CHANGES | OTHERS))
    return ["strace", "-ff", "--seccomp-bpf", "-y", "-s", "4096", "-e", f"trace={calls}", "-o", str(into), *command]


def read(into: Path, cwd: Path) -> Trace:
    """What is in the files that strace wrote, of programs that began in the folder `cwd`."""
    families, changed = set(), set()
    for path in sorted(into.parent.glob(f"{into.name}.*")):
        for line in path.read_text(errors="replace").splitlines():
            if not (found := CALL.match(line)):
                assert not re.match(r"\w+\(", line) or "<unfinished" in line or "?" in line, line
                continue
            call, arguments, code, after = found.groups()
            if call in SOCKETS:
                families.add(arguments.split(",")[0])
            elif call in OTHERS:
                families.add(call)
            elif int(code) >= 0 and (call not in OPENS or call == "creat" or WRITES.search(arguments)):
                # the path of what was opened, as the kernel knows it
                opened = re.match(r"<(/[^>]*)>", after) if call in OPENS else None
                paths = [opened[1]] if opened else [str(cwd / (m[2] or "") / m[3]) for m in STRING.finditer(arguments)]
                assert paths, line
                changed |= {os.path.normpath(one.removesuffix(" (deleted)")) for one in paths}
    return Trace(families, changed)


@pytest.fixture(scope="module", autouse=True)
def strace() -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is missing: sudo apt install strace")
    if subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode:
        pytest.skip("strace may not look at programs here")


def test_the_trace_would_show_it(tmp_path: Path) -> None:
    """Else the test below would hold whatever lampd did."""
    (tmp_path / "cwd").mkdir()
    code = """
import os, socket, subprocess, sys, multiprocessing
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
    try:
        socket.socket(family, socket.SOCK_DGRAM)
    except OSError:
        pass
open("written", "w").close()
open("/dev/null").close()
os.open("flags", os.O_RDWR | os.O_CREAT)
os.rename("written", "renamed")
os.mkdir("made")
os.open("made/inside", os.O_WRONLY | os.O_CREAT, dir_fd=os.open(".", os.O_RDONLY))
os.symlink("/etc/passwd", "link")
os.chmod("renamed", 0o600)
os.unlink("renamed")
subprocess.run([sys.executable, "-c", "import socket; socket.socketpair(); open('by a child', 'a')"], check=True)
"""
    subprocess.run(
        traced(sys.executable, "-I", "-c", code, into=tmp_path / "trace"), cwd=tmp_path / "cwd", check=True, timeout=60
    )
    found = read(tmp_path / "trace", tmp_path / "cwd")
    assert {"AF_INET", "AF_INET6", "AF_NETLINK", "AF_UNIX"} == found.families
    own = {path.removeprefix(f"{tmp_path}/cwd/") for path in found.changed if path.startswith(f"{tmp_path}/cwd/")}
    assert {"written", "flags", "renamed", "made", "made/inside", "link", "by a child"} <= own


class Place(NamedTuple):
    """Where a lamp lives, and who plays sound to it."""

    house: House
    state: Path
    room: Room


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    if not all(map(shutil.which, ("pulseaudio", "pactl", "paplay"))):
        pytest.skip("PulseAudio is missing: sudo apt install pulseaudio pulseaudio-utils libasound2-plugins")
    for name in ("own", "sound", "elsewhere"):
        (tmp_path / name).mkdir()
    house, room = House(tmp_path / "own"), Room(tmp_path / "sound")
    settings = yaml.safe_load(house.file.read_text())
    settings |= {"recorder": {"device": "pulse"}, "anticipator": {"silence_s": 1.0}}
    house.file.write_text(yaml.safe_dump(settings))
    yield Place(house, tmp_path / "own" / "state", room)
    room.close()
    with contextlib.suppress(AttributeError, ProcessLookupError):
        os.killpg(house.daemon.pid, signal.SIGKILL)  # type: ignore[union-attr]


def test_nothing_leaves_the_lamp_and_nothing_is_written_elsewhere(place: Place, tmp_path: Path) -> None:
    house, room, into = place.house, place.room, tmp_path / "trace"
    # some libraries are silent where they are tested
    telling = {key: value for key, value in room._environment.items() if key not in ("CI", "HF_HUB_OFFLINE", *SILENCED)}
    environment = telling | {"PYTHONDONTWRITEBYTECODE": "1"}
    command = traced(*LAMPD, "--config", str(house.file), into=into)
    cwd = tmp_path / "elsewhere"
    house.daemon = subprocess.Popen(
        command, env=environment, cwd=cwd, stderr=subprocess.DEVNULL, start_new_session=True
    )
    ready = "operator", "recorder", "transcriber", "anticipator", "trainer"
    house.until(lambda: house.ask("status", "--json").returncode != 2)
    house.until(lambda: all(house.status()["stages"][name]["state"] == "ready" for name in ready), 120)
    assert house.ask("record", "start").returncode == 0
    samples, rate = soundfile.read(EVENING / "audio" / "0001.flac", dtype="int16")
    room.play(samples, rate)
    house.until(lambda: "heard" in house.ask("log").stdout)
    assert house.ask("flip").returncode == 0
    house.until(lambda: house.status()["model"], 90)
    assert house.ask("record", "stop").returncode == 0
    assert [*place.state.glob("sessions/*/audio/*.flac")]
    (tmp_path / "kept").mkdir()
    backup = traced(*LAMPCTL, "--config", str(house.file), "backup", str(tmp_path / "kept" / "a.lamp"), into=into)
    kept = subprocess.run(backup, env=environment, cwd=cwd, capture_output=True, text=True, timeout=120)
    assert kept.returncode == 0, kept.stderr
    [pid] = Path(f"/proc/{house.daemon.pid}/task/{house.daemon.pid}/children").read_text().split()
    os.kill(int(pid), signal.SIGTERM)
    assert house.daemon.wait(30) == 0
    found = read(into, cwd)
    assert found.families == {"AF_UNIX"}
    own = [place.state, house.file.parent / "control.sock", tmp_path / "kept", tmp_path / "sound"]
    strange = {path for path in found.changed if not any(Path(path).is_relative_to(one) for one in own)}
    # semaphores of the queues, and of the sound server's client; whom the kernel ends first; sound
    assert not {path for path in strange if not re.match(r"/dev/(shm/|null$|snd/)|/proc/\d+/oom_score_adj$", path)}
    written = {
        Path(path).relative_to(place.state).parts[0] for path in found.changed if path.startswith(f"{place.state}/")
    }
    assert {"journal.db", "models", "sessions"} <= written


def test_no_code_reads_a_pickle() -> None:
    pickles = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    for name, path in SOURCES.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
                assert not {one.partition(".")[0] for one in names} & pickles, name
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            assert called not in {"torch.load", "eval", "exec", "os.system", "os.popen"}, f"{name}: {called}"
            said = {word.arg: ast.unparse(word.value) for word in node.keywords}
            assert said.get("allow_pickle") in (None, "False"), f"{name}: {called}"
            assert said.get("shell") in (None, "False"), f"{name}: {called}"
            assert said.get("trust_remote_code") in (None, "False"), f"{name}: {called}"
            if called.endswith(".from_pretrained") and "ForCTC" in called:
                assert said.get("use_safetensors") == "True", f"{name}: {called}"
