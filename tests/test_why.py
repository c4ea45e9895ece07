"""Why the lamp did what it did, from the journal alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lampd import assembly, config
from lampd.cli.main import main
from lampd.journal import Journal
from lampd.messages import Acted, AnyMessage, Directive, Flip, Lamp, Tick, Transcript
from lampd.why import NoReason, why

SETTINGS = config.load(board="laptop")
LIGHT, NIGHT, SOUP = "some light in here", "now good night", "the soup is cold"


class Life:
    """Words and flips go to an anticipator as the hub would bring them, journaled."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.at = 0.0
        self._stage = assembly.build("anticipator", SETTINGS)
        self._utterance = 0
        self.lit = False
        self._hear(Lamp(0.0, False))

    def _hear(self, message: AnyMessage) -> None:
        waiting = [message]
        while waiting:
            one = waiting.pop(0)
            self.journal.write(one)
            if isinstance(one, Directive) and one.wish != "nothing":
                self.lit = one.wish == "lit"
                waiting.append(Acted(self.at, one.utterance, self.lit))
            if not isinstance(one, Directive):
                waiting += self._stage.handle(one)

    def say(self, text: str, flip: bool = False) -> int:
        """Words, a hand that flips two seconds later or not, and half a minute of silence."""
        self._utterance += 1
        self._hear(Transcript(self.at, self._utterance, self.at - 1, self.at, text, 0.9))
        if flip:
            self.at += 2
            self.lit = not self.lit
            self._hear(Flip(self.at, self.lit))
        for _ in range(10):
            self.at += 4
            self._hear(Tick(self.at))
        return self._utterance

    @staticmethod
    def flip_and_silence(at: float) -> list[AnyMessage]:
        """A flip, and half a minute in which nothing happens."""
        return [Flip(at, True), *(Tick(at + 4 * i) for i in range(1, 10))]


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    journal = Journal(tmp_path / "journal.db", "boot")
    one = Life(journal)
    one.say(LIGHT, flip=True)
    one.say(NIGHT, flip=True)
    one.say(SOUP)
    yield one
    journal.close()


def test_an_act_is_explained_by_the_flip_that_taught_it(life: Life) -> None:
    assert not life.lit
    number = life.say(LIGHT)
    assert life.lit, "it was to act by itself"
    reason = why(life.journal, SETTINGS)
    assert (reason.utterance, reason.text, reason.wish, reason.change) == (number, LIGHT, "lit", "lit")
    assert reason.likely >= reason.act_above
    first = reason.taught[0]
    assert (first.utterance, first.cause, first.possible) == (1, "flip", ("lit",))
    assert first.adds > 0.3, "without that flip it would hardly have"
    assert all(ngram in f" {LIGHT} " for ngram in reason.ngrams)


def test_what_it_did_nothing_about_is_explained_by_what_it_was_told(life: Life) -> None:
    number = life.say("the soup is warm")
    reason = why(life.journal, SETTINGS, number)
    assert reason.wish == "nothing"
    assert reason.likely < reason.act_above
    assert 3 in [one.utterance for one in reason.taught]
    assert reason.learned > reason.likely, "a flip would have taught it"


def test_what_came_later_explains_nothing(life: Life) -> None:
    number = life.say("wholly new words")
    before = why(life.journal, SETTINGS, number)
    life.say("wholly new words", flip=True)
    life.say(NIGHT, flip=life.lit)
    assert why(life.journal, SETTINGS, number) == before


def test_what_was_never_said_has_no_reason(life: Life) -> None:
    with pytest.raises(NoReason, match="no utterance 99"):
        why(life.journal, SETTINGS, 99)
    with pytest.raises(NoReason, match="no words were heard yet"):
        why(Journal(":memory:", "boot"), SETTINGS)


def test_lampctl_tells_it_to_people_and_programs(
    life: Life, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    life.say(LIGHT)
    life.journal.close()
    file = tmp_path / "lampd.yaml"
    file.write_text(f"board: laptop\nstate_dir: {tmp_path}\n")
    assert main(["--config", str(file), "why"]) == 0
    told = capsys.readouterr().out
    assert f"“{LIGHT}”" in told
    assert "the lamp was dark, and made it lit" in told
    assert "means lit: a flip" in told
    assert main(["--config", str(file), "why", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["taught"][0]["utterance"] == 1
    assert main(["--config", str(file), "why", "77"]) == 1
    assert "there is no utterance 77" in capsys.readouterr().err
