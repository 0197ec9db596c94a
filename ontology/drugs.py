"""Drugs and other substances under the identifiers of several vocabularies."""

from collections import defaultdict
from typing import NamedTuple

from picograph.ontology.prefixes import canonical
from picograph.ontology.words import SHIPPED, Words

EXACT, RELATED = "skos:exactMatch", "skos:relatedMatch"


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


class Forms(NamedTuple):
    """What the vocabularies at hand say of a drug beside its names; empty: they say nothing, which is no denial."""

    parts: tuple[str, ...]  # what a salt or a mixture is made of: ingredients, and what they are bound to
    made_into: tuple[str, ...]  # salts and mixtures that a mapping names as having the drug as a part
    roles: tuple[str, ...]  # what the substance can do; not what anyone gives it for


def forms(curie: str, words: Words = SHIPPED) -> Forms:
    """Give the ingredients of a salt or a mixture, the salts and mixtures of an ingredient, and what a drug can do.

    A salt is kept apart from its ingredient: they have different masses, so their doses are not the same numbers. Brand
    names are in none of the vocabularies that ship; RxNorm has them, where a user adds it.

    :raises UsageError: if the text is not a CURIE

    >>> forms("CHEBI:50928").parts, forms("mesh:D000077157").made_into
    (('CHEBI:50924',), ('CHEBI:50928',))
    >>> "CHEBI:38637" in forms("mesh:D000077157").roles
    True
    """
    same = [each for found in identifiers(curie, words).values() for each in found]
    known = [found for each in same if (found := words.get(each))]
    parts = sorted({part for each in known for part in each.parts})
    roles = sorted({role for each in known for role in (*each.roles, *each.actions)})
    near = {
        end
        for each in same
        for row in words.mappings(each)
        if row.predicate == RELATED
        for end in (row.subject, row.object)
    }
    made_into = sorted(
        end for end in near.difference(same) if (found := words.get(end)) and not set(found.parts).isdisjoint(same)
    )
    return Forms(tuple(parts), tuple(made_into), tuple(roles))
