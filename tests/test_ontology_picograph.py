"""The ontology says what the typed study says: every class, property and value, with its type, and nothing else.

Its own rules (`ontology/checks`) are kept by it, and each rule is shown to find the offence that it is there for.
"""

import re
from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from picograph.kg import model
from picograph.kg.model import PG, Kind
from picograph.kg.results import CONTRASTS, Part, Result
from picograph.kg.source import Method
from picograph.kg.study import Study
from picograph.ontology import terms
from picograph.ontology.errors import UsageError

CHECKS = Path(__file__).resolve().parents[1] / "ontology" / "checks"
OWL = "http://www.w3.org/2002/07/owl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"

# What the ontology has beside the typed study: how a part is tied to study and source, how a graph and a scale are
# described.
OTHER_PROPERTIES = {
    "ofStudy",
    "evidence",
    "documentKey",
    "method",
    "reader",
    "read",
    "contentChecksum",
    "inputChecksum",
    "statesIdentifier",
    "apart",
    "sha256",
    "characters",
    "version",
    "versionOf",
    "inScale",
    "rank",
    "readFrom",
}
OTHER_CLASSES = {"OutcomeConcept", "Part", "Result", "Record", "Source", "Place", "Vocabulary", "Split"} | {
    "Scale",
    "ScaleVersion",
    "ScaleLevel",
    "Criteria",
}
DEFINED_CLASSES = {
    "AbsentResult",
    "AmbiguousResult",
    "ContrastEstimate",
    "DrugIntervention",
    "FatalAdverseEventResult",
    "PhaseTwoStudy",
    "RadiationIntervention",
    "RandomisedControlledTrial",
    "SeriousAdverseEventResult",
    "SevereAdverseEventResult",
    "SingleArmStudy",
    "SurvivalProbabilityEstimate",
    "TimeToEventOutcome",
    "ZeroResult",
}
DATATYPES = {
    Kind.TEXT: XSD + "string",
    Kind.INTEGER: XSD + "integer",
    Kind.DECIMAL: XSD + "decimal",
    Kind.BOOLEAN: XSD + "boolean",
    Kind.DATE: RDFS + "Literal",
}
REFERS = {"arms": "Arm", "epochs": "Epoch", "interventions": "Intervention", "outcomes": "Outcome"}
CONCEPT_RANGES = {"criteria": PG + "Criteria", "scale": PG + "Scale"}


@pytest.fixture(scope="module")
def ontology() -> ox.Store:
    store = ox.Store()
    store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in terms.ontology_quads()[1])
    return store


def objects(store: ox.Store, subject: Any, predicate: str) -> list[Any]:
    if isinstance(subject, str):
        subject = ox.NamedNode(subject)
    return [quad.object for quad in store.quads_for_pattern(subject, ox.NamedNode(predicate), None)]


def of_type(store: ox.Store, kind: str) -> set[str]:
    quads = store.quads_for_pattern(None, ox.NamedNode(RDF + "type"), ox.NamedNode(OWL + kind))
    subjects = {quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)}
    return {iri for iri in subjects if iri.startswith(PG)}


def rows(store: ox.Store, query: str) -> list[list[str]]:
    found = store.query(query)
    assert isinstance(found, ox.QuerySolutions)
    return [["" if value is None else str(value) for value in row] for row in found]


def classes_of(store: ox.Store, node: Any) -> set[str]:
    """Give the named classes of a domain or range: itself, or the members of its union."""
    if isinstance(node, ox.NamedNode):
        return {node.value}
    (rest,) = objects(store, node, OWL + "unionOf")
    found = set()
    while rest.value != RDF + "nil":
        found |= {item.value for item in objects(store, rest, RDF + "first")}
        (rest,) = objects(store, rest, RDF + "rest")
    return found


def enums() -> list[type[Enum]]:
    found: dict[str, type[Enum]] = {Method.__name__: Method}
    for _, _, field in model.properties():
        if field.kind is Kind.ENUM:
            found[field.type.__name__] = field.type
    return list(found.values())


def words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r" \1", name).lower()


def python_classes() -> dict[str, type[Any]]:
    return {"Study": Study, **model.part_classes()}


