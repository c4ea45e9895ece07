"""`lampctl report`: how well the lamp does, as a page for people."""

import argparse
import sqlite3
import sys
import time
import webbrowser
from pathlib import Path

from lampd import durable
from lampd.cli.ask import DEGRADED, WELL, complain, load, open_journal


def main(arguments: argparse.Namespace) -> int:
    settings = load(arguments)
    journal = open_journal(settings) if settings else None
    if not settings or not journal:
        return DEGRADED
    # drawing is slow to load, and a lamp without a journal has nothing to draw
    from lampd.report.contents import report

    path = Path(arguments.file).absolute()
    try:
        durable.write(path, report(journal, time.time(), settings.thing).encode())
    except (sqlite3.Error, OSError) as error:
        complain(error)
        return DEGRADED
    finally:
        journal.close()
    print(path)
    if arguments.open and not webbrowser.open(path.as_uri()):
        print("lampctl: there is no browser here to open it in", file=sys.stderr)
        return DEGRADED
    return WELL
