"""Partitions and file systems inside an image. Nothing before the first partition is changed but its table."""

import contextlib
import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

MIB = 1 << 20
FAT = {"1", "4", "6", "b", "c", "e", "ef"}


class Fault(Exception):
    """An image that cannot be made; the text names what is wrong and what to do."""


class Part(NamedTuple):
    number: int
    start: int
    size: int
    kind: str


def run(*command: str | Path, text: str | None = None) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fault(f"{shlex.join(words)}: {done.stderr.strip() or done.stdout.strip() or done.returncode}")
    return done.stdout


def parts(image: Path) -> tuple[str, list[Part]]:
    table: dict[str, Any] = json.loads(run("sfdisk", "--json", image))["partitiontable"]
    if table["label"] != "dos":
        raise Fault(f"{image}: its partition table is {table['label']}; only MBR leaves a board's boot code alone")
    found = [
        Part(number, one["start"] * 512, one["size"] * 512, one["type"])
        for number, one in enumerate(table["partitions"], 1)
    ]
    return table["id"].removeprefix("0x"), found


@contextlib.contextmanager
def loop(image: Path, part: Part) -> Iterator[Path]:
    device = run("losetup", "--find", "--show", "-o", str(part.start), "--sizelimit", str(part.size), image).strip()
    try:
        yield Path(device)
    finally:
        run("losetup", "--detach", device)


@contextlib.contextmanager
def mounted(device: Path, where: Path) -> Iterator[Path]:
    where.mkdir()
    run("mount", "-t", "ext4", "-o", "noatime", device, where)
    try:
        yield where
    finally:
        run("umount", where)


def grow(image: Path, root: Part, more: int, end: int) -> Part:
    """The root with room for `more`, which it may have already, before `end`."""
    with loop(image, root) as device:
        free = re.findall(r"^(?:Free blocks|Block size): +(\d+)$", run("dumpe2fs", "-h", device), re.M)
    size = root.size + max(0, more - int(free[0]) * int(free[1]))
    size += -size % (4 * MIB)
    if root.start + size > end:
        raise Fault(f"the root would end at {(root.start + size) // MIB} MiB, but data begins at {end // MIB}")
    os.truncate(image, root.start + size)
    resize(image, f",{size // 512}", "-N", str(root.number))
    root = root._replace(size=size)
    with loop(image, root) as device:
        run("e2fsck", "-fy", device)
        run("resize2fs", device)
    return root


def resize(image: Path, script: str, *options: str) -> None:
    quiet = ("--quiet", "--no-reread", "--no-tell-kernel", "--wipe", "never", "--wipe-partitions", "never")
    run("sfdisk", *quiet, *options, image, text=script)


def add_boot(image: Path, root: Part, epoch: int) -> Part:
    """A partition for lampd.txt, where the stock image has none that other computers can read."""
    boot = Part(root.number + 1, root.start + root.size, 32 * MIB, "c")
    os.truncate(image, boot.start + boot.size)
    resize(image, f"{boot.start // 512},{boot.size // 512},c", "--append")
    with loop(image, boot) as device:
        run("mkfs.vfat", "--invariant", "-n", "LAMPD", "-i", f"{epoch & 0xFFFFFFFF:08x}", device)
    return boot
