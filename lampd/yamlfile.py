"""A YAML file comes in; what it holds leaves, or one error that names it, whoever wrote it.

PyYAML raises half a dozen kinds of errors for values that are not what they seem. Its loader in C overflows its stack
where brackets are nested deeply, and a few lines may come to gigabytes where some stand for others: so there is a limit
to the one, and no aliases.
"""

from pathlib import Path
from typing import Any

import yaml

SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one written in C takes a twentieth of the time, and the switch waits for it."""
LARGE, DEEP = 1 << 18, 100
"""Bytes of a file, and how deep its lists and mappings may be nested."""


class YamlError(Exception):
    """A file that is no YAML; the text names it and says why."""


def read(path: Path) -> Any:
    """What a file holds. Raises YamlError and OSError."""
    with path.open("rb") as file:
        text = file.read(LARGE + 1)
    if len(text) > LARGE:
        raise YamlError(f"{path}: too large: {LARGE} bytes are the most")
    try:
        depth = 0
        for event in yaml.parse(text, Loader=SAFE):
            if isinstance(event, yaml.AliasEvent):
                raise YamlError(f"{path}: it must not use aliases")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEP:
                raise YamlError(f"{path}: nested too deeply")
        return yaml.load(text, Loader=SAFE)
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        raise YamlError(f"{path}: {error}") from None
