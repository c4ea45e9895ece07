"""The lamp's ear for its owner: one JSON object a line over a Unix socket, one back. Who asks to watch gets every
message from then on, a line each.

The daemon answers with Control; lampctl asks with ask() and watch(). The socket's mode and group say who may. Who asks
what is malformed or too long is told so, who is too slow is let go, and the hub waits for nobody.
"""

import contextlib
import json
import queue
import socket
import socketserver
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from lampd.log import log
from lampd.messages import AnyMessage, Block, Speaking, Speech
from lampd.story import fields

Request = dict[str, Any]
Observe = Callable[[AnyMessage], object]
TIMEOUT_S = 5.0
IDLE_S = 60.0
"""A client that says nothing, or reads nothing, for this long is let go."""
TURNED_AWAY_S = 1.0
"""For so long one who is told to come again may take to say what he wants."""
LONGEST = 256 * 1024
"""Bytes of a request."""
CLIENTS = 16
BEHIND = 256
"""Messages that a watcher may be behind before it misses some."""
UNSEEN = (Block, Speaking, Speech)
"""What a watcher is not shown: sound stays in the lamp."""


class NotRunning(Exception):
    """No daemon answers; the text says where it was asked and what to do."""


class Control:
    """Answers requests at `path` with what `answer` returns, and has `watch` add or remove observers; both are called
    through `soon` in the hub's own thread."""

    def __init__(
        self,
        path: Path,
        answer: Callable[[Request], Request],
        watch: Callable[[Observe, bool], None],
        soon: Callable[[Callable[[], object]], None],
    ) -> None:
        self._answer, self._watch, self._soon = answer, watch, soon
        self._clients = threading.BoundedSemaphore(CLIENTS)
        control = self

        class Conversation(socketserver.StreamRequestHandler):
            timeout = IDLE_S

            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    control._converse(self)

        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            # one that nobody answers at was left by a crash
            try:
                ask(path, {"ask": "ping"})
            except NotRunning:
                path.unlink()
            else:
                raise OSError(f"{path}: another lampd answers there")

        class Server(socketserver.ThreadingUnixStreamServer):
            request_queue_size = 4 * CLIENTS
            daemon_threads = True

        self._server = Server(str(path), Conversation)
        path.chmod(0o660)
        self._path = path
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _converse(self, client: socketserver.StreamRequestHandler) -> None:
        if not self._clients.acquire(blocking=False):
            client.connection.settimeout(TURNED_AWAY_S)
            # who is still writing would not read
            client.rfile.readline(LONGEST)
            client.wfile.write(_line({"error": f"{CLIENTS} others are asking: try again"}))
            return
        try:
            while line := client.rfile.readline(LONGEST + 1):
                if len(line) > LONGEST:
                    client.wfile.write(_line({"error": f"a request is at most {LONGEST} bytes"}))
                    return
                request = _request(line)
                if request.get("ask") == "watch":
                    self._show(client)
                    return
                client.wfile.write(_line(self._reply(request)))
        finally:
            self._clients.release()

    def _reply(self, request: Request) -> Request:
        if "error" in request:
            return request
        answers: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._soon(lambda: answers.put(self._safely(request)))
        try:
            return answers.get(timeout=TIMEOUT_S)
        except queue.Empty:
            return {"error": "the hub is busy"}

    def _safely(self, request: Request) -> Request:
        try:
            return self._answer(request)
        except (OSError, ValueError, sqlite3.Error) as error:
            return {"error": str(error)}
        except Exception as error:
            # the hub goes on, whatever it was asked
            log.error("request failed", request=str(request)[:200], error=repr(error))
            return {"error": repr(error)}

    def _show(self, client: socketserver.StreamRequestHandler) -> None:
        """Write every message from now on; those that come while the client is too far behind are counted instead."""
        waiting: queue.Queue[AnyMessage] = queue.Queue(BEHIND)
        missed = 0

        def observe(message: AnyMessage) -> None:
            nonlocal missed
            if not isinstance(message, UNSEEN):
                try:
                    waiting.put_nowait(message)
                except queue.Full:
                    missed += 1

        self._soon(lambda: self._watch(observe, True))
        try:
            while True:
                shown = fields(waiting.get())
                client.wfile.write(_line(shown | {"missed": missed} if missed else shown))
        finally:
            self._soon(lambda: self._watch(observe, False))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._path.unlink(missing_ok=True)


def _line(reply: Request) -> bytes:
    return json.dumps(reply).encode() + b"\n"


def _request(line: bytes) -> Request:
    try:
        # unlike json it takes neither NaN nor halves of characters
        request = msgspec.json.decode(line)
    except (ValueError, RecursionError) as error:
        return {"error": f"not JSON: {error}"}
    return request if isinstance(request, dict) else {"error": "a request is a JSON object"}


def _not_running(path: Path, error: Exception) -> NotRunning:
    return NotRunning(
        f"no lampd answers at {path} ({error}). Is it running? `systemctl status lampd`, or `make lamp` on a "
        "computer. One of several lamps: --name NAME. Another configuration: --config FILE, or LAMPD_CONFIG"
    )


def ask(path: Path, request: Request) -> Request:
    """The daemon's answer to a request. Raises NotRunning."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_S + 1)
            connection.connect(str(path))
            connection.sendall(_line(request))
            with connection.makefile() as lines:
                answer: Request = json.loads(lines.readline() or "{}")
                return answer
    except (OSError, ValueError) as error:
        raise _not_running(path, error) from None


def watch(path: Path) -> Iterator[Request]:
    """Every message of the daemon from now on, as it comes. Raises NotRunning, also when the daemon ends."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(path))
            connection.sendall(_line({"ask": "watch"}))
            with connection.makefile() as lines:
                for line in lines:
                    yield json.loads(line)
        raise OSError("it has ended")
    except (OSError, ValueError) as error:
        raise _not_running(path, error) from None
