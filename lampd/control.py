"""The lamp's ear for its owner: one JSON object a line over a Unix socket, one back.

The daemon answers with Control; lampctl asks with ask().
"""

import json
import queue
import socket
import socketserver
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Request = dict[str, Any]
TIMEOUT_S = 5.0


class NotRunning(Exception):
    """No daemon answers; the text says where it was asked and what to do."""


class Control:
    """Answers requests at `path` with what `answer` returns, called through `soon` in the hub's own thread."""

    def __init__(
        self, path: Path, answer: Callable[[Request], Request], soon: Callable[[Callable[[], object]], None]
    ) -> None:
        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for line in self.rfile:
                    self.wfile.write(json.dumps(reply(line)).encode() + b"\n")

        def reply(line: bytes) -> Request:
            try:
                request = json.loads(line)
            except ValueError as error:
                return {"error": f"not JSON: {error}"}
            if not isinstance(request, dict):
                return {"error": "a request is a JSON object"}
            answers: queue.SimpleQueue[Request] = queue.SimpleQueue()
            soon(lambda: answers.put(self._safely(answer, request)))
            try:
                return answers.get(timeout=TIMEOUT_S)
            except queue.Empty:
                return {"error": "the hub is busy"}

        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            # one that nobody answers at was left by a crash
            try:
                ask(path, {"ask": "ping"})
            except NotRunning:
                path.unlink()
            else:
                raise OSError(f"{path}: another lampd answers there")
        self._server = socketserver.ThreadingUnixStreamServer(str(path), Conversation)
        self._server.daemon_threads = True
        path.chmod(0o660)
        self._path = path
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @staticmethod
    def _safely(answer: Callable[[Request], Request], request: Request) -> Request:
        try:
            return answer(request)
        except (OSError, ValueError, KeyError, TypeError, sqlite3.Error) as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._path.unlink(missing_ok=True)


def ask(path: Path, request: Request) -> Request:
    """The daemon's answer to a request. Raises NotRunning."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_S + 1)
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile() as lines:
                answer: Request = json.loads(lines.readline() or "{}")
                return answer
    except (OSError, ValueError) as error:
        raise NotRunning(
            f"no lampd answers at {path} ({error}). Is it running? `systemctl status lampd`, or `make lamp` on a "
            "computer. A lampd with another configuration: --config FILE, or LAMPD_CONFIG"
        ) from None
