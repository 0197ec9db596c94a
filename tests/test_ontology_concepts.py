"""Every concept that ships has a name, a place in its hierarchy and the quads that say so, the same each time.

Going up always ends: a circle is reported, never walked round.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from picograph.ontology.concepts import (
    ancestors,
    concept,
    concepts,
    label,
    mappings,
    path,
    read_slice,
    sources,
    vocabulary_quads,
)
from picograph.ontology.errors import InputError, UsageError
from picograph.ontology.hierarchy import closure
from picograph.ontology.prefixes import canonical, expand

ALL = tuple(concepts())
BROADER = NamedNode("http://www.w3.org/2004/02/skos/core#broaderTransitive")


def test_all_slices_are_read() -> None:
    counted = Counter(item.vocabulary for item in ALL)
    lines = {
        name: read_slice(name).count("\n") - 1
        for name in ("mesh.tsv", "mesh_qualifiers.tsv", "chebi.tsv", "drugbank.tsv", "clinical.tsv")
    }
    assert counted == {
        "mesh": lines["mesh.tsv"] + lines["mesh_qualifiers.tsv"],
        "chebi": lines["chebi.tsv"],
        "drugbank": lines["drugbank.tsv"],
        "clinical": lines["clinical.tsv"],
    }
    assert counted["mesh"] > 300
    assert counted["chebi"] > 100
    assert counted["drugbank"] > 10


def test_every_concept_is_named_and_found_again() -> None:
    assert len(ALL) > 500
    assert len({item.curie for item in ALL}) == len(ALL)
    for item in ALL:
        assert item.label == item.label.strip() != ""
        assert canonical(item.curie) == item.curie
        assert concept(item.curie) == item
        if item.vocabulary != "clinical":  # whose identifiers are words
            assert label(item.curie.upper().replace("CHEBI", "chebi")) == item.label
        assert all(item.synonyms)


def test_every_parent_and_role_is_in_the_slices() -> None:
    named = [(item.curie, other) for item in ALL for other in (*item.parents, *item.roles)]
    assert len(named) > 500
    for curie, other in named:
        assert label(other), f"{curie} names {other}, which is not in the slices"


def test_parents_are_what_the_tree_numbers_say() -> None:
    owner = {tree: item.curie for item in ALL for tree in item.tree_numbers}
    placed = [item for item in ALL if item.tree_numbers]
    assert len(placed) > 300
    for item in placed:
        above = {tree.rpartition(".")[0] for tree in item.tree_numbers} - {""}
        assert set(item.parents) == {owner[tree] for tree in above}


def test_ancestors_hold_the_concept_and_what_its_places_say() -> None:
    owner = {tree: item.curie for item in ALL for tree in item.tree_numbers}
    for item in ALL:
        above = ancestors(item.curie)
        assert above[0] == item.curie
        assert len(set(above)) == len(above)
        if item.tree_numbers:
            numbers = [tree.split(".") for tree in item.tree_numbers]
            places = {".".join(parts[:end]) for parts in numbers for end in range(1, len(parts) + 1)}
            assert set(above) == {owner[place] for place in places}
        else:
            assert set(above[1:]) == {far for parent in item.parents for far in ancestors(parent)}


def test_what_is_above_one_place_is_not_above_another() -> None:
    # septic shock is a sepsis and a shock; alcoholic cirrhosis is a cirrhosis, and an alcohol-induced disorder
    assert label("mesh:D018805") == "Sepsis"
    assert "Shock" not in map(label, ancestors("mesh:D018805"))
    assert "Alcohol-Induced Disorders" in map(label, ancestors("mesh:D008104"))
    assert "Mental Disorders" not in map(label, ancestors("mesh:D008104"))


def test_known_places() -> None:
    assert "mesh:D008113" in ancestors("mesh:D006528")
    assert "mesh:D006528" not in ancestors("mesh:D008113")
    assert "CHEBI:37699" in ancestors("CHEBI:38637")
    assert "CHEBI:38637" in concept("CHEBI:50924").roles
    assert concept("mesh:C531958").parents == ("mesh:D010671", "mesh:D011804")


def test_a_path_goes_up_one_parent_at_a_time() -> None:
    for item in ALL:
        way = path(item.curie)
        assert way[0] == item.curie
        top = concept(way[-1])
        assert not top.parents or any("." not in tree for tree in top.tree_numbers)
        assert all(upper in concept(lower).parents for lower, upper in pairwise(way))
        assert set(way) <= set(ancestors(item.curie))
        assert all(path(item.curie, above)[-1] == above for above in ancestors(item.curie))
    assert path("mesh:D006528", "mesh:D006528") == ("mesh:D006528",)
    assert path("mesh:D006528", "CHEBI:50924") == ()


@pytest.mark.parametrize(
    ("parents", "circle"),
    [
        ({"a": ("a",)}, "a, a"),
        ({"a": ("b",), "b": ("c",), "c": ("a",)}, "a, b, c, a"),
        ({"a": ("b",), "b": ("c", "d"), "c": (), "d": ("b",)}, "b, d, b"),
    ],
)
def test_a_circle_is_reported(parents: dict[str, tuple[str, ...]], circle: str) -> None:
    with pytest.raises(InputError, match=f"circle: {circle}\n"):
        closure("a", parents.__getitem__)


def test_two_ways_to_one_ancestor_are_no_circle() -> None:
    diamond = {"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ()}
    assert closure("a", diamond.__getitem__) == ("a", "b", "c", "d")


@pytest.mark.parametrize("call", [concept, ancestors, path])
def test_an_unknown_concept_is_refused_with_a_remedy(call: Callable[[str], object]) -> None:
    with pytest.raises(UsageError) as caught:
        call("mesh:D999999")
    assert "mesh:D999999" in caught.value.what
    assert caught.value.remedy
    assert label("mesh:D999999") is None
    with pytest.raises(UsageError):
        label("no curie")


GRAPHS = vocabulary_quads()


def text_of(node: Any) -> str:
    text: str = node.value
    return text


def values(graph: str, subject: str, predicate: str) -> list[str]:
    return [
        text_of(quad.object)
        for quad in GRAPHS[graph]
        if quad.subject == NamedNode(expand(subject)) and quad.predicate == NamedNode(expand(predicate))
    ]


MESH = "https://w3id.org/picograph/vocabulary/mesh"
CHEBI = "https://w3id.org/picograph/vocabulary/chebi"


def test_quads_are_the_same_each_time_and_never_twice() -> None:
    again = vocabulary_quads()
    assert list(again) == list(GRAPHS)
    assert len(GRAPHS) == 5
    for graph, quads in GRAPHS.items():
        assert quads == again[graph]
        assert len(set(quads)) == len(quads) > 50
        assert {quad.graph_name for quad in quads} == {NamedNode(graph)}


def test_quads_load_and_say_what_the_concepts_say() -> None:
    store = Store()
    for quads in GRAPHS.values():
        store.extend(quads)
    for item in ALL:
        graph = NamedNode(f"https://w3id.org/picograph/vocabulary/{item.vocabulary}")
        node = NamedNode(expand(item.curie))
        named = Quad(node, NamedNode(expand("rdfs:label")), Literal(item.label, language="en"), graph)
        assert named in store
        above = {quad.object for quad in store.quads_for_pattern(node, BROADER, None, graph)}
        assert above == {NamedNode(expand(curie)) for curie in ancestors(item.curie)}
        assert node in above


def test_mesh_is_in_nlms_shape() -> None:
    assert values(MESH, "mesh:D000077157", "rdf:type") == [expand("meshv:TopicalDescriptor")]
    assert values(MESH, "mesh:D017427", "rdf:type") == [expand("meshv:PublicationType")]
    assert values(MESH, "mesh:D005260", "rdf:type") == [expand("meshv:CheckTag")]
    assert values(MESH, "mesh:Q000188", "rdf:type") == [expand("meshv:Qualifier")]
    assert values(MESH, "mesh:C531958", "rdf:type") == [expand("meshv:SCR_Chemical")]
    assert expand("mesh:D008113") in values(MESH, "mesh:D006528", "meshv:broaderDescriptor")
    assert expand("mesh:C04.588.274.623.160") in values(MESH, "mesh:D006528", "meshv:treeNumber")
    assert values(MESH, "mesh:C04.588.274.623.160", "meshv:parentTreeNumber") == [expand("mesh:C04.588.274.623")]
    assert values(MESH, "mesh:C531958", "meshv:mappedTo") == [expand("mesh:D010671"), expand("mesh:D011804")]
    assert "Hepatocellular Carcinoma" in values(MESH, "mesh:D006528", "skos:altLabel")


def test_every_tree_number_leads_up_to_a_descriptor() -> None:
    numbers = {quad.object for quad in GRAPHS[MESH] if quad.predicate == NamedNode(expand("meshv:treeNumber"))}
    above = [quad.object for quad in GRAPHS[MESH] if quad.predicate == NamedNode(expand("meshv:parentTreeNumber"))]
    assert len(above) > 300
    assert set(above) <= numbers


def test_chebi_has_classes_and_roles() -> None:
    assert expand("CHEBI:38637") in values(CHEBI, "CHEBI:50924", "RO:0000087")
    assert values(CHEBI, "CHEBI:38637", "rdfs:subClassOf") == [expand("CHEBI:37699")]


def test_mappings_become_quads_one_for_one() -> None:
    graph = "https://w3id.org/picograph/vocabulary/mappings"
    made = {
        (text_of(q.subject), q.predicate.value, text_of(q.object)) for q in GRAPHS[graph] if text_of(q.subject) != graph
    }
    assert made == {(expand(row.subject), expand(row.predicate), expand(row.object)) for row in mappings()}
    assert len(made) == len(mappings()) > 100


def test_each_graph_describes_itself() -> None:
    described = sources()
    assert [source["graph"] for source in described.values()] == list(GRAPHS)
    for source in described.values():
        about = {
            quad.predicate.value: quad.object
            for quad in GRAPHS[source["graph"]]
            if text_of(quad.subject) == source["graph"]
        }
        content = "".join(read_slice(name) for name in source["files"]).encode()
        checksum = Literal(hashlib.sha256(content).hexdigest())
        assert about[expand("rdf:type")] == NamedNode(expand("pg:Vocabulary"))
        assert about[expand("pg:contentChecksum")] == checksum
        assert about[expand("pg:version")] == Literal(source["version"])
        assert about[expand("dcterms:license")] == NamedNode(source["licence"])
        assert isinstance(about[expand("dcterms:title")], Literal)
