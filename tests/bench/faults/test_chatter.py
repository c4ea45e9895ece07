"""What nobody said to the lamp, and what is said to make it wrong; all of it is `lampctl bench faults chatter`."""

import ctypes.util
from pathlib import Path

import pytest

from lampd import assembly, config
from lampd.bench import data
from lampd.bench.faults import chatter
from lampd.bench.faults.contrary import AT_MOST, CONTRARY, Tally, contrary
from lampd.bench.faults.living import AN_HOUR, Living
from lampd.bench.overheard import LONGEST, SHORTEST, Looked, Piece, Shelves, Whole, asks_for_light, pieces
from lampd.messages import PartialTranscript, Transcript
from lampd.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return config.load(None, board="laptop", state_dir=str(tmp_path))


def words(text: str) -> list[PartialTranscript | Transcript]:
    return [Transcript(2.5, 0, 0.0, 2.0, text, 0.9)]


def test_a_hand_flips_where_nothing_was_done_and_takes_back_what_was(settings: Settings) -> None:
    lamp = Living(settings)
    assert (lamp.hear(words("some light please"), flips=True, takes_back=False), lamp.lit) == (0, True)
    assert (lamp.hear(words("good night everybody"), flips=True, takes_back=False), lamp.lit) == (0, False)
    assert (lamp.hear(words("some light please"), flips=True, takes_back=False), lamp.lit) == (1, True)
    assert (lamp.hear(words("good night everybody"), flips=True, takes_back=True), lamp.lit) == (1, True)


def test_who_takes_back_every_act_is_hardly_acted_for_and_honest_people_are_trusted_again(settings: Settings) -> None:
    tallies = contrary(settings, "takes back every act", chatter.FEWEST, 0)
    taught, wronged, again = tallies["taught"], tallies["wronged"], tallies["again"]
    assert taught.acts > 20 and taught.lost == 0
    assert wronged.lost >= 1 and 3 <= wronged.before <= 12
    assert wronged.wrong <= chatter.MOST_WRONG
    assert again.utterances < AN_HOUR and again.wrong == 0


def test_a_lamp_that_never_loses_trust_breaks_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    tallies = {"taught": Tally(), "wronged": Tally(400, 60, 60), "again": Tally(AT_MOST)}
    monkeypatch.setattr(chatter, "contrary", lambda *_: tallies)
    monkeypatch.setattr(data, "folder", lambda: None)
    outcome = chatter.run(200, 0, lambda text: None)
    assert len(outcome.broken) == 2 * len(CONTRARY)
    assert outcome.counts["wrong acts for them"] == 60 * len(CONTRARY)


def test_books_are_cut_into_what_may_be_said_at_once(data_folder: Path) -> None:
    books = pieces(data_folder)
    assert len(books["clinc150"]) == 23_700
    assert all(piece.clip for piece in books["coffee"])
    for name in ("shakespeare", "wikitext"):
        assert len(books[name]) > 20_000
        assert all(SHORTEST <= len(piece.text.split()) <= LONGEST for piece in books[name])
    asked = [piece.text for piece in books["clinc150"] if asks_for_light(piece)]
    assert len(asked) == 27
    assert not asks_for_light(Piece("i'd like to buy a lamp online", "order"))


@pytest.fixture
def spoken(data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if ctypes.util.find_library("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return data_folder


def test_what_was_heard_once_is_kept_and_the_recorder_hears_the_same(spoken: Path, settings: Settings) -> None:
    transcriber = assembly.build("transcriber", settings)
    whole = Whole(transcriber, settings.recorder)
    said = [Piece("turn the volume up please", "change_volume"), Piece("to be or not to be", "shakespeare")]
    heard = [*Shelves(said, settings.transcriber.voice, whole)]
    assert [*Shelves(said, settings.transcriber.voice, whole)] == heard
    assert [len(one) for one in heard] == [1, 1] and heard[0][0].text
    looked = [*Shelves(said, settings.transcriber.voice, Looked(transcriber, assembly.build("recorder", settings)))]
    for utterance in looked:
        looks = [one for one in utterance if isinstance(one, PartialTranscript)]
        assert len(looks) >= 3
        [end] = [one for one in utterance if isinstance(one, Transcript)]
        assert 0 <= end.start < end.end < end.at < 5


def test_a_few_sentences_in_two_houses(spoken: Path, settings: Settings) -> None:
    said: list[str] = []
    ear = Whole(assembly.build("transcriber", settings), settings.recorder)
    kept = chatter.talked(settings, spoken, chatter.SHORT, ear, said.append)
    assert kept.sentences == 4 * chatter.SHORT - 2 * (chatter.SHORT // 2)
    assert kept.commands == 2 and len(said) >= 2
