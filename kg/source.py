"""Where a fact was read: the source, the places in it, and the method that read them."""

import hashlib
import json
import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from picograph.ontology.errors import EvidenceError

_SPAN = re.compile(r"([0-9]{1,15})-([0-9]{1,15})")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)+")

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the source, 64 hexadecimal digits")]


class Place:
    """One place in a source: characters ``start`` to ``end`` of a text, or a pointer into a JSON document.

    A place is written ``414-428`` (characters are counted from 0, the end is not included) or as an
    RFC 6901 pointer such as ``/protocolSection/designModule``.

    :raises EvidenceError: if the text is neither

    >>> Place("414-428").fragment
    'char=414,428'
    >>> Place("/a/b~1c").fragment
    '/a/b~1c'
    >>> Place("414-428").words("x" * 414 + "Forty patients.")
    'Forty patients'
    """

    __slots__ = ("end", "pointer", "start")

    def __init__(self, written: str) -> None:
        span = _SPAN.fullmatch(written)
        self.pointer: str | None = None
        self.start, self.end = -1, -1
        if span:
            self.start, self.end = int(span[1]), int(span[2])
            if self.start >= self.end:
                raise EvidenceError(
                    f"the place {written} is empty or runs backwards",
                    remedy="write START-END, counted from 0, END not included, such as 414-428",
                )
        elif _POINTER.fullmatch(written):
            self.pointer = written
        else:
            raise EvidenceError(
                f"{written!r} is not a place in a source",
                remedy="write characters as START-END, such as 414-428, or a JSON pointer that begins with /",
            )

    @classmethod
    def span(cls, start: int, end: int) -> "Place":
        """Make a place of characters, without looking whether it can be one: 0 <= start < end.

        >>> Place.span(414, 428)
        Place('414-428')
        """
        place = cls.__new__(cls)
        place.pointer, place.start, place.end = None, start, end
        return place

    @classmethod
    def from_fragment(cls, fragment: str) -> "Place":
        """Read a place back from the fragment of an evidence IRI.

        >>> Place.from_fragment("char=414,428")
        Place('414-428')
        """
        from urllib.parse import unquote

        if fragment.startswith("char="):
            return cls(fragment.removeprefix("char=").replace(",", "-"))
        return cls(unquote(fragment) if "%" in fragment else fragment)

    @property
    def fragment(self) -> str:
        """The fragment of an IRI: RFC 5147 for characters, RFC 6901 section 6 for JSON."""
        return fragment_of(self)

    def words(self, text: str) -> str:
        """Give the words of a source at this place: of a text, or of a JSON record in its canonical text.

        :raises EvidenceError: if there is nothing at this place

        >>> Place("/arms/1").words('{"arms":["Sorafenib",40]}')
        '40'
        """
        if self.pointer is not None:
            from picograph.kg.readers.json_record import resolve

            value = resolve(_fields(text), self)
            return value if isinstance(value, str) else json.dumps(value, default=str)
        if self.end > len(text):
            raise EvidenceError(
                f"characters {self.start} to {self.end} lie outside the text, which has {len(text)}",
                remedy="count from 0 in the text whose checksum the file states",
            )
        return text[self.start : self.end]

    @property
    def order(self) -> tuple[Any, ...]:
        """A key that sorts places as they stand in the source: numbers in a pointer count as numbers."""
        if self.pointer is None:
            return (0, self.start, self.end)
        return (1, *((0, int(step), "") if step.isdecimal() else (1, 0, step) for step in self.pointer.split("/")))

    def __str__(self) -> str:
        return self.pointer if self.pointer is not None else f"{self.start}-{self.end}"

    def __repr__(self) -> str:
        return f"Place({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


def fragment_of(place: Place) -> str:
    """Give the fragment of the IRI of a place.

    >>> fragment_of(Place("414-428"))
    'char=414,428'
    """
    pointer = place.pointer
    return f"char={place.start},{place.end}" if pointer is None else quoted_pointer(pointer)


@lru_cache(maxsize=65_536)  # records of one format have the same pointers
def quoted_pointer(pointer: str) -> str:
    """Write a JSON pointer as the fragment of an IRI."""
    from urllib.parse import quote

    return quote(pointer, safe="/~!$&'()*+,;=:@-._")


@lru_cache(maxsize=2)  # the places of a record are asked for one after the other
def _fields(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        raise EvidenceError("a JSON pointer needs a JSON record, and the source is another text") from None


class Pointers:
    """The places that a JSON record has.

    :raises EvidenceError: if the text is no JSON

    >>> pointers = Pointers('{"arms":[{"a/b":40}]}')
    >>> pointers.lead("/arms/0/a~1b"), pointers.lead("/arms/1"), pointers.lead("/arms/00")
    (True, False, False)
    """

    def __init__(self, text: str) -> None:
        try:
            self.found: dict[str, Any] = {"": msgspec.json.decode(text)}
        except (ValueError, RecursionError):
            raise EvidenceError("a JSON pointer needs a JSON record, and the source is another text") from None

    def lead(self, pointer: str) -> bool:
        """Say whether a pointer leads to something."""
        if pointer in self.found:
            return True
        steps = []
        while pointer not in self.found:  # what is above it is often known
            pointer, _, step = pointer.rpartition("/")
            steps.append(step)
        value = self.found[pointer]
        for step in reversed(steps):
            if type(value) is dict and (name := step.replace("~1", "/").replace("~0", "~")) in value:
                value = value[name]
            elif type(value) is list and _INDEX.fullmatch(step) and int(step) < len(value):
                value = value[int(step)]
            else:
                return False
            pointer = f"{pointer}/{step}"
            self.found[pointer] = value
        return True


Evidence = tuple[Place, ...]


class Method(StrEnum):
    """How the facts of a record were read from its source."""

    CURATED = "curated"
    REGISTRY = "registry"
    RULE = "rule"
    MODEL = "model"


class Source(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The document that places refer to, known by its content."""

    sha256: Sha256
    characters: Annotated[int, Meta(ge=1)] | None = None  # length of a text; None for JSON


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reading of one document: what becomes one named graph."""

    document: Annotated[str, Meta(min_length=1, description="doi:…, pmid:… or a registry number")]
    source: Source
    method: Method
    reader: str = ""  # what read it, with its version
    read: date | None = None


def source_text(content: bytes) -> str:
    """Give the text of a source file: what its characters are counted in.

    The rule: the bytes are UTF-8; a byte-order mark at the start is dropped; CR LF and lone CR become LF;
    nothing else is changed, so nothing is trimmed and no Unicode form is altered.

    :raises EvidenceError: if the bytes are not UTF-8 text

    >>> source_text("\\ufeffDose\\r\\n".encode())
    'Dose\\n'
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EvidenceError(
            f"this is not a text: byte {error.start} is not UTF-8", remedy="save the text as UTF-8"
        ) from None
    if "\0" in text:
        raise EvidenceError(
            f"this is not a text: character {text.index(chr(0))} is a NUL", remedy="give a text, not a binary file"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def source_of(text: str) -> Source:
    """Know a text by its content: SHA-256 of its UTF-8 bytes, and its length in characters.

    >>> source_of("Forty patients").characters
    14
    """
    return Source(sha256=hashlib.sha256(text.encode()).hexdigest(), characters=len(text))
