"""Times as people type them."""

import re

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: str) -> float:
    """Of `90s`, `5m`, `1h` or `2d`. Raises ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", duration)
    if not found:
        raise ValueError(f"{duration!r} is no duration: 90s, 5m, 1h, 2d")
    return float(found[1]) * UNITS[found[2]]
