"""A sound server of one's own: microphones that can be plugged in, muted and unplugged come and go in it."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

PROGRAMS = ("pulseaudio", "paplay", "pactl")
STARTS_S = 30.0


def missing() -> str:
    """What is missing for it, and how to get it."""
    if not all(map(shutil.which, PROGRAMS)):
        return "PulseAudio is missing: sudo apt install pulseaudio pulseaudio-utils libasound2-plugins"
    try:
        import sounddevice  # noqa: F401
    except OSError:
        return "PortAudio is missing: sudo apt install libportaudio2"
    return ""


class SoundServer:
    """PulseAudio in the folder `home`; for programs with its `environment`, PortAudio calls it "pulse"."""

    def __init__(self, home: Path) -> None:
        self.environment = {
            "HOME": str(home),
            "PULSE_RUNTIME_PATH": str(home),
            "PULSE_STATE_PATH": str(home),
            "PULSE_SERVER": f"unix:{home}/native",
        }
        self._socket = home / "native"
        self.start()

    def start(self) -> None:
        server = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        server += ["-L", f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"]
        self.process = subprocess.Popen(server, env=os.environ | self.environment, stderr=subprocess.DEVNULL)
        end = time.monotonic() + STARTS_S
        while self.run("pactl", "info"):
            if time.monotonic() > end:
                raise TimeoutError(f"pulseaudio did not answer within {STARTS_S:.0f} s")
            time.sleep(0.05)

    def run(self, *command: str) -> int:
        """A client's exit code."""
        return subprocess.run(
            command,
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=30,
        ).returncode

    def plug(self, module: str, *settings: str) -> str:
        """Plug in what `module` makes, and return what unplugs it."""
        command = ["pactl", "load-module", module, *settings]
        done = subprocess.run(command, env=os.environ | self.environment, timeout=30, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def unplug(self, plugged: str) -> None:
        self.run("pactl", "unload-module", plugged)

    def stall(self, stalls: bool) -> None:
        """Have it hang, or go on."""
        self.process.send_signal(signal.SIGSTOP if stalls else signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def sound_server() -> Iterator[SoundServer]:
    """One that this process, and what it starts, hears as "pulse" in this context."""
    before = dict(os.environ)
    with TemporaryDirectory(prefix="lampd-") as home:
        server = SoundServer(Path(home))
        os.environ.update(server.environment)
        try:
            yield server
        finally:
            os.environ.clear()
            os.environ.update(before)
            server.kill()
