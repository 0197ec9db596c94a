"""Answers as text for a terminal: a table where it fits, else one block for each row."""

from collections.abc import Iterator, Mapping, Sequence

from picograph.queries.answer import Cell, flat

_SHORT = (
    ("https://w3id.org/picograph/study/", ""),
    ("http://id.nlm.nih.gov/mesh/", "mesh:"),
    ("https://w3id.org/picograph/", "pg/"),
)


def short(kind: str, value: Cell) -> str:
    """Write a cell for people: keys for IRIs, ranges for places.

    >>> short("study", "https://w3id.org/picograph/study/NCT00105443")
    'NCT00105443'
    >>> short("evidence", ("https://w3id.org/picograph/source/" + "0" * 64 + "#char=414,428",))
    '414–428'
    """
    from urllib.parse import unquote

    if kind == "evidence" and isinstance(value, tuple):
        from picograph.kg.triples import split_place
        from picograph.queries.show import places

        return places([split_place(iri)[1] for iri in value])
    text = flat(value)
    if kind == "arm":
        return unquote(text.rpartition("/")[2])
    if kind in ("study", "concept", "iri"):
        for long, brief in _SHORT:
            if text.startswith(long):
                return unquote(brief + text.removeprefix(long))
    return text


def render(kinds: Mapping[str, str], rows: Sequence[Mapping[str, Cell]], width: int) -> Iterator[str]:
    """Lay rows out within ``width`` columns. Columns without a value in any row are left out."""
    cells = [{name: short(kind, row[name]) for name, kind in kinds.items()} for row in rows]
    used = [name for name in kinds if any(row[name] for row in cells)]
    widths = {name: max(len(name), *(len(row[name]) for row in cells)) for name in used}
    if sum(widths.values()) + 2 * (len(used) - 1) <= width:
        yield from _table(kinds, cells, used, width)
        return
    constant = [name for name in used if len(cells) > 1 and len({row[name] for row in cells}) == 1]
    if constant:
        yield from _block({name: cells[0][name] for name in constant}, width)
        yield ""
    for index, row in enumerate(cells):
        if index:
            yield ""
        yield from _block({name: row[name] for name in used if row[name] and name not in constant}, width)


def _table(
    kinds: Mapping[str, str], cells: Sequence[Mapping[str, str]], used: Sequence[str], width: int
) -> Iterator[str]:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name in used:
        right = kinds[name] in ("integer", "decimal")
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for row in cells:
        table.add_row(*(row[name] for name in used))
    out = StringIO()
    Console(file=out, width=width, color_system=None, markup=False, emoji=False, highlight=False).print(table)
    yield from (line.rstrip() for line in out.getvalue().splitlines())


def _block(row: Mapping[str, str], width: int) -> Iterator[str]:
    from textwrap import wrap

    names = max((len(name) for name in row), default=0)
    for name, value in row.items():
        indent = " " * (names + 2)
        folded = wrap(value, max(width, 40), initial_indent=indent, subsequent_indent=indent) or [indent]
        yield f"{name:<{names}}  {folded[0].strip()}"
        yield from folded[1:]
