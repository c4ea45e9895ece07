"""All that was learned in one file: made, looked through, brought back; and files that are not what they should be."""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as cases
from hypothesis import strategies as some

from lampd import archive, backup, config, history, restore, schema
from lampd.archive import ArchiveError
from lampd.backup import BackupError
from lampd.cli.main import main
from lampd.journal import Journal, boot_id
from lampd.memory import memory
from lampd.messages import AnyMessage, Autonomy, Flip, Lamp, Learning, Listening, Model, Tick
from lampd.restore import Restored
from lampd.signature import SignatureError
from lampd.stages.trainer import Trainer
from lampd.standing import Standing
from lampd.voice.identity import identity
from tests.test_daemon import House, house, operator_ready  # noqa: F401 - a fixture
from tests.test_history import SECRET, likely, traces
from tests.test_why import LIGHT, NIGHT, SOUP, Life

VOICE = identity("bundled")
REFUSED = BackupError, ArchiveError, SignatureError
Tree = dict[str, bytes]


def learn(state: Path) -> None:
    """Have three utterances be known in `state`, and a model."""
    journal = Journal(state / "journal.db", "boot", VOICE)
    life = Life(journal)
    life.say(LIGHT, flip=True)
    life.say(NIGHT, flip=True)
    life.say(SOUP)
    trainer = Trainer(state / "models" / VOICE, 5)
    for message in [*memory(journal, "trainer"), Tick(1000.0)]:
        for said in trainer.handle(message):
            journal.write(said)
    journal.close()


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("learned") / "state"
    learn(state)
    return state


