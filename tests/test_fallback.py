"""What the lamp hears with, and says, where ONNX Runtime is not for this processor."""

import sys
from pathlib import Path

import pytest

from lampd.messages import AnyMessage, Resume, Speech, Transcript
from lampd.processes import Processes
from lampd.settings import Settings


def nothing(name: str, before: int | None) -> list[AnyMessage]:
    return []


@pytest.mark.parametrize(
    ("module", "why", "deaths"),
    [
        ("import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n", "crashed", 1),
        ("raise ImportError('no wheel for this board')\n", "no wheel for this board", 0),
    ],
)
def test_a_transcriber_without_onnx_runtime_hears_with_transformers_and_says_why(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, why: str, deaths: int
) -> None:
    (tmp_path / "onnxruntime.py").write_text(module)
    # processes of stages look for modules where this one does
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    processes = Processes(settings, nothing, lambda: Resume(0.0, 0, False))
    processes.start()
    try:
        processes.wait_ready()
        transcriber = processes.children["transcriber"]
        assert "transformers" in transcriber.note and why in transcriber.note
        assert transcriber.restarts == deaths
        said = processes.call("transcriber", 1, Speech(1.0, 1, 0.0, 1.0, bytes(32_000)))
        assert [type(message) for message in said] == [Transcript]
    finally:
        processes.stop()
