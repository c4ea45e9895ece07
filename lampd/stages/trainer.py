"""Examples and ticks come in; the path of a freshly fitted gate leaves.

Examples are taken up as they come, and the gate is fitted at the next tick. A fit during which newer data arrives is
given up: `newer` says so, and handle() raises Abandoned with nothing changed.
"""

from collections.abc import Callable
from pathlib import Path

from lampd.durable import write
from lampd.learners.gate import KIND, Gate, ModelError, load
from lampd.learners.gate_fit import Fitter
from lampd.learners.wish import WISHES
from lampd.messages import AnyMessage, Example, Model, Resume, Tick


class Trainer:
    """Fits the gate to all examples whenever they change, and publishes it in `folder`, keeping the last `keep`."""

    def __init__(self, folder: Path, keep: int, newer: Callable[[], bool] = lambda: False) -> None:
        self._folder = folder
        self._keep = keep
        self._newer = newer
        self._fitter = Fitter()
        self._changed = False
        self._version = max((_version(path) for path in self._files()), default=0)

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        match message:
            case Resume():
                return self._restore(message.at)
            case Example():
                self._changed |= self._fitter.learn(message)
            case Tick() if self._changed:
                counts = self._fitter.counts()
                # once there is a model, it must not outlive the examples it was fitted to
                if self._version or all(counts[wish] for wish in WISHES):
                    return [self._publish(message.at, self._fitter.fit(self._version + 1, self._newer))]
                self._changed = False
        return []

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"{KIND}-*.safetensors"), key=_version)

    def _restore(self, at: float) -> list[AnyMessage]:
        """The newest model on disk that can be read."""
        for path in reversed(self._files()):
            try:
                return [_message(at, load(path), path)]
            except ModelError:
                continue
        return []

    def _publish(self, at: float, gate: Gate) -> Model:
        path = self._folder / f"{KIND}-{gate.version:08}.safetensors"
        write(path, gate.to_bytes())
        self._version, self._changed = gate.version, False
        for old in self._files()[: -self._keep]:
            old.unlink(missing_ok=True)
        return _message(at, gate, path)


def _message(at: float, gate: Gate, path: Path) -> Model:
    return Model(at=at, kind=KIND, version=gate.version, path=str(path), examples=gate.examples)


def _version(path: Path) -> int:
    digits = path.stem.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0
