"""Places, keys and repeats: what all readers of facts share."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from picograph.kg.source import Evidence, Place

Span = tuple[int, int]


def place(start: int, end: int) -> Place:
    """Write characters as a place."""
    return Place(f"{start}-{end}")


def places(*spans: Span | None) -> Evidence:
    """Write spans as evidence, in the order of the text, each once."""
    return tuple(place(*span) for span in sorted({span for span in spans if span and span[0] < span[1]}))


def slug(words: str) -> str:
    """Write words as a key.

    >>> slug("Progression-free survival (PFS)")
    'progression-free-survival-pfs'
    """
    key = re.sub(r"[^a-z0-9]+", "-", words.casefold().replace("è", "e")).strip("-")
    return key[:60].strip("-") or "x"


def merged(results: list[Any]) -> Iterator[Any]:
    """Give each fact once: what is said again adds its places."""
    kept: dict[Any, Any] = {}
    for each in results:
        bare = msgspec.structs.replace(each, evidence=(), confidence=None)
        key = msgspec.json.encode(bare, enc_hook=str) if not isinstance(each, str) else each
        if key in kept:
            old = kept[key]
            evidence = tuple(sorted({*old.evidence, *each.evidence}, key=lambda span: span.order))
            sure = max(filter(None, (old.confidence, each.confidence)), default=None)
            kept[key] = msgspec.structs.replace(old, evidence=evidence, confidence=sure)
        else:
            kept[key] = each
    yield from kept.values()
