"""Counts the inputs that were tried, and says so when many were asked for."""

import functools
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

TRIED: Counter[str] = Counter()


def pytest_itemcollected(item: pytest.Item) -> None:
    handle = getattr(getattr(item, "obj", None), "hypothesis", None)
    if not handle or item.path.parent != Path(__file__).parent:
        return
    test, name = handle.inner_test, f"{item.path.stem.removeprefix('test_')}: {item.name.removeprefix('test_')}"

    @functools.wraps(test)
    def counting(*values: Any, **named: Any) -> Any:
        TRIED[name] += 1
        return test(*values, **named)

    handle.inner_test = counting


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if "LAMPD_FUZZ" not in os.environ or not TRIED:
        return
    for name, times in TRIED.items():
        terminalreporter.write_line(f"{times:9,}  {name.replace('_', ' ')}")
    terminalreporter.write_line(f"fuzz: {TRIED.total():,} inputs of {len(TRIED)} kinds")
