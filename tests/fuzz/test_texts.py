"""Text that nobody would say: every learner takes it, it is kept as it was, and no terminal or page is moved by it."""

import contextlib
import io
import re
import time
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from lampd import assembly, config
from lampd.cli.main import main
from lampd.cli.view import View
from lampd.devices.command import Command
from lampd.journal import Journal
from lampd.learners.models import KINDS, fitter
from lampd.memory import memory
from lampd.messages import Example, Said, Transcript
from lampd.session import Session, Text, Wish, write
from lampd.settings import Actuator
from lampd.story import LAMP, readable
from lampd.voice.identity import identity
from tests.fuzz.cases import AWKWARD, WRITABLE, cases
from tests.test_why import Life

VOICE = identity("bundled")
MOVES = re.compile("[^\\n -~\\u00a0-\\U0010ffff]")
"""What moves a cursor: all controls but the end of a line."""
TURNS = re.compile("[\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")
"""What turns the direction of writing, and halves of characters."""


def is_harmless(shown: str) -> bool:
    return not MOVES.search(shown) and not TURNS.search(shown)


def shown(*words: str) -> str:
    """All that lampctl says."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        main(list(words))
    return said.getvalue()


@cases()
@given(text=WRITABLE)
def test_what_is_readable_stays_in_its_line(text: str) -> None:
    assert is_harmless(readable(text)) and "\n" not in readable(text)
    for before, after in zip(text, readable(text), strict=True):
        assert after == before or unicodedata.category(before)[0] in "CZ"


NOISE = "".join(map(chr, np.random.default_rng(0).integers(0x20, 0xD800, 100_000)))


@cases(0.2)
@example(text=NOISE)
@example(text="a" * 100_000)
@given(text=WRITABLE)
def test_every_learner_takes_it(text: str) -> None:
    began = time.process_time()
    for kind in KINDS:
        learner = fitter(kind)
        learner.learn(Example(1.0, 1, text, False, ("lit",), "flip", True))
        learner.learn(Example(2.0, 2, "good night", True, ("dark",), "flip", True))
        wish = learner.fit(1, lambda: False).predict(Said(text), False)
        assert 0 <= wish.lit <= 1 and 0 <= wish.dark <= 1
    # a stage that takes longer than 20 s is taken for hung
    assert time.process_time() - began < 10


@cases(0.2)
@example(texts=list(AWKWARD))
@example(texts=[NOISE])
@given(texts=some.lists(WRITABLE, min_size=1, max_size=3))
def test_it_is_heard_learned_remembered_and_shown(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    state = tmp_path_factory.mktemp("state")
    journal = Journal(state / "journal.db", "boot", VOICE)
    life = Life(journal)
    for text in texts:
        life.say(text, flip=True)
    kept = [row[0] for row in journal.db.execute("SELECT text FROM transcript ORDER BY seq")]
    assert kept == texts
    again = assembly.build("anticipator", config.load(board="laptop"))
    for message in memory(journal, "anticipator"):
        again.handle(message)
    journal.close()
    (state / "lampd.yaml").write_text(f"board: laptop\nstate_dir: {state}\ncontrol_socket: {state}/none.sock\n")
    asked = "--config", str(state / "lampd.yaml")
    for words in ("log -n 50", "log --json", "history", "history --json", "why", "why --json"):
        said = shown(*asked, *words.split())
        assert said and is_harmless(said), words
    # what nobody can type is not looked for
    assert is_harmless(shown(*asked, "forget", "--words", texts[0].replace("\0", "") or "x", "--yes"))


class Page(HTMLParser):
    """The tags of a page, and none that comes from what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


@pytest.mark.filterwarnings("ignore:Glyph")
def test_a_report_of_it_is_a_page(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "boot", VOICE)
    life = Life(journal)
    for text in [*AWKWARD, "some light"]:
        life.say(text[:200], flip=True)
    journal.close()
    (tmp_path / "lampd.yaml").write_text(f"board: laptop\nstate_dir: {tmp_path}\n")
    shown("--config", str(tmp_path / "lampd.yaml"), "report", str(tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text("utf-8")
    page = Page()
    page.feed(text)
    assert "svg" in page.tags and not page.tags & {"script", "img", "iframe"}
    assert is_harmless(text)


@cases(0.3)
@given(text=WRITABLE, who=WRITABLE)
def test_a_session_of_it_is_shown(tmp_path: Path, text: str, who: str) -> None:
    folder = tmp_path / "one"
    write(Session(text, (Wish(1.0, True, 1.0, 2.0, who, text), Text(2.0, 1.0, 2.0, text)), folder, who, {who: text}))
    for words in (("show",), ("play", "--to", "0.1")):
        assert is_harmless(shown("session", words[0], str(folder), *words[1:]))
    (folder / "events.jsonl").write_text('{"t": 1.0, "type": "\\u001b[2J"}\n')
    assert is_harmless(shown("session", "show", str(folder)))


@cases()
@given(text=WRITABLE)
def test_the_live_view_draws_it(text: str) -> None:
    drawn = io.StringIO()
    with contextlib.redirect_stdout(drawn):
        for plain in (True, False):
            with View(title=text, plain=plain) as view:
                view._console.width = 100
                view.observe(Transcript(1.0, 1, 0.0, 1.0, text, 0.5))
                view.observe(Example(2.0, 1, text, False, ("lit",), "flip"))
    # the view itself moves the cursor, but never sets a title, nor clears a screen
    assert "\x1b]" not in drawn.getvalue() and "\x1b[2J" not in drawn.getvalue() and not TURNS.search(drawn.getvalue())


def test_what_a_command_says_is_told_harmlessly() -> None:
    told: list[tuple[str, str]] = []
    for text in AWKWARD:
        said = text.encode("utf-8", "replace")[:3000].replace(b"\0", b"")
        actuator = Actuator(["/bin/sh", "-c", "printf '%s' \"$0\"; exit 3", said.decode("utf-8", "ignore")], 5.0)
        command = Command(actuator, LAMP, lambda *words: told.append(words))
        failure = command._failure(True)
        assert failure and is_harmless(failure.why) and is_harmless(failure.output)
