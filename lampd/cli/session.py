"""`lampctl session`: recorded evenings are listed, shown, played, sent, taken in, cut and deleted.

Exit codes: 0 done, 1 refused.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

import yaml

from lampd import archive, control, parcel, session
from lampd.cli.ask import DEGRADED, WELL, complain, load
from lampd.devices.sound import SoundError
from lampd.devices.speaker import SpeakerError
from lampd.session import AnyEvent, Audio, Flip, Session, SessionError, Text, Wish
from lampd.settings import Settings, Thing
from lampd.story import LAMP, clock, readable, state
from lampd.voice.folder import VoiceError


def main(arguments: argparse.Namespace) -> int:
    settings = load(arguments)
    if not settings:
        return DEGRADED
    does = {
        "list": _list,
        "show": _show,
        "play": _play,
        "export": _export,
        "import": _import,
        "trim": _trim,
        "delete": _delete,
    }[arguments.action]
    try:
        return does(arguments, settings)
    except (SessionError, archive.ArchiveError, SoundError, SpeakerError, VoiceError, OSError) as error:
        hint = ": with sudo it may be" if isinstance(error, PermissionError) else ""
        complain(f"{error}{hint}")
        return DEGRADED


# Where sessions are


def _shelf(settings: Settings) -> Path:
    return Path(settings.state_dir) / "sessions"


def _find(settings: Settings, name: str) -> Path:
    """The folder of a session that is there. Raises SessionError."""
    inside = _shelf(settings) / name
    if _is_name(name) and (inside / parcel.HEAD).exists():
        return inside
    if Path(name).is_dir():
        return Path(name)
    raise SessionError(f"there is no session {name}: `lampctl session list` lists those in {_shelf(settings)}")


def _is_name(name: str) -> bool:
    return archive.is_plain(name) and "/" not in name and not name.startswith(".")


def _place(settings: Settings, name: str) -> Path:
    """The folder for a session that is to be. Raises SessionError."""
    place = Path(name) if "/" in name else _shelf(settings) / name
    if not _is_name(place.name):
        raise SessionError(f"{name!r} is no name for a session")
    if place.exists():
        raise SessionError(f"{place} is there already: give it another name")
    return place


def _lay_out(settings: Settings) -> None:
    """Have a place for sessions that the lamp can write to as well."""
    if not _shelf(settings).exists():
        _shelf(settings).mkdir(parents=True)
        archive.hand_over(_shelf(settings), Path(settings.state_dir))


def _spare(settings: Settings, folder: Path) -> None:
    """Raises SessionError for a session that is being recorded."""
    try:
        recording = control.ask(Path(settings.control_socket), {"ask": "status"}).get("recording")
    except control.NotRunning:
        return
    if recording and Path(recording).resolve() == folder.resolve():
        raise SessionError(f"{folder} is being recorded: lampctl record stop")


# What there is


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    shelf = _shelf(settings)
    folders = sorted(path.parent for path in shelf.glob("*/session.yaml") if not path.parent.name.startswith("."))
    for folder in folders:
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        row = {"name": folder.name, "size_mb": round(size / 1e6, 2)}
        try:
            row |= _figures(session.read(folder))
        except SessionError as error:
            row["error"] = str(error)
        print(json.dumps(row) if arguments.json else readable(_row(row)))
    if not folders:
        print(f"lampctl: no sessions in {shelf} yet: lampctl record start", file=sys.stderr)
    return WELL


def _figures(one: Session) -> dict[str, object]:
    texts = sum(isinstance(event, Text) for event in one.events)
    # one that was made by hand may say only what was wished
    spoken = texts or sum(wish.start < wish.end for wish in one.wishes())
    flips = sum(isinstance(event, Flip) for event in one.events)
    length_s = round(session.length(one), 1)
    return {"title": one.title, "started": one.started, "length_s": length_s, "utterances": spoken, "flips": flips}


def _row(row: dict[str, object]) -> str:
    if "error" in row:
        return f"{row['name']:24}  cannot be read: {row['error']}"
    when = str(row["started"])[:16].replace("T", " ")
    counts = f"{row['utterances']:5} utterances  {row['flips']:4} flips  {row['size_mb']:7} MB"
    return f"{row['name']:24}  {when:16}  {clock(float(str(row['length_s'])))}  {counts}"


def _show(arguments: argparse.Namespace, settings: Settings) -> int:
    one = session.read(_find(settings, arguments.name))
    if not arguments.json:
        print(readable(f"{one.title}, {one.started}" if one.started else one.title))
        if one.notes:
            notes = one.notes if isinstance(one.notes, str) else yaml.safe_dump(one.notes, allow_unicode=True)
            print("\n".join(map(readable, notes.splitlines())))
    for event in one.events:
        print(session.line(event).decode().rstrip() if arguments.json else in_words(event, settings.thing))
    return WELL


def in_words(event: AnyEvent, thing: Thing = LAMP) -> str:
    """One line about an event."""
    match event:
        case Audio():
            words = f"sound    {event.file}"
        case Text():
            words = f"heard    “{event.text}”  ({event.confidence:.2f}, {event.end - event.start:.1f} s)"
        case Flip():
            words = f"flip     a hand: the {thing.name} is {state(event.lit, thing)}"
        case Wish():
            wanted = "nothing" if event.lit is None else state(event.lit, thing)
            said = f": “{event.words}”" if event.words else ""
            words = f"wish     {event.who or 'somebody'} wants {wanted}{said}"
    return readable(f"{clock(event.t)}  {words}")


def _play(arguments: argparse.Namespace, settings: Settings) -> int:
    from lampd.cli.playing import play

    one = session.read(_find(settings, arguments.name))
    play(one, arguments.begin, arguments.end, lambda event: print(in_words(event, settings.thing), flush=True))
    return WELL


# What becomes of them


def _export(arguments: argparse.Namespace, settings: Settings) -> int:
    one = session.read(_find(settings, arguments.name))
    file = Path(arguments.file)
    if arguments.without_sound and not any(isinstance(event, Text) for event in one.events):
        from lampd.transcribing import transcribed

        print(f"it has no transcripts: the {settings.thing.name}'s ear hears it first ...", file=sys.stderr, flush=True)
        one = transcribed(one, settings)
    parcel.export(one, file, not arguments.without_sound, arguments.force)
    what = "what was heard and done, without sound" if arguments.without_sound else "with its sound"
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB, {what}")
    return WELL


def _import(arguments: argparse.Namespace, settings: Settings) -> int:
    place = _place(settings, arguments.name) if arguments.name else None
    _lay_out(settings)
    done = parcel.bring(Path(arguments.file), place, _shelf(settings))
    print(f"{done.folder}: {len(done.events)} events in {clock(session.length(done)).strip()}")
    return WELL


def _trim(arguments: argparse.Namespace, settings: Settings) -> int:
    from lampd.trim import trim

    whole = session.read(_find(settings, arguments.name))
    place = _place(settings, arguments.new) if arguments.new else whole.folder
    end = session.length(whole) if arguments.end is None else arguments.end
    _spare(settings, whole.folder)
    draft = place.with_name(f".{place.name}.draft") if arguments.new else place
    try:
        trim(whole, arguments.begin, end, draft)
        if _shelf(settings) in place.parents:
            archive.hand_over(draft, _shelf(settings))
        if arguments.new:
            draft.rename(place)
    finally:
        if arguments.new:
            shutil.rmtree(draft, ignore_errors=True)
    done = session.read(place)
    print(f"{place}: {len(done.events)} of {len(whole.events)} events, {clock(session.length(done)).strip()}")
    return WELL


def _delete(arguments: argparse.Namespace, settings: Settings) -> int:
    folder = _shelf(settings) / arguments.name
    if not _is_name(arguments.name) or not (folder / parcel.HEAD).exists():
        raise SessionError(f"there is no session {arguments.name} in {folder.parent}; a folder elsewhere is yours")
    _spare(settings, folder)
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise SessionError("nothing is deleted without --yes, or a yes at a terminal")
        if input(f"delete {folder} for ever? [y/N] ").strip().lower() != "y":
            return DEGRADED
    shutil.rmtree(folder)
    print(f"deleted: {folder}")
    return WELL
