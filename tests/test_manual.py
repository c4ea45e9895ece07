"""The man page and the shells' completions say what the parser says."""

import shutil
import subprocess
from pathlib import Path

import pytest

from lampd.cli.manual import NAMES, commands, completion, main, page
from lampd.cli.parser import parser

SHELL = Path(__file__).parents[1] / "deploy" / "shell"


def test_what_is_kept_is_what_the_parser_says(tmp_path: Path) -> None:
    main(tmp_path)
    for file in sorted(tmp_path.iterdir()):
        assert (SHELL / file.name).read_text() == file.read_text(), f"{file.name} is old: make manual"


def test_every_command_has_its_place_and_its_words() -> None:
    told = page(parser())
    names = [name for name, _ in commands(parser())]
    assert {"status", "session trim", "voice prepare", "forget"} <= set(names)
    for name, command in commands(parser()):
        assert f".SS \\fB{name.replace('-', chr(92) + '-')}\\fR" in told
        assert command.description, f"{name} does not say what it does"


def test_man_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    linted = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z", str(SHELL / "lampctl.1")], capture_output=True, text=True
    )
    assert (linted.returncode, linted.stderr) == (0, "")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["pau"], {"pause"}),
        (["pause", "l"], {"listening", "learning"}),
        (["session", "t"], {"trim"}),
        (["autonomy", ""], {"act", "hint", "observe"}),
        (["status", "--j"], {"--json"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bash_completes(typed: list[str], expected: set[str]) -> None:
    words = " ".join(f"'{word}'" for word in ["lampctl", *typed])
    script = (
        f"source {SHELL / NAMES['bash']}; COMP_WORDS=({words}); COMP_CWORD={len(typed)}; "
        f"_shtab_lampctl lampctl '{typed[-1]}' ''; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert expected <= set(done.stdout.split()), done.stderr
    assert all(word.startswith(typed[-1]) for word in done.stdout.split())


@pytest.mark.parametrize("shell", sorted(NAMES))
def test_each_shell_reads_it(shell: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(completion(parser(), shell))
    assert subprocess.run([shell, "-n", str(script)], capture_output=True).returncode == 0