def test_every_class_of_the_model_is_a_class_with_its_name(ontology: ox.Store) -> None:
    classes = of_type(ontology, "Class")
    wanted = {*python_classes(), *(enum.__name__ for enum in enums())}
    assert len(wanted) > 40, f"{len(wanted)} classes in the model"
    assert {PG + name for name in wanted} <= classes
    for name in wanted:
        assert str(terms.label(name)).lower() == words(name)
    assert classes == {PG + name for name in wanted | OTHER_CLASSES | DEFINED_CLASSES}


def test_part_classes_stand_where_python_has_them(ontology: ox.Store) -> None:
    seen = 0
    for name, cls in model.part_classes().items():
        parents = {node.value for node in objects(ontology, PG + name, RDFS + "subClassOf") if "://" in node.value}
        assert issubclass(cls, Part)
        assert parents == {PG + ("Result" if issubclass(cls, Result) else "Part")}, name
        seen += 1
    assert seen >= 22, f"{seen} part classes"


def test_every_member_of_an_enumeration_is_an_individual_with_its_value_as_label(ontology: ox.Store) -> None:
    seen = 0
    for enum in enums():
        iris = [model.enum_iri(member) for member in enum]
        assert list(terms.individuals(enum.__name__)) == iris
        assert [terms.label(iri) for iri in iris] == [member.value for member in enum]
        assert set(iris) <= of_type(ontology, "NamedIndividual")
        seen += len(iris)
    assert seen > 100, f"{seen} members of {len(enums())} enumerations"


def test_no_member_belongs_to_two_enumerations() -> None:
    iris = [model.enum_iri(member) for enum in enums() for member in enum]
    assert len(iris) == len(set(iris)), "two members with one IRI"


def test_every_property_of_the_model_is_there_with_type_domain_and_range(ontology: ox.Store) -> None:
    seen = set()
    for cls_name, iri, field in model.properties():
        if iri == model.RDFS_LABEL:
            continue
        name = iri.removeprefix(PG)
        kinds = {kind.value for kind in objects(ontology, iri, RDF + "type")}
        (domain,) = objects(ontology, iri, RDFS + "domain")
        (range_,) = objects(ontology, iri, RDFS + "range")
        allowed = classes_of(ontology, domain)
        ancestors = {PG + base.__name__ for base in python_classes()[cls_name].__mro__}
        assert allowed & ancestors, f"{name} has no domain that takes in {cls_name}"
        if field.kind in DATATYPES:
            assert OWL + "DatatypeProperty" in kinds, name
            assert range_.value == DATATYPES[field.kind], name
        else:
            assert OWL + "ObjectProperty" in kinds, name
            wanted = {
                Kind.PART: PG + getattr(field.type, "__name__", ""),
                Kind.ENUM: PG + getattr(field.type, "__name__", ""),
                Kind.REFERENCE: PG + REFERS.get(field.refers, ""),
                Kind.CONCEPT: CONCEPT_RANGES.get(name, OWL + "Thing"),
            }[field.kind]
            assert range_.value == wanted, name
        assert str(terms.label(iri)).lower() == words(name), name
        seen.add(iri)
    assert len(seen) > 140, f"{len(seen)} properties"
    assert of_type(ontology, "ObjectProperty") | of_type(ontology, "DatatypeProperty") == seen | {
        PG + name for name in OTHER_PROPERTIES
    }


def test_domains_take_in_no_class_that_lacks_the_property(ontology: ox.Store) -> None:
    has: dict[str, set[str]] = {}
    for cls_name, iri, _ in model.properties():
        has.setdefault(iri, set()).add(cls_name)
    results = {name for name, cls in model.part_classes().items() if issubclass(cls, Result)}
    whole = {frozenset({"Result"}): results, frozenset({"Part"}): set(model.part_classes())}
    seen = 0
    for iri, classes in has.items():
        if iri == model.RDFS_LABEL:
            continue
        (domain,) = objects(ontology, iri, RDFS + "domain")
        named = {name.removeprefix(PG) for name in classes_of(ontology, domain)}
        assert whole.get(frozenset(named), named) == classes, iri
        seen += 1
    assert seen > 140, f"{seen} properties"


