"""A board of its own, emulated: deploy/root.sh's Debian with its kernel, simulated pins and a sound loopback, over SSH.

The root is laid over the one that was made, so that each board begins afresh; what it writes survives a power cut.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BOARDS = {
    "arm64": ["qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a53"],
    "amd64": ["qemu-system-x86_64", "-machine", "q35", "-cpu", "max"],
}
CONSOLES = {"arm64": "ttyAMA0", "amd64": "ttyS0"}
VIRTIOFSD = "/usr/lib/qemu/virtiofsd"
# A board of ARM keeps time by its instructions, a nanosecond each, whatever else the computer does: else it is late for
# its own sound card. The other kind is fast enough for the clock on the wall.
PACES = {
    "arm64": ("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=on", "-smp", "1"),
    "amd64": ("-accel", "tcg,thread=multi", "-smp", "2"),
}
USELESS = ("kvm_amd", "kvm_intel", "ppdev", "efi_pstore", "drm", "pcspkr", "i2c_i801", "lpc_ich", "ahci")
"""Modules that an emulated processor loads for seconds, for nothing."""
NETWORK = """[Match]
Name=en*
[Network]
DHCP=yes
"""
PINS = """[Unit]
Description=Simulated pins: a button and a relay
DefaultDependencies=no
After=sys-kernel-config.mount systemd-modules-load.service
Requires=sys-kernel-config.mount
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/simulated-pins

[Install]
WantedBy=sysinit.target
"""
SIMULATED_PINS = """#!/bin/sh -e
chip=/sys/kernel/config/gpio-sim/lamp
mkdir -p $chip/bank0/line0 $chip/bank0/line1
echo 8 >$chip/bank0/num_lines
echo board-pins >$chip/bank0/label
echo BUTTON >$chip/bank0/line0/name
echo RELAY >$chip/bank0/line1/name
echo 1 >$chip/live
line=/sys/devices/platform/$(cat $chip/dev_name)/$(cat $chip/bank0/chip_name)
ln -s $line/sim_gpio0/pull /run/button
ln -s $line/sim_gpio1/value /run/relay
echo pull-up >/run/button
"""


class Guest:
    """A board with its power off. `root` and `root`.kernel are deploy/root.sh's, `work` is a new folder."""

    def __init__(self, arch: str, root: Path, work: Path, memory_mb: int = 1024) -> None:
        self._arch, self._work, self._memory_mb = arch, work, memory_mb
        self._running: list[subprocess.Popen[bytes]] = []
        self._port = _free_port()
        self.root = work / "root"
        for folder in ("upper", "below", "root"):
            (work / folder).mkdir()
        layers = f"lowerdir={root}.kernel:{root},upperdir={work}/upper,workdir={work}/below"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.root], check=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work / "key"], check=True)
        self._furnish()

    def _furnish(self) -> None:
        """What a card's owner sets, and the pins and sound card that this board has."""
        self.write("/root/.ssh/authorized_keys", (self._work / "key.pub").read_text(), 0o600)
        self.write("/etc/hostname", "lamp\n")
        self.write("/etc/systemd/network/wired.network", NETWORK)
        self.write("/etc/modules-load.d/simulated.conf", "gpio-sim\nsnd-aloop\n")
        self.write("/etc/modprobe.d/none.conf", "".join(f"install {name} /bin/true\n" for name in USELESS))
        self.write("/etc/systemd/system/simulated-pins.service", PINS)
        self.write("/usr/local/sbin/simulated-pins", SIMULATED_PINS, 0o755)
        enable = ["systemctl", f"--root={self.root}", "enable", "--quiet"]
        subprocess.run([*enable, "systemd-networkd", "simulated-pins", "ssh"], check=True)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """A file on the card, while the power is off."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        file.write_text(text)
        file.chmod(mode)

    def power_on(self, patience_s: float = 600) -> None:
        """Return once SSH answers."""
        # else systemd makes catalogues anew that no test reads
        self.write("/etc/.updated", "")
        self.write("/var/.updated", "")
        files = self._work / "files"
        log = (self._work / "console.log").open("ab")
        share = ["-o", f"source={self.root}", "-o", "cache=always", "-o", "sandbox=chroot", "-o", "xattr"]
        served = [VIRTIOFSD, f"--socket-path={files}", *share]
        self._running = [subprocess.Popen(served, stdout=log, stderr=log, start_new_session=True)]
        until(files.exists, 10)
        memory = f"memory-backend-memfd,id=memory,size={self._memory_mb}M,share=on"
        boot = f"rootfstype=virtiofs root=files rw console={CONSOLES[self._arch]} loglevel=4"
        self._running.append(
            subprocess.Popen(
                [
                    *BOARDS[self._arch],
                    *PACES[self._arch],
                    *("-m", str(self._memory_mb)),
                    *("-object", memory, "-numa", "node,memdev=memory"),
                    *("-chardev", f"socket,id=files,path={files}"),
                    *("-device", "vhost-user-fs-pci,chardev=files,tag=files"),
                    *("-netdev", f"user,id=wire,hostfwd=tcp:127.0.0.1:{self._port}-:22"),
                    *("-device", "virtio-net-pci,netdev=wire", "-device", "virtio-rng-pci"),
                    *("-kernel", f"{self.root}/vmlinuz", "-append", boot),
                    *("-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        )
        until(lambda: self._ended() or self.ask("true").returncode == 0, patience_s)
        assert not self._ended(), (self._work / "console.log").read_text(errors="replace")

    def _ended(self) -> bool:
        return any(process.poll() is not None for process in self._running)

    def power_cut(self) -> None:
        """No more current: nothing is flushed, nobody is told."""
        self._hang_up()
        for process in reversed(self._running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._running = []
        (self._work / "files").unlink(missing_ok=True)

    def close(self) -> None:
        """Away with the board and what it wrote."""
        self.power_cut()
        subprocess.run(["umount", self.root], check=True)
        shutil.rmtree(self._work)

    def _ssh(self) -> list[str]:
        known = ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={self._work}/known"]
        # a new connection takes an emulated processor seconds
        kept = ["-o", "ControlMaster=auto", "-o", f"ControlPath={self._work}/line", "-o", "ControlPersist=600"]
        patience = ["-o", "ConnectTimeout=60", "-o", "LogLevel=ERROR", "-p", str(self._port)]
        return ["ssh", "-i", str(self._work / "key"), *known, *kept, *patience, "root@127.0.0.1"]

    def _hang_up(self) -> None:
        subprocess.run([*self._ssh()[:-1], "-O", "exit", "root@127.0.0.1"], capture_output=True)

    def ask(self, command: str, write: str | None = None, patience_s: float = 300) -> subprocess.CompletedProcess[str]:
        """A shell's command, run there by root."""
        # else a connection that is kept open would keep the pipes open too
        with (self._work / "out").open("w+") as out, (self._work / "err").open("w+") as err:
            done = subprocess.run(
                [*self._ssh(), command], input=write, text=True, stdout=out, stderr=err, timeout=patience_s
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, out.read(), err.read())

    def run(self, command: str, write: str | None = None, patience_s: float = 300) -> str:
        done = self.ask(command, write, patience_s)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def unit(self, key: str) -> str:
        return self.run(f"systemctl show --value --property {key} lampd")

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.ask("lampctl status --json").stdout or "{}")
        return answer


def until(reached: Callable[[], Any], patience_s: float = 60) -> Any:
    """What `reached` says once it is true."""
    end = time.monotonic() + patience_s
    while not (found := reached()):
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.2)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
