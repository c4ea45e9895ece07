"""The campaign against the processes in its short form, and that it would notice."""

from msgspec.structs import replace

from lampd.bench.faults import processes
from lampd.bench.faults.witness import Witness, judge
from lampd.journal import Journal
from lampd.messages import Directive, Example, Flip, Lamp, Transcript
from lampd.routes import HEARD_BY
from lampd.settings import Settings


def test_none_of_its_promises_is_broken() -> None:
    outcome = processes.run(processes.SHORT, 0, print)
    assert outcome.broken == []
    assert [outcome.counts[kind] for kind in processes.KINDS] == [5, 5, 5]
    assert outcome.counts["flips"] and outcome.counts["transcripts"]


def test_it_notices_what_is_lost_doubled_or_labelled_otherwise(settings: Settings) -> None:
    journal, witness = Journal(":memory:", "boot"), Witness()
    words = Transcript(10.0, 1, 9.0, 10.0, "turn on the light", 1.0)
    directive = Directive(10.1, 1, 10.0, "nothing", 0.0, 0.0, "explicit", "never taught")
    label = Example(10.0, 1, words.text, False, ("lit",), "flip")
    for message in (Lamp(0.0, False), words, directive, Flip(12.0, True), label):
        witness.observe(message)
        journal.write(message)
        for stage in HEARD_BY[type(message)]:
            witness.receive(stage, message, [])

    def broken() -> list[str]:
        found: list[str] = []
        judge(witness, journal, settings, {}, found)
        return found

    assert broken() == []
    stage, heard = witness.heard.pop()
    assert broken() == ["1 messages were never handled, 0 more than once"]
    witness.heard += [(stage, heard)] * 2
    assert broken() == ["0 messages were never handled, 1 more than once"]
    witness.heard.pop()
    journal.db.execute("DELETE FROM flip")
    assert broken() == ["the journal has 4 messages where 5 were posted, or others"]
    journal.write(Flip(12.0, True))
    witness.posted.append(Flip(12.0, True))
    witness.heard.append(("anticipator", witness.posted[-1]))
    assert any("the lamp was lit" in sentence for sentence in broken())
    witness.posted[4] = replace(label, possible=("dark",))
    assert any("other labels: 1" in sentence for sentence in broken())
