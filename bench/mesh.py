"""MeSH, of which graphs are drawn: its descriptors with what stands above each, and the diseases, drugs and events."""

import gzip
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from picograph.ontology import concepts
from picograph.ontology.prefixes import expand

SHARED = Path(__file__).resolve().parents[2] / "shared"
MESH = "https://w3id.org/picograph/vocabulary/mesh"
_EVENTS = 60  # different events, the first ones more often
_DRUGS = 1000


@cache
def descriptors() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Give MeSH's descriptors, label and tree numbers by CURIE: all, or those that ship if the tables are not here."""
    path = SHARED / "vocabularies" / "mesh_id_label_mappings.tsv.gz"
    if not path.exists():
        return {each.curie: (each.label, each.tree_numbers) for each in concepts.concepts("mesh")}
    lines = (line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines())
    return {
        "mesh:" + cells[0]: (cells[1], tuple(filter(None, cells[3].split("|"))) if len(cells) > 3 else ())
        for cells in lines
        if cells[0].startswith("D")
    }


@cache
def _owners() -> dict[str, str]:
    return {tree: curie for curie, (_, trees) in descriptors().items() for tree in trees}


@cache
def above(curie: str) -> frozenset[str]:
    """Give a concept and all above it: by its tree numbers, or as the vocabularies that ship have it."""
    if curie not in descriptors():
        return frozenset(concepts.ancestors(curie))
    found = {curie}
    for tree in descriptors()[curie][1]:
        while tree:
            found |= {_owners()[tree]} if tree in _owners() else set()
            tree = tree.rpartition(".")[0]
    shipped = concepts.label(curie) is not None
    return frozenset(found | (set(concepts.ancestors(curie)) if shipped else set()))


def vocabulary_quads() -> Iterator[Quad]:
    """Give MeSH with its closure and labels, all descriptors of it."""
    graph = NamedNode(MESH)
    label, broader, tree, code = (
        NamedNode("http://www.w3.org/2000/01/rdf-schema#label"),
        NamedNode("http://www.w3.org/2004/02/skos/core#broaderTransitive"),
        NamedNode("http://id.nlm.nih.gov/mesh/vocab#treeNumber"),
        NamedNode("http://id.nlm.nih.gov/mesh/vocab#identifier"),
    )
    kind = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    for curie, (words, trees) in descriptors().items():
        node = NamedNode(expand(curie))
        yield Quad(node, kind, NamedNode("http://id.nlm.nih.gov/mesh/vocab#TopicalDescriptor"), graph)
        yield Quad(node, label, Literal(words, language="en"), graph)
        yield Quad(node, code, Literal(curie.removeprefix("mesh:")), graph)
        yield from (Quad(node, tree, NamedNode(expand(f"mesh:{each}")), graph) for each in trees)
        yield from (Quad(node, broader, NamedNode(expand(each)), graph) for each in sorted(above(curie)))


@cache
def diseases() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the descriptors of neoplasms by site, and of all other diseases."""
    found = sorted(curie for curie, (_, trees) in descriptors().items() if any(tree.startswith("C") for tree in trees))
    neoplasms = [curie for curie in found if any(tree.startswith("C04.588") for tree in descriptors()[curie][1])]
    return tuple(neoplasms), tuple(curie for curie in found if curie not in set(neoplasms))


@cache
def drugs() -> tuple[tuple[str, ...], ...]:
    """Give drugs, each as its concepts in one or more vocabularies; the best known first."""
    exact = {
        row.subject: row.object
        for row in concepts.mappings()
        if row.predicate == "skos:exactMatch" and row.object.startswith("CHEBI:") and concepts.label(row.object)
    }
    named = [(each.curie, exact[each.curie]) for each in concepts.concepts("mesh") if each.curie in exact]
    named.sort(key=lambda pair: (pair[0] != "mesh:D000077157", pair))
    others = [
        (curie,)
        for curie, (_, trees) in sorted(descriptors().items())
        if any(tree.startswith(("D27", "D03.383")) for tree in trees)
    ]
    return tuple([*named[:40], *others[:: max(1, len(others) // _DRUGS)]][:_DRUGS])


@cache
def events() -> tuple[str, ...]:
    """Give the concepts of events: signs and symptoms, those of the digestive tract first."""
    found = [curie for curie in sorted(descriptors()) if "mesh:D012816" in above(curie)]
    found.sort(key=lambda curie: ("mesh:D012817" not in above(curie), curie))
    return tuple(found[:_EVENTS])


def label_of(curie: str) -> str:
    """Give the label of a concept; the CURIE itself where none is known."""
    return descriptors()[curie][0] if curie in descriptors() else concepts.label(curie) or curie
