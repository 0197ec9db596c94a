"""Each format of a publisher gives the same vocabulary, and tables of drugs tell ingredient, salt and brand apart.

The files are written from the tables in ../shared in the publishers' formats (tests/publishers.py), or here, with
numbers that are made up where no table has them.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from picograph.kg.vocabularies import ontologies
from picograph.kg.vocabularies.files import SourceFile
from picograph.tests import publishers
from picograph.tests.acceptance.program import Program, said

READERS = {"json": ontologies.read_json, "obo": ontologies.read_obo, "owl": ontologies.read_rdf}
SORAFENIB = "CHEBI:50924"


def rows_of(shared: Path, name: str) -> list[dict[str, Any]]:
    found = json.loads(gzip.decompress((shared / "vocabularies" / f"{name}.json.gz").read_bytes()))
    return [row for row in found if row.get("name")]


def above(rows: list[dict[str, Any]], start: str, prefix: str) -> list[dict[str, Any]]:
    """Take a term out of a table, with all that it leads to."""
    by_curie = {publishers.curie(row["id"], prefix): row for row in rows}
    found = [start]
    for each in found:  # grows while it is read
        for kind in ("is_a", "has_role", "has_part"):
            found += [one for one in publishers.related(by_curie[each], kind, prefix) if one not in found]
    return [by_curie[each] for each in sorted(found)]


def differences(shared: Path, name: str, prefix: str, folder: Path, form: str, some: list[dict[str, Any]]) -> int:
    """Write a table in a format, read it, and hold every term against the table; give how many there are."""
    path = publishers.WRITERS[form](folder / f"{name}.{form}", prefix, some)
    read = READERS[form](SourceFile(path), prefix)
    path.unlink()
    assert read.version == "2025-01-16"
    found = {term.curie: term for term in read.terms}
    assert len(found) == len(read.terms)
    assert found.keys() == {publishers.curie(row["id"], prefix) for row in some}
    for row in some:
        term = found[publishers.curie(row["id"], prefix)]
        assert term.label == " ".join(row["name"].split())
        assert set(term.synonyms) == {" ".join(each.split()) for each in row.get("synonyms", ())}
        for values, kind in ((term.parents, "is_a"), (term.roles, "has_role"), (term.parts, "has_part")):
            assert set(values) == set(publishers.related(row, kind, prefix)), (form, term.curie, kind)
        codes = {each.partition(":")[2] for each in publishers.refs(row) if each.startswith("CAS:")}
        assert codes <= set(term.codes)
        mesh = {f"mesh:{each.partition(':')[2]}" for each in publishers.refs(row) if each.startswith(("MESH:", "MSH:"))}
        assert {ref.object for ref in term.xrefs if ref.object.startswith("mesh:")} == mesh
    return len(found)


@pytest.mark.parametrize("form", READERS)
def test_a_drug_with_all_above_it_is_the_same_in_each_format(shared: Path, tmp_path: Path, form: str) -> None:
    some = above(rows_of(shared, "chebi"), SORAFENIB, "CHEBI")
    assert differences(shared, "chebi", "CHEBI", tmp_path, form, some) > 30


@pytest.mark.long
@pytest.mark.parametrize("form", READERS)
@pytest.mark.parametrize(
    ("name", "prefix", "least"),
    [("mondo", "MONDO", 20_000), ("hp", "HP", 15_000), ("doid", "DOID", 11_000), ("chebi", "CHEBI", 190_000)],
)
def test_a_whole_ontology_is_the_same_in_each_format(
    shared: Path, tmp_path: Path, name: str, prefix: str, least: int, form: str
) -> None:
    assert differences(shared, name, prefix, tmp_path, form, rows_of(shared, name)) > least


@pytest.mark.long
@pytest.mark.parametrize("form", READERS)
def test_a_whole_ontology_is_added_listed_looked_up_asked_and_replaced(
    program: Program, shared: Path, tmp_path: Path, form: str
) -> None:
    rows = rows_of(shared, "hp")
    file = publishers.WRITERS[form](tmp_path / f"hp.{form}", "HP", rows)
    store = tmp_path / "store"

    def listed() -> dict[str, Any]:
        listing = program("vocab", "list", "--format", "json", store=store).json()
        return next(row for row in listing if row["name"] == "hp")  # type: ignore[no-any-return]

    def below(curie: str) -> set[str]:
        sparql = (
            "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
            "SELECT ?c WHERE { GRAPH <https://w3id.org/picograph/vocabulary/hp> "
            f"{{ ?c skos:broaderTransitive <{publishers.iri(curie)}> }} }}"
        )
        found = program("query", sparql, "--format", "json", store=store).json()["results"]["bindings"]
        return {row["c"]["value"] for row in found}

    added = program("vocab", "add", "hp", file, store=store)
    assert added.code == 0, added.err
    first = listed()
    assert (first["holds"], first["version"], first["concepts"]) == ("whole", "2025-01-16", len(rows))
    for row in rows[:: len(rows) // 3]:
        assert row["id"] in {each["concept"] for each in
                             program("lookup", row["name"], "--format", "json", store=store).json()}  # fmt: skip
    ups = {row["id"]: publishers.related(row, "is_a", "HP") for row in rows}
    top = next(row["id"] for row in rows if row["name"] == "Neoplasm")
    under = {top}
    while more := {each for each, parents in ups.items() if each not in under and not under.isdisjoint(parents)}:
        under |= more
    assert len(under) > 100
    assert below(top) == set(map(publishers.iri, under))
    (tmp_path / "cut").write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    wrong = program("vocab", "add", "hp", tmp_path / "cut", store=store)
    assert wrong.code == 1 or form == "obo"  # OBO has no end by which half a file could be told, if no line is cut
    if wrong.code:
        assert listed() == first
    less = publishers.WRITERS[form](tmp_path / f"less.{form}", "HP", above(rows, top, "HP"))
    assert program("vocab", "add", "hp", less, store=store).code == 0
    assert 0 < listed()["concepts"] < 20
    assert below(top) == {publishers.iri(top)}


# --- drugs: the columns are those of the publishers' documentation, the numbers of RxNorm are made up ---


def atom(number: int, source: str, kind: str, code: str, name: str, suppressed: str = "N") -> str:
    return f"{number}|ENG||||||{number}0||{number}||{source}|{kind}|{code}|{name}||{suppressed}|4096|\n"


def relation(one: int, what: str, other: int) -> str:
    """Say that the other has the relation to the one, as RXNREL.RRF does."""
    return f"{one}||CUI|RN|{other}||CUI|{what}|1||RXNORM|RXNORM||||\n"


@pytest.fixture(scope="module")
def rxnorm(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rxnorm")
    concepts = [
        atom(900001, "RXNORM", "IN", "900001", "sorafenib"),
        atom(900001, "MSH", "MH", "D000077157", "Sorafenib"),
        atom(900001, "MTHSPL", "SU", "X0X0X0X0X0", "SORAFENIB"),
        atom(900002, "RXNORM", "PIN", "900002", "sorafenib tosylate"),
        atom(900003, "RXNORM", "BN", "900003", "Nexavar"),
        atom(900004, "RXNORM", "SBD", "900004", "sorafenib 200 MG Oral Tablet [Nexavar]"),
        atom(900004, "RXNORM", "SY", "900004", "Nexavar 200 MG Oral Tablet"),
        atom(900005, "RXNORM", "BN", "900005", "Oldbrand", "O"),
    ]
    relations = [
        relation(900001, "form_of", 900002),
        relation(900002, "precise_ingredient_of", 900003),
        relation(900001, "tradename_of", 900003),
        relation(900003, "has_tradename", 900001),
        relation(900003, "has_ingredient", 900004),
    ]
    (folder / "RXNCONSO.RRF").write_text("".join(concepts), "utf-8")
    (folder / "RXNREL.RRF").write_text("".join(relations), "utf-8")
    files = folder / "RXNCONSO.RRF", folder / "RXNREL.RRF"
    added = program("vocab", "add", "rxnorm", *files, store=folder / "store")
    assert added.code == 0, added.err
    return folder / "store"


def test_a_brand_a_salt_and_an_ingredient_are_told_apart(program: Program, rxnorm: Path) -> None:
    def first(text: str) -> dict[str, Any]:
        return program("lookup", text, "--format", "json", store=rxnorm).json()[0]  # type: ignore[no-any-return]

    brand, salt = first("Nexavar"), first("rxnorm:900002")
    assert (brand["concept"], brand["kind"], brand["path"]) == ("rxnorm:900003", "brand name", ["sorafenib"])
    assert (salt["label"], salt["kind"], salt["path"]) == ("sorafenib tosylate", "precise ingredient", ["sorafenib"])
    drug = first("rxnorm:900001")
    assert drug["kind"] == "ingredient"
    assert {"mesh:D000077157", SORAFENIB} <= set(drug["same_as"])
    assert not set(brand["same_as"]) & {"rxnorm:900001", "mesh:D000077157"}  # a brand is not the substance
    assert first("Nexavar 200 MG Oral Tablet")["kind"] == "branded drug"
    assert "kind: brand name" in program("lookup", "Nexavar", "--format", "table", store=rxnorm).text
    assert not any(row["label"] == "Oldbrand" for row in
                   program("lookup", "Oldbrand", "--format", "json", store=rxnorm).json())  # fmt: skip


def test_atc_and_the_nci_thesaurus_are_read_from_their_tables(program: Program, tmp_path: Path) -> None:
    """The first row of a code of ATC names it; a name may hold the comma that parts columns."""
    atc, ncit, store = tmp_path / "atc.csv", tmp_path / "Thesaurus.txt", tmp_path / "store"
    atc.write_text(
        "ATC code,ATC level name,DDD,U,Adm.R\n"
        "Q,TOPIC,,,\nQ01,PART OF IT,,,\nQ01A,\"SMALLER PART, IN WORDS\",,,\nQ01AB,Group,,,\n"
        "Q01AB07,madeupinib,0.8,g,O\nQ01AB07,madeupinib,0.2,g,P\n",
        "utf-8",
    )  # fmt: skip
    ncit.write_text(
        "C61948\t<http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl#C61948>\tC900001|C900002\t"
        "Sorafenib|A Synonym\tA text.\tSorafenib\t\tPharmacologic Substance\n"
        "C900001\t<x>\t\tSome Class\t\t\t\tPharmacologic Substance\n"
        "C900003\t<x>\tC900001\tGone\t\t\tObsolete_Concept\tPharmacologic Substance\n",
        "utf-8",
    )
    for name, file in (("atc", atc), ("ncit", ncit)):
        added = program("vocab", "add", name, file, store=store)
        assert added.code == 0, added.err
    [drug, *_] = program("lookup", "madeupinib", "--format", "json", store=store).json()
    assert (drug["concept"], drug["path"]) == (
        "atc:Q01AB07", ["Group", "SMALLER PART, IN WORDS", "PART OF IT", "TOPIC"],
    )  # fmt: skip
    [thing, *_] = program("lookup", "NCIT:C61948", "--format", "json", store=store).json()
    assert (thing["label"], thing["path"]) == ("Sorafenib", ["Some Class"])
    assert SORAFENIB in thing["same_as"]
    said(program("vocab", "add", "atc", ncit, store=store), 1, "no ATC code")
    said(program("vocab", "add", "ncit", atc, store=store), 1, "columns")


def test_two_mappings_that_disagree_are_shown_with_both_rows(program: Program, tmp_path: Path) -> None:
    table, store = tmp_path / "mine.sssom.tsv", tmp_path / "store"
    head = "# mapping_set_id: https://example.org/mine\nsubject_id\tpredicate_id\tobject_id\tmapping_justification\n"
    good = f"mesh:D000077157\tskos:exactMatch\t{SORAFENIB}\tsemapv:ManualMappingCuration\n"
    bad = "mesh:D000077157\tskos:exactMatch\tCHEBI:50928\tsemapv:LexicalMatching\n"
    table.write_text(head + good, "utf-8")
    assert program("vocab", "add", "mappings", table, store=store).code == 0
    agreed = program("vocab", "check", store=store)
    assert (agreed.code, agreed.text.count("\n")) == (0, 1)  # a head alone
    table.write_text(head + good + bad, "utf-8")
    assert program("vocab", "add", "mappings", table, store=store).code == 0
    told = program("vocab", "check", "--format", "json", store=store)
    assert told.code == 1
    rows = told.json()
    assert [(row["concept"], row["other"], row["justification"], row["source"]) for row in rows] == [
        ("mesh:D000077157", SORAFENIB, "semapv:ManualMappingCuration", "mine.sssom.tsv, line 3"),
        ("mesh:D000077157", "CHEBI:50928", "semapv:LexicalMatching", "mine.sssom.tsv, line 4"),
    ]
    assert {row["disagreement"] for row in rows} == {"mesh:D000077157 is exactly 2 concepts of CHEBI"}
    assert {row["label"] for row in rows} == {"Sorafenib"}
