"""Stages meet what they need: the one place that knows both. Each import is made where it is used, so that the
operator's process loads no torch and the recorder's no gpiozero."""

from collections.abc import Callable
from pathlib import Path

from lampd.log import log
from lampd.messages import Light
from lampd.routes import Stage
from lampd.settings import Settings


def _log(text: str) -> None:
    log.warning(text)


def build(
    name: str,
    settings: Settings,
    relay: Callable[[bool], None] = lambda lit: None,
    newer: Callable[[], bool] = lambda: False,
    note: Callable[[str], None] = _log,
    light: Callable[[Light], None] = lambda light: None,
) -> Stage:
    """The stage called `name`. `relay` and `light` are the operator's; `newer` tells the slow ones of what waits."""
    match name:
        case "operator":
            from lampd.stages.operator import Operator

            anticipator = settings.anticipator
            return Operator(relay, anticipator.correction_s, light, settings.operator.rest_s, anticipator.stale_s)
        case "recorder":
            from lampd.stages.recorder import Recorder

            return Recorder(settings.recorder)
        case "transcriber":
            from lampd.stages.transcriber import Transcriber
            from lampd.voice.choice import ear
            from lampd.voice.identity import identity

            return Transcriber(ear(settings.transcriber, note), newer, identity(settings.transcriber.voice))
        case "anticipator":
            from lampd.stages.anticipator import Anticipator

            return Anticipator(settings.anticipator)
        case "trainer":
            from lampd.stages.trainer import Trainer
            from lampd.voice.identity import identity

            trainer = settings.trainer
            # what is learned from one voice's words is of no use for another's
            models = Path(settings.state_dir) / "models" / identity(settings.transcriber.voice)
            return Trainer(models, trainer.keep_models, newer, trainer.models, note)
    raise ValueError(f"no stage is called {name}")
