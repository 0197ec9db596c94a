"""JSON records: parsed strictly, known by one checksum wherever they stand, read with a pointer for every leaf.

**What the checksum of a JSON record counts.** A record is a JSON object. Its checksum is the SHA-256 of its canonical
text, in UTF-8: the form of RFC 8785, except that keys are sorted by code point, and that a number keeps every digit of
its value and has neither exponent nor trailing zeros. So a record has one checksum alone, in a page of records, in
JSON lines and in a zip, indented or not, whatever program wrote it. Places in it are RFC 6901 pointers into the record,
never into the page that it stood in.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, NoReturn, TypeVar

import msgspec

from picograph.kg.readers.decimals import decimal
from picograph.kg.source import Evidence, Place, Source
from picograph.ontology.errors import EvidenceError, InputError

LARGEST = 64_000_000  # bytes of one record; the largest that registries publish have less than half of this
SPACE = b"\xef\xbb\xbf \t\r\n"

_E = TypeVar("_E", bound=Enum)
_canonical = msgspec.json.Encoder(decimal_format="number", order="sorted")


# One record: bytes -> fields and source ------------------------------------------------------------------------------


class MisfitError(Exception):
    """Something in a record that does not fit, and where: a pointer, characters (START-END), or nothing: all of it."""

    def __init__(self, pointer: str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.pointer, self.what, self.remedy = pointer, what, remedy

    def error(self, name: str) -> InputError:
        """Say it of a file, as other errors are said."""
        where = f"{name} (#{self.pointer})" if self.pointer.startswith("/") else name
        return InputError(self.what, where=where, remedy=self.remedy, pointer=self.pointer)


class _TooLong(str):
    """The digits of a number that no RDF store keeps exactly."""


def _integer(digits: str) -> object:
    return int(digits) if len(digits) <= 18 else _TooLong(digits)


def _fraction(digits: str) -> object:
    try:
        return decimal(digits)
    except ValueError:
        return _TooLong(digits)


def _constant(word: str) -> NoReturn:
    raise MisfitError(
        "", f"it holds {word}, which is no number that JSON has", "leave the field out, or put null there"
    )


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in fields if names.count(name) > 1)
        raise MisfitError("", f"the field {_short(twice)} stands twice in one object", "keep the one that is right")
    return fields


def _find_too_long(value: Any, path: str = "") -> MisfitError | None:
    if isinstance(value, _TooLong):
        what = f"the number {value[:24]}{'…' if len(value) > 24 else ''} has more digits than a store keeps"
        return MisfitError(path, what, "see whether the record is damaged: no study reports such a number")
    members: Any = ()
    if isinstance(value, dict):
        members = ((name.replace("~", "~0").replace("/", "~1"), inner) for name, inner in value.items())
    elif isinstance(value, list):
        members = enumerate(value)
    return next((found for name, inner in members if (found := _find_too_long(inner, f"{path}/{name}"))), None)


def _tree(content: bytes) -> tuple[Any, bytes]:
    """Parse JSON, and write it in its canonical form."""
    again = "see whether the download or the copy was complete"
    try:
        tree = json.loads(
            content.decode("utf-8-sig"),
            parse_float=_fraction,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_fields,
        )
        try:
            text = _canonical.encode(tree)
        except TypeError:  # nothing else is of a type that cannot be written
            raise _find_too_long(tree) or AssertionError from None
    except UnicodeDecodeError as error:
        at = len(content[: error.start].decode("utf-8-sig"))
        what = f"this is no JSON: byte {error.start} is not UTF-8"
        raise MisfitError(f"{at}-{at + 1}", what, "save the file as UTF-8") from None
    except UnicodeEncodeError:
        raise MisfitError("", "a text holds a \\u escape that is half a character", again) from None
    except RecursionError:
        raise MisfitError("", "this is nested deeper than any record", again) from None
    except json.JSONDecodeError as error:
        told = f"{error.msg[:1].lower()}{error.msg[1:]} in line {error.lineno}, column {error.colno}"
        raise MisfitError(f"{error.pos}-{error.pos + 1}", f"this is no JSON: {told}", again) from None
    return tree, text


def parse(content: bytes, name: str) -> tuple[dict[str, Any], Source]:
    """Parse one JSON record: its fields, and the source that it is.

    :param name: what errors call it
    :raises InputError: if it is not one JSON object, or holds a field twice, NaN, or a number too long to keep

    >>> fields, source = parse(b'{"b": 1.50, "a": "x"}', "example")
    >>> fields, source == parse(b'{"a":"x",  "b":1.5}', "again")[1]
    ({'b': Decimal('1.5'), 'a': 'x'}, True)
    """
    fields, source, _ = parsed(content, name)
    return fields, source


def parsed(content: bytes, name: str) -> tuple[dict[str, Any], Source, str]:
    """Parse one JSON record, as `parse` does; gives its canonical text too."""
    try:
        if not content.strip(SPACE):
            raise MisfitError("", "the file is empty", "see whether the download or the copy was complete")
        if len(content) > LARGEST:
            what = f"a record of {len(content)} bytes is larger than the {LARGEST} that are allowed"
            raise MisfitError("", what, "see whether the file holds one record")
        tree, text = _tree(content)
        if not isinstance(tree, dict):
            raise MisfitError("", f"a record is an object, and this is {_kind(tree)}", "give one record, { … }")
    except MisfitError as misfit:
        raise misfit.error(name) from None
    return tree, Source(sha256=hashlib.sha256(text).hexdigest()), text.decode()


def canonical_text(fields: Mapping[str, Any]) -> str:
    """Write a record in the form that its checksum counts; a text with this checksum, to keep it by."""
    return _canonical.encode(fields).decode()


def resolve(fields: Mapping[str, Any], place: Place) -> Any:
    """Give the value that a pointer points to (RFC 6901).

    :raises EvidenceError: if the record has nothing there

    >>> resolve({"a/b": [{"c": 0}]}, Place("/a~1b/0/c"))
    0
    """
    value: Any = fields
    for step in (place.pointer or "").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and re.fullmatch("0|[1-9][0-9]*", name) and int(name) < len(value):
            value = value[int(name)]
        else:
            raise EvidenceError(f"the record has nothing at {place}", remedy="read the record again")
    return value


# Reading a record: every value that is taken leaves its pointer ------------------------------------------------------

DAMAGED = "see whether the record is damaged: download it again"  # what to try
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0, so RDF/XML, cannot hold
_NUMBER = re.compile(r"[-+\u2212]?(?=\.?[0-9])(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)\.?[0-9]*(?:[eE][-+]?[0-9]{1,3})?")
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number"}
_KINDS |= {Decimal: "a number", type(None): "null", _TooLong: "a number"}
# How a record says that there is no number; a value that says more is kept in words.
_ABSENT = frozenset({"na", "n/a", "n.a.", "-", "--", "\u2013", "\u2014", "not available", "not reported"})


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "something else")


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def number(text: str) -> Decimal | None:
    """Read a number that stands in a text, exactly as it is printed; None where it is none.

    :raises ValueError: if it has more digits than a store keeps exactly

    >>> number("1,234"), number(".33"), number("32.0"), number("<0.001"), number("12,5")
    (Decimal('1234'), Decimal('0.33'), Decimal('32.0'), None, None)
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    plain = text.replace(",", "").replace("\u2212", "-")
    if len(plain) > 15 or "e" in plain.lower():
        return decimal(plain)
    return Decimal(plain)


