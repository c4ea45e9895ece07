"""`lampd`: the lamp. Runs the five stages until it is told to stop."""

import argparse
import contextlib
import math
import signal
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

from lampd import __version__, config
from lampd.control import Control
from lampd.gauge import Gauges
from lampd.hub import Hub, beginning
from lampd.inline import Observer
from lampd.journal import Journal, JournalError, boot_id
from lampd.log import log, prefix
from lampd.messages import AnyMessage, Press
from lampd.notify import notify
from lampd.outage import Outage
from lampd.requests import Requests
from lampd.salvage import FAULTS, is_damage, salvage
from lampd.settings import Settings, Thing
from lampd.voice.identity import identity

FEED_S = 1.0
"""Between two words to the watchdog."""


class Daemon:
    """The hub, with what its owner asks of it."""

    def __init__(self, settings: Settings, journal: Journal, outage: Outage | None = None) -> None:
        self._hub = Hub(settings, journal, time.monotonic, live=True, outage=outage)
        self._settings = settings
        self.requests = Requests(self._hub, settings)
        self.stopping = False

    @property
    def hub(self) -> Hub:
        return self._hub

    @property
    def thing(self) -> Thing:
        return self._settings.thing

    def watch(self, observe: Observer, on: bool) -> None:
        """Have `observe` see every message from now on, or no longer."""
        self._hub.observers.append(observe) if on else self._hub.observers.remove(observe)

    def run(self) -> None:
        """Route until told to stop, feeding the watchdog while every stage has a pulse."""
        ready, fed = False, 0.0
        processes = self._hub.processes
        gauges = Gauges(self._hub)
        while not self.stopping:
            self._hub.turn(float("inf"))
            gauges.look()
            if not ready and (life := processes.children["operator"].life) and life.ready:
                ready = True
                notify("READY=1")
            if not processes.hung() and time.monotonic() - fed > FEED_S:
                fed = time.monotonic()
                notify("WATCHDOG=1")
        notify("STOPPING=1")


def open_journal(path: Path, voice: str, most_mb: float = math.inf) -> tuple[Journal, Outage | None]:
    """The journal, salvaged where it is damaged; or one in memory, until the real one can be used: the switch works
    whatever the disk does."""
    try:
        try:
            return _begun(path, voice, most_mb), None
        except (JournalError, *FAULTS) as error:
            if not is_damage(error):
                raise
            salvage(path, error)
        return _begun(path, voice, most_mb), None
    except (JournalError, OSError, *FAULTS) as error:
        journal = Journal(":memory:", boot_id(), voice, most_mb=most_mb)
        return journal, Outage(journal, path, error)


def _begun(path: Path, voice: str, most_mb: float) -> Journal:
    """The journal, once all has been read of it that the hub begins with. Raises JournalError and FAULTS."""
    journal = Journal(path, boot_id(), voice, most_mb=most_mb)
    try:
        beginning(journal, 0.0)
    except FAULTS:
        journal.close()
        raise
    return journal


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
    with View(title=title, begin=time.monotonic(), thing=daemon.thing) as view, keyboard(daemon):

        def complain(message: AnyMessage) -> None:
            children = daemon.hub.processes.children.values()
            wrong = {one.name: one.error or one.note for one in children}
            view.note = "\n".join(f"{name}: {text}" for name, text in wrong.items() if text)

        daemon.hub.observers += [complain, view.observe]
        daemon.run()


def main() -> int:
    parser = argparse.ArgumentParser(prog="lampd", description="A lamp that learns from the flips of its switch.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--config", metavar="FILE", help="the configuration (default: LAMPD_CONFIG, else /etc/lampd)")
    which.add_argument("--name", help="which of several lamps it is: its configuration is /etc/lampd/NAME.yaml")
    parser.add_argument("--screen", action="store_true", help="show the lamp here; the space bar is the switch")
    parser.add_argument("--version", action="version", version=__version__)
    arguments = parser.parse_args()
    try:
        settings = config.load(config.owners_file(arguments.config, arguments.name))
        state, ear = Path(settings.state_dir), identity(settings.transcriber.voice)
        opened = open_journal(state / "journal.db", ear, settings.keeping.journal_mb)
        log.to((state / "lampd.log").open("a") if arguments.screen else sys.stderr, settings.log_level)
        daemon = Daemon(settings, *opened)
        control = Control(
            Path(settings.control_socket), daemon.requests.answer, daemon.watch, daemon.hub.processes.soon
        )
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
