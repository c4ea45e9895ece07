"""What a button's contact does comes in; whether that may be a hand leaves, and what is wrong where no hand would.

A loose wire presses without end, and would wear out the relay and what hangs on it.
"""

HANDFUL = 100.0
"""Presses that a hand may make beyond one a second."""
QUIET_S = 10.0
"""A contact that was taken for a loose wire is listened to again once it has been left alone for so long."""
STUCK_S = 60.0
"""Nobody holds a button for so long."""


class Contact:
    """That of the button called `name`, which is a push button or, where it is `latching`, keeps its position."""

    def __init__(self, name: str, latching: bool = False) -> None:
        self._name, self._latching = name, latching
        self._pressed_at = self._closed_at = float("-inf")
        self._presses = 0.0  # beyond one a second
        self._is_loose = self._is_closed = False

    def presses(self, at: float) -> bool:
        """Whether a press at `at`, in seconds of the monotonic clock, counts as a hand's."""
        quiet_s, self._pressed_at = max(0.0, at - self._pressed_at), at
        if self._is_loose and quiet_s < QUIET_S:
            return False
        self._presses = 1.0 if self._is_loose else max(0.0, self._presses - quiet_s) + 1
        self._is_loose = self._presses > HANDFUL
        return not self._is_loose

    def look(self, at: float, closed: bool) -> str:
        """What is wrong with it, and what to do, now that it is `closed` or not; empty where it does well."""
        if closed and not self._is_closed:
            self._closed_at = at
        self._is_closed = closed
        self._is_loose &= at - self._pressed_at < QUIET_S
        if self._is_loose:
            return f"{self._name} presses faster than a hand, and is not heeded until it rests: look for a loose wire"
        if closed and not self._latching and at - self._closed_at > STUCK_S:
            return f"{self._name} is held down: it is stuck, or its wires touch, or `pull_up` is wrong"
        return ""
