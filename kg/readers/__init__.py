"""One module per format: record -> Study.

A format is a line in `READERS` and a module with `read(content, name) -> Study` and `sniff(head) -> bool`. Other
packages add theirs through the entry-point group `picograph.readers`: the name of the format, then `module:function`,
with `sniff` beside the function. No reader is imported before a record is looked at.
"""

import codecs
import re
from functools import cache
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from picograph.kg.readers import streams
from picograph.ontology.errors import InputError, PicographError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from picograph.kg.study import Study

# In the order in which they are asked: those that can be sure come first.
READERS = {
    "study-file": "picograph.kg.readers.study_file:read",
    "pubmed-xml": "picograph.kg.readers.pubmed_xml:read",
    "nbib": "picograph.kg.readers.nbib:read",
    "ris": "picograph.kg.readers.ris:read",
    "clinicaltrials": "picograph.kg.readers.clinicaltrials:read",
    "rdf": "picograph.kg.readers.rdf_dump:read",
    "pubmed-text": "picograph.kg.readers.pubmed_text:read",
}
GROUP = "picograph.readers"
LARGEST = 64_000_000  # bytes of one record; the largest that are published have less than half of this
_MARKUP = re.compile(rb'[<{]|\[\s*["{\[\]\d-]')  # what XML, HTML and JSON begin with
_HEAD = 65_536  # bytes that are enough to know a format by
_PRINTED = bytes((9, 10, 12, 13, *range(32, 256)))  # what a text in an encoding of 8 bits is made of


class Piece(NamedTuple):
    """One record, as its file has it: what errors call it, its bytes, its format."""

    name: str
    content: bytes
    format: str


class Damaged(NamedTuple):
    """A record that could not be taken out of its file, and why."""

    name: str
    error: PicographError


@cache
def _joined() -> dict[str, str]:
    """Give the readers of other packages; a name that picograph uses itself stays picograph's."""
    from importlib.metadata import entry_points

    return {each.name: each.value for each in entry_points(group=GROUP) if each.name not in READERS}


def _target(name: str) -> str:
    return READERS.get(name) or _joined()[name]


def _module(name: str) -> Any:
    return import_module(_target(name).partition(":")[0])


def _function(name: str, function: str = "") -> Any:
    target = _target(name)
    module, _, read = target.partition(":")
    try:
        return getattr(import_module(module), function or read)
    except (ImportError, AttributeError) as error:
        if name in READERS:
            raise
        raise PicographError(
            f"the reader {name!r} of another package cannot be used: {error}",
            where=f"{target} ({GROUP})",
            remedy="update or remove the package that brings it",
        ) from error


def detect(content: bytes, name: str) -> str:
    """Say which format a record has, from its content; its name and ending do not matter.

    :param content: the whole record
    :param name: what errors call it
    :returns: a name in `READERS`, or one that another package brings
    :raises InputError: if the record is empty, or of no format that can be read

    >>> detect(b"picograph: study 1\\n", "notes.txt")
    'study-file'
    """
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise InputError("the file is empty", where=name, remedy="see whether the download or the copy was complete")
    head = content[:_HEAD]
    for format_name in READERS:
        if _function(format_name, "sniff")(head):
            return format_name
    # Asked for last, because looking for entry points reads every installed package.
    for format_name in _joined():
        if _function(format_name, "sniff")(head):
            return format_name
    known = ", ".join([*READERS, *_joined()])
    if (odd := _not_utf8(content)) is not None and _like_text(content):
        raise InputError(
            f"byte {odd} is not UTF-8, and no reader knows the file",
            where=name,
            remedy=f"save it as UTF-8; these formats are read: {known}",
        )
    if odd is not None or b"\0" in content:
        raise InputError(
            "this is a binary file, and no reader knows it",
            where=name,
            remedy=f"unpack it if it is compressed; these formats are read: {known}",
        )
    raise InputError(
        "this is in no format that picograph reads",
        where=name,
        remedy=f"these formats are read: {known}; a bare abstract, as plain text: picograph load --extract",
    )


