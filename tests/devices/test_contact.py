"""Wires that do what no hand would."""

import pytest

from lampd.devices.contact import HANDFUL, QUIET_S, STUCK_S, Contact


@pytest.mark.parametrize(("every_s", "presses"), [(0.1, 60), (0.5, 150), (1.0, 5000)])
def test_a_hand_is_never_held_back(every_s: float, presses: int) -> None:
    contact = Contact("the button")
    assert all(contact.presses(every_s * number) for number in range(presses))
    assert contact.look(every_s * presses, False) == ""


def test_a_loose_wire_is_not_heeded_until_it_rests() -> None:
    contact = Contact("the button on 17")
    heeded = sum(contact.presses(0.02 * number) for number in range(50 * 60))
    assert HANDFUL <= heeded <= HANDFUL + 5
    assert contact.look(60.0, False).startswith("the button on 17 presses faster than a hand")
    assert not contact.presses(60 + QUIET_S - 1)
    assert contact.presses(60 + 3 * QUIET_S)
    assert contact.look(60 + 3 * QUIET_S, True) == ""


def test_it_is_well_again_without_a_press() -> None:
    contact = Contact("the button")
    for number in range(500):
        contact.presses(0.02 * number)
    assert contact.look(11.0, False)
    assert contact.look(10 + QUIET_S, False) == ""


def test_a_button_that_is_held_for_long_is_stuck_and_a_position_is_not() -> None:
    for latching in (False, True):
        contact = Contact("the button", latching)
        assert contact.look(0.0, True) == contact.look(STUCK_S, True) == ""
        assert bool(contact.look(STUCK_S + 1, True)) is not latching
        assert contact.look(STUCK_S + 2, False) == ""
        assert contact.look(STUCK_S + 3, True) == "", "it is counted anew"
