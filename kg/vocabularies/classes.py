"""The graph of classes across vocabularies, made again whenever a vocabulary is added: see ``ontology/joined.py``."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from picograph.kg.store.bulk import Chunk
from picograph.kg.vocabularies.closure import closure_chunks
from picograph.ontology.joined import GRAPH, TITLE, VERSION, Joined
from picograph.ontology.prefixes import expand
from picograph.ontology.senses import EXACT
from picograph.ontology.words import Words


def class_chunks(words: Words, table: Path) -> Iterator[Chunk]:
    """Give the classes that concepts have beyond their own hierarchy as lines of their graph.

    Supplementary concepts of MeSH, which are nearly all of it and stand above nothing, are read as a stream.

    :param words: the vocabularies as they are from now on
    :param table: a file of rows for the results table, to be written
    """
    exact = [(row.subject, row.object) for row in words.mappings() if row.predicate == EXACT]
    named = {end for pair in exact for end in pair}
    known = {each.curie: each for each in words.structure(leaves=False)}
    known |= {curie: found for curie in named - known.keys() if (found := words.get(curie))}
    whole = [name for name in words.sources if words.is_whole(name)]
    joined = Joined(known, exact, whole)
    digest = hashlib.sha256()

    def rows() -> Iterator[tuple[str, tuple[str, ...]]]:
        for curie in sorted({*known, *named}):
            if more := joined.of(curie, known.get(curie)):
                yield curie, tuple(sorted(more))
        # What nothing is below and no mapping names has what its place has, which many share.
        at: dict[tuple[str | tuple[str, ...], ...], tuple[str, ...]] = {}
        for each in words.structure(leaves=True):
            if each.curie in known:
                continue
            place = (each.vocabulary, each.parents, each.actions, each.roles, each.tree_numbers)
            found = at.get(place)
            if found is None:
                found = tuple(sorted(joined.of(each.curie, each)))
                if each.vocabulary in whole:
                    at[place] = found
            if found:
                yield each.curie, found

    for chunk in closure_chunks(rows(), expand, table, reflexive=False):
        digest.update(chunk.lines)
        yield chunk._replace(graph=GRAPH)
    node = f"<{GRAPH}>"
    said = {
        "rdf:type": f"<{expand('pg:Vocabulary')}>",
        "dcterms:title": f'"{TITLE}"@en',
        "pg:version": f'"{VERSION}"',
        "pg:contentChecksum": f'"{digest.hexdigest()}"',
    }
    yield Chunk("".join(f"{node} <{expand(name)}> {value} .\n" for name, value in said.items()).encode(), graph=GRAPH)
