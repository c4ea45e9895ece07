"""What looking in costs, measured once and shortly."""

import json

import pytest

from lampd.bench.looking import main


def test_status_and_watch_are_cheap(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "6", "--times", "3", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    # promised are 0.3 s and 3 %; test machines are busy
    assert figures["status_s"][0] < 3
    assert 0 < figures["watch_share"] < 0.1
