"""Promise: a salt or mixture, its ingredients and what they can do are told as the tables say. A brand that no table
has is not found, nor guessed.
"""

import gzip
import json
import subprocess
from pathlib import Path

from picograph.ontology import concepts, lookup
from picograph.ontology.drugs import forms
from picograph.tests.acceptance.program import COMMAND

TABLES = Path(__file__).resolve().parents[2] / "shared" / "vocabularies"


def test_salts_and_ingredients_are_those_of_the_tables() -> None:
    with gzip.open(TABLES / "chebi.json.gz", "rt", encoding="utf-8") as file:
        table = {each["id"]: each.get("relations", {}) for each in json.load(file)}
    made = 0
    for each in concepts.concepts("chebi"):
        expected = set(table[each.curie].get("has_part", ()))
        assert expected <= set(forms(each.curie).parts), each.curie
        made += bool(expected)
    assert made >= 3
    for curie in ("mesh:D000077157", "CHEBI:50924", "drugbank:DB00398"):
        assert forms(curie).made_into == ("CHEBI:50928",)
        assert set(table["CHEBI:50924"]["has_role"]) == set(forms(curie).roles)
    assert forms("mesh:D006528") == ((), (), ())


def test_a_brand_that_no_table_has_is_not_found() -> None:
    for name in TABLES.glob("*.gz"):
        with gzip.open(name, "rt", encoding="utf-8") as file:
            assert not any("nexavar" in line.casefold() for line in file), name
    assert not lookup.find("Nexavar")


def test_lookup_tells_the_salt_from_the_drug() -> None:
    def told(*words: str) -> str:
        run = subprocess.run([*COMMAND, "lookup", *words, "--format", "table"], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return " ".join(run.stdout.split())

    salt, drug = told("sorafenib", "tosylate"), told("mesh:D000077157")
    assert "salt or mixture of CHEBI:50924 (sorafenib)" in salt
    assert "made into CHEBI:50928 (sorafenib tosylate)" in drug
    assert "can act as" in drug
    assert "CHEBI:50928" not in drug.partition("made into")[0]
