"""The stages in one loop: a message comes in, and everything that follows from it has happened when feed() returns.

Replays run this way, with the stages in this process or, in lockstep, each in a process of its own: the order in which
messages are handled is the same.
"""

from collections import deque
from collections.abc import Callable, Mapping

from lampd.messages import AnyMessage
from lampd.routes import HEARD_BY, Stage

Observer = Callable[[AnyMessage], object]
Receipts = Callable[[str, AnyMessage, list[AnyMessage]], object]


class Inline:
    """Delivers each message to the stages that hear it, in the order of routes.py, first come first served.

    `observers` see every message once, before it is delivered; `receipts` gets (stage, heard, said).
    """

    def __init__(
        self, stages: Mapping[str, Stage], observers: list[Observer], receipts: Receipts | None = None
    ) -> None:
        self._stages = stages
        self._observers = observers
        self._receipts = receipts

    def feed(self, message: AnyMessage) -> None:
        waiting = deque([message])
        while waiting:
            message = waiting.popleft()
            for observe in self._observers:
                observe(message)
            for name in HEARD_BY[type(message)]:
                said = self._stages[name].handle(message)
                if self._receipts:
                    self._receipts(name, message, said)
                waiting.extend(said)
