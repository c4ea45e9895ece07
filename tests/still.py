"""The picture of the running view in README, from the recorded evening: `python -m tests.still`."""

import io
import math
import re
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from lampd import config, session
from lampd.cli.view import View
from lampd.household import Household
from lampd.messages import AnyMessage
from lampd.replay import play, stages_here, state
from lampd.score import Score

EVENING = Path(__file__).parent / "sessions" / "first_evening"
STILL = EVENING / "view.svg"
AT_S = 21 * 60.0
WIDTH = 104
FONT_FACE = re.compile(r"@font-face \{.*?\}", re.DOTALL)


class Enough(Exception):
    """The moment has come."""


def main() -> None:
    evening = session.read(EVENING)
    score = Score(evening.wishes())
    view = View(score, evening.title, plain=False, refresh_s=math.inf)

    def watch(message: AnyMessage) -> None:
        view.observe(message)
        if message.at >= AT_S:
            raise Enough

    with state(config.load(board="laptop"), None) as (settings, journal):
        stages = stages_here(settings, journal, evening)
        try:
            play(evening, stages, journal, Household(evening.wishes()), observers=(score.observe, watch))
        except Enough:
            console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
            console.print(view.picture())
            drawn = console.export_svg(title="lampctl replay --watch", theme=MONOKAI, unique_id="view")
            # a picture fetches no fonts
            STILL.write_text(FONT_FACE.sub("", drawn), "utf-8")


if __name__ == "__main__":
    main()
