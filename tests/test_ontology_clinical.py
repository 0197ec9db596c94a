"""Promise: what is special to one disease is data: stages, scores and treatments are found by name, in their place,
and each identifier of another vocabulary is in that vocabulary's own file under the name that is written here.
"""

import gzip
import json
from pathlib import Path

import pytest

from picograph.kg.linking import open_linker
from picograph.kg.load import Input, load
from picograph.kg.store import open_store
from picograph.ontology import concepts, lookup, terms
from picograph.queries.ask import ask

SHARED = Path(__file__).resolve().parents[2] / "shared"
CLINICAL = list(concepts.concepts("clinical"))


@pytest.mark.parametrize(
    ("words", "curie", "above"),
    [
        ("Child-Pugh", "pg:ChildPugh", "pg:ChildPugh"),
        ("Child-Pugh A", "pg:ChildPughA", "pg:ChildPugh"),
        ("BCLC-C", "pg:BCLCC", "pg:BCLC"),
        ("CLIP score", "pg:CLIP", "pg:CLIP"),
        ("ECOG", "pg:ECOG", "pg:ECOG"),
        ("ECOG PS 1", "pg:ECOG1", "pg:ECOG"),
        ("portal vein tumor thrombosis", "pgc:portal-vein-tumour-thrombosis", "mesh:D020246"),
        ("PVTT", "pgc:portal-vein-tumour-thrombosis", "pgc:portal-vein-thrombosis"),
        ("TACE", "pgc:transarterial-chemoembolisation", "mesh:D016461"),
        ("SBRT", "pgc:stereotactic-body-radiotherapy", "mesh:D016634"),
        ("selective internal radiation therapy", "pgc:transarterial-radioembolisation", "mesh:D001918"),
        ("RILD", "pgc:radiation-induced-liver-disease", "mesh:D011832"),
        ("proton beam therapy", "mesh:D061766", "mesh:D011878"),
    ],
)
def test_a_clinical_word_is_found_and_has_its_place(words: str, curie: str, above: str) -> None:
    assert lookup.find(words)[0].concept.curie == curie
    assert above in concepts.ancestors(curie)


def test_identifiers_and_names_are_those_of_the_files() -> None:
    ours = {each.curie: each.label for each in terms.concepts()}
    for each in CLINICAL:
        if each.curie.startswith("pg:") and each.parents:
            assert ours[each.curie] == each.label
        for parent in each.parents:
            assert concepts.label(parent), parent
    assert len(CLINICAL) > 25
    files = {"HP": "hp", "MONDO": "mondo", "DOID": "doid"}
    rows = [row for row in concepts.mappings() if row.subject.startswith("pgc:")]
    assert {row.object.partition(":")[0] for row in rows} == set(files)
    for row in rows:
        prefix, _, number = row.object.partition(":")
        with gzip.open(SHARED / "vocabularies" / f"{files[prefix]}.json.gz", "rt", encoding="utf-8") as file:
            names = {str(each["id"]).rpartition(":")[2]: each["name"] for each in json.load(file)}
        assert names[number].casefold() == (concepts.label(row.subject) or "").casefold()


def test_the_linker_finds_them_in_a_text() -> None:
    text = "Patients with Child-Pugh A and portal vein tumour thrombosis got stereotactic body radiotherapy."
    found = {concept for mention in open_linker().links(text) for concept in mention.concept}
    assert {"pg:ChildPughA", "pgc:portal-vein-tumour-thrombosis", "pgc:stereotactic-body-radiotherapy"} <= found


def test_questions_ask_by_them() -> None:
    record = (Path(__file__).parent / "records" / "worked-two-arms.yaml").read_text("utf-8")
    record = record.replace("{label: liver tumours, concept: mesh:D008113,", "{label: portal vein tumour thrombosis,")
    assert "portal vein tumour thrombosis" in record
    with open_store(":memory:") as store:
        [loaded] = load(store, [Input("made-up.yaml", record.encode())])
        assert loaded.error is None
        for asked in ("PVTT", "portal vein thrombosis", "Venous Thrombosis"):
            [row] = ask(store, "studies", condition=asked)
        assert any("pgc:portal-vein-tumour-thrombosis" in each for each in row["path"] or ())  # type: ignore[union-attr]
        assert not ask(store, "studies", condition="radiation-induced liver disease")
