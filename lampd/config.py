"""The configuration: defaults, the board's profile and the owner's file come in, checked Settings leave.

Later layers win key by key: config/lampd.yaml, hardware/BOARD.yaml, then the owner's file. Which board it is, the
owner's file says, or else the card that the lamp was started from. Where there are several lamps on a board, the file
of the lamp NAME is /etc/lampd/NAME.yaml, and its state_dir and control_socket are its own.
"""

import difflib
import os
import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from lampd import yamlfile
from lampd.board import Board
from lampd.settings import Settings

OWNERS = Path("/etc/lampd/lampd.yaml")
ENVIRONMENT, NAME = "LAMPD_CONFIG", "LAMPD_NAME"
NAMES = re.compile(r"(?!(?:lampd|models|sessions|voices)$)[A-Za-z0-9][A-Za-z0-9_-]{0,30}")
"""Of several lamps on a board, but for what the lamp without a name has in its state_dir, where theirs lie."""
BOARDS = re.compile(r"[\w-]{1,60}")
# on a card made by deploy/image: what its lampd.txt says, else what the card was made for
CARD = (Path("/run/lampd-card/board"), Path("/usr/lib/lampd-card/board"))


class ConfigError(Exception):
    """A configuration that cannot be used; the text names the file, the key, and what to do."""


def shipped(name: str) -> Path:
    """A file or folder that ships beside the package, in a checkout or inside an installed wheel."""
    inside = Path(__file__).parent / "shipped" / name
    return inside if inside.exists() else Path(__file__).parent.parent / name


def owners_file(given: str | None = None, name: str | None = None) -> Path | None:
    """The owner's file: the one given, or that of the lamp of this name; else what LAMPD_CONFIG or LAMPD_NAME say; else
    /etc/lampd/lampd.yaml where it exists. Raises ConfigError for what is no name."""
    named = given or (None if name else os.environ.get(ENVIRONMENT))
    if named:
        return Path(named)
    if name := name or os.environ.get(NAME):
        if not NAMES.fullmatch(name):
            raise ConfigError(f"{name} cannot be the name of a lamp: letters and digits, and not {OWNERS.stem}")
        return OWNERS.with_name(f"{name}.yaml")
    return OWNERS if OWNERS.exists() else None


def name_of(path: Path | None) -> str:
    """Which of several lamps the owner's file is of; empty for the one without a name."""
    here = path is not None and path.absolute().parent == OWNERS.parent and path.stem != OWNERS.stem
    return path.stem if path and here else ""


def service_of(path: Path | None) -> str:
    """What systemd calls the lamp whose owner's file this is."""
    name = name_of(path)
    return f"lampd@{name}" if name else "lampd"


def load(path: Path | None = None, **overrides: Any) -> Settings:
    """Settings from all layers; `overrides` are top-level keys set by the caller. Raises ConfigError."""
    settings = _yaml(shipped("config/lampd.yaml"))
    if name := name_of(path):
        socket = Path(settings["control_socket"])
        settings["control_socket"] = f"{socket.parent}@{name}/{socket.name}"
        settings["state_dir"] += f"/{name}"
    owners = _yaml(path) if path else {}
    _known(owners, Settings, path, "")
    board = str(overrides.get("board") or owners.get("board") or _card() or settings["board"])
    profile = shipped(f"hardware/{board}.yaml") if BOARDS.fullmatch(board) else None
    if profile is None or not profile.exists():
        boards = ", ".join(sorted(file.stem for file in shipped("hardware").glob("*.yaml")))
        raise ConfigError(f"{path or ''}: board: {board[:60]} is not known; there are {boards}")
    layers: list[tuple[dict[str, Any], Path | None]] = [(layer, profile) for layer in read_board(profile).layers()]
    layers += [({"board": board}, path), (owners, path), (overrides, None)]
    for layer, source in layers:
        _known(layer, Settings, source, "")
        _merge(settings, layer)
    for key in ("state_dir", "control_socket"):
        settings[key] = os.path.expandvars(os.path.expanduser(str(settings[key])))
    try:
        checked = msgspec.convert(settings, Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path or 'configuration'}: {_explain(str(error), settings)}") from None
    if not checked.gpio.relay and not checked.actuator.command:
        raise ConfigError(f"{path or 'configuration'}: gpio.relay is null: then it takes an actuator.command")
    return checked


def read_board(profile: Path) -> Board:
    """A board's profile. Raises ConfigError."""
    content = _yaml(profile)
    _known(content, Board, profile, "")
    try:
        return msgspec.convert(content, Board)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{profile}: {_explain(str(error), content)}") from None


def _card() -> str | None:
    return next((path.read_text("utf-8").strip() for path in CARD if path.exists()), None)


def _yaml(path: Path) -> dict[str, Any]:
    try:
        content = yamlfile.read(path)
    except yamlfile.YamlError as error:
        raise ConfigError(str(error)) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must be `key: value` lines")
    return content


def _merge(into: dict[str, Any], layer: dict[str, Any]) -> None:
    for key, value in layer.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _known(layer: dict[str, Any], shape: type[msgspec.Struct], source: Path | None, prefix: str) -> None:
    """Refuse keys that `shape` does not have, naming the nearest it has."""
    hints = get_type_hints(shape)
    for key, value in layer.items():
        if key not in hints:
            near = difflib.get_close_matches(str(key), hints, n=1, cutoff=0)
            raise ConfigError(f"{source}: {prefix}{key} is not a key; did you mean {prefix}{near[0]}?")
        # a section, or one that may be null
        for kind in get_args(hints[key]) or (hints[key],):
            if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                _known(value, kind, source, f"{prefix}{key}.")


def _explain(error: str, settings: dict[str, Any]) -> str:
    """msgspec's words, with the key as people write it and the value that was there."""
    found = re.search(r" - at `\$\.([\w.]+)`$", error)
    if not found:
        return error
    value: Any = settings
    for part in found[1].split("."):
        value = value.get(part) if isinstance(value, dict) else None
    # what an owner who writes `lit: on` cannot guess
    hint = "; put it in quotes, for YAML takes on, off, yes and no for true and false" if "`str`" in error else ""
    told = error[: found.start()].lower().replace("`", "")
    return f"{found[1]}: {value!r} will not do: {told}{hint if isinstance(value, bool) else ''}"
