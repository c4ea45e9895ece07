"""Figures of how soon the lamp reacts, from what stages said and when."""

import pytest

from lampd.bench import reaction
from lampd.messages import Acted, Directive, Flip, Resume, Speech, Transcript
from lampd.score import Score
from lampd.session import Wish

WISHES = [Wish(1.0, True, 1.0, 2.0), Wish(11.0, False, 11.0, 12.0), Wish(21.0, None, 21.0, 22.0)]


def decided(at: float, utterance: int, wish: bool) -> Directive:
    return Directive(at, utterance, at, "lit" if wish else "dark", 0.0, 0.0, "explicit", "")


def observed() -> tuple[Score, reaction.Times]:
    """The first command is answered .6 s after its end, the second .1 s before it; chatter is acted on."""
    score, times = Score(WISHES), reaction.Times()
    for message in (
        Resume(0.0, 0, False),
        Speech(2.5, 1, 1.0, 2.0, b""),
        Transcript(2.55, 1, 1.0, 2.0, "on", 0.9),
        decided(2.58, 1, True),
        Acted(2.6, 1, True),
        *(Transcript(11.5, 2, 11.0, 11.5, "o", 0.9), decided(11.88, 2, False), Acted(11.9, 2, False)),
        Speech(12.5, 2, 11.0, 12.0, b""),
        *(Transcript(22.5, 3, 21.0, 22.0, "tea", 0.9), decided(22.6, 3, True), Acted(22.7, 3, True)),
        Flip(24.0, False),
    ):
        score.observe(message)
        times.observe(message)
    return score, times


def test_reactions_count_from_the_end_of_speech() -> None:
    assert reaction.reactions(observed()[0]) == pytest.approx([-0.1, 0.6])


def test_stages_are_timed_by_utterances_that_were_not_acted_on_before_they_were_over() -> None:
    _, times = observed()
    assert times.between(Speech, Transcript) == pytest.approx([0.05])
    assert times.between(Directive, Acted) == pytest.approx([0.02, 0.02, 0.1])


def test_figures_tell_soon_from_late_and_right_from_wrong() -> None:
    row = reaction.figures(*observed(), hangover_s=0.5)
    assert (row["commands"], row["answered"], row["wrong_acts"]) == (2, 2, 1)
    assert row["soon_share"] == 0.5
    assert row["reaction_ms"] == {"p50": 600.0, "p95": 600.0}
    assert row["beyond_hangover_ms"]["p95"] == pytest.approx(100.0)
    assert row["late_ms"] == {"p50": 600.0, "p95": 600.0}
    assert "2 of 2 commands answered, 1 wrong acts" in reaction.table(row)