class JsonObject:
    """An object in a record, and the pointer to it. What is not there is an empty object, so questions can be chained.

    >>> record = JsonObject({"a": {"b": [{"c": 1}]}})
    >>> [(each.path, each.fields) for each in record.child("a").children("b")]
    [('/a/b/0', {'c': 1})]
    >>> record.child("x").child("y").fields
    {}
    """

    __slots__ = ("fields", "path")

    def __init__(self, fields: Mapping[str, Any], path: str = "") -> None:
        self.fields, self.path = fields, path

    def child(self, name: str) -> "JsonObject":
        """Give an object by its name.

        :raises MisfitError: if something else stands there
        """
        value = self.fields.get(name)
        if value is None:
            return JsonObject({}, f"{self.path}/{name}")
        if not isinstance(value, dict):
            raise self.misfit(name, value, "an object")
        return JsonObject(value, f"{self.path}/{name}")

    def children(self, name: str) -> list["JsonObject"]:
        """Give the objects of a list.

        :raises MisfitError: if something else stands there, or in the list
        """
        found = []
        for path, value in self._list(name):
            if not isinstance(value, dict):
                raise MisfitError(path, f"here stands {_kind(value)}, not an object", DAMAGED)
            found.append(JsonObject(value, path))
        return found

    def texts(self, name: str) -> list[tuple[str, Place]]:
        """Give the texts of a list, each with its place; empty ones are left out.

        :raises MisfitError: if something else stands there, or in the list
        """
        found = []
        for path, value in self._list(name):
            if not isinstance(value, str):
                raise MisfitError(path, f"here stands {_kind(value)}, not a text", DAMAGED)
            if words := _legal(value):
                found.append((words, _place(path)))
        return found

    def _list(self, name: str) -> Iterator[tuple[str, Any]]:
        value = self.fields.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            raise self.misfit(name, value, "a list")
        for index, each in enumerate(value):
            yield f"{self.path}/{name}/{index}", each

    def misfit(self, name: str, value: object, wanted: str) -> MisfitError:
        """Say that a field holds something else than it should."""
        return MisfitError(f"{self.path}/{name}", f"{name} is {_kind(value)}, not {wanted}", DAMAGED)


