"""One look at one thing: what every check of `lampctl doctor` comes in with and leaves with, and its time limit."""

import contextlib
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from lampd import control
from lampd.settings import Settings

Verdict = Literal["ok", "look", "bad"]
"""Well; works, but look at it; does not work."""


class Check(NamedTuple):
    """What was `found` about `name`, and what to `do` about it unless it is ok."""

    name: str
    verdict: Verdict
    found: str
    do: str = ""


class Lamp(NamedTuple):
    """What is looked at: its settings, and what it says of itself where it runs."""

    settings: Settings
    answer: dict[str, Any] | None = None
    why: str = ""
    """There is no answer."""
    config_error: str = ""
    """The settings are not its owner's, but the defaults."""
    service: str = "lampd"
    """What systemd calls it."""

    @property
    def state(self) -> Path:
        return Path(self.settings.state_dir)

    @property
    def pid(self) -> int | None:
        """A process of the running lamp's."""
        stages = self.answer["stages"].values() if self.answer else ()
        return next((stage["pid"] for stage in stages if stage["pid"]), None)


Looks = Callable[[Lamp], Check]


def met(settings: Settings, config_error: str = "", service: str = "lampd") -> Lamp:
    """The lamp of these settings, asked how it is."""
    try:
        answer = control.ask(Path(settings.control_socket), {"ask": "status"})
    except control.NotRunning as error:
        return Lamp(settings, None, str(error), config_error, service)
    if "error" in answer:
        return Lamp(settings, None, str(answer["error"]), config_error, service)
    return Lamp(settings, answer, "", config_error, service)


def within(name: str, looks: Looks, lamp: Lamp, limit_s: float) -> Check:
    """What `looks` finds. One that takes longer than `limit_s` goes on by itself: leave with os._exit."""
    found: queue.SimpleQueue[Check] = queue.SimpleQueue()

    def look() -> None:
        try:
            found.put(looks(lamp))
        except Exception as error:
            # a check that fails is one more thing that was found
            what = f"could not be looked at: {type(error).__name__}: {error}"
            found.put(Check(name, "look", what, "try again with sudo; if it stays so, tell who makes lampd"))

    threading.Thread(target=look, daemon=True).start()
    with contextlib.suppress(queue.Empty):
        return found.get(timeout=limit_s)
    return Check(
        name, "bad", f"nothing was known of it after {limit_s:.0f} s", "`dmesg` may tell what hangs; restart it"
    )
