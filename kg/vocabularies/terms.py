"""A term as any ontology or table gives it, on its way to a concept."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from picograph.ontology.concepts import Concept, Mapping
from picograph.ontology.prefixes import PREFIXES, compress

MATCHES = ("skos:exactMatch", "skos:closeMatch", "skos:broadMatch", "skos:narrowMatch", "skos:relatedMatch")
UNSPECIFIED = "semapv:UnspecifiedMatching"  # a cross-reference, which does not say how it was found

# How ontologies write the prefixes of what they refer to.
_ALIASES = {
    "msh": "mesh", "mesh": "mesh", "nci": "NCIT", "ncit": "NCIT", "chebi": "CHEBI", "drugbank": "drugbank",
    "mondo": "MONDO", "hp": "HP", "doid": "DOID", "oae": "OAE", "atc": "atc", "rxnorm": "rxnorm", "rxcui": "rxnorm",
    "cas": "cas",
}  # fmt: skip
_REGISTRIES = ("cas", "unii", "casrn")  # whose numbers find a concept, without an IRI of their own


class Xref(NamedTuple):
    """A reference to a concept elsewhere; without a predicate it does not say how close that is."""

    object: str  # a CURIE
    predicate: str = ""
    comment: str = ""


class Term(NamedTuple):
    """A term of an ontology."""

    curie: str
    label: str
    synonyms: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    xrefs: tuple[Xref, ...] = ()
    kind: str = ""  # in words, where the vocabulary tells several apart


class Terms(NamedTuple):
    """What was read from the files of an ontology."""

    terms: list[Term]
    version: str = ""
    mappings: tuple[Mapping, ...] = ()  # rows that say themselves how close their ends are


def tidy(text: str) -> str:
    """Write a name in one line, without what stands between values in tables and in the index."""
    return " ".join(text.replace("\x1f", " ").split())


def curie_of(text: str, prefix: str = "") -> str | None:
    """Give the CURIE of an IRI, of a CURIE in whatever case, or of a bare identifier; None where no prefix is known.

    >>> curie_of("MSH:D006528"), curie_of("http://purl.obolibrary.org/obo/HP_0002664"), curie_of("0005070", "MONDO")
    ('mesh:D006528', 'HP:0002664', 'MONDO:0005070')
    >>> curie_of("SNOMEDCT_US:372130007") is None
    True
    """
    if "://" in text:
        return compress(text)
    head, colon, rest = text.partition(":")
    if not colon:
        return f"{prefix}:{text}" if prefix in PREFIXES and text and " " not in text else None
    known = _ALIASES.get(head.lower())
    return f"{known}:{rest}" if known and rest and not any(each in rest for each in ' <>"|') else None


def code_of(text: str) -> str | None:
    """Give a registry's number from a cross-reference, such as ``CAS:284461-73-0``; None for other ones."""
    head, _, rest = text.partition(":")
    return rest.strip() if head.lower() in _REGISTRIES else None


def concepts_of(terms: Iterable[Term], vocabulary: str) -> Iterator[Concept]:
    """Give the concepts of terms in the order of their CURIEs; parents that no term describes are left out."""
    ordered = sorted(terms)
    known = {each.curie for each in ordered}
    for each in ordered:
        yield Concept(
            curie=each.curie,
            label=each.label,
            vocabulary=vocabulary,
            synonyms=tuple(sorted({name for name in each.synonyms if name and name != each.label})),
            parents=tuple(sorted({parent for parent in each.parents if parent in known and parent != each.curie})),
            roles=tuple(sorted({role for role in each.roles if role in known})),
            parts=tuple(sorted({part for part in each.parts if part in known})),
            codes=tuple(sorted(set(each.codes))),
        )
