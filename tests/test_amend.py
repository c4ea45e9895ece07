"""One setting of the owner's file is changed; what else is there stays, and what is not safe is refused."""

import pytest
import yaml

from lampd.amend import AmendError, amended

FILE = """# the kitchen
board: raspberry-pi-4
transcriber:        # the ear
    # two cores
    threads: 2
    voice: bundled  # for now

gpio: {factory: mock}
"""


def test_a_value_is_replaced_and_the_rest_kept() -> None:
    changed = amended(FILE, "transcriber", "voice", "/var/lib/lampd/voices/base-960h")
    assert changed == FILE.replace("voice: bundled ", "voice: /var/lib/lampd/voices/base-960h ")
    assert amended(changed, "transcriber", "voice", "bundled") == FILE


@pytest.mark.parametrize(
    "text",
    ["", "board: laptop\n", "transcriber:\nboard: laptop\n", "transcriber:\n  threads: 2\n", "board: laptop"],
)
def test_what_is_not_there_is_added(text: str) -> None:
    before = yaml.safe_load(text) or {}
    changed = yaml.safe_load(amended(text, "transcriber", "voice", "bundled"))
    assert changed == before | {"transcriber": {**(before.get("transcriber") or {}), "voice": "bundled"}}


@pytest.mark.parametrize("value", ["a: b", "#1", "no", "12", "/a folder/with 'quotes'", "żółw"])
def test_any_text_is_a_value(value: str) -> None:
    assert yaml.safe_load(amended(FILE, "transcriber", "voice", value))["transcriber"]["voice"] == value


@pytest.mark.parametrize(
    "text",
    [
        "transcriber: {voice: bundled}\n",
        "transcriber:\n  voice: >\n    bundled\n",
        "'transcriber':\n  voice: bundled\n",
        "{board: laptop}\n",
        "- board\n",
        "a: [\n",
    ],
)
def test_what_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(AmendError):
        amended(text, "transcriber", "voice", "other")
