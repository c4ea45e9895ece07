"""The log: events come in; lines for people leave at a terminal, JSON elsewhere.

journald stamps lines with the time itself and takes their priority from a prefix, as sd-daemon(3) has it.
"""

import logging
import os
from typing import Any, TextIO

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


def log_to(file: TextIO, level: str) -> None:
    """Log to `file` what is at `level` or above."""
    to_json = structlog.processors.JSONRenderer()

    def for_journald(logger: Any, method: str, event: structlog.typing.EventDict) -> str:
        return f"{prefix(file, method)}{to_json(logger, method, event)!s}"

    processors: list[structlog.typing.Processor] = [for_journald]
    if not is_journald(file):
        processors = [
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso"),
            structlog.dev.ConsoleRenderer() if file.isatty() else to_json,
        ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file),
    )
