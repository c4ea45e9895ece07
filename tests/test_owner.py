"""What its owner tells a running lamp, and sees of it: pauses, autonomy, the live view, a night of television."""

import contextlib
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lampd.control import BEHIND, CLIENTS, LONGEST, ask
from tests.test_daemon import LAMPCTL, House, house, operator_ready

__all__ = ["house"]


@pytest.fixture
def lamp(house: House) -> Iterator[House]:
    house.start()
    house.until(lambda: operator_ready(house))
    yield house


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for tests that leave it as it was."""
    house = House(tmp_path_factory.mktemp("shared"))
    house.start()
    house.until(lambda: operator_ready(house))
    yield house
    assert house.daemon
    house.daemon.kill()
    house.daemon.wait()


def socket_of(house: House) -> Path:
    return house.file.parent / "control.sock"


def test_it_pauses_for_a_time_and_goes_on_by_itself(lamp: House) -> None:
    for what in ("listening", "learning", "acting"):
        assert lamp.ask("pause", what, "--for", "6s").returncode == 0
    lamp.until(lambda: not lamp.status()["listens"])
    shown = lamp.status()
    assert not shown["learns"]
    assert shown["autonomy"] == {"now": "observe", "limit": "observe", "trusted": True}
    assert set(shown["pauses_left_s"]) == {"listening", "learning", "autonomy"}
    words = lamp.ask("status").stdout
    for told in ("it does not listen, for another", "it learns nothing, for another", "only observes, for another"):
        assert told in words
    lamp.until(lambda: lamp.status()["pauses_left_s"] == {} and lamp.status()["listens"])
    shown = lamp.status()
    assert (shown["learns"], shown["autonomy"]["now"]) == (True, "act")
    assert "it learns nothing for 6 s" in lamp.ask("log").stdout


def test_autonomy_is_shown_and_set_and_outlives_the_lamp(lamp: House) -> None:
    assert lamp.ask("autonomy").stdout == "acts when it is sure enough\n"
    assert lamp.ask("autonomy", "hint").returncode == 0
    assert json.loads(lamp.ask("autonomy", "--json").stdout)["now"] == "hint"
    lamp.ask("pause", "acting")
    assert lamp.ask("autonomy").stdout == "only observes\n"
    assert lamp.daemon
    lamp.daemon.kill()
    lamp.daemon.wait()
    lamp.start()
    assert lamp.ask("autonomy").stdout == "only observes\n"
    lamp.ask("resume", "acting")
    assert lamp.ask("autonomy").stdout == "acts when it is sure enough\n"
    assert lamp.ask("autonomy", "fly").returncode == 2


def test_words_are_taught_as_its_ear_writes_them(lamp: House) -> None:
    taught = lamp.ask("teach", "lumos maxima", "lit")
    assert taught.stdout.startswith("utterance -1 means lit\n")
    assert "“lumos maxima”" in lamp.ask("history").stdout
    strange = lamp.ask("teach", "žlutě", "lit")
    assert (strange.returncode, "never writes ě ž" in strange.stderr) == (1, True)
    assert "must be lit, dark or nothing" in lamp.ask("teach", "lumos", "bright").stderr
    lamp.until(lambda: lamp.status()["stages"]["anticipator"]["state"] == "ready")
    assert lamp.status()["known"]["lit"] == 1


class Watching:
    """`lampctl watch`, and what it has printed."""

    def __init__(self, house: House, *options: str) -> None:
        command = [*LAMPCTL, "--config", str(house.file), "watch", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)


def test_watching_shows_what_happens_in_lines_and_in_json(lamp: House) -> None:
    plain, for_programs = Watching(lamp), Watching(lamp, "--json")
    lamp.until(lambda: any('"Tick"' in line for line in for_programs.lines))
    lamp.until(lambda: plain.process.poll() is None and _watchers(lamp) == 2)
    lamp.ask("flip")
    lamp.until(lambda: any("a hand makes it lit" in line for line in plain.lines))
    lamp.until(lambda: any(json.loads(line)["type"] == "Flip" for line in for_programs.lines))
    assert not any("\x1b" in line for line in plain.lines), "no colour in a pipe"
    assert lamp.daemon
    lamp.daemon.terminate()
    for one in (plain, for_programs):
        assert one.process.wait(10) == 2
        assert one.process.stderr
        assert "it has ended" in one.process.stderr.read()


def _watchers(house: House) -> int:
    """Connections to the socket that are open, as the kernel has it."""
    rows = Path("/proc/net/unix").read_text().splitlines()
    return sum(str(socket_of(house)) in row and row.split()[5] == "03" for row in rows)


def test_a_night_of_television_teaches_and_a_hand_ends_it(lamp: House) -> None:
    night = [*LAMPCTL, "--config", str(lamp.file), "tv-night", "--for", "1h", "--json"]
    process = subprocess.Popen(night, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lamp.until(lambda: lamp.status()["tv_night"] is not None)
    assert lamp.status()["autonomy"]["now"] == "observe"
    assert "a TV night is on" in lamp.ask("tv-night").stderr
    assert "TV night     for another" in lamp.ask("status").stdout
    lamp.ask("flip")
    report, _ = process.communicate(timeout=200)
    assert json.loads(report)["over"]
    lamp.until(lambda: lamp.status()["autonomy"]["now"] == "act")
    assert lamp.ask("tv-night", "stop").returncode == 1


def converse(path: Path, sent: bytes) -> bytes:
    """What the socket answers to raw bytes, to the end."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(path))
        with contextlib.suppress(OSError):
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(OSError):
            while piece := client.recv(65536):
                answer += piece
        return answer


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"\xff\xfe\n", "not JSON"),
        (b"[" * 100_000 + b"\n", "not JSON"),
        (b"[]\n", "a request is a JSON object"),
        (b"{}\n", "ask"),
        (b'{"ask": "open the pod bay doors"}\n', "open the pod bay doors"),
        (b'{"ask": "flip", "lit": "yes"}\n', "lit"),
        (b'{"ask": "pause", "what": "listening", "for_s": 1e300}\n', "for_s"),
        (b'{"ask": "pause", "what": "breathing"}\n', "breathing"),
        (b'{"ask": "status", "more": 1}\n', "more"),
        (b"x" * (4 * LONGEST), f"at most {LONGEST} bytes"),
    ],
    ids=lambda value: value[:20].decode("latin1") if isinstance(value, bytes) else "",
)
def test_what_is_malformed_is_told_so(shared: House, sent: bytes, told: str) -> None:
    answer = json.loads(converse(socket_of(shared), sent).splitlines()[0])
    assert told in answer["error"]
    assert shared.ask("status", "--json").returncode != 2


