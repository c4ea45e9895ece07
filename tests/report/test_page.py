"""The report as a file: what it says of the evening, what it never holds, and what `lampctl report` answers."""

import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lampd.journal import Journal
from lampd.messages import Example, Lamp, Transcript
from lampd.report import calibration, delays, head, learning, mistakes, words
from lampd.report.contents import SECTIONS, report
from lampd.report.drawing import picture
from lampd.settings import Thing

Lampctl = Callable[..., int]
VOID = {"meta", "link"}
HOSTILE = (
    '<script>alert("1")</script>',
    "</svg></table><img src=x onerror=alert(1)>",
    "$\\frac{lit$ && \x1b[31m \u202etfel\u202c \x00",
    "&lt;b&gt; 'quoted' \"twice\"",
)


class Page(HTMLParser):
    """What a browser reads: each tag closed, what they are and have."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, name: str) -> list[str]:
        return [value for one, value in self.attributes if one == name]


def read(state: Path) -> str:
    journal = Journal(state / "journal.db", "")
    try:
        return report(journal, 0.0)
    finally:
        journal.close()


def test_it_tells_of_the_evening(evening: Path) -> None:
    page = Page(read(evening))
    journal = Journal(evening / "journal.db", "")
    counts = journal.counts()
    assert f"{counts['transcript']} utterances, {counts['flip']} flips by hand, {counts['acted']} acts" in page.text
    taken_back = counts["correction"]
    assert f"It acted {counts['acted']} times, {taken_back} of them wrongly" in page.text
    for module in (learning, mistakes, calibration, words):
        assert module.TITLE in page.text
        assert module.section(journal).picture
    assert "turn the lights on" in page.text
    last = re.search(r"Of the last 10 known wishes it saw to (\d+) by itself", page.text)
    assert last
    assert int(last[1]) >= 8, "it had learned"
    journal.close()


def test_replays_tell_nothing_of_reactions_and_it_says_so(evening: Path, lived: Path) -> None:
    journal = Journal(evening / "journal.db", "")
    [told] = delays.section(journal).says
    assert told.startswith("There is not enough to say yet: no utterances were heard live")
    journal.close()
    journal = Journal(lived / "journal.db", "")
    [table] = delays.section(journal).tables
    assert list(table.rows[0]) == ["hearing", "166", "500", "700"], "as the fixture spread them: .3 to .7 s, evenly"
    journal.close()


def test_a_lamp_that_knows_nothing_says_so_in_every_section() -> None:
    journal = Journal(":memory:", "boot")
    for section in SECTIONS:
        told = section(journal)
        assert told.says[0].startswith("There is not enough to say yet"), told.title
        assert not told.picture
    assert "Nothing was heard yet" in report(journal, 0.0)
    journal.write(Lamp(0.0, False))
    assert "no utterances, no flips by hand, no acts of its own" in report(journal, 0.0)


def test_of_what_is_no_lamp_it_speaks_by_its_names(evening: Path) -> None:
    fan = Thing("fan", "on", "off")
    journal = Journal(evening / "journal.db", "")
    told = [head.section(journal, fan), *(section(journal, fan) for section in SECTIONS)]
    html = report(journal, 0.0, fan)
    journal.close()
    words = [one for section in told for one in (section.title, *section.says)]
    assert told[0].title.startswith("fan ")
    assert "tell most of on and of off" in " ".join(words)
    assert not [one for one in words if re.search(r"\b(lamp|lit|dark|light)\b", one)]
    [words_it_knows] = (one for one in told if one.title == "The words it knows")
    assert {row[1] for row in words_it_knows.tables[0].rows} == {"on", "off"}
    assert "said near the fan" in html


def test_the_same_journal_gives_the_same_page(lived: Path) -> None:
    assert read(lived) == read(lived)


def test_it_needs_no_network_no_script_and_no_other_file(lived: Path) -> None:
    html = read(lived)
    page = Page(html)
    assert not page.tags.keys() & {"script", "img", "iframe", "object", "embed", "image", "foreignobject"}
    assert "//" not in html, "no address of anything"
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert set(re.findall(r"url\((.)", html)) == {"#"}
    assert "@import" not in html
    assert [link for link in page.of("href") if not link.startswith("#")] == ["data:,"]
    assert "default-src 'none'" in html
    assert page.tags["svg"] == 5


def test_the_ids_of_its_pictures_do_not_clash(lived: Path) -> None:
    page = Page(read(lived))
    ids = Counter(page.of("id"))
    assert set(ids.values()) == {1}
    inside = [link[1:] for link in page.of("href") if link.startswith("#")]
    inside += [name for _, value in page.attributes for name in re.findall(r"url\(#([^)]*)\)", value)]
    assert inside
    assert set(inside) <= ids.keys()


def test_its_colours_are_the_readers_day_or_night(lived: Path) -> None:
    page = Page(read(lived))
    styles = "; ".join(page.of("style"))
    assert "var(--lamp)" in styles
    assert "var(--wrong)" in styles
    assert set(re.findall(r"(?:fill|stroke): ([^;]+)", styles)) <= {
        "none",
        *(f"var(--{name})" for name in ("ink", "faint", "lamp", "hand", "wrong")),
    }


def test_what_was_said_cannot_become_part_of_the_page() -> None:
    journal = Journal(":memory:", "boot")
    for number, text in enumerate(HOSTILE, 1):
        lit = bool(number % 2)
        journal.write(Transcript(number, number, number, number, text, 0.5))
        journal.write(Example(number, number, text, not lit, ("lit" if lit else "dark",), "flip", True))
    html = report(journal, 0.0)
    page = Page(html)
    assert not page.tags.keys() & {"script", "img", "b"}
    assert page.tags["svg"] == 2
    assert HOSTILE[0] in page.text, "but it can be read"
    assert HOSTILE[3] in page.text
    assert not set(html) & {"\x1b", "\x00", "\u202e"}


def test_letters_of_a_picture_are_letters() -> None:
    def draw(figure: object) -> None:
        figure.subplots().set_title("<script>$x^2$ 灯 & “ə”")  # type: ignore[attr-defined]

    drawn = picture("one", 'it "says"', draw)
    assert "&lt;script&gt;$x^2$ 灯 &amp; “ə”</text>" in drawn
    assert Page(drawn).tags["svg"] == 1
    assert 'id="one-figure_1"' in drawn


def test_lampctl_writes_it_while_the_lamp_writes_its_journal(
    lived: Path, lampctl: Lampctl, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = Journal(lived / "journal.db", "now")
    writer.db.execute("BEGIN IMMEDIATE")
    try:
        file = tmp_path / "a folder" / "the lamp.html"
        assert lampctl(lived, "report", str(file)) == 0
    finally:
        writer.db.execute("ROLLBACK")
        writer.close()
    assert capsys.readouterr().out == f"{file}\n"
    assert file.read_text("utf-8").startswith("<!doctype html>")


def test_lampctl_opens_it_in_a_browser(
    lived: Path,
    lampctl: Lampctl,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or len(opened) == 1)
    assert lampctl(lived, "report", "--open") == 0
    assert opened == [(tmp_path / "lampd-report.html").as_uri()]
    assert lampctl(lived, "report", "--open") == 1
    assert "no browser" in capsys.readouterr().err


def test_lampctl_says_what_is_missing(
    lampctl: Lampctl, lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.html"
    assert lampctl(tmp_path / "nowhere", "report", str(file)) == 1
    assert "there is no journal at" in capsys.readouterr().err
    assert lampctl(lived, "report", str(tmp_path)) == 1
    assert str(tmp_path) in capsys.readouterr().err
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / "journal.db").write_bytes(b"SQLite format 3\0 and no more of it" * 100)
    assert lampctl(torn, "report", str(file)) == 1
    assert "journal.db" in capsys.readouterr().err
    assert not file.exists()
