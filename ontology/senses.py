"""Concepts of several vocabularies that mean one thing: what stored exact mappings join, and nothing else.

Exact matches are taken one after another (MeSH to ChEBI to DrugBank), but only as long as they agree: where a chain
ends at two concepts of one vocabulary, some mapping in it is wrong, and each pair then counts only for itself.
"""

from collections import defaultdict
from collections.abc import Iterable

EXACT = "skos:exactMatch"


def senses(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Give for each concept all that mean the same, itself with them, sorted.

    :param pairs: exact matches, each a pair of CURIEs

    >>> senses([("mesh:D1", "CHEBI:2"), ("drugbank:DB3", "CHEBI:2")])["mesh:D1"]
    ('CHEBI:2', 'drugbank:DB3', 'mesh:D1')
    >>> senses([("mesh:D1", "CHEBI:2"), ("mesh:D4", "CHEBI:2")])["mesh:D1"]
    ('CHEBI:2', 'mesh:D1')
    """
    joined: defaultdict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        joined[one].add(other)
        joined[other].add(one)
    found: dict[str, tuple[str, ...]] = {}
    for start in joined:
        if start in found:
            continue
        same = {start}
        waiting = [start]
        while waiting:
            for other in joined[waiting.pop()] - same:
                same.add(other)
                waiting.append(other)
        if len({each.partition(":")[0] for each in same}) == len(same):
            found.update(dict.fromkeys(same, tuple(sorted(same))))
        else:
            found.update((each, tuple(sorted({each, *joined[each]}))) for each in same)
    return found


def sense_names(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give for each concept a name that those of its sense share; where mappings disagree, each has its own.

    >>> sense_names([("mesh:D1", "CHEBI:2"), ("drugbank:DB3", "CHEBI:2")])["mesh:D1"]
    'CHEBI:2'
    """
    found = senses(pairs)
    return {curie: min(same) if all(found[each] == same for each in same) else curie for curie, same in found.items()}