def test_many_slow_and_silent_clients_do_not_keep_others_from_the_switch(lamp: House) -> None:
    path = socket_of(lamp)
    clients = []
    for _ in range(CLIENTS):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        # a watcher that never reads
        client.sendall(b'{"ask": "watch"}\n')
        clients.append(client)
    lamp.until(lambda: "others are asking" in str(_asked(path)))
    assert lamp.daemon
    memory = _resident_mb(lamp.daemon.pid)
    time.sleep(2 * BEHIND * 0.25 / 50)
    for client in clients:
        client.close()
    lamp.until(lambda: "others are asking" not in str(_asked(path)))
    assert lamp.ask("flip").returncode == 0
    lamp.until(lambda: lamp.status()["lit"])
    assert _resident_mb(lamp.daemon.pid) < memory + 10


def _asked(path: Path) -> dict[str, Any]:
    return ask(path, {"ask": "ping"})


def _resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_who_is_not_of_its_group_is_refused(lamp: House) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can be somebody else")
    path = socket_of(lamp)
    for folder in path.parents:
        if folder.stat().st_mode & 0o777 == 0o700 and folder != Path("/root"):
            folder.chmod(0o711)
    assert path.stat().st_mode & 0o777 == 0o660
    code = (
        "import os, socket, sys; os.setgroups([]); os.setgid(65534); os.setuid(65534); "
        "socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    )
    refused = subprocess.run(["python3", "-c", code, str(path)], capture_output=True, text=True)
    assert "PermissionError" in refused.stderr
