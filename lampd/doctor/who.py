"""Who may do what: files and users come in, what they are refused leaves, with what to do about it."""

import grp
import os
import pwd
from pathlib import Path


def user(number: int) -> str:
    """The name of a user, or the number of one that has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def number_of(name: str) -> int | None:
    """A group's number; None where there is no such group."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def groups(number: int) -> set[int]:
    """The groups that a user has when it logs in."""
    try:
        one = pwd.getpwuid(number)
    except KeyError:
        return set()
    return set(os.getgrouplist(one.pw_name, one.pw_gid))


def may(path: Path, number: int, wanted: int) -> bool:
    """Whether a user may do `wanted` (bits as 4 read, 2 write, 1 enter) with what is at `path`. Raises OSError."""
    about = path.stat()
    if number == 0:
        return True
    if number == about.st_uid:
        mode = about.st_mode >> 6
    elif about.st_gid in (groups(number) | ({os.getegid(), *os.getgroups()} if number == os.geteuid() else set())):
        mode = about.st_mode >> 3
    else:
        mode = about.st_mode
    return mode & wanted == wanted


def refused(socket: Path) -> str:
    """Why this user may not ask the lamp at `socket`, and what to do; empty where it may, or where there is none."""
    me = os.geteuid()
    for path, wanted in ((socket.parent, 1), (socket, 2)):
        try:
            if may(path, me, wanted):
                continue
            about = path.stat()
        except FileNotFoundError:
            return ""
        except OSError:
            return f"{path} cannot be looked at by {user(me)}: sudo lampctl, or `sudo usermod -aG lampd {user(me)}`"
        name = group(about.st_gid)
        how = f"{path} is for {user(about.st_uid)} and the group {name}"
        join = "" if name == "root" else f"`sudo usermod -aG {name} {user(me)}` and a new login, or "
        return f"{user(me)} may not ask: {how}: {join}sudo lampctl"
    return ""
