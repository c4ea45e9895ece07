"""Examples and ticks come in; the paths of freshly fitted models leave.

Examples are taken up as they come, and every model is fitted at the next tick. A fit during which newer data arrives
is given up: `newer` says so, and handle() raises Abandoned with nothing changed. One that the disk does not take is
fitted again after a while.

Once there are many examples, what nobody did anything about is fitted when there is more of it. What is too old is
forgotten as the anticipator forgets it (learners/kept.py): a fit takes no longer after years than after weeks.
"""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from lampd.durable import write
from lampd.learners.kept import Kept
from lampd.learners.models import Kind, ModelError, Published, fitter, load
from lampd.learners.wish import WISHES
from lampd.messages import AnyMessage, Cause, Example, Model, Resume, Tick

WAIT: tuple[Cause, ...] = "silence", "left alone"
ONE_IN = 200
"""Examples of these causes are fitted once they are one in so many of all."""
AGAIN_S = 10.0
"""After the disk did not take a model."""


class Trainer:
    """Fits the models of `kinds` to all examples whenever they change, and publishes them in `folder`, keeping the
    last `keep` of each. `note` is told when the disk takes none, and with nothing once it does."""

    def __init__(
        self,
        folder: Path,
        keep: int,
        newer: Callable[[], bool] = lambda: False,
        kinds: Sequence[Kind] = ("gate",),
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._folder, self._newer, self._note = folder, newer, note
        self._again = float("-inf")
        self._noted = False
        self._shelves = [Shelf(folder, kind, keep) for kind in kinds]
        self._wishes: set[int] = set()
        self._kept = Kept()

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        match message:
            case Resume():
                return [model for shelf in self._shelves for model in shelf.restore(message.at)]
            case Example():
                known = self._wishes.add if message.possible in ((WISHES[0],), (WISHES[1],)) else self._wishes.discard
                known(message.utterance)
                for shelf in self._shelves:
                    shelf.learn(message)
                if (old := self._kept.learn(message)) is not None:
                    self._wishes.discard(old)
                    for shelf in self._shelves:
                        shelf.forget(old)
            case Tick():
                return self._fit(message.at) if message.at >= self._again else []
        return []

    def _fit(self, at: float) -> list[AnyMessage]:
        said: list[AnyMessage] = []
        try:
            said += (shelf.publish(at, self._newer) for shelf in self._shelves if self._due(shelf))
        except OSError as error:
            self._again, self._noted = at + AGAIN_S, True
            what = f"{error.filename or self._folder} cannot be written: {error.strerror or error}"
            self._note(f"{what}; it fits again every {AGAIN_S:.0f} s: make room on that disk, or see `lampctl doctor`")
        else:
            if said and self._noted:
                self._noted = False
                self._note("")
        return said

    def _due(self, shelf: "Shelf") -> bool:
        # once there is a model, it must not outlive the examples it was fitted to
        return shelf.due(len(self._kept)) and bool(self._wishes or shelf.version)


class Shelf:
    """The models of one kind: what they are fitted from, and their files."""

    def __init__(self, folder: Path, kind: Kind, keep: int) -> None:
        self._folder = folder
        self._kind = kind
        self._keep = keep
        self._fitter = fitter(kind)
        self._new = 0
        self._at_once = False
        self.version = max((_version(path) for path in self._files()), default=0)

    def learn(self, example: Example) -> None:
        if self._fitter.learn(example):
            self._new += 1
            self._at_once |= example.cause not in WAIT

    def forget(self, utterance: int) -> None:
        self._fitter.forget(utterance)

    def due(self, known: int) -> bool:
        """Whether enough has changed, of so many `known` examples, for a fit."""
        return self._at_once or (self._new > 0 and self._new * ONE_IN >= known)

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
        self.version, self._new, self._at_once = model.version, 0, False
        with contextlib.suppress(OSError):
            for old in self._files()[: -self._keep]:
                old.unlink(missing_ok=True)
        return self._message(at, model, path)

    def _message(self, at: float, model: Published, path: Path) -> Model:
        return Model(at=at, kind=self._kind, version=model.version, path=str(path), examples=model.examples)


def _version(path: Path) -> int:
    digits = path.stem.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0
