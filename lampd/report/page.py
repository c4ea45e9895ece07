"""The report as HTML: a head line and sections come in, one page leaves that needs no network, no script and no other
file, is read on a telephone and prints, by day and by night.
"""

from collections.abc import Sequence
from html import escape

from lampd.report.drawing import COLOURS
from lampd.report.section import Section, Table
from lampd.settings import Thing
from lampd.story import readable

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Whatever was said near the lamp, the page loads nothing and runs nothing."""
STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; %s }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; %s } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 44rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; } .small { color: var(--faint); font-size: .85rem; }
svg { display: block; width: 100%%; height: auto; margin: .75rem 0; stroke-linejoin: round; }
svg text { fill: var(--ink); font-family: "DejaVu Sans", Verdana, system-ui, sans-serif; }
table { border-collapse: collapse; width: 100%%; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem 0 .15rem .5rem; border-bottom: 1px solid var(--faint); }
th, td { text-align: right; vertical-align: top; }
th, td:not(:first-child) { white-space: nowrap; }
th { font-weight: normal; color: var(--faint); } th:first-child, td:first-child { text-align: left; padding-left: 0; }
"""


def page(head: Section, sections: Sequence[Section], made: str, thing: Thing) -> str:
    """A whole HTML file; `made` says when."""
    day, night = (" ".join(f"--{name}: {pair[one]};" for name, pair in COLOURS.items()) for one in (0, 1))
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">',
            f"<title>lampd: {_text(head.title)}</title>",
            f"<style>{STYLE % (day, night)}</style>\n</head>\n<body>",
            f"<h1>{_text(head.title)}</h1>",
            *_body(head),
            *(line for section in sections for line in (f"<h2>{_text(section.title)}</h2>", *_body(section))),
            f'<p class="small">Made {_text(made)}. This page holds words that were said near the {_text(thing.name)}, '
            "for all to read whom you give it to.</p>",
            "</body>\n</html>\n",
        ]
    )


def _body(section: Section) -> list[str]:
    says = [f"<p>{_text(sentence)}</p>" for sentence in section.says]
    return [*says, section.picture, *map(_table, section.tables)]


def _table(table: Table) -> str:
    heads = "".join(f"<th>{_text(head)}</th>" for head in table.heads)
    rows = ("".join(f"<td>{_text(cell)}</td>" for cell in row) for row in table.rows)
    return f"<table>\n<tr>{heads}</tr>\n" + "\n".join(f"<tr>{row}</tr>" for row in rows) + "\n</table>"


def _text(words: str) -> str:
    return escape(readable(words))
