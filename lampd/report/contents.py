"""What the report holds, in order: a journal comes in, a page leaves.

A section is a module with `section(journal, thing) -> Section`; one more is a line here.
"""

import time

from lampd.journal import Journal
from lampd.report import calibration, delays, head, learning, mistakes, room, words
from lampd.report.page import page
from lampd.settings import Thing
from lampd.story import LAMP

SECTIONS = (learning.section, mistakes.section, calibration.section, delays.section, words.section, room.section)


def report(journal: Journal, now: float, thing: Thing = LAMP) -> str:
    """The report as HTML on what is called as `thing` is; `now` is in seconds since 1970. Raises sqlite3.Error."""
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(now))
    return page(head.section(journal, thing), [section(journal, thing) for section in SECTIONS], made, thing)
