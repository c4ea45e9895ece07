"""The configuration: layers, and what is said about a fault in them."""

import re
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest
import yaml

from lampd import config
from lampd.config import ConfigError, load, owners_file, shipped
from lampd.settings import Settings

DEFAULTS = shipped("config/lampd.yaml")


def owners(path: Path, text: str) -> Path:
    (path / "mine.yaml").write_text(text, "utf-8")
    return path / "mine.yaml"


def fault(path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as error:
        load(owners(path, text))
    return str(error.value)


def keys(shape: type[msgspec.Struct], prefix: str = "") -> list[str]:
    """All keys of the configuration, as people write them."""
    found = []
    for key, kind in get_type_hints(shape).items():
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            found += keys(kind, f"{prefix}{key}.")
        else:
            found.append(prefix + key)
    return found


def value(of: object, key: str) -> object:
    for part in key.split("."):
        of = of[part] if isinstance(of, dict) else getattr(of, part)
    return of


def test_the_defaults_are_a_whole_configuration() -> None:
    settings = load(board="laptop")
    written = yaml.safe_load(DEFAULTS.read_text("utf-8"))
    profile = yaml.safe_load(shipped("hardware/laptop.yaml").read_text("utf-8"))["settings"]
    for key in keys(Settings):
        if key.split(".")[0] not in profile:
            assert value(settings, key) == value(written, key), key


def test_every_key_has_a_default_and_a_comment() -> None:
    """A comment beside it, or on the line before."""
    lines = DEFAULTS.read_text("utf-8").splitlines()
    explained, path = set(), []
    for number, line in enumerate(lines):
        if found := re.match(r"( *)(\w+):(.*)", line):
            path[len(found[1]) // 2 :] = [found[2]]
            if "#" in found[3] or lines[number - 1].lstrip().startswith("#"):
                explained.add(".".join(path))
    assert set(keys(Settings)) - explained == set()


def test_the_defaults_hold_no_key_that_does_not_exist() -> None:
    def leaves(layer: dict[str, object], prefix: str = "") -> set[str]:
        found: set[str] = set()
        for key, inner in layer.items():
            found |= leaves(inner, f"{prefix}{key}.") if isinstance(inner, dict) else {prefix + key}
        return found

    # what is in a section that may be null is one of its keys
    found = {re.sub(r"^gpio\.relay\..*", "gpio.relay", leaf) for leaf in leaves(yaml.safe_load(DEFAULTS.read_text()))}
    assert found == set(keys(Settings))


@pytest.mark.parametrize("profile", sorted(shipped("hardware").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_board_that_ships_can_be_used(profile: Path) -> None:
    assert load(board=profile.stem).board == profile.stem


def test_the_file_for_a_laptop_can_be_used() -> None:
    settings = load(shipped("config/laptop.yaml"))
    assert settings.gpio.factory == "mock"
    assert Path(settings.state_dir).is_absolute() and "~" not in settings.control_socket


def test_the_owner_wins_over_the_board_and_the_board_over_the_defaults(tmp_path: Path) -> None:
    plain = load(board="laptop")
    text = "board: laptop\ngpio:\n  relay:\n    active_high: false\nrecorder: {hangover_s: 0.7}\n"
    settings = load(owners(tmp_path, text))
    assert settings.gpio.factory == "mock", "from the board"
    assert (settings.gpio.relay.active_high, settings.recorder.hangover_s) == (False, 0.7), "from the owner"
    assert settings.gpio.relay.pin == plain.gpio.relay.pin, "the rest of a section stays"
    assert settings.recorder.preroll_s == plain.recorder.preroll_s


def test_the_caller_wins_over_all(tmp_path: Path) -> None:
    path = owners(tmp_path, "board: raspberry-pi-4\nlog_level: error\nstate_dir: /somewhere\n")
    settings = load(path, board="laptop", state_dir="/elsewhere")
    assert (settings.board, settings.state_dir, settings.log_level) == ("laptop", "/elsewhere", "error")
    assert settings.gpio.factory == "mock", "and its board's profile is taken"


def test_a_card_says_which_board_it_is_and_its_owner_says_it_louder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, made_for = tmp_path / "said", tmp_path / "made-for"
    monkeypatch.setattr(config, "CARD", (said, made_for))
    made_for.write_text("raspberry-pi-4\n")
    assert load().board == "raspberry-pi-4"
    said.write_text("le-potato\n")
    assert load().gpio == load(board="le-potato").gpio and load().board == "le-potato"
    assert load(owners(tmp_path, "board: raspberry-pi-3\n")).board == "raspberry-pi-3"
    assert load(board="laptop").board == "laptop"


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load(owners(tmp_path, "# nothing yet\n")) == load()


def test_home_and_environment_are_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/nora")
    monkeypatch.setenv("PLACE", "/run/here")
    settings = load(owners(tmp_path, "state_dir: ~/lamp\ncontrol_socket: $PLACE/control.sock\n"))
    assert (settings.state_dir, settings.control_socket) == ("/home/nora/lamp", "/run/here/control.sock")


@pytest.mark.parametrize(
    ("text", "wrong", "near"),
    [
        ("recoder: {}", "recoder", "recorder"),
        ("recorder: {hangover: 1}", "recorder.hangover", "recorder.hangover_s"),
        ("gpio: {button: {kid: latching}}", "gpio.button.kid", "gpio.button.kind"),
        ("gpio: {relay: {pim: 3}}", "gpio.relay.pim", "gpio.relay.pin"),
        ("1: 2", "1", ""),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_that_exists(tmp_path: Path, text: str, wrong: str, near: str) -> None:
    message = fault(tmp_path, text)
    assert message.startswith(f"{tmp_path / 'mine.yaml'}: {wrong} is not a key; did you mean {near}")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("recorder: {speech_above: 1.5}", ["recorder.speech_above", "1.5", "<= 1.0"]),
        ("anticipator: {wrong_acts: 1.01}", ["anticipator.wrong_acts", "1.01", "<= 1.0"]),
        ("anticipator: {fidget_s: -1}", ["anticipator.fidget_s", "-1", ">= 0.0"]),
        ("hub: {inbox: 5}", ["hub.inbox", "5", ">= 16"]),
        ("operator: {power_up: sometimes}", ["operator.power_up", "'sometimes'"]),
        ("gpio: {button: {pull_up: perhaps}}", ["gpio.button.pull_up", "'perhaps'", "bool"]),
        ("recorder: 5", ["recorder", "5", "object"]),
        ("recorder: null", ["recorder", "None", "object"]),
        ("actuator: {command: []}", ["actuator.command", "[]", "length >= 1"]),
        ("actuator: {command: reboot}", ["actuator.command", "'reboot'", "array"]),
        ("trainer: {keep_models: 2.5}", ["trainer.keep_models", "2.5", "int"]),
    ],
)
def test_a_value_that_will_not_do_is_named_with_its_key_and_its_range(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    message = fault(tmp_path, text)
    assert message.startswith(f"{tmp_path / 'mine.yaml'}: {parts[0]}: {parts[1]} will not do: ")
    for part in parts:
        assert part in message


def test_without_a_relay_it_takes_a_command(tmp_path: Path) -> None:
    assert "gpio.relay is null: then it takes an actuator.command" in fault(tmp_path, "gpio: {relay: null}")
    settings = load(owners(tmp_path, "gpio: {relay: null}\nactuator: {command: [/usr/local/bin/fan]}\n"))
    assert settings.gpio.relay is None and settings.actuator.command == ["/usr/local/bin/fan"]


def test_an_unknown_board_is_named_with_those_that_exist(tmp_path: Path) -> None:
    message = fault(tmp_path, "board: toaster")
    assert "board: toaster is not known" in message
    for profile in shipped("hardware").glob("*.yaml"):
        assert profile.stem in message


@pytest.mark.parametrize("text", ["a: [1", "- a\n- b\n", "just words", "\ta: 1"])
def test_a_file_that_is_no_configuration_is_named(tmp_path: Path, text: str) -> None:
    assert fault(tmp_path, text).startswith(f"{tmp_path / 'mine.yaml'}: ")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.yaml: "):
        load(tmp_path / "gone.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"board: caf\xe9\n")
    with pytest.raises(ConfigError, match=r"latin\.yaml: "):
        load(tmp_path / "latin.yaml")


def test_the_owners_file_is_the_given_one_then_the_one_of_the_environment_then_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = owners(tmp_path, "")
    monkeypatch.delenv("LAMPD_CONFIG", raising=False)
    monkeypatch.setattr(config, "OWNERS", tmp_path / "not there")
    assert owners_file() is None
    monkeypatch.setattr(config, "OWNERS", system)
    assert owners_file() == system
    monkeypatch.setenv("LAMPD_CONFIG", "/from/environment.yaml")
    assert owners_file() == Path("/from/environment.yaml")
    assert owners_file("/given.yaml") == Path("/given.yaml")
