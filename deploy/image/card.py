#!/usr/bin/python3 -I
"""What lampd.txt on the boot partition says is applied at each boot, to memory alone: nothing of the last boot is left.

A line that will not do is named on the console and in the journal; the others are applied.
"""

import base64
import binascii
import codecs
import difflib
import os
import re
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

CARD = "/boot/firmware/lampd.txt"
KEYS = ("hostname", "ssh_key", "wifi_name", "wifi_password", "wifi_country", "board", "timezone")
SSH_KEYS = re.compile(r"(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-[\w.-]+@openssh\.com)")


# as deploy/install.sh knows them
BOARDS = {
    "raspberrypi,3-": "raspberry-pi-3",
    "raspberrypi,4-model-b": "raspberry-pi-4",
    "raspberrypi,400": "raspberry-pi-4",
    "raspberrypi,5": "raspberry-pi-5",
    "raspberrypi,model-zero-2-w": "raspberry-pi-zero-2-w",
    "libretech,aml-s905x-cc": "le-potato",
}


class Refused(Exception):
    """A value that will not do; the text says what would."""


class Line(NamedTuple):
    number: int
    value: str


def read(content: bytes) -> tuple[dict[str, list[Line]], list[str]]:
    """The values by key, and what is wrong with the other lines. No value is repeated: it might be a password."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", "replace").encode()
    found: dict[str, list[Line]] = {}
    faults = []
    for number, raw in enumerate(content.removeprefix(codecs.BOM_UTF8).splitlines(), 1):
        try:
            line = raw.decode().strip()
        except UnicodeDecodeError:
            faults.append(f"line {number}: is not UTF-8; save the file as UTF-8")
            continue
        if not line or line.startswith("#"):
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            faults.append(f"line {number}: must be: key = value")
        elif key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KEYS)}"
            faults.append(f"line {number}: {key[:40]!r} is not a key; {hint}")
        elif key in found and key != "ssh_key":
            faults.append(f"line {number}: {key} is said on line {found[key][0].number} already, and that holds")
        elif value:
            found.setdefault(key, []).append(Line(number, value))
    return found, faults


# what will do


def hostname(value: str) -> str:
    if not re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)", value):
        raise Refused("letters, digits and hyphens, 63 at most, no hyphen first or last")
    return value.lower()


def ssh_key(value: str) -> str:
    kind, _, rest = value.partition(" ")
    try:
        blob = base64.b64decode((rest.split() or [""])[0], validate=True)
    except binascii.Error:
        blob = b""
    if not SSH_KEYS.fullmatch(kind) or blob[4 : 4 + len(kind)] != kind.encode():
        raise Refused("the whole line of a public key file, such as id_ed25519.pub: ssh-ed25519 AAAA...")
    return value


def wifi_name(value: str) -> str:
    if len(value.encode()) > 32:
        raise Refused("a network's name has 32 bytes at most")
    return value


def wifi_password(value: str) -> str:
    if not re.fullmatch(r"[ -~]{8,63}|[0-9A-Fa-f]{64}", value):
        raise Refused("8 to 63 letters, digits and signs of ASCII, or 64 hexadecimal digits")
    return value


def wifi_country(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", value):
        raise Refused("two letters, such as DE, GB, US")
    return value.upper()


class Lamp:
    """Where the values go; `root` is / but for tests."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._run = root / "run/lampd-card"
        self._live = root == Path("/")

    def board(self, value: str) -> str:
        boards = (self._root / "usr/lib/lampd-card/boards").read_text().split()
        if value not in boards:
            raise Refused(f"there are {', '.join(boards)}")
        return value

    def timezone(self, value: str) -> str:
        zones = self._root / "usr/share/zoneinfo"
        if not re.fullmatch(r"[A-Za-z][\w+-]*(/[\w+-]+){0,2}", value) or not (zones / value).is_file():
            raise Refused("a name such as Europe/Berlin; `timedatectl list-timezones` lists them")
        return value

    def detect(self) -> str | None:
        """The board by what the kernel says it runs on."""
        try:
            compatible = (self._root / "proc/device-tree/compatible").read_bytes().decode("ascii", "replace")
        except OSError:
            return None
        return next((board for known, board in BOARDS.items() if compatible.startswith(known)), None)

    def set_hostname(self, name: str) -> None:
        if self._live:
            socket.sethostname(name)
        (self._root / "etc/hostname").write_text(f"{name}\n")
        hosts = self._root / "etc/hosts"
        others = [line for line in hosts.read_text().splitlines() if not line.startswith("127.0.1.1")]
        hosts.write_text("\n".join([*others, f"127.0.1.1\t{name}", ""]))

    def set_ssh_keys(self, keys: list[str]) -> None:
        (self._run / "authorized_keys").write_text("".join(f"{key}\n" for key in keys))

    def set_board(self, board: str) -> None:
        (self._run / "board").write_text(f"{board}\n")

    def set_timezone(self, zone: str) -> None:
        place = self._root / "etc/localtime"
        place.unlink(missing_ok=True)
        place.symlink_to(f"/usr/share/zoneinfo/{zone}")
        (self._root / "etc/timezone").write_text(f"{zone}\n")

    def set_wifi(self, name: str, password: str | None, country: str | None) -> None:
        if not (self._root / "usr/sbin/NetworkManager").exists():
            raise Refused("there is no NetworkManager in this image, so no Wi-Fi; use a cable")
        if self._live and shutil.which("rfkill"):
            subprocess.run(["rfkill", "unblock", "wifi"], capture_output=True, check=False)
        if self._live and country and shutil.which("iw"):
            subprocess.run(["iw", "reg", "set", country], capture_output=True, check=False)
        place = self._root / "run/NetworkManager/system-connections/lampd-card.nmconnection"
        place.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(connection(name, password))

    def apply(self, found: dict[str, list[Line]]) -> list[str]:
        """What could not be applied, by line and key."""
        faults: list[str] = []
        self._run.mkdir(parents=True, exist_ok=True)
        (self._run / "board").unlink(missing_ok=True)

        def accept(key: str, check: Callable[[str], str]) -> list[str]:
            accepted = []
            for line in found.get(key, []):
                try:
                    accepted.append(check(line.value))
                except (Refused, OSError) as refused:
                    faults.append(f"line {line.number}: {key}: {refused}")
            return accepted

        def do(key: str, action: Callable[..., None], *values: object) -> None:
            try:
                action(*values)
            except (Refused, OSError) as error:
                where = f"line {found[key][0].number}: " if key in found else ""
                faults.append(f"{where}{key}: {error}")

        for key, check, action in (
            ("hostname", hostname, self.set_hostname),
            ("board", self.board, self.set_board),
            ("timezone", self.timezone, self.set_timezone),
        ):
            for value in accept(key, check):
                do(key, action, value)
        if not (self._run / "board").exists() and (detected := self.detect()):
            do("board", self.set_board, detected)
        if keys := accept("ssh_key", ssh_key):
            do("ssh_key", self.set_ssh_keys, keys)
        network, password = accept("wifi_name", wifi_name), accept("wifi_password", wifi_password)
        country = accept("wifi_country", wifi_country)
        if "wifi_password" in found and not found.get("wifi_name"):
            faults.append(f"line {found['wifi_password'][0].number}: wifi_password: there is no wifi_name")
        # a password that will not do never becomes a network without one
        if network and (password or "wifi_password" not in found):
            do("wifi_name", self.set_wifi, network[0], next(iter(password), None), next(iter(country), None))
        return faults


def connection(name: str, password: str | None) -> str:
    """NetworkManager's file; the name as bytes, which need no quoting."""
    lines = ["[connection]", "id=lampd-card", f"uuid={uuid.uuid5(uuid.NAMESPACE_DNS, name)}", "type=wifi"]
    lines += ["[wifi]", "mode=infrastructure", f"ssid={''.join(f'{byte};' for byte in name.encode())}"]
    if password:
        # the first blank would be taken for the file's own
        lines += ["[wifi-security]", "key-mgmt=wpa-psk", "psk=" + password.replace("\\", "\\\\").replace(" ", "\\s")]
    return "\n".join([*lines, "[ipv4]", "method=auto", "[ipv6]", "method=auto", ""])


def main(root: Path = Path("/")) -> int:
    card = root / CARD.lstrip("/")
    try:
        found, faults = read(card.read_bytes())
    except OSError as error:
        found, faults = {}, [f"{error.strerror}; going by what the image was made for"]
    faults += Lamp(root).apply(found)
    for fault in faults:
        print(f"<3>{card.name}: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
