"""Promise: a look-up forgives, info counts what there is, and validate finds what does not hold, with its evidence."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from picograph.tests.acceptance.conftest import serving
from picograph.tests.acceptance.program import KEY, SEED, STUDY_FILE, Program

BROKEN = {
    # what is done to the store -> what is found
    "DELETE { GRAPH ?g { ?r pg:affected 6 } } INSERT { GRAPH ?g { ?r pg:affected 41 } } "
    "WHERE { GRAPH ?g { ?r pg:affected 6 } }": "41 out of 40",
    "DELETE { GRAPH ?g { ?r pg:count 33 } } INSERT { GRAPH ?g { ?r pg:count 13 } } "
    "WHERE { GRAPH ?g { ?r pg:count 33 } }": "13 of 40 is not 83",
    "INSERT { GRAPH ?g { ?r pg:count 13 } } WHERE { GRAPH ?g { ?r pg:statistic pg:SurvivalProbability } }": "13",
    "INSERT { GRAPH ?g { ?r pg:intervalLow 40.0 ; pg:intervalHigh 50.0 } } "
    "WHERE { GRAPH ?g { ?r pg:statistic pg:SurvivalProbability } }": "lies outside",
    "DELETE { GRAPH ?g { ?r pg:affected 6 } } INSERT { GRAPH ?g { ?r pg:affected 'many' } } "
    "WHERE { GRAPH ?g { ?r pg:affected 6 } }": "many",
    "DELETE { GRAPH ?g { ?r pg:evidence ?e } } WHERE { GRAPH ?g { ?r pg:affected 6 ; pg:evidence ?e } }": "no evidence",
}
ABSENT = "no evidence"  # what is found for a fact without a place has none


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose store these tests break."""
    with serving(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


def update(query_address: str, sparql: str) -> None:
    request = urllib.request.Request(
        query_address.removesuffix("/query") + "/update",
        data=("PREFIX pg: <https://w3id.org/picograph/ontology/> " + sparql).encode(),
        headers={"Content-Type": "application/sparql-update"},
    )
    with urllib.request.urlopen(request, timeout=30):
        pass


def test_a_sound_store_is_clean(program: Program, folder: Path) -> None:
    ran = program("validate", "--format", "json", store=folder)
    assert (ran.code, ran.json(), ran.err) == (0, [], "0 errors, 0 cautions.\n")


def test_what_does_not_hold_is_found_with_its_evidence(program: Program, sandbox: str) -> None:
    seen = 0
    for change, found in BROKEN.items():
        update(sandbox, "DROP ALL")
        assert program("load", SEED, STUDY_FILE, store=sandbox).code == 0
        update(sandbox, change)
        ran = program("validate", "--format", "json", store=sandbox)
        assert ran.code in (0, 1)
        findings = ran.json()
        assert (ran.code == 1) == any(each["severity"] == "error" for each in findings)
        hits = [each for each in findings if found in each["what"]]
        assert hits, (change, findings)
        for each in hits:
            assert each["study"] == "https://w3id.org/picograph/study/doi:10.1016%2Fj.ijrobp.2014.01.017"
            assert each["evidence"] or found in (ABSENT, "many"), each
        seen += 1
    assert seen == 6
    table = program("validate", "--format", "table", store=sandbox)
    assert table.code == 1
    assert "no evidence" in table.text
    assert "w3id.org" not in table.text


def test_a_damaged_store_ends_in_a_message(program: Program, sandbox: str) -> None:
    update(sandbox, "DROP ALL")
    assert program("load", SEED, STUDY_FILE, store=sandbox).code == 0
    update(sandbox, "INSERT { GRAPH ?g { ?r pg:affected 'many' ; pg:evidence <urn:nowhere> } } "
                    "WHERE { GRAPH ?g { ?r pg:fatal 3 } }")  # fmt: skip
    for command in (("ask", "adverse-events"), ("ask", "evidence"), ("show", KEY), ("export", "csv")):
        ran = program(*command, store=sandbox)
        assert (ran.code, ran.out) == (1, b"")
        assert "  where: " in ran.err
        assert "  try:   " in ran.err
    assert program("export", "nq", store=sandbox).code == 0
    assert program("validate", store=sandbox).code == 1


def test_places_outside_their_source_are_found(program: Program, sandbox: str) -> None:
    update(sandbox, "DROP ALL")
    assert program("load", SEED, STUDY_FILE, store=sandbox).code == 0
    update(sandbox, "INSERT { GRAPH ?g { ?r pg:evidence ?far } } WHERE { GRAPH ?g { ?r pg:fatal 3 ; pg:evidence ?e } "
                    "BIND (IRI(CONCAT(STRBEFORE(STR(?e), '#'), '#char=3000,4000')) AS ?far) }")  # fmt: skip
    ran = program("validate", "--format", "json", store=sandbox)
    assert ran.code == 1
    [finding] = [each for each in ran.json() if "outside" in each["what"]]
    assert any(place.endswith("#char=3000,4000") for place in finding["evidence"])


@pytest.mark.parametrize(
    ("words", "concept", "how"),
    [
        ("sorafenib", "mesh:D000077157", "name"),
        ("hepatoma", "mesh:D006528", "entry term"),
        ("sorafenb", "mesh:D000077157", "similar"),
        ("hepatocelular carcinoma", "mesh:D006528", "similar"),
        ("mesh:D000077157", "mesh:D000077157", "CURIE"),
        ("MESH:D000077157", "mesh:D000077157", "CURIE"),
        ("http://id.nlm.nih.gov/mesh/D000077157", "mesh:D000077157", "IRI"),
        ("C04.588.274.623", "mesh:D008113", "tree number"),
        ("DB00398", "drugbank:DB00398", "code"),
    ],
)
def test_a_concept_is_found_by_whatever_names_it(program: Program, words: str, concept: str, how: str) -> None:
    ran = program("lookup", words)
    first = ran.rows()[0]
    assert (first["concept"], first["how"]) == (concept, how)
    assert program("lookup", *words.split(), "--format", "json").json()[0]["concept"] == concept


def test_a_look_up_shows_the_place_in_the_hierarchy(program: Program) -> None:
    table = program("lookup", "sorafenib", "--format", "table").text
    assert table.startswith("mesh:D000077157  Sorafenib\n    in Phenylurea Compounds < Urea")
    assert "same as CHEBI:50924, drugbank:DB00398" in table
    assert max(map(len, table.splitlines())) <= 80


def test_nothing_found_is_said_and_no_error(program: Program) -> None:
    for words in ("qqqqzzzz", "", " "):
        ran = program("lookup", words, "--format", "table")
        assert (ran.code, ran.out) == (0, b"")
        assert ran.err.startswith("No concept is like")
    assert program("lookup", "qqqqzzzz", "--format", "json").json() == []


def test_info_counts_what_there_is(program: Program, folder: Path) -> None:
    values = {row["what"]: row["value"] for row in program("info", store=folder).rows()}
    wanted = {"Study": "1", "Record": "2", "Arm": "1", "MeshHeading": "26", "AdverseEventResult": "4", "Estimate": "4"}
    assert {name: values[name] for name in wanted} == wanted
    assert values["store"] == str(folder)
    assert values["ontology"].startswith("https://w3id.org/picograph/ontology/")
    assert program("--version").text == f"picograph {values['picograph']}\n"
    triples = sum(int(value) for name, value in values.items() if name.startswith("triples in "))
    counted = program("query", "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", "--format", "csv", store=folder)
    assert counted.text.split() == ["n", str(triples)]
