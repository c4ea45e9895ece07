"""lampd itself: whether it runs and is well, whether its configuration suits the board, and what it is made of."""

import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lampd import __version__, config
from lampd.doctor.check import Check, Lamp
from lampd.doctor.who import refused, user
from lampd.story import duration

MODELS = {
    "raspberry-pi-3": "Raspberry Pi 3",
    "raspberry-pi-4": "Raspberry Pi 4",
    "raspberry-pi-5": "Raspberry Pi 5",
    "raspberry-pi-zero-2-w": "Raspberry Pi Zero 2 W",
    "le-potato": "AML-S905X-CC",
}
"""Boards by profile, and what is part of the name that their device tree gives them."""
NEWEST_TORCH = (2, 9)
"""That runs on ARMv8.0 cores, such as Cortex-A53 and A72."""


def daemon(lamp: Lamp) -> Check:
    if answer := lamp.answer:
        told = f"runs, version {answer['version']}, up {duration(answer['up_s'])}"
        if answer["version"] != __version__:
            other = f"{told}; lampctl is {__version__}"
            return Check("lampd", "look", other, f"restart it: `systemctl restart {lamp.service}`")
        if answer["well"]:
            return Check("lampd", "ok", f"{told}, and says that it is well")
        return Check("lampd", "bad", f"{told}; it complains: {'; '.join(answer['complaints'])}", "see the lines below")
    if word := refused(Path(lamp.settings.control_socket)):
        return Check("lampd", "look", "this user may not ask it", word)
    start = (
        f"`systemctl start {lamp.service}`, unless it is stopped on purpose; `journalctl -u {lamp.service}` tells why"
    )
    return Check("lampd", "look", f"does not run: nobody answers at {lamp.settings.control_socket}", start)


def configuration(lamp: Lamp) -> Check:
    if lamp.config_error:
        return Check("configuration", "bad", lamp.config_error, "correct that; what follows is looked at with defaults")
    return Check("configuration", "ok", f"can be used, for the board {lamp.settings.board}")


def board(lamp: Lamp, tree: Path = Path("/proc/device-tree/model")) -> Check:
    """The profile against what the machine says it is."""
    profile = lamp.settings.board
    try:
        model = tree.read_text("utf-8").strip("\0\n ")
    except OSError:
        if profile in MODELS:
            set_it = "if this is no such board, set `board: laptop`"
            return Check("board", "look", f"the profile is {profile}, and the machine does not say what it is", set_it)
        return Check("board", "ok", f"the profile is {profile}; the machine ({platform.machine()}) does not say")
    fits = [name for name, part in MODELS.items() if part in model]
    if profile in fits:
        return Check("board", "ok", f"{model}, and the profile is {profile}")
    if fits:
        set_it = f"set `board: {fits[0]}` in {config.OWNERS}, or in lampd.txt on a card, and restart lampd"
        return Check("board", "bad", f"{model}, but the profile is {profile}", set_it)
    wanted = "compare hardware/ with this board's pins"
    return Check("board", "look", f"{model} has no profile of its own; {profile} is used", wanted)


def versions(lamp: Lamp, cpuinfo: Path = Path("/proc/cpuinfo")) -> Check:
    found = {name: _version(name) for name in ("torch", "onnxruntime")}
    told = f"lampd {__version__}, Python {platform.python_version()}, "
    told += ", ".join(f"{name} {number or 'missing'}" for name, number in found.items())
    again = "install lampd's own release, deploy/install.sh: its versions were tried together"
    if not found["onnxruntime"]:
        return Check("versions", "bad", told, again)
    if not found["torch"]:
        return Check("versions", "look", f"{told}: no saffu, and no voice that was not prepared", again)
    cores = old_cores(cpuinfo.read_text() if cpuinfo.exists() else "", platform.machine())
    if cores and newer_torch(found["torch"]):
        dies = "which dies of an illegal instruction on ARMv8.0 cores as these are"
        return Check("versions", "bad", f"{told}, {dies}", f"torch 2.9.1 does not: {again}")
    return Check("versions", "ok", told + (" (for ARMv8.0 cores)" if cores else ""))


def old_cores(cpuinfo: str, machine: str) -> bool:
    """Whether some core of an ARM machine has no atomic instructions, which came with ARMv8.1."""
    features = [line.split(":")[1].split() for line in cpuinfo.splitlines() if line.startswith("Features")]
    return machine in ("aarch64", "arm64") and any("atomics" not in one for one in features)


def newer_torch(number: str) -> bool:
    major, minor = number.split(".")[:2]
    return (int(major), int(minor)) > NEWEST_TORCH


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def clock(lamp: Lamp, now: float | None = None, clocks: Path = Path("/sys/class/rtc")) -> Check:
    """What lampd learns and decides goes by the time since the start, so a wrong date harms nothing but dates."""
    has = sorted(one.name for one in clocks.glob("rtc*")) if clocks.is_dir() else []
    kept = f"kept by {has[0]} while the power is off" if has else "kept by nothing while the power is off"
    moment = time.localtime(now)
    told = f"{time.strftime('%Y-%m-%d %H:%M', moment)}, {kept}"
    if moment.tm_year < 2024:
        harmless = "it learns by the time since its start; dates in log and history are wrong"
        return Check("clock", "ok", f"{told}; never set, which harms nothing: {harmless}")
    return Check("clock", "ok", told)


def socket(lamp: Lamp) -> Check:
    """Who may ask."""
    from lampd.doctor.who import group, number_of

    path = Path(lamp.settings.control_socket)
    if word := refused(path):
        return Check("socket", "bad", "this user may not ask", word)
    try:
        about = path.stat()
    except OSError:
        return Check("socket", "ok", f"none at {path}: lampd makes it when it starts")
    told = f"{path} is for {user(about.st_uid)} and the group {group(about.st_gid)}, mode {about.st_mode & 0o777:o}"
    ours = number_of("lampd")
    if ours is not None and about.st_gid != ours:
        service = f"was it started by hand? stop it, and `systemctl start {lamp.service}`, for the group lampd"
        return Check("socket", "look", f"{told}, not lampd", service)
    if about.st_mode & 0o007:
        return Check("socket", "look", f"{told}: anybody may ask", f"`chmod 660 {path}`")
    if lamp.answer is None:
        return Check("socket", "look", f"{told}, and nobody answers there", "left by a crash: lampd removes it itself")
    return Check("socket", "ok", told)
