"""The text of a configuration file comes in; it leaves with one setting changed, comments and all else as they were."""

import re
from typing import Any

import yaml


class AmendError(Exception):
    """A text whose setting is not to be changed without risk to the rest; the text says why."""


def amended(text: str, section: str, key: str, value: str) -> str:
    """`text` with `section.key` set to `value`, a string. Raises AmendError."""
    before = _content(text)
    lines = text.splitlines()
    setting = f"{key}: {_scalar(value)}"
    try:
        begin = next(i for i, line in enumerate(lines) if re.match(rf"{section}\s*:", line))
    except StopIteration:
        if section in before:
            raise AmendError(f"`{section}` is not at the beginning of a line") from None
        lines += [f"{section}:", f"  {setting}"]
    else:
        if not re.match(rf"{section}\s*:\s*(#.*)?$", lines[begin]):
            raise AmendError(f"`{section}` is written in one line")
        end = next((i for i in range(begin + 1, len(lines)) if re.match(r"[^\s#]", lines[i])), len(lines))
        inside = [i for i in range(begin + 1, end) if re.match(r"\s+[^\s#]", lines[i])]
        found = next((i for i in inside if re.match(rf"\s+{key}\s*:", lines[i])), None)
        indent = re.match(r"\s+", lines[inside[0]])[0] if inside else "  "  # type: ignore[index]
        if found is None:
            lines.insert(begin + 1, indent + setting)
        else:
            comment = re.search(r"\s+#.*$", lines[found])
            lines[found] = indent + setting + (comment[0] if comment else "")
    changed = "\n".join(lines) + "\n"
    inner = before.get(section) or {}
    if _content(changed) != before | {section: {**inner, key: value}}:
        raise AmendError(f"`{section}` is written in a way that cannot be changed safely")
    return changed


def _scalar(value: str) -> str:
    """As YAML writes it, quoted where it must be."""
    return yaml.safe_dump(value, allow_unicode=True, width=10_000).splitlines()[0]


def _content(text: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise AmendError(f"it is not YAML: {error}") from None
    if not isinstance(content, dict | None):
        raise AmendError("it must be `key: value` lines")
    return content or {}
