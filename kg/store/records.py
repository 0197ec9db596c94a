"""Studies read back from a store."""

from pyoxigraph import NamedNode, QuerySolutions

from picograph.kg.model import PG
from picograph.kg.recovery import study_of
from picograph.kg.source import Method
from picograph.kg.store.base import Store
from picograph.kg.study import Study
from picograph.kg.triples import study_iri, study_key
from picograph.ontology.errors import UsageError


def _values(store: Store, sparql: str, variable: str) -> list[str]:
    rows = store.query(sparql)
    assert isinstance(rows, QuerySolutions)
    return sorted(term.value for row in rows if isinstance(term := row[variable], NamedNode))


def studies(store: Store) -> list[str]:
    """Give the keys of the studies in a store, sorted."""
    iris = _values(store, f"SELECT DISTINCT ?study WHERE {{ GRAPH ?record {{ ?study a <{PG}Study> }} }}", "study")
    return sorted(map(study_key, iris))


def records(store: Store, study: str) -> list[Study]:
    """Give what each record says of a study: the curated one first, then registries', then what was read by machine.

    :param study: a key or an IRI
    :raises UsageError: if the store has no such study; the message names the nearest
    """
    try:
        node = NamedNode(study if "://" in study else study_iri(study))
    except ValueError:
        raise UsageError(
            f"{study!r} is not a study", where=store.location, remedy="picograph ask studies lists them"
        ) from None
    pattern = f"?record a <{PG}Record> ; <{PG}ofStudy> {node}"
    graphs = _values(store, f"SELECT ?record WHERE {{ GRAPH ?record {{ {pattern} }} }}", "record")
    if not graphs:
        from difflib import get_close_matches

        near = get_close_matches(study, studies(store), 1, 0.4)
        raise UsageError(
            f"there is no study {study!r} in the store",
            where=store.location,
            remedy=f"did you mean {near[0]}?" if near else "picograph ask studies lists what there is",
        )
    order = list(Method)
    found = [study_of(store.quads(graph)) for graph in graphs]
    return sorted(found, key=lambda each: (order.index(each.record.method), each.record.document))
