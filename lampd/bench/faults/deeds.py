"""What a lamp does to its files, as programs to be traced; and what must hold of what a power cut leaves of each.

A deed works below a folder and says on standard output what is done; its check gets a folder that may be left and all
that had been said, and returns what is wrong in sentences.
"""

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import yaml

from lampd import backup, durable, history, restore
from lampd.amend import amended
from lampd.journal import Journal, JournalError, boot_id
from lampd.learners.models import ModelError, load
from lampd.messages import Correction, Example, Flip, Model, Resume, Tick, Transcript
from lampd.stages.trainer import Trainer

SECRET = "zebra crossing"
VOICES = ("/one", "/another voice", "/a third")
KEPT = 2
Check = Callable[[Path, list[str]], list[str]]


def _say(what: str) -> None:
    os.write(1, f"{what}\n".encode())


def _said(said: list[str], what: str) -> int:
    """The highest number that was said of it; 0 where none was."""
    return max((int(line.rpartition(" ")[2]) for line in said if line.startswith(f"{what} ")), default=0)


def _utter(journal: Journal, number: int, words: str = "good night") -> None:
    at = 10.0 * number
    journal.write(Transcript(at, number, at - 1, at, words, 1.0, ngrams={words[:3]: 1.0}, sound=bytes(1800)))
    journal.write_all([Flip(at + 1, bool(number % 2)), Correction(at + 1, number, not number % 2)])
    journal.write(Example(at, number, words, False, ("lit",), "flip", True))
    _say(f"utterance {number}")


def journal(folder: Path) -> None:
    """Made, written, opened again, and brought into one file now and then."""
    for begin in (1, 13):
        with closing(Journal(folder / "state" / "journal.db", "boot")) as opened:
            opened.db.execute("PRAGMA wal_autocheckpoint=12")
            for number in range(begin, begin + 12):
                _utter(opened, number)


def _opened(folder: Path) -> Journal | str:
    """The journal, once it is known to be whole; or what is wrong with it."""
    try:
        opened = Journal(folder / "state" / "journal.db", "boot")
        found = opened.db.execute("PRAGMA integrity_check").fetchone()[0]
    except (JournalError, sqlite3.Error) as error:
        return f"the journal cannot be opened: {error}"
    return opened if found == "ok" else f"the journal is damaged: {found}"


def check_journal(folder: Path, said: list[str]) -> list[str]:
    if isinstance(opened := _opened(folder), str):
        return [opened]
    with closing(opened):
        wrong = []
        numbers = {
            table: [row[0] for row in opened.db.execute(f"SELECT {column} FROM {table} ORDER BY seq")]
            for table, column in (
                ("transcript", "utterance"),
                ("correction", "utterance"),
                ("flip", "at"),
                ("example", 1),
            )
        }
        acknowledged = _said(said, "utterance")
        for table, found in numbers.items():
            if not acknowledged <= len(found) <= acknowledged + 1:
                wrong.append(f"{len(found)} rows of {table} are left of {acknowledged} that were acknowledged")
        if numbers["transcript"] != list(range(1, len(numbers["transcript"]) + 1)):
            wrong.append(f"utterances {numbers['transcript']} are left")
        if len(numbers["flip"]) != len(numbers["correction"]):
            wrong.append("a flip is left without its correction")
    return wrong


def forgetting(folder: Path) -> None:
    """An utterance among others, that its owner has it forget."""
    with closing(Journal(folder / "state" / "journal.db", "boot")) as opened:
        for number in range(1, 7):
            _utter(opened, number, SECRET if number == 3 else "good night")
        _say("prepared 1")
        history.forget(folder / "state", opened, [3])
        _say("forgotten 1")


def check_forgetting(folder: Path, said: list[str]) -> list[str]:
    if not _said(said, "prepared"):
        return []
    if _said(said, "forgotten"):
        left = [
            path.name for path in sorted(folder.rglob("*")) if path.is_file() and SECRET.encode() in path.read_bytes()
        ]
        if left:
            return [f"what was forgotten is left in {', '.join(left)}"]
    if isinstance(opened := _opened(folder), str):
        return [opened]
    with closing(opened):
        rows = [
            [row[0] for row in opened.db.execute(f"SELECT utterance FROM {table}")]
            for table in ("transcript", "correction", "example")
        ]
    if any(found != rows[0] for found in rows) or [one for one in rows[0] if one != 3] != [1, 2, 4, 5, 6]:
        return [f"utterances {rows} are left"]
    return []


