"""The classes of a concept across vocabularies, stored as one graph, so that a question about a class is one join.

Each vocabulary's graph says what stands above a concept in its own hierarchy. This graph adds what a stored mapping or
a role leads to, as ``skos:broaderTransitive`` too: a concept has

1. its roles and pharmacological actions, with what stands above them (a role of ChEBI is that of all below it; an
   action of MeSH is that of the concept alone);
2. what stands above the concepts that mean the same, themselves with them;
3. what means the same as a class above it; and, where the way led over 2, what stands above that.

So sorafenib of MeSH = sorafenib of ChEBI, which has a role that is a protein kinase inhibitor of ChEBI = that of MeSH.
After a class of its own hierarchy (3 without 2) the way ends: in MeSH a narrower substance is often a relative, and its
relative's roles are not its own. What stands above a concept of MeSH are the places of its own tree numbers. Only
exact matches count. A role says what a substance can do, as a vocabulary tells it, never what a study gave it for.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from picograph.ontology.concepts import Concept
from picograph.ontology.hierarchy import tree_ways
from picograph.ontology.senses import senses

if TYPE_CHECKING:
    from pyoxigraph import Quad

GRAPH = "https://w3id.org/picograph/vocabulary/classes"


def joined_classes(concepts: Mapping[str, Concept], exact: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Give for each concept the classes that its own hierarchy does not give it.

    :param concepts: by CURIE
    :param exact: exact matches, each a pair of CURIEs

    >>> drug = Concept(curie="mesh:D1", label="drug", vocabulary="mesh")
    >>> same = Concept(curie="CHEBI:1", label="drug", vocabulary="chebi", roles=("CHEBI:2",))
    >>> role = Concept(curie="CHEBI:2", label="role", vocabulary="chebi")
    >>> known = {each.curie: each for each in (drug, same, role)}
    >>> joined_classes(known, [("mesh:D1", "CHEBI:1"), ("mesh:D9", "CHEBI:2")])["mesh:D1"]
    ('CHEBI:1', 'CHEBI:2', 'mesh:D9')
    """
    same = senses(exact)
    own: dict[str, frozenset[str]] = {}
    above: dict[str, frozenset[str]] = {}
    at = {tree: each.curie for each in concepts.values() for tree in each.tree_numbers}

    def parents(curie: str) -> tuple[str, ...]:
        found = concepts.get(curie)
        return found.parents if found else ()

    def classes(curie: str) -> tuple[str, ...]:
        found = concepts.get(curie)
        return (*found.parents, *found.roles) if found else ()

    def hierarchy(curie: str) -> frozenset[str]:
        if curie not in own and (item := concepts.get(curie)) and item.vocabulary == "mesh":
            own[curie] = _places(item, concepts, at)
        return _walk(curie, parents, own)

    def up(curie: str) -> frozenset[str]:
        if curie not in above and (item := concepts.get(curie)) and item.vocabulary == "mesh":
            above[curie] = hierarchy(curie).union(*map(hierarchy, item.actions))
        return _walk(curie, classes, above)

    found = {}
    for curie in {**concepts, **same}:
        reached = set(up(curie))
        for mean in up(curie):
            reached.update(same.get(mean, ()))
        for mate in same.get(curie, ()):
            if mate == curie:
                continue
            reached |= up(mate)
            for over in up(mate) - {mate}:
                for mean in same.get(over, ()):
                    reached |= up(mean)
        if more := reached - hierarchy(curie):
            found[curie] = tuple(sorted(more))
    return found


def _places(item: Concept, concepts: Mapping[str, Concept], at: Mapping[str, str]) -> frozenset[str]:
    """A concept of MeSH and what is above its places; one without a place has those of what it is mapped to."""
    found = {item.curie}
    for each in (item,) if item.tree_numbers else (item, *filter(None, map(concepts.get, item.parents))):
        found.update(chain((each.curie,), *tree_ways(each, at.get)))
    return frozenset(found)


def _walk(start: str, step: Callable[[str], tuple[str, ...]], done: dict[str, frozenset[str]]) -> frozenset[str]:
    """A concept and all that steps lead to. A circle is walked once: it is told where the vocabulary is read."""
    if start not in done:
        seen = {start}
        waiting = [start]
        while waiting:
            for each in step(waiting.pop()):
                if each in done:
                    seen |= done[each]
                elif each not in seen:
                    seen.add(each)
                    waiting.append(each)
        done[start] = frozenset(seen)
    return done[start]


@cache
def _shipped() -> tuple[str, list[tuple[str, str]]]:
    """The pairs of the vocabularies that ship, with their checksum."""
    from hashlib import sha256

    from picograph.ontology.concepts import concepts, mappings
    from picograph.ontology.senses import EXACT

    exact = [(row.subject, row.object) for row in mappings() if row.predicate == EXACT]
    found = joined_classes({each.curie: each for each in concepts()}, exact)
    pairs = [(curie, each) for curie in sorted(found) for each in found[curie]]
    return sha256("\n".join(map(" ".join, pairs)).encode()).hexdigest(), pairs


def joined_quads() -> "list[Quad]":
    """Give the graph for the vocabularies that ship, with a checksum of its content.

    >>> any(str(quad.subject).endswith("mesh/D000077157>") for quad in joined_quads())
    True
    """
    from pyoxigraph import Literal, NamedNode, Quad

    from picograph.ontology.prefixes import expand

    graph = NamedNode(GRAPH)
    broader = NamedNode(expand("skos:broaderTransitive"))
    checksum, pairs = _shipped()
    return [
        Quad(graph, NamedNode(expand("rdf:type")), NamedNode(expand("pg:Vocabulary")), graph),
        Quad(graph, NamedNode(expand("dcterms:title")), Literal("Classes across vocabularies", language="en"), graph),
        Quad(graph, NamedNode(expand("pg:version")), Literal("made of the vocabularies in this store"), graph),
        Quad(graph, NamedNode(expand("pg:contentChecksum")), Literal(checksum), graph),
        *(Quad(NamedNode(expand(curie)), broader, NamedNode(expand(each)), graph) for curie, each in pairs),
    ]
