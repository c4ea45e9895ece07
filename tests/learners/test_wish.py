"""Wishes, and how a label bears on them."""

import pytest

from lampd.learners.wish import Wish, bearing, logistic
from lampd.messages import Tag


@pytest.mark.parametrize(
    ("possible", "wish", "is_it"),
    [
        (("lit",), "lit", True),
        (("lit",), "dark", False),
        (("dark",), "dark", True),
        (("dark",), "lit", False),
        (("nothing",), "lit", False),
        (("nothing",), "dark", False),
        (("dark", "nothing"), "lit", False),
        (("dark", "nothing"), "dark", None),
        (("lit", "nothing"), "dark", False),
        (("lit", "nothing"), "lit", None),
        ((), "lit", None),
    ],
)
def test_a_label_says_of_a_wish_that_it_was_meant_or_not_or_does_not_tell(
    possible: tuple[Tag, ...], wish: Tag, is_it: bool | None
) -> None:
    assert bearing(possible, wish) is is_it


def test_a_lamp_can_only_become_what_it_is_not() -> None:
    assert Wish.of(True, 0.75) == (0.0, 0.75, 0.25)
    assert Wish.of(False, 0.75) == (0.75, 0.0, 0.25)


def test_the_logistic_function_is_odd_about_a_half_and_never_overflows() -> None:
    assert logistic(0) == 0.5
    for x in (0.1, 3.0, 40.0, 1e6):
        assert logistic(x) + logistic(-x) == pytest.approx(1)
        assert 0 <= logistic(-x) < 0.5 < logistic(x) <= 1
