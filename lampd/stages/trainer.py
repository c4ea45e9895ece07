"""Examples and ticks come in; the paths of freshly fitted models leave.

Examples are taken up as they come, and every model is fitted at the next tick. A fit during which newer data arrives
is given up: `newer` says so, and handle() raises Abandoned with nothing changed.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from lampd.durable import write
from lampd.learners.models import Kind, ModelError, Published, fitter, load
from lampd.learners.wish import WISHES
from lampd.messages import AnyMessage, Example, Model, Resume, Tick


class Trainer:
    """Fits the models of `kinds` to all examples whenever they change, and publishes them in `folder`, keeping the
    last `keep` of each."""

    def __init__(
        self, folder: Path, keep: int, newer: Callable[[], bool] = lambda: False, kinds: Sequence[Kind] = ("gate",)
    ) -> None:
        self._newer = newer
        self._shelves = [Shelf(folder, kind, keep) for kind in kinds]
        self._wishes: set[int] = set()

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        match message:
            case Resume():
                return [model for shelf in self._shelves for model in shelf.restore(message.at)]
            case Example():
                for shelf in self._shelves:
                    shelf.learn(message)
                known = self._wishes.add if message.possible in ((WISHES[0],), (WISHES[1],)) else self._wishes.discard
                known(message.utterance)
            case Tick():
                return [shelf.publish(message.at, self._newer) for shelf in self._shelves if self._due(shelf)]
        return []

    def _due(self, shelf: "Shelf") -> bool:
        # once there is a model, it must not outlive the examples it was fitted to
        return shelf.changed and bool(self._wishes or shelf.version)


class Shelf:
    """The models of one kind: what they are fitted from, and their files."""

    def __init__(self, folder: Path, kind: Kind, keep: int) -> None:
        self._folder = folder
        self._kind = kind
        self._keep = keep
        self._fitter = fitter(kind)
        self.changed = False
        self.version = max((_version(path) for path in self._files()), default=0)

    def learn(self, example: Example) -> None:
        self.changed |= self._fitter.learn(example)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._kind}-*.safetensors"), key=_version)

    def restore(self, at: float) -> list[Model]:
        """The newest model on disk that can be read."""
        for path in reversed(self._files()):
            try:
                return [self._message(at, load(self._kind, path), path)]
            except ModelError:
                continue
        return []

    def publish(self, at: float, newer: Callable[[], bool]) -> Model:
        """Fit a model and write it. Raises Abandoned."""
        model = self._fitter.fit(self.version + 1, newer)
        path = self._folder / f"{self._kind}-{model.version:08}.safetensors"
        write(path, model.to_bytes())
        self.version, self.changed = model.version, False
        for old in self._files()[: -self._keep]:
            old.unlink(missing_ok=True)
        return self._message(at, model, path)

    def _message(self, at: float, model: Published, path: Path) -> Model:
        return Model(at=at, kind=self._kind, version=model.version, path=str(path), examples=model.examples)


def _version(path: Path) -> int:
    digits = path.stem.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0
