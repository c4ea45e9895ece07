"""Stock images as publishers make them, from deploy/root.sh's Debian; and a bundle with next to nothing in it.

A stand-in: real stock images have other kernels, boot code and units. Run as a script, it makes one image:
python -m tests.deploy.stock ROOT OUT.img pi|armbian [KERNEL]
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
MIB = 1 << 20
BOOT_MB, ROOM_MB = 64, 100
TABLES = {
    # Raspberry Pi OS: FAT for the firmware, then the root
    "pi": "start=8192,size=131072,type=c\nstart=139264,type=83\n",
    # Armbian for Amlogic boards: boot code from sector 1, the root alone
    "armbian": "start=8192,type=83\n",
}
USELESS = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "var/lib/apt/lists",
    "var/cache/apt",
    "usr/lib/modules",
)
CMDLINE = (
    "console=serial0,115200 console=tty1 root=PARTUUID=5eed1234-02 rootfstype=ext4 fsck.repair=yes rootwait"
    " quiet resize init=/usr/lib/raspberrypi-sys-mods/firstboot ds=nocloud;i=rpi\n"
)
RELEASE = "0.0.1"
LAMPD = """#!/usr/bin/python3 -I
import os, socket, time
from pathlib import Path
# as lampd.config finds it
boards = [Path("/run/lampd-card/board"), Path("/usr/lib/lampd-card/board")]
Path("/var/lib/lampd/board").write_text(next(path.read_text() for path in boards if path.exists()))
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect(os.environ["NOTIFY_SOCKET"])
notify.send(b"READY=1")
while True:
    notify.send(b"WATCHDOG=1")
    time.sleep(5)
"""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, cwd=cwd).stdout


def make_stock(root: Path, image: Path, layout: str, kernel: Path | None = None) -> Path:
    """An image with its sum beside it, as publishers have it, and with all that a customiser has to undo.

    Packed where `image` ends in .xz; with the modules of `kernel` (ROOT.kernel), for who boots it in an emulator.
    """
    packed, image = image, image.with_suffix("") if image.suffix == ".xz" else image
    with tempfile.TemporaryDirectory(dir=image.parent) as temporary:
        copy = Path(temporary, "root")
        copy.mkdir()
        useless = [f"--exclude=./{place}" for place in USELESS]
        run("sh", "-c", f"tar -c -C {root} {' '.join(useless)} . | tar -x -C {copy}")
        if kernel:
            run("cp", "-a", f"{kernel}/usr/.", copy / "usr")
        soil(copy)
        size = int(run("du", "-sm", copy).split()[0]) * 11 // 10 + ROOM_MB
        start = (4 + BOOT_MB if layout == "pi" else 4) * MIB
        with image.open("wb") as file:
            file.truncate(start + size * MIB)
            file.write(bytes(446))
            file.seek(512)
            for number in range(8191):
                file.write(hashlib.sha512(f"boot code {number}".encode()).digest() * 8)
        script = f"label: dos\nlabel-id: 0x5eed1234\n{TABLES[layout]}"
        subprocess.run(["sfdisk", "--quiet", "--wipe", "never", image], input=script, text=True, check=True)
        if layout == "pi":
            fat = Path(temporary, "fat")
            with fat.open("wb") as file:
                file.truncate(BOOT_MB * MIB)
            run("mkfs.vfat", "-F", "32", "-s", "1", "-n", "BOOTFS", fat)
            Path(temporary, "cmdline.txt").write_text(CMDLINE)
            run("mcopy", "-i", fat, Path(temporary, "cmdline.txt"), "::/")
            run("dd", f"if={fat}", f"of={image}", "bs=1M", "seek=4", "conv=notrunc,sparse")
        # without what U-Boot cannot read
        options = ("-q", "-t", "ext4", "-b", "4096", "-O", "^metadata_csum,^64bit,^orphan_file", "-L", "rootfs")
        run("mke2fs", *options, "-d", copy, "-E", f"offset={start}", image, f"{size}M")
    if packed != image:
        run("xz", "-0", "-T2", "--force", image)
    Path(f"{packed}.sha256").write_text(run("sha256sum", packed.name, cwd=packed.parent))
    return packed


def soil(root: Path) -> None:
    """What no lamp should have: a known password, everyone's keys, units that grow the root and that ask."""
    shadow = (root / "etc/shadow").read_text().splitlines()
    shadow[0] = "root:$6$known$toeveryone:20000:0:99999:7:::"
    (root / "etc/shadow").write_text("\n".join([*shadow, ""]))
    (root / "etc/ssh/ssh_host_ed25519_key").write_text("everyone's\n")
    (root / "etc/machine-id").write_text("uninitialized\n")
    (root / "root/.not_logged_in_yet").touch()
    for unit in ("rpi-resize.service", "userconfig.service", "armbian-resize-filesystem.service"):
        (root / "usr/lib/systemd/system" / unit).write_text("[Service]\nExecStart=/bin/false\n")
    (root / "etc/systemd/network").mkdir(parents=True, exist_ok=True)
    (root / "etc/systemd/network/wired.network").write_text("[Match]\nName=en*\n[Network]\nDHCP=yes\n")
    run("systemctl", f"--root={root}", "--quiet", "enable", "systemd-networkd.service")
    if not (root / "usr/sbin/mkfs.ext4").exists():
        # every board's Debian has it
        run("chroot", root, "sh", "-c", "apt-get -qq update && apt-get -qq install --no-install-recommends e2fsprogs")
        run("sh", "-c", f"rm -rf {root}/var/lib/apt/lists/* {root}/var/cache/apt/*")
    # what install.sh would fetch from Debian
    next((root / "usr/lib").glob("*-linux-gnu"), root / "usr/lib").joinpath("libportaudio.so.2").touch()


def make_bundle(out: Path, machine: str = "x86_64") -> Path:
    """What deploy/bundle.sh makes, with a daemon that only says that it is there."""
    with tempfile.TemporaryDirectory(dir=out.parent) as temporary:
        bundle = Path(temporary, f"lampd-{RELEASE}-{machine}-py3.13")
        (bundle / "debs").mkdir(parents=True)
        release = Path(temporary, "tree", RELEASE)
        (release / "bin").mkdir(parents=True)
        (release / "lib/python3.13/site-packages/lampd").mkdir(parents=True)
        (release / "lib/python3.13/site-packages/lampd/__init__.py").write_text(f'__version__ = "{RELEASE}"\n')
        (release / "bin/lampd").write_text(LAMPD)
        (release / "bin/lampctl").write_text("#!/bin/sh\n")
        for program in ("lampd", "lampctl"):
            (release / "bin" / program).chmod(0o755)
        (release / "bin/python").symlink_to("/usr/bin/python3.13")
        shutil.copytree(REPOSITORY / "systemd", release / "systemd")
        for folder in (release, bundle):
            shutil.copy(REPOSITORY / "deploy/install.sh", folder)
            shutil.copytree(REPOSITORY / "deploy/install.d", folder / "install.d")
        steady = ("--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@1000000000", "-cJf")
        run("tar", *steady, bundle / "release.tar.xz", "-C", release.parent, RELEASE)
        contents = {"version": RELEASE, "machine": machine, "python": "3.13", "unpacked_kb": "1000"}
        (bundle / "contents").write_text("".join(f"{key}={value}\n" for key, value in contents.items()))
        run("sh", "-c", "find . -type f ! -name SHA256SUMS | sort | xargs sha256sum >SHA256SUMS", cwd=bundle)
        run("tar", "-C", temporary, "-cf", out, bundle.name)
    return out


if __name__ == "__main__":
    kernel = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    print(make_stock(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], kernel))