@pytest.fixture(scope="module")
def lamp(learned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("kept") / "evening.lamp"
    backup.make(learned, file, VOICE)
    return file


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The state of a lamp that knows something else."""
    state = tmp_path / "other"
    journal = Journal(state / "journal.db", boot_id(), VOICE)
    Life(journal).say(SECRET, flip=True)
    journal.close()
    (state / "models" / VOICE).mkdir(parents=True)
    (state / "models" / VOICE / "gate-00000099.safetensors").write_bytes(b"zebra")
    return state


def tree(folder: Path) -> Tree:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def said(state: Path) -> list[str]:
    journal = Journal(state / "journal.db", "look", VOICE)
    try:
        return [row.text for row in history.past(journal)]
    finally:
        journal.close()


def known(state: Path) -> list[AnyMessage]:
    """What a lamp of `state` knows when it starts, but for where its models lie."""
    journal = Journal(state / "journal.db", "later", VOICE)
    try:
        remembered = memory(journal, "anticipator")
    finally:
        journal.close()
    return [
        msgspec.structs.replace(one, path=str(Path(one.path).relative_to(state))) if isinstance(one, Model) else one
        for one in remembered
    ]


def refused(file: Path, state: Path, signer: str | None = None) -> str:
    """Why `file` is not restored to `state`; which it leaves as it is."""
    before = tree(state)
    with pytest.raises(REFUSED) as error:
        restore.restore(file, state, signer)
    assert tree(state) == before
    return str(error.value)


def remade(file: Path, to: Path, change: Callable[[dict[str, Any], Tree], None]) -> Path:
    """A backup with its manifest and members changed, and sealed as if it was made so."""
    with zipfile.ZipFile(file) as source:
        members = {name: source.read(name) for name in source.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    with archive.written(to, force=True) as into:
        for name, content in members.items():
            archive.put(into, name, content)
        archive.put(into, "manifest.json", json.dumps(manifest).encode())
    return to


# there and back


@pytest.mark.parametrize("board", ["laptop", "le-potato"])
def test_what_was_learned_comes_back_on_another_lamp(learned: Path, tmp_path: Path, board: str) -> None:
    file, state = tmp_path / "here.lamp", tmp_path / "elsewhere" / "state"
    for name, where, kind in (("a", learned, "raspberry-pi-4"), ("b", state, board)):
        settings = {"board": kind, "state_dir": str(where), "control_socket": str(tmp_path / "none.sock")}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(settings))
    assert main(["--config", str(tmp_path / "a.yaml"), "backup", str(file)]) == 0
    assert main(["--config", str(tmp_path / "b.yaml"), "restore", str(file)]) == 0
    assert known(state) == known(learned)
    before, after = (Journal(where / "journal.db", "x", VOICE) for where in (learned, state))
    for words in (LIGHT, NIGHT, SOUP, "wholly new words"):
        assert likely(after, words) == likely(before, words)
    [model] = [one for one in memory(after, "anticipator") if isinstance(one, Model)]
    assert Path(model.path).is_relative_to(state)
    assert Path(model.path).read_bytes() == next(learned.rglob("*.safetensors")).read_bytes()
    before.close()
    after.close()


def test_a_backup_is_its_owners_alone_and_replaces_none(learned: Path, tmp_path: Path) -> None:
    file = tmp_path / "one.lamp"
    manifest = backup.make(learned, file, VOICE)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["one.lamp"]
    assert (manifest.format, manifest.journal, manifest.voice) == (1, schema.VERSION, VOICE)
    assert set(manifest.files) == {"journal.db", f"models/{VOICE}/gate-00000001.safetensors"}
    made = file.read_bytes()
    with pytest.raises(ArchiveError, match="--force"):
        backup.make(learned, file, VOICE)
    assert file.read_bytes() == made
    backup.make(learned, file, VOICE, force=True)
    with pytest.raises(ArchiveError, match="No such file"):
        backup.make(learned, tmp_path / "nowhere" / "one.lamp", VOICE)


def test_nothing_tells_where_it_was_made(learned: Path, lamp: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(lamp) as source:
        source.extractall(tmp_path)
    assert not traces(tmp_path, str(learned.parent))
    assert traces(tmp_path, LIGHT)


def test_what_was_forgotten_is_not_in_a_backup(tmp_path: Path) -> None:
    state = tmp_path / "state"
    journal = Journal(state / "journal.db", "boot")
    life = Life(journal)
    life.say(LIGHT, flip=True)
    number = life.say(SECRET, flip=True)
    # as another program would: without writing anything anew
    journal.db.execute("PRAGMA secure_delete=OFF")
    for table in ("transcript", "directive", "acted", "correction", "example"):
        journal.db.execute(f"DELETE FROM {table} WHERE utterance = ?", (number,))
    assert traces(state, SECRET)
    backup.make(state, tmp_path / "one.lamp", VOICE)
    with zipfile.ZipFile(tmp_path / "one.lamp") as source:
        source.extractall(tmp_path / "unpacked")
    assert traces(tmp_path / "unpacked", LIGHT)
    assert not traces(tmp_path / "unpacked", SECRET)
    journal.close()


def test_a_lamp_that_knows_nothing_has_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no journal"):
        backup.make(tmp_path, tmp_path / "one.lamp", VOICE)
    (tmp_path / "journal.db").write_bytes(b"somebody's letter " * 100)
    with pytest.raises(BackupError, match=r"journal\.db cannot be read"):
        backup.make(tmp_path, tmp_path / "one.lamp", VOICE)
    assert [path.name for path in tmp_path.iterdir()] == ["journal.db"]


def test_a_lamp_that_runs_is_backed_up_and_not_restored(house: House, tmp_path: Path) -> None:  # noqa: F811
    state, file = tmp_path / "state", tmp_path / "one.lamp"
    learn(state)
    daemon = house.start()
    house.until(lambda: operator_ready(house))
    assert house.ask("backup", str(file)).returncode == 0
    again = house.ask("backup", str(file))
    assert (again.returncode, "--force" in again.stderr) == (1, True)
    asked = house.ask("restore", str(file))
    assert (asked.returncode, "systemctl stop lampd" in asked.stderr) == (1, True)
    house.ask("on")
    house.until(lambda: house.status()["lit"])
    daemon.terminate()
    daemon.wait()
    restored = house.ask("restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert f"kept in {state}/before-restore-" in restored.stdout
    house.start()
    house.until(lambda: operator_ready(house))
    assert LIGHT in house.ask("history").stdout
    assert house.status()["lit"], "the lamp's own state is none that is restored"
    house.until(lambda: house.status()["model"])


# what is there before, and after


def test_what_was_known_before_is_kept_and_forgotten_with_the_rest(lamp: Path, other: Path) -> None:
    before = tree(other)
    done = restore.restore(lamp, other)
    assert done.kept
    assert said(other) == [LIGHT, NIGHT, SOUP]
    assert said(done.kept) == [SECRET]
    assert (done.kept / "models" / VOICE / "gate-00000099.safetensors").read_bytes() == b"zebra"
    assert not (other / "models" / VOICE / "gate-00000099.safetensors").exists()
    journal = Journal(other / "journal.db", "boot", VOICE)
    history.forget(other, journal, [1])
    journal.close()
    assert traces(other, SECRET) == []
    assert before


def test_restored_twice_in_a_second_both_are_kept(lamp: Path, other: Path) -> None:
    first, second = (restore.restore(lamp, other).kept for _ in range(2))
    assert first and second and first != second
    assert [said(first), said(second)] == [[SECRET], [LIGHT, NIGHT, SOUP]]


def test_a_lamp_that_knew_nothing_has_nothing_to_keep(lamp: Path, tmp_path: Path) -> None:
    done = restore.restore(lamp, tmp_path / "new" / "state")
    assert (done.kept, done.utterances, done.signed) == (None, 3, False)
    assert sorted(path.name for path in (tmp_path / "new" / "state").iterdir()) == ["journal.db", "models"]


def test_whether_it_listens_and_is_lit_is_no_part_of_what_is_restored(lamp: Path, other: Path) -> None:
    journal = Journal(other / "journal.db", boot_id(), VOICE)
    journal.write(Flip(50.0, True))
    journal.write(Listening(51.0, False))
    journal.write(Learning(52.0, False))
    journal.write(Autonomy(53.0, "observe"))
    journal.close()
    restore.restore(lamp, other)
    journal = Journal(other / "journal.db", boot_id(), VOICE)
    assert journal.lit()
    assert journal.knows_this_boot()
    assert journal.db.execute("SELECT listens FROM listening ORDER BY seq DESC").fetchone() == (0,)
    stands = Standing(journal, 60.0)
    assert (stands.listens, stands.learns, stands.limit) == (False, False, "observe")
    assert journal.write(Lamp(60.0, True)) == journal.seq
    journal.close()


def test_a_broken_journal_is_kept_as_it_is_and_replaced(lamp: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    broken = b"no database, but somebody's letter " * 100
    for name in ("journal.db", "journal.db-wal"):
        (tmp_path / "state" / name).write_bytes(broken)
    done = restore.restore(lamp, tmp_path / "state")
    assert done.kept
    assert (done.kept / "journal.db").read_bytes() == (done.kept / "journal.db-wal").read_bytes() == broken
    assert said(tmp_path / "state") == [LIGHT, NIGHT, SOUP]


def test_a_journal_that_is_in_use_is_not_replaced(lamp: Path, other: Path) -> None:
    reader = Journal(other / "journal.db", "boot", VOICE)
    with pytest.raises(BackupError, match=r"another program has .* open: stop it first"):
        restore.restore(lamp, other)
    reader.close()
    assert said(other) == [SECRET]
    assert len(list(other.iterdir())) == 2


@pytest.mark.parametrize("step", range(1, 6))
def test_when_it_is_cut_off_the_lamp_knows_all_of_the_one_or_all_of_the_other(
    lamp: Path, other: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a power cut at any of its changes would leave it: no model is of another journal than the one there is."""
    steps = 0
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        nonlocal steps
        steps += 1
        if steps == step:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    done: Restored | None = None
    with contextlib.suppress(KeyboardInterrupt):
        done = restore.restore(lamp, other)
    monkeypatch.undo()
    models = [path.read_bytes() for path in (other / "models").rglob("*.safetensors")]
    if said(other) == [SECRET]:
        assert models in ([], [b"zebra"])
        assert not done
    else:
        assert said(other) == [LIGHT, NIGHT, SOUP]
        assert b"zebra" not in models
    assert restore.restore(lamp, other).utterances == 3, "it can be done again"


def test_a_journal_of_an_older_lampd_is_brought_up_to_date(lamp: Path, tmp_path: Path) -> None:
    def older(manifest: dict[str, Any], members: Tree) -> None:
        file = tmp_path / "older.db"
        file.write_bytes(members["journal.db"])
        db = sqlite3.connect(file, isolation_level=None)
        for table in ("learning", "autonomy", "trust", "gauge"):
            db.execute(f"DROP TABLE IF EXISTS {table}")
        for table, column in (("listening", "for_s"), ("directive", "would")):
            if column in [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]:
                db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        db.execute("PRAGMA user_version=5")
        db.execute("VACUUM")
        db.close()
        members["journal.db"] = file.read_bytes()
        manifest["journal"] = 5
        manifest["files"]["journal.db"] = _content(members["journal.db"])

    state = tmp_path / "state"
    restore.restore(remade(lamp, tmp_path / "older.lamp", older), state)
    assert said(state) == [LIGHT, NIGHT, SOUP]


def _content(data: bytes) -> dict[str, Any]:
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


# what is no backup, or no longer


@given(place=some.integers(0, 10**9), bit=some.integers(0, 7))
@cases(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_bit_anywhere_is_refused(lamp: Path, tmp_path: Path, place: int, bit: int) -> None:
    data = bytearray(lamp.read_bytes())
    data[place % len(data)] ^= 1 << bit
    (tmp_path / "flipped.lamp").write_bytes(data)
    state = tmp_path / "state"
    assert "damaged" in (why := refused(tmp_path / "flipped.lamp", state)) or "no .lamp file" in why
    assert not state.exists()


@given(place=some.integers(0, 10**9), bit=some.integers(0, 7))
@cases(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_bit_that_somebody_flips_is_refused_or_changes_nothing(
    lamp: Path, learned: Path, tmp_path: Path, place: int, bit: int
) -> None:
    """Zip has bytes that say nothing. All others are told by checksums, whoever seals the file anew."""
    data = bytearray(lamp.read_bytes())
    data[place % (len(data) - archive.SEAL)] ^= 1 << bit
    file, state = tmp_path / "flipped.lamp", tmp_path / "state"
    file.write_bytes(data)
    with file.open("r+b") as opened:
        seal = archive._digest(opened)
        opened.seek(-archive.SEAL, 2)
        opened.write(seal)
    try:
        restore.restore(file, state)
    except REFUSED:
        assert not state.exists() or not tree(state)
    else:
        assert known(state) == known(learned)
    shutil.rmtree(state, ignore_errors=True)


@pytest.mark.parametrize("left", [0, 1, 3, 4, 30, 1000, -1, -64, -65, -200, 0.25, 0.5, 0.75])
def test_a_file_that_was_cut_short_is_refused(lamp: Path, other: Path, tmp_path: Path, left: float) -> None:
    data = lamp.read_bytes()
    end = round(left * len(data)) if isinstance(left, float) else left
    (tmp_path / "cut.lamp").write_bytes(data[:end])
    assert "cut short" in (why := refused(tmp_path / "cut.lamp", other)) or "no .lamp file" in why


def test_what_is_no_backup_is_refused_in_words(other: Path, tmp_path: Path) -> None:
    file = tmp_path / "letter.lamp"
    assert "No such file" in refused(file, other)
    assert "directory" in refused(tmp_path, other)
    file.write_text("dear lamp " * 100)
    assert "no .lamp file: `lampctl backup`" in refused(file, other)
    with zipfile.ZipFile(file, "w") as plain:
        plain.writestr("journal.db", "words")
    assert "damaged or cut short" in refused(file, other)
    with archive.written(file, force=True) as into:
        archive.put(into, "journal.db", b"words")
    assert "no manifest.json" in refused(file, other)


def _set(**values: Any) -> Callable[[dict[str, Any], Tree], None]:
    return lambda manifest, members: manifest.update(values)


def _add(name: str, told: bool = True) -> Callable[[dict[str, Any], Tree], None]:
    def change(manifest: dict[str, Any], members: Tree) -> None:
        members[name] = b"more"
        if told:
            manifest["files"][name] = _content(b"more")

    return change


def _without(name: str, told: bool = False) -> Callable[[dict[str, Any], Tree], None]:
    def change(manifest: dict[str, Any], members: Tree) -> None:
        found = next(one for one in members if one.endswith(name))
        del members[found]
        if told:
            del manifest["files"][found]

    return change


def _journal(data: bytes) -> Callable[[dict[str, Any], Tree], None]:
    def change(manifest: dict[str, Any], members: Tree) -> None:
        members["journal.db"] = data
        manifest["files"]["journal.db"] = _content(data)

    return change


def _sql(tmp: str) -> Callable[[dict[str, Any], Tree], None]:
    def change(manifest: dict[str, Any], members: Tree) -> None:
        db = sqlite3.connect(":memory:", isolation_level=None)
        db.deserialize(members["journal.db"])
        db.execute(tmp)
        _journal(db.serialize())(manifest, members)

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_set(format=2, lampd="9.0"), r"made by a newer lampd \(9.0\): upgrade"),
        (_set(journal=99), "its journal is of version 99, and this lampd reads"),
        (_set(journal=1), "no journal of version 1"),
        (_set(format="1"), "manifest.json in it is damaged"),
        (_set(files={}), "journal.db in it is nothing that"),
        (_without("journal.db"), "journal.db is missing"),
        (_without("journal.db", told=True), "journal.db is missing"),
        (_without(".safetensors"), "safetensors is missing"),
        (_add("models/more.safetensors", told=False), "more.safetensors in it is nothing that"),
        (_add("lampd.yaml"), "lampd.yaml in it is nothing that"),
        (_add("models/more.so"), "more.so in it is nothing that"),
        (_add("../models/more.safetensors"), "is no plain name"),
        (_add("models/../../more.safetensors"), "is no plain name"),
        (_add("/models/more.safetensors"), "is no plain name"),
        (_add("models//more.safetensors"), "is no plain name"),
        (_add("models\\more.safetensors"), "is no plain name"),
        (_add("models/\x07.safetensors"), "is no plain name"),
        (_add(f"models/{'long' * 100}.safetensors"), "is no plain name"),
        (_add("journal.db/more.safetensors"), "both a file and a folder"),
        (_journal(b"words"), "journal.db in it cannot be used"),
        (_journal(b""), "no journal of version"),
        (_sql("DROP TABLE flip"), "journal.db in it cannot be used|no journal of a lamp"),
        (_sql("CREATE TRIGGER t AFTER INSERT ON flip BEGIN DELETE FROM flip; END"), "no journal of version"),
    ],
)
def test_what_was_put_together_by_somebody_else_is_refused(
    lamp: Path, other: Path, tmp_path: Path, change: Callable[[dict[str, Any], Tree], None], why: str
) -> None:
    file = remade(lamp, tmp_path / "remade.lamp", change)
    before = tree(other)
    with pytest.raises(REFUSED, match=why):
        restore.restore(file, other)
    after = tree(other)
    assert said(other) == [SECRET]
    assert before.keys() == after.keys()


