"""The log: events come in; lines for people leave at a terminal, JSON elsewhere.

journald stamps lines with the time itself and takes their priority from a prefix, as sd-daemon(3) has it. structlog
takes longest of all that the hub imports, so it is imported with the first event: the switch comes before.
"""

import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import structlog

PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}


def is_journald(file: TextIO) -> bool:
    """Whether systemd connected `file` to the journal."""
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def prefix(file: TextIO, level: str) -> str:
    """What a line of this level begins with, for `journalctl -p` to find it."""
    return f"<{PRIORITIES[level]}>" if is_journald(file) else ""


class Log:
    """Takes events with their fields; what is at `level` or above is written to `file`."""

    def __init__(self) -> None:
        self.to(sys.stderr, "info")

    def to(self, file: TextIO, level: str) -> None:
        self._file, self._level = file, logging.getLevelNamesMapping()[level.upper()]
        self._logger: structlog.typing.FilteringBoundLogger | None = None

    def info(self, event: str, **fields: Any) -> None:
        self._write("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._write("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._write("error", event, fields)

    def _write(self, method: str, event: str, fields: dict[str, Any]) -> None:
        # a lamp does not go out because nobody reads what it says
        with contextlib.suppress(OSError):
            getattr(self._begun(), method)(event, **fields)

    def _begun(self) -> "structlog.typing.FilteringBoundLogger":
        if self._logger is None:
            import structlog

            bound = structlog.make_filtering_bound_logger(self._level)
            self._logger = structlog.wrap_logger(structlog.PrintLogger(self._file), processors(self._file), bound)
        return self._logger


def processors(file: TextIO) -> "list[structlog.typing.Processor]":
    """What makes a line for `file` of an event."""
    import structlog

    to_json = structlog.processors.JSONRenderer()

    def for_journald(logger: Any, method: str, event: structlog.typing.EventDict) -> str:
        return f"{prefix(file, method)}{to_json(logger, method, event)!s}"

    if is_journald(file):
        return [for_journald]
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper("iso"),
        structlog.dev.ConsoleRenderer() if file.isatty() else to_json,
    ]


log = Log()