def _is_prose(head: bytes) -> bool:
    """Say whether the first bytes of a file of no known format may be those of a plain text.

    >>> _is_prose(b"Forty patients were treated."), _is_prose(b"[A title that was translated.] Forty patients")
    (True, True)
    >>> _is_prose(b"<p>Forty</p>"), _is_prose(b'["Forty"]'), _is_prose(b" ")
    (False, False, False)
    """
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return bool(start) and not _MARKUP.match(start) and b"\0" not in head and _not_utf8(head) is None


def _not_utf8(content: bytes) -> int | None:
    """Give the place of the first byte that UTF-8 does not have."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(content)  # what is looked at may end in half a character
    except UnicodeDecodeError as error:
        return error.start
    return None


def _like_text(content: bytes) -> bool:
    """Say whether bytes may be a text in some encoding: UTF-16, which says so, or one without control characters."""
    return content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or not content.translate(None, _PRINTED)


def pieces(stream: IO[bytes], name: str, prose: str = "") -> "Iterator[Piece | Damaged]":
    """Take a stream apart: each record with what errors call it, one at a time; a damaged one as its error.

    :param stream: need not be seekable
    :param prose: the format that a plain text in no known format is given; empty: it is refused
    :raises InputError: if it is of no known format

    >>> import io
    >>> two = io.BytesIO(b"PMID- 1\\nTI  - One.\\n\\nPMID- 2\\nTI  - Two.\\n")
    >>> [piece.name for piece in pieces(two, "my.nbib")]
    ['my.nbib, line 1, PMID 1', 'my.nbib, line 4, PMID 2']
    """
    head, whole = streams.peek(stream, _HEAD)
    if head.startswith(b"\x1f\x8b"):
        streams.check_gzip(whole, name)
    try:
        format_name = detect(head, name)
        apart = getattr(_module(format_name), "records", None)
    except InputError:
        if not prose or not _is_prose(head):
            raise
        format_name, apart = prose, None
    if apart is None:
        content = whole.read(LARGEST + 1)
        if len(content) > LARGEST:
            what = f"the file has more than the {LARGEST:,} bytes that one record may have"
            raise InputError(what, where=name, remedy="see whether this is the file that was meant")
        yield Piece(name, content, format_name)
        return
    for where, record in apart(whole, name):
        yield Damaged(where, record) if isinstance(record, InputError) else Piece(where, record, format_name)


def read_piece(piece: Piece) -> "tuple[Study, str | None]":
    """Read a record: its study, and the text that its places count in, where the record itself has it.

    :raises InputError: if its reader refuses it
    """
    if (written := getattr(_module(piece.format), "written", None)) is not None:
        study, text = written(piece.content, piece.name)
        return study, text
    study = _function(piece.format)(piece.content, piece.name)
    return study, source_text_of(piece.content, piece.name)


def source_text_of(content: bytes, name: str) -> str:
    """Give the text in which the places of a record count: by a rule of its reader, else the file as it is.

    :raises InputError: if it is of no known format, is no text, or its reader refuses it

    >>> source_text_of(b"PMID- 1\\nTI  - A title.\\n", "example")
    'A title.\\n\\nPMID: 1\\n'
    """
    from picograph.kg.source import source_text

    module = _module(detect(content, name))
    text: str
    if (written := getattr(module, "written", None)) is not None:
        _, text = written(content, name)
    else:
        rule = getattr(module, "source_text_of", None)
        text = rule(content, name) if rule else source_text(content)
    return text


def read_record(content: bytes, name: str) -> "Study":
    """Read a record of any format.

    :raises InputError: if it is of no known format, or if its reader refuses it

    >>> record = b"picograph: study 1\\nkey: pmid:1\\nrecord: {document: pmid:1, source: {sha256: %s}, method: rule}\\n"
    >>> read_record(record % (b"0" * 64), "example").key
    'pmid:1'
    """
    study: Study = _function(detect(content, name))(content, name)
    return study
