"""How it is: a journal comes in, the head line of the report leaves."""

import time

from lampd.journal import Journal
from lampd.report.section import Section, counted
from lampd.settings import Thing
from lampd.story import LAMP, shown, tallied

FIRST = "SELECT min(wall) FROM (SELECT wall FROM transcript UNION SELECT wall FROM flip UNION SELECT wall FROM lamp)"


def section(journal: Journal, thing: Thing = LAMP) -> Section:
    lit = journal.lit()
    counts, known = journal.counts(), journal.known()
    since = journal.db.execute(FIRST).fetchone()[0]
    title = shown(lit, thing)
    if since is None:
        return Section(title, ["Nothing was heard yet, and nothing done."])
    means = tallied(known, thing)
    says = [
        f"Since {time.strftime('%Y-%m-%d', time.localtime(since))}: {counted(counts['transcript'], 'utterance')}, "
        f"{counted(counts['flip'], 'flip')} by hand, {counted(counts['acted'], 'act')} of its own.",
        f"It knows what {sum(known.values())} of them meant: {means}." if means else "It knows of none what it meant.",
    ]
    listens = journal.db.execute("SELECT listens FROM listening ORDER BY seq DESC LIMIT 1").fetchone()
    if listens and not listens[0]:
        says.append("It does not listen.")
    return Section(title, says)
