"""The campaign against the pins in its short form, and that it would notice."""

import random

import pytest

from lampd.bench.faults import pins
from lampd.devices.contact import Contact
from lampd.stages.operator import Operator


def test_none_of_its_promises_is_broken() -> None:
    outcome = pins.run(pins.SHORT, 0, print)
    assert outcome.broken == []
    assert outcome.counts["acts"] > 100 and outcome.counts["corrections"] > 50


def test_it_notices_a_relay_that_does_not_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "Operator", lambda relay, correction_s, rest_s: Operator(relay, correction_s))
    broken: list[str] = []
    pins._directed(1, random.Random(0), {}, broken)
    assert any("after an act" in one for one in broken)


def test_it_notices_a_wire_that_is_always_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Contact, "presses", lambda self, at: True)
    broken: list[str] = []
    pins._loose(4, random.Random(0), {}, broken)
    assert any("edges a second" in one for one in broken)
