"""Sound files that are not what they should be: so many samples of 16 bits, or an error that names the file."""

import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as some

from lampd.devices import sound
from lampd.devices.sound import LONGEST_S, RATE, Resampler, SoundError
from tests.fuzz.cases import cases, damaged

TONE = (0.5 * np.sin(np.arange(1600) / 5)).astype(np.float32)


def file_of(kind: str, subtype: str = "PCM_16") -> bytes:
    into = io.BytesIO()
    soundfile.write(into, TONE, RATE, format=kind, subtype=subtype)
    return into.getvalue()


def wav(
    rate: int = RATE, channels: int = 1, bits: int = 16, kind: int = 1, data: bytes = bytes(3200), size: int = -1
) -> bytes:
    """A WAV file that says of itself what it likes."""
    size = len(data) if size < 0 else size
    frame = channels * bits // 8 % 2**16
    head = struct.pack("<HHIIHH", kind, channels, rate, rate * frame % 2**32, frame, bits)
    riff = struct.pack("<I", min(36 + size, 2**32 - 1))
    return b"RIFF" + riff + b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", size) + data


def read(path: Path) -> np.ndarray[tuple[int], np.dtype[np.int16]] | None:
    """The samples, or nothing where it is refused as it should be."""
    try:
        sound.length(path)
        samples = sound.read(path)
    except SoundError as error:
        assert str(path) in str(error)
        return None
    assert samples.dtype == np.int16
    assert len(samples) <= LONGEST_S * RATE
    return samples


@cases()
@given(
    data=some.sampled_from(
        [file_of("FLAC"), file_of("WAV"), file_of("WAV", "FLOAT"), file_of("OGG", "VORBIS")]
    ).flatmap(damaged)
)
def test_a_damaged_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "one.flac").write_bytes(data)
    read(tmp_path / "one.flac")


@cases()
@given(
    rate=some.sampled_from([0, 1, 7, 999, 8000, 44_100, 192_000, 10_000_000, 2**31 - 1, 2**32 - 1]),
    channels=some.sampled_from([0, 1, 2, 64, 1024, 1025, 65_535]),
    bits=some.sampled_from([0, 1, 8, 16, 24, 32, 64]),
    kind=some.sampled_from([0, 1, 3, 6, 7, 0xFFFE]),
    size=some.sampled_from([-1, 0, 1, 10**6, 2**31 - 1, 2**32 - 1]),
)
def test_a_header_that_says_anything(tmp_path: Path, rate: int, channels: int, bits: int, kind: int, size: int) -> None:
    (tmp_path / "one.wav").write_bytes(wav(rate, channels, bits, kind, size=size))
    read(tmp_path / "one.wav")


@cases()
@given(
    values=some.lists(some.floats(width=32), min_size=1, max_size=400),
    rate=some.sampled_from([8000, 16_000, 44_100]),
    channels=some.sampled_from([1, 2, 64]),
)
def test_samples_that_are_no_numbers(tmp_path: Path, values: list[float], rate: int, channels: int) -> None:
    samples = np.array(values * channels, np.float32).reshape(-1, channels)
    soundfile.write(tmp_path / "one.wav", samples, rate, subtype="FLOAT")
    with np.errstate(all="raise", under="ignore"):
        assert read(tmp_path / "one.wav") is not None
        assert len(Resampler(rate, channels).feed(samples, last=True)) % 2 == 0


def test_what_is_no_number_is_silence(tmp_path: Path) -> None:
    samples = np.array([0.5, np.nan, 0.5, np.inf, -np.inf, 1e30], np.float32)
    soundfile.write(tmp_path / "one.wav", samples, RATE, subtype="FLOAT")
    assert sound.read(tmp_path / "one.wav").tolist() == [16384, 0, 16384, 32767, -32768, 32767]


@pytest.mark.parametrize("rate", [1, 10_000_000])
def test_what_is_no_rate_of_sound_is_said(tmp_path: Path, rate: int) -> None:
    (tmp_path / "one.wav").write_bytes(wav(rate))
    for of in (sound.read, sound.length):
        with pytest.raises(SoundError, match=f"one.wav: {rate} Hz"):
            of(tmp_path / "one.wav")


def test_a_file_of_a_day_is_refused_without_being_read(tmp_path: Path) -> None:
    (tmp_path / "day.wav").write_bytes(wav(8000, size=24 * 3600 * 16_000, data=b""))
    with (tmp_path / "day.wav").open("ab") as file:
        file.truncate(24 * 3600 * 16_000)
    for of in (sound.read, sound.length):
        with pytest.raises(SoundError, match="it lasts 24 h, and 6 are the most"):
            of(tmp_path / "day.wav")


def test_a_long_file_takes_little_more_memory_than_its_samples(tmp_path: Path) -> None:
    hours, rate, channels = 0.1, 48_000, 4
    size = int(hours * 3600 * rate * channels * 2)
    (tmp_path / "long.wav").write_bytes(wav(rate, channels, size=size, data=b""))
    with (tmp_path / "long.wav").open("ab") as file:
        file.truncate(size + 44)
    code = (
        "import sys, resource; from pathlib import Path; from lampd.devices import sound\n"
        "sound.read(Path(sys.argv[2])); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(len(sound.read(Path(sys.argv[1]))), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    (tmp_path / "short.wav").write_bytes(wav(rate, channels))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "long.wav"), str(tmp_path / "short.wav")],
        capture_output=True,
        text=True,
        check=True,
    )
    samples, grown_kb = map(int, done.stdout.split())
    assert samples == hours * 3600 * RATE
    # all of it, twice for a moment; as floats in all channels it would be 276 MB
    assert grown_kb / 1000 < 2.5 * samples * 2 / 1e6 + 60
