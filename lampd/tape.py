"""The tape of receipts: each message as a stage handled it, and what it said, one JSON object a line."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from lampd.messages import AnyMessage


class Receipt(msgspec.Struct, frozen=True):
    stage: str
    heard: AnyMessage
    said: list[AnyMessage]


class Tape:
    """Writes receipts to a file; call it with each. Sound is on the tape too: it is for tests and for the curious."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("wb")

    def __call__(self, stage: str, heard: AnyMessage, said: list[AnyMessage]) -> None:
        self._file.write(msgspec.json.encode(Receipt(stage, heard, said)) + b"\n")

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[Receipt]:
    """Receipts in the order in which they were handled."""
    decode = msgspec.json.Decoder(Receipt).decode
    with path.open("rb") as file:
        for line in file:
            yield decode(line)
