"""`lampctl bench`: what is run, what it says, and what has changed since."""

import argparse
import contextlib
import importlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from lampd.bench import Refused, Report, command
from lampd.cli.parser import BENCHMARKS


def found(name: str, *options: str) -> Any:
    """The figures that `lampctl bench NAME OPTIONS --json` prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert command.bench(name, [*options, "--json"]) == 0
    return json.loads(said.getvalue())["figures"][name]


class Stopwatch:
    """Counts to a number."""

    QUICK = ("--most", "2")

    def __init__(self, holds: bool = True) -> None:
        self._holds = holds

    def options(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--most", type=int, default=10)

    def run(self, arguments: argparse.Namespace) -> Report:
        if arguments.most < 0:
            raise Refused("nobody counts to less than nothing")
        rows = [{"name": "up", "ms": arguments.most, "in_time": True}]
        return Report({"rows": rows}, f"counted to {arguments.most}", self._holds)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"good": Stopwatch(), "bad": Stopwatch(holds=False)}
    monkeypatch.setattr(command, "_module", made.__getitem__)
    monkeypatch.setattr(command, "STATED", ("good", "bad"))


def test_each_benchmark_of_the_parser_is_one() -> None:
    for name in BENCHMARKS.keys() - {"all"}:
        module = importlib.import_module(f"lampd.bench.{name}")
        parser = argparse.ArgumentParser()
        module.options(parser)
        if name != "runtimes":
            parser.parse_args(module.QUICK)
        assert callable(module.run) and module.__doc__
    assert {*command.STATED} <= BENCHMARKS.keys()


@pytest.mark.usefixtures("two")
def test_all_of_them_run_and_what_is_broken_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    assert command.bench("all", ["--quick", "--save", str(file)]) == 1
    out, err = capsys.readouterr()
    assert out.count("counted to 2") == 2 and "torch" in out
    assert "does not hold: bad" in err
    kept = json.loads(file.read_text())
    assert kept["figures"]["good"] == {"rows": [{"name": "up", "ms": 2, "in_time": True}]}
    assert kept["machine"]["cores"] and kept["machine"]["versions"]["lampd"]


@pytest.mark.usefixtures("two")
def test_what_has_changed_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "old.json"
    assert command.bench("good", ["--save", str(file)]) == 0
    assert command.bench("good", ["--most", "30", "--compare", str(file)]) == 0
    *_, told = capsys.readouterr().out.splitlines()
    assert told.split() == ["good.rows.up.ms", "10", "30", "3.00", "times"]
    assert command.bench("good", ["--compare", str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("1 figures of")


@pytest.mark.usefixtures("two")
def test_what_cannot_be_run_or_compared_with_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["--most", "-1"], ["--compare", str(tmp_path / "none.json")]):
        with pytest.raises(SystemExit) as stopped:
            command.bench("good", options)
        assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "less than nothing" in said and "none.json" in said


def test_a_start_is_measured() -> None:
    figures = found("start", "--times", "1")
    assert figures["ready_s"].keys() == {"operator", "recorder", "transcriber", "anticipator", "trainer"}
    assert figures["memory_mb"].keys() == {*figures["ready_s"], "hub"}
    assert all(10 < mb < 500 for mb in figures["memory_mb"].values())
