"""MeSH as indexers use it: names to descriptors, pairs of descriptor and qualifier, and which pairs are allowed."""

import re
from functools import cache

from picograph.ontology.concepts import concepts, read_slice
from picograph.ontology.errors import UsageError
from picograph.ontology.prefixes import canonical

_DESCRIPTOR = re.compile(r"mesh:(D\d+)")
_QUALIFIER = re.compile(r"mesh:(Q\d+)")


def find_descriptor(name: str) -> str | None:
    """Find the descriptor of a name: a preferred name before an entry term, the case does not matter.

    A name that is an entry term of two descriptors is not decided: None.

    >>> find_descriptor("Carcinoma, Hepatocellular"), find_descriptor("hepatocellular carcinoma")
    ('mesh:D006528', 'mesh:D006528')
    >>> find_descriptor("some other words") is None
    True
    """
    return _find("D", name)


def find_qualifier(name: str) -> str | None:
    """Find the qualifier of a name; the case does not matter.

    >>> find_qualifier("drug therapy")
    'mesh:Q000188'
    """
    return _find("Q", name)


def find_substance(name: str) -> str | None:
    """Find a substance as PubMed lists it: a descriptor, else a supplementary concept.

    >>> find_substance("Sorafenib"), find_substance("lenvatinib")
    ('mesh:D000077157', 'mesh:C531958')
    """
    return _find("D", name) or _find("C", name)


def heading(descriptor: str, qualifier: str | None = None) -> str:
    """Give NLM's identifier of a heading: a descriptor alone, or a descriptor with a qualifier.

    :raises UsageError: if one is not the CURIE of a descriptor or of a qualifier

    >>> heading("mesh:D006528", "mesh:Q000188"), heading("mesh:D006528")
    ('mesh:D006528Q000188', 'mesh:D006528')
    """
    pair = "mesh:" + _identifier(_DESCRIPTOR, descriptor, "descriptor, such as mesh:D006528")
    return pair + (_identifier(_QUALIFIER, qualifier, "qualifier, such as mesh:Q000188") if qualifier else "")


def allowed(descriptor: str, qualifier: str) -> bool | None:
    """Say whether MeSH allows a qualifier with a descriptor; None if the slice does not have the descriptor.

    :raises UsageError: if one is not the CURIE of a descriptor or of a qualifier

    >>> allowed("mesh:D006528", "mesh:Q000188"), allowed("mesh:D013997", "mesh:Q000188")
    (True, False)
    >>> allowed("mesh:D999999", "mesh:Q000188") is None
    True
    """
    known = _allowed().get(_identifier(_DESCRIPTOR, descriptor, "descriptor, such as mesh:D006528"))
    wanted = _identifier(_QUALIFIER, qualifier, "qualifier, such as mesh:Q000188")
    return None if known is None else wanted in known


def _identifier(pattern: re.Pattern[str], curie: str, what: str) -> str:
    match = pattern.fullmatch(canonical(curie))
    if not match:
        raise UsageError(f"{curie} is not the CURIE of a MeSH {what}", remedy="look the name up")
    return match[1]


def _find(kind: str, name: str) -> str | None:
    preferred, entry_terms = _names(kind)
    wanted = " ".join(name.split()).casefold()
    found = preferred.get(wanted) or entry_terms.get(wanted, ())
    return found[0] if len(found) == 1 else None


@cache
def _names(kind: str) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    preferred: dict[str, tuple[str, ...]] = {}
    entry_terms: dict[str, tuple[str, ...]] = {}
    for item in concepts("mesh"):
        if item.curie.startswith(f"mesh:{kind}"):
            preferred[item.label.casefold()] = (*preferred.get(item.label.casefold(), ()), item.curie)
            for synonym in {synonym.casefold() for synonym in item.synonyms}:
                entry_terms[synonym] = (*entry_terms.get(synonym, ()), item.curie)
    return preferred, entry_terms


@cache
def _allowed() -> dict[str, frozenset[str]]:
    known = {}
    for line in read_slice("mesh_allowed_qualifiers.tsv").splitlines()[1:]:
        qualifiers, descriptors = line.split("\t")
        group = frozenset(qualifiers.split("|"))
        known.update(dict.fromkeys(descriptors.split("|"), group))
    return known
