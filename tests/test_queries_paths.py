"""Promise: `ask studies` says by which path what a study has is of what was asked for, and never calls it a purpose."""

import subprocess
from pathlib import Path

import pytest

from picograph.kg.load import load
from picograph.kg.store import Store, open_store
from picograph.ontology import concepts
from picograph.ontology.joined import joined_classes
from picograph.ontology.senses import EXACT, senses
from picograph.ontology.words import SHIPPED
from picograph.queries.ask import ask
from picograph.queries.paths import told, way
from picograph.tests.acceptance.program import COMMAND

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / "shared"
SEED = [SHARED / "seed" / "sorafenib-radiotherapy-hcc.txt", HERE.parent / "kg/records/sorafenib-radiotherapy-hcc.yaml"]


@pytest.fixture(scope="module")
def store() -> Store:
    opened = open_store(":memory:")
    load(opened, SEED)
    return opened


def test_the_class_that_the_text_does_not_name_is_reached_over_the_role_of_the_drug(store: Store) -> None:
    [row] = ask(store, "studies", condition="Liver Neoplasms", drug="Protein Kinase Inhibitors")
    assert (
        "mesh:D000077157 (Sorafenib) = CHEBI:50924 (sorafenib), role CHEBI:38637 (tyrosine kinase inhibitor), "
        "is_a CHEBI:37699 (protein kinase inhibitor) = mesh:D047428 (Protein Kinase Inhibitors)"
    ) in (row["path"] or ())
    assert "mesh:D006528 (Carcinoma, Hepatocellular), is_a mesh:D008113 (Liver Neoplasms)" in (row["path"] or ())


def test_a_role_is_told_as_no_purpose(store: Store) -> None:
    # in ChEBI sorafenib is an anticoronaviral agent too: the path calls that a role, and the caution says what one is
    answer = ask(store, "studies", drug="CHEBI:149553")
    assert "role CHEBI:149553 (anticoronaviral agent)" in str(answer[0]["path"])
    assert any("not what a study gave the substance for" in each for each in answer.cautions)
    assert "coronavir" not in str({**ask(store, "studies")[0]})
    assert not ask(store, "studies", drug="Anti-Bacterial Agents")


def test_no_path_is_told_where_nothing_or_the_drug_itself_was_asked_for(store: Store) -> None:
    assert [row["path"] for row in ask(store, "studies")] == [None]
    assert [row["path"] for row in ask(store, "studies", drug="sorafenib")] == [None]


def test_every_class_across_vocabularies_has_a_path_and_no_other_has() -> None:
    exact = [(row.subject, row.object) for row in concepts.mappings() if row.predicate == EXACT]
    known = {each.curie: each for each in concepts.concepts()}
    classes = joined_classes(known, exact)
    pairs = 0
    # where mappings disagree their chains are not followed: these are few, and are in `vocab check`
    agreeing = {curie for curie, same in senses(exact).items() if all(senses(exact)[each] == same for each in same[:1])}
    for curie in sorted(classes.keys() & (agreeing | (known.keys() - senses(exact).keys()))):
        for above in classes[curie]:
            assert way(curie, above), (curie, above)
            pairs += 1
    assert pairs > 3000
    wrong = 0
    for curie in sorted(each for each in known if each.startswith(("mesh:C", "mesh:D00007"))):
        reached = {*classes.get(curie, ()), *SHIPPED.ancestors(curie)}
        for above in ("mesh:D000900", "mesh:D047428", "mesh:D000970", "CHEBI:35610", "mesh:D009369"):
            if above not in reached:
                assert way(curie, above) is None, (curie, above)
                wrong += 1
    assert wrong > 30


def test_the_actions_in_a_file_of_nlms_own_shape_are_a_path(tmp_path: Path) -> None:
    record = (HERE / "records" / "worked-two-arms.yaml").read_text("utf-8")
    assert "mesh:D000077157" in record
    (tmp_path / "made-up.yaml").write_text(record.replace("mesh:D000077157", "mesh:C012211"), "utf-8")
    folder = tmp_path / "store"
    for line in (["vocab", "add", "mesh", str(SHARED / "mesh-rdf" / "samples.nt")], ["load", "made-up.yaml"]):
        run = subprocess.run([*COMMAND, *line, "--store", str(folder)], cwd=tmp_path, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
    with open_store(str(folder)) as store:
        assert way("mesh:C012211", "mesh:D000900", store.words) == (("pharmacological action", "mesh:D000900"),)
        [row] = ask(store, "studies", drug="mesh:D000900")
        assert row["path"] == (told("mesh:C012211", "mesh:D000900", store.words),)
        assert ", pharmacological action mesh:D000900" in str(row["path"])
        paths = {str(row["path"]) for row in ask(store, "drug-classes", drug="mesh:D000900")}
        assert any(each.startswith("C012211 has the pharmacological action D000900") for each in paths), paths
