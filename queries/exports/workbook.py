"""The extraction table as a workbook: openpyxl writes the book and its head, the rows of the sheet are put into it."""

import io
import re
import tempfile
import zipfile
from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import IO
from xml.sax.saxutils import escape

from picograph.ontology.errors import UsageError
from picograph.queries.exports.extraction import COLUMNS, retracted_publications, rows_of_part
from picograph.queries.exports.selection import Losses, Selection

_CHUNK = 1 << 16
_LONG_AGO = datetime(2000, 1, 1)
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_MOST_ROWS = 1_048_576
_LONGEST = 32_767  # characters of a cell
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SHEET, _END = "xl/worksheets/sheet1.xml", b"</sheetData>"
_VALUE = COLUMNS.index("value")


def xlsx(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write the extraction table as a workbook: numbers are numbers, and no text is a formula.

    :raises UsageError: if openpyxl is not installed
    """
    try:
        from openpyxl import Workbook
    except ImportError:
        raise UsageError("a workbook needs openpyxl", remedy="pip install 'picograph[tables]'") from None
    book = Workbook()
    book.properties.created = book.properties.modified = _LONG_AGO  # the same input gives the same bytes
    sheet = book.active
    sheet.title = "extraction"
    sheet.freeze_panes = "A2"
    sheet.append(COLUMNS)
    empty = io.BytesIO()
    book.save(empty)
    yield from _undated(empty, _rows(selection, losses))


def _rows(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Give the rows of the sheet as XML, a part at a time."""
    written = 1
    work = partial(_part, retracted=retracted_publications(selection))
    for some in selection.each(work, losses):
        kept = some[: _MOST_ROWS - written]
        for study, _ in some[len(kept) :]:
            losses.add("rows beyond the 1,048,576 of a sheet (csv and parquet have them)", study)
        yield b"".join(b'<row r="%d">%b</row>' % (row, cells) for row, (_, cells) in enumerate(kept, written + 1))
        written += len(kept)


def _part(part: Selection, losses: Losses, *, retracted: Collection[str]) -> list[tuple[str, bytes]]:
    """Give the cells of each row, with its study."""
    return [(row[0], _cells(row, losses)) for row in rows_of_part(part, losses, retracted=retracted)]


def _cells(row: tuple[str, ...], losses: Losses) -> bytes:
    cells = []
    for index, text in enumerate(row):
        cell, lost = _number(text) if index == _VALUE else _words(text)
        if lost:
            losses.add(lost, row[0])
        cells.append(cell)
    return "".join(cells).encode()


@lru_cache(maxsize=1 << 12)  # the names of a record stand in each of its rows
def _words(text: str) -> tuple[str, str]:
    """Give the cell of a text, which stays a text whatever it begins with, and what is lost of it."""
    if not text:
        return "<c/>", ""
    clean = _CONTROL.sub("\ufffd", text)[:_LONGEST]
    safe = escape(clean, {"\r": "&#13;"})
    lost = "" if clean == text else "cells with characters that a workbook cannot hold, or too long for one"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{safe}</t></is></c>', lost


@lru_cache(maxsize=1 << 12)
def _number(text: str) -> tuple[str, str]:
    """Give the cell of a number, and what is lost of it."""
    if not text:
        return "<c/>", ""
    number = repr(float(text))
    lost = "" if Decimal(text) == Decimal(number) else "numbers with more digits than a workbook keeps"
    return f"<c><v>{number}</v></c>", lost


def _undated(book: IO[bytes], rows: Iterator[bytes]) -> Iterator[bytes]:
    """Write a zip again with the rows in its sheet, and with one date for all its members."""
    with zipfile.ZipFile(book) as old, tempfile.TemporaryFile() as again:
        with zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
            for name in sorted(old.namelist()):
                content = old.read(name)
                if name == "docProps/core.xml":
                    content = _STAMP.sub(b"2000-01-01T00:00:00Z", content)
                member = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
                member.compress_type = zipfile.ZIP_DEFLATED
                with new.open(member, "w", force_zip64=name == _SHEET) as file:
                    start, end, rest = content.partition(_END)
                    file.write(start)
                    if end:
                        for some in rows:
                            file.write(some)
                    file.write(end + rest)
        again.seek(0)
        while chunk := again.read(_CHUNK):
            yield chunk
