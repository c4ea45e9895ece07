"""Sessions as messages in order of lamp time."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from lampd.household import Household
from lampd.messages import Acted, AnyMessage, Block, Flip, Press, Tick, Transcript
from lampd.session import Audio, Session, SessionError, Text, Wish
from lampd.session import Flip as Hand
from lampd.timeline import AFTER_S, RATE, TICK_S, timeline


def messages(session: Session, household: Household | None = None, **options: object) -> list[AnyMessage]:
    return list(timeline(session, household, **options))  # type: ignore[arg-type]


def pcm(said: list[AnyMessage]) -> np.ndarray:
    return np.frombuffer(b"".join(message.pcm for message in said if isinstance(message, Block)), "<i2")


def tone(seconds: float, rate: int, hertz: float = 440.0, level: float = 0.25) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


WORDS = Session(
    "words",
    (
        Wish(1.0, True, 1.0, 2.0),
        Text(2.6, 1.0, 2.0, "hello", 0.7),
        Hand(4.3, True),
        Text(9.1, 8.0, 9.0, "good night"),
        Hand(9.7, False),
    ),
)


def test_transcripts_and_flips_come_when_they_came_and_numbered() -> None:
    said = [message for message in messages(WORDS, utterance=40) if not isinstance(message, Tick)]
    assert said == [
        Transcript(2.6, 41, 1.0, 2.0, "hello", 0.7),
        Press(4.3, True),
        Transcript(9.1, 42, 8.0, 9.0, "good night", 1.0),
        Press(9.7, False),
    ]


def test_time_never_goes_back() -> None:
    for household in (None, Household(WORDS.wishes(), seed=3)):
        times = [message.at for message in messages(WORDS, household)]
        assert times == sorted(times)


def test_ticks_come_all_the_while_and_go_on_after_the_end() -> None:
    ticks = [message.at for message in messages(WORDS) if isinstance(message, Tick)]
    assert np.diff([0.0, *ticks]) == pytest.approx(TICK_S)
    assert ticks[-1] == pytest.approx(9.7 + AFTER_S, abs=TICK_S)


def test_a_closed_loop_ignores_the_recorded_hands() -> None:
    hands = [message for message in messages(WORDS, Household([])) if isinstance(message, Press)]
    assert hands == []


def test_the_presses_of_a_household_fall_between_the_ticks_around_them() -> None:
    """A flip without words follows its wish at once, whenever that is."""
    wishes = [Wish(at, lit, at, at) for at, lit in ((3.21, True), (7.77, False), (8.05, True))]
    session = Session("", tuple(wishes))
    household = Household(wishes, error=0.0)
    said = messages(session, household)
    assert [(message.at, type(message)) for message in said if isinstance(message, Press)] == [
        (3.21, Press),
        (7.77, Press),
        (8.05, Press),
    ]
    times = [message.at for message in said]
    assert times == sorted(times)


def test_a_hand_that_moves_between_two_ticks_comes_before_words_that_come_later() -> None:
    session = Session("", (Wish(3.21, True, 3.21, 3.21), Text(3.6, 2.5, 3.3, "hello")))
    said = messages(session, Household(session.wishes(), error=0.0))
    assert [type(message) for message in said if not isinstance(message, Tick)] == [Press, Transcript]


def test_a_household_answers_what_happens_while_it_plays() -> None:
    household = Household([], error=0.0)
    pressed: list[float] = []
    for message in timeline(WORDS, household):
        if isinstance(message, Transcript) and message.utterance == 1:
            household.observe(Flip(message.at, False))
            household.observe(Acted(message.at, 1, True))
        if isinstance(message, Press):
            pressed.append(message.at)
    assert len(pressed) == 1 and 2.6 < pressed[0] < 6.0


def test_sound_of_any_rate_and_channels_becomes_16_khz_mono(tmp_path: Path) -> None:
    left, right = tone(1.0, 44_100), tone(1.0, 44_100, level=0.75)
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, right], 1), 44_100, subtype="PCM_16")
    heard = pcm(messages(Session("", (Audio(0.5, "stereo.wav"),), tmp_path))) / 32768
    expected = np.zeros(len(heard))
    expected[RATE // 2 : RATE * 3 // 2] = tone(1.0, RATE, level=0.5)
    # resampling rings a little where the tone begins and ends
    inner = slice(RATE // 2 + 400, RATE * 3 // 2 - 400)
    assert heard[inner] == pytest.approx(expected[inner], abs=0.005)
    assert not heard[: RATE // 2].any() and not heard[RATE * 3 // 2 + 2 :].any()


def test_sounds_that_overlap_are_added_and_clipped(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(RATE, 20_000, np.int16), RATE)
    soundfile.write(tmp_path / "b.wav", np.full(RATE, -5_000, np.int16), RATE)
    events = (Audio(1.0, "a.wav"), Audio(1.5, "b.wav"), Audio(4.0, "a.wav"), Audio(4.25, "a.wav"))
    heard = pcm(messages(Session("", events, tmp_path)))
    levels = {0.9: 0, 1.1: 20_000, 1.6: 15_000, 2.1: -5_000, 2.6: 0, 4.1: 20_000, 4.5: 32_767, 5.1: 20_000}
    assert {at: heard[round(at * RATE)] for at in levels} == levels


def test_blocks_join_without_a_gap_and_end_where_they_say(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    noise = rng.integers(-9000, 9000, 3 * RATE + 123).astype(np.int16)
    soundfile.write(tmp_path / "noise.flac", noise, RATE)
    said = messages(Session("", (Audio(0.33, "noise.flac"),), tmp_path))
    heard = pcm(said)
    begins = round(0.33 * RATE)
    assert np.array_equal(heard[begins : begins + len(noise)], noise)
    samples = 0
    for block in said:
        if isinstance(block, Block):
            samples += len(block.pcm) // 2
            assert block.at == pytest.approx(samples / RATE, abs=1e-4)


def test_ticks_come_as_often_with_sound(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE, np.int16), RATE)
    ticks = [
        message.at for message in messages(Session("", (Audio(1.0, "a.wav"),), tmp_path)) if isinstance(message, Tick)
    ]
    assert np.diff([0.0, *ticks]) == pytest.approx(TICK_S)


def test_one_long_sound_is_heard_to_its_end(tmp_path: Path) -> None:
    """It lasts long after the last event has begun."""
    minute = np.zeros(60 * 8000, np.int16)
    minute[-800:] = 9000
    soundfile.write(tmp_path / "minute.wav", minute, 8000)
    heard = pcm(messages(Session("", (Audio(0.0, "minute.wav"),), tmp_path)))
    assert len(heard) == pytest.approx((60 + AFTER_S) * RATE, abs=RATE)
    assert abs(heard[round(59.95 * RATE)] - 9000) < 200


def test_where_there_is_sound_transcripts_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE, np.int16), RATE)
    session = Session("", (Audio(1.0, "a.wav"), Text(2.6, 1.0, 2.0, "hello")), tmp_path)
    assert {type(message) for message in messages(session)} == {Block, Tick}
    assert {type(message) for message in messages(session, text=True)} == {Transcript, Tick}


def test_a_file_that_is_no_sound_is_named(tmp_path: Path) -> None:
    (tmp_path / "words.wav").write_text("no sound")
    with pytest.raises(SessionError, match=r"words\.wav"):
        messages(Session("", (Audio(0.0, "words.wav"),), tmp_path))
