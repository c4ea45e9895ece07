"""A program's writes come in, as strace saw them; the folders that a power cut may have left leave.

The file system is as unkind as POSIX allows. What is written is on disk once its file was synced; a name, where it was
made, changed or removed, once its folder was. Of all else any part may be there: writes in units of sectors, and names
independently of each other and of what is in the files. (As CrashMonkey and ALICE do it: Mohan et al., OSDI 2018;
Pillai et al., OSDI 2014.)
"""

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

SECTOR = 512
CALLS = (
    "openat,open,creat,mkdir,mkdirat,write,pwrite64,writev,pwritev,fsync,fdatasync,rename,renameat,renameat2,ftruncate,"
    "truncate,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,fallocate,copy_file_range,sendfile,lseek,close"
)
LINE = re.compile(r"^(?P<pid>\d+) +(?P<call>\w+)\((?P<arguments>.*)\) = (?P<result>-?\d+)")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
FILE = re.compile(r"^(?:AT_FDCWD|(\d+))<((?:\\x[0-9a-f]{2})*)>")


class Untraceable(Exception):
    """strace is not there or may not trace; the text says which."""


class Write(Struct, frozen=True):
    """`data` at `offset` in file number `file`; or, where data is None, that it is as long as `offset`."""

    file: int
    offset: int
    data: bytes | None


class Name(Struct, frozen=True):
    """From now on a file or folder is called `name`, and no longer `before`; either may be empty."""

    file: int
    name: str
    before: str = ""


class Sync(Struct, frozen=True):
    file: int


class Said(Struct, frozen=True):
    """The program said that something is done: what it holds from now on."""

    line: str


Deed = Write | Name | Sync | Said


class State(Struct, frozen=True):
    """What a power cut after so many deeds leaves in `folder`, when the program had `said` so much."""

    folder: Path
    after: int
    said: list[str]