def test_functional_properties_are_those_of_parts_named_by_content(ontology: ox.Store) -> None:
    keyed = {"Study", "Report", *(name for name, cls in model.part_classes().items() if "key" in cls.__struct_fields__)}
    assert keyed == {"Study", "Report", "Arm", "Intervention", "Epoch", "Outcome"}
    functional = of_type(ontology, "FunctionalProperty")
    several = {iri for _, iri, field in model.properties() if field.many}
    has: dict[str, set[str]] = {}
    for cls_name, iri, _ in model.properties():
        has.setdefault(iri, set()).add(cls_name)
    wanted = {iri for iri, classes in has.items() if not classes & keyed and iri not in several}
    wanted -= {model.RDFS_LABEL}
    others = {"key", "sha256", "characters", "versionOf", "inScale", "rank"}
    assert functional == wanted | {PG + name for name in others}


def test_contrast_estimates_are_of_the_statistics_that_the_model_calls_contrasts(ontology: ox.Store) -> None:
    query = f"""PREFIX owl: <{OWL}> PREFIX rdf: <{RDF}> PREFIX pg: <{PG}>
    SELECT ?member WHERE {{
      pg:ContrastEstimate (owl:equivalentClass|owl:intersectionOf|owl:unionOf|rdf:rest|rdf:first)+ ?restriction .
      ?restriction owl:onProperty pg:statistic ; owl:someValuesFrom/owl:oneOf/rdf:rest*/rdf:first ?member }}"""
    assert {row[0] for row in rows(ontology, query)} == {f"<{model.enum_iri(member)}>" for member in CONTRASTS}


def test_the_version_is_dated_and_the_terms_of_use_are_told(ontology: ox.Store) -> None:
    (version,) = objects(ontology, terms.GRAPH, OWL + "versionIRI")
    assert re.fullmatch(re.escape(PG) + r"\d{4}-\d{2}-\d{2}", version.value)
    assert terms.version_iri() == version.value
    (info,) = objects(ontology, terms.GRAPH, OWL + "versionInfo")
    assert version.value == PG + info.value
    (licence,) = objects(ontology, terms.GRAPH, "http://purl.org/dc/terms/license")
    assert licence.value == "https://creativecommons.org/publicdomain/zero/1.0/"


def test_units_are_said_to_be_ucum_codes(ontology: ox.Store) -> None:
    names = {iri for _, iri, field in model.properties() if field.kind is Kind.TEXT and iri.lower().endswith("unit")}
    names.add(PG + "frequency")
    assert len(names) > 7, f"{len(names)} units"
    for iri in names:
        (definition,) = objects(ontology, iri, SKOS + "definition")
        assert "UCUM" in definition.value, iri


def test_graph_is_the_same_every_time() -> None:
    first = [str(quad) for quad in terms.ontology_quads()[1]]
    terms._triples.cache_clear()
    terms._quads.cache_clear()
    assert [str(quad) for quad in terms.ontology_quads()[1]] == first, "blank nodes are named anew"


@pytest.mark.parametrize(
    ("scale", "labels"),
    [
        ("ChildPugh", [f"Child-Pugh class {letter}" for letter in "ABC"]),
        ("CLIP", [f"CLIP score {points}" for points in range(7)]),
        ("BCLC", [f"BCLC stage {stage}" for stage in "0ABCD"]),
        ("ECOG", [f"ECOG performance status {status}" for status in range(6)]),
    ],
)
def test_levels_of_a_scale_come_in_order(scale: str, labels: list[str]) -> None:
    assert [terms.label(iri) for iri in terms.levels(scale)] == labels


def test_scales_versions_and_criteria_are_there() -> None:
    assert [terms.label(iri) for iri in terms.individuals("Scale")] == [
        "CTCAE",
        "Child-Pugh class",
        "CLIP score",
        "BCLC stage",
        "ECOG performance status",
    ]
    versions = ["CTCAE 3.0", "CTCAE 4.0", "CTCAE 4.03", "CTCAE 5.0"]
    assert [terms.label(iri) for iri in terms.individuals("ScaleVersion")] == versions
    criteria = {terms.label(iri) for iri in terms.individuals("Criteria")}
    assert criteria == {"WHO criteria", "RECIST 1.0", "RECIST 1.1", "EASL criteria", "mRECIST"}


def test_terms_that_are_not_ours() -> None:
    assert terms.label("http://id.nlm.nih.gov/mesh/D000077157") is None
    assert terms.label("pg:Nothing") is None
    with pytest.raises(UsageError, match="no class pg:Nothing"):
        terms.individuals("pg:Nothing")
    with pytest.raises(UsageError, match="no scale Arm"):
        terms.levels("Arm")


# --- the ontology's own rules ------------------------------------------------------------------------------------

