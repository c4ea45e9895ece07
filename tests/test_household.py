"""The simulated people: what they do about what the lamp does."""

from lampd.household import Household
from lampd.messages import Acted, AnyMessage, Flip, Lamp, Press
from lampd.session import Wish


def spoken(end: float, lit: bool | None) -> Wish:
    return Wish(end - 1.0, lit, end - 1.0, end)


def presses(household: Household, *seen: AnyMessage, until: float = 100.0) -> list[float]:
    """When a hand moves, given what the people see; each press flips the lamp."""
    lit = False
    times: list[float] = []
    waiting = list(seen)
    for step in range(round(until / 0.1) + 1):
        now = step * 0.1
        while waiting and waiting[0].at <= now:
            message = waiting.pop(0)
            lit = message.lit if isinstance(message, (Acted, Lamp, Flip)) else lit
            household.observe(message)
        for press in household.due(now):
            assert isinstance(press, Press)
            lit = not lit
            household.observe(Flip(press.at, lit))
            times.append(press.at)
    return times


def sure(wishes: list[Wish], seed: int = 0) -> Household:
    return Household(wishes, seed, patience=3.0, reaction=2.0, error=0.0)


def test_a_hand_does_what_the_lamp_missed_when_patience_ends() -> None:
    for seed in range(20):
        (at,) = presses(sure([spoken(10, True)], seed))
        assert 10 + 3.0 * 2 / 3 <= at <= 10 + 3.0 * 4 / 3


def test_patience_and_reaction_vary_by_a_third() -> None:
    waits = [presses(sure([spoken(10, True)], seed))[0] - 10 for seed in range(100)]
    assert min(waits) < 2.2 and max(waits) > 3.8
    waits = [presses(sure([], seed), Acted(10.0, 1, True))[0] - 10 for seed in range(100)]
    assert min(waits) < 1.5 and max(waits) > 2.5


def test_a_right_act_is_left_alone() -> None:
    assert presses(sure([spoken(10, True)]), Acted(10.5, 1, True)) == []


def test_an_act_before_the_words_are_over_is_right_too() -> None:
    assert presses(sure([spoken(10, True)]), Acted(9.9, 1, True)) == []


def test_a_wrong_act_is_taken_back_within_the_time_of_a_reaction() -> None:
    for seed in range(20):
        (at,) = presses(sure([], seed), Acted(10.0, 1, True))
        assert 10 + 2.0 * 2 / 3 <= at <= 10 + 2.0 * 4 / 3


def test_an_act_against_a_wish_is_taken_back() -> None:
    (first, second) = presses(sure([spoken(10, True)]), Acted(40.0, 1, False))
    assert first < 15 and 40 < second < 44


def test_chatter_moves_no_hand() -> None:
    assert presses(sure([spoken(10, None), spoken(20, None)])) == []


def test_what_is_already_so_needs_no_hand() -> None:
    assert presses(sure([spoken(10, True)]), Lamp(0.0, True)) == []
    assert presses(sure([spoken(10, False)])) == []


def test_a_wish_without_words_is_a_hand_at_once() -> None:
    assert presses(sure([Wish(10.0, True, 10.0, 10.0), Wish(20.0, False, 20.0, 20.0)])) == [10.0, 20.0]


def test_who_changes_their_mind_before_patience_ends_moves_no_hand() -> None:
    assert presses(sure([spoken(10, True), spoken(11.5, False)])) == []


def test_equal_seeds_respond_equally_and_others_differ() -> None:
    wishes = [spoken(10.0 * i, i % 2 == 1) for i in range(1, 9)]
    same, again, other = (presses(Household(wishes, seed)) for seed in (1, 1, 2))
    assert same == again != other


def test_now_and_then_they_do_not_bother() -> None:
    wishes = [spoken(10.0 * i, i % 2 == 1) for i in range(1, 10)]
    assert presses(Household(wishes, error=1.0)) == []
    mended = [len(presses(Household(wishes, seed, error=0.3))) for seed in range(40)]
    everything = len(presses(sure(wishes)))
    assert 0.3 * everything < sum(mended) / len(mended) < 0.95 * everything


def test_who_does_not_bother_still_leaves_a_right_act_alone() -> None:
    for seed in range(40):
        assert presses(Household([spoken(10, True)], seed, error=0.5), Acted(10.5, 1, True)) == []


def test_the_order_in_which_wishes_are_given_does_not_matter() -> None:
    wishes = [spoken(10.0 * i, i % 2 == 1) for i in range(1, 9)]
    assert presses(sure(wishes)) == presses(sure(wishes[::-1]))
