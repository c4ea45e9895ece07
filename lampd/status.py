"""How the lamp is: the hub comes in, what `lampctl status` shows leaves. The keys are for programs, and stay."""

import os
import shutil
from pathlib import Path
from typing import Any

import msgspec

from lampd.hub import Hub
from lampd.rates import rates
from lampd.story import fields

PAGE = os.sysconf("SC_PAGE_SIZE")
LEAST_MB = 50
"""Less room than this on the disk is not well."""
REMEMBERS = Path("/run/lampd-card/remembers")
"""On a card made by deploy/image: whether what is written now will be there after a power cut."""
LOST = "the card has no place that survives a power cut: what happens now will be forgotten"


def status(hub: Hub, state: Path) -> dict[str, Any]:
    """Of the lamp whose files are in `state`."""
    now = hub.clock()
    stages = {name: _stage(hub, name) for name in hub.processes.children}
    disk = _disk(state)
    complaints = _complaints(hub, stages, disk)
    journal = hub.journal
    return {
        "lit": hub.lit,
        **hub.standing.status(now),
        "up_s": round(now - hub.began, 1),
        "well": not complaints,
        "complaints": complaints,
        "journal_error": hub.outage.told if hub.outage else "",
        "board": hub.rest.strain._asdict() | {"learning_rests": hub.rest.rests},
        "microphone": {
            "level": {key: round(value, 3) for key, value in fields(level).items() if isinstance(value, float)}
            if (level := hub.ears.level(now))
            else None,
            "heard_s_ago": None if hub.last_heard is None else round(now - hub.last_heard, 1),
        },
        "disk": disk,
        "stages": stages,
        "hub_memory_mb": memory_mb(os.getpid()),
        "model": msgspec.to_builtins(hub.model) if hub.model else None,
        "judged": _judged(hub),
        "known": journal.known(),
        "scores": journal.scores(),
        "rates": [msgspec.to_builtins(rates(journal, days, now)) for days in (1, 7)],
        "recent": [fields(message) for message in hub.recent],
    }


def _stage(hub: Hub, name: str) -> dict[str, Any]:
    one = hub.processes.children[name]
    pid = one.life.process.pid if one.life else None
    return {
        "state": "down" if one.life is None else "ready" if one.life.ready else "starting",
        "pid": pid,
        "pulse_s": round(one.silent_for(), 2),
        "restarts": one.restarts,
        "waiting": len(one.pending),
        "dropped": one.dropped,
        "memory_mb": memory_mb(pid),
        "error": one.error,
        "note": one.note,
    }


def _complaints(hub: Hub, stages: dict[str, Any], disk: dict[str, Any]) -> list[str]:
    """What is not well, in sentences; empty where all is."""
    found = [f"{name} is {stage['state']}" for name, stage in stages.items() if stage["state"] != "ready"]
    found += [f"{name}: {stage['error']}" for name, stage in stages.items() if stage["error"]]
    # the switch may work and what it switches not, and so may the recorder without a microphone, or no model be kept
    found += [f"{name}: {note}" for name in ("operator", "recorder", "trainer") if (note := stages[name]["note"])]
    recorder = stages["recorder"]
    open_ = recorder["state"] == "ready" and not recorder["error"] and not recorder["note"]
    if hub.standing.listens and open_ and (deaf := hub.ears.complaint(hub.clock())):
        found.append(f"microphone: {deaf}")
    if hub.outage:
        found.append(f"journal: {hub.outage.told}")
    if hub.damage:
        found.append(f"journal: {hub.damage}; stop lampd, and `lampctl restore` a backup, or move the journal aside")
    found += [
        f"journal: it was damaged, and what could be read of it is known: delete {kept} once you miss nothing"
        for kept in sorted(Path(disk["state_dir"]).glob("damaged-*"))
    ]
    if hub.rest.strain.undervoltage:
        found.append("its power supply is too weak: use the board's own, and a short, thick cable")
    if disk["free_mb"] is not None and disk["free_mb"] < LEAST_MB:
        found.append(f"disk: {disk['free_mb']} MB are free: make room where {disk['state_dir']} is")
    if disk["files_free"] == 0:
        found.append(f"disk: it has room for no more files: delete some where {disk['state_dir']} is")
    if REMEMBERS.exists() and REMEMBERS.read_text().strip() == "no":
        found.append(LOST)
    return found


def _disk(state: Path) -> dict[str, Any]:
    try:
        free: int | None = shutil.disk_usage(state).free // 10**6
        files: int | None = os.statvfs(state).f_favail if os.statvfs(state).f_files else None
        journal: float | None = round(sum(one.stat().st_size for one in state.glob("journal.db*")) / 1e6, 1)
    except OSError:
        free = files = journal = None
    return {"state_dir": str(state), "free_mb": free, "files_free": files, "journal_mb": journal}


def _judged(hub: Hub) -> dict[str, Any] | None:
    """Who drove when words were last heard and since when (s since 1970), how sure it had to be, and each learner's
    loss."""
    if not (last := hub.thought):
        return None
    other = "SELECT seq FROM directive WHERE model != ? ORDER BY seq DESC LIMIT 1"
    first = f"SELECT wall FROM directive WHERE seq > coalesce(({other}), 0) ORDER BY seq LIMIT 1"
    since = hub.journal.db.execute(first, (last.model,)).fetchone()
    return {
        "driver": last.model,
        "since": since[0] if since else None,
        "act_above": last.act_above,
        "losses": last.losses,
    }


def memory_mb(pid: int | None) -> float | None:
    """Resident memory of a process in MB; None for one that is gone."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return round(int(file.read().split()[1]) * PAGE / 1e6, 1)
    except OSError:
        return None
