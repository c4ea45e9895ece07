"""What the board bears: its heat, its power, and the memory that is left."""

from pathlib import Path

from lampd import config, strain
from lampd.doctor.check import Check, Lamp

HOT_C = 85.0
"""Boards slow down or switch off near this."""
RUNS_MB, SHORT_MB, LEAST_MB = 350, 100, 50
"""What lampd takes; and what is to be left while it runs: less than the second is little, than the third too little."""
SMALLEST = 0.8
"""Of a board's memory is Linux's at least; the rest is its graphics'."""


def heat(lamp: Lamp, sys: Path = strain.SYS) -> Check:
    found = strain.look(sys)
    told = "no sensor tells" if found.temperature_c is None else f"{found.temperature_c:.0f} °C"
    if found.undervoltage:
        supply = "use the board's own power supply, and a short, thick cable: a card may lose data"
        return Check("power", "bad", f"{told}; its power supply is too weak at this moment", supply)
    power = "" if found.undervoltage is None else "; its power supply holds"
    air = "give it air, or a heat sink"
    if found.temperature_c is not None and found.temperature_c >= HOT_C:
        return Check("power", "bad", f"{told}: the board slows down, and may stop{power}", air)
    if found.temperature_c is not None and found.temperature_c > lamp.settings.trainer.rest_above_c:
        return Check("power", "look", f"{told}: learning rests until it is cooler{power}", air)
    return Check("power", "ok", told + power)


def meminfo(text: str) -> tuple[float, float]:
    """Megabytes in all, and available without swapping, of /proc/meminfo."""
    rows = {line.split(":")[0]: float(line.split()[1]) / 1000 for line in text.splitlines() if line.split()[1:]}
    return rows["MemTotal"], rows["MemAvailable"]


def memory(lamp: Lamp, about: Path = Path("/proc/meminfo")) -> Check:
    total, left = meminfo(about.read_text())
    told = f"{left:.0f} of {total:.0f} MB are left"
    profile = config.shipped(f"hardware/{lamp.settings.board}.yaml")
    least = config.read_board(profile).memory_mb
    ends = "end what else runs here (`ps aux --sort -rss | head`)"
    if lamp.answer is None:
        if left < RUNS_MB:
            return Check("memory", "look", f"{told}, and lampd, which does not run, takes {RUNS_MB}", ends)
    elif left < LEAST_MB:
        return Check("memory", "bad", f"{told}: the kernel will soon end a stage", ends)
    elif left < SHORT_MB:
        return Check("memory", "look", told, ends)
    if least and total < SMALLEST * least:
        other = f"is this board what its profile says, {lamp.settings.board}?"
        return Check("memory", "look", f"{told}; the least that is sold has {least}", other)
    return Check("memory", "ok", told)
