"""What a record says of itself: the identifiers of its document, its report and its trial, each checked.

Which records are one study follows from this (`joining`), and nothing here depends on other records.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import msgspec

from picograph.kg.identifiers import identifier, is_registry_number, scheme
from picograph.kg.study import Study

# the kind of a secondary identifier that a reader found in the words of an abstract, and not in a field of the record
IN_ABSTRACT = "named in the abstract"


class Stands(StrEnum):
    """Where in its record an identifier stands."""

    DOCUMENT = "its own document"
    REPORT = "the identifiers of its report"
    CHOSEN = "the number that its report is said to have"
    LIST = "its list of numbers"
    ABSTRACT = "the words of its abstract"


class Identifier(NamedTuple):
    """An identifier that was checked, and where it stands."""

    key: str
    stands: Stands


class Said(NamedTuple):
    """The identifiers of a record as it writes them."""

    document: str
    doi: str | None = None
    pmid: str | None = None
    registry_id: str | None = None
    numbers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # secondary identifiers: most are a sponsor's
    abstract: tuple[str, ...] = ()  # numbers that the words of the abstract name


def said(study: Study) -> Said:
    """Give the identifiers of a record as it writes them."""
    report, others = study.report, study.secondary_identifiers
    return Said(
        study.record.document,
        report.doi,
        report.pmid,
        report.registry_id,
        study.identifiers,
        tuple(each.label for each in others if each.kind != IN_ABSTRACT),
        tuple(each.label for each in others if each.kind == IN_ABSTRACT),
    )


def _texts(stated: Said) -> Iterator[tuple[str, Stands, str | None]]:
    """Give each text, where it stands, and the identifier that it is."""
    yield stated.document, Stands.DOCUMENT, identifier(stated.document)
    for prefix, text in (("doi:", stated.doi), ("pmid:", stated.pmid)):
        if text:
            yield text, Stands.REPORT, identifier(prefix + text)
    if stated.registry_id:
        yield stated.registry_id, Stands.CHOSEN, identifier(stated.registry_id)
    yield from ((text, Stands.LIST, identifier(text)) for text in (*stated.numbers, *stated.others))
    yield from ((text, Stands.ABSTRACT, identifier(text)) for text in stated.abstract)


def checked(stated: Said) -> tuple[frozenset[Identifier], tuple[str, ...]]:
    """Give the identifiers that a record states, and those of its numbers that have the form of no registry's."""
    texts = list(_texts(stated))
    refused = (text for text, _, found in texts[1:] if found is None and text not in stated.others)
    return frozenset(Identifier(found, stands) for _, stands, found in texts if found), tuple(dict.fromkeys(refused))


def identifiers_of(study: Study) -> frozenset[Identifier]:
    """Give the identifiers that a record states, checked and in their one form, and where each stands.

    Numbers in a title are not taken: they may be those of another trial.

    >>> from picograph.kg.source import Record, Source
    >>> record = Record(document="doi:10.1000/A", source=Source(sha256="0" * 64), method="curated")
    >>> for found in sorted(identifiers_of(Study(key="doi:10.1000/A", record=record, identifiers=("nct00000001",)))):
    ...     print(found.key, "in", found.stands)
    NCT00000001 in its list of numbers
    doi:10.1000/a in its own document
    """
    return checked(said(study))[0]


def with_stated_key(study: Study) -> Study:
    """Write down among the identifiers of a study what only its key says, so that a new key loses nothing.

    For a record as it was read. A record of a store has the key that was found for it: leave that alone.

    >>> from picograph.kg.source import Record, Source
    >>> record = Record(document="pmid:1", source=Source(sha256="0" * 64), method="curated")
    >>> with_stated_key(Study(key="NCT00000001", record=record)).identifiers
    ('NCT00000001',)
    """
    key, stated = identifier(study.key), identifiers_of(study)
    if key is None or any(each.key == key and each.stands not in (Stands.LIST, Stands.ABSTRACT) for each in stated):
        return study
    listed = {each.key for each in stated if each.stands is not Stands.ABSTRACT}
    report = study.report
    if is_registry_number(key) and any(scheme(each) == scheme(key) for each in listed - {key}):
        if report.registry_id:  # what the report says of itself goes before the key
            return msgspec.structs.replace(study, identifiers=tuple(dict.fromkeys((study.key, *study.identifiers))))
        return msgspec.structs.replace(study, report=msgspec.structs.replace(report, registry_id=study.key))
    if key in listed:
        return study
    if scheme(key) == "doi" and not report.doi:
        report = msgspec.structs.replace(report, doi=study.key.removeprefix("doi:"))
    elif scheme(key) == "pmid" and not report.pmid:
        report = msgspec.structs.replace(report, pmid=study.key.removeprefix("pmid:"))
    else:
        return msgspec.structs.replace(study, identifiers=(study.key, *study.identifiers))
    return msgspec.structs.replace(study, report=report)
