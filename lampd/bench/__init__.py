"""Every figure that README states: what a benchmark is. `command.py` runs them."""

import argparse
from typing import Any, NamedTuple, Protocol


class Refused(Exception):
    """Why a benchmark cannot be run, in words for who asked for it."""


class Report(NamedTuple):
    """What a benchmark found: `figures` as JSON writes them, the same as `text` for people, and whether what the lamp
    promises `holds`."""

    figures: Any
    text: str
    holds: bool = True


class Benchmark(Protocol):
    """A module of this package. QUICK are the options of a first look; run() says on standard error how far it is, and
    raises Refused."""

    __doc__: str
    QUICK: tuple[str, ...]

    def options(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> Report: ...
