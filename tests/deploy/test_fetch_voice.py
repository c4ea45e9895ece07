"""deploy/fetch-voice.sh, run by a real shell with a real curl against this computer."""

import hashlib
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy" / "fetch-voice.sh"
FILES = ("config.json", "preprocessor_config.json", "vocab.json", "model.safetensors")

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Where the files lie."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for file in FILES:
        (folder / file).write_bytes(file.encode() * 1000)
    return folder


@pytest.fixture
def server(shop: Path) -> Iterator[str]:
    """A server that knows no ranges."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(shop))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


def fetch(state: Path, url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    named = {**os.environ, "LAMPD_VOICE_URL": url, **environment}
    return subprocess.run(["sh", str(SCRIPT), str(state)], capture_output=True, text=True, env=named, check=False)


def test_all_files_come_with_their_sums_and_what_is_next(server: str, shop: Path, tmp_path: Path) -> None:
    done = fetch(tmp_path / "state", server)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "state" / "voices" / "base-960h"
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    for file in FILES:
        content = (shop / file).read_bytes()
        assert (folder / file).read_bytes() == content
        assert f"{hashlib.sha256(content).hexdigest()}  {file}" in done.stdout
    assert "lampctl voice prepare base-960h" in done.stdout
    assert not (tmp_path / "state" / "voices" / "base-960h.draft").exists()


def test_what_broke_off_goes_on_where_it_was(shop: Path, tmp_path: Path) -> None:
    draft = tmp_path / "state" / "voices" / "base-960h.draft"
    draft.mkdir(parents=True)
    whole = (shop / "model.safetensors").read_bytes()
    (draft / "model.safetensors.part").write_bytes(whole[:5000])
    done = fetch(tmp_path / "state", f"file://{shop}")
    assert done.returncode == 0, done.stderr
    assert (draft.with_suffix("") / "model.safetensors").read_bytes() == whole


def test_a_wrong_sum_is_refused_and_the_file_thrown_away(server: str, tmp_path: Path) -> None:
    done = fetch(tmp_path / "state", server, LAMPD_VOICE_SHA256="0" * 64)
    assert done.returncode == 1
    assert "not what was expected" in done.stderr
    assert not (tmp_path / "state" / "voices" / "base-960h").exists()
    right = hashlib.sha256(b"model.safetensors" * 1000).hexdigest()
    assert fetch(tmp_path / "state", server, LAMPD_VOICE_SHA256=right).returncode == 0


def test_no_network_is_said_and_nothing_is_left_half(server: str, tmp_path: Path) -> None:
    done = fetch(tmp_path / "state", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert "is there a network?" in done.stderr
    assert not (tmp_path / "state" / "voices" / "base-960h").exists()


def test_a_file_that_is_not_there_is_named(server: str, shop: Path, tmp_path: Path) -> None:
    (shop / "vocab.json").unlink()
    done = fetch(tmp_path / "state", server)
    assert done.returncode == 1
    assert "vocab.json cannot be had" in done.stderr


def test_a_new_one_takes_the_place_of_the_old(server: str, shop: Path, tmp_path: Path) -> None:
    assert fetch(tmp_path / "state", server).returncode == 0
    (shop / "model.safetensors").write_bytes(b"new")
    assert fetch(tmp_path / "state", server).returncode == 0
    assert (tmp_path / "state" / "voices" / "base-960h" / "model.safetensors").read_bytes() == b"new"
