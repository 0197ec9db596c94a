"""A CURIE stands for one IRI and comes back from it, whatever case the prefix was typed in.

And the module stays light: a look-up pays for its import.
"""

import subprocess
import sys

import pytest

from picograph.ontology.errors import UsageError
from picograph.ontology.prefixes import PREFIXES, canonical, compress, expand


def test_every_prefix_goes_to_an_iri_and_back() -> None:
    assert len(PREFIXES) >= 18
    for prefix, namespace in PREFIXES.items():
        curie = f"{prefix}:X1"
        assert expand(curie) == namespace + "X1"
        assert compress(namespace + "X1") == curie
        assert expand(curie.lower().replace("x1", "X1")) == expand(curie.upper()) == namespace + "X1"


def test_prefixes_differ_in_more_than_case_and_namespaces_are_unique() -> None:
    assert len({prefix.lower() for prefix in PREFIXES}) == len(PREFIXES)
    assert len(set(PREFIXES.values())) == len(PREFIXES)


def test_a_namespace_inside_another_is_tried_first() -> None:
    order = list(PREFIXES.values())
    inside = [(a, b) for a in order for b in order if a != b and a.startswith(b)]
    assert inside, "the MeSH vocabulary lies inside the MeSH namespace"
    for longer, shorter in inside:
        assert order.index(longer) < order.index(shorter)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("mesh:D000077157", "mesh:D000077157"),
        ("MESH:D000077157", "mesh:D000077157"),
        ("MeSH:D006528Q000188", "mesh:D006528Q000188"),
        ("chebi:50924", "CHEBI:50924"),
        ("DrugBank:DB00398", "drugbank:DB00398"),
        (" ncit:C61948 ", "NCIT:C61948"),
    ],
)
def test_one_way_of_writing(typed: str, written: str) -> None:
    assert canonical(typed) == written
    assert canonical(written) == written


@pytest.mark.parametrize(
    "text", ["", ":", "mesh", "mesh:", ":D006528", "mesh:D 1", "mesh:<x>", 'mesh:a"b', "a b:c", "http"]
)
def test_what_is_not_a_curie_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        expand(text)


def test_an_unknown_prefix_names_the_nearest_and_the_known() -> None:
    with pytest.raises(UsageError) as caught:
        expand("mehs:D006528")
    assert "mehs" in caught.value.what
    assert "did you mean mesh?" in caught.value.remedy
    assert all(prefix in caught.value.remedy for prefix in PREFIXES)
    with pytest.raises(UsageError) as caught:
        expand("qqqqqq:1")
    assert "did you mean" not in caught.value.remedy


def test_an_iri_that_no_curie_can_write_stays_an_iri() -> None:
    assert compress("https://example.org/D006528") is None
    assert compress("http://id.nlm.nih.gov/mesh/") is None
    assert compress("http://id.nlm.nih.gov/mesh/a b") is None


def test_the_import_is_light() -> None:
    code = "import sys; import picograph.ontology.prefixes; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "picograph.ontology.prefixes" in loaded
    assert not {"rapidfuzz", "msgspec", "pyoxigraph", "rdflib", "json"} & set(loaded)
