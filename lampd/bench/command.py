"""`lampctl bench`: one benchmark, or all that README states; what they found as text and as JSON, with the machine and
the versions that it was found on; and what is different from before."""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from lampd import __version__
from lampd.bench import Benchmark, Refused

STATED = (
    *("start", "switch", "looking", "hearing", "consistency", "posterior", "voice"),
    *("reaction", "speech", "plm", "learners", "faults"),
)
"""What `all` runs, quickest first."""
PACKAGES = ("numpy", "onnxruntime", "scipy", "torch", "transformers")
DIFFERS = 0.05
"""Figures that are less than this share apart are not told by --compare."""


def machine() -> dict[str, Any]:
    """What the figures were found on."""
    model = Path("/proc/device-tree/model")
    cpus = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = [line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    return {
        "processor": model.read_text().strip("\0") if model.exists() else next(iter(cpus), platform.processor()),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "memory_mb": int(memory[0]) // 1024 if memory else None,
        "system": platform.platform(),
        "versions": {"lampd": __version__, "python": platform.python_version()}
        | {name: version(name) for name in PACKAGES},
    }


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


def numbers(figures: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """All numbers in `figures`, each with the way to it; a list's parts by their `name`s, where they have any."""
    match figures:
        case bool() | None | str():
            pass
        case int() | float():
            yield name, float(figures)
        case dict():
            for key, part in figures.items():
                yield from numbers(part, f"{name}.{key}" if name else str(key))
        case list() | tuple():
            for place, part in enumerate(figures):
                called = part.get("name", place) if isinstance(part, dict) else place
                yield from numbers(part, f"{name}.{called}")


def compared(old: dict[str, Any], new: dict[str, Any]) -> str:
    """What is more than DIFFERS apart in two files of --save, a line each; what only one of them has is left out."""
    before, now = dict(numbers(old["figures"])), dict(numbers(new["figures"]))
    both = [name for name in now if name in before]
    lines = [f"{len(both)} figures of {old['when']} and of now"]
    if old["machine"] != new["machine"]:
        apart = [key for key, value in new["machine"].items() if old["machine"].get(key) != value]
        lines.append(f"not the same machine: {', '.join(apart)} differ")
    for name in both:
        was, is_ = before[name], now[name]
        if abs(is_ - was) > DIFFERS * max(abs(was), abs(is_)):
            times = f"{is_ / was:8.2f} times" if was else ""
            lines.append(f"{name:70} {was:12.5g} {is_:12.5g} {times}".rstrip())
    return "\n".join(lines)


def _parser(name: str, module: Benchmark | None) -> argparse.ArgumentParser:
    description = module.__doc__.split("\n")[0] if module else "Everything that README states, one after the other."
    parser = argparse.ArgumentParser(prog=f"lampctl bench {name}", description=description)
    if module:
        module.options(parser)
    parser.add_argument("--quick", action="store_true", help="a first look, with less of everything")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the data folder (LAMPD_DATA)")
    parser.add_argument("--json", action="store_true", help="in place of words")
    parser.add_argument("--save", type=Path, metavar="FILE", help="the same JSON into a file")
    parser.add_argument("--compare", type=Path, metavar="OLD.json", help="with such a file of another time")
    return parser


def _module(name: str) -> Benchmark:
    return cast(Benchmark, import_module(f"lampd.bench.{name}"))


def bench(name: str, argv: list[str]) -> int:
    """Run the benchmark called `name`, or `all`. Exit code: 0, or 1 where something promised does not hold."""
    module = None if name == "all" else _module(name)
    parser = _parser(name, module)
    quick = module.QUICK if module and "--quick" in argv else ()
    arguments = parser.parse_args([*quick, *argv])
    if arguments.data:
        os.environ["LAMPD_DATA"] = str(arguments.data)
    old = None
    if arguments.compare:
        try:
            old = json.loads(arguments.compare.read_text("utf-8"))
        except (OSError, ValueError) as error:
            parser.error(f"{arguments.compare}: {error}")
    found: dict[str, Any] = {}
    broken = []
    for one in [name] if module else STATED:
        # what README's commands leave at their defaults is the full form
        own = arguments if module else _own(one, arguments.quick)
        began = time.monotonic()
        try:
            report = _module(one).run(own)
        except Refused as refusal:
            if module:
                parser.error(str(refusal))
            print(f"{one}: {refusal}\n", file=sys.stderr, flush=True)
            continue
        found[one] = report.figures
        broken += [] if report.holds else [one]
        if not arguments.json:
            heading = "" if module else f"-- {one}, {time.monotonic() - began:.0f} s\n"
            print(f"{heading}{report.text}" + ("" if module else "\n"), flush=True)
    this = machine()
    whole = {"when": time.strftime("%Y-%m-%d %H:%M"), "machine": this, "figures": found}
    if arguments.save:
        arguments.save.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
    if arguments.json:
        print(json.dumps(whole, indent=1))
    elif not module:
        print("\n".join(f"{key}: {value}" for key, value in this.items()))
    if old and not arguments.json:
        print(compared(old, whole))
    if broken and not module:
        print(f"what is promised does not hold: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def _own(name: str, quick: bool) -> argparse.Namespace:
    """The options of a benchmark that is run as one of all."""
    module = _module(name)
    return _parser(name, module).parse_args(module.QUICK if quick else [])
