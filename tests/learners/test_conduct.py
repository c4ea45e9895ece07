"""When it is no longer trusted to act, and when again."""

from math import comb

import pytest
from msgspec.structs import replace

from lampd.learners.conduct import DEAREST, EARNED, KEPT, LAST, SOON, UNLIKELY, Conduct, chance
from lampd.messages import Directive, Example, Tag


def act(utterance: int, would: Tag = "lit", judged: bool = True) -> Directive:
    losses = {"explicit": 0.1} if judged else {}
    return Directive(0.0, utterance, 0.0, would, 0.9, 0.0, "explicit", "sure enough", losses=losses, would=would)


def meant(utterance: int, *possible: Tag) -> Example:
    return Example(0.0, utterance, "words", False, possible, "left alone", True)


RIGHT: tuple[Tag, ...] = ("lit",)
WRONG: tuple[Tag, ...] = ("dark", "nothing")


def done(one: Conduct, directive: Directive) -> None:
    one.decided(directive)
    one.acted(directive.utterance)


def conduct(outcomes: str, budget: float = 0.05, since: int = 0, trusted: bool = True) -> bool:
    """The verdict after acts that were right (r), wrong (w), or of which nothing is known (-)."""
    one = Conduct(budget)
    one.trust(trusted, since)
    examples = {}
    for number, outcome in enumerate(outcomes, 1):
        done(one, act(number))
        if outcome != "-":
            examples[number] = meant(number, *(RIGHT if outcome == "r" else WRONG))
    return one.review(examples)


@pytest.mark.parametrize(("wrong", "acts", "budget"), [(0, 5, 0.05), (1, 20, 0.05), (4, 10, 0.05), (3, 3, 0.5)])
def test_chance_is_the_upper_tail_of_the_binomial(wrong: int, acts: int, budget: float) -> None:
    tail = sum(comb(acts, k) * budget**k * (1 - budget) ** (acts - k) for k in range(wrong, acts + 1))
    assert chance(wrong, acts, budget) == pytest.approx(tail)


def test_it_is_trusted_while_its_mistakes_may_be_those_of_a_learner() -> None:
    for outcomes in ("", "w", "ww", "rwwrw", "rrrrrwwwww", "r" * 12 + "w" * 8):
        assert conduct(outcomes), outcomes


def test_it_is_not_once_they_cannot_be() -> None:
    for outcomes in ("www", "rrrrwwwwww", "r" * 11 + "w" * 9):
        assert not conduct(outcomes), outcomes
    assert not conduct("w", budget=0.0)
    assert conduct("www", budget=0.1)
    assert chance(3, 3, 4 * 0.05) < UNLIKELY <= chance(3, 3, 4 * 0.1)


def test_only_the_last_acts_count() -> None:
    assert not conduct("w" * 9 + "r" * (LAST - 9))
    assert conduct("w" * 9 + "r" * LAST)


def test_what_nobody_knows_counts_for_nothing() -> None:
    assert conduct("ww" + "-" * 30)


def test_first_acts_that_nobody_could_judge_do_not_count() -> None:
    one = Conduct(0.05)
    examples = {}
    for number in (1, 2, 3):
        done(one, act(number, judged=False))
        examples[number] = meant(number, *WRONG)
    assert one.review(examples)


def test_what_was_wanted_and_not_done_counts_for_nothing() -> None:
    one = Conduct(0.05)
    examples = {}
    for number in range(1, 2 * KEPT):
        one.decided(act(number))
        examples[number] = meant(number, *WRONG)
    assert one.review(examples), "the relay rested, or a hand was faster"
    assert len(one._asked) == KEPT
    for number in range(2 * KEPT - 3, 2 * KEPT):
        one.acted(number)
    assert not one.review(examples)


def test_it_is_earned_again_by_hints_that_were_right() -> None:
    def later(outcomes: str) -> bool:
        return conduct("ww" + outcomes, since=2, trusted=False)

    assert not later("r" * (EARNED - 1))
    assert later("r" * EARNED)
    assert not later("r" * (EARNED - 1) + "w")
    assert not later("r" * EARNED + "w")
    assert later("w" + "r" * EARNED)


def lost(one: Conduct, *utterances: int) -> None:
    """Trust is lost and won in turn, after these."""
    for utterance in utterances:
        one.trust(not one.trusted, utterance)


def hinted(one: Conduct, since: int, outcomes: str) -> bool:
    examples = {}
    for number, outcome in enumerate(outcomes, since + 1):
        one.decided(replace(act(number), wish="nothing"))
        examples[number] = meant(number, *(RIGHT if outcome == "r" else WRONG))
    return one.review(examples)


def test_who_loses_trust_again_soon_wins_it_less_easily() -> None:
    lives: tuple[tuple[int, ...], ...] = ((10,), (10, 20, 30), (10, 20, 30, 40, 50), tuple(range(10, 200, 10)))
    for life, price in zip(lives, (EARNED, 2 * EARNED, 4 * EARNED, DEAREST), strict=True):
        one, other = Conduct(0.05), Conduct(0.05)
        lost(one, *life)
        lost(other, *life)
        assert not hinted(one, life[-1], "r" * (price - 1)), life
        assert hinted(other, life[-1], "r" * price), life


def test_the_budget_of_many_hints_may_be_wrong() -> None:
    for wrong, trusted in ((1, True), (2, False)):
        one = Conduct(0.05)
        lost(one, 10, 20, 30, 40, 50)
        assert hinted(one, 50, "w" * wrong + "r" * (4 * EARNED - wrong)) == trusted


def test_trust_that_was_kept_for_long_costs_no_more_than_at_first() -> None:
    one = Conduct(0.05)
    lost(one, 10, 20, 30, 40, 41 + SOON)
    assert hinted(one, 41 + SOON, "r" * EARNED)


def test_no_more_is_kept_than_is_needed() -> None:
    one = Conduct(0.05)
    for number in range(10 * KEPT):
        done(one, act(number))
    assert len(one._would) == KEPT
