"""Requests of any kind: each is answered, the hub goes on, and what was taught kills no stage, in this life or the
next."""

import base64
import json
import queue
from collections.abc import Iterator
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from lampd import assembly, config, history, moments
from lampd.child import Beginning, Child
from lampd.control import Control, _request, ask
from lampd.hub import Hub
from lampd.journal import Journal
from lampd.learners import ngrams
from lampd.memory import memory
from lampd.messages import Example, Resume, Said, decode, encode
from lampd.requests import Requests
from lampd.settings import Settings
from lampd.stages.anticipator import Anticipator
from tests.fuzz.cases import AWKWARD, TEXTS, cases, damaged

REQUESTS: list[dict[str, Any]] = [
    {"ask": "ping"},
    {"ask": "status"},
    {"ask": "flip", "lit": None},
    {"ask": "relabel", "utterances": [1], "meant": "lit"},
    {"ask": "teach", "said": {"text": "light", "ngrams": {"li": 1.0}, "sound": "", "voice": ""}, "meant": "dark"},
    {"ask": "undo"},
    {"ask": "pause", "what": "listening", "for_s": 5},
    {"ask": "resume", "what": "acting"},
    {"ask": "limit", "limit": "hint"},
    {"ask": "record", "folder": None},
    {"ask": "tvnight", "for_s": 1},
    {"ask": "forget", "utterances": [7]},
]
VALUES: some.SearchStrategy[Any] = some.recursive(
    some.none() | some.booleans() | some.integers() | some.sampled_from([2**63, 10**30, 1e308]) | some.floats() | TEXTS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


class Lamp:
    """A hub whose stages live here."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.journal = Journal(Path(settings.state_dir) / "journal.db", "boot")
        self.hub = Hub(settings, self.journal, lambda: 1000.0, live=False)
        self._control = Control.__new__(Control)
        self._control._answer = Requests(self.hub, settings).answer
        self._stages = {name: assembly.build(name, settings) for name in ("anticipator", "trainer")}
        # a life that is renewed would be a process
        self.hub.processes.renew = lambda name, keep: None  # type: ignore[method-assign]

    def ask(self, line: bytes) -> dict[str, Any]:
        """The answer, after which every stage has handled what followed."""
        request = _request(line)
        answer = request if "error" in request else self._control._safely(request)
        assert json.dumps(answer)
        for name, child in self.hub.processes.children.items():
            while child.pending:
                _, message = child.pending.popleft()
                if stage := self._stages.get(name):
                    stage.handle(decode(encode(message)))
        return answer

    def is_well(self) -> None:
        """Another life knows what this one knew."""
        for name in self._stages:
            stage = assembly.build(name, self.settings)
            for message in memory(self.journal, name):
                stage.handle(decode(encode(message)))
        assert self.ask(b'{"ask": "status"}')["version"]


@pytest.fixture
def lamp(tmp_path: Path) -> Iterator[Lamp]:
    lamp = Lamp(config.load(board="laptop", state_dir=str(tmp_path), control_socket=str(tmp_path / "none.sock")))
    for text in ("some light", "good night"):
        assert "done" in lamp.ask(json.dumps(REQUESTS[4] | {"said": {"text": text}}).encode())
    yield lamp
    lamp.is_well()
    lamp.journal.close()


@cases(2)
@given(data=some.data())
def test_damaged_requests(lamp: Lamp, data: some.DataObject) -> None:
    whole = json.dumps(data.draw(some.sampled_from(REQUESTS))).encode()
    lamp.ask(data.draw(damaged(whole)))


@cases(4)
@given(data=some.data())
def test_requests_with_another_value(lamp: Lamp, data: some.DataObject) -> None:
    request = json.loads(json.dumps(data.draw(some.sampled_from(REQUESTS))))
    inside = request["said"] if "said" in request and data.draw(some.booleans()) else request
    key = data.draw(some.sampled_from(sorted(inside)).filter(lambda key: key != "ask"))
    inside[key] = data.draw(VALUES)
    if "folder" in request:
        # where it likes to, a lamp may write: not in this test
        request["folder"] = None
    lamp.ask(json.dumps(request).encode())


@cases()
@given(
    text=TEXTS,
    counts=some.dictionaries(some.text(max_size=4), some.floats() | some.integers(), max_size=4),
    sound=some.binary(max_size=100) | some.sampled_from([bytes(32), bytes(32 * 59), bytes(31), bytes(100_000)]),
    meant=some.sampled_from(["lit", "dark", "nothing"]),
)
@example(text="light", counts={}, sound=bytes(33), meant="lit")
@example(text="light", counts={"\0": 1.0}, sound=b"", meant="lit")
@example(text="light", counts={"l": 1e300}, sound=b"", meant="lit")
@example(text="light " * 20_000, counts={}, sound=b"", meant="lit")
def test_teaching_what_nobody_heard(lamp: Lamp, text: str, counts: Any, sound: bytes, meant: str) -> None:
    said = {"text": text, "ngrams": counts, "sound": base64.b64encode(sound).decode()}
    lamp.ask(json.dumps({"ask": "teach", "said": said, "meant": meant}).encode())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"ask": "relabel", "utterances": [1000000000000000000000000000000], "meant": "lit"}', "utterances"),
        (b'{"ask": "forget", "utterances": [9223372036854775808]}', "utterances"),
        (b'{"ask": "pause", "what": "listening", "for_s": NaN}', "not JSON"),
        (b'{"ask": "teach", "said": {"text": "\\ud800"}, "meant": "lit"}', "not JSON"),
        (b'{"ask": "record", "folder": "a\\u0000b"}', "null"),
        (b"[" * 200_000, "not JSON"),
    ],
)
def test_what_would_have_ended_the_hub_is_refused(lamp: Lamp, line: bytes, told: str) -> None:
    assert told in lamp.ask(line)["error"]


def test_what_no_life_survives_is_not_remembered(lamp: Lamp) -> None:
    known = Example(2.0, 10, "light", False, ("lit",), "flip", True)
    poison = [Example(1.0, 8, "a", False, ("lit",), "flip", True, sound=bytes(33))]
    poison += [Example(1.0, 9, "b", False, ("lit",), "flip", True, ngrams={"": 0.0})]
    memory, later = [encode(one) for one in (*poison, known)], cast("Queue[bytes]", queue.Queue())
    beginning = Beginning("anticipator", lamp.settings, memory, Resume(3.0, 10, False), False)
    child = Child(beginning, later, later)
    child._stage = stage = assembly.build("anticipator", lamp.settings)
    child._recall()
    assert isinstance(stage, Anticipator)
    assert stage.think(Said("light"), False).likely > 0.5


def test_history_knows_what_an_ear_can_hear() -> None:
    assert (history.MOST, history.MOMENTS) == (ngrams.MOST, moments.MOMENTS)


def test_what_nobody_thought_of_is_an_answer_too(tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        raise RecursionError("deep")

    control = Control(tmp_path / "lamp.sock", answer, lambda observe, on: None, lambda call: call())
    try:
        assert "deep" in ask(tmp_path / "lamp.sock", {"ask": "status"})["error"]
        for text in AWKWARD:
            assert "error" in ask(tmp_path / "lamp.sock", {"ask": text})
    finally:
        control.close()
