"""`python -m lampd.wiring [DIRECTORY]` draws every board and circuit into hardware/drawings, or another directory."""

import sys
from pathlib import Path

from lampd.wiring.drawings import drawings


def main(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, svg in drawings().items():
        (directory / name).write_text(svg, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "hardware/drawings"))
