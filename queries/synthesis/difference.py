"""What changed between two versions of a store: which facts, at which words, and which answers moved because of it.

A part's IRI is made from its content, so a corrected number is one part gone and another come. The two are put
together again where they are the most alike: same class, same study, most properties equal. Answers are compared row by
row without the IRIs of parts, which change with their content.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from picograph.kg.model import PG

if TYPE_CHECKING:
    from pyoxigraph import Quad

    from picograph.kg.store import Store
    from picograph.queries.answer import Answer

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_EVIDENCE = PG + "evidence"
_CHECKSUM = PG + "contentChecksum"


class FieldChange(Struct, frozen=True, kw_only=True):
    """One property of a fact that is another now; an empty side says that it was not there."""

    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]


class FactChange(Struct, frozen=True, kw_only=True):
    """A fact that was added, removed or changed, with its places in either version."""

    what: str  # added, removed, changed
    kind: str  # the class, such as AdverseEventResult
    study: str
    graph: str
    label: str
    fields: tuple[FieldChange, ...]
    evidence: tuple[str, ...]
    evidence_before: tuple[str, ...] = ()


class RowChange(Struct, frozen=True, kw_only=True):
    """A row of an answer that came, went, or has other cells."""

    question: str
    what: str  # added, removed, changed
    study: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None


class PooledChange(Struct, frozen=True, kw_only=True):
    """A pooled value that moved."""

    question: str
    old: tuple[float, float, float] | None  # estimate, low, high; None: nothing was pooled
    new: tuple[float, float, float] | None
    members_before: int
    members: int


class Differences(Struct, frozen=True, kw_only=True):
    """All that changed."""

    graphs_added: tuple[str, ...]
    graphs_removed: tuple[str, ...]
    facts: tuple[FactChange, ...]
    answers: tuple[RowChange, ...]
    pooled: tuple[PooledChange, ...]


_Node = dict[str, set[str]]


def _nodes(quads: Iterable["Quad"]) -> dict[str, _Node]:
    found: dict[str, _Node] = defaultdict(lambda: defaultdict(set))
    for quad in quads:
        if quad.predicate.value != _CHECKSUM:
            found[quad.subject.value][quad.predicate.value].add(quad.object.value)  # type: ignore[union-attr]
    return found


def _kind(node: Mapping[str, set[str]]) -> str:
    return min(node.get(_TYPE, {""})).removeprefix(PG)


def _label(node: Mapping[str, set[str]]) -> str:
    for name in ("http://www.w3.org/2000/01/rdf-schema#label", PG + "term", PG + "variable", PG + "factor"):
        if name in node:
            return min(node[name])
    return ""


def _shown(property_: str) -> str:
    return property_.removeprefix(PG).rpartition("#")[2]


def facts_of(graph: str, old: Iterable["Quad"], new: Iterable["Quad"]) -> Iterator[FactChange]:
    """Give the facts of one named graph that differ."""
    before, after = _nodes(old), _nodes(new)
    gone = {iri: node for iri, node in before.items() if after.get(iri) != node}
    come = {iri: node for iri, node in after.items() if before.get(iri) != node}
    moved = set(gone) ^ set(come)  # IRIs that only follow from content: links to them are no change of their own
    pairs: list[tuple[_Node | None, _Node | None]] = [(gone[iri], come[iri]) for iri in gone if iri in come]
    left = [iri for iri in come if iri not in gone]
    for iri in (each for each in gone if each not in come):
        best = max(left, key=lambda other: (_alike(gone[iri], come[other]), other), default=None)
        if best is not None and _alike(gone[iri], come[best]) > 0:
            left.remove(best)
            pairs.append((gone[iri], come[best]))
        else:
            pairs.append((gone[iri], None))
    pairs += [(None, come[iri]) for iri in left]
    for one, other in pairs:
        if (change := _change(graph, one, other, moved)) is not None:
            yield change


def _alike(one: _Node, other: _Node) -> float:
    """Say how much of two nodes is equal: 0 where they are of other classes."""
    if one.get(_TYPE) != other.get(_TYPE):
        return 0
    names = set(one) | set(other)
    return sum(one.get(name) == other.get(name) for name in names) / len(names)


def _change(graph: str, one: _Node | None, other: _Node | None, moved: set[str]) -> FactChange | None:
    node = other or one
    assert node is not None
    fields = []
    for name in sorted(set(one or ()) | set(other or ())):
        if name == _EVIDENCE or (name == _TYPE and one and other):
            continue
        old, new = (one or {}).get(name, set()) - moved, (other or {}).get(name, set()) - moved
        if old != new:
            fields.append(FieldChange(name=_shown(name), old=tuple(sorted(old)), new=tuple(sorted(new))))
    places = [tuple(sorted((each or {}).get(_EVIDENCE, ()))) for each in (one, other)]
    if not fields and places[0] == places[1]:
        return None
    study = (node.get(PG + "ofStudy") or {""}).copy().pop()
    return FactChange(
        what="changed" if one and other else "added" if other else "removed",
        kind=_kind(node),
        study=study,
        graph=graph,
        label=_label(node),
        fields=tuple(fields) if one and other else (),
        evidence=places[1] or places[0],
        evidence_before=places[0] if one and other and places[0] != places[1] else (),
    )


# --- answers --------------------------------------------------------------------------------------------------


def _cells(answer: "Answer") -> list[dict[str, Any]]:
    """Give the rows without what only follows from content: IRIs of parts, unless they are studies or arms."""
    kinds = {name: column.kind for name, column in answer.columns.items()}
    kept = [name for name, kind in kinds.items() if not (kind == "iri" and answer.columns[name].aside)]
    return [{name: row[name] for name in kept} for row in answer.rows]


def _frozen(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, repr(value)) for name, value in row.items())


def rows_of(question: str, old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> Iterator[RowChange]:
    """Give the rows of one answer that differ; the most alike of what went and what came are one change.

    >>> [change.what for change in rows_of("q", [{"study": "a", "n": 6}], [{"study": "a", "n": 7}])]
    ['changed']
    """
    from collections import Counter

    before, after = Counter(map(_frozen, old)), Counter(map(_frozen, new))
    gone = [row for row in old if before[_frozen(row)] > after[_frozen(row)]]
    come = [row for row in new if after[_frozen(row)] > before[_frozen(row)]]
    for row in gone:
        alike = [each for each in come if each.get("study") == row.get("study")]
        best = max(alike, key=lambda each: (_equal(row, each), repr(each)), default=None)
        if best is None:
            yield RowChange(question=question, what="removed", study=str(row.get("study", "")), old=row, new=None)
            continue
        come.remove(best)
        differ = [name for name in row if row[name] != best[name]]
        yield RowChange(
            question=question,
            what="changed",
            study=str(row.get("study", "")),
            old={name: row[name] for name in differ},
            new={name: best[name] for name in differ},
        )
    for row in come:
        yield RowChange(question=question, what="added", study=str(row.get("study", "")), old=None, new=row)


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    return sum(one[name] == other.get(name) for name in one)


def _pooled(store: "Store", answer: "Answer") -> tuple[tuple[float, float, float] | None, int]:
    from picograph.queries.synthesis.candidates import candidates
    from picograph.queries.synthesis.poolability import assess
    from picograph.queries.synthesis.pooling import pool

    found = pool(assess(candidates(store, answer)))
    if found.summary is None:
        return None, 0
    low, high = found.summary.interval
    return (found.summary.estimate, low, high), len(found.members)


def compare(old: "Store", new: "Store", *, pooling: bool = True) -> Differences:
    """Compare two stores: their facts, the answers to every question that needs no parameter, and what is pooled.

    :param pooling: pool too; needs the extra ``synthesis``

    >>> from picograph.kg.store import open_store
    >>> compare(open_store(":memory:"), open_store(":memory:")).facts
    ()
    """
    from picograph.queries import catalog
    from picograph.queries.ask import ask
    from picograph.queries.synthesis.candidates import poolable

    sums = [old.checksums(), new.checksums()]
    records = [_records(store) for store in (old, new)]
    facts: list[FactChange] = []
    for graph in sorted(records[0] & records[1]):
        if sums[0].get(graph) != sums[1].get(graph):
            facts += facts_of(graph, old.quads(graph), new.quads(graph))
    answers: list[RowChange] = []
    pooled: list[PooledChange] = []
    if facts or records[0] != records[1] or sums[0] != sums[1]:
        for name in catalog.names():
            if any(each.required for each in catalog.question(name).parameters.values()):
                continue
            one, other = ask(old, name), ask(new, name)
            answers += rows_of(name, _cells(one), _cells(other))
            if pooling and name in poolable():
                (before, members_before), (after, members) = _pooled(old, one), _pooled(new, other)
                if (before, members_before) != (after, members):
                    change = PooledChange(
                        question=name, old=before, new=after, members_before=members_before, members=members
                    )
                    pooled.append(change)
    return Differences(
        graphs_added=tuple(sorted(records[1] - records[0])),
        graphs_removed=tuple(sorted(records[0] - records[1])),
        facts=tuple(facts),
        answers=tuple(answers),
        pooled=tuple(pooled),
    )


def _records(store: "Store") -> set[str]:
    from pyoxigraph import QuerySolutions

    rows = store.query(f"SELECT ?record WHERE {{ GRAPH ?record {{ ?record a <{PG}Record> }} }}")
    assert isinstance(rows, QuerySolutions)
    return {row["record"].value for row in rows}
