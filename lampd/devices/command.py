"""What is switched by a program: states come in, and each is told to a command of the owner's; what went wrong leaves.

The switch waits for none of it: a thread runs one command at a time, and when that is over, only the newest state. A
command gets no shell, no input, no privilege and so much time; what it has begun ends with it. It may outlive an
operator that is killed: then systemd ends it with the service.
"""

import contextlib
import os
import pwd
import select
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from lampd.settings import Actuator, Thing
from lampd.story import readable, state

STATE = "LAMPD_STATE"
NOT_ITS = ("JOURNAL_STREAM", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")
"""What systemd has told lampd alone."""
USERS = ("lampd", "nobody")
"""Who a command runs as where lampd is root: the first that there is."""
LONGEST, LINE = 4000, 200
"""Bytes that are kept of what a command says, and letters of its last line."""
BREATH_S = 0.01
"""Between two pieces of what it says: one that never stops talking does not keep the processor from the switch."""


class Failure(NamedTuple):
    """What went wrong and what to do, and the end of what the command said."""

    why: str
    output: str = ""


class Command:
    """Tells the command of `actuator` each state of `thing`, by the state's name and in LAMPD_STATE. `tell` gets what
    is wrong and what the command said; nothing, once it works."""

    def __init__(self, actuator: Actuator, thing: Thing, tell: Callable[[str, str], None]) -> None:
        self._argv, self._timeout_s = actuator.command or [], actuator.timeout_s
        self._thing, self._tell = thing, tell
        self._wanted = False
        self._told: bool | None = None
        self._running: subprocess.Popen[bytes] | None = None
        self._changed = threading.Event()
        threading.Thread(target=self._work, daemon=True).start()

    def set(self, lit: bool) -> None:
        """Have it told, as soon as what is running is over, unless something newer is to be told by then."""
        self._wanted = lit
        self._changed.set()

    def end(self) -> None:
        """End what is running: this process is about to leave."""
        if running := self._running:
            _kill(running)

    def _work(self) -> None:
        well = False
        while self._changed.wait():
            # in this order: what changes from here on is seen the next time
            self._changed.clear()
            lit = self._wanted
            if lit == self._told:
                continue
            failure = self._failure(lit)
            self._told = None if failure else lit
            if failure:
                command = shlex.join([*self._argv, state(lit, self._thing)])
                again = "it is run again at the next change"
                self._tell(f"actuator.command: {command}: {failure.why}; {again}", failure.output)
            elif not well:
                self._tell("", "")
            well = not failure

    def _failure(self, lit: bool) -> Failure | None:
        """Run it."""
        own = {name: value for name, value in os.environ.items() if name not in NOT_ITS}
        try:
            running = subprocess.Popen(
                [*self._argv, state(lit, self._thing)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=own | {STATE: str(int(lit))},
                start_new_session=True,
                **unprivileged(),
            )
        except (OSError, ValueError) as error:
            # of a name without folders, what was in the way in any of those that programs lie in
            if isinstance(error, PermissionError) and "/" in self._argv[0]:
                return Failure(f"{_user()} may not run it: chmod 755, and its folders too")
            if isinstance(error, FileNotFoundError | PermissionError):
                return Failure("no such program, or not the one that its first line names: give its whole path")
            return Failure(f"it cannot be run ({error}): a script begins with #!/bin/sh")
        self._running = running
        _step_back(running.pid)
        try:
            is_over, said = _heard(running, self._timeout_s)
        except OSError as error:
            _kill(running)
            return Failure(f"it cannot be looked after ({error}), and was ended")
        finally:
            self._running = None
        output = "\n".join(map(readable, said.decode(errors="replace").strip().splitlines()))
        if not is_over:
            why = f"not over after {self._timeout_s:g} s, and ended: make it quicker, or actuator.timeout_s longer"
            return Failure(why, output)
        if running.returncode == 0:
            return None
        ended = f"signal {-running.returncode}" if running.returncode < 0 else f"exit code {running.returncode}"
        last = output.rpartition("\n")[2][-LINE:]
        return Failure(f"{ended}{f' ({last})' if last else ''}: run it yourself to see why", output)


def _heard(running: "subprocess.Popen[bytes]", timeout_s: float) -> tuple[bool, bytes]:
    """Wait for it, for so long, and end what is left of it: whether it was over, and the end of what it said."""
    assert running.stdout
    voice, over, said = running.stdout.fileno(), os.pidfd_open(running.pid), b""
    until = time.monotonic() + timeout_s
    is_over = False
    poll = select.poll()
    poll.register(voice, select.POLLIN)
    poll.register(over, select.POLLIN)
    try:
        while not is_over and (left := until - time.monotonic()) > 0:
            ready = {one for one, _ in poll.poll(1000 * left)}
            is_over = over in ready
            if voice in ready and not is_over:
                if piece := os.read(voice, 65536):
                    said = (said + piece)[-LONGEST:]
                    time.sleep(BREATH_S)
                else:
                    poll.unregister(voice)
    finally:
        # before it is waited for: until then nobody else can have its number
        _kill(running)
        running.wait()
        os.close(over)
        os.set_blocking(voice, False)
        with contextlib.suppress(BlockingIOError):
            said = (said + os.read(voice, 65536))[-LONGEST:]
        running.stdout.close()
    return is_over, said


def _kill(running: "subprocess.Popen[bytes]") -> None:
    """End it with all that it began, but for what has left its session."""
    # those that gave themselves another user may not be ended
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, signal.SIGKILL)


def _step_back(pid: int) -> None:
    """It began where the operator stays, before all others: back to where any program is."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PGRP, pid, max(0, os.getpriority(os.PRIO_PROCESS, 0)))
    with contextlib.suppress(OSError):
        place = Path(f"/proc/{pid}/oom_score_adj")
        place.write_text(str(max(0, int(place.read_text()))))


def unprivileged() -> dict[str, Any]:
    """What has subprocess.Popen give up root, and all groups but that user's own; nothing for who is not root."""
    if os.geteuid():
        return {}
    for name in USERS:
        with contextlib.suppress(KeyError):
            who = pwd.getpwnam(name)
            return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": os.getgrouplist(name, who.pw_gid)}
    return {"user": 65534, "group": 65534, "extra_groups": []}


def _user() -> str:
    uid = unprivileged().get("user", os.geteuid())
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
