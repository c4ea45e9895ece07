"""`lampctl doctor`: what is broken is named with what to do, on lamps that run and lamps that do not; what is well is
left as it is."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import yaml
from msgspec.structs import replace

from lampd import config
from lampd.bench.faults import imagined
from lampd.doctor import button, files, health, itself, pins, sound, users
from lampd.doctor.apart import Failed, apart
from lampd.doctor.check import Check, Lamp, met, within
from lampd.doctor.listening import Heard
from lampd.doctor.rounds import BUTTON, ROUNDS, first, worst
from lampd.journal import Journal
from lampd.messages import Flip, Transcript
from lampd.schema import VERSION
from lampd.settings import Relay, Settings
from tests.devices.test_microphone import Room, room
from tests.test_daemon import House, house
from tests.test_levels import configure, levels, noise, pcm, run, tone

__all__ = ["house", "room"]

NOBODY = 65534
NAMES = [name for name, _, _ in ROUNDS]


@pytest.fixture
def lamp(settings: Settings) -> Lamp:
    """One that does not run, without pins."""
    return Lamp(settings, None, "nobody answers")


def runs(lamp: Lamp, **answer: Any) -> Lamp:
    """The same lamp, as if it answered."""
    return lamp._replace(answer={"stages": {}, "listens": True, "well": True, "complaints": []} | answer)


def of(lamp: Lamp, section: str, **changes: Any) -> Lamp:
    """The same lamp with other settings in a section."""
    changed = msgspec.structs.replace(getattr(lamp.settings, section), **changes)
    return lamp._replace(settings=msgspec.structs.replace(lamp.settings, **{section: changed}))


def as_nobody(looks: Callable[[Lamp], Check], lamp: Lamp) -> Check:
    """What a check finds for a user who is nobody in particular, in a process of its own."""
    if os.geteuid():
        return looks(lamp)
    reading, writing = os.pipe()
    if not (child := os.fork()):
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(writing, json.dumps(looks(lamp)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        found = pipe.read()
    os.waitpid(child, 0)
    return Check(*json.loads(found))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, which pytest's own is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


# the whole of it


def doctor(house: House, *options: str) -> tuple[int, dict[str, Any]]:
    told = house.ask("doctor", "--json", *options)
    assert "Traceback" not in told.stderr
    found: dict[str, Any] = json.loads(told.stdout)
    return told.returncode, found


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in found["checks"]}


def test_a_lamp_that_does_not_run_is_walked_through(house: House) -> None:
    configure(house, recorder={"device": "no such microphone"})
    told = house.ask("doctor")
    assert told.returncode == 2, told.stdout
    assert "Traceback" not in told.stdout + told.stderr
    rows = told.stdout.splitlines()
    assert [row.split()[1] for row in rows[: len(NAMES)]] == NAMES
    assert all(re.match(r"(ok|look|bad) ", row) for row in rows[: len(NAMES)])
    found = dict(zip(NAMES, rows, strict=False))
    assert "does not run" in found["lampd"] and "systemctl start lampd" in found["lampd"]
    assert "no such microphone" in found["microphone"] and found["microphone"].startswith("bad")
    assert "times real time" in found["detection"]
    assert "times real time" in found["transcriber"]
    assert rows[-1].startswith("first: ")


def test_a_lamp_that_runs_is_neither_disturbed_nor_changed(house: House) -> None:
    configure(house, recorder={"device": "no such microphone"})
    house.start()
    house.until(lambda: bool(house.status()["stages"]["recorder"]["note"]))
    house.ask("on")
    house.until(lambda: house.status()["lit"])
    before = house.status()["stages"]
    state = house.file.parent / "state"
    there = sorted(path.name for path in state.rglob("*"))
    code, found = doctor(house, "--button")
    assert (code, found["runs"]) == (2, True)
    said = verdicts(found)
    assert said["lampd"] == "bad", "it complains of its microphone"
    assert {said[name] for name in ("configuration", "state", "journal", "socket", "pins", "button")} == {"ok"}
    deaf = next(one for one in found["checks"] if one["name"] == "microphone")
    assert deaf["verdict"] == "bad"
    assert "the running lamp gets no sound" in deaf["found"] and "no such microphone" in deaf["found"]
    assert found["first"]["name"] != "lampd", "the check that found what it complains of"
    after = house.status()["stages"]
    for name in ("operator", "anticipator", "transcriber", "trainer"):
        assert (after[name]["pid"], after[name]["restarts"]) == (before[name]["pid"], before[name]["restarts"])
    assert sorted(path.name for path in state.rglob("*")) == there
    assert house.status()["lit"]


def test_a_stopped_lamps_files_are_left_as_they_are(house: House) -> None:
    configure(house, recorder={"device": "no such microphone"})
    daemon = house.start()
    house.ask("on")
    daemon.terminate()
    assert daemon.wait(20) == 0
    state = house.file.parent / "state"
    before = {path: path.stat().st_mtime_ns for path in state.rglob("*") if path.is_file()}
    assert before
    _, found = doctor(house)
    said = verdicts(found)
    assert not found["runs"]
    assert {said[name] for name in ("state", "journal", "card", "pins")} == {"ok"}
    assert {path: path.stat().st_mtime_ns for path in state.rglob("*") if path.is_file()} == before


def test_a_configuration_that_cannot_be_used_is_named(house: House) -> None:
    house.file.write_text(
        yaml.safe_dump(yaml.safe_load(house.file.read_text()) | {"recorder": {"hangover": 0.5, "device": "none"}})
    )
    code, found = doctor(house)
    assert code == 2
    [wrong] = [one for one in found["checks"] if one["name"] == "configuration"]
    assert "recorder.hangover" in wrong["found"] and "recorder.hangover_s" in wrong["found"]
    assert len(found["checks"]) == len(ROUNDS)


def test_a_real_microphone_that_is_muted(room: Room, house: House) -> None:
    configure(house, recorder={"device": "pulse"})
    walk = run(room, house, "doctor", "--json")
    told, complaints = walk.communicate(timeout=200)
    found = json.loads(told)
    [muted] = [one for one in found["checks"] if one["name"] == "microphone"]
    assert (muted["verdict"], walk.returncode) == ("bad", 2), complaints
    assert "silence" in muted["found"] and "alsamixer" in muted["do"]
    house.start(**{key: room._environment[key] for key in ("HOME", "PULSE_SERVER", "PULSE_RUNTIME_PATH")})
    house.until(lambda: bool(house.status()["microphone"]["level"]))
    again = sound.microphone(met(config.load(house.file)))
    assert again.verdict == "bad"
    assert "the lamp's own" in again.found and "silence" in again.found and "hum was not looked for" in again.found


def test_what_to_do_first_is_the_worst() -> None:
    lampd, slow, deaf = Check("lampd", "bad", ""), Check("writing", "look", ""), Check("microphone", "bad", "")
    assert first([lampd, slow, deaf]) == deaf
    assert first([lampd, slow]) == lampd
    assert first([Check("disk", "ok", ""), slow]) == slow
    assert (first([Check("disk", "ok", "")]), worst([Check("disk", "ok", "")])) == (None, "ok")


# time limits


def test_a_check_that_hangs_or_fails_is_one_more_finding(lamp: Lamp) -> None:
    began = time.monotonic()
    hung = within("disk", lambda lamp: time.sleep(60) or Check("disk", "ok", ""), lamp, 0.2)
    assert time.monotonic() - began < 10
    assert (hung.name, hung.verdict, "after 0 s" in hung.found) == ("disk", "bad", True)
    failed = within("disk", lambda lamp: Check("disk", "ok", str(1 // 0)), lamp, 10)
    assert failed.verdict == "look" and "ZeroDivisionError" in failed.found
    assert all(limit_s <= 120 for _, _, limit_s in (*ROUNDS, BUTTON))


def test_what_runs_apart_ends_by_its_limit_or_says_how_it_died() -> None:
    assert apart(os.path.basename, "/a/b", limit_s=60) == "b"
    with pytest.raises(Failed, match="not done within 0 s"):
        apart(time.sleep, 60, limit_s=0.4)
    with pytest.raises(Failed, match="made for another processor"):
        apart(signal.raise_signal, signal.SIGILL, limit_s=60)
    with pytest.raises(Failed, match="ValueError"):
        apart(int, "x", limit_s=60)


# itself


def test_the_boards_profile_and_the_machine(lamp: Lamp, tmp_path: Path) -> None:
    tree = tmp_path / "model"

    def found(profile: str, model: str | None) -> Check:
        tree.write_text(f"{model}\0") if model else tree.unlink(missing_ok=True)
        return itself.board(Lamp(config.load(board=profile)), tree)

    assert found("raspberry-pi-4", "Raspberry Pi 4 Model B Rev 1.5").verdict == "ok"
    assert found("le-potato", "Libre Computer AML-S905X-CC").verdict == "ok"
    other = found("raspberry-pi-4", "Raspberry Pi 5 Model B Rev 1.0")
    assert other.verdict == "bad" and "board: raspberry-pi-5" in other.do
    assert found("laptop", "Raspberry Pi Zero 2 W Rev 1.0").do.startswith("set `board: raspberry-pi-zero-2-w`")
    assert found("raspberry-pi-4", "Pine64 ROCK64").verdict == "look"
    assert found("laptop", None).verdict == "ok"
    assert found("raspberry-pi-4", None).verdict == "look"
    assert set(itself.MODELS) == {path.stem for path in config.shipped("hardware").glob("*.yaml")} - {"laptop"}


def test_torch_that_old_cores_cannot_run(lamp: Lamp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = "Features\t: fp asimd evtstrm crc32\n", "Features\t: fp asimd atomics\n"
    assert itself.old_cores(old, "aarch64")
    assert not itself.old_cores(new, "aarch64") and not itself.old_cores("flags: sse2\n", "x86_64")
    assert not itself.newer_torch("2.9.1") and itself.newer_torch("2.10.0") and itself.newer_torch("2.13.0+cpu")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    monkeypatch.setattr(itself, "_version", lambda package: "2.10.0")
    (tmp_path / "cpuinfo").write_text(old)
    dies = itself.versions(lamp, tmp_path / "cpuinfo")
    assert dies.verdict == "bad" and "illegal instruction" in dies.found and "2.9.1" in dies.do
    monkeypatch.setattr(itself, "_version", lambda package: "" if package == "onnxruntime" else "2.9.1")
    assert itself.versions(lamp, tmp_path / "cpuinfo").verdict == "bad"


def test_a_clock_that_was_never_set_harms_nothing(lamp: Lamp, tmp_path: Path) -> None:
    never = itself.clock(lamp, 86400.0, tmp_path)
    assert never.verdict == "ok" and "harms nothing" in never.found and "kept by nothing" in never.found
    (tmp_path / "rtc0").mkdir()
    assert "kept by rtc0" in itself.clock(lamp, 1.8e9, tmp_path).found


def test_another_version_runs(lamp: Lamp) -> None:
    assert "systemctl restart" in itself.daemon(runs(lamp, version="0.0.1", up_s=70.0)).do


def test_which_of_several_lamps_is_to_be_started(lamp: Lamp) -> None:
    assert "systemctl start lampd@kitchen`" in itself.daemon(lamp._replace(service="lampd@kitchen")).do


def test_a_socket_of_another_group(lamp: Lamp, open_folder: Path) -> None:
    if os.geteuid():
        pytest.skip("only root gives files away")
    path = open_folder / "control.sock"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
        os.chown(path, 0, 4)
        path.chmod(0o660)
        there = lamp._replace(settings=msgspec.structs.replace(lamp.settings, control_socket=str(path)))
        refused = as_nobody(itself.socket, there)
        assert refused.verdict == "bad"
        assert "the group adm" in refused.do and "usermod -aG adm nobody" in refused.do
        assert as_nobody(itself.daemon, there).found == "this user may not ask it"
        path.chmod(0o666)
        assert "anybody may ask" in itself.socket(there).found
        path.chmod(0o660)
        left = itself.socket(there)
        assert left.verdict == "look" and "nobody answers there" in left.found
        (open_folder / "private").mkdir(0o700)
        inside = str(open_folder / "private" / "control.sock")
        hidden = there._replace(settings=msgspec.structs.replace(lamp.settings, control_socket=inside))
        assert as_nobody(itself.socket, hidden).verdict == "bad"


def test_groups(lamp: Lamp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "number_of", {"lampd": 990, "gpio": 991, "audio": 29}.get)
    monkeypatch.setattr(users, "person", lambda: NOBODY)
    lacks = users.member(lamp)
    assert lacks.verdict == "look" and "usermod -aG lampd,gpio,audio nobody" in lacks.do
    monkeypatch.setattr(users, "groups", lambda number: {990})
    assert users.member(lamp).verdict == "look", "it measures by itself"
    assert users.member(runs(lamp)).verdict == "ok"


# files


def test_a_state_dir_that_cannot_be_written(lamp: Lamp, open_folder: Path) -> None:
    state = open_folder / "state"
    state.mkdir()
    there = lamp._replace(settings=msgspec.structs.replace(lamp.settings, state_dir=str(state)))
    assert files.permissions(there).verdict == files.writing(there).verdict == "ok"
    state.chmod(0o555)
    try:
        refused = as_nobody(files.permissions, there)
        assert (refused.verdict == "bad" and f"chown -R nobody {state}" in refused.do) or os.geteuid()
        assert "nothing is remembered" in refused.found
        assert as_nobody(files.writing, there).verdict == "bad"
        below = there._replace(settings=msgspec.structs.replace(lamp.settings, state_dir=str(state / "new")))
        assert "install -d" in as_nobody(files.permissions, below).do
    finally:
        state.chmod(0o755)
    assert [*state.iterdir()] == [], "its own file is gone"


def test_a_journal_that_its_lamp_may_not_write(lamp: Lamp, open_folder: Path) -> None:
    (open_folder / "journal.db").touch(0o644)
    if os.geteuid() == 0:
        os.chown(open_folder, NOBODY, NOBODY)
    else:
        (open_folder / "journal.db").chmod(0o444)
    there = lamp._replace(settings=msgspec.structs.replace(lamp.settings, state_dir=str(open_folder)))
    found = as_nobody(files.permissions, there)
    assert found.verdict == "bad" and "may not write journal.db" in found.found


def test_where_the_disk_is_and_what_it_is(lamp: Lamp, tmp_path: Path) -> None:
    place = str(tmp_path)
    mounts = "/dev/a / ext4 rw,relatime 0 0\nnone {} {} {} 0 0\n"
    table = tmp_path / "mounts"
    for kind, options, verdict, word in (
        ("ext4", "rw", "ok", "free on ext4"),
        ("ext4", "ro,relatime", "bad", "cannot be written"),
        ("tmpfs", "rw", "look", "forgets"),
        ("vfat", "rw", "look", "may lose files"),
    ):
        table.write_text(mounts.format(place, kind, options))
        found = files.disk(lamp, table)
        assert (found.verdict, word in found.found) == (verdict, True), found
    assert files.filesystem(Path("/elsewhere"), mounts) == ("ext4", ["rw", "relatime"])


def test_a_slow_card_and_a_full_one(lamp: Lamp, monkeypatch: pytest.MonkeyPatch) -> None:
    lamp.state.mkdir()
    monkeypatch.setattr(files, "_written_s", lambda folder: 0.8)
    slow = files.writing(lamp)
    assert slow.verdict == "look" and slow.found.startswith("800 ms")

    def full(folder: Path) -> float:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_written_s", full)
    assert "No space left" in files.writing(lamp).found


def test_a_card_that_forgets(lamp: Lamp, tmp_path: Path) -> None:
    remembers = tmp_path / "remembers"
    assert files.card(lamp, remembers).verdict == "ok"
    remembers.write_text("no\n")
    assert files.card(lamp, remembers).verdict == "bad"
    remembers.write_text("yes\n")
    assert files.card(lamp, remembers).found == "what is learned survives a power cut"


@pytest.fixture
def written(lamp: Lamp) -> Path:
    """A journal with a few hundred utterances, closed."""
    path = lamp.state / "journal.db"
    one = Journal(path, "boot")
    one.db.execute("BEGIN")
    for number in range(1, 300):
        one.write(Transcript(float(number), number, number - 1.0, number - 0.5, "jarvis please " * 5, 0.9))
        one.write(Flip(float(number), bool(number % 2)))
    one.db.execute("COMMIT")
    one.close()
    return path


def test_a_journal_is_looked_at_and_not_touched(lamp: Lamp, written: Path) -> None:
    before = written.read_bytes(), sorted(path.name for path in lamp.state.iterdir())
    found = files.journal(lamp)
    assert found.verdict == "ok" and found.found.startswith("whole; 299 utterances")
    assert (written.read_bytes(), sorted(path.name for path in lamp.state.iterdir())) == before


def test_a_journal_in_use_is_looked_at(lamp: Lamp, written: Path) -> None:
    user = Journal(written, "boot")
    user.write(Flip(1000.0, True))
    assert files.journal(lamp).verdict == "ok"
    user.write(Flip(1001.0, False))
    user.close()


def test_a_damaged_journal(lamp: Lamp, written: Path) -> None:
    whole = written.read_bytes()
    pages = len(whole) // 4096
    assert pages > 20
    written.write_bytes(whole[: 4096 * 5] + bytes(range(256)) * 16 * (pages - 10) + whole[4096 * (pages - 5) :])
    damaged = files.journal(lamp)
    assert damaged.verdict == "bad" and "is damaged" in damaged.found
    assert "lampctl restore" in damaged.do and "move" in damaged.do
    written.write_bytes(b"no database, but somebody's letter " * 100)
    assert "is damaged" in files.journal(lamp).found
    written.write_bytes(whole[: len(whole) // 2])
    assert files.journal(lamp).verdict == "bad"


def test_a_journal_of_a_newer_lampd(lamp: Lamp, written: Path) -> None:
    with sqlite3.connect(written) as db:
        db.execute(f"PRAGMA user_version={VERSION + 1}")
    db.close()
    assert f"version {VERSION + 1}" in files.journal(lamp).found


def test_a_journal_too_large_for_the_time(lamp: Lamp, written: Path) -> None:
    assert "not checked to the end" in files.journal(lamp, -1.0).found


def test_a_journal_of_somebody_else(lamp: Lamp, open_folder: Path) -> None:
    Journal(open_folder / "journal.db", "boot").close()
    (open_folder / "journal.db").chmod(0o000 if os.geteuid() else 0o600)
    there = lamp._replace(settings=msgspec.structs.replace(lamp.settings, state_dir=str(open_folder)))
    assert as_nobody(files.journal, there).do == "sudo lampctl doctor"


# the board


def test_heat_and_weak_power(lamp: Lamp, tmp_path: Path) -> None:
    zone, alarm = tmp_path / "class/thermal/thermal_zone0/temp", tmp_path / "class/hwmon/hwmon1/in0_lcrit_alarm"
    for path in (zone, alarm):
        path.parent.mkdir(parents=True)
        path.write_text("0")

    def found(degrees: int, low: int) -> tuple[str, str]:
        zone.write_text(str(1000 * degrees))
        alarm.write_text(str(low))
        check = health.heat(lamp, tmp_path)
        return check.verdict, check.do

    assert found(48, 0) == ("ok", "")
    assert found(80, 0)[0] == "look"
    assert found(90, 0)[0] == "bad"
    assert "power supply" in found(48, 1)[1]
    assert health.heat(lamp, tmp_path / "nothing").found == "no sensor tells"


def test_memory(lamp: Lamp, tmp_path: Path) -> None:
    about = tmp_path / "meminfo"
    pi = lamp._replace(settings=config.load(board="raspberry-pi-4"))

    def found(lamp: Lamp, total: int, left: int) -> str:
        about.write_text(f"MemTotal: {1000 * total} kB\nMemFree: 5 kB\nMemAvailable: {1000 * left} kB\nHugePages: 0\n")
        return health.memory(lamp, about).verdict

    assert [found(runs(pi), 955, left) for left in (600, 80, 30)] == ["ok", "look", "bad"]
    assert [found(pi, 955, left) for left in (600, 80)] == ["ok", "look"]
    assert found(runs(pi), 420, 300) == "look", "half of what such a board has"


# pins


def test_a_chip_that_is_not_there(lamp: Lamp) -> None:
    missing = pins.pins(of(lamp, "gpio", factory="libgpiod", chip="no-such-chip"))
    assert missing.verdict == "bad"
    assert "no GPIO chip is labelled 'no-such-chip'. There are: " in missing.found and "board:" in missing.do
    gone = pins.pins(of(lamp, "gpio", factory="libgpiod", chip="/dev/gpiochip99"))
    assert "no GPIO chip at /dev/gpiochip99" in gone.found
    assert pins.pins(of(lamp, "gpio", factory="default")).verdict == "look", "no chip is named"
    assert "lampctl flip" in pins.pins(lamp).found
    assert button.button(of(lamp, "gpio", factory="libgpiod", chip="no-such-chip")).verdict == "bad"


@pytest.mark.parametrize(
    ("consumer", "running", "verdict", "word"),
    [
        (None, False, "ok", "is free"),
        (None, True, "bad", "held by nobody"),
        ("lampd", True, "ok", "lampd's"),
        ("lg", True, "ok", "lampd's"),
        ("lampd", False, "bad", "does not run"),
        ("spi0 CS0", False, "bad", "held by spi0 CS0"),
        ("gpioset", True, "bad", "held by gpioset"),
    ],
)
def test_who_holds_a_line(consumer: str | None, running: bool, verdict: str, word: str) -> None:
    found = pins.verdict("relay", "GPIO24", consumer, running)
    assert (found.verdict, word in found.found, bool(found.do)) == (verdict, True, verdict != "ok")


class Imagined(imagined.Chip):
    """A chip whose lines are held by `holder`."""

    holder: str | None = None

    def get_line_info(self, offset: int) -> Any:
        return SimpleNamespace(name=imagined.LINES[offset] or None, consumer=self.holder, used=bool(self.holder))

    def request_lines(self, lines: dict[int, Any], consumer: str, events: int) -> Any:
        assert consumer == "lampctl doctor"
        return super().request_lines(lines, "lampd", events)


@pytest.fixture
def on_pins(lamp: Lamp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lamp:
    """A lamp on such a chip."""
    chip = tmp_path / "gpiochip7"
    chip.touch()
    monkeypatch.setattr("gpiod.Chip", Imagined)
    monkeypatch.setattr("lampd.devices.libgpiod.DEVICES", tmp_path)
    monkeypatch.setattr(Imagined, "path", str(chip))
    monkeypatch.setattr(imagined.Chip, "levels", dict.fromkeys(range(7), 1), raising=False)
    for name, value in (("settings", {}), ("asked", []), ("failure", None)):
        monkeypatch.setattr(imagined.Chip, name, value, raising=False)
    gpio = lamp.settings.gpio
    relay = Relay("RELAY", True)
    return of(lamp, "gpio", factory="libgpiod", chip="imagined", relay=relay, button=replace(gpio.button, pin="BTN"))


def test_pins_that_are_there(on_pins: Lamp, monkeypatch: pytest.MonkeyPatch) -> None:
    free = pins.pins(on_pins)
    assert (free.verdict, free.found) == ("ok", "imagined: button BTN is free; relay RELAY is free")
    monkeypatch.setattr(Imagined, "holder", "lampd")
    assert pins.pins(runs(on_pins)).verdict == "ok"
    monkeypatch.setattr(Imagined, "holder", "spi0 CS0")
    taken = pins.pins(runs(on_pins))
    assert taken.verdict == "bad" and "relay RELAY is held by spi0 CS0" in taken.found and "overlay" in taken.do
    wrong = pins.pins(of(on_pins, "gpio", relay=Relay("RELAI", True)))
    assert wrong.verdict == "bad" and "did you mean RELAY?" in wrong.found


def test_pins_that_the_service_may_not_open(on_pins: Lamp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "number_of", lambda name: 990)
    Path(Imagined.path).chmod(0o600)
    refused = pins.pins(on_pins)
    assert refused.verdict == "bad" and "60-lampd-gpio.rules" in refused.do
    monkeypatch.setattr(pins, "group", lambda number: "gpio")
    Path(Imagined.path).chmod(0o660)
    assert pins.pins(on_pins).verdict == "ok"


def test_a_button_that_nobody_presses(
    on_pins: Lamp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(button, "PATIENCE_S", 0.2)
    assert button.button(on_pins).verdict == "bad"
    assert "press the button 10 times" in capsys.readouterr().err
    assert not Imagined.settings, "the line is let go of"


def test_how_a_button_bounces() -> None:
    changes = [1.0, 1.001, 1.004, 1.5, 2.0, 2.012, 2.4]
    found = button.movements(changes)
    assert [(one.at, one.changes) for one in found] == [(1.0, 3), (1.5, 1), (2.0, 2), (2.4, 1)]
    rough = button.judged(found, 0.01)
    assert rough.verdict == "look" and "2 of them bounced, 12.0 ms at most" in rough.found
    assert "gpio.button.debounce_s to 0.018" in rough.do
    assert button.judged(found, 0.02).verdict == "ok"
    assert button.judged([], 0.01).verdict == "bad"


def test_changes_are_seen_until_enough_presses_are_over() -> None:
    moment = 0.0

    def clock() -> float:
        nonlocal moment
        moment += 0.001
        return moment

    def level() -> int:
        # a finger of a fifth of a second, whose button bounces once at each press
        phase = moment % 0.4
        return int(0.1 < phase < 0.3 and not 0.103 < phase < 0.106)

    changes = button.seen(level, 60.0, clock)
    found = button.movements(changes)
    assert len(found) == 2 * button.PRESSES
    assert [one.changes for one in found[:2]] == [3, 1]
    assert moment < 5
    assert button.seen(lambda: 1, moment + 1.0, clock) == []


def test_a_running_lamp_keeps_its_button(lamp: Lamp) -> None:
    held = button.button(of(runs(lamp), "gpio", factory="libgpiod", chip="lampgpio"))
    assert held.verdict == "look" and "systemctl stop lampd" in held.do


# the ear


def test_a_voice_that_is_not_there(lamp: Lamp, tmp_path: Path) -> None:
    gone = sound.transcriber(of(lamp, "transcriber", voice=str(tmp_path / "gone")))
    assert gone.verdict == "bad"
    assert "gone lacks config.json" in gone.found and "lampctl voice list" in gone.do


def test_an_ear_that_is_too_slow(monkeypatch: pytest.MonkeyPatch, lamp: Lamp) -> None:
    said = {}
    for factor in (0.01, 0.3, 0.9):
        monkeypatch.setattr(sound, "apart", lambda *_, limit_s, factor=factor: (factor, ""))
        said[factor] = sound.detection(lamp).verdict, sound.transcriber(lamp).verdict
    assert said == {0.01: ("ok", "ok"), 0.3: ("look", "look"), 0.9: ("bad", "bad")}
    monkeypatch.setattr(sound, "apart", lambda *_, limit_s: (0.1, "hears with transformers"))
    assert "voice prepare" in sound.transcriber(lamp).do
    monkeypatch.setattr(sound, "LEAST_MB", 10**9)
    assert "not measured" in sound.transcriber(lamp).found


def test_what_the_microphone_gave_is_judged_without_asking_anybody_to_speak() -> None:
    quiet = [Heard(one.at, one) for one in levels(noise(-60))]
    assert sound.judged(quiet, "opens").verdict == "ok"
    humming = pcm(noise(-70) + tone(60, -45, 3))
    heard = [Heard(one.at, one) for one in levels(humming.astype(float))]
    heard[0] = heard[0]._replace(pcm=humming.tobytes())
    found = sound.judged(heard, "opens")
    assert found.verdict == "look" and "hum" in found.found and "60 Hz" in found.do


def test_a_lamp_that_was_told_not_to_listen(lamp: Lamp) -> None:
    assert "resume listening" in sound.microphone(runs(lamp, listens=False)).do


def test_the_doctor_is_not_heavy_before_it_measures() -> None:
    code = "import sys, lampd.cli.doctor\nprint({'torch', 'transformers', 'onnxruntime'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
