"""Stores of any size with drawn studies and full MeSH in them."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from picograph.kg.mapping import graph_text
from picograph.kg.store import Store
from picograph.kg.store.base import GraphText
from picograph.kg.store.table import lines_of
from picograph.kg.words import words_graphs

from .graphs import studies
from .mesh import MESH, SHARED, vocabulary_quads

_BATCH = 1 << 26  # bytes of N-Quads that are written together


def words() -> Iterator[GraphText]:
    """Give the ontology and the vocabularies: of MeSH all descriptors with closure, terms and tree, where they are."""
    for graph, quads in words_graphs().items():
        more = list(vocabulary_quads()) + _published() if graph == MESH else []
        whole = list(dict.fromkeys([*quads, *more]))
        yield GraphText(graph, ox.serialize(whole, format=ox.RdfFormat.N_QUADS) or b"", lines_of(graph, whole))


def _published() -> list[ox.Quad]:
    """Give MeSH in the shape of its publisher's file."""
    tool = SHARED / "tools" / "mesh_ntriples.py"
    if not tool.exists():
        return []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mesh.nt"
        subprocess.run([sys.executable, str(tool), str(file)], check=True, stdout=subprocess.DEVNULL)
        graph = ox.NamedNode(MESH)
        found = ox.parse(path=file, format=ox.RdfFormat.N_TRIPLES)
        return [ox.Quad(quad.subject, quad.predicate, quad.object, graph) for quad in found]


def fill(store: Store, triples: int, seed: int = 1) -> int:
    """Load drawn studies of about so many triples, and the vocabularies beside them.

    :returns: the number of studies
    """
    count = number = size = 0
    batch: list[GraphText] = []
    with store.write() as writer:
        writer.put(list(words()))
        while count < triples:
            number += 1
            for each in studies(seed, range(number, number + 1)):
                graph, written = graph_text(each)
                batch.append(graph)
                count += written.triples
                size += len(graph.lines)
            if size >= _BATCH:
                writer.put(batch)
                batch, size = [], 0
        if batch:
            writer.put(batch)
    return number
