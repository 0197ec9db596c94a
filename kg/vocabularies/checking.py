"""Mappings that disagree: each with its rows and where they are from."""

from collections import defaultdict
from collections.abc import Iterator

from picograph.ontology.concepts import Mapping
from picograph.ontology.words import Words

EXACT = "skos:exactMatch"


def disagreements(words: Words) -> Iterator[dict[str, str]]:
    """Give the rows of exact mappings that cannot all be right.

    Two from one concept to two of one vocabulary; and chains that leave a vocabulary and come back to another concept
    of it. Of each disagreement, every row is given.
    """
    exact: defaultdict[str, dict[str, Mapping]] = defaultdict(dict)
    for row in words.mappings():
        if row.predicate == EXACT:
            exact[row.subject].setdefault(row.object, row)
            exact[row.object].setdefault(row.subject, row)
    for one in sorted(exact):
        by_vocabulary: defaultdict[str, list[str]] = defaultdict(list)
        for other in sorted(exact[one]):
            by_vocabulary[other.partition(":")[0]].append(other)
        for prefix, others in by_vocabulary.items():
            if len(others) > 1:
                what = f"{one} is exactly {len(others)} concepts of {prefix}"
                for other in others:
                    yield _row(what, one, other, exact[one][other], words)
        for middle in sorted(exact[one]):
            for end in sorted(exact[middle]):
                back = [far for far in exact[end] if far.partition(":")[0] == one.partition(":")[0] and far != one]
                if end != one and one not in exact[end] and middle not in back:
                    for far in back:
                        if far > one and far not in exact[middle]:
                            what = f"{one} leads by {middle} and {end} to {far}"
                            for left, right in ((one, middle), (middle, end), (end, far)):
                                yield _row(what, left, right, exact[left][right], words)


def _row(what: str, one: str, other: str, row: Mapping, words: Words) -> dict[str, str]:
    return {
        "disagreement": what,
        "concept": one,
        "label": words.label(one) or "",
        "other": other,
        "other_label": words.label(other) or "",
        "predicate": row.predicate,
        "justification": row.justification,
        "source": row.source,
    }
