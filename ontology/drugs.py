"""Drugs and other substances under the identifiers of several vocabularies."""

from collections import defaultdict

from picograph.ontology.prefixes import canonical
from picograph.ontology.words import SHIPPED, Words

EXACT = "skos:exactMatch"


def identifiers(curie: str, words: Words = SHIPPED) -> dict[str, tuple[str, ...]]:
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
    if words.get(start) is None and next(words.mappings(start), None) is None:
        return {}
    same = [start]
    for one in same:  # grows while it is read
        ends = {end for row in words.mappings(one) if row.predicate == EXACT for end in (row.subject, row.object)}
        same.extend(sorted(ends.difference(same)))
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in sorted(same):
        found[one.partition(":")[0].lower()].append(one)
    return {vocabulary: tuple(found[vocabulary]) for vocabulary in sorted(found)}
