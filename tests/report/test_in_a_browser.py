"""The report as a telephone shows it: what is on the screen, by day and by night."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from lampd.journal import Journal
from lampd.report.contents import report
from lampd.report.drawing import COLOURS

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chrome-headless-shell")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(BROWSERS)} is installed")

WIDTH, HEIGHT = 390, 5000
"""A telephone's width, and more than the report's height, in pixels."""
ROOM = 600
"""A browser's window is not as narrow as a telephone: the page is in a frame, for which the rest is the same."""
DARK = "--blink-settings=preferredColorScheme=0"
MEASURE = """
const page = document.querySelector("iframe").contentDocument;
const box = (element) => { const r = element.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
const all = [...page.body.querySelectorAll("*")];
document.title = JSON.stringify({
  scroll: page.documentElement.scrollWidth,
  height: box(page.body)[3],
  right: Math.max(...all.map((one) => box(one)[2])),
  pictures: [...page.querySelectorAll("svg")].map(box),
  words: [...page.querySelectorAll("svg")].map((one) => [...one.querySelectorAll("text")].map(box)),
});
"""


class Shown(NamedTuple):
    """The screen (rows, columns, RGB in 0..1), and where things are on it."""

    screen: np.ndarray[Any, np.dtype[np.float64]]
    measured: dict[str, Any]


def show(page: Path, folder: Path, *options: str) -> Shown:
    frame = folder / "frame.html"
    frame.write_text(
        f'<!doctype html><body style="margin: 0"><iframe src="{page.as_uri()}" width="{WIDTH}" height="{HEIGHT}" '
        f'style="border: 0"></iframe><script>window.onload = () => {{ {MEASURE} }};</script>'
    )
    picture = folder / "screen.png"
    command = [
        str(BROWSER),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--allow-file-access-from-files",
        "--force-device-scale-factor=1",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={ROOM},{HEIGHT}",
        *options,
    ]
    shot = subprocess.run([*command, f"--screenshot={picture}", frame.as_uri()], capture_output=True, timeout=120)
    assert shot.returncode == 0, shot.stderr
    dumped = subprocess.run(
        [*command, "--dump-dom", frame.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    title = re.search("<title>(.*?)</title>", dumped.stdout)
    assert title, dumped.stdout
    return Shown(imread(picture)[:, :WIDTH, :3].astype(np.float64), json.loads(unescape(title[1])))


@pytest.fixture(scope="module")
def page(lived: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "report.html"
    journal = Journal(lived / "journal.db", "")
    file.write_text(report(journal, 0.0), "utf-8")
    journal.close()
    return file


@pytest.fixture(scope="module")
def by_day(page: Path, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return show(page, tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def by_night(page: Path, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return show(page, tmp_path_factory.mktemp("night"), DARK)


def painted(shown: Shown, picture: int, colour: str) -> int:
    """Pixels of a picture that are of a colour."""
    left, top, right, bottom = map(round, shown.measured["pictures"][picture])
    inside = shown.screen[top:bottom, left:right]
    return int((np.abs(inside - np.array(to_rgb(colour))).max(axis=2) < 0.02).sum())


PAINTED = {
    0: {"lamp": 5000, "hand": 500},
    1: {"wrong": 60, "hand": 500},
    2: {"lamp": 200},
    3: {"hand": 50, "lamp": 50},
    4: {"lamp": 5000, "hand": 5000},
}
"""Pixels that a picture has at least: the learning curve, mistakes (of wrong acts the legend, for there may be none),
calibration, delays, words."""


@pytest.mark.parametrize("night", [False, True], ids=["by day", "by night"])
def test_the_pictures_are_drawn(by_day: Shown, by_night: Shown, night: bool) -> None:
    shown = by_night if night else by_day
    assert len(shown.measured["pictures"]) == len(PAINTED)
    for picture, least in PAINTED.items():
        for name, pixels in least.items():
            assert painted(shown, picture, COLOURS[name][night]) >= pixels, (picture, name)
            assert painted(shown, picture, COLOURS[name][not night]) < pixels, (picture, name, "of the other scheme")


def test_what_the_lamp_did_itself_grows_in_the_first_picture(by_day: Shown) -> None:
    left, top, right, bottom = map(round, by_day.measured["pictures"][0])
    lamp = np.abs(by_day.screen[top:bottom, left:right] - np.array(to_rgb(COLOURS["lamp"][0]))).max(axis=2) < 0.02
    # below the legend; a column's share of its picture
    columns = lamp[30:].mean(axis=0)
    width = right - left
    first, last = columns[width // 6 : width // 4], columns[-width // 4 : -width // 8]
    assert first.max() < last.mean()
    assert last.mean() > 0.3


def test_nothing_is_wider_than_the_screen(by_day: Shown) -> None:
    assert by_day.measured["scroll"] <= WIDTH
    assert by_day.measured["right"] <= WIDTH
    assert by_day.measured["height"] < HEIGHT, "else some of it was not looked at"
    for left, top, right, bottom in by_day.measured["pictures"]:
        assert right - left > 0.85 * WIDTH, "a picture is as wide as it can be"
        assert bottom - top > 100


def test_the_words_of_a_picture_are_in_it_and_apart(by_day: Shown) -> None:
    for (left, top, right, bottom), words in zip(by_day.measured["pictures"], by_day.measured["words"], strict=True):
        assert words
        for box in words:
            assert box[0] >= left - 1, "cut off at the left"
            assert box[2] <= right + 1
            assert box[1] >= top - 1
            assert box[3] <= bottom + 1
        for number, one in enumerate(words):
            for other in words[number + 1 :]:
                apart = (
                    one[2] <= other[0] + 1 or other[2] <= one[0] + 1 or one[3] <= other[1] + 4 or other[3] <= one[1] + 4
                )
                assert apart, (one, other)


@pytest.mark.parametrize("night", [False, True], ids=["by day", "by night"])
def test_ink_stands_out_from_paper(by_day: Shown, by_night: Shown, night: bool) -> None:
    screen = (by_night if night else by_day).screen
    paper = screen[2, 2]
    assert bool(paper.mean() < 0.2) is night
    heading = screen[:60].mean(axis=2)
    assert (heading.max() > 0.85) if night else (heading.min() < 0.2)
