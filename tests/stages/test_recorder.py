"""What the recorder makes of sentences of the recorded evening, laid into noise or silence."""

import itertools
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from lampd import config, session
from lampd.devices.sound import Resampler, read
from lampd.messages import AnyMessage, Block, Listening, Resume, Speaking, Speech, Tick
from lampd.settings import Recorder as Settings
from lampd.stages.recorder import RATE, TAIL, Recorder

EVENING = Path(__file__).parents[1] / "sessions" / "first_evening"
SETTINGS = config.load(None, board="laptop").recorder


class Sentence(NamedTuple):
    """A clip, and when in it somebody speaks, in seconds."""

    samples: NDArray[np.int16]
    start: float
    end: float


def _sentences() -> list[Sentence]:
    events = session.read(EVENING).events
    found = []
    for audio, wish in itertools.pairwise(events):
        if isinstance(audio, session.Audio) and isinstance(wish, session.Wish) and wish.end - wish.start > 1.2:
            found.append(Sentence(read(EVENING / audio.file), wish.start - audio.t, wish.end - audio.t))
    return found[:12]


SENTENCES = _sentences()


def lay(*sentences: Sentence, pause_s: float = 1.5, noise: float = 10.0) -> tuple[NDArray[np.int16], list[Sentence]]:
    """The sentences in noise one after another, and with the times at which they are now."""
    length = sum(len(s.samples) for s in sentences) + int(pause_s * RATE) * (len(sentences) + 1)
    samples = np.random.default_rng(4).normal(0, noise, length).round().astype(np.int32)
    laid, at = [], 0
    for sentence in sentences:
        at += int(pause_s * RATE)
        samples[at : at + len(sentence.samples)] += sentence.samples
        laid.append(sentence._replace(start=at / RATE + sentence.start, end=at / RATE + sentence.end))
        at += len(sentence.samples)
    return samples.clip(-32768, 32767).astype(np.int16), laid


def blocks(samples: NDArray[np.int16], size: int = 1600, at: float = 0.0) -> list[AnyMessage]:
    """Sound that starts `at`."""
    pieces = [samples[start : start + size] for start in range(0, len(samples), size)]
    return [Block(at + (i * size + len(piece)) / RATE, piece.tobytes()) for i, piece in enumerate(pieces)]


def say(messages: list[AnyMessage], settings: Settings = SETTINGS) -> list[AnyMessage]:
    recorder = Recorder(settings)
    return [said for message in messages for said in recorder.handle(message)]


def speeches(messages: list[AnyMessage], settings: Settings = SETTINGS) -> list[Speech]:
    return [message for message in say(messages, settings) if isinstance(message, Speech)]


def changed(**values: float) -> Settings:
    return msgspec.structs.replace(SETTINGS, **values)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_is_one_utterance_where_it_was_said(sentence: Sentence) -> None:
    samples, [laid] = lay(sentence)
    [speech] = speeches(blocks(samples))
    assert speech.utterance == 1
    assert speech.start == pytest.approx(laid.start, abs=0.25)
    assert speech.end == pytest.approx(laid.end, abs=0.15)
    assert speech.at == pytest.approx(speech.end + SETTINGS.hangover_s, abs=0.033)
    assert not speech.cut


def test_its_sound_begins_before_the_speech_and_ends_soon_after() -> None:
    samples, _ = lay(SENTENCES[0])
    [speech] = speeches(blocks(samples))
    first, last = round((speech.start - SETTINGS.preroll_s) * RATE), round(speech.end * RATE) + TAIL
    assert speech.pcm == samples[first:last].tobytes()


@pytest.mark.parametrize("size", [1, 160, 512, 701, 4096, 1_000_000])
def test_the_size_of_blocks_makes_no_difference(size: int) -> None:
    samples, _ = lay(*SENTENCES[:2])
    settings = changed(longest_s=1.0, partial_s=0.4)
    assert say(blocks(samples, size, at=7000.1), settings) == say(blocks(samples, at=7000.1), settings)


@pytest.mark.parametrize("scale", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_neither_the_level_nor_digital_silence_nor_an_offset_matters(scale: float, noise: float) -> None:
    louder = SENTENCES[0]._replace(samples=(SENTENCES[0].samples * scale).clip(-32000, 31000).astype(np.int16))
    samples, [laid] = lay(louder, noise=noise)
    [speech] = speeches(blocks(samples + np.int16(700)))
    assert speech.start == pytest.approx(laid.start, abs=0.25)
    assert speech.end == pytest.approx(laid.end, abs=0.15)


def test_speech_is_said_as_it_grows() -> None:
    samples, _ = lay(SENTENCES[0])
    *partial, speech = say(blocks(samples), changed(partial_s=0.3))
    assert isinstance(speech, Speech)
    after = [message.at for message in partial if message.at > speech.end]
    assert speech.end < after[0] < speech.end + 0.15, "at the pause that turned out to be the end"
    assert [late - after[0] for late in after[1:]] == pytest.approx([0.3], abs=0.033), "and while it might not be"
    partial = partial[: -len(after)]
    assert len(partial) == int((speech.end - speech.start) / 0.3)
    for number, message in enumerate(partial, 1):
        assert isinstance(message, Speaking)
        assert (message.utterance, message.start) == (speech.utterance, speech.start)
        assert message.at == pytest.approx(message.start + 0.3 * number, abs=0.033)
        assert speech.pcm.startswith(message.pcm)
        assert len(message.pcm) / 2 / RATE == pytest.approx(SETTINGS.preroll_s + 0.3 * number, abs=0.033)
    assert say(blocks(samples), changed(partial_s=0.0)) == [speech]
    few = [m for m in say(blocks(samples), changed(partial_s=0.3, partial_until_s=1.0)) if isinstance(m, Speaking)]
    assert few == partial[:3]


def test_long_speech_is_cut_without_losing_a_sample() -> None:
    samples, [laid] = lay(SENTENCES[0])
    first, second = speeches(blocks(samples), changed(longest_s=1.0))
    assert (first.cut, second.cut) == (True, False)
    assert (first.utterance, second.utterance) == (1, 2)
    assert first.end == second.start == first.at == pytest.approx(first.start + 1, abs=0.033)
    assert second.end == pytest.approx(laid.end, abs=0.15)
    begin = round((first.start - SETTINGS.preroll_s) * RATE)
    assert first.pcm + second.pcm == samples[begin : round(second.end * RATE) + TAIL].tobytes()


def test_clicks_and_speech_that_is_too_short_are_no_utterances() -> None:
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 10, 10 * RATE)
    for second in range(2, 9):
        samples[second * RATE : second * RATE + 800] += rng.normal(0, 6000, 800) * np.exp(-np.arange(800) / 100)
    assert say(blocks(samples.round().astype(np.int16))) == []
    assert speeches(blocks(lay(SENTENCES[0])[0]), changed(shortest_s=2.0)) == []


