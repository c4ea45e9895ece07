"""The operator alone: presses and directives in, the relay, flips, acts and corrections out."""

import pytest

from lampd.messages import (
    HINTS,
    Acted,
    AnyMessage,
    Correction,
    Directive,
    Flip,
    Lamp,
    Light,
    Listening,
    Press,
    Privacy,
    Records,
    Resume,
    Tag,
    Tick,
)
from lampd.stages.operator import Operator


class Bench:
    """An operator and all that its relay was told."""

    def __init__(self, lit: bool = False) -> None:
        self.relay: list[bool] = []
        self.operator = Operator(self.relay.append, correction_s=10.0)
        self.begun = self.operator.handle(Resume(0.0, 0, lit))

    def hear(self, *messages: AnyMessage) -> list[AnyMessage]:
        return [said for message in messages for said in self.operator.handle(message)]


def directive(at: float, wish: Tag, utterance: int = 1, ended: float | None = None) -> Directive:
    return Directive(at, utterance, at - 0.5 if ended is None else ended, wish, 0.9, 0.0, "model", "sure enough")


def test_a_press_moves_the_relay_and_is_reported() -> None:
    bench = Bench()
    assert bench.hear(Press(5.0), Press(9.0)) == [Flip(5.0, True), Flip(9.0, False)]
    assert bench.relay[1:] == [True, False]


def test_a_press_that_says_how_sets_the_lamp() -> None:
    bench = Bench()
    assert bench.hear(Press(5.0, True), Press(6.0, True), Press(7.0, False)) == [Flip(5.0, True), Flip(7.0, False)]


def test_a_new_life_that_is_reminded_corrects_and_is_corrected_as_the_old_one() -> None:
    reminded = Operator([].append, correction_s=10.0, rest_s=1.0)
    for past in (Flip(3.0, False), Acted(5.0, 7, True)):
        reminded.handle(past)
    assert reminded.handle(Resume(5.2, 0, True)) == [Lamp(5.2, True)]
    assert reminded.handle(directive(5.9, "dark", ended=5.5)) == [], "the relay rests"
    assert reminded.handle(directive(6.2, "dark", ended=2.9)) == [], "a hand has moved since it was said"
    assert reminded.handle(Press(7.0)) == [Flip(7.0, False), Correction(7.0, 7, True)]
    taken_back = Operator([].append, correction_s=10.0)
    for past in (Acted(5.0, 7, True), Flip(6.0, False)):
        taken_back.handle(past)
    taken_back.handle(Resume(6.5, 0, False))
    assert taken_back.handle(Press(7.0)) == [Flip(7.0, True)]


def test_a_directive_moves_the_relay_and_is_reported() -> None:
    bench = Bench()
    assert bench.hear(directive(5.0, "lit", utterance=7)) == [Acted(5.0, 7, True)]
    assert bench.relay[1:] == [True]


@pytest.mark.parametrize(("wish", "lit"), [("lit", True), ("dark", False), ("nothing", True), ("nothing", False)])
def test_a_directive_for_what_is_already_so_or_for_nothing_does_nothing(wish: Tag, lit: bool) -> None:
    bench = Bench(lit=lit)
    before = list(bench.relay)
    assert bench.hear(directive(5.0, wish)) == []
    assert bench.relay == before


def test_a_hand_beats_words_that_were_over_before_it_moved() -> None:
    bench = Bench(lit=True)
    said = bench.hear(Press(5.0), directive(6.0, "lit", ended=4.9), directive(6.0, "lit", ended=5.0))
    assert said == [Flip(5.0, False)]


def test_a_hand_that_asks_for_what_is_already_so_beats_words_before_it_too() -> None:
    bench = Bench(lit=True)
    assert bench.hear(Press(5.0, True), directive(6.0, "dark", ended=4.9)) == []
    assert bench.relay[-1] is True


def test_words_after_the_hand_moved_are_obeyed() -> None:
    bench = Bench()
    assert bench.hear(Press(5.0), directive(7.0, "dark", ended=5.1)) == [Flip(5.0, True), Acted(7.0, 1, False)]


@pytest.mark.parametrize("wish", ["lit", "dark"])
def test_a_hand_that_reverses_an_act_within_its_window_corrects_it(wish: Tag) -> None:
    lit = wish == "lit"
    bench = Bench(lit=not lit)
    said = bench.hear(directive(5.0, wish, utterance=7), Press(15.0))
    assert said == [Acted(5.0, 7, lit), Flip(15.0, not lit), Correction(15.0, 7, lit)]


def test_a_hand_after_the_window_corrects_nothing() -> None:
    assert Bench().hear(directive(5.0, "lit"), Press(15.1))[1:] == [Flip(15.1, False)]


