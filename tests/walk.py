"""A walk through a document: what its blocks say to type is typed, in order, in one shell; what is printed is pasted.

`python -m tests.walk` walks hardware/first-evening.md and writes it anew.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "hardware" / "first-evening.md"
END = "-- end of what it printed --"


class Shell:
    """A bash in a folder of its own, with the checkout's sessions at hand."""

    def __init__(self, folder: Path) -> None:
        (folder / "walk").mkdir(exist_ok=True)
        (folder / "tests").symlink_to(ROOT / "tests")
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._folder = str(folder)
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PATH": path, "COLUMNS": "100", "TZ": "UTC"},
            start_new_session=True,
        )

    def type(self, command: str) -> list[str]:
        """The lines that a command prints."""
        assert self._bash.stdin and self._bash.stdout
        self._bash.stdin.write(f"{command}\necho '{END}'\n")
        self._bash.stdin.flush()
        lines = []
        while (line := self._bash.stdout.readline().rstrip("\n")) != END:
            lines.append(line.replace(self._folder, "~"))
        return lines

    def close(self) -> None:
        assert self._bash.stdin
        self._bash.stdin.write("kill %1; wait\n")
        self._bash.stdin.close()
        self._bash.wait(20)


def blocks(text: str) -> list[str]:
    """What stands between fences."""
    return re.findall(r"```\n(.*?)```", text, re.DOTALL)


def commands(block: str) -> list[tuple[str, list[str]]]:
    """The commands of a block, each with the lines below it."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def wait_until_well(shell: Shell) -> None:
    """Until all that can be there is: the recorder is not, without a microphone."""
    ready = """
import json, sys
status = json.load(sys.stdin)
others = [stage["state"] for name, stage in status["stages"].items() if name != "recorder"]
sys.exit(set(others) != {"ready"} or status["model"] is None)
"""
    shell.type(
        f"until lampctl status --json 2> walk/not-yet | python3 -c '{ready}' 2> walk/not-yet; do sleep 0.2; done"
    )


def walked(text: str, shell: Shell) -> str:
    """The document with what its commands print below them."""
    for block in blocks(text):
        told = []
        for command, _ in commands(block):
            told += [f"$ {command}", *shell.type(command)]
            if command.startswith("lampd "):
                wait_until_well(shell)
        text = text.replace(f"```\n{block}```", "```\n" + "\n".join(line.rstrip() for line in told) + "\n```", 1)
    return text


def masked(lines: list[str]) -> list[str]:
    """Without what differs from run to run and from machine to machine: numbers, the room that they take, what the
    microphone and the trainer were at, what the board tells of itself."""
    alike = (re.sub(r" +", " ", re.sub(r"[+-]?[0-9][0-9.:,-]*", "#", line)) for line in lines)
    passing = "not well", "recorder", "microphone", "board", "model", "lamp "
    return [line.replace("models", "model") for line in alike if not line.startswith(passing)]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="lampd-walk-") as folder:
        shell = Shell(Path(folder))
        DOCUMENT.write_text(walked(DOCUMENT.read_text("utf-8"), shell), "utf-8")
        shell.close()
