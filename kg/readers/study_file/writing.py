"""From a study to the YAML of a study file, as a person would lay it out."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from msgspec import NODEFAULT, Struct

from picograph.kg.readers.decimals import decimal
from picograph.kg.readers.study_file.nodes import FORMAT, MARK
from picograph.kg.readers.study_file.shapes import COMPUTED, shapes_of
from picograph.kg.source import Place
from picograph.kg.study import Study

WIDTH = 110  # columns that a flow collection may fill

_IN_FLOW = re.compile(r"[^\W_](?:[\w %/().;+*'<>=≥≤–&-]|:(?=\S))*(?<! )|/[\w/.~-]+")
_IN_BLOCK = re.compile(r"[^\W_](?:[\w %/().;+*'<>=≥≤–&,-]|:(?=\S))*(?<! )|/[\w/.~-]+")
_ESCAPED = re.compile(
    "[^\x20-\x7e\xa0-\u200a\u2010-\u2027\u2030-\u205f\u2070-\ud7ff\ue000-\ufdff\ufe70-\ufefe\uff00-\uffef]"
)
_RESOLVED = re.compile(
    r"[-+]?[.\d][\d_,.:]*(?:[eE][-+]?\d+)?|0[xob].*|\d{4}-\d\d?-\d\d?.*"
    r"|y|n|yes|no|on|off|true|false|null|[-+]?\.?(?:nan|inf|infinity)",
    re.IGNORECASE,
)


def _quote(text: str, pattern: re.Pattern[str]) -> str:
    """Write words without quotes where every reader of YAML, 1.1 ones too, takes them for these words."""
    if pattern.fullmatch(text) and not _RESOLVED.fullmatch(text) and not text.endswith(":"):
        return text

    def escape(match: re.Match[str]) -> str:
        code = ord(match[0])
        return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")

    return '"' + _ESCAPED.sub(escape, text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _plain(value: Any) -> Any:
    """Take a value apart into dicts, lists and finished scalars (a pair of how it looks in flow and in block)."""
    if isinstance(value, Struct):
        fields = {}
        for shape in shapes_of(type(value)).values():
            each = getattr(value, shape.name)
            if shape.name in COMPUTED or (shape.default is not NODEFAULT and each == shape.default):
                continue
            fields[shape.name] = _plain(each)
        return fields
    if isinstance(value, tuple):
        items = [_plain(each) for each in value]
        return items[0] if len(items) == 1 and isinstance(items[0], str | _Text) else items
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(decimal(format(value, "f")), "f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Place) and value.pointer is None:
        return str(value)
    return _Text(str(value.value) if isinstance(value, Enum) else str(value))


class _Text(NamedTuple):
    words: str


def _flow(data: Any) -> str:
    if isinstance(data, dict):
        return "{" + ", ".join(f"{name}: {_flow(value)}" for name, value in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(_flow(item) for item in data) + "]"
    return _quote(data.words, _IN_FLOW) if isinstance(data, _Text) else str(data)


def _short(data: Any, room: int) -> str | None:
    """Write in flow style what reads well on one line: few fields, nothing deeper than a list or one mapping."""
    if isinstance(data, str | _Text):
        return _quote(data.words, _IN_BLOCK) if isinstance(data, _Text) else data
    if isinstance(data, list) and any(isinstance(item, dict) for item in data):
        return None
    if isinstance(data, dict) and any(isinstance(item, dict) for item in data.values()):
        return None
    written = _flow(data)
    return written if len(written) <= room else None


def _block(data: Any, indent: int) -> Iterator[str]:
    space = " " * indent
    if isinstance(data, dict):
        for name, value in data.items():
            if (short := _short(value, WIDTH - indent - len(name) - 2)) is not None:
                yield f"{space}{name}: {short}"
            elif not value:
                yield f"{space}{name}: {_flow(value)}"
            else:
                yield f"{space}{name}:"
                yield from _block(value, indent + 2)
        return
    for item in data:
        few = not isinstance(item, dict) or len(item) <= 4
        short = _short(item, WIDTH - indent - 2) if few else None
        if short is not None or not item:
            yield f"{space}- {short if short is not None else _flow(item)}"
        else:
            first, *rest = _block(item, indent + 2)
            yield f"{space}- {first.lstrip()}"
            yield from rest


def write(study: Study) -> str:
    """Write a study as a study file: reading it again gives an equal study.

    Fields stand in the model's order, a part's own before those that all parts have, and so evidence last. What is
    at its default is left out, and so are `derived` and `mentions`, which are computed again when the file is loaded.

    >>> from picograph.kg.source import Method, Record, Source
    >>> from picograph.kg.study import Population
    >>> record = Record(document="pmid:1", source=Source(sha256="0" * 64), method=Method.CURATED)
    >>> people = Population(enrolled=40, evidence=(Place("414-428"),))
    >>> print(write(Study(key="pmid:1", record=record, population=people)).replace("0" * 64, "000…"))
    picograph: study 1
    key: pmid:1
    record:
      document: pmid:1
      source: {sha256: "000…"}
      method: curated
    population: {enrolled: 40, evidence: 414-428}
    <BLANKLINE>
    """
    return "\n".join([f"{MARK}: {FORMAT}", *_block(_plain(study), 0)]) + "\n"