def test_one_act_is_corrected_once() -> None:
    said = Bench().hear(directive(5.0, "lit"), Press(6.0), Press(7.0), Press(8.0))
    assert [type(message) for message in said] == [Acted, Flip, Correction, Flip, Flip]


def test_the_last_act_is_the_one_that_a_hand_corrects() -> None:
    said = Bench().hear(directive(5.0, "lit", utterance=7), directive(8.0, "dark", utterance=8), Press(9.0))
    assert said[-1] == Correction(9.0, 8, False)


def test_asking_for_what_an_act_did_is_no_correction() -> None:
    bench = Bench()
    assert bench.hear(directive(5.0, "lit"), Press(6.0, True)) == [Acted(5.0, 1, True)]
    assert bench.hear(Press(7.0))[-1] == Correction(7.0, 1, True), "and leaves it open to correction"


@pytest.mark.parametrize("lit", [True, False])
def test_it_comes_up_as_it_is_told(lit: bool) -> None:
    bench = Bench(lit=lit)
    assert bench.relay == [lit]
    assert bench.begun == [Lamp(0.0, lit)]
    assert bench.hear(Press(1.0)) == [Flip(1.0, not lit)]


def test_time_alone_moves_nothing() -> None:
    bench = Bench()
    assert bench.hear(*(Tick(float(at)) for at in range(100))) == []
    assert bench.relay == [False]


def test_the_privacy_button_toggles_whether_it_listens_and_the_light_tells() -> None:
    light: list[Light] = []
    operator = Operator(lambda lit: None, 10.0, light.append)
    operator.handle(Resume(0.0, 0, False, listens=False))
    wishes = (None, None, False, False, True)
    said = [operator.handle(Privacy(float(at), wish)) for at, wish in enumerate(wishes)]
    expected = [True, False, False, False, True]
    assert said == [[Listening(float(at), listens)] for at, listens in enumerate(expected)]
    assert light == ["off", *("on" if listens else "off" for listens in expected)]


def test_a_pause_by_time_is_said_as_one() -> None:
    assert Bench().hear(Privacy(1.0, False, 60.0)) == [Listening(1.0, False, 60.0)]


def test_the_light_blinks_while_it_records_and_not_while_it_is_deaf() -> None:
    light: list[Light] = []
    operator = Operator(lambda lit: None, 10.0, light.append)
    operator.handle(Resume(0.0, 0, False, records=True))
    for message in (Privacy(1.0, False), Privacy(2.0, True), Records(3.0, False), Records(4.0, True)):
        operator.handle(message)
    assert light == ["blinking", "off", "blinking", "on", "blinking"]


def test_a_hint_blinks_for_a_second_and_moves_nothing() -> None:
    light: list[Light] = []
    relay: list[bool] = []
    operator = Operator(relay.append, 10.0, light.append)
    operator.handle(Resume(0.0, 0, False))
    hint = Directive(5.0, 1, 4.9, "nothing", 0.9, 0.0, "explicit", HINTS, would="lit")
    assert operator.handle(hint) == []
    for at in (5.25, 5.75, 6.25, 6.5):
        operator.handle(Tick(at))
    assert (light, relay) == (["on", "hint", "on"], [False])


def test_acts_do_not_chase_each_other_but_a_hand_may() -> None:
    relay: list[bool] = []
    operator = Operator(relay.append, 10.0, rest_s=1.0)
    operator.handle(Resume(0.0, 0, False))

    def act(at: float, wish: Tag) -> list[AnyMessage]:
        return operator.handle(Directive(at, int(10 * at), at, wish, 0.9, 0.0, "explicit", "sure enough"))

    assert act(5.0, "lit") == [Acted(5.0, 50, True)]
    assert act(5.5, "dark") == []
    assert operator.handle(Press(5.6))[0] == Flip(5.6, False)
    assert act(5.9, "lit") == []
    assert act(6.0, "lit") == [Acted(6.0, 60, True)]
    assert relay == [False, True, False, True]


def test_where_the_relay_does_not_move_the_lamp_is_as_it_was() -> None:
    works = True

    def relay(lit: bool) -> None:
        if not works:
            raise OSError("the chip is gone")

    operator = Operator(relay, 10.0, rest_s=1.0)
    operator.handle(Resume(0.0, 0, False))
    works = False
    for message in (Press(5.0), directive(6.0, "lit")):
        with pytest.raises(OSError, match="gone"):
            operator.handle(message)
    works = True
    assert operator.handle(directive(6.1, "lit")) == [Acted(6.1, 1, True)], "and what failed is no act to rest from"


def test_what_was_directed_long_before_it_came_up_is_not_done() -> None:
    operator = Operator(lambda lit: None, 10.0, stale_s=8.0)
    operator.handle(Resume(100.0, 0, False))
    assert operator.handle(directive(91.0, "lit")) == []
    assert operator.handle(directive(93.0, "lit")) == [Acted(93.0, 1, True)]
