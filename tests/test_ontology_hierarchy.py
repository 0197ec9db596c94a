"""Above a concept of MeSH stands what its own tree numbers say, and nothing that only a neighbour's numbers say.

The table of all descriptors is walked by another way: each number's beginnings, cut at the dots, and who has them.
"""

import csv
import gzip
from pathlib import Path

import pytest

from picograph.ontology.concepts import Concept
from picograph.ontology.hierarchy import a_way_up, all_above
from picograph.ontology.joined import joined_classes


@pytest.fixture(scope="module")
def trees(shared: Path) -> dict[str, list[str]]:
    """The tree numbers of every descriptor."""
    with gzip.open(shared / "vocabularies" / "mesh_id_label_mappings.tsv.gz", "rt", encoding="utf-8") as file:
        return {row[0]: row[3].split("|") if row[3] else [] for row in csv.reader(file, delimiter="\t", quotechar=None)}


@pytest.fixture(scope="module")
def known(trees: dict[str, list[str]]) -> dict[str, Concept]:
    """The descriptors as picograph has them, with the broader descriptors that NLM gives."""
    owner = {tree: code for code, some in trees.items() for tree in some}
    return {
        f"mesh:{code}": Concept(
            curie=f"mesh:{code}",
            label=code,
            vocabulary="mesh",
            parents=tuple(sorted({f"mesh:{owner[up]}" for tree in some if (up := tree.rpartition(".")[0])})),
            tree_numbers=tuple(some),
        )
        for code, some in trees.items()
    }


def test_every_descriptor_has_above_it_what_its_numbers_begin_with(
    trees: dict[str, list[str]], known: dict[str, Concept]
) -> None:
    at = {tree: f"mesh:{code}" for code, some in trees.items() for tree in some}
    by_place = sorted((tuple(tree.split(".")), code) for tree, code in at.items())
    expected: dict[str, set[str]] = {curie: {curie} for curie in known}
    open_places: list[tuple[tuple[str, ...], str]] = []  # in the order of places, those above stand before
    for place, curie in by_place:
        while open_places and place[: len(open_places[-1][0])] != open_places[-1][0]:
            open_places.pop()
        expected[curie].update(each for _, each in open_places)
        open_places.append((place, curie))
    assert len(expected) > 30_000
    assert sum(map(len, expected.values())) > 150_000
    joined = joined_classes(known, [])
    for curie, item in known.items():
        above = all_above(item, known.get, at.get)
        assert len(above) == len(set(above))
        assert set(above) == expected[curie]
        way = a_way_up(item, known.get, at.get)
        assert way[0] == curie
        assert set(way) <= expected[curie]
    assert joined == {}  # one vocabulary joins nothing


def test_what_steps_from_parent_to_parent_would_add_is_not_above(known: dict[str, Concept]) -> None:
    at = {tree: each.curie for each in known.values() for tree in each.tree_numbers}
    wrong = {  # sepsis, shock; oxaliplatin, inorganic chemicals; strabismus and its parent stand above each other
        "mesh:D018805": "mesh:D012769",
        "mesh:D000077150": "mesh:D007287",
    }
    for below, other in wrong.items():
        assert other not in all_above(known[below], known.get, at.get)
        assert a_way_up(known[below], known.get, at.get, other) == ()
    for one, other in (("mesh:D013285", "mesh:D015835"), ("mesh:D015835", "mesh:D013285")):
        assert other in all_above(known[one], known.get, at.get)


def test_the_class_of_a_mate_goes_by_the_places_of_the_mate(known: dict[str, Concept]) -> None:
    mate = Concept(curie="MONDO:1", label="sepsis", vocabulary="mondo")
    found = joined_classes({**known, "MONDO:1": mate}, [("MONDO:1", "mesh:D018805")])
    assert {"mesh:D018805", "mesh:D018746", "mesh:D007249"} <= set(found["MONDO:1"])
    assert "mesh:D012769" not in found["MONDO:1"]


def test_a_supplementary_concept_stands_below_all_places_of_what_it_is_mapped_to(known: dict[str, Concept]) -> None:
    at = {tree: each.curie for each in known.values() for tree in each.tree_numbers}
    item = Concept(curie="mesh:C1", label="one", vocabulary="mesh", parents=("mesh:D018805", "mesh:D000077150"))
    above = {each for parent in item.parents for each in all_above(known[parent], known.get, at.get)}
    assert set(all_above(item, known.get, at.get)) == {"mesh:C1", *above}
    assert len(above) > 8
