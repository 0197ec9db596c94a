"""Studies of a few parts, the study that ships, and what the quads of every study have in common."""

from pathlib import Path
from typing import Any

from pyoxigraph import BlankNode, NamedNode, Quad

from picograph.kg.derivation import derive
from picograph.kg.linking import link
from picograph.kg.model import PG, part_classes
from picograph.kg.readers import study_file
from picograph.kg.source import Method, Record, Source
from picograph.kg.study import Condition, Population, Study
from picograph.kg.triples import names_of, place_iri, quads_of, split_place

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
RECORD = Record(document="pmid:1", source=Source(sha256="0" * 64, characters=500), method=Method.CURATED)


def study(**fields: Any) -> Study:
    return Study(**{"key": "pmid:1", "record": RECORD} | fields)


def seed() -> Study:
    path = Path(__file__).resolve().parents[1] / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml"
    return derive(link(study_file.read(path.read_bytes(), path.name)))


SEED = quads_of(seed())


def check_shape(given: Study, quads: list[Quad]) -> int:
    """Hold a record's graph against design §3; how many parts it has."""
    names = names_of(given)
    assert {quad.graph_name for quad in quads} == {NamedNode(names.record)}
    assert not [quad for quad in quads if isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)]
    assert len(set(quads)) == len(quads)
    types: dict[str, set[str]] = {}
    studies_of: dict[str, set[str]] = {}
    objects = {quad.object.value for quad in quads if isinstance(quad.object, NamedNode)}
    for quad in quads:
        subject = str(quad.subject.value)
        if quad.predicate.value == TYPE:
            types.setdefault(subject, set()).add(quad.object.value)
        elif quad.predicate.value == PG + "ofStudy":
            studies_of.setdefault(subject, set()).add(quad.object.value)
        elif quad.predicate.value == PG + "evidence":
            sha256, place = split_place(quad.object.value)
            assert sha256 == given.record.source.sha256
            assert place_iri(sha256, place) == quad.object.value
    subjects = {str(quad.subject.value) for quad in quads}
    assert set(types) == subjects, "everything has a type"
    parts = subjects - {names.study, names.record, names.source}
    assert all(studies_of[part] == {names.study} for part in parts), "every part says of which study it is"
    assert all(types[part] <= {PG + name for name in part_classes()} for part in parts)
    assert parts <= objects, "every part hangs on something"
    return len(parts)


def conditions(*concepts: str) -> Study:
    return study(population=Population(conditions=(Condition(label="x", concept=concepts),)))
