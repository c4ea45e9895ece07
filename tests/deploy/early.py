"""A small initramfs for an emulated board: the kernel's modules for a card, and the root's own tools."""

import lzma
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

TOOLS = ("usr/bin/dash", "usr/bin/mount", "usr/bin/kmod", "usr/bin/sleep", "usr/sbin/switch_root")
WANTED = ("virtio_blk", "ext4")
INIT = """#!/bin/dash
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs -o mode=755 run /run
for module in {modules}; do insmod /modules/$module; done
read -r line </proc/cmdline
for word in $line; do case $word in root=*) root=${{word#root=}} ;; esac; done
while ! [ -b "$root" ]; do sleep 0.1; done
mount -t ext4 -o ro "$root" /root
exec switch_root /root /sbin/init
"""


def in_order(modules: Path) -> list[Path]:
    """The modules that are wanted, each after those that it needs."""
    lines = (line.split(":") for line in (modules / "modules.dep").read_text().splitlines())
    needs = {path: rest.split() for path, rest in lines}
    found: list[Path] = []
    for name in WANTED:
        path = next(path for path in needs if Path(path).name.partition(".")[0] == name)
        found += [modules / one for one in (*reversed(needs[path]), path) if modules / one not in found]
    return found


def make(root: Path, kernel: Path, out: Path) -> Path:
    with tempfile.TemporaryDirectory(dir=out.parent) as temporary:
        early = Path(temporary)
        for folder in ("bin", "modules", "proc", "sys", "dev", "run", "root"):
            (early / folder).mkdir()
        loader = next(path for path in (*root.glob("lib64/ld-*"), *root.glob("lib/ld-linux-*")) if path.exists())
        for tool in TOOLS:
            shutil.copy(root / tool, early / "bin")
            listed = ["chroot", root, f"/{loader.relative_to(root)}", "--list", f"/{tool}"]
            needed = re.findall(r"(/\S+) \(0x", subprocess.run(listed, capture_output=True, text=True).stdout)
            for library in {*needed, f"/{loader.relative_to(root)}"}:
                place = early / library.lstrip("/")
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / library.lstrip("/"), place)
        (early / "bin/insmod").symlink_to("kmod")
        modules = in_order(next((kernel / "usr/lib/modules").iterdir()))
        for module in modules:
            (early / "modules" / module.stem).write_bytes(lzma.decompress(module.read_bytes()))
        (early / "init").write_text(INIT.format(modules=" ".join(module.stem for module in modules)))
        (early / "init").chmod(0o755)
        pack = f"find . | cpio --quiet -o -H newc | gzip -1 >{out}"
        subprocess.run(["sh", "-c", pack], cwd=early, check=True)
    return out
