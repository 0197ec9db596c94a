"""Answers as text for a terminal: a table where it fits, else one block for each row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from picograph.queries.answer import Cell, flat
from picograph.queries.question import Column
from picograph.queries.wording import SIGNS, columns_of, fold, harmless, places, unit_words

_STUDY = "https://w3id.org/picograph/study/"
_OURS = "https://w3id.org/picograph/"
_NUMBERS = ("integer", "decimal")
_KEYS = ("study", "arm", "concept", "iri")  # what may stand once above the rows; a number stays in its row
_CUT_WORD = 32  # columns; a longer word is cut where nothing else helps
_TALLEST_CELL = 8  # lines; where a cell would be taller the rows become blocks
_GAP = 2


def short(kind: str, value: Cell) -> str:
    """Write a cell for people: keys and CURIEs for IRIs, ranges for places, yes and no.

    >>> short("study", "https://w3id.org/picograph/study/NCT00105443")
    'NCT00105443'
    >>> short("list", ("http://id.nlm.nih.gov/mesh/D000077157", "http://purl.obolibrary.org/obo/CHEBI_50924"))
    'mesh:D000077157 | CHEBI:50924'
    >>> short("evidence", ("https://w3id.org/picograph/source/" + "0" * 64 + "#char=414,428",))
    '414–428'
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if kind == "evidence" and isinstance(value, tuple):
        return _places(value)
    if kind in (*_KEYS, "list"):
        return flat(tuple(_brief(kind, each) for each in (value if isinstance(value, tuple) else (flat(value),))))
    return flat(value)


def _brief(kind: str, text: str) -> str:
    from urllib.parse import unquote

    from picograph.ontology.prefixes import compress

    if "://" not in text:
        return text
    if " " in text:
        return " ".join(_brief(kind, each) for each in text.split())
    if kind == "arm":
        return unquote(text.rpartition("/")[2])
    for base in (_STUDY, _OURS):
        if text.startswith(base) and not compress(text):
            return unquote(text.removeprefix(base))
    return compress(text) or text


def _places(evidence: tuple[str, ...]) -> str:
    """Write places; where they lie in several sources, each with the beginning of its source's checksum."""
    from picograph.kg.triples import split_place

    by_source: dict[str, list[str]] = {}
    for iri in evidence:
        source, place = split_place(iri)
        by_source.setdefault(source, []).append(places([place]))
    if len(by_source) == 1:
        return ", ".join(*by_source.values())
    return "; ".join(f"{source[:8]}: {', '.join(found)}" for source, found in by_source.items())


class _Layout(NamedTuple):
    """The columns that are shown, what stands in them, and how wide they are."""

    names: Sequence[str]
    cells: Sequence[Mapping[str, str]]
    widths: Mapping[str, int]


def render(
    columns: Mapping[str, Column], rows: Sequence[Mapping[str, Cell]], width: int, *, whole: bool = False
) -> Iterator[str]:
    """Lay rows out within ``width`` columns: nothing for no rows.

    What all rows have of study, arm and concepts stands once, above them. Units and signs stand at their numbers.

    :param whole: show columns without a value in any row too
    """
    if not rows:
        return
    joined = {name for column in columns.values() for name in (column.unit_in, column.sign_in)}
    cells = [{name: cell_text(name, columns, row) for name in columns} for row in rows]
    used = [
        name
        for name, column in columns.items()
        if name not in joined and not column.aside and (whole or any(row[name] for row in cells))
    ]
    layout = _fitted(columns, used, cells, width)
    above: list[str] = []
    if layout is None:
        if len(rows) > 1:
            above = [name for name in used if columns[name].kind in _KEYS and len({row[name] for row in cells}) == 1]
        used = [name for name in used if name not in above]
        if len(rows) > 1:
            layout = _fitted(columns, used, cells, width, width) or _fitted(columns, used, cells, width, _CUT_WORD)
    if above:
        yield from _block({name: cells[0][name] for name in above}, width)
        yield ""
    yield from _table(columns, layout) if layout else _blocks(columns, used, cells, width)


def cell_text(name: str, columns: Mapping[str, Column], row: Mapping[str, Cell]) -> str:
    """Write a cell with its sign before it, and its unit after it where that is a per cent or stands in a column."""
    column, value = columns[name], row[name]
    text = harmless(" ".join(short(column.kind, value).split()))
    if not text:
        return ""
    sign = row[column.sign_in] if column.sign_in else None
    unit = row[column.unit_in] if column.unit_in else "%" if column.unit == "%" else None
    counted = value if column.kind in _NUMBERS and not isinstance(value, str | tuple) else None
    return (f"{SIGNS.get(str(sign), str(sign))} " if sign else "") + text + unit_words(flat(unit), counted)


