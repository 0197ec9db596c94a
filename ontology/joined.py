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

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from picograph.ontology.concepts import Concept
from picograph.ontology.hierarchy import tree_ways
from picograph.ontology.senses import senses

if TYPE_CHECKING:
    from pyoxigraph import Quad

GRAPH = "https://w3id.org/picograph/vocabulary/classes"
TITLE, VERSION = "Classes across vocabularies", "made of the vocabularies in this store"
_KEPT = 20_000  # ways up that are kept


class Joined:
    """What each concept has beyond its own hierarchy.

    :param concepts: by CURIE: all that stand above others, and those that mappings name
    :param exact: exact matches, each a pair of CURIEs
    :param whole: vocabularies whose own graph leads from a concept to its roles and actions too
    """

    def __init__(
        self, concepts: Mapping[str, Concept], exact: Iterable[tuple[str, str]], whole: Collection[str] = ()
    ) -> None:
        self._concepts, self._whole = concepts, whole
        self.same = senses(exact)
        self._mates = {curie: frozenset(some) - {curie} for curie, some in self.same.items()}
        self._at = {tree: each.curie for each in concepts.values() for tree in each.tree_numbers}
        self._beyond_tree: dict[str, frozenset[str]] = {"": frozenset()}
        self._beyond: dict[str, frozenset[str]] = {}
        self._up = lru_cache(maxsize=_KEPT)(self._up_of)

    def of(self, curie: str, item: Concept | None) -> frozenset[str]:
        """Give what a concept has beyond its hierarchy; None for one that only a mapping names."""
        if self._mates.get(curie):
            own = self._up(curie) if item and item.vocabulary in self._whole else self._hierarchy(curie, item)
            return self._reached(curie) - own
        if item is None:
            return frozenset()
        more = self._mates_above(item)
        if item.vocabulary not in self._whole:
            more |= self._up(curie) - self._hierarchy(curie, item)
        prefix = curie.partition(":")[0] + ":"
        if any(each.startswith(prefix) for each in more):
            more -= self._hierarchy(curie, item)
        return more

    def _reached(self, curie: str) -> frozenset[str]:
        up = self._up(curie)
        reached = set(up).union(*(self.same.get(each, ()) for each in up))
        for mate in self._mates[curie]:
            above = self._up(mate)
            reached |= above
            for over in above - {mate}:
                for mean in self.same.get(over, ()):
                    reached |= self._up(mean)
        return frozenset(reached)

    def _hierarchy(self, curie: str, item: Concept | None) -> frozenset[str]:
        """A concept and what is above it in its own vocabulary, without roles and actions."""
        if item is None:
            return frozenset((curie,))
        if item.vocabulary == "mesh" and (item.tree_numbers or self._placed(item)):
            return _places(item, self._concepts, self._at)
        return _walk(curie, self._parents)

    def _up_of(self, curie: str) -> frozenset[str]:
        item = self._concepts.get(curie)
        if item is None:
            return frozenset((curie,))
        if item.vocabulary != "mesh":
            return _walk(curie, self._classes)
        actions = (self._hierarchy(each, self._concepts.get(each)) for each in item.actions)
        return self._hierarchy(curie, item).union(*actions)

    def _placed(self, item: Concept) -> bool:
        return any((up := self._concepts.get(each)) and up.tree_numbers for each in item.parents)

    def _parents(self, curie: str) -> tuple[str, ...]:
        found = self._concepts.get(curie)
        return found.parents if found else ()

    def _classes(self, curie: str) -> tuple[str, ...]:
        found = self._concepts.get(curie)
        return (*found.parents, *found.roles) if found else ()

    # --- what means the same as something above: small sets, and most are shared ---

    def _mates_above(self, item: Concept) -> frozenset[str]:
        if item.vocabulary != "mesh" or not (item.tree_numbers or self._placed(item)):
            return self._mates_up(item)
        more = frozenset[str]()
        for each in (item.curie, *item.actions, *(() if item.tree_numbers else item.parents)):
            more = _with(more, self._mates.get(each))
            known = item if each == item.curie else self._concepts.get(each)
            for tree in known.tree_numbers if known else ():
                more = _with(more, self._mates_at(tree))
        return more

    def _mates_at(self, tree: str) -> frozenset[str]:
        if tree not in self._beyond_tree:
            above = self._mates_at(tree.rpartition(".")[0])
            self._beyond_tree[tree] = _with(above, self._mates.get(self._at.get(tree, "")))
        return self._beyond_tree[tree]

    def _mates_up(self, item: Concept) -> frozenset[str]:
        done = self._beyond
        stack = [item]
        while stack:
            top = stack[-1]
            done.setdefault(top.curie, frozenset())  # holds the place while what is above is walked: a circle ends
            ups = (*top.parents, *top.roles, *top.actions)
            waiting = next((up for each in ups if each not in done and (up := self._concepts.get(each))), None)
            if waiting is not None:
                stack.append(waiting)
                continue
            stack.pop()
            more = self._mates.get(top.curie) or frozenset()
            for each in ups:
                more = _with(more, done[each] if each in done else self._mates.get(each))
            done[top.curie] = more
        return done[item.curie]


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
    joined = Joined(concepts, exact)
    found = ((curie, joined.of(curie, concepts.get(curie))) for curie in {**concepts, **joined.same})
    return {curie: tuple(sorted(more)) for curie, more in found if more}


def _with(some: frozenset[str], more: frozenset[str] | None) -> frozenset[str]:
    """Give both sets together: one of them as it is, where it has the other."""
    return some if not more or more <= some else some | more if some else more


def _places(item: Concept, concepts: Mapping[str, Concept], at: Mapping[str, str]) -> frozenset[str]:
    """A concept of MeSH and what is above its places; one without a place has those of what it is mapped to."""
    found = {item.curie}
    for each in (item,) if item.tree_numbers else (item, *filter(None, map(concepts.get, item.parents))):
        found.update(chain((each.curie,), *tree_ways(each, at.get)))
    return frozenset(found)


def _walk(start: str, step: Callable[[str], tuple[str, ...]]) -> frozenset[str]:
    """A concept and all that steps lead to. A circle is walked once: it is told where the vocabulary is read."""
    seen = {start}
    waiting = [start]
    while waiting:
        for each in step(waiting.pop()):
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return frozenset(seen)


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
        Quad(graph, NamedNode(expand("dcterms:title")), Literal(TITLE, language="en"), graph),
        Quad(graph, NamedNode(expand("pg:version")), Literal(VERSION), graph),
        Quad(graph, NamedNode(expand("pg:contentChecksum")), Literal(checksum), graph),
        *(Quad(NamedNode(expand(curie)), broader, NamedNode(expand(each)), graph) for curie, each in pairs),
    ]


def kin(one: str, other: str) -> bool:
    """Tell whether two concepts that ship are the same, or one is above the other in any vocabulary that ships.

    >>> kin("mesh:D006528", "mesh:D008113"), kin("mesh:D000077157", "CHEBI:50924"), kin("mesh:D006528", "mesh:D018572")
    (True, True, False)
    """
    return one == other or other in _above(one) or one in _above(other)


@lru_cache(maxsize=4096)
def _above(curie: str) -> frozenset[str]:
    from picograph.ontology.words import SHIPPED

    own = SHIPPED.ancestors(curie) if SHIPPED.get(curie) else ()
    return frozenset({*own, *_all_above().get(curie, ())})


@cache
def _all_above() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for curie, above in _shipped()[1]:
        found.setdefault(curie, []).append(above)
    return {curie: tuple(each) for curie, each in found.items()}
