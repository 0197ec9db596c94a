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


def whole_words(folded: str, start: int, end: int) -> Span:
    """Move a span to whole words: out to the edges of those that it cuts, in from spaces.

    >>> whole_words("a randomised trial", 1, 9)
    (2, 12)
    """
    while start < end and folded[start].isspace():
        start += 1
    while end > start and folded[end - 1].isspace():
        end -= 1
    while 0 < start < end and folded[start - 1].isalnum() and folded[start].isalnum():
        start -= 1
    while start < end < len(folded) and folded[end - 1].isalnum() and folded[end].isalnum():
        end += 1
    return start, end


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