def test_utterances_are_numbered_from_where_the_last_life_ended() -> None:
    samples, laid = lay(SENTENCES[0], SENTENCES[1], pause_s=1.0)
    said = speeches([Resume(0.0, 41, True), *blocks(samples)])
    assert [speech.utterance for speech in said] == [42, 43]
    assert [speech.start for speech in said] == pytest.approx([sentence.start for sentence in laid], abs=0.25)


def test_ticks_say_nothing() -> None:
    assert Recorder(SETTINGS).handle(Tick(1.0)) == []


def test_a_gap_ends_an_utterance() -> None:
    samples, [laid] = lay(SENTENCES[0])
    middle = round((laid.start + 0.8) * RATE)
    first, second = speeches(blocks(samples[:middle]) + blocks(samples, at=100.0))
    assert first.end == pytest.approx(middle / RATE, abs=0.1)
    assert first.at == 100.0
    assert second.start == pytest.approx(100 + laid.start, abs=0.25)
    assert second.end == pytest.approx(100 + laid.end, abs=0.15)


def test_a_short_gap_is_silence_in_the_utterance() -> None:
    samples, [laid] = lay(SENTENCES[0])
    middle, lost = round((laid.start + 0.8) * RATE), RATE // 5
    [speech] = speeches(blocks(samples[:middle]) + blocks(samples[middle + lost :], at=(middle + lost) / RATE))
    assert speech.end == pytest.approx(laid.end, abs=0.15)
    assert len(speech.pcm) == pytest.approx(
        2 * RATE * (speech.end - speech.start + SETTINGS.preroll_s) + 2 * TAIL, abs=4
    )


def test_blocks_that_come_late_do_not_move_the_speech() -> None:
    samples, _ = lay(SENTENCES[0])
    rng = np.random.default_rng(2)
    late = [msgspec.structs.replace(block, at=block.at + rng.uniform(0, 0.08)) for block in blocks(samples)]
    [speech], [punctual] = speeches(late), speeches(blocks(samples))
    assert speech.pcm == punctual.pcm
    assert punctual.start <= speech.start < punctual.start + 0.05


def test_a_quiet_room_is_not_shown_to_the_detector() -> None:
    recorder = Recorder(SETTINGS)
    for block in blocks(np.random.default_rng(3).normal(0, 30, 30 * RATE).round().astype(np.int16)):
        assert recorder.handle(block) == []
    assert recorder.shown < 0.06 * recorder.chunks


def test_a_stereo_microphone_of_44100_hz_hears_the_same() -> None:
    import soxr

    samples, [laid] = lay(SENTENCES[0])
    captured = np.repeat(soxr.resample(samples, RATE, 44_100)[:, None], 2, axis=1)
    resampler = Resampler(44_100, 2)
    pcm = b"".join(resampler.feed(captured[start : start + 2205]) for start in range(0, len(captured), 2205))
    [speech] = speeches(blocks(np.frombuffer(pcm, "<i2")))
    assert speech.start == pytest.approx(laid.start, abs=0.25)
    assert speech.end == pytest.approx(laid.end, abs=0.15)


def test_nothing_of_what_is_said_is_heard_while_it_is_not_to_listen() -> None:
    samples, laid = lay(*SENTENCES[:3])
    cut = (laid[0].start + laid[0].end) / 2
    again = (laid[1].end + laid[2].start) / 2
    messages = blocks(samples)
    messages = sorted([*messages, Listening(cut, False), Listening(again, True)], key=lambda message: message.at)
    said = say(messages)
    heard = [message for message in said if isinstance(message, Speech)]
    assert len(heard) == 1
    assert heard[0].start == pytest.approx(laid[2].start, abs=0.3)
    # what was begun and dropped keeps its number
    assert heard[0].utterance == 2
    assert not [message for message in said if cut < message.at < again]


def test_a_recorder_that_comes_back_into_privacy_does_not_listen() -> None:
    samples, _ = lay(SENTENCES[0])
    assert say([Resume(0.0, 4, False, listens=False), *blocks(samples)]) == []
    assert len(say([Resume(0.0, 4, False), *blocks(samples)])) > 0
