"""`lampctl`: what its owner types. Each command imports what it needs when it runs, for this is felt over SSH."""

import argparse
import os
import sqlite3
import sys

from lampd.cli.parser import Command, parser


def bench(arguments: argparse.Namespace) -> int:
    from importlib import import_module

    code: int = import_module("lampd.bench.command").bench(arguments.name, arguments.rest)
    return code


def main(argv: list[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    run: Command = arguments.run
    try:
        return run(arguments)
    except KeyboardInterrupt:
        return 130
    except sqlite3.DatabaseError as error:
        print(f"lampctl: the journal cannot be read: {error}; lampd salvages it when it starts", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # `lampctl log | head` is no error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def daemon() -> int:
    """`lampd`. Its processes import this module again, so it must stay light."""
    from lampd.daemon import main

    return main()


if __name__ == "__main__":
    sys.exit(main())