def _fitted(
    columns: Mapping[str, Column],
    names: Sequence[str],
    cells: Sequence[Mapping[str, str]],
    width: int,
    longest_word: int | None = None,
) -> _Layout | None:
    """Find widths with which a table fits, None where there are none.

    :param longest_word: wrap words, and cut those that are longer; None: nothing is wrapped
    """
    room = width - _GAP * (len(names) - 1)
    widths = {name: max(columns_of(name), *(columns_of(row[name]) for row in cells)) for name in names}
    if longest_word is not None:
        least = {
            name: widths[name]
            if columns[name].kind in _NUMBERS
            else max(columns_of(name), *(min(_widest_word(row[name]), longest_word) for row in cells))
            for name in names
        }
        while sum(widths.values()) > room:
            loose = [name for name in names if widths[name] > least[name]]
            if not loose:
                return None
            widths[max(loose, key=lambda name: widths[name])] -= 1
        if any(len(fold(row[name], widths[name])) > _TALLEST_CELL for row in cells for name in names):
            return None
    return _Layout(names, cells, widths) if names and sum(widths.values()) <= room else None


def _widest_word(text: str) -> int:
    return max(map(columns_of, text.split()), default=0)


def _table(columns: Mapping[str, Column], layout: _Layout) -> Iterator[str]:
    names, cells, widths = layout

    def line(row: Mapping[str, str]) -> str:
        shown = (_pad(row[name], widths[name], columns[name].kind in _NUMBERS) for name in names)
        return (" " * _GAP).join(shown).rstrip()

    yield line({name: name for name in names})
    folded = [{name: fold(row[name], widths[name]) for name in names} for row in cells]
    tall_before = False
    for index, row in enumerate(folded):
        lines = max(map(len, row.values()))
        if index and (tall_before or lines > 1):
            yield ""  # so that the lines of one row stand together
        for number in range(lines):
            yield line({name: each[number] if number < len(each) else "" for name, each in row.items()})
        tall_before = lines > 1


def _pad(text: str, width: int, right: bool) -> str:
    gap = " " * (width - columns_of(text))
    return gap + text if right else text + gap


def _blocks(
    columns: Mapping[str, Column], names: Sequence[str], cells: Sequence[Mapping[str, str]], width: int
) -> Iterator[str]:
    for index, row in enumerate(cells):
        if index:
            yield ""
        shown = {name: row[name] + _fixed_unit(name, columns[name], row[name]) for name in names if row[name]}
        yield from _block(shown, width)


def _fixed_unit(name: str, column: Column, shown: str) -> str:
    """Give the unit of a column behind a number, where its name does not say it."""
    said = column.unit in (None, "%") or any(word in str(column.unit) for word in name.split("_"))
    return "" if said else unit_words(column.unit, int(shown == "1"))


def _block(row: Mapping[str, str], width: int) -> Iterator[str]:
    names = max((columns_of(name) for name in row), default=0)
    for name, value in row.items():
        for index, line in enumerate(fold(value, max(width, 40) - names - _GAP)):
            yield f"{'' if index else name:<{names}}{' ' * _GAP}{line}"


def concept_lines(rows: Iterable[Mapping[str, Any]], width: int) -> Iterator[str]:
    """Lay out what a look-up found: each concept with its place in the hierarchy, and what is the same elsewhere."""
    for row in rows:
        by = "" if row["how"] == "name" else f" ({row['how']}: {row['words']})"
        name = f"{row['concept']}  "
        for index, line in enumerate(fold(f"{row['label']}{by}", max(width - len(name), 10))):
            yield f"{'      ' if index else name}{line}"
        used = "" if row.get("studies") is None else f"{row['studies']} of the store, with all below it"
        places = (
            ("kind:", row.get("kind", "")),
            ("in", " < ".join(row["path"])),
            ("same as", ", ".join(row["same_as"])),
            ("salt or mixture of", ", ".join(row["parts"])),
            ("made into", ", ".join(row["made_into"])),
            ("can act as", ", ".join(row["roles"])),
            ("studies:", used),
        )
        for what, values in places:
            if values:
                for index, line in enumerate(fold(f"{what} {values}", width - 6)):
                    yield f"{'      ' if index else '    '}{line}"


def caution_lines(cautions: Iterable[str], width: int) -> Iterator[str]:
    """Lay out what must be known before using the rows above: an empty line, then each folded."""
    for number, caution in enumerate(cautions):
        if not number:
            yield ""
        for index, line in enumerate(fold(caution, max(width, 40) - len("Caution: "))):
            yield f"{'         ' if index else 'Caution: '}{line}"