def test_a_manifest_that_lies_about_what_is_in_a_file_is_found_out(lamp: Path, other: Path, tmp_path: Path) -> None:
    def lie(manifest: dict[str, Any], members: Tree) -> None:
        manifest["files"]["journal.db"]["sha256"] = "0" * 64

    assert "not what was put there" in refused(remade(lamp, tmp_path / "lies.lamp", lie), other)

    def longer(manifest: dict[str, Any], members: Tree) -> None:
        manifest["files"]["journal.db"]["size"] += 1

    assert "bytes, not" in refused(remade(lamp, tmp_path / "longer.lamp", longer), other)


def test_a_model_is_looked_for_nowhere_else(lamp: Path, tmp_path: Path) -> None:
    for path in ("/etc/passwd", "models/../../../etc/passwd", "../gate.safetensors"):
        file = remade(lamp, tmp_path / "else.lamp", _sql(f"UPDATE model SET path = '{path}'"))
        state = tmp_path / "state"
        restore.restore(file, state)
        journal = Journal(state / "journal.db", "boot")
        [found] = journal.db.execute("SELECT path FROM model").fetchone()
        journal.close()
        assert Path(found).parent.resolve().is_relative_to(state)
        shutil.rmtree(state)


# archives that would harm


def raw(path: Path, entries: list[tuple[zipfile.ZipInfo | str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as into:
        for info, data in entries:
            into.writestr(info, data)
    return path


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("journal.db")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([(link(), b"/etc/passwd")], "is no plain file"),
        ([("a", b"1"), ("a", b"2")], "is there twice"),
        ([("a", b"1"), ("a/b", b"2")], "both a file and a folder"),
        ([("a" * 300, b"1")], "is no plain name"),
        ([("../", b"")], "is no plain name"),
        ([("/", b"")], "is no plain name"),
        ([(f"{number}", b"") for number in range(20_001)], "20000 are the most"),
    ],
)
def test_an_archive_that_would_do_harm_is_not_unpacked(
    tmp_path: Path, entries: list[tuple[zipfile.ZipInfo | str, bytes]], why: str
) -> None:
    file = raw(tmp_path / "harm.zip", entries)
    with pytest.raises(ArchiveError, match=why), archive.opened(file) as opened:
        archive.listed(opened)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    file = raw(tmp_path / "bomb.zip", [(f"{number}", bytes(10_000_000)) for number in range(4)])
    assert file.stat().st_size < 100_000
    with pytest.raises(ArchiveError, match="would come to 40000000 bytes"), archive.opened(file) as opened:
        archive.listed(opened, limit=30_000_000)


def test_a_bomb_that_lies_about_its_size_goes_off_nowhere(tmp_path: Path) -> None:
    file = raw(tmp_path / "bomb.zip", [("bomb", bytes(10_000_000))])
    data = file.read_bytes()
    file.write_bytes(data.replace((10_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    with pytest.raises(ArchiveError, match="damaged"), archive.opened(file) as opened:
        archive.unpack(opened, archive.listed(opened), tmp_path / "unpacked")
    assert sum(path.stat().st_size for path in (tmp_path / "unpacked").iterdir()) <= 1000


def test_there_must_be_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = raw(tmp_path / "large.zip", [("large", bytes(1000))])
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(100, 50, 50))
    with pytest.raises(ArchiveError, match="no room"), archive.opened(file) as opened:
        archive.unpack(opened, archive.listed(opened), tmp_path / "unpacked")


def test_an_archive_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), archive.written(tmp_path / "one.zip") as into:
        archive.put(into, "a", b"1")
        raise KeyError
    assert list(tmp_path.iterdir()) == []


# signatures


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """Two SSH keys."""
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not there: apt install openssh-client")
    folder = tmp_path_factory.mktemp("keys")
    for name in ("mine", "yours"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name} of nobody", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    yield folder / "mine", folder / "yours"


@pytest.fixture(scope="module")
def signed(learned: Path, keys: tuple[Path, Path]) -> Path:
    file = keys[0].parent / "signed.lamp"
    backup.make(learned, file, VOICE, keys[0])
    return file


def test_a_signed_backup_is_known_by_its_signer(signed: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    mine, yours = (Path(f"{key}.pub") for key in keys)
    for number, signer in enumerate((str(mine), mine.read_text(), mine.read_text().rsplit(" ", 3)[0])):
        done = restore.restore(signed, tmp_path / str(number), signer)
        assert (done.signed, done.utterances) == (True, 3)
    assert "not signed by the key of --signer" in refused(signed, tmp_path / "new", str(yours))
    assert restore.restore(signed, tmp_path / "unchecked").signed


def test_an_unsigned_backup_is_of_no_signer(lamp: Path, keys: tuple[Path, Path], other: Path) -> None:
    assert "is not signed" in refused(lamp, other, f"{keys[0]}.pub")


def test_what_was_changed_after_it_was_signed_is_refused(
    signed: Path, keys: tuple[Path, Path], other: Path, tmp_path: Path
) -> None:
    changes: list[Callable[[dict[str, Any], Tree], None]] = [
        _set(made="yesterday"),
        _sql("UPDATE flip SET lit = 1 - lit"),
        lambda manifest, members: members.update({"manifest.json.sig": b"none"}),
    ]
    for change in changes:
        file = remade(signed, tmp_path / "changed.lamp", change)
        assert "not signed by" in refused(file, other, f"{keys[0]}.pub")


def test_what_is_no_key_is_named(signed: Path, learned: Path, other: Path, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear lamp\n")
    for signer in ("nobody", str(tmp_path / "letter"), "ssh-ed25519 AAAA", 'from="*" ssh-ed25519 AAAA', "\n"):
        assert "neither a public SSH key nor a file with one" in refused(signed, other, signer)
    for key in (tmp_path / "letter", tmp_path / "nothing"):
        with pytest.raises(SignatureError, match=f"--key: .*{key.name}"):
            backup.make(learned, tmp_path / "one.lamp", VOICE, key)
    assert not (tmp_path / "one.lamp").exists()


def test_without_ssh_keygen_it_says_what_to_install(
    signed: Path, keys: tuple[Path, Path], other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "apt install openssh-client" in refused(signed, other, f"{keys[0]}.pub")


# what lampctl says


@pytest.fixture
def owner(other: Path, tmp_path: Path) -> list[str]:
    """`lampctl` for the lamp of `other`."""
    settings = {"board": "laptop", "state_dir": str(other), "control_socket": str(tmp_path / "none.sock")}
    (tmp_path / "lampd.yaml").write_text(yaml.safe_dump(settings))
    return ["--config", str(tmp_path / "lampd.yaml")]


def test_lampctl_tells_what_it_did(
    owner: list[str], keys: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "one.lamp")
    assert main([*owner, "backup", file, "--key", str(keys[0])]) == 0
    told = capsys.readouterr().out
    assert "the journal and 1 model, signed" in told
    assert main([*owner, "restore", file]) == 0
    told = capsys.readouterr().out
    assert "1 utterances" in told
    assert "by whom was not checked: --signer KEY" in told
    assert "before-restore-" in told
    assert main([*owner, "restore", file, "--signer", f"{keys[0]}.pub"]) == 0
    assert "not checked" not in capsys.readouterr().out
    assert main([*owner, "restore", file, "--signer", f"{keys[1]}.pub"]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_lampctl_tells_of_another_voice(
    learned: Path, owner: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup.make(learned, tmp_path / "one.lamp", "0123456789ab")
    assert main([*owner, "restore", str(tmp_path / "one.lamp")]) == 0
    told = capsys.readouterr().out
    assert "another voice (0123456789ab; here it is" in told
    assert "lampctl voice use" in told


def test_the_configuration_is_no_part_of_it(lamp: Path) -> None:
    with zipfile.ZipFile(lamp) as source:
        assert sorted({name.split("/")[0] for name in source.namelist()}) == ["journal.db", "manifest.json", "models"]
    assert config.load(board="le-potato").gpio != config.load(board="laptop").gpio


def test_what_root_restores_is_the_lamps_own(lamp: Path, other: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    for path in (other, *other.rglob("*")):
        os.chown(path, 65534, 65534)
    restore.restore(lamp, other)
    restore.restore(lamp, other)
    strange = [path for path in other.rglob("*") if (path.stat().st_uid, path.stat().st_gid) != (65534, 65534)]
    assert not strange
    assert len([path for path in other.iterdir() if path.name.startswith("before-restore-")]) == 2
    assert stat.S_IMODE((other / "journal.db").stat().st_mode) == 0o660
