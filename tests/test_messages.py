"""Messages on the wire, and the table of who hears them."""

from typing import get_args

import msgspec
import pytest

from lampd import messages
from lampd.messages import AnyMessage, Example, Flip, Model, Press, Speech, decode, encode
from lampd.routes import DROPPABLE, HEARD_BY, STAGES

SOME: list[AnyMessage] = [
    Press(1.5, None),
    Press(1.5, True),
    Flip(0.1 + 0.2, False),
    Speech(3.0, 4, 1.0, 2.5, b"\x00\xff\x80\x7f", cut=True),
    Example(1.0, 2, "hágase la luz 🌙\n", True, ("dark", "nothing"), "correction", settled=True),
    Model(1.0, "gate", 7, "/models/gate-7", {"lit": 3, "not dark": 0}),
]


@pytest.mark.parametrize("message", SOME, ids=lambda message: type(message).__name__)
def test_what_is_decoded_is_what_was_encoded(message: AnyMessage) -> None:
    assert decode(encode(message)) == message
    assert type(decode(encode(message))) is type(message)


def test_what_is_no_message_is_refused() -> None:
    for raw in (b"", b"\x80", msgspec.msgpack.encode({"type": "Flop", "at": 1.0}), encode(SOME[0])[:-1]):
        with pytest.raises(msgspec.DecodeError):
            decode(raw)


def test_messages_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        SOME[2].at = 2.0  # type: ignore[misc]


def test_the_table_has_a_line_for_every_message() -> None:
    kinds = set(get_args(AnyMessage))
    assert set(HEARD_BY) == kinds
    classes = [kind for kind in vars(messages).values() if isinstance(kind, type)]
    assert {kind for kind in classes if issubclass(kind, messages.Message)} - {messages.Message} == kinds
    assert not DROPPABLE - kinds


def test_the_table_names_stages_that_exist_each_once() -> None:
    for kind, stages in HEARD_BY.items():
        assert set(stages) <= set(STAGES) and len(set(stages)) == len(stages), kind


def test_nothing_that_a_hand_did_or_that_was_learned_may_be_lost() -> None:
    kept = {"Press", "Flip", "Correction", "Example", "Model", "Transcript", "Speech", "Directive", "Acted", "Resume"}
    assert not kept & {kind.__name__ for kind in DROPPABLE}
