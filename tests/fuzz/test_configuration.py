"""Configurations that are not what they should be: settings, or an error that names the file."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as some

from lampd.amend import AmendError, amended
from lampd.config import ConfigError, load, owners_file, shipped
from tests.fuzz.cases import TEXTS, WRITABLE, cases, damaged

WHOLE = shipped("config/lampd.yaml").read_bytes()
KEYS: dict[str, Any] = yaml.safe_load(WHOLE)
VALUES: some.SearchStrategy[Any] = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | WRITABLE.filter(lambda text: len(text) < 500),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def read(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        load(path)
    except ConfigError as error:
        assert str(path) in str(error) or "hardware/" in str(error)
        # what it says goes onto a line of a terminal, and into the system's journal
        assert len(str(error)) < 3000


@cases()
@given(data=damaged(WHOLE))
def test_a_damaged_file(tmp_path: Path, data: bytes) -> None:
    read(tmp_path / "mine.yaml", data)


@cases()
@given(data=some.binary(max_size=200))
@example(data=b"[" * 100_000)
@example(data=b"a: &a [x, x]\nb: &b [*a, *a]\nrecorder: {device: *b}\n")
@example(data=b"state_dir: 2026-99-99\n")
@example(data=b"board: !!bool foo\n")
@example(data=b"\xff\xfe" + "board: laptop\n".encode("utf-16-le"))
@example(data=b"x" * (1 << 20))
@example(data=b"? [a]\n: b\n")
@example(data=b"1: 2\n")
@example(data=b'board: "a\\0b"\n')
@example(data=b'board: "../../../etc/passwd"\n')
@example(data=b"board: " + b"a" * 5000)
@example(data=b'state_dir: "a\\0b"\n')
def test_no_configuration_at_all(tmp_path: Path, data: bytes) -> None:
    read(tmp_path / "mine.yaml", data)


@cases()
@given(data=some.data())
def test_values_of_any_kind(tmp_path: Path, data: some.DataObject) -> None:
    section = data.draw(some.sampled_from(sorted(KEYS)))
    inside = KEYS[section]
    if isinstance(inside, dict) and data.draw(some.booleans()):
        changed: Any = {data.draw(some.sampled_from(sorted(inside))): data.draw(VALUES)}
    else:
        changed = data.draw(VALUES)
    read(tmp_path / "mine.yaml", yaml.safe_dump({section: changed}, allow_unicode=True).encode("utf-8", "replace"))


@cases()
@given(text=TEXTS.filter(lambda text: "\0" not in text))
def test_names_of_any_kind(text: str) -> None:
    try:
        assert owners_file(None, text or None) is None or Path(str(owners_file(None, text))).parent == Path(
            "/etc/lampd"
        )
    except ConfigError as error:
        assert "cannot be the name of a lamp" in str(error)


@cases()
@given(data=damaged(WHOLE), value=WRITABLE.filter(lambda text: len(text) < 500))
def test_amending_what_is_damaged(data: bytes, value: str) -> None:
    text = data.decode("utf-8", "replace")
    try:
        changed = amended(text, "transcriber", "voice", value)
    except AmendError:
        return
    assert yaml.safe_load(changed)["transcriber"]["voice"] == value


def test_what_is_huge_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "mine.yaml").open("wb") as file:
        file.truncate(1 << 36)
    with pytest.raises(ConfigError, match=r"mine\.yaml: too large"):
        load(tmp_path / "mine.yaml")
