#!/usr/bin/python3 -I
"""Where a card keeps what it has to remember, at each boot: a file system at a fixed place beyond the image.

Flashing the card again writes before that place, so what the lamp has learned stays. The kernel is told of the
partition, and the card's table is not: no write ever touches the sector that a board's boot code shares. Without such a
place the lamp works from memory and says so. All else that is written goes to memory too, and is forgotten.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

MIB = 1 << 20
DATA_AT = 6144 * MIB  # the image ends before it; never to be moved, or flashing again would forget
LEAST = 256 * MIB
LABEL = "lampd-data"
NUMBER = 7  # the last that every kernel numbers itself; no table here has so many
PATIENCE = 180  # with a card that is being mended; then the lamp goes on without it
SPARE = 32768  # where ext4 has its first spare superblock, in blocks of 4096
RUN = Path("/run/lampd-card")
FORGETFUL = ("etc", "var", "home", "root")


class NoPlace(Exception):
    """The card cannot keep anything; the text says why and what to do."""


class Partition(ctypes.Structure):
    """The kernel's struct blkpg_partition."""

    _fields_ = (
        ("start", ctypes.c_longlong),
        ("length", ctypes.c_longlong),
        ("number", ctypes.c_int),
        ("names", ctypes.c_char * 128),
    )


class Request(ctypes.Structure):
    """The kernel's struct blkpg_ioctl_arg."""

    _fields_ = (("op", ctypes.c_int), ("flags", ctypes.c_int), ("length", ctypes.c_int), ("data", ctypes.c_void_p))


BLKPG, ADD = 0x1269, 1


def say(level: int, text: str) -> None:
    print(f"<{level}>lampd-data: {text}", file=sys.stderr, flush=True)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise NoPlace(f"{' '.join(words)}: took longer than {PATIENCE} s") from None


def must(*command: str | Path) -> None:
    done = run(*command)
    if done.returncode:
        raise NoPlace(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.returncode}")


def disk_of_root() -> Path:
    device = os.stat("/").st_dev
    part = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    if not (part / "partition").exists():
        raise NoPlace("the root is on no card's partition")
    return Path("/dev", part.parent.name)


def part_of(disk: Path, number: int) -> Path:
    return Path(f"{disk}{'p' if disk.name[-1].isdigit() else ''}{number}")


def tell(disk: Path, number: int, start: int, length: int) -> None:
    """Tells the kernel of a partition, until the next boot."""
    data = Partition(start, length, number)
    with disk.open("rb") as opened:
        fcntl.ioctl(opened, BLKPG, Request(ADD, 0, ctypes.sizeof(data), ctypes.addressof(data)))


