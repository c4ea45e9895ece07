"""`lampctl backup | restore`: all that was learned, in one file, and back. Exit codes: 0 done, 1 refused."""

import argparse
import sys
from pathlib import Path

from lampd import archive, config, control
from lampd.backup import BackupError, Manifest, make
from lampd.cli.ask import DEGRADED, WELL, complain, load
from lampd.restore import Restored, restore
from lampd.signature import SignatureError
from lampd.story import readable
from lampd.voice.identity import identity

REFUSED = (BackupError, archive.ArchiveError, SignatureError, OSError)


def backup(arguments: argparse.Namespace) -> int:
    """`lampctl backup`"""
    settings = load(arguments)
    if not settings:
        return DEGRADED
    file, key = Path(arguments.file), Path(arguments.key).expanduser() if arguments.key else None
    voice = identity(settings.transcriber.voice)
    try:
        made = make(Path(settings.state_dir), file, voice, key, arguments.force)
    except REFUSED as error:
        return _refused(error)
    signed = ", signed" if key else ""
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB, {_what(made)}{signed}")
    near = f"it tells what was said near the {settings.thing.name}"
    print(f"{near}: keep it as you would a diary; lampctl forget does not reach it")
    return WELL


def _what(manifest: Manifest) -> str:
    models = len(manifest.files) - 1
    return f"the journal and {models} model{'' if models == 1 else 's'}"


def restored(arguments: argparse.Namespace) -> int:
    """`lampctl restore`"""
    settings = load(arguments)
    if not settings:
        return DEGRADED
    service = config.service_of(config.owners_file(arguments.config))
    try:
        control.ask(Path(settings.control_socket), {"ask": "ping"})
        print(f"lampctl: lampd is running: stop it first: systemctl stop {service}", file=sys.stderr)
        return DEGRADED
    except control.NotRunning:
        pass
    try:
        done = restore(Path(arguments.file), Path(settings.state_dir), arguments.signer)
    except REFUSED as error:
        return _refused(error)
    _tell(done, identity(settings.transcriber.voice), bool(arguments.signer))
    print(f"it is used when lampd starts: systemctl start {service}")
    return WELL


def _tell(done: Restored, voice: str, checked: bool) -> None:
    said = done.manifest
    made = readable(f"lampd {said.lampd} had learned by {said.made}")
    print(f"restored what {made}: {done.utterances} utterances, {_what(said)}")
    if done.kept:
        print(f"what was learned here before is kept in {done.kept}")
    if done.signed and not checked:
        print("it is signed, and by whom was not checked: --signer KEY does that")
    if said.voice != voice:
        print(
            f"it was learned with another voice ({readable(said.voice) or 'none'}; here it is {voice or 'none'}): what "
            "was learned with that is kept, and not used until lampd hears with it again (lampctl voice use)"
        )


def _refused(error: Exception) -> int:
    hint = ": with sudo it may be" if isinstance(error, PermissionError) else ""
    complain(f"{error}{hint}")
    return DEGRADED
