"""Where a card keeps what it has to remember (deploy/image/data.py), on a loop device (`make image-test`, as root)."""

import hashlib
import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.stock import MIB, REPOSITORY, run

spec = importlib.util.spec_from_file_location("data", REPOSITORY / "deploy/image/data.py")
assert spec and spec.loader
data = importlib.util.module_from_spec(spec)
spec.loader.exec_module(data)

CARD_MB = 7500


def flash(file: Path) -> None:
    """The first bytes of a card, as an image has them; what lies beyond stays."""
    image = b"".join(hashlib.sha512(str(number).encode()).digest() * 16384 for number in range(8))
    with file.open("r+b") as card:
        card.write(image)
    script = "label: dos\nlabel-id: 0x5eed1234\nstart=8192,size=8192,type=c\nstart=16384,size=1000000,type=83\n"
    subprocess.run(["sfdisk", "--quiet", "--wipe", "never", file], input=script, text=True, check=True)


class Card:
    """A file that holds less than it says, in a drive while `inserted`."""

    def __init__(self, folder: Path, megabytes: int = CARD_MB) -> None:
        self.file, self.where = folder / "card", folder / "data"
        self.where.mkdir()
        self.disk: Path | None = None
        self.resize(megabytes)
        flash(self.file)

    def resize(self, megabytes: int) -> None:
        with self.file.open("ab") as card:
            card.truncate(megabytes * MIB)

    def insert(self, *options: str) -> Path:
        self.disk = Path(run("losetup", "--find", "--show", "--partscan", *options, self.file).strip())
        return self.disk

    def boot(self) -> bool:
        """Whether what it learns will be there at the next boot."""
        self.disk = self.disk or self.insert()
        kept: bool = data.open_place(self.disk, self.where)
        return kept

    def power_off(self) -> None:
        if self.disk:
            subprocess.run(["umount", self.where], capture_output=True)
            run("losetup", "--detach", self.disk)
            self.disk = None

    def learn(self) -> None:
        (self.where / "learned").write_text("what light is\n")

    def knows(self) -> bool:
        return (self.where / "learned").exists()

    def wipe(self, start: int, length: int, content: bytes = b"\0") -> None:
        with self.file.open("r+b") as card:
            card.seek(data.DATA_AT + start)
            card.write((content * length)[:length])


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    card = Card(tmp_path)
    yield card
    card.power_off()


@pytest.fixture
def used(card: Card) -> Card:
    """A card that has learned, switched off."""
    assert card.boot()
    card.learn()
    card.power_off()
    return card


def test_a_new_card_has_a_place_and_its_table_is_untouched(card: Card) -> None:
    before = head(card)
    assert card.boot()
    card.learn()
    size = int(run("blockdev", "--getsize64", f"{card.disk}p7"))
    assert size == CARD_MB * MIB - data.DATA_AT
    card.power_off()
    assert head(card) == before


def head(card: Card) -> bytes:
    with card.file.open("rb") as file:
        return file.read(8 * MIB)


def test_it_is_there_at_the_next_boot(used: Card, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert used.boot() and used.knows()
    assert capsys.readouterr().err == ""


def test_flashing_the_card_again_keeps_it(used: Card) -> None:
    flash(used.file)
    assert used.boot() and used.knows()


def test_a_power_cut_while_it_writes_loses_nothing_that_was_there(card: Card, tmp_path: Path) -> None:
    assert card.boot()
    card.learn()
    run("sync", "-f", card.where)
    (card.where / "half").write_bytes(b"x" * MIB)
    # as the card is at this moment, its journal not yet played
    cut = tmp_path / "cut"
    run("cp", "--sparse=always", card.file, cut)
    card.power_off()
    card.file = cut
    assert card.boot() and card.knows()


def test_a_damaged_beginning_is_mended(used: Card, capsys: pytest.CaptureFixture[str]) -> None:
    used.wipe(0, 16384)
    assert used.boot() and used.knows()
    assert "mending it from the spare" in capsys.readouterr().err


def test_damage_inside_is_mended(used: Card, capsys: pytest.CaptureFixture[str]) -> None:
    # the descriptions of its groups
    used.wipe(4096, 256, b"\xa5")
    assert used.boot()
    assert "it is damaged; mending it" in capsys.readouterr().err


@pytest.mark.parametrize("label", [None, "somebody-else"])
def test_what_is_not_ours_is_formatted(card: Card, label: str | None) -> None:
    card.wipe(0, MIB, b"an older system's pictures")
    if label:
        run("mkfs.ext4", "-q", "-F", "-L", label, "-E", f"offset={data.DATA_AT}", card.file, "500M")
    assert card.boot()
    card.learn()
    card.power_off()
    assert card.boot() and card.knows()


def test_a_card_that_is_too_small_leaves_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = Card(tmp_path, 3800)
    try:
        assert not card.boot()
        assert "holds 4.0 GB, too little to keep anything; take a card of 8 GB or more" in capsys.readouterr().err
        card.learn()
        assert card.knows()
        assert run("stat", "-f", "-c", "%T", card.where).strip() == "tmpfs"
    finally:
        card.power_off()


def test_a_root_that_was_grown_over_the_place_leaves_memory(card: Card, capsys: pytest.CaptureFixture[str]) -> None:
    # not every kernel looks for partitions on a loop device
    data.tell(card.insert(), 2, 8 * MIB, (CARD_MB - 8) * MIB)
    assert not card.boot()
    assert "a partition reaches beyond 6144 MiB; flash the card again" in capsys.readouterr().err


def test_no_table_at_all_is_no_hindrance(used: Card) -> None:
    with used.file.open("r+b") as file:
        file.write(bytes(512))
    assert used.boot() and used.knows()


def test_a_card_that_cannot_be_written_leaves_memory(used: Card, capsys: pytest.CaptureFixture[str]) -> None:
    used.wipe(0, 200 * MIB, b"\xff")
    used.insert("--read-only")
    assert not used.boot()
    assert "what the lamp learns is lost when it is switched off" in capsys.readouterr().err
