"""What is kept of the n-grams of thousands of utterances."""

import sys

from lampd.journal import Journal
from lampd.learners.ngrams import expected
from lampd.learners.packed import Packed, packed
from lampd.messages import Example, Said, Transcript, decode, encode


def test_packed_counts_are_exactly_what_they_were_in_a_tenth_of_the_room() -> None:
    """To the last bit: models are fitted to them, and a decision may hang on it."""
    counts = expected([f"turn the {word} on" for word in ("light", "lite", "night")] * 42 + ["tern", "the"])
    found = {ngram: round(count, 3) for ngram, count in counts.items()}
    kept = Packed(found)
    assert dict(kept.items()) == found == kept and list(kept) == list(found)
    assert (list(kept.values()), len(kept)) == (list(found.values()), len(found))
    assert all(ngram in kept for ngram in found) and "xyz" not in kept and kept[" t"] == found[" t"]
    assert Packed(kept) == kept and Packed({"a": 0.1}) != Packed({"a": 0.2})
    assert sum(map(sys.getsizeof, (kept._ngrams, kept._counts))) * 5 < sys.getsizeof(found) + 80 * len(found)


def test_what_is_kept_of_an_example_has_no_sound_and_reads_the_same() -> None:
    example = Example(1.0, 1, "ab", False, ("lit",), "flip", ngrams={"a": 0.5, "ä b": 2.0}, sound=b"sound")
    kept = packed(example)
    assert (kept.said, kept.sound) == (Said("ab", {"a": 0.5, "ä b": 2.0}), b"")
    assert packed(kept) == kept and packed(Example(1.0, 1, "ab", False, (), "flip")).ngrams == {}


def test_a_nul_in_what_a_program_told_does_no_harm() -> None:
    assert Packed({"a\0b": 1.0, "c": 2.0}) == {"c": 2.0}
    assert Packed({}) == {} and Packed({"": 1.0}) == {"": 1.0}


def test_the_journals_are_packed_and_travel_as_they_were() -> None:
    """A hub that reminds a stage of thousands would else need forty megabytes for a moment."""
    journal = Journal(":memory:", "boot")
    journal.write(Transcript(1.0, 1, 0.0, 1.0, "ab", 0.9, ngrams={"a": 0.5, "ab": 1.0}, sound=b"sound"))
    example = Example(1.0, 1, "ab", False, ("lit",), "flip", ngrams={"a": 0.5, "ab": 1.0}, sound=b"sound")
    journal.write(example)
    (reminded,) = journal.examples()
    assert isinstance(reminded.ngrams, Packed) and reminded == example
    assert decode(encode(reminded)) == example and encode(reminded) == encode(example)
