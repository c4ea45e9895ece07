"""A stage's process, without the process: what its threads meet ends it, and is said."""

import os
import queue
from typing import Any

import pytest

from lampd import child, config
from lampd.devices import microphone
from lampd.hub import Hub
from lampd.journal import Journal
from lampd.messages import Press, Resume, Tick
from lampd.requests import Requests

SETTINGS = config.load(board="laptop")


class Ended(Exception):
    """In place of os._exit."""


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> "queue.Queue[bytes]":
    """What a child says; it does not end this process."""

    def leave(code: int) -> None:
        raise Ended(code)

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(child, "POLL_S", 0.0)
    return queue.Queue()


def made(name: str, said: "queue.Queue[bytes]") -> Any:
    beginning = child.Beginning(name, SETTINGS, [], Resume(0.0, 0, False), live=True)
    return child.Child(beginning, queue.Queue(), said)  # type: ignore[arg-type]


def broken(*_: object) -> None:
    raise ValueError("nobody thought of this")


def test_a_recorder_that_cannot_bear_what_it_hears_is_not_left_deaf(
    said: "queue.Queue[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made("recorder", said)
    one._stage = type("Stage", (), {"handle": broken})()
    monkeypatch.setattr(microphone, "heard", lambda *_: iter([(1.0, b"\0\0")]))
    with pytest.raises(Ended):
        one._listen()
    assert child.decode_handled(said.get_nowait()).error == "ValueError: nobody thought of this"


def test_a_press_that_does_not_reach_the_relay_is_not_swallowed(said: "queue.Queue[bytes]") -> None:
    one = made("operator", said)
    one._stage = type("Stage", (), {"handle": broken})()
    for touch in (one._pressed, one._privacy_pressed):
        with pytest.raises(Ended):
            touch()
        assert child.decode_handled(said.get_nowait()).error == "ValueError: nobody thought of this"


def test_what_is_wrong_with_the_panel_is_told_as_it_changes(said: "queue.Queue[bytes]") -> None:
    one = made("operator", said)
    wrong = iter(["", "it is held down", "it is held down", "", ""])
    panel = type("Panel", (), {"look": lambda self, at: next(wrong)})()
    for at in range(5):
        one._look(panel, float(at))
    assert [child.decode_handled(said.get_nowait()).note for _ in range(said.qsize())] == ["it is held down", ""]


def test_nothing_is_put_by_for_a_switch_that_is_out_of_order() -> None:
    """Else the lamp would make up for it all at once, an hour later."""
    hub = Hub(SETTINGS, Journal(":memory:", "boot"), lambda: 0.0, live=False)
    requests, operator = Requests(hub, SETTINGS), hub.processes.children["operator"]
    requests.answer({"ask": "flip", "lit": None})
    assert [type(message) for _, message in operator.pending] == [Press], "one that is starting does it"
    operator.error = "PanelError: gpio: relay on 24, button on 23: the chip is gone"
    with pytest.raises(ValueError, match="out of order: PanelError: gpio: relay on 24"):
        requests.answer({"ask": "flip", "lit": None})
    hub.post(Tick(1.0))
    assert len([one for _, one in operator.pending if isinstance(one, Press)]) == 1
