"""Images for cards (`make image-test`, as root): made over a stand-in for a stock image, looked into, booted.

No real stock image and no board was there to try. What a card remembers is tried on a loop device, which is a card but
for its speed.
"""

import hashlib
import json
import lzma
import os
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.stock import MIB, REPOSITORY, make_bundle, make_stock, run

ROOT = Path(os.environ.get("LAMPD_ROOT", "/var/tmp/lampd-root-amd64"))
CUSTOMISE = REPOSITORY / "deploy/image/customise.py"
STARTS = {"pi": 68 * MIB, "armbian": 4 * MIB}
BOARDS = {"pi": "rpi4", "armbian": "lepotato"}
BOOT = """mount --make-rprivate / && mkdir -p /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
exec systemd-nspawn --quiet --directory="$0" --read-only --boot --register=no --keep-unit --console=pipe \
    --capability=all --system-call-filter=bpf --private-network --timezone=off --resolv-conf=off --link-journal=no \
    --bind-ro="$1":/boot/firmware"""


def customise(board: str, stock: Path, bundle: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [CUSTOMISE, "--board", board, "--stock", stock, "--bundle", bundle, "--out", out]
    environment = {**os.environ, "XZ_LEVEL": "0", "SOURCE_DATE_EPOCH": "1700000000"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("card")


@pytest.fixture(scope="module")
def bundle(work: Path) -> Path:
    return make_bundle(work / "bundle.tar")


@pytest.fixture(scope="module")
def stocks(work: Path) -> dict[str, Path]:
    names = {"pi": "pi.img.xz", "armbian": "armbian.img"}
    return {layout: make_stock(ROOT, work / name, layout) for layout, name in names.items()}


@pytest.fixture(scope="module")
def images(work: Path, bundle: Path, stocks: dict[str, Path]) -> dict[str, Path]:
    """An image of each layout, and a second of the first."""
    made = {}
    for name, layout in (("pi", "pi"), ("again", "pi"), ("armbian", "armbian")):
        done = customise(BOARDS[layout], stocks[layout], bundle, work / name)
        assert done.returncode == 0, done.stderr
        run("sha256sum", "--check", "SHA256SUMS", cwd=work / name)
        packed = Path(done.stdout.strip())
        run("xz", "--decompress", "--keep", packed)
        made[name] = packed.with_suffix("")
    return made


@contextmanager
def opened(image: Path, layout: str) -> Iterator[Path]:
    where = image.with_suffix(".root")
    where.mkdir()
    run("mount", "-o", f"ro,loop,offset={STARTS[layout]}", image, where)
    try:
        yield where
    finally:
        run("umount", where)
        where.rmdir()


def table(image: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("sfdisk", "--json", image))["partitiontable"]["partitions"]
    return found


def survey(root: Path) -> dict[str, tuple[object, ...]]:
    """All of a root that is not the file system's own affair."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(root):
        for path in (Path(folder, name) for name in (*folders, *files)):
            about = path.lstat()
            content = ""
            if stat.S_ISLNK(about.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(about.st_mode):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            attributes = {
                name: os.getxattr(path, name, follow_symlinks=False)
                for name in os.listxattr(path, follow_symlinks=False)
            }
            dated = (about.st_mode, about.st_uid, about.st_gid, about.st_mtime, about.st_rdev)
            found[str(path.relative_to(root))] = (*dated, content, sorted(attributes.items()))
    return found


def test_two_builds_have_the_same_root_boot_partition_and_boot_code(images: dict[str, Path]) -> None:
    surveys = []
    for name in ("pi", "again"):
        with opened(images[name], "pi") as root:
            surveys.append(survey(root))
    assert surveys[0].keys() == surveys[1].keys()
    assert {path for path in surveys[0] if surveys[0][path] != surveys[1][path]} == set()
    # the rest is ext4's: when an inode was changed, and where the kernel found room for it
    with images["pi"].open("rb") as one, images["again"].open("rb") as other:
        assert one.read(STARTS["pi"]) == other.read(STARTS["pi"])


@pytest.mark.parametrize("layout", ["pi", "armbian"])
def test_the_boot_code_is_the_publishers(images: dict[str, Path], stocks: dict[str, Path], layout: str) -> None:
    with (lzma.open if stocks[layout].suffix == ".xz" else Path.open)(stocks[layout], "rb") as stock_file:
        stock = stock_file.read(4 * MIB)
    with images[layout].open("rb") as image:
        made = image.read(4 * MIB)
    assert made[:446] == stock[:446] and made[510:] == stock[510:]


@pytest.mark.parametrize("layout", ["pi", "armbian"])
def test_what_is_on_the_card(images: dict[str, Path], layout: str) -> None:
    with opened(images[layout], layout) as root:
        assert os.readlink(root / "opt/lampd/current") == "releases/0.0.1"
        assert (root / "etc/systemd/system/multi-user.target.wants/lampd.service").is_symlink()
        # nothing that all cards would share, nobody to log in with a password, no boot that is the first
        assert list((root / "etc/ssh").glob("ssh_host_*")) == []
        secrets = [line.split(":")[1] for line in (root / "etc/shadow").read_text().splitlines()]
        assert not [secret for secret in secrets if not secret.startswith(("!", "*"))]
        assert (root / "etc/machine-id").read_text() == ""
        for unit in ("rpi-resize.service", "userconfig.service", "armbian-resize-filesystem.service"):
            assert os.readlink(root / "etc/systemd/system" / unit) == "/dev/null"
        number = 2 if layout == "pi" else 1
        mounts = (root / "etc/fstab").read_text().splitlines()
        assert mounts[0] == f"PARTUUID=5eed1234-{number:02} / ext4 ro,noatime 0 0" and "/boot" not in mounts[1]
        assert int((root / "usr/lib/lampd-card/boot").read_text()) == 3 - number
        assert "\nboard" not in (root / "etc/lampd/lampd.yaml").read_text()
        free = os.statvfs(root)
        assert free.f_bavail * free.f_bsize > 250 * MIB
    parts = table(images[layout])
    assert [part["type"] for part in parts] == (["c", "83"] if layout == "pi" else ["83", "c"])
    boot = next(part for part in parts if part["type"] == "c")
    card = run("mtype", "-i", f"{images[layout]}@@{boot['start'] * 512}", "::/lampd.txt")
    assert "#board = " + ("raspberry-pi-4" if layout == "pi" else "le-potato") in card
    if layout == "pi":
        words = run("mtype", "-i", f"{images['pi']}@@{4 * MIB}", "::/cmdline.txt").split()
        assert words[-1] == "quiet" and "root=PARTUUID=5eed1234-02" in words


def test_an_image_that_nobody_vouches_for_is_refused(work: Path, bundle: Path) -> None:
    image = work / "stranger.img"
    image.write_bytes(b"stranger")
    found = hashlib.sha256(b"stranger").hexdigest()
    done = customise("rpi4", image, bundle, work / "out")
    assert done.returncode == 1 and found in done.stderr and "raspberrypi.com" in done.stderr
    Path(f"{image}.sha256").write_text(f"{'0' * 64}  {image.name}\n")
    done = customise("rpi4", image, bundle, work / "out")
    assert done.returncode == 1 and f"{image}.sha256 says {'0' * 64}" in done.stderr
    assert "there is no board pi5; there are rpi4, lepotato" in customise("pi5", image, bundle, work / "out").stderr


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("label: gpt\nsize=10M\n", "its partition table is gpt; only MBR"),
        ("label: dos\nstart=8192,size=8192,type=83\nstart=16384,type=83\n", "known are a FAT boot partition"),
    ],
)
def test_an_image_of_an_unknown_make_is_refused(work: Path, bundle: Path, script: str, said: str) -> None:
    image = work / "odd.img"
    with image.open("wb") as file:
        file.truncate(64 * MIB)
    subprocess.run(["sfdisk", "--quiet", image], input=script, text=True, check=True)
    Path(f"{image}.sha256").write_text(hashlib.sha256(image.read_bytes()).hexdigest())
    done = customise("rpi4", image, bundle, work / "out")
    assert done.returncode == 1 and said in done.stderr


class Machine:
    """A container that boots from the image's root, which it cannot write."""

    def __init__(self, root: Path, card: Path) -> None:
        command = ["unshare", "--mount", "--cgroup", "sh", "-c", BOOT, root, card]
        self._nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self._children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        end = time.monotonic() + 120
        while self.ask("systemctl", "is-system-running")[1] not in ("running\n", "degraded\n"):
            assert time.monotonic() < end, "it does not start"
            time.sleep(0.5)

    def ask(self, *command: str) -> tuple[int, str]:
        if not (leader := self._children.read_text().strip()):
            return 1, ""
        entered = ["nsenter", "--target", leader, "--all", *command]
        done = subprocess.run(entered, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout

    def run(self, *command: str) -> str:
        code, said = self.ask(*command)
        assert code == 0, f"{' '.join(command)}: {said}"
        return said.strip()

    def off(self) -> None:
        self.ask("systemctl", "poweroff")
        try:
            self._nspawn.wait(30)
        finally:
            self._nspawn.kill()


@pytest.fixture(scope="module")
def machine(work: Path, images: dict[str, Path]) -> Iterator[Machine]:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "owner", "-f", work / "key")
    (work / "firmware").mkdir()
    lines = ["hostname = Kitchen", f"ssh_key = {(work / 'key.pub').read_text().strip()}", "board = le-potato"]
    lines += ["hostnam = hall", "timezone = Europe/Atlantis", ""]
    (work / "firmware/lampd.txt").write_bytes("\r\n".join(lines).encode())
    with opened(images["pi"], "pi") as root:
        machine = Machine(root, work / "firmware")
        yield machine
        machine.off()


def test_a_started_lamp_has_its_settings_and_the_switch(machine: Machine, work: Path) -> None:
    assert machine.run("hostname") == "kitchen" == machine.run("cat", "/etc/hostname")
    assert "kitchen" in machine.run("getent", "hosts", "127.0.1.1")
    assert machine.run("cat", "/run/lampd-card/authorized_keys") == (work / "key.pub").read_text().strip()
    assert machine.run("systemctl", "is-active", "lampd", "ssh") == "active\nactive"
    assert machine.run("cat", "/var/lib/lampd/board") == "le-potato"


def test_who_has_the_key_comes_in_and_nobody_else(machine: Machine, work: Path) -> None:
    run("cp", work / "key", work / "firmware/key")
    options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -o LogLevel=ERROR"
    # ssh wants the key file to be its caller's alone
    ssh = f"install -m 600 /boot/firmware/key /run/key && ssh -i /run/key {options}"
    assert machine.run("sh", "-c", f"{ssh} lamp@localhost 'sudo id -un; id -nG'") == "root\nlamp adm sudo audio lampd"
    assert machine.ask("sh", "-c", f"{ssh} root@localhost true")[0] == 255
    assert machine.ask("sh", "-c", f"ssh {options} lamp@localhost true")[0] == 255


def test_what_will_not_do_is_said(machine: Machine) -> None:
    said = machine.run("journalctl", "-u", "lampd-card", "-p", "err", "-o", "cat")
    assert "lampd.txt: line 4: 'hostnam' is not a key; did you mean hostname?" in said
    assert "lampd.txt: line 5: timezone: a name such as Europe/Berlin" in said


def test_without_a_card_it_works_from_memory_and_says_so(machine: Machine) -> None:
    said = machine.run("journalctl", "-u", "lampd-data", "-p", "err", "-o", "cat")
    assert "what the lamp learns is lost when it is switched off: the root is on no card's partition" in said
    assert machine.run("cat", "/run/lampd-card/remembers") == "no"
    assert machine.run("stat", "-c", "%U %a", "/var/lib/lampd") == "lampd 750"


def test_the_root_cannot_be_written_and_what_has_to_be_can(machine: Machine) -> None:
    for place in ("/usr", "/opt/lampd", "/srv", "/boot"):
        assert machine.ask("touch", f"{place}/new")[0] != 0, place
    for place in ("/etc", "/var/lib", "/var/log", "/home/lamp", "/root", "/tmp", "/data", "/etc/lampd"):
        machine.run("touch", f"{place}/new")
    assert len(machine.run("cat", "/etc/machine-id")) == 32
    failed = machine.run("systemctl", "list-units", "--failed", "--plain", "--no-legend").splitlines()
    # a container's root is nothing to mount again
    expected = {"lampd-card.service", "lampd-data.service", "systemd-remount-fs.service"}
    assert {line.split()[0] for line in failed} <= expected
