"""What sort of thing a concept is: a disease, a substance, a procedure… The table ``kinds.tsv`` says it by branches.

A name such as "cold" is a temperature, a disease and a trade name; which of them a study means depends on where the
word stands. The kinds say which concepts may stand where.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from picograph.ontology.concepts import Concept, read_slice


class _Rule(NamedTuple):
    kind: str
    vocabulary: str
    under: str  # the beginning of a tree number, or the CURIE of a concept above; empty: the whole vocabulary


@cache
def _rules(vocabulary: str) -> tuple[_Rule, ...]:
    rules = (_Rule(*line.split("\t")[:3]) for line in read_slice("kinds.tsv").splitlines()[1:])
    return tuple(rule for rule in rules if rule.vocabulary == vocabulary)


@cache
def names() -> tuple[str, ...]:
    """Give every kind that the table has, in its order.

    >>> names()[:4]
    ('outcome', 'scale', 'level', 'criteria')
    """
    return tuple(dict.fromkeys(line.split("\t")[0] for line in read_slice("kinds.tsv").splitlines()[1:]))


class Kinds:
    """The kinds of concepts, each way up walked once.

    :param find: gives a concept by its CURIE, or None

    >>> from picograph.ontology import concepts
    >>> known = {each.curie: each for each in concepts.concepts()}
    >>> [Kinds(known.get).of(known[curie]) for curie in ("mesh:D006528", "mesh:C531958", "CHEBI:37699")]
    [('disease',), ('substance',), ('class',)]
    """

    def __init__(self, find: Callable[[str], Concept | None]) -> None:
        self._find = find
        self._above: dict[str, frozenset[str]] = {}

    def of(self, concept: Concept) -> tuple[str, ...]:
        """Give the kinds of a concept; none where the table says nothing.

        A supplementary concept of MeSH has the kinds of the descriptors that it is mapped to.
        """
        trees = concept.tree_numbers
        if not trees and concept.vocabulary == "mesh":
            trees = tuple(tree for each in concept.parents if (up := self._find(each)) for tree in up.tree_numbers)
        found: dict[str, None] = {}
        if trees:
            rules = _rules(concept.vocabulary)
            found = {rule.kind: None for tree in trees for rule in rules if tree.startswith(rule.under)}
            # a concept in a narrower branch of the table is not also of the wider one: classes of drugs lie in D
            return tuple(found) if "class" not in found else tuple(kind for kind in found if kind != "substance")
        for rule in _rules(concept.vocabulary):
            if not rule.under or rule.under in self._ancestors(concept):
                return (rule.kind,)
        return ()

    def _ancestors(self, concept: Concept) -> frozenset[str]:
        """The concept and all above it. A circle is cut where it closes: it is told when the vocabulary is added."""
        done = self._above
        stack = [concept]
        while stack:
            top = stack[-1]
            done.setdefault(top.curie, frozenset((top.curie,)))  # holds the place while its parents are walked
            waiting = [up for each in top.parents if each not in done and (up := self._find(each))]
            if waiting:
                stack.append(waiting[0])
                continue
            stack.pop()
            # a parent that is not a concept, such as a class of our own ontology, counts by its name
            done[top.curie] = frozenset((top.curie, *top.parents)).union(*(done.get(each, ()) for each in top.parents))
        return done[concept.curie]
