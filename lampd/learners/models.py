"""The kinds of models that are fitted in one process and drive in another."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from lampd.learners.gate import ModelError
from lampd.learners.wish import Predictor
from lampd.messages import Example

__all__ = ["KINDS", "Fitter", "ModelError", "Published", "fitter", "load"]

Kind = Literal["gate", "saffu"]
KINDS: tuple[Kind, ...] = ("gate", "saffu")


class Published(Predictor, Protocol):
    """A model with a version, how many examples of each tag it was fitted to, and a file that holds it."""

    @property
    def version(self) -> int: ...

    @property
    def examples(self) -> dict[str, int]: ...

    def to_bytes(self) -> bytes: ...


class Fitter(Protocol):
    """Keeps examples, and fits a model to them when asked."""

    def learn(self, example: Example) -> bool:
        """Add, replace or (one with nothing possible) forget an example. False where that changes nothing."""
        ...

    def forget(self, utterance: int) -> None:
        """Be as if `utterance` had never been there; unknown ones are ignored."""
        ...

    def fit(self, version: int, abandon: Callable[[], bool]) -> Published:
        """The model for the present examples. Raises Abandoned when `abandon()` is true."""
        ...


def fitter(kind: Kind) -> Fitter:
    if kind == "saffu":
        from lampd.learners import saffu

        return saffu.Fitter()
    from lampd.learners import gate_fit

    return gate_fit.Fitter()


def load(kind: str, path: Path) -> Published:
    """Read a model of `kind` from its file. Raises ModelError."""
    if kind == "saffu":
        from lampd.learners import saffu

        return saffu.load(path)
    if kind == "gate":
        from lampd.learners import gate

        return gate.load(path)
    raise ModelError(f"{path}: no learner is called {kind}")
