"""Every identifier of another ontology that we point to exists there, with the label that we give it.

An object is found in the ontology's own file, or in the list of terms that were checked, or stands in the table of
exceptions with the place where it was read. No class is forgotten: it is mapped, or the reason why not is told.
"""

import csv
import xml.etree.ElementTree as ElementTree
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest

from picograph.ontology import terms
from picograph.ontology.terms import PG

ROOT = Path(__file__).resolve().parents[1]
MAPPINGS = ROOT / "ontology" / "mappings"
SHARED = ROOT.parent / "shared"
OWL = "{http://www.w3.org/2002/07/owl#}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RDFS = "{http://www.w3.org/2000/01/rdf-schema#}"
PREDICATES = {f"skos:{name}Match" for name in ("exact", "close", "broad", "narrow", "related")}
COLUMNS = [
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "object_label",
    "mapping_justification",
    "confidence",
    "comment",
]

needs_files = pytest.mark.skipif(not SHARED.is_dir(), reason="the reference ontologies are not at hand")


def table(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def rows() -> list[dict[str, str]]:
    return table(MAPPINGS / "picograph.sssom.tsv")


@cache
def metadata() -> tuple[dict[str, str], dict[str, str]]:
    """Read the block at the top: its values, and its map of prefixes."""
    values, curies = {}, {}
    for line in (MAPPINGS / "picograph.sssom.tsv").read_text("utf-8").splitlines():
        if line.startswith("#  "):
            name, _, iri = line[3:].partition(": ")
            curies[name] = iri.strip('"')
        elif line.startswith("#"):
            name, _, value = line[1:].partition(":")
            values[name] = value.strip().strip('"')
    return values, curies


def expand(curie: str) -> str:
    prefix, _, identifier = curie.partition(":")
    return metadata()[1][prefix] + identifier


@cache
def labels() -> dict[str, set[str]]:
    """Read every label in the two reference ontologies: CTO is OWL/XML, STATO is RDF/XML."""
    found: dict[str, set[str]] = {}
    root = ElementTree.parse(SHARED / "reference-ontologies" / "cto.owl").getroot()
    prefixes = {prefix.get("name"): prefix.get("IRI", "") for prefix in root.iter(OWL + "Prefix")}
    for assertion in root.iter(OWL + "AnnotationAssertion"):
        kind = assertion.find(OWL + "AnnotationProperty")
        if kind is None or kind.get("abbreviatedIRI") != "rdfs:label":
            continue
        subject, text = assertion[1], assertion.find(OWL + "Literal")
        if subject.text is None or text is None or text.text is None:
            continue
        iri = subject.text
        if subject.tag == OWL + "AbbreviatedIRI":
            prefix, _, name = iri.partition(":")
            iri = prefixes[prefix] + name
        found.setdefault(iri, set()).add(text.text)
    for element in ElementTree.parse(SHARED / "reference-ontologies" / "stato.owl").getroot():
        iri = element.get(RDF + "about", "")
        for label in element.findall(RDFS + "label"):
            found.setdefault(iri, set()).add(label.text or "")
    return found


@cache
def checked_codes() -> dict[str, str]:
    """Give the SEVCO codes that were checked, with their names."""
    return {row["sevco_code"]: row["concept"] for row in table(SHARED / "terms_checked.tsv") if row["sevco_code"]}


@cache
def exceptions() -> dict[str, dict[str, str]]:
    return {row["object_id"]: row for row in table(MAPPINGS / "exceptions.tsv")}


@needs_files
def test_reference_files_are_read() -> None:
    assert len(labels()) > 1000, f"{len(labels())} labels"
    assert labels()["http://purl.obolibrary.org/obo/CTO_0000204"] == {"clinical trial phase 2"}
    assert labels()["http://purl.obolibrary.org/obo/OBI_0000175"] == {"p-value"}
    assert len(checked_codes()) > 10


@needs_files
def test_every_object_is_in_its_ontology_under_the_label_that_we_give() -> None:
    found = Counter[str]()
    for row in rows():
        iri, label = expand(row["object_id"]), row["object_label"]
        prefix, _, code = row["object_id"].partition(":")
        if iri in labels():
            assert label in labels()[iri], f"{row['object_id']} is {labels()[iri]}, not {label}"
            assert row["object_id"] not in exceptions(), "an exception that is not needed"
            found["file"] += 1
        elif prefix == "sevco" and code in checked_codes():
            assert label.lower() == checked_codes()[code].lower(), row["object_id"]
            found["list"] += 1
        else:
            assert exceptions()[row["object_id"]]["object_label"] == label, row["object_id"]
            found["exception"] += 1
    assert found["file"] > 80, f"{found}"
    assert found["list"] > 3, f"{found}"
    assert found["exception"] > 30, f"{found}"


@needs_files
def test_no_obo_identifier_is_taken_on_trust() -> None:
    trusted = {curie for curie in exceptions() if expand(curie).startswith("http://purl.obolibrary.org/obo/")}
    assert {curie.partition(":")[0] for curie in trusted} == {"NCIT"}, "only NCIt has no file of its own at hand"


@needs_files
def test_traps_that_were_met() -> None:
    objects = {row["object_id"] for row in rows()}
    assert not {"STATO:0000677", "STATO:0000607", "STATO:0000639"} & objects, "not in released STATO: SEVCO's numbers"
    phases = {row["subject_id"]: row["object_id"] for row in rows() if row["object_id"].startswith("CTO:00002")}
    assert phases["pg:Phase2"] == "CTO:0000204"
    assert phases["pg:Phase3"] == "CTO:0000205"


def test_exceptions_say_where_and_when_they_were_read() -> None:
    used = {row["object_id"] for row in rows()}
    assert len(exceptions()) > 30, f"{len(exceptions())} exceptions"
    for curie, row in exceptions().items():
        assert curie in used, f"{curie} is mapped to by nothing"
        assert row["object_label"]
        assert len(row["source"]) > 10
        assert date.fromisoformat(row["read"]) >= date(2026, 1, 1)


def test_every_row_is_of_the_form_that_sssom_asks_for() -> None:
    values, curies = metadata()
    assert set(values) >= {"mapping_set_id", "license", "curie_map", "mapping_date", "subject_source"}
    assert values["subject_source"] == terms.GRAPH
    assert terms.version_iri().endswith(values["subject_source_version"])
    assert curies["pg"] == PG
    assert len(rows()) > 120, f"{len(rows())} rows"
    assert list(rows()[0]) == COLUMNS
    for row in rows():
        assert row["predicate_id"] in PREDICATES
        assert row["mapping_justification"] == "semapv:ManualMappingCuration"
        assert 0 < float(row["confidence"]) <= 1
        assert None not in row.values()
    used = {row[column].partition(":")[0] for row in rows() for column in COLUMNS if column.endswith("_id")}
    assert used | {"semapv"} == set(curies), "the map of prefixes has those in use, and no other"


def test_rows_are_sorted_and_none_is_repeated() -> None:
    keys = [(row["subject_id"].lower(), row["subject_id"], row["object_id"]) for row in rows()]
    assert keys == sorted(set(keys))


def test_subjects_are_terms_of_ours_under_their_label() -> None:
    for row in rows():
        assert terms.label(row["subject_id"]) == row["subject_label"], row["subject_id"]


def test_an_exact_match_is_with_one_term_of_each_target() -> None:
    seen = Counter(
        (row["subject_id"], row["object_id"].partition(":")[0])
        for row in rows()
        if row["predicate_id"] == "skos:exactMatch"
    )
    assert len(seen) > 20, f"{len(seen)} exact matches"
    assert max(seen.values()) == 1
    back = Counter(row["object_id"] for row in rows() if row["predicate_id"] == "skos:exactMatch")
    assert max(back.values()) == 1, "two of our terms cannot both be exactly one other"


def test_every_class_is_mapped_or_has_a_reason_why_not() -> None:
    subjects = [
        quad.subject.value
        for quad in terms.ontology_quads()[1]
        if isinstance(quad.subject, ox.NamedNode) and quad.object == ox.NamedNode(OWL[1:-1] + "Class")
    ]
    classes = {"pg:" + iri.removeprefix(PG) for iri in subjects if iri.startswith(PG)}
    unmapped = {row["term"]: row for row in table(MAPPINGS / "unmapped.tsv")}
    mapped = {row["subject_id"] for row in rows()}
    assert len(classes) > 60, f"{len(classes)} classes"
    assert classes - mapped == set(unmapped)
    for term, row in unmapped.items():
        assert row["label"] == terms.label(term)
        assert len(row["reason"]) > 10


def test_targets_that_the_design_names_are_all_pointed_to() -> None:
    prefixes = Counter(row["object_id"].partition(":")[0] for row in rows())
    wanted = {"OBI", "STATO", "NCIT", "CTO", "OAE", "OCRe_design", "pico", "sevco", "fabio", "schema", "fhir"}
    assert wanted <= set(prefixes), f"{dict(prefixes)}"
