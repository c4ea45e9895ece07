"""Who made a file: text comes in, its signature by an SSH key, as people have one already, leaves; or it is checked.

ssh-keygen does the work.
"""

import subprocess
import tempfile
from pathlib import Path

NAMESPACE = "lampd"
WHO = "owner"


class SignatureError(Exception):
    """A signature that cannot be made, or is not who it should be of; the text says why."""


def sign(text: bytes, key: Path) -> bytes:
    """The signature of `text` by a private SSH key, or by the agent's where `key` is its public half. Raises
    SignatureError."""
    if not key.is_file():
        raise SignatureError(f"--key: there is no {key}")
    with tempfile.TemporaryDirectory(prefix="lampd-") as folder:
        file = Path(folder) / "text"
        file.write_bytes(text)
        # it asks for a passphrase itself, where there is one
        done = _keygen("-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key), str(file))
        made = Path(f"{file}.sig")
        if done.returncode or not made.exists():
            raise SignatureError(f"--key: {key} does not sign: {_last(done)}")
        return made.read_bytes()


def check(text: bytes, signature: bytes, signer: str) -> None:
    """Whether `signature` of `text` is by `signer`: a public SSH key, or a file with one. Raises SignatureError."""
    line = public_key(signer)
    with tempfile.TemporaryDirectory(prefix="lampd-") as folder:
        allowed, found = Path(folder) / "allowed", Path(folder) / "signature"
        allowed.write_text(f'{WHO} namespaces="{NAMESPACE}" {line}\n')
        found.write_bytes(signature)
        wants = "-Y", "verify", "-f", str(allowed), "-I", WHO, "-n", NAMESPACE, "-s", str(found)
        if _keygen(*wants, text=text).returncode:
            raise SignatureError("it is not signed by the key of --signer, or was changed since")


def public_key(signer: str) -> str:
    """The kind and the key, of a public SSH key or of a file with one. Raises SignatureError."""
    try:
        text = Path(signer).read_text("utf-8") if len(signer) < 1000 and Path(signer).is_file() else signer
    except (OSError, UnicodeDecodeError) as error:
        raise SignatureError(f"--signer: {signer}: {error}") from None
    lines = [" ".join(line.split()[:2]) for line in text.splitlines() if line.strip()]
    if len(lines) != 1 or _keygen("-l", "-f", "-", text=lines[0].encode() + b"\n").returncode:
        raise SignatureError(f"--signer: {signer} is neither a public SSH key nor a file with one")
    return lines[0]


def _keygen(*words: str, text: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(["ssh-keygen", *words], input=text, capture_output=True, check=False)
    except FileNotFoundError:
        raise SignatureError("ssh-keygen is missing: sudo apt install openssh-client") from None


def _last(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}"
