"""`lampd`: the lamp. Runs the five stages until it is told to stop."""

import argparse
import contextlib
import datetime
import signal
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

from lampd import __version__, config
from lampd.control import Control, Request
from lampd.history import HistoryError, told, undone
from lampd.hub import Hub
from lampd.journal import Journal, JournalError, boot_id
from lampd.log import log, prefix
from lampd.messages import AnyMessage, Press, Privacy
from lampd.notify import notify
from lampd.recording import Recording
from lampd.settings import Settings
from lampd.voice.identity import identity

FEED_S = 1.0
"""Between two words to the watchdog."""


class Daemon:
    """The hub, with what its owner asks of it."""

    def __init__(self, settings: Settings, journal: Journal, error: str = "") -> None:
        self._hub = Hub(settings, journal, time.monotonic, live=True)
        self._broken = {"well": False, "journal_error": error} if error else {}
        self._settings = settings
        self._recording: Recording | None = None
        self.stopping = False

    @property
    def hub(self) -> Hub:
        return self._hub

    def answer(self, request: Request) -> Request:
        """What `lampctl` gets for a request. Raises ValueError, KeyError or OSError, which it gets too."""
        match request.get("ask"):
            case "ping":
                return {"version": __version__}
            case "status":
                recording = str(self._recording.folder) if self._recording else None
                return {"version": __version__, **self._hub.status(), **self._broken, "recording": recording}
            case "press":
                lit = request["lit"]
                if lit not in (True, False, None):
                    raise ValueError("lit: true, false or null")
                self._hub.post(Press(time.monotonic(), lit))
                return {"done": True}
            case "relabel" | "undo":
                return self._told(request)
            case "forget":
                self._hub.forget(Path(self._settings.state_dir), {int(one) for one in request["utterances"]})
                return {"done": True}
            case "listen":
                listens = request["listens"]
                if listens not in (True, False):
                    raise ValueError("listens: true or false")
                self._hub.post(Privacy(time.monotonic(), listens))
                return {"done": True}
            case "record":
                return self._record(request["folder"])
        raise ValueError(f"unknown request: {request}")

    def _told(self, request: Request) -> Request:
        journal = self._hub.journal
        try:
            if request["ask"] == "undo":
                examples = [undone(journal)]
            else:
                examples = [told(journal, one, request["meant"]) for one in request["utterances"]]
        except HistoryError as error:
            return {"error": str(error)}
        for example in examples:
            self._hub.tell(example)
        return {"done": [[example.utterance, example.possible] for example in examples]}

    def _record(self, folder: str | None) -> Request:
        if self._recording:
            if folder:
                raise ValueError(f"already recording into {self._recording.folder}")
            self._hub.observers.remove(self._recording.observe)
            done, self._recording = self._recording, None
            return {"folder": str(done.folder)}
        if not folder:
            raise ValueError("not recording")
        started = datetime.datetime.now().astimezone()
        path = Path(folder)
        if folder == "new":
            path = Path(self._settings.state_dir) / "sessions" / started.strftime("%Y-%m-%dT%H-%M-%S")
        self._recording = Recording(path, time.monotonic(), started.isoformat(timespec="seconds"))
        self._hub.observers.append(self._recording.observe)
        return {"folder": str(path)}

    def run(self) -> None:
        """Route until told to stop, feeding the watchdog while every stage has a pulse."""
        ready, fed = False, 0.0
        children = self._hub.processes.children
        while not self.stopping:
            self._hub.turn(float("inf"))
            if not ready and (life := children["operator"].life) and life.ready:
                ready = True
                notify("READY=1")
            hung = any(one.is_hung(self._settings.hub.hang_after_s) for one in children.values())
            if not hung and time.monotonic() - fed > FEED_S:
                fed = time.monotonic()
                notify("WATCHDOG=1")
        notify("STOPPING=1")


def open_journal(path: Path, voice: str) -> tuple[Journal, str]:
    """The journal, or one in memory and what is wrong with the real one: the switch works whatever the disk does."""
    try:
        return Journal(path, boot_id(), voice), ""
    except JournalError as error:
        log.error("journal failed", error=str(error))
        return Journal(":memory:", boot_id(), voice), str(error)


@contextlib.contextmanager
def keyboard(daemon: Daemon) -> Iterator[None]:
    """Space flips the lamp, q ends it, while in this context. Does nothing where there is no terminal."""
    if not sys.stdin.isatty():
        yield
        return

    def watch() -> None:
        while key := sys.stdin.read(1):
            if key == " ":
                daemon.hub.processes.soon(lambda: daemon.hub.post(Press(time.monotonic())))
            elif key == "q":
                daemon.stopping = True

    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def on_screen(daemon: Daemon) -> None:
    """Run with the screen as lamp and the keyboard as switch."""
    from lampd.cli.view import View

    title = "lampd: talk, and flip with space; q ends"
    with View(title=title, begin=time.monotonic()) as view, keyboard(daemon):

        def complain(message: AnyMessage) -> None:
            children = daemon.hub.processes.children.values()
            view.note = "\n".join(f"{one.name}: {one.error}" for one in children if one.error)

        daemon.hub.observers += [complain, view.observe]
        daemon.run()


def main() -> int:
    parser = argparse.ArgumentParser(prog="lampd", description="A lamp that learns from the flips of its switch.")
    parser.add_argument("--config", metavar="FILE", help="the configuration (default: LAMPD_CONFIG, else /etc/lampd)")
    parser.add_argument("--screen", action="store_true", help="show the lamp here; the space bar is the switch")
    parser.add_argument("--version", action="version", version=__version__)
    arguments = parser.parse_args()
    try:
        settings = config.load(config.owners_file(arguments.config))
        state = Path(settings.state_dir)
        state.mkdir(parents=True, exist_ok=True)
        file = (state / "lampd.log").open("a") if arguments.screen else sys.stderr
        log.to(file, settings.log_level)
        daemon = Daemon(settings, *open_journal(state / "journal.db", identity(settings.transcriber.voice)))
        control = Control(Path(settings.control_socket), daemon.answer, daemon.hub.processes.soon)
    except (config.ConfigError, OSError) as error:
        print(f"{prefix(sys.stderr, 'error')}lampd: {error}", file=sys.stderr)
        return 1

    def stop(*_: object) -> None:
        daemon.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    daemon.hub.start()
    try:
        on_screen(daemon) if arguments.screen else daemon.run()
    finally:
        control.close()
        for message in daemon.hub.processes.stop():
            daemon.hub.post(message)
        daemon.hub.journal.close()
    return 0
