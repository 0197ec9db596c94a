"""A report of a study: a publication, or the record of a registry, as it describes itself and an index describes it."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from picograph.kg.results import Curie, Part, Text

Date = Annotated[str, Meta(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]  # a year, a month or a day, as known


class IndexedAs(StrEnum):
    """What an index term was found for."""

    CONDITION = "indexed condition"
    INTERVENTION = "indexed intervention"


class MeshHeading(Part, frozen=True, kw_only=True):
    """A MeSH heading of a report: descriptor, perhaps a qualifier, perhaps a major topic."""

    descriptor: Text  # words as printed
    qualifier: Text | None = None
    major: bool = False
    descriptor_concept: Curie | None = None  # None: the words were not found
    qualifier_concept: Curie | None = None
    heading: Curie | None = None  # NLM's identifier of the pair, or of the descriptor alone
    indexes: IndexedAs | None = None  # of a registry, which finds its terms by computer; None: not reported


class PublicationType(Part, frozen=True, kw_only=True):
    """A publication type that the index gives a report."""

    label: Text
    concept: Curie | None = None


class Substance(Part, frozen=True, kw_only=True):
    """A substance that the index gives a report."""

    label: Text
    concept: Curie | None = None
    registry_number: Text | None = None


class SupplementaryConcept(Part, frozen=True, kw_only=True):
    """A supplementary concept of MeSH (a disease, protocol, organism…) that the index gives a report."""

    label: Text
    concept: Curie | None = None


class Author(Part, frozen=True, kw_only=True):
    """An author of a report: a person or a group."""

    label: Text  # as printed: Doe, Jane A; the name of a group
    family_name: Text | None = None  # None: a group, or not told apart
    given_name: Text | None = None  # names or initials, as printed


class RelatedReport(Part, frozen=True, kw_only=True):
    """Another publication that a record names: one that corrects, retracts or comments on its report, a reference…"""

    relation: Text | None = None  # in the record's own words: CommentIn, ErratumIn, RetractionIn, DERIVED…
    citation: Text | None = None  # as printed
    pmid: Annotated[str, Meta(pattern=r"^[1-9]\d*$")] | None = None
    note: Text | None = None


class Report(Part, frozen=True, kw_only=True):
    """A publication of the study, or its registry record."""

    doi: Annotated[str, Meta(pattern=r"^10\.\d{4,9}/\S+$")] | None = None
    pmid: Annotated[str, Meta(pattern=r"^[1-9]\d*$")] | None = None
    pmcid: Annotated[str, Meta(pattern=r"^PMC[1-9]\d*$")] | None = None
    registry_id: Text | None = None
    title: Text | None = None
    brief_title: Text | None = None
    acronym: Text | None = None
    journal: Text | None = None  # as stated: ISO abbreviation or full title
    published: Date | None = None
    updated: Date | None = None  # of a registry record
    volume: Text | None = None
    issue: Text | None = None
    pages: Text | None = None
    publication_types: tuple[PublicationType, ...] = ()
    headings: tuple[MeshHeading, ...] = ()
    substances: tuple[Substance, ...] = ()
    supplementary_concepts: tuple[SupplementaryConcept, ...] = ()
    authors: tuple[Author, ...] = ()
    retracted: bool | None = None  # None: the source does not say so
    related: tuple[RelatedReport, ...] = ()
    limitations: Text | None = None  # that its authors state


class SecondaryIdentifier(Part, frozen=True, kw_only=True):
    """A further number of the study: of the sponsor, of another registry, of a grant."""

    label: Text  # the number itself
    kind: Text | None = None  # in the words of the record
    authority: Text | None = None  # who gave the number
