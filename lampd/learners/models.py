"""The kinds of models that are fitted apart from where they drive, and the reading of their files."""

from pathlib import Path

from lampd.learners import gate
from lampd.learners.gate import ModelError
from lampd.learners.wish import Predictor

__all__ = ["KINDS", "ModelError", "load"]

LOADERS = {gate.KIND: gate.load}
KINDS = tuple(LOADERS)


def load(kind: str, path: Path) -> Predictor:
    """Read a model of `kind` from its file. Raises ModelError."""
    if kind not in LOADERS:
        raise ModelError(f"{path}: no learner is called {kind}")
    return LOADERS[kind](path)
