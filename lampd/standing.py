"""What stands until it is told otherwise: whether the lamp listens, learns, and how far it may go. What its owner said
of that, from the journal and since, comes in; what a pause that is over has it say leaves.

A pause goes on through a restart. After a power cut it begins anew, for nobody knows how long that was.
"""

from typing import Any

from lampd.journal import Journal
from lampd.learners.conduct import freedom
from lampd.messages import AnyMessage, Autonomy, Freedom, Learning, Listening, Privacy, Trust

OWNERS = (Listening, Learning, Autonomy)


class Standing:
    """All that stands at lamp time `now`, as `journal` has it."""

    def __init__(self, journal: Journal, now: float) -> None:
        self.listens = self.learns = self.trusted = True
        self.limit: Freedom = "act"
        self.lasting: Freedom = "act"  # when no pause is on
        self._until: dict[type[AnyMessage], float] = {}
        lasting = journal.last(Autonomy, "for_s = 0")
        for last in (lasting, *(journal.last(kind) for kind in (*OWNERS, Trust))):
            if last:
                this_boot, message = last
                self.observe(message, None if this_boot else now)

    def observe(self, message: AnyMessage, since: float | None = None) -> None:
        """Take up what is said; a pause counts from `since`, or from when it was said."""
        match message:
            case Listening():
                self.listens = message.listens
            case Learning():
                self.learns = message.learns
            case Autonomy():
                self.limit = message.limit
                if not message.for_s:
                    self.lasting = message.limit
            case Trust():
                self.trusted = message.trusted
                return
            case _:
                return
        self._until.pop(type(message), None)
        if message.for_s:
            self._until[type(message)] = (message.at if since is None else since) + message.for_s

    def over(self, now: float) -> list[AnyMessage]:
        """What is to be said, once, for the pauses that are over."""
        said: list[AnyMessage] = []
        for kind, until in sorted(self._until.items(), key=lambda item: item[1]):
            if now >= until:
                del self._until[kind]
                if kind is Listening:
                    said.append(Privacy(now, True))
                elif kind is Learning:
                    said.append(Learning(now, True))
                else:
                    said.append(Autonomy(now, self.lasting))
        return said

    @property
    def freedom(self) -> Freedom:
        """How far it goes now."""
        return freedom(self.limit, self.trusted)

    def status(self, now: float) -> dict[str, Any]:
        """For `lampctl status`: pauses are told by how long they still last, in seconds."""
        names = {Listening: "listening", Learning: "learning", Autonomy: "autonomy"}
        left = {names[kind]: round(until - now) for kind, until in self._until.items() if kind in names}
        return {
            "listens": self.listens,
            "learns": self.learns,
            "autonomy": {"now": self.freedom, "limit": self.limit, "trusted": self.trusted},
            "pauses_left_s": left,
        }