def traced(command: list[str], folder: Path, log: Path) -> list[Deed]:
    """Run a command that writes below `folder`, and what it does there. Raises Untraceable or CalledProcessError."""
    if not shutil.which("strace"):
        raise Untraceable("there is no strace")
    strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(log)]
    done = subprocess.run([*strace, *command], capture_output=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    if "PTRACE" in (error := done.stderr.decode()):
        raise Untraceable(error.splitlines()[0])
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return list(_Reader(folder).read(log))


def program(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def states(deeds: list[Deed], into: Path, count: int, rng: random.Random) -> Iterator[State]:
    """`count` of the folders that may be left, each at `into` until the next: of every kind, and at moments drawn so
    that all are alike likely."""
    for number in range(count):
        after = rng.randrange(1, len(deeds) + 1)
        # nothing of what is not synced, all of it, or any part
        share = (0.0, 1.0, rng.random())[number % 3]
        shutil.rmtree(into, ignore_errors=True)
        _build(deeds[:after], into, share, rng)
        yield State(into, after, [deed.line for deed in deeds[:after] if isinstance(deed, Said)])


def _build(deeds: list[Deed], into: Path, share: float, rng: random.Random) -> None:
    """Apply all deeds that are on disk for certain, and others by chance."""
    written, named = _synced(deeds)
    files: dict[int, bytearray] = {}
    names: dict[str, int] = {}
    for place, deed in enumerate(deeds):
        if isinstance(deed, Write):
            content = files.setdefault(deed.file, bytearray())
            certain = place in written
            if deed.data is None:
                if certain or rng.random() < share:
                    content[deed.offset :] = bytes(max(0, deed.offset - len(content)))
                continue
            for begin, end in _sectors(deed.offset, len(deed.data)):
                if certain or rng.random() < share:
                    content.extend(bytes(max(0, end - len(content))))
                    content[begin:end] = deed.data[begin - deed.offset : end - deed.offset]
        elif isinstance(deed, Name) and (place in named or rng.random() < share):
            _rename(names, deed)
    into.mkdir(parents=True)
    for name, file in sorted(names.items()):
        path = into / name
        if not all(str(parent) in names for parent in path.relative_to(into).parents[:-1]):
            # its folder's own name is not on disk
            continue
        if file in files:
            path.write_bytes(files[file])
        elif file < 0:
            path.mkdir(exist_ok=True)
        else:
            path.touch()


def _rename(names: dict[str, int], deed: Name) -> None:
    if deed.before:
        if names.get(deed.before) != deed.file:
            # what it was called before is not on disk
            return
        for name in [one for one in names if one == deed.before or one.startswith(f"{deed.before}/")]:
            moved = names.pop(name)
            if deed.name:
                names[deed.name + name[len(deed.before) :]] = moved
    elif deed.name:
        names[deed.name] = deed.file


def _synced(deeds: list[Deed]) -> tuple[set[int], set[int]]:
    """The places of those writes, and of those changes of names, that are on disk for certain."""
    written: set[int] = set()
    named: set[int] = set()
    folders = {"": 0}
    for place, deed in enumerate(deeds):
        if isinstance(deed, Name) and deed.file < 0 and deed.name:
            folders[deed.name] = deed.file
        if isinstance(deed, Sync):
            for earlier, one in enumerate(deeds[:place]):
                if isinstance(one, Write) and one.file == deed.file:
                    written.add(earlier)
                elif isinstance(one, Name) and folders.get(_parent(one.name or one.before)) == deed.file:
                    named.add(earlier)
    return written, named


def _parent(name: str) -> str:
    return name.rpartition("/")[0]


def _sectors(offset: int, length: int) -> Iterator[tuple[int, int]]:
    begin, end = offset, offset + length
    while begin < end:
        until = min(end, (begin // SECTOR + 1) * SECTOR)
        yield begin, until
        begin = until


class _Reader:
    """Makes deeds of the lines that strace wrote."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.realpath(folder)
        self._files: dict[str, int] = {}
        self._places: dict[tuple[str, str], int] = {}
        self._last = 0

    def read(self, log: Path) -> Iterator[Deed]:
        waiting: dict[str, str] = {}
        with log.open() as lines:
            for line in lines:
                pid = line.split(" ", 1)[0]
                if line.endswith(" <unfinished ...>\n"):
                    waiting[pid] = line.removesuffix(" <unfinished ...>\n")
                    continue
                if resumed := re.match(r"^\d+ +<\.\.\. \w+ resumed>(.*)$", line, re.S):
                    line = waiting.pop(pid) + resumed[1]
                if (found := LINE.match(line)) and int(found["result"]) >= 0:
                    yield from self._deeds(found["call"], found["arguments"], int(found["result"]))

    def _deeds(self, call: str, arguments: str, result: int) -> Iterator[Deed]:
        match call:
            case "openat" | "open" | "creat":
                yield from self._opened(arguments)
            case "mkdir" | "mkdirat":
                if (name := self._named(arguments)[0]) is not None:
                    yield self._made(name, folder=True)
            case "write" | "pwrite64":
                yield from self._written(call, arguments, result)
            case "ftruncate":
                if (name := self._of(arguments)) is not None:
                    yield Write(self._files[name], int(arguments.rpartition(", ")[2]), None)
            case "fsync" | "fdatasync":
                if (name := self._of(arguments)) is not None:
                    yield Sync(self._files.get(name, 0))
            case "rename" | "renameat" | "renameat2":
                before, name, *_ = self._named(arguments)
                if before is not None and name is not None:
                    yield from self._moved(before, name)
            case "unlink" | "unlinkat" | "rmdir":
                if (name := self._named(arguments)[0]) is not None:
                    yield Name(self._files.pop(name), "", name)
            case "lseek":
                if (name := self._of(arguments)) is not None:
                    self._places[name, arguments.split("<")[0]] = result
            case "close":
                if (name := self._of(arguments)) is not None:
                    self._places.pop((name, arguments.split("<")[0]), None)
            case _:
                if self._of(arguments) is not None:
                    raise Untraceable(f"{call} is not known here")

    def _opened(self, arguments: str) -> Iterator[Deed]:
        name = self._named(arguments)[0]
        if name is None or "O_DIRECTORY" in arguments or (name in self._files and "O_TRUNC" not in arguments):
            return
        if "O_CREAT" in arguments and name not in self._files:
            yield self._made(name, folder=False)
        elif "O_TRUNC" in arguments and name in self._files:
            yield Write(self._files[name], 0, None)

    def _made(self, name: str, folder: bool) -> Name:
        self._last += 1
        self._files[name] = -self._last if folder else self._last
        return Name(self._files[name], name)

    def _written(self, call: str, arguments: str, result: int) -> Iterator[Deed]:
        found = TEXT.search(arguments.partition(", ")[2])
        data = _unquoted(found[1])[:result] if found else b""
        name = self._of(arguments)
        if name is None:
            if arguments.startswith("1<"):
                yield from (Said(line) for line in data.decode(errors="replace").splitlines() if line)
            return
        if call == "pwrite64":
            offset = int(arguments.rpartition(", ")[2])
        else:
            place = name, arguments.split("<")[0]
            offset = self._places.get(place, 0)
            self._places[place] = offset + result
        yield Write(self._files[name], offset, data)

    def _moved(self, before: str, name: str) -> Iterator[Deed]:
        for old in [one for one in self._files if one == before or one.startswith(f"{before}/")]:
            self._files[name + old[len(before) :]] = self._files.pop(old)
        yield Name(self._files[name], name, before)

    def _named(self, arguments: str) -> list[str | None]:
        """The paths among arguments, relative to the folder; None for one outside of it."""
        texts = [self._inside(_unquoted(text).decode()) for text in TEXT.findall(arguments)]
        return [*texts, None]

    def _of(self, arguments: str) -> str | None:
        """The path of the open file that a call is about; None where that is outside."""
        found = FILE.match(arguments)
        return self._inside(_unquoted(found[2]).decode()) if found else None

    def _inside(self, path: str) -> str | None:
        path = os.path.normpath(path)
        if path == self._folder:
            return ""
        return path[len(self._folder) + 1 :] if path.startswith(f"{self._folder}/") else None


def _unquoted(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