def _legal(text: str) -> str:
    """Give a text without the control characters that no form of RDF can carry; empty where there are no words."""
    if not text.isprintable():  # most are: a line break is enough to look closer
        text = _ILLEGAL.sub("", text)
    return "" if text.isspace() else text


def _place(pointer: str) -> Place:
    """Make a place of a pointer that is known to be one, without looking at it again."""
    place = Place.__new__(Place)
    place.pointer, place.start, place.end = pointer, -1, -1
    return place


class Leaves:
    """The values of one fact: each one that is taken leaves the place where it was read.

    >>> leaves = Leaves()
    >>> leaves.text(JsonObject({"term": "nausea", "note": ""}, "/a"), "term"), leaves.evidence
    ('nausea', (Place('/a/term'),))
    """

    __slots__ = ("places", "words")

    def __init__(self, *places: Place) -> None:
        self.places = list(places)
        self.words: list[str] = []  # what stood where a number was asked for, and was none

    @property
    def evidence(self) -> Evidence:
        """The places, in the order in which they were read, each once."""
        return tuple({place.pointer: place for place in self.places}.values())

    def at(self, *places: Place) -> None:
        """Add places of values that were read before."""
        self.places.extend(places)

    def text(self, of: JsonObject, name: str) -> str | None:
        """Take a text; an empty one is absent.

        :raises MisfitError: if something else stands there
        """
        value = of.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or isinstance(value, _TooLong):
            raise of.misfit(name, value, "a text")
        words = _legal(value)
        if not words:
            return None
        self.places.append(_place(f"{of.path}/{name}"))
        return words

    def texts(self, of: JsonObject, name: str) -> tuple[str, ...]:
        """Take a list of texts, each once."""
        found = of.texts(name)
        self.places.extend(place for _, place in found)
        return tuple(dict.fromkeys(words for words, _ in found))

    def member(self, of: JsonObject, name: str, members: Mapping[str, _E]) -> _E | None:
        """Take a word of a fixed list; one that is not on it gives nothing."""
        value = of.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise of.misfit(name, value, "a text")
        found = members.get(value)
        if found is not None:
            self.places.append(_place(f"{of.path}/{name}"))
        return found

    def number(self, of: JsonObject, name: str) -> Decimal | None:
        """Take a number, from a text or not. What stands there instead of one goes to `words`.

        :raises MisfitError: if something else stands there, or a number too long to keep
        """
        value = of.fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise of.misfit(name, value, "a number")
        if not isinstance(value, str):
            found: Decimal | None = Decimal(value)
        elif not (words := _legal(value)):
            return None
        else:
            try:
                found = number(words)
            except ValueError:
                raise MisfitError(
                    f"{of.path}/{name}", f"{_short(words)} has more digits than a store keeps", DAMAGED
                ) from None
            if found is None and words.strip().casefold() not in _ABSENT:
                self.words.append(words)
        self.places.append(_place(f"{of.path}/{name}"))
        return found

    def count(self, of: JsonObject, name: str) -> int | None:
        """Take a number of participants or of things.

        :raises MisfitError: if a number stands there that cannot be one
        """
        found = self.number(of, name)
        if found is None:
            return None
        if found != found.to_integral_value() or found < 0:
            raise MisfitError(f"{of.path}/{name}", f"{name} is {found}, and a count is a whole number from 0", DAMAGED)
        return int(found)
