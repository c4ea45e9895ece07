"""This user's groups: who asks the lamp is in lampd; who opens pins and microphone beside it, in gpio and audio."""

import os
import pwd

from lampd.doctor.check import Check, Lamp
from lampd.doctor.who import groups, number_of, user


def person() -> int:
    """Who sits there: with sudo, who typed it."""
    try:
        return pwd.getpwnam(os.environ["SUDO_USER"]).pw_uid if os.geteuid() == 0 else os.geteuid()
    except KeyError:
        return os.geteuid()


def member(lamp: Lamp) -> Check:
    one = person()
    name = user(one)
    there = {group: number for group in ("lampd", "gpio", "audio") if (number := number_of(group)) is not None}
    if one == 0:
        return Check("groups", "ok", "root may do all")
    own = groups(one)
    if one == os.geteuid():
        own |= {os.getegid(), *os.getgroups()}
    lacks = [group for group, number in there.items() if number not in own]
    has = [group for group in there if group not in lacks]
    told = f"{name} is in {', '.join(has) or 'none of them'}" + (f", not in {', '.join(lacks)}" if lacks else "")
    # gpio and audio are for what is measured here while the lamp is down
    if "lampd" in lacks or (lacks and lamp.answer is None):
        join = f"`sudo usermod -aG {','.join(lacks)} {name}`, and a new login"
        return Check("groups", "look", told, join)
    return Check("groups", "ok", told)
