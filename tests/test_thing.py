"""What need not be a lamp: on every screen it is called what its owner calls it."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lampd import config
from lampd.cli import replay, session, status
from lampd.cli.main import main
from lampd.config import ConfigError
from lampd.messages import Acted, AnyMessage, Correction, Directive, Example, Flip, Lamp, Model
from lampd.session import Flip as Flipped
from lampd.session import Session, Text, Wish
from lampd.settings import Thing
from lampd.story import sentence

FAN = Thing("fan", "on", "off")
SAID: list[AnyMessage] = [
    Flip(1.0, True),
    Lamp(1.0, False),
    Acted(1.0, 1, True),
    Correction(1.0, 1, True),
    Directive(1.0, 1, 1.0, "lit", 0.9, 0.1, "explicit", "sure enough"),
    Example(1.0, 1, "summer", False, ("lit", "nothing"), "silence"),
    Model(1.0, "gate", 3, "", {"lit": 4, "dark": 5, "nothing": 6}),
]
OTHERS_NAMES = r"\b(lamp|lit|dark|light)\b"


@pytest.mark.parametrize("message", SAID, ids=lambda message: type(message).__name__)
def test_messages_are_told_in_its_names(message: AnyMessage) -> None:
    told = sentence(message, FAN)
    assert re.search(r"\b(on|off)\b", told)
    assert not re.search(OTHERS_NAMES, told)


def test_status_is_in_its_names() -> None:
    answer: dict[str, Any] = {
        "thing": msgspec.to_builtins(FAN),
        "known": {"lit": 2, "dark": 3, "nothing": 0, "not lit": 4},
        "recent": [msgspec.to_builtins(message) for message in SAID],
        **dict.fromkeys(("model", "judged", "recording", "tv_night")),
        **{"lit": True, "up_s": 5.0, "version": "1", "complaints": [], "stages": {}, "hub_memory_mb": 1.0},
        **{"listens": True, "learns": True, "pauses_left_s": {}, "autonomy": {"now": "act", "limit": "act"}},
        "microphone": {"level": None, "heard_s_ago": None},
        "board": {"temperature_c": None, "learning_rests": False},
        "disk": {"free_mb": None, "journal_mb": None},
        "scores": {"acts": 0, "corrected": 0, "missed": 0},
        "rates": [{"wrong_an_hour": None, "missed_share": None}] * 2,
    }
    told = status.lines(answer)
    assert told[0].startswith("fan ● on ")
    assert "learned from 2 on, 3 off, 4 not on" in told
    assert not [line for line in told if re.search(OTHERS_NAMES, line)]


def test_sessions_are_in_its_names() -> None:
    events = Flipped(1.0, True), Wish(2.0, False, 2.0, 3.0, "nora")
    assert [session.in_words(event, FAN)[10:] for event in events] == [
        "flip     a hand: the fan is on",
        "wish     nora wants off",
    ]


def test_a_replay_is_told_in_its_names(tmp_path: Path, household: Session, capsys: pytest.CaptureFixture[str]) -> None:
    from lampd.session import write

    said = [event for event in household.events if isinstance(event, Wish | Text)][:16]
    write(Session("a fan", tuple(said), folder=tmp_path / "evening"))
    (tmp_path / "fan.yaml").write_text('thing: {name: fan, lit: "on", dark: "off"}\n')
    words = ["replay", str(tmp_path / "evening"), "--text", "--closed-loop"]
    assert main(["--config", str(tmp_path / "fan.yaml"), *words]) == 0
    told = capsys.readouterr().out
    assert "spoken wishes for on or off" in told
    assert "The fan knew nothing at first" in told
    assert re.search(r"^on +precision", told, re.MULTILINE) and re.search(r"^off +precision", told, re.MULTILINE)
    assert not re.search(OTHERS_NAMES, told)
    assert replay.in_words.__defaults__ and replay.in_words.__defaults__[0].name == "lamp"


def test_names_that_yaml_takes_for_true_and_false_are_to_be_quoted(tmp_path: Path) -> None:
    (tmp_path / "fan.yaml").write_text("thing: {name: fan, lit: on, dark: off}\n")
    with pytest.raises(ConfigError, match=r"thing\.lit: True will not do: .*in quotes"):
        config.load(tmp_path / "fan.yaml")
