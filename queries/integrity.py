"""The checks that run over a whole store: integrity questions, SHACL shapes, and evidence held against its source."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from pyoxigraph import NamedNode

from picograph.kg.contradictions import Path, path_text
from picograph.kg.linking.doubts import doubts
from picograph.kg.model import PG
from picograph.kg.recovery import records_of, study_of
from picograph.kg.results import Part
from picograph.kg.source import Place
from picograph.kg.study import Study
from picograph.kg.triples import place_iri, split_place, study_iri
from picograph.kg.validation import check
from picograph.ontology import mesh
from picograph.ontology.errors import InputError
from picograph.queries import catalog
from picograph.queries.ask import ask

if TYPE_CHECKING:
    import rdflib
    from pyoxigraph import Quad

    from picograph.kg.store import Store


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


@cache
def _rules() -> "tuple[rdflib.Graph, rdflib.Graph]":
    """Read the ontology and the shapes, once for all records."""
    import rdflib

    from picograph.ontology import terms

    ontology = rdflib.Graph().parse(data=terms.ontology_text(), format="turtle")
    return ontology, rdflib.Graph().parse(data=terms.shapes_text(), format="turtle")


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
    ontology, rules = _rules()
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
            evidence=_sorted(str(place) for place in data.objects(part, pg.evidence)),
        )


def _sorted(places: Iterable[str]) -> tuple[str, ...]:
    """Put places in the order of their source; what is no place comes first."""

    def order(iri: str) -> tuple[Any, ...]:
        try:
            source, place = split_place(iri)
        except InputError:
            return ("", iri)
        return (source, place.order)

    return tuple(sorted(places, key=order))


def records(store: "Store", *, with_shapes: bool) -> Iterator[Finding]:
    """Check each record as at load, its evidence against the source where that is at hand, and its shapes."""
    for record, quads in records_of(store.quads()):
        try:
            study = study_of(quads)
        except InputError as error:
            yield Finding(rule="record", severity="error", study=error.where or record, part=record, what=error.what)
        else:
            text = store.sources.get(study.record.source.sha256)
            for problem in check(study, text):
                yield Finding(
                    rule="record",
                    severity=problem.severity,
                    study=study_iri(study.key),
                    part=record,
                    what=f"{problem.what} ({path_text(problem.path)})",
                    evidence=tuple(
                        place_iri(study.record.source.sha256, place) for place in _places_of(study, problem.path)
                    ),
                )
            for doubt in doubts(study):
                places = _places_of(study, doubt.path)
                yield Finding(
                    rule="record",
                    severity="caution",
                    study=study_iri(study.key),
                    part=record,
                    what=f"{doubt.what} ({path_text(doubt.path)})",
                    evidence=tuple(place_iri(study.record.source.sha256, place) for place in places),
                )
            yield from _pairs(store, record, study)
        if with_shapes:
            yield from shapes(record, quads)


def _pairs(store: "Store", record: str, study: Study) -> Iterator[Finding]:
    """Find pairs of descriptor and qualifier that MeSH as it was added to the store does not allow.

    What the part of MeSH that ships does not allow is found when a record is checked.
    """
    if not store.words.is_whole("mesh"):
        return
    for heading in study.report.headings:
        descriptor, qualifier = heading.descriptor_concept, heading.qualifier_concept
        if not descriptor or not qualifier or mesh.allowed(descriptor, qualifier) is False:
            continue
        if mesh.allowed(descriptor, qualifier, store.words) is False:
            yield Finding(
                rule="record",
                severity="caution",
                study=study_iri(study.key),
                part=record,
                what=f"MeSH does not allow {heading.qualifier!r} with {heading.descriptor!r} (report.headings)",
                evidence=tuple(place_iri(study.record.source.sha256, place) for place in heading.evidence),
            )


def _places_of(study: Study, path: Path) -> tuple[Place, ...]:
    """Give the places of the innermost part that a path of a study goes through."""
    places: tuple[Place, ...] = ()
    thing: Any = study
    for step in path:
        thing = thing[step] if isinstance(step, int) else getattr(thing, step, None)
        if isinstance(thing, Part) and thing.evidence:
            places = thing.evidence
        if thing is None:
            break
    return places


def unresolved(store: "Store") -> dict[str, int]:
    """Count the places of each record whose source is not at hand, so that their words cannot be checked."""
    counts: dict[str, int] = {}
    for record, quads in records_of(store.quads()):
        places = {
            quad.object.value
            for quad in quads
            if quad.predicate.value == PG + "evidence" and isinstance(quad.object, NamedNode)
        }
        missing = [iri for iri in places if store.sources.get(_source(iri)) is None]
        if missing:
            counts[record] = len(missing)
    return counts


def _source(place: str) -> str:
    """Give the SHA-256 in the IRI of a place."""
    return place.partition("#")[0].rpartition("/")[2]
