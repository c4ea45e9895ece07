"""The stages in one loop, with stages made for the occasion."""

from lampd.inline import Inline
from lampd.messages import Acted, AnyMessage, Directive, Flip, Lamp, Press, Resume, Tick, Transcript
from lampd.routes import HEARD_BY, STAGES


class Echo:
    """Says what it was told to say to a type of message, and notes what it heard."""

    def __init__(self, name: str, notes: list[tuple[str, AnyMessage]], says: dict[type, list[AnyMessage]]) -> None:
        self._name, self._notes, self._says = name, notes, says

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        self._notes.append((self._name, message))
        return self._says.get(type(message), [])


WORDS = Transcript(1.0, 1, 0.0, 0.9, "hello", 1.0)
DIRECTIVE = Directive(1.0, 1, 0.9, "lit", 0.9, 0.0, "explicit", "sure enough")
ACTED = Acted(1.0, 1, True)


def heard(fed: list[AnyMessage], says: dict[str, dict[type, list[AnyMessage]]]) -> list[tuple[str, AnyMessage]]:
    notes: list[tuple[str, AnyMessage]] = []
    inline = Inline({name: Echo(name, notes, says.get(name, {})) for name in STAGES}, [])
    for message in fed:
        inline.feed(message)
    return notes


def test_a_message_goes_to_those_who_hear_it_in_the_order_of_the_table() -> None:
    tick, resume = Tick(1.0), Resume(0.0, 0, False)
    assert heard([tick, resume], {}) == [
        (name, message) for message in (tick, resume) for name in HEARD_BY[type(message)]
    ]


def test_all_that_follows_has_happened_before_the_next_message() -> None:
    says: dict[str, dict[type, list[AnyMessage]]] = {
        "anticipator": {Transcript: [DIRECTIVE]},
        "operator": {Directive: [ACTED], Press: [Flip(2.0, False)]},
    }
    assert heard([WORDS, Press(2.0)], says) == [
        ("anticipator", WORDS),
        ("operator", DIRECTIVE),
        ("anticipator", ACTED),
        ("operator", Press(2.0)),
        ("anticipator", Flip(2.0, False)),
    ]


def test_what_is_said_first_is_heard_first() -> None:
    says: dict[str, dict[type, list[AnyMessage]]] = {"operator": {Tick: [Lamp(1.0, True), Flip(1.0, False)]}}
    notes = heard([Tick(1.0)], says)
    assert notes[-2:] == [("anticipator", Lamp(1.0, True)), ("anticipator", Flip(1.0, False))]
    assert [message for _, message in notes[:-2]] == [Tick(1.0)] * len(STAGES)


def test_who_watches_sees_each_message_once_and_before_it_is_heard() -> None:
    notes: list[tuple[str, AnyMessage]] = []
    stages = {name: Echo(name, notes, {Transcript: [DIRECTIVE]}) for name in STAGES}
    receipts: list[tuple[str, AnyMessage, list[AnyMessage]]] = []
    Inline(
        stages,
        [lambda message: notes.append(("watch", message))],
        lambda stage, message, said: receipts.append((stage, message, said)),
    ).feed(WORDS)
    assert notes == [("watch", WORDS), ("anticipator", WORDS), ("watch", DIRECTIVE), ("operator", DIRECTIVE)]
    assert receipts == [("anticipator", WORDS, [DIRECTIVE]), ("operator", DIRECTIVE, [])]
