"""A session leaves in one zip, with its sound or without; and such a zip comes in, looked through beforehand."""

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from lampd import archive, durable, session
from lampd.session import Audio, Session, SessionError, Text

HEAD, EVENTS = "session.yaml", "events.jsonl"


def export(one: Session, file: Path, with_sound: bool = True, force: bool = False) -> None:
    """Write a session's folder to `file`: what it is, what happened, and its sound. Without sound its transcripts stand
    in, and the archive holds no sound at all. Raises SessionError or ArchiveError."""
    texts = any(isinstance(event, Text) for event in one.events)
    sounds = sorted({event.file for event in one.events if isinstance(event, Audio)})
    if not with_sound and sounds and not texts:
        raise SessionError(f"{one.folder}: it has no transcripts, and without its sound nothing is said in it")
    if with_sound and (odd := [name for name in sounds if not archive.is_plain(name)]):
        raise SessionError(f"{one.folder}: {odd[0]} lies elsewhere: copy it into the folder, and name that one")
    folder = one.folder.resolve().name
    head = (one.folder / HEAD).read_bytes()
    events = [event for event in one.events if with_sound or not isinstance(event, Audio)]
    with archive.written(file, force) as into:
        archive.put(into, f"{folder}/{HEAD}", head)
        archive.put(into, f"{folder}/{EVENTS}", b"".join(map(session.line, events)))
        for name in sounds if with_sound else ():
            archive.put(into, f"{folder}/{name}", one.folder / name)


def bring(file: Path, folder: Path | None, among: Path) -> Session:
    """Unpack the session in `file` to `folder`, by default one of the name that it has in the archive, `among` others.
    It is there when it is known to be whole. Raises SessionError, ArchiveError or OSError, and then it is not."""
    with archive.opened(file) as opened:
        top, members = _session_in(file, archive.listed(opened))
        folder = folder or among / (top or file.stem)
        if folder.exists():
            raise SessionError(f"{folder} is there already: give it another name")
        draft = folder.with_name(f".{folder.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        try:
            archive.unpack(opened, members, draft)
            _check(draft, members, str(file))
            archive.hand_over(draft, folder.parent)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    durable.sync(folder.parent)
    return session.read(folder)


def _session_in(file: Path, found: dict[str, zipfile.ZipInfo]) -> tuple[str, dict[str, zipfile.ZipInfo]]:
    """The name of the one session in an archive, and its members by their names in it. Raises SessionError."""
    heads = [PurePosixPath(name) for name in found if PurePosixPath(name).name == HEAD]
    if len(heads) != 1 or len(heads[0].parts) > 2:
        raise SessionError(f"{file}: an archive of one session has one {HEAD} in it; there are {len(heads)}")
    top = heads[0].parts[0] if len(heads[0].parts) == 2 else ""
    begin = f"{top}/" if top else ""
    return top, {name.removeprefix(begin): info for name, info in found.items() if name.startswith(begin)}


def _check(draft: Path, members: dict[str, zipfile.ZipInfo], file: str) -> None:
    """Raises SessionError for a session that is not whole, or that would play what is not its own."""
    try:
        one = session.read(draft)
        for event in one.events:
            if isinstance(event, Audio) and event.file not in members:
                raise SessionError(f"{draft / EVENTS}: its sound {event.file!r} is not in the archive")
        session.length(one)
    except SessionError as error:
        raise SessionError(str(error).replace(str(draft), file)) from None
