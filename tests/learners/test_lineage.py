"""Versions of a model: a new one drives, until it proves worse than the one before it."""

import pytest

from lampd.learners.judge import RETRIED, Judge
from lampd.learners.lineage import MARGIN, PROVEN, Lineage
from lampd.learners.wish import Wish
from lampd.messages import Example, Said, Tag


class Version:
    """A model that has a name and knows nothing."""

    def __init__(self, number: int) -> None:
        self.name = f"gate {number}"

    def predict(self, said: Said, lit: bool) -> Wish:
        return Wish.of(lit, 0.5)

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        return {}


class Life:
    """A lineage, its judge, and a clock of utterances."""

    def __init__(self, *versions: int) -> None:
        self.judge, self.lineage, self.heard = Judge(0.05), Lineage("gate"), 0
        for version in versions:
            self.offer(version)

    def offer(self, version: int) -> None:
        self.lineage.offer(Version(version), self.judge, self.heard)

    def hear(self, newest: float, proven: float, utterances: int = 2 * RETRIED) -> None:
        """Half of the utterances ask for light; one that is right by .9 holds .9 of those and .1 of the others."""
        for _ in range(utterances):
            self.heard += 1
            meant = self.heard % 2 == 0
            thoughts = {"gate": newest, f"gate{PROVEN}": proven}
            self.judge.thought(self.heard, False, {name: p if meant else 1 - p for name, p in thoughts.items()})
            possible: tuple[Tag, ...] = ("lit",) if meant else ("nothing",)
            self.judge.learned(Example(0.0, self.heard, "words", False, possible, "flip"))

    @property
    def versions(self) -> list[str]:
        return [model.name for model in self.lineage.versions().values()]

    @property
    def driver(self) -> str:
        return self.lineage.versions()[self.lineage.driver(self.judge)].name


def test_there_is_none_before_the_first() -> None:
    assert Life().versions == []


def test_the_first_drives_at_once_and_so_does_every_next() -> None:
    life = Life(1)
    assert (life.versions, life.driver) == (["gate 1", "gate 1"], "gate 1")
    life.offer(2)
    assert (life.versions, life.driver) == (["gate 2", "gate 1"], "gate 2")


def test_one_that_got_worse_is_rolled_back_and_comes_back_when_it_is_no_worse() -> None:
    life = Life(1, 2)
    life.hear(newest=0.6, proven=0.9, utterances=RETRIED - 1)
    assert life.driver == "gate 2", "too early to say"
    life.hear(newest=0.6, proven=0.9)
    assert life.driver == "gate 1"
    life.hear(newest=0.99, proven=0.6, utterances=60)
    assert life.driver == "gate 2"


def test_one_that_is_hardly_worse_drives_but_proves_nothing() -> None:
    life = Life(1, 2)
    life.hear(newest=0.85, proven=0.87)
    worse = life.judge.worse("gate", f"gate{PROVEN}", 0)
    assert worse is not None and 0 < worse < MARGIN, "else this shows nothing"
    assert life.driver == "gate 2"
    life.offer(3)
    assert life.versions == ["gate 3", "gate 1"]


def test_one_that_was_no_worse_is_the_proven_one_of_the_next() -> None:
    life = Life(1, 2)
    life.hear(newest=0.9, proven=0.7)
    life.offer(3)
    assert (life.versions, life.driver) == (["gate 3", "gate 2"], "gate 3")
    life.hear(newest=0.6, proven=0.9)
    assert life.driver == "gate 2"


def test_one_that_got_worse_is_not_the_proven_one_of_the_next() -> None:
    life = Life(1, 2)
    life.hear(newest=0.6, proven=0.9)
    life.offer(3)
    assert life.versions == ["gate 3", "gate 1"]


def test_what_follows_too_soon_to_be_judged_leaves_the_proven_one() -> None:
    life = Life(1, 2, 3, 4)
    assert life.versions == ["gate 4", "gate 1"]


def test_what_came_before_the_proven_one_was_chosen_speaks_against_nobody() -> None:
    life = Life(1, 2)
    life.hear(newest=0.99, proven=0.5, utterances=60)
    life.offer(3)
    life.hear(newest=0.9, proven=0.9)
    assert life.driver == "gate 3"


@pytest.mark.parametrize("newest", [0.6, 0.9])
def test_forgetting_drops_every_version_that_has_learned_what_is_forgotten(newest: float) -> None:
    life = Life(1, 2)
    life.hear(newest=newest, proven=0.75)
    life.lineage.forget()
    assert (life.versions, life.driver) == (["gate 2", "gate 2"], "gate 2"), "until there is another"
    life.offer(3)
    assert (life.versions, life.driver) == (["gate 3", "gate 3"], "gate 3")
    life.offer(4)
    assert (life.versions, life.driver) == (["gate 4", "gate 3"], "gate 4")


def test_what_is_forgotten_before_there_was_a_model_does_no_harm() -> None:
    life = Life()
    life.lineage.forget()
    life.offer(1)
    assert life.versions == ["gate 1", "gate 1"]
