"""Words to systemd: readiness and the watchdog's pulse, as sd_notify(3) has them. Silent where there is no systemd."""

import os
import socket


def notify(state: str) -> None:
    """Send `state`, such as "READY=1" or "WATCHDOG=1"."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # a leading @ stands for the abstract namespace
    address = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
        connection.connect(address)
        connection.sendall(state.encode())
