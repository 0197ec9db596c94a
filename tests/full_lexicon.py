"""A linker of the full tables in ../shared/vocabularies, and the links that it makes in the corpus beside them."""

import gzip
import json
import random
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from picograph.kg.linking import Lexicon, Linker
from picograph.ontology.concepts import Concept
from picograph.ontology.index import Vocabulary
from picograph.ontology.indexing import IndexWriter
from picograph.ontology.senses import EXACT, sense_names
from picograph.ontology.vocabularies import make_slice

SHARED = Path(__file__).resolve().parents[2] / "shared"
CORPUS = SHARED / "corpora" / "pico-corpus-dev"
KINDS = ("disease", "finding", "substance", "class")
SPANS = frozenset({"condition", "intervention", "control"})
SEED, DRAWN = 2026, 100


class Drawn(NamedTuple):
    """A link in the corpus."""

    pmid: str
    start: int
    end: int
    words: str
    concept: str


class Linked(NamedTuple):
    """What was linked in the corpus."""

    spans: int
    spans_linked: int
    links: int
    ambiguous: int
    drawn: list[Drawn]


def _concepts(tables: make_slice.Tables) -> Iterator[Concept]:
    for curie, entry in (*tables.descriptors.items(), *tables.supplementary.items()):
        yield Concept(
            curie=curie, label=entry.label, vocabulary="mesh", synonyms=entry.synonyms,
            tree_numbers=entry.tree_numbers, parents=tables.mesh_parents(curie),
        )  # fmt: skip
    for name, prefix in (("chebi", ""), ("mondo", "MONDO:"), ("doid", ""), ("hp", "")):
        with gzip.open(SHARED / "vocabularies" / f"{name}.json.gz", "rt", encoding="utf-8") as file:
            rows: list[dict[str, Any]] = json.load(file)
        for row in rows:
            above = (each if ":" in each else prefix + each for each in row.get("relations", {}).get("is_a", ()))
            curie = row["id"] if ":" in row["id"] else prefix + row["id"]
            yield Concept(
                curie=curie, label=row["name"], vocabulary=name, synonyms=tuple(row.get("synonyms", ())),
                parents=tuple(above),
            )  # fmt: skip
    for curie, entry in tables.drugbank.items():
        yield Concept(curie=curie, label=entry.label, vocabulary="drugbank")


def write_indexes(folder: Path) -> Path:
    """Write an index of each vocabulary; gives the folder for `picograph.ontology.words.Words`."""
    folder.mkdir()
    concepts = _concepts(make_slice.Tables(SHARED / "vocabularies"))
    for name, some in groupby(concepts, lambda each: each.vocabulary):
        with IndexWriter(folder / f"{name}.sqlite") as writer:
            writer.add({each.curie: each for each in some}.values())
            writer.finish(Vocabulary(name=name, title=name, version="1", counts=writer.counts, whole=True))
    return folder


def linker(folder: Path) -> Linker:
    """Build the linker of all full tables, with the mappings as the slices judge them."""
    tables = make_slice.Tables(SHARED / "vocabularies")
    rows = list(make_slice._judge(tables, dict.fromkeys(tables.mesh_chebi, ""), "mesh_mappings"))
    rows += make_slice._judge(tables, dict.fromkeys(tables.drugbank_chebi, ""), "drugbank_mappings")
    for name, table in tables.diseases.items():
        pairs = {(mesh, curie): "" for curie, (_, xrefs) in table.items() for mesh in xrefs}
        rows += make_slice._judge(tables, pairs, name, by_name=True)
    senses = sense_names((row.subject, row.object) for row in rows if row.predicate == EXACT)
    return Linker(Lexicon.build(_concepts(tables), senses, folder))


def _spans(path: Path) -> Iterator[tuple[int, int]]:
    for line in path.read_text("utf-8").splitlines():
        fields = line.split("\t")
        if not fields[0].startswith("T"):
            continue
        kind, _, places = fields[1].partition(" ")
        if kind in SPANS:
            numbers = places.replace(";", " ").split()
            yield int(numbers[0]), int(numbers[-1])


def linked(linker: Linker) -> Linked:
    """Link every abstract of the corpus; draw some of the links inside conditions, interventions and controls."""
    spans = spans_linked = links = ambiguous = 0
    found: set[Drawn] = set()
    for path in sorted(CORPUS.glob("*.txt")):
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read()
        made = linker.links(text, KINDS)
        for start, end in _spans(path.with_suffix(".ann")):
            inside = [link for link in made if start <= link.start and link.end <= end]
            spans += 1
            spans_linked += any(link.concept for link in inside)
            links += len(inside)
            ambiguous += sum(link.ambiguous for link in inside)
            found.update(
                Drawn(path.stem, link.start, link.end, link.words, link.concept[0]) for link in inside if link.concept
            )
    drawn = random.Random(SEED).sample(sorted(found), DRAWN)
    return Linked(spans, spans_linked, links, ambiguous, drawn)
