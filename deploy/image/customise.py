#!/usr/bin/env python3
"""Makes an image for a card: a publisher's stock image with lampd on it, which needs no network.

Usage, as root: deploy/image/customise.py --board rpi4|lepotato --stock IMAGE[.xz] --bundle LAMPD.tar [--out dist]
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from disk import FAT, MIB, Fault, Part, add_boot, grow, loop, mounted, parts, run

HERE = Path(__file__).parent
DATA_AT = int(re.search(r"^DATA_AT = (\d+) \* MIB", (HERE / "data.py").read_text(), re.M)[1]) * MIB  # type: ignore[index]
SPARE = 384 * MIB  # free on the root, beside room for one more release
NEEDED = ("usr/bin/python3.13", "usr/sbin/blkid", "usr/sbin/mkfs.ext4", "usr/sbin/e2fsck", "usr/sbin/dumpe2fs")
# keys that everyone with the image would have, questions at the first login, a radio left blocked
FORGOTTEN = (
    *("etc/ssh/ssh_host_*", "root/.not_logged_in_yet", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed"),
    *("var/lib/systemd/rfkill/*", "var/lib/NetworkManager/*.state"),
)
# words on the kernel's command line that grow the root, ask, or run something once
ONCE = re.compile(r"resize|init=\S+|systemd\.run\S*|ds=\S+|rw")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def listed(name: str) -> list[str]:
    return [line for line in (HERE / name).read_text().splitlines() if line and line[0] != "#"]


def checked(board: str, stock: Path | None) -> tuple[str, str]:
    """The board's profile and the stock image's sum, which somebody has to vouch for."""
    rows = [line.split() for line in listed("stock.txt")]
    row = next((row for row in rows if row[0] == board), None)
    if not row:
        raise Fault(f"there is no board {board}; there are {', '.join(row[0] for row in rows)}")
    _, profile, kind, publisher, expected = row
    if stock is None:
        raise Fault(f"fetch {kind} and its .sha256 from {publisher}, and name it: make image BOARD={board} STOCK=IMAGE")
    found = sha256(stock)
    source = "deploy/image/stock.txt"
    for beside in (Path(f"{stock}.sha256"), Path(f"{stock}.sha")):
        if expected == "unpinned" and beside.exists():
            expected, source = beside.read_text().split()[0], str(beside)
    if expected == "unpinned":
        raise Fault(f"{stock} has sha256 {found}; compare that with {publisher} and put its .sha256 beside the image")
    if found != expected:
        raise Fault(f"{stock} has sha256 {found}, but {source} says {expected}; fetch it again from {publisher}")
    return profile, found


def boards() -> list[str]:
    return sorted(path.stem for path in (HERE.parents[1] / "hardware").glob("*.yaml") if path.stem != "laptop")


def dress(root: Path, device: str, boot: int, profile: str, release: Path) -> None:
    """All that makes the stock root a lamp's: found as `device`, with the boot partition's number."""
    # first: its lampd.yaml names no board, and install.sh leaves it so
    run("cp", "-r", "--no-preserve=all", f"{HERE}/root/.", root)
    trusted = ("--signer", release / "signer.pub") if (release / "SHA256SUMS.sig").exists() else ("--unsigned",)
    run(release / "install.sh", "--root", root, "--board", profile, *trusted)
    ours = root / "usr/lib/lampd-card"
    ours.mkdir(exist_ok=True)
    for name in ("card", "data"):
        shutil.copyfile(HERE / f"{name}.py", ours / name)
        (ours / name).chmod(0o755)
    (ours / "board").write_text(f"{profile}\n")
    (ours / "boot").write_text(f"{boot}\n")
    (ours / "boards").write_text("\n".join([*boards(), ""]))
    (root / "etc/sudoers.d/lampd-card").chmod(0o440)

    run("systemd-sysusers", f"--root={root}")
    run("systemctl", f"--root={root}", "enable", "lampd-data.service", "lampd-card.service")
    if (root / "usr/lib/systemd/system/ssh.service").exists():
        run("systemctl", f"--root={root}", "enable", "ssh.service")
    for unit in listed("unwanted.txt"):
        if any((root / place / unit).exists() for place in ("usr/lib/systemd/system", "etc/systemd/system")):
            (root / "etc/systemd/system" / unit).unlink(missing_ok=True)
            (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
        elif (root / "etc/init.d" / unit.partition(".")[0]).exists():
            (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    if (root / "etc/cloud").is_dir():
        (root / "etc/cloud/cloud-init.disabled").touch()
    if (root / "etc/rpi/swap.conf").exists():
        (root / "etc/rpi/swap.conf.d").mkdir(exist_ok=True)
        (root / "etc/rpi/swap.conf.d/lampd-card.conf").write_text("[Main]\nMechanism=zram\n")

    for gone in FORGOTTEN:
        for left in root.glob(gone):
            left.unlink()
    # no password is one that everyone knows
    shadow = (root / "etc/shadow").read_text()
    (root / "etc/shadow").write_text(re.sub(r"^([^:]+):\$[^:]*:", r"\1:!*:", shadow, flags=re.M))

    # empty: another at each boot, and no boot is a first one, which would ask and grow
    (root / "etc/machine-id").write_text("")
    (root / "etc/hostname").write_text("lamp\n")
    (root / "etc/hosts").write_text("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n127.0.1.1\tlamp\n")
    for place in ("data", "boot/firmware", "etc/lampd", "var/lib/lampd"):
        (root / place).mkdir(parents=True, exist_ok=True)
    shutil.chown(root / "var/lib/lampd", *owner(root, "lampd"))
    (root / "var/lib/lampd").chmod(0o750)
    # what else there is, data.py mounts
    fstab = f"{device} / ext4 ro,noatime 0 0\ntmpfs /tmp tmpfs nodev,nosuid,mode=1777 0 0\n"
    (root / "etc/fstab").write_text(fstab)


def owner(root: Path, name: str) -> tuple[int, int]:
    rows = (line.split(":") for line in (root / "etc/passwd").read_text().splitlines())
    return next((int(row[2]), int(row[3])) for row in rows if row[0] == name)


def settle(root: Path, began: float, epoch: int) -> None:
    """What was written now is dated alike in every build; and nothing is to be brought up to date at each boot."""
    for stamp in ("etc/.updated", "var/.updated"):
        (root / stamp).touch()
    for folder, folders, files in os.walk(root, topdown=False):
        for entry in (folder, *(os.path.join(folder, name) for name in (*folders, *files))):
            if os.lstat(entry).st_mtime >= began:
                os.utime(entry, (epoch, epoch), follow_symlinks=False)
    for stamp in ("etc/.updated", "var/.updated"):
        usr = (root / "usr").stat().st_mtime
        os.utime(root / stamp, (usr, usr))


def write_boot(image: Path, boot: Part, profile: str, work: Path, epoch: int) -> None:
    fat = f"{image}@@{boot.start}"
    card = (HERE / "lampd.txt").read_text().replace("@BOARDS@", ", ".join(boards())).replace("@BOARD@", profile)
    files = {"lampd.txt": card.replace("\n", "\r\n")}
    if "cmdline.txt" in run("mdir", "-b", "-i", fat, "::/"):
        words = run("mtype", "-i", fat, "::/cmdline.txt").split()
        files["cmdline.txt"] = " ".join(word for word in words if not ONCE.fullmatch(word)) + "\n"
    for name, content in files.items():
        (work / name).write_bytes(content.encode())
        os.utime(work / name, (epoch, epoch))
        run("mcopy", "-o", "-m", "-i", fat, work / name, f"::/{name}")


def make(board: str, stock: Path | None, bundle: Path, out: Path, epoch: int, level: str) -> Path:
    profile, stock_sum = checked(board, stock)
    assert stock
    with tempfile.TemporaryDirectory(prefix="lampd-image.", dir=os.environ.get("TMPDIR", "/var/tmp")) as temporary:
        work = Path(temporary)
        (work / "bundle").mkdir()
        run("tar", "-xf", bundle, "-C", work / "bundle")
        found = list((work / "bundle").glob("*/install.sh"))
        if len(found) != 1:
            raise Fault(f"{bundle} is not a bundle; make it with deploy/bundle.sh")
        release = found[0].parent
        contents = dict(line.split("=", 1) for line in (release / "contents").read_text().splitlines())
        image = work / "card.img"
        say(f"unpacking {stock.name} ...")
        with image.open("wb") as file:
            command = ["xz", "-dc", str(stock)] if stock.suffix == ".xz" else ["cat", str(stock)]
            subprocess.run(command, stdout=file, check=True)
        disk, table = parts(image)
        root = table[-1]
        boot = table[0] if len(table) > 1 and table[0].kind in FAT else None
        if root.kind != "83" or len(table) > 2 or (len(table) == 2 and not boot):
            raise Fault(f"{stock}: known are a FAT boot partition and an ext4 root, or that root alone; it has {table}")
        root = grow(image, root, 2 * int(contents["unpacked_kb"]) * 1024 + SPARE, DATA_AT)
        boot = boot or add_boot(image, root, epoch)
        say(f"installing {bundle.name} ...")
        with loop(image, root) as device:
            with mounted(device, work / "root") as place:
                if missing := [name for name in NEEDED if not (place / name).exists()]:
                    raise Fault(f"{stock}: its root has no {', '.join(missing)}; it has to be Debian 13 (trixie)")
                began = int(time.time()) - 1
                dress(place, f"PARTUUID={disk}-{root.number:02}", boot.number, profile, release)
                settle(place, began, epoch)
            # free blocks become holes, which read as zeros
            run("e2fsck", "-fy", "-E", "discard", device)
            run("e2fsck", "-fn", device)
        write_boot(image, boot, profile, work, epoch)
        return pack(image, out / f"lampd-{contents['version']}-{board}.img.xz", board, stock, stock_sum, level)


def pack(image: Path, packed: Path, board: str, stock: Path, stock_sum: str, level: str) -> Path:
    packed.parent.mkdir(parents=True, exist_ok=True)
    say(f"packing {packed.name}, {image.stat().st_size // MIB} MiB ...")
    with packed.open("wb") as file:
        # blocks of one size give the same file with any number of threads from two on
        command = ["xz", "-T2", f"-{level}", "--block-size=64MiB", "--check=sha256", "-c", str(image)]
        subprocess.run(command, stdout=file, check=True)
    words = {"IMAGE": packed.name, "NAME": board, "STOCK": stock.name, "SUM": stock_sum}
    words |= {"DATA_MIB": str(DATA_AT // MIB), "DATA_BYTES": str(DATA_AT)}
    text = (HERE / "FLASH.txt").read_text()
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    flash = packed.with_name(f"{packed.name.removesuffix('.img.xz')}.txt")
    flash.write_text(text)
    packed.with_name("SHA256SUMS").write_text(f"{sha256(packed)}  {packed.name}\n{sha256(flash)}  {flash.name}\n")
    return packed


def say(text: str) -> None:
    print(f"image: {text}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--board", required=True)
    parser.add_argument("--stock", type=Path)
    parser.add_argument("--bundle", required=True, type=Path)
    parser.add_argument("--out", default=Path("dist"), type=Path)
    arguments = parser.parse_args()
    if os.geteuid():
        sys.exit("image: mounting takes root; run it with sudo")
    if "LAMPD_ALONE" not in os.environ:
        # what another process sees mounted it may keep in use
        os.environ["LAMPD_ALONE"] = "yes"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or run("git", "-C", HERE, "log", "-1", "--format=%ct").strip()
    os.environ["SOURCE_DATE_EPOCH"] = epoch
    os.umask(0o022)
    try:
        level = os.environ.get("XZ_LEVEL", "6")
        print(make(arguments.board, arguments.stock, arguments.bundle, arguments.out, int(epoch), level))
    except Fault as fault:
        say(str(fault))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
