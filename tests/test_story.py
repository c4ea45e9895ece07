"""What people and scripts get to read of messages."""

import msgspec

from lampd.messages import AnyMessage, Transcript
from lampd.story import fields, sentence

HEARD = Transcript(5.0, 7, 1.0, 2.5, "let there be light", 0.5, ngrams={"l": 1.5}, sound=b"\1\2", voice="ear")


def test_fields_leave_out_what_only_learners_read_and_can_be_read_again() -> None:
    told = fields(HEARD)
    assert {"type": "Transcript", "utterance": 7, "text": "let there be light", "voice": "ear"}.items() <= told.items()
    assert not {"ngrams", "sound"} & told.keys()
    again = msgspec.convert(told, AnyMessage)
    assert sentence(again) == sentence(HEARD) == "heard    “let there be light”  (0.50, 1.5 s)"