def partition(disk: Path) -> Path:
    """The device for the place beyond the image."""
    size = int(Path("/sys/class/block", disk.name, "size").read_text()) * 512
    if size < DATA_AT + LEAST:
        raise NoPlace(f"{disk} holds {size / 1e9:.1f} GB, too little to keep anything; take a card of 8 GB or more")
    part = part_of(disk, NUMBER)
    if not part.exists():
        try:
            tell(disk, NUMBER, DATA_AT, (size - DATA_AT) // MIB * MIB)
        except OSError as error:
            taken = f"a partition reaches beyond {DATA_AT // MIB} MiB; flash the card again"
            raise NoPlace(f"{disk}: {taken if error.errno == errno.EBUSY else error.strerror}") from None
    end = time.monotonic() + 5
    while not part.is_block_device():
        if time.monotonic() > end:
            raise NoPlace(f"{part} does not appear")
        time.sleep(0.05)
    return part


def is_ours(part: Path) -> bool:
    found = run("blkid", "--probe", "--output", "export", part).stdout.split()
    return "TYPE=ext4" in found and f"LABEL={LABEL}" in found


def spare_is_ours(part: Path) -> bool:
    spare = run("dumpe2fs", "-h", "-o", f"superblock={SPARE}", "-o", "blocksize=4096", part).stdout
    return re.search(rf"^Filesystem volume name: +{LABEL}$", spare, re.M) is not None


def make_ready(part: Path) -> None:
    """What is there is mended, and formatted only where there is nothing of ours."""
    # a card that cannot be read looks empty
    with part.open("rb") as opened:
        opened.read(4 * MIB)
    if not is_ours(part):
        if spare_is_ours(part):
            say(4, f"{part}: its beginning is damaged; mending it from the spare")
            run("e2fsck", "-y", "-b", str(SPARE), "-B", "4096", part)
        else:
            say(5, f"{part}: formatting it, once")
            must("mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "1", "-E", "nodiscard", "-L", LABEL, part)
    # from 4 on, e2fsck has left errors behind
    if run("e2fsck", "-p", part).returncode >= 4:
        say(4, f"{part}: it is damaged; mending it")
        done = run("e2fsck", "-y", part)
        if done.returncode >= 4:
            raise NoPlace(f"{part} cannot be mended: {done.stdout.strip()[-200:]}")


def open_place(disk: Path | None, where: Path) -> bool:
    """Mounts the place at `where`, or else memory; whether it will be there at the next boot."""
    try:
        part = partition(disk or disk_of_root())
        make_ready(part)
        must("mount", "-t", "ext4", "-o", "noatime,nodev,nosuid,errors=remount-ro", part, where)
        return True
    except (NoPlace, OSError) as error:
        say(3, f"what the lamp learns is lost when it is switched off: {error}")
        must("mount", "-t", "tmpfs", "-o", "size=25%,mode=755,nodev,nosuid", LABEL, where)
        return False


def open_boot() -> None:
    """Where lampd.txt lies: here, as fstab would wait for udev, and give up before a card is mended."""
    with contextlib.suppress(NoPlace):
        disk = disk_of_root()
        number = int(Path("/usr/lib/lampd-card/boot").read_text())
        done = run("mount", "-t", "vfat", "-o", "ro,umask=0077", part_of(disk, number), "/boot/firmware")
        if done.returncode:
            raise OSError(f"no settings from lampd.txt: {done.stderr.strip()}")


def cover() -> None:
    """What is written below / goes to memory; the root itself stays as it was flashed."""
    memory = RUN / "forgetful"
    memory.mkdir(parents=True, exist_ok=True)
    must("mount", "-t", "tmpfs", "-o", "size=10%,mode=755,nodev,nosuid", "lampd-forgetful", memory)
    for name in FORGETFUL:
        upper, work = memory / name / "upper", memory / name / "work"
        upper.mkdir(parents=True)
        work.mkdir()
        shutil.copystat(f"/{name}", upper)
        if name == "etc":
            # systemd has mounted this boot's over the empty one, which the cover would hide
            shutil.copyfile("/etc/machine-id", upper / "machine-id")
        must("mount", "-t", "overlay", "-o", f"lowerdir=/{name},upperdir={upper},workdir={work}", "overlay", f"/{name}")


def keep(data: Path) -> None:
    """What is the lamp's and its owner's shows where it belongs; at first, as the image has it."""
    for name, place in (("lampd", Path("/var/lib/lampd")), ("etc", Path("/etc/lampd"))):
        kept, draft = data / name, data / f"{name}.draft"
        if not kept.exists():
            must("rm", "-rf", draft)
            must("cp", "-a", place, draft)
            os.sync()
            draft.rename(kept)
        # another image may number its users differently
        theirs, ours = kept.stat(), place.stat()
        if (theirs.st_uid, theirs.st_gid) != (ours.st_uid, ours.st_gid):
            must("chown", "--recursive", "--no-dereference", f"--reference={place}", kept)
        must("mount", "--bind", kept, place)
    key = data / "ssh" / "ssh_host_ed25519_key"
    if shutil.which("ssh-keygen") and not (key.exists() and key.stat().st_size):
        key.parent.mkdir(mode=0o700, exist_ok=True)
        key.unlink(missing_ok=True)
        must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key)
    os.sync()


def set_clock(state: Path) -> None:
    """Boards without a battery begin each day at the image's: it is at least as late as the lamp last wrote."""
    latest = max((entry.stat().st_mtime for entry in state.iterdir()), default=0.0)
    if latest > time.time():
        time.clock_settime(time.CLOCK_REALTIME, latest)


def main() -> int:
    data = Path("/data")
    kept = well = True
    # first what may not fail for want of a card: without it, nothing below / could be written at all
    steps = (cover, open_boot, lambda: open_place(None, data), lambda: keep(data), lambda: set_clock(data / "lampd"))
    for step in steps:
        try:
            if step() is False:
                kept = well = False
        except (NoPlace, OSError, shutil.Error) as error:
            say(3, str(error))
            well = False
    with contextlib.suppress(OSError):
        (RUN / "remembers").write_text("yes\n" if kept else "no\n")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