def models(folder: Path) -> None:
    """Fitted, published, and the older ones removed."""
    trainer = Trainer(folder / "state" / "models" / "voice", KEPT)
    with closing(Journal(folder / "state" / "journal.db", "boot", "voice")) as opened:
        for number in range(1, 7):
            example = Example(float(number), number, f"words {number}", False, ("lit",), "flip", True)
            trainer.handle(example)
            for model in trainer.handle(Tick(number + 1.0)):
                opened.write(model)
                _say(f"model {number}")


def check_models(folder: Path, said: list[str]) -> list[str]:
    wrong = []
    for path in sorted(folder.rglob("*.safetensors")):
        try:
            load("gate", path)
        except ModelError as error:
            wrong.append(f"a torn model would be used: {error}")
    published = _said(said, "model")
    if isinstance(opened := _opened(folder), str):
        return [*wrong, opened]
    with closing(opened):
        last = opened.last(Model)
    if last and isinstance(last[1], Model):
        file = folder / "state" / Path(last[1].path).relative_to(Path(last[1].path).parents[2])
        if last[1].version < published or not file.exists():
            wrong.append(f"model {published} was published, and {last[1].version} is known at {file}")
        newest = Trainer(file.parent, KEPT).handle(Resume(0.0, 0, False))
        if not newest or not isinstance(newest[0], Model) or newest[0].version < last[1].version:
            wrong.append(f"model {last[1].version} was published, and {newest} is read when the lamp starts")
    elif published:
        wrong.append(f"model {published} was published, and none is known")
    return wrong


def configuration(folder: Path) -> None:
    """Amended, as by `lampctl voice use`."""
    file = folder / "lampd.yaml"
    for number, voice in enumerate(VOICES, 1):
        before = file.read_text() if file.exists() else "# mine\n"
        durable.write(file, amended(before, "transcriber", "voice", voice).encode())
        _say(f"voice {number}")


def check_configuration(folder: Path, said: list[str]) -> list[str]:
    used, file = _said(said, "voice"), folder / "lampd.yaml"
    if not file.exists():
        return [f"voice {used} was to be used, and there is no configuration"] if used else []
    try:
        voice = yaml.safe_load(file.read_text())["transcriber"]["voice"]
    except (yaml.YAMLError, TypeError, KeyError, UnicodeDecodeError) as error:
        return [f"a torn configuration would be used: {error}"]
    return [] if voice in VOICES[max(0, used - 1) :] else [f"voice {used} was to be used, and it is {voice}"]


def restoring(folder: Path) -> None:
    """What another lamp has learned, over what this one has."""
    for name, words in (("other", "theirs"), ("state", "ours")):
        with closing(Journal(folder / name / "journal.db", boot_id())) as opened:
            for number in range(1, 4):
                _utter(opened, number, words)
    backup.make(folder / "other", folder / "their.lamp", "")
    _say("prepared 1")
    restore.restore(folder / "their.lamp", folder / "state")
    _say("restored 1")


def check_restoring(folder: Path, said: list[str]) -> list[str]:
    if not _said(said, "prepared"):
        return []
    if not (folder / "state" / "journal.db").exists():
        return ["there is no journal"]
    if isinstance(opened := _opened(folder), str):
        return [opened]
    with closing(opened):
        known = {text for (text,) in opened.db.execute("SELECT text FROM transcript")}
        count = opened.counts()["transcript"]
    if known not in ({"ours"}, {"theirs"}) or count != 3:
        return [f"{count} utterances are known, {known}"]
    return ["what was restored is not there"] if _said(said, "restored") and known != {"theirs"} else []


DEEDS: dict[str, tuple[Callable[[Path], None], Check]] = {
    "a journal": (journal, check_journal),
    "forgetting": (forgetting, check_forgetting),
    "models": (models, check_models),
    "a configuration": (configuration, check_configuration),
    "a restore": (restoring, check_restoring),
}

if __name__ == "__main__":
    DEEDS[sys.argv[1]][0](Path(sys.argv[2]))
