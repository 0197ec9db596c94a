"""The slices that ship are what the script makes of the full tables, byte for byte, and every identifier in them goes
with the name that its publisher gives it.
"""

import gzip
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from picograph.ontology.concepts import concepts, mappings, read_slice, sources
from picograph.ontology.errors import InputError
from picograph.ontology.prefixes import PREFIXES, canonical
from picograph.ontology.vocabularies.make_slice import Tables, main, make

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "vocabularies"
HERE = Path(__file__).resolve().parents[1] / "ontology" / "vocabularies"


@pytest.fixture(scope="module")
def tables() -> Tables:
    return Tables(SHARED)


@pytest.fixture(scope="module")
def made(tables: Tables) -> dict[str, str]:
    return make(tables, read_slice("seeds.tsv"))


def rows(name: str) -> list[list[str]]:
    path = SHARED / name
    text = gzip.decompress(path.read_bytes()).decode() if name.endswith(".gz") else path.read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()]


def records(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(gzip.decompress((SHARED / name).read_bytes()))
    return found


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    """The name of every concept in the publishers' tables, read without the code under test."""
    found = {f"mesh:{row[0]}": row[1] for row in rows("mesh_id_label_mappings.tsv.gz")}
    found |= {f"mesh:{row[0]}": row[1] for row in rows("mesh_supp_id_label_mappings.tsv.gz")}
    found |= {f"mesh:{row[0]}": row[1] for row in rows("mesh_2026_qualifiers.tsv")}
    found |= {f"drugbank:{row[0]}": row[2] for row in rows("drugbank_mappings.tsv.gz") if row[1] == "NAME"}
    found |= {record["id"]: record["name"] for record in records("chebi.json.gz")}
    found |= {record["id"]: record["name"] for record in records("doid.json.gz")}
    found |= {record["id"]: record["name"] for record in records("hp.json.gz")}
    found |= {f"MONDO:{record['id']}": record["name"] for record in records("mondo.json.gz")}
    return found


def test_what_ships_is_what_the_script_makes(made: dict[str, str], tmp_path: Path) -> None:
    assert sorted(made) == [
        "chebi.tsv",
        "drugbank.tsv",
        "mappings.tsv",
        "mesh.tsv",
        "mesh_allowed_qualifiers.tsv",
        "mesh_qualifiers.tsv",
    ]
    for name, text in made.items():
        assert (HERE / name).read_bytes() == text.encode(), f"{name} is stale: run make_slice.py"
    assert {path.name for path in HERE.glob("*.tsv")} == {
        *made,
        "seeds.tsv",
        "kinds.tsv",
        "clinical.tsv",
        "clinical.sssom.tsv",
    }
    main(["--tables", str(SHARED), "--out", str(tmp_path)])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {k: v.encode() for k, v in made.items()}


def test_the_slices_stay_small(made: dict[str, str]) -> None:
    assert 50_000 < sum(len(text.encode()) for text in made.values()) < 300_000


def test_every_identifier_goes_with_its_publishers_name(names: dict[str, str]) -> None:
    seen = 0
    for item in concepts():
        if item.vocabulary != "clinical":  # which is our own: test_ontology_clinical
            assert names[item.curie] == item.label
            seen += 1
    assert seen > 500


def test_every_synonym_tree_number_parent_and_role_is_its_publishers() -> None:
    mesh = {f"mesh:{row[0]}": row for row in rows("mesh_id_label_mappings.tsv.gz")}
    supplementary = {f"mesh:{row[0]}": row for row in rows("mesh_supp_id_label_mappings.tsv.gz")}
    chebi = {record["id"]: record.get("relations", {}) for record in records("chebi.json.gz")}
    seen = dict.fromkeys(("synonyms", "trees", "mapped", "parents", "roles"), 0)
    for item in concepts():
        table = mesh if item.curie in mesh else supplementary
        if item.curie in table:
            assert set(item.synonyms) == set(table[item.curie][2].split("|")) - {""}
            seen["synonyms"] += len(item.synonyms)
        if item.curie in mesh:
            assert set(item.tree_numbers) == set(mesh[item.curie][3].split("|")) - {""}
            seen["trees"] += len(item.tree_numbers)
        elif item.curie in supplementary:
            mapped = supplementary[item.curie][3].split(",")
            assert set(item.parents) == {f"mesh:{ui}" for ui in mapped}
            seen["mapped"] += len(mapped)
        elif item.vocabulary == "chebi":
            relations: dict[str, list[str]] = chebi[item.curie]
            assert set(item.parents) == set(relations.get("is_a", ()))
            assert set(item.roles) == set(relations.get("has_role", ()))
            seen["parents"] += len(item.parents)
            seen["roles"] += len(item.roles)
    assert min(seen.values()) > 10, seen


def test_all_qualifiers_of_the_year_ship() -> None:
    assert len(rows("mesh_2026_qualifiers.tsv")) == 76
    assert read_slice("mesh_qualifiers.tsv").splitlines()[1:] == sorted(
        f"mesh:{ui}\t{name}" for ui, name in rows("mesh_2026_qualifiers.tsv")
    )


def test_every_mapping_is_in_the_table_that_it_names(names: dict[str, str]) -> None:
    pairs: dict[str, set[tuple[str, str]]] = {
        "table:mesh_mappings": {(f"mesh:{row[1]}", row[4]) for row in rows("mesh_mappings.tsv.gz")},
        "table:drugbank_mappings": {
            (f"drugbank:{row[0]}", f"CHEBI:{row[2]}") for row in rows("drugbank_mappings.tsv.gz") if row[1] == "CHEBI"
        },
        "table:ncit_map": {(f"NCIT:{row[0]}", row[2]) for row in rows("ncit_map.tsv.gz")},
    }
    for name, prefix in (("mondo", "MONDO:"), ("doid", ""), ("hp", "")):
        pairs[f"table:{name}"] = {
            (f"mesh:{xref['id']}", prefix + record["id"])
            for record in records(f"{name}.json.gz")
            for xref in record.get("xrefs", ())
            if xref["namespace"] in ("MESH", "MSH")
        }
    seen = dict.fromkeys((*pairs, "table:same_name"), 0)
    for row in mappings():
        if row.subject.startswith("pgc:"):  # our own: test_ontology_clinical
            continue
        seen[row.source] += 1
        if row.source == "table:same_name":
            assert names[row.subject].casefold() == names[row.object].casefold()
            assert (row.predicate, row.justification) == ("skos:closeMatch", "semapv:LexicalMatching")
        else:
            assert (row.subject, row.object) in pairs[row.source]
            assert row.justification == "semapv:UnspecifiedMatching"
    assert min(seen.values()) > 5, seen


def test_mappings_are_sssom() -> None:
    lines = read_slice("mappings.tsv").splitlines()
    header = [line[1:] for line in lines if line.startswith("#")]
    table = [line.split("\t") for line in lines if not line.startswith("#")]
    for slot in ("mapping_set_id: https://", "license: https://", "curie_map:"):
        assert any(line.startswith(slot) for line in header), slot
    curie_map = dict(line.strip().split(": ", 1) for line in header[header.index("curie_map:") + 1 :])
    assert {"subject_id", "predicate_id", "object_id", "mapping_justification", "mapping_source"} <= set(table[0])
    used = {
        cell.partition(":")[0]
        for row in table[1:]
        for column, cell in zip(table[0], row, strict=True)
        if column.endswith("_id") or column in ("mapping_justification", "mapping_source")
    }
    assert used == set(curie_map)
    assert all(curie_map[prefix] == PREFIXES[prefix] for prefix in used - {"table"})
    assert len(table) > 100
    assert table[1:] == sorted(table[1:], key=lambda row: (row[0], row[2], row[3]))
    ends = [cell for row in table[1:] for cell in (row[0], row[3])]
    assert all(canonical(end) == end for end in ends)


def test_labels_in_the_mappings_are_their_publishers(names: dict[str, str]) -> None:
    table = [line.split("\t") for line in read_slice("mappings.tsv").splitlines() if not line.startswith("#")]
    at = table[0].index
    seen = 0
    for row in table[1:]:
        for end, words in (("subject_id", "subject_label"), ("object_id", "object_label")):
            # The tables have no names of NCIt.
            assert row[at(words)] == names.get(row[at(end)], "")
            seen += bool(row[at(words)])
    assert seen > 200


def test_loose_cross_references_of_diseases_are_not_called_exact() -> None:
    judged = {(row.subject, row.object): row.predicate for row in mappings()}
    assert judged["mesh:D055154", "MONDO:0000485"] == "skos:closeMatch"  # dysphonia, spasmodic dystonia
    assert judged["mesh:D000505", "HP:0002292"] == "skos:closeMatch"  # alopecia, frontal balding
    assert judged["mesh:D000505", "HP:0001596"] == "skos:exactMatch"
    assert judged["mesh:D006528", "MONDO:0007256"] == "skos:exactMatch"


def test_each_source_says_where_it_is_from() -> None:
    described = sources()
    listed = tomllib.loads((HERE / "sources.toml").read_text(encoding="utf-8"))
    assert described == {name: source for name, source in listed.items() if source["files"]}
    assert sorted(described) == ["chebi", "clinical", "drugbank", "mappings", "mesh"]
    for name, source in described.items():
        assert source["graph"] == f"https://w3id.org/picograph/vocabulary/{name}"
        assert all(source[field] for field in ("title", "version", "publisher"))
        assert source["licence"].startswith("http")
        assert source["homepage"].startswith("https://")
        assert source["full"] == "" or source["full"].startswith("https://")
        assert source["files"]
        assert all((HERE / file).is_file() for file in source["files"])
        assert source["tables"] or name == "clinical"
        assert all((SHARED / table).is_file() for table in source["tables"])


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ("id\tname\n", "columns"),
        ("curie\tlabel\ttake\twhy\nmesh:D006528\tLiver\tself\tx\n", "the tables call it 'Carcinoma, Hepatocellular'"),
        ("curie\tlabel\ttake\twhy\nmesh:D999999\tLiver\tself\tx\n", "the tables do not have it"),
        ("curie\tlabel\ttake\twhy\nmesh:D008099\tLiver\tall\tx\n", "not a way to take"),
    ],
)
def test_a_wrong_seed_is_refused(tables: Tables, seeds: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make(tables, seeds)