RULES = {path.name.removesuffix("-violation.rq"): path for path in sorted(CHECKS.glob("*.rq"))}
BROKEN = {
    "class-without-parent": 'pg:Big a owl:Class ; owl:equivalentClass [ a owl:Restriction ] ; rdfs:label "big" .',
    "definition-circular": 'pg:Arm a owl:Class ; rdfs:label "arm" ; skos:definition "An arm that is an arm." .',
    "definition-duplicate": 'pg:A skos:definition "A part that is one." . pg:B skos:definition "A part that is one." .',
    "definition-missing": 'pg:Arm a owl:Class ; rdfs:label "arm" .',
    "definition-not-aristotelian": 'pg:Arm a owl:Class ; skos:definition "Where participants are." .',
    "definition-several": 'pg:Arm a owl:Class ; skos:definition "A part that is one." , "A part that is two." .',
    "definition-source-missing": 'pg:Arm a owl:Class ; skos:definition "A part that is an arm." .',
    "enumeration-member-missing": "pg:Role a owl:Class ; owl:equivalentClass [ owl:oneOf ( pg:A ) ] . pg:B a pg:Role .",
    "enumeration-member-not-different": """pg:Role owl:equivalentClass [ owl:oneOf ( pg:A pg:B pg:C ) ] .
        [] a owl:AllDifferent ; owl:distinctMembers ( pg:A pg:B ) .""",
    "example-missing": 'pg:Arm a owl:Class ; rdfs:label "arm" .',
    "individual-untyped": "pg:A a owl:NamedIndividual .",
    "label-duplicate": 'pg:A a owl:Class ; rdfs:label "arm" . pg:B a owl:Class ; rdfs:label "Arm" .',
    "label-missing": 'pg:arm a owl:ObjectProperty ; skos:definition "An arm." .',
    "label-several": 'pg:A a owl:Class ; rdfs:label "arm" , "group" .',
    "ontology-metadata-missing": '<https://example.org/o> a owl:Ontology ; dcterms:title "Only a title" .',
    "property-domain-missing": "pg:arm a owl:ObjectProperty ; rdfs:range pg:Arm .",
    "property-domain-several": "pg:arm a owl:ObjectProperty ; rdfs:domain pg:A , pg:B .",
    "property-range-missing": "pg:arm a owl:DatatypeProperty ; rdfs:domain pg:Study .",
    "property-untyped": 'pg:A pg:arm "one" .',
    "scale-level-rank-duplicate": "pg:A pg:inScale pg:S ; pg:rank 1 . pg:B pg:inScale pg:S ; pg:rank 1 .",
    "scale-level-rank-missing": "pg:S a pg:Scale . pg:A a pg:ScaleLevel ; pg:inScale pg:S .",
    "scale-version-of-nothing": 'pg:A a pg:ScaleVersion ; pg:version "1" .',
    "term-undeclared": "pg:Arm a owl:Class ; rdfs:subClassOf pg:Part .",
    "text-untidy": 'pg:Arm a owl:Class ; skos:definition "A part that stops" .',
}
PREFIXES = "".join(
    f"@prefix {name}: <{iri}> .\n"
    for name, iri in {"owl": OWL, "rdfs": RDFS, "skos": SKOS, "pg": PG, "dcterms": "http://purl.org/dc/terms/"}.items()
)


def test_every_rule_has_an_ontology_that_breaks_it() -> None:
    assert len(RULES) > 20, f"{len(RULES)} rules"
    assert set(RULES) == set(BROKEN)


@pytest.mark.parametrize("rule", RULES)
def test_the_ontology_keeps_its_rules(rule: str, ontology: ox.Store) -> None:
    assert rows(ontology, RULES[rule].read_text("utf-8")) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_finds_its_offence(rule: str) -> None:
    store = ox.Store()
    store.load(PREFIXES + BROKEN[rule], ox.RdfFormat.TURTLE)
    assert rows(store, RULES[rule].read_text("utf-8")), "no row for an ontology that breaks the rule"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_what_it_is_for(rule: str) -> None:
    assert RULES[rule].read_text("utf-8").startswith("#+ summary: ")


def test_files_ship_with_the_package() -> None:
    folder = files("picograph.ontology")
    names = ["picograph.ttl", "shapes.ttl", "mappings/picograph.sssom.tsv", "checks/label-missing-violation.rq"]
    assert all(folder.joinpath(name).is_file() for name in names)
