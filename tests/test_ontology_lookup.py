"""A look-up finds a concept by whatever a person types, the surest fit first, and says how it fits.

A fresh process pays for no engine, and for no spelling help unless nothing else fits.
"""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picograph.ontology.concepts import concepts
from picograph.ontology.errors import UsageError
from picograph.ontology.lookup import find
from picograph.ontology.prefixes import expand

ALL = tuple(concepts())


def first(text: str) -> tuple[str, str]:
    match = find(text)[0]
    return match.concept.curie, match.how


@pytest.mark.parametrize(
    ("text", "curie", "how"),
    [
        ("Sorafenib", "mesh:D000077157", "name"),
        ("hepatocellular carcinoma", "mesh:D006528", "entry term"),
        ("  LIVER   neoplasms ", "mesh:D008113", "name"),
        ("D006528", "mesh:D006528", "code"),
        ("db00398", "drugbank:DB00398", "code"),
        ("50924", "CHEBI:50924", "code"),
        ("Q000188", "mesh:Q000188", "code"),
        ("mesh:D006528", "mesh:D006528", "CURIE"),
        ("chebi:50924", "CHEBI:50924", "CURIE"),
        ("http://id.nlm.nih.gov/mesh/D006528", "mesh:D006528", "IRI"),
        ("<http://purl.obolibrary.org/obo/CHEBI_50924>", "CHEBI:50924", "IRI"),
        ("C04.588.274.623", "mesh:D008113", "tree number"),
        ("c04", "mesh:D009369", "tree number"),
        ("protein kinase inhib", "mesh:D047428", "prefix"),
        ("hepatocellular carc", "mesh:D006528", "prefix"),
        ("sorafanib", "mesh:D000077157", "similar"),
        ("nausia", "mesh:D009325", "similar"),
        ("diarrhoea", "mesh:D003967", "similar"),
        ("hepatocelular carcinma", "mesh:D006528", "similar"),
        ("radiotherpy", "mesh:D011878", "similar"),
    ],
)
def test_what_people_type(text: str, curie: str, how: str) -> None:
    assert first(text) == (curie, how)


def test_every_curie_iri_code_and_tree_number_finds_its_concept() -> None:
    assert len(ALL) > 500
    for item in ALL[::3]:
        assert first(item.curie) == (item.curie, "CURIE")
        assert first(expand(item.curie)) == (item.curie, "IRI")
        assert item.curie in {match.concept.curie for match in find(item.curie.partition(":")[2])}
        for tree in item.tree_numbers:
            assert first(tree) == (item.curie, "tree number")


def test_every_name_and_entry_term_fits_exactly() -> None:
    seen = 0
    for item in ALL[::3]:
        for name in (item.label, *item.synonyms):
            found = {match.concept.curie: match.how for match in find(name, limit=50)}
            if found.get(item.curie) not in ("name", "entry term"):
                # A name may read like a code of another concept; nothing else may stand before an exact fit.
                assert set(found.values()) <= {"code", "tree number"}, name
            seen += 1
    assert seen > 500


def test_the_surest_come_first() -> None:
    order = ["CURIE", "IRI", "code", "tree number", "name", "entry term", "prefix", "similar"]
    kinds = set()
    for text in ("liver", "sorafenib", "drug therapy", "hepatocellular carcinoma", "radio", "livr", "D006528"):
        found = find(text, limit=100)
        ranks = [(order.index(match.how), -match.score) for match in found]
        assert ranks == sorted(ranks)
        assert found
        kinds |= {match.how for match in found}
        assert all((match.score == 100.0) == (match.how not in ("prefix", "similar")) for match in found)
        assert all(0 < match.score <= 100 for match in found)
        assert len({match.concept.curie for match in found}) == len(found)
    assert {"name", "entry term", "prefix", "similar", "code"} <= kinds
    assert [match.concept.vocabulary for match in find("sorafenib")][:3] == ["mesh", "chebi", "drugbank"]


def test_a_salt_comes_after_the_drug() -> None:
    assert [match.concept.curie for match in find("sorafenib")] == [
        "mesh:D000077157",
        "CHEBI:50924",
        "drugbank:DB00398",
        "CHEBI:50928",
    ]


@pytest.mark.parametrize(
    "text", ["", "   ", "xyzzy qqq", "mesh:D999999", "nosuch:1", "http://example.org/x", "D00652", "|"]
)
def test_what_fits_nothing_gives_nothing(text: str) -> None:
    assert find(text) == []


def test_the_limit() -> None:
    assert len(find("a", limit=3)) == 3
    assert find("a", limit=3) == find("a", limit=50)[:3]
    assert len(find("livr", limit=1)) == 1
    with pytest.raises(UsageError):
        find("liver", limit=0)


@given(st.text(max_size=40))
def test_no_text_breaks_a_look_up(text: str) -> None:
    for match in find(text):
        assert match.concept.label


def loaded_after(text: str) -> set[str]:
    code = f"import sys; from picograph.ontology.lookup import find; assert find({text!r}); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_a_look_up_loads_no_engine_and_no_spelling_help_it_does_not_need() -> None:
    heavy = {"pyoxigraph", "rdflib", "importlib.resources", "tomllib", "csv", "json"}
    for text in ("sorafenib", "D006528", "protein kinase inhib"):
        loaded = loaded_after(text)
        assert "picograph.ontology.lookup" in loaded
        assert not loaded & heavy
        assert "rapidfuzz" not in loaded
    assert "rapidfuzz" in loaded_after("sorafanib")
