"""MeSH as indexers use it: names to descriptors, pairs of descriptor and qualifier, and which pairs are allowed."""

import re

from picograph.ontology.concepts import fold
from picograph.ontology.errors import UsageError
from picograph.ontology.prefixes import canonical
from picograph.ontology.words import SHIPPED, Words

_DESCRIPTOR = re.compile(r"mesh:(D\d+)")
_QUALIFIER = re.compile(r"mesh:(Q\d+)")


def find_descriptor(name: str, words: Words = SHIPPED) -> str | None:
    """Find the descriptor of a name: a preferred name before an entry term, the case does not matter.

    A name that is an entry term of two descriptors is not decided: None.

    >>> find_descriptor("Carcinoma, Hepatocellular"), find_descriptor("hepatocellular carcinoma")
    ('mesh:D006528', 'mesh:D006528')
    >>> find_descriptor("some other words") is None
    True
    """
    return _find("D", name, words)


def find_qualifier(name: str, words: Words = SHIPPED) -> str | None:
    """Find the qualifier of a name; the case does not matter.

    >>> find_qualifier("drug therapy")
    'mesh:Q000188'
    """
    return _find("Q", name, words)


def find_substance(name: str, words: Words = SHIPPED) -> str | None:
    """Find a substance as PubMed lists it: a descriptor, else a supplementary concept.

    >>> find_substance("Sorafenib"), find_substance("lenvatinib")
    ('mesh:D000077157', 'mesh:C531958')
    """
    return _find("D", name, words) or _find("C", name, words)


def heading(descriptor: str, qualifier: str | None = None) -> str:
    """Give NLM's identifier of a heading: a descriptor alone, or a descriptor with a qualifier.

    :raises UsageError: if one is not the CURIE of a descriptor or of a qualifier

    >>> heading("mesh:D006528", "mesh:Q000188"), heading("mesh:D006528")
    ('mesh:D006528Q000188', 'mesh:D006528')
    """
    pair = "mesh:" + _identifier(_DESCRIPTOR, descriptor, "descriptor, such as mesh:D006528")
    return pair + (_identifier(_QUALIFIER, qualifier, "qualifier, such as mesh:Q000188") if qualifier else "")


def allowed(descriptor: str, qualifier: str, words: Words = SHIPPED) -> bool | None:
    """Say whether MeSH allows a qualifier with a descriptor; None if it is not known which.

    :raises UsageError: if one is not the CURIE of a descriptor or of a qualifier

    >>> allowed("mesh:D006528", "mesh:Q000188"), allowed("mesh:D013997", "mesh:Q000188")
    (True, False)
    >>> allowed("mesh:D999999", "mesh:Q000188") is None
    True
    """
    known = words.allowed_qualifiers(_identifier(_DESCRIPTOR, descriptor, "descriptor, such as mesh:D006528"))
    wanted = _identifier(_QUALIFIER, qualifier, "qualifier, such as mesh:Q000188")
    return None if known is None else wanted in known


def _identifier(pattern: re.Pattern[str], curie: str, what: str) -> str:
    match = pattern.fullmatch(canonical(curie))
    if not match:
        raise UsageError(f"{curie} is not the CURIE of a MeSH {what}", remedy="look the name up")
    return match[1]


def _find(kind: str, name: str, words: Words) -> str | None:
    found = [each for each in words.named(name, "mesh") if each.curie.startswith(f"mesh:{kind}")]
    wanted = fold(name)
    best = [each for each in found if fold(each.label) == wanted] or found
    return best[0].curie if len(best) == 1 else None
