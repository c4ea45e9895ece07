"""What may hang, or die of an instruction that this processor does not have, runs in a process of its own: a function
and a limit come in, what it returned leaves."""

import contextlib
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from lampd.lives import SPAWN

NICENESS = 5
Result = TypeVar("Result")


class Failed(Exception):
    """It returned nothing; the text says why."""


def apart(function: Callable[..., Result], *arguments: Any, limit_s: float) -> Result:
    """`function` of `arguments`, in another process that gives way to the lamp's. Raises Failed after `limit_s`, when
    the process dies, and when the function raises."""
    receiving, sending = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=_run, args=(sending, function, arguments), daemon=True)
    process.start()
    sending.close()
    try:
        if not receiving.poll(limit_s):
            raise Failed(f"it was not done within {limit_s:.0f} s")
        returned: tuple[bool, Any] = receiving.recv()
    except EOFError:
        process.join(2)
        raise Failed(_end(process.exitcode)) from None
    finally:
        process.kill()
        process.join(2)
    well, result = returned
    if not well:
        raise Failed(str(result))
    done: Result = result
    return done


def _end(code: int | None) -> str:
    if code == -signal.SIGILL:
        return "it died of an illegal instruction: what is installed was made for another processor"
    if code is not None and code < 0:
        return f"it died of {signal.Signals(-code).name}"
    return f"its process ended with {code}"


def _run(sending: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    # ALSA's complaints about cards that it does not find are nobody's here
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.nice(NICENESS)
    with contextlib.suppress(OSError):
        # out of memory, the kernel is to end this and not the lamp
        Path("/proc/self/oom_score_adj").write_text("1000")
    try:
        result = True, function(*arguments)
    except Exception as error:
        result = False, f"{type(error).__name__}: {error}"
    sending.send(result)
    # a microphone is never closed, for that may hang
    os._exit(0)
