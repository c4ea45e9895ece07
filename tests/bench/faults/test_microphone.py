"""The campaign against the microphone in its short form, and that it would notice."""

import numpy as np
import pytest

from lampd import ears
from lampd.bench.faults import microphone
from lampd.bench.faults.sound_server import missing


def test_none_of_its_promises_is_broken() -> None:
    if lacks := missing():
        pytest.skip(lacks)
    outcome = microphone.run(microphone.SHORT, 0, print)
    assert outcome.broken == []
    assert outcome.counts["microphones gone"] == microphone.SHORT


def test_it_notices_what_is_silently_deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ears, "FIRST_S", float("inf"))
    broken: list[str] = []
    microphone._listened("digital silence", np.zeros(16_000, np.int16), 0.5, {}, broken)
    assert broken == ["digital silence is not said to be a microphone's fault"]
