"""Studies side by side, laid out for a terminal and as a page of HTML that needs nothing beside it."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from picograph.kg.triples import split_place
from picograph.queries.compare import Difference, Item, Said, Words
from picograph.queries.wording import columns_of, fold, harmless, places

MARKS = {Difference.SAME: " ", Difference.DIFFERS: "≠", Difference.SILENT: "+"}
LEGEND = "≠ differs   + not in all studies"
_NARROWEST = 18  # columns of a study, below which studies stand one under the other
_GAP = 2


def text(items: Sequence[Item], studies: Sequence[str], width: int, words: Words | None = None) -> Iterator[str]:
    """Lay studies out for a terminal: a column for each, or one under the other where columns would be too narrow.

    :param words: gives the words of each place, which then stand below what was read there
    """
    if not items:
        return
    names = min(max(columns_of(item.name) for item in items), width // 4)
    room = (width - names - 2 - _GAP * len(studies)) // len(studies)
    stacked = room < _NARROWEST
    keys = min(max(map(columns_of, studies)), width // 3)
    section = ""
    if not stacked:
        yield from _beside([[""], *(fold(study, room) for study in studies)], [names + 2, *[room] * len(studies)])
    for item in items:
        if item.section != section:
            yield f"\n{item.section}" if section or not stacked else item.section
            section = item.section
        mark = MARKS[item.difference]
        if stacked:
            yield from (f"{mark if not at else ' '} {line}" for at, line in enumerate(fold(item.name, width - 2)))
            for study, cell in zip(studies, item.cells, strict=True):
                if cell:
                    lines = list(_cell(cell, width - keys - 4 - _GAP, words))
                    yield from _beside([[f"    {line}" for line in fold(study, keys)], lines], [keys + 4, width])
            continue
        head = [f"{mark if not at else ' '} {line}" for at, line in enumerate(fold(item.name, names))]
        cells = [list(_cell(cell, room, words)) for cell in item.cells]
        yield from _beside([head, *cells], [names + 2, *[room] * len(studies)])


def _beside(columns: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for at in range(max(map(len, columns))):
        cells = [column[at] if at < len(column) else "" for column in columns]
        padded = (cell + " " * (width - columns_of(cell)) for cell, width in zip(cells, widths, strict=True))
        yield (" " * _GAP).join(padded).rstrip()


def _cell(cell: Iterable[Said], room: int, words: Words | None) -> Iterator[str]:
    for said in cell:
        yield from fold(said.value, room)
        for iri in said.evidence if words else ():
            for line in fold(_quoted(iri, words), room - 2):
                yield f"  {line}"


def _quoted(iri: str, words: Words | None) -> str:
    found = words(iri) if words else None
    place = places([split_place(iri)[1]])
    return f"[{place}] " + (f"“{' '.join(found.split())}”" if found is not None else "(the source is not at hand)")


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.45 system-ui, sans-serif; margin: 1rem auto; max-width: 90rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; font-size: .92rem; }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid #8885; }}
td {{ overflow-wrap: anywhere; }}
tr.differs {{ background: #f5a62322; }}
tr.silent td.empty {{ background: #8881; }}
tbody th[colspan] {{ padding-top: 1.2rem; font-size: 1.05rem; }}
details {{ font-size: .85em; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{legend}</p>
<table>
<thead><tr><th></th><th></th>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
{cautions}
</body>
</html>
"""


def html(items: Iterable[Item], studies: Sequence[str], cautions: Iterable[str], words: Words | None = None) -> str:
    """Write studies side by side as a page; the places of each value fold out, with ``words`` what stands there."""
    rows, section = [], ""
    for item in items:
        if item.section != section:
            section = item.section
            rows.append(f'<tr><th colspan="{len(studies) + 2}" scope="rowgroup">{_safe(section)}</th></tr>')
        kind = {Difference.SAME: "same", Difference.DIFFERS: "differs", Difference.SILENT: "silent"}[item.difference]
        cells = "".join(
            f"<td>{''.join(_value(said, words) for said in cell)}</td>" if cell else '<td class="empty"></td>'
            for cell in item.cells
        )
        mark = f'<td title="{item.difference}">{MARKS[item.difference].strip()}</td>'
        rows.append(f'<tr class="{kind}"><th scope="row">{_safe(item.name)}</th>{mark}{cells}</tr>')
    return _PAGE.format(
        title=_safe(" | ".join(studies)),
        legend=_safe(LEGEND),
        heads="".join(f'<th scope="col">{_safe(study)}</th>' for study in studies),
        rows="\n".join(rows),
        cautions="\n".join(f"<p>Caution: {_safe(caution)}</p>" for caution in cautions),
    )


def _value(said: Said, words: Words | None) -> str:
    shown = [_quoted(iri, words) if words else f"[{places([split_place(iri)[1]])}]" for iri in said.evidence]
    listed = "".join(
        f'<li title="{_safe(iri)}">{_safe(each)}</li>' for iri, each in zip(said.evidence, shown, strict=True)
    )
    where = f"<details><summary>where</summary><ul>{listed}</ul></details>" if listed else ""
    return f"<div>{_safe(said.value)}{where}</div>"


def _safe(words: str) -> str:
    return escape(harmless(" ".join(words.split())))
