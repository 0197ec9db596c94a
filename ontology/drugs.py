"""Drugs and other substances under the identifiers of several vocabularies."""

from collections import defaultdict
from functools import cache

from picograph.ontology.concepts import label, mappings
from picograph.ontology.prefixes import canonical

EXACT = "skos:exactMatch"


def identifiers(curie: str) -> dict[str, tuple[str, ...]]:
    """Give the identifiers that mean the same as a CURIE, by vocabulary, its own with them.

    Only exact matches that are stored count, one after another: a salt, a close match or a shared name never does.
    Nothing is found for a concept that neither a slice nor a mapping has.

    :raises UsageError: if the text is not a CURIE

    >>> for vocabulary, curies in identifiers("mesh:D000077157").items():
    ...     print(vocabulary, *curies)
    chebi CHEBI:50924
    drugbank drugbank:DB00398
    mesh mesh:D000077157
    ncit NCIT:C61948
    >>> identifiers("CHEBI:50928")
    {'chebi': ('CHEBI:50928',), 'ncit': ('NCIT:C2194',)}
    """
    start = canonical(curie)
    exact = _exact()
    if label(start) is None and not any(start in (row.subject, row.object) for row in mappings()):
        return {}
    same = [start]
    for one in same:  # grows while it is read
        same.extend(sorted(exact.get(one, set()).difference(same)))
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in sorted(same):
        found[one.partition(":")[0].lower()].append(one)
    return {vocabulary: tuple(found[vocabulary]) for vocabulary in sorted(found)}


@cache
def _exact() -> dict[str, set[str]]:
    joined: defaultdict[str, set[str]] = defaultdict(set)
    for row in mappings():
        if row.predicate == EXACT:
            joined[row.subject].add(row.object)
            joined[row.object].add(row.subject)
    return dict(joined)
