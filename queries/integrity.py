"""The checks that run over a whole store: integrity questions, SHACL shapes, and evidence held against its source."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from picograph.kg.triples import records_of, split_place, study_of
from picograph.kg.validation import check, path_text
from picograph.queries import catalog
from picograph.queries.ask import ask

if TYPE_CHECKING:
    from picograph.kg.store import Store
    from pyoxigraph import Quad


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that does not hold in a store."""

    rule: str
    severity: str  # error or caution
    study: str
    part: str
    what: str
    evidence: tuple[str, ...] = ()


def questions(store: "Store") -> Iterator[Finding]:
    """Ask every integrity question: each row is an offender."""
    for name in catalog.names("quality"):
        question = catalog.question(name, "quality")
        for row in ask(store, question):
            evidence = row["evidence"]
            yield Finding(
                rule=name,
                severity="caution" if "caution" in question.tags else "error",
                study=str(row["study"]),
                part=str(row["part"]),
                what=str(row["what"]),
                evidence=evidence if isinstance(evidence, tuple) else (),
            )


def shapes(record: str, quads: "list[Quad]") -> Iterator[Finding]:
    """Hold the graph of one record against the SHACL shapes.

    :raises ImportError: if pySHACL is not installed
    """
    import pyoxigraph as ox
    import pyshacl
    import rdflib
    from picograph.ontology import terms

    data = rdflib.Graph()
    data.parse(data=ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES), format="nt")
    ontology = rdflib.Graph().parse(data=terms.ontology_text(), format="turtle")
    rules = rdflib.Graph().parse(data=terms.shapes_text(), format="turtle")
    _, report, _ = pyshacl.validate(data, shacl_graph=rules, ont_graph=ontology, inplace=False)
    shacl = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    pg = rdflib.Namespace(terms.PG)
    assert isinstance(report, rdflib.Graph)
    for result in report.subjects(rdflib.RDF.type, shacl.ValidationResult):
        part = report.value(result, shacl.focusNode)
        study = data.value(part, pg.ofStudy) or part
        yield Finding(
            rule="shapes",
            severity="error",
            study=str(study),
            part=str(part),
            what=str(report.value(result, shacl.resultMessage)),
            evidence=tuple(sorted(str(place) for place in data.objects(part, pg.evidence))),
        )


def records(store: "Store", *, with_shapes: bool) -> Iterator[Finding]:
    """Check each record as at load, its evidence against the source where that is at hand, and its shapes."""
    for record, quads in records_of(store.quads()):
        study = study_of(quads)
        text = store.sources.get(study.record.source.sha256)
        for problem in check(study, text):
            yield Finding(
                rule="record",
                severity=problem.severity,
                study=study.key,
                part=record,
                what=f"{problem.what} ({path_text(problem.path)})",
            )
        if with_shapes:
            yield from shapes(record, quads)


def unresolved(store: "Store") -> dict[str, int]:
    """Count the places of each record whose source is not at hand, so that their words cannot be checked."""
    counts: dict[str, int] = {}
    for record, quads in records_of(store.quads()):
        places = {
            split_place(quad.object.value)
            for quad in quads
            if quad.predicate.value.endswith("/evidence") and hasattr(quad.object, "value")
        }
        missing = [sha256 for sha256, _ in places if store.sources.get(sha256) is None]
        if missing:
            counts[record] = len(missing)
    return counts
