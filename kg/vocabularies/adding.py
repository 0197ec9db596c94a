"""Put a vocabulary into a store: its triples, its closure and its index, whole or not at all.

The engine loads chunks of lines in threads of its own, while what the lines say of names and places is gathered here;
then closure, index, rows of the results table and classes are written while the last chunks are loaded.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from itertools import chain, islice
from os.path import commonprefix
from pathlib import Path

from msgspec import Struct

from picograph.kg.store import Store
from picograph.kg.store.bulk import Chunk
from picograph.kg.vocabularies import mesh_xml, ontologies, tables
from picograph.kg.vocabularies.classes import class_chunks
from picograph.kg.vocabularies.closure import Hierarchy, closure_chunks, write_labels
from picograph.kg.vocabularies.files import SourceFile
from picograph.kg.vocabularies.lines import concept_lines, description_lines, mapping_lines, mend
from picograph.kg.vocabularies.mesh_rdf import MESH, MeshFacts
from picograph.kg.vocabularies.terms import UNSPECIFIED, Terms, concepts_of
from picograph.ontology.concepts import Concept, Mapping, publishers
from picograph.ontology.errors import InputError, UsageError
from picograph.ontology.index import Vocabulary
from picograph.ontology.indexing import IndexWriter
from picograph.ontology.joined import GRAPH as CLASSES
from picograph.ontology.matching import judge
from picograph.ontology.prefixes import expand
from picograph.ontology.words import Words

_MANY = 20_000  # concepts that are written at a time
_DISEASES = ("mondo", "doid", "hp")  # whose cross-references are loose: exact only where names agree
_TABLES: dict[str, Callable[[Sequence[SourceFile]], Terms]] = {
    "drugbank": tables.read_drugbank,
    "atc": tables.read_atc,
    "ncit": tables.read_ncit,
    "rxnorm": tables.read_rxnorm,
}


class Added(Struct, frozen=True, kw_only=True):
    """What became of a vocabulary."""

    vocabulary: Vocabulary
    cautions: tuple[str, ...] = ()


def known(name: str) -> dict[str, str]:
    """Say what is known of a vocabulary by its name.

    :raises UsageError: if nothing is
    """
    if name not in publishers():
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), publishers(), 1)
        raise UsageError(
            f"there is no vocabulary {name!r} here",
            where="picograph vocab",
            remedy=(f"did you mean {near[0]}? " if near else "") + "known are " + ", ".join(publishers()),
        )
    return publishers()[name]


class _Adding:
    """One vocabulary on its way into a store."""

    def __init__(
        self, name: str, files: Sequence[SourceFile], version: str, words: Words, folder: Path, told: str
    ) -> None:
        self.name, self.files, self.words = name, files, words
        self.source = known(name)
        self.version = version or _year(files)
        self.broader, self.labels = folder / "broader.tsv", folder / "labels.tsv"
        self.folder, self.told = folder, told
        self.start = MESH if name == "mesh" else ""  # of all IRIs, which the rows for the results table leave out
        self.cautions: list[str] = []
        self.left_out: list[str] = []
        self.triples = 0
        self.vocabulary: Vocabulary | None = None

    @property
    def where(self) -> str:
        return ", ".join(file.name for file in self.files)

    def chunks(self, out: IndexWriter) -> Iterator[Chunk]:
        """Give all lines of the graph, and write the index on the way."""
        made = self._mesh(out) if self.name == "mesh" else self._terms(out)
        for chunk in made:
            self.triples += chunk.lines.count(b"\n")
            yield chunk
        counts = {**out.counts, "triples": self.triples}
        counts = {what: count for what, count in counts.items() if count or what == "triples"}
        checksum = _together(self.files)
        self.vocabulary = Vocabulary(
            name=self.name,
            title=self.source["title"].removesuffix(", a slice"),
            version=self.version or "not stated",
            publisher=self.source["publisher"],
            licence=self.source["licence"],
            source=self.told or self.where,
            graph=self.source["graph"],
            checksum=checksum,
            whole=True,
            counts=counts,
        )
        yield Chunk(description_lines(self.vocabulary, [file.path.name for file in self.files]))
        out.finish(self.vocabulary)

    def mend(self, chunk: Chunk, said: str) -> bytes:
        """Take lines out that the engine does not take; each is told."""
        lines, left = mend(chunk, said)
        self.left_out.extend(left)
        return lines

    # --- MeSH ---

    def _mesh(self, out: IndexWriter) -> Iterator[Chunk]:
        facts = MeshFacts(self.folder)
        try:
            for file in self.files:
                kind = file.kind()
                if kind == "table":
                    out.add_qualifiers(tables.read_qualifiers(file))
                    continue
                if kind not in ("n-triples", "mesh-xml"):
                    raise InputError(
                        f"this is {kind}, and MeSH comes as N-Triples or as XML",
                        where=file.name,
                        remedy="give NLM's mesh.nt, mesh.nt.gz, or desc.xml, supp.xml and qual.xml",
                    )
                for chunk in file.chunks() if kind == "n-triples" else mesh_xml.chunks(file):
                    yield chunk
                    facts.read(chunk.lines)
            facts.close_hierarchy(self.where)
            with self.labels.open("wb") as labels:

                def rows() -> Iterator[tuple[str, tuple[str, ...]]]:
                    found = facts.concepts()
                    while some := list(islice(found, _MANY)):
                        out.add(each.concept for each in some)
                        out.add_qualifiers(
                            (each.concept.curie[5:], each.qualifiers) for each in some if each.qualifiers
                        )
                        named = ((each.concept.curie[5:], each.concept.label) for each in some)
                        write_labels(named, _mesh_iri, labels, self.start)
                        yield from ((each.concept.curie[5:], each.above) for each in some)

                yield from closure_chunks(rows(), _mesh_iri, self.broader, start=self.start, sure=True)
            if not out.counts["concepts"]:
                raise self._nothing()
            if facts.dangling:
                self.cautions.append(
                    f"{facts.dangling} links lead to what the files do not describe, such as {facts.dangling_example}"
                )
            self.cautions.extend(
                f"{one} and {other} stand above each other, in different trees" for one, other in facts.mutual
            )
        finally:
            facts.close()

    def _nothing(self) -> InputError:
        return InputError(
            f"no concept of {self.source['title'].removesuffix(', a slice')} is in the file",
            where=self.where,
            remedy="see whether it is a file of this vocabulary, and whole",
        )

    # --- all others ---

    def _terms(self, out: IndexWriter) -> Iterator[Chunk]:
        terms = self._read()
        self.version = self.version or terms.version
        concepts = list(concepts_of(terms.terms, self.name))
        if not concepts and not terms.mappings:
            raise self._nothing()
        # a role is a class that a substance belongs to, and is inherited: it leads up like a parent
        edges = {each.curie: (*each.parents, *each.roles) for each in concepts}
        hierarchy = Hierarchy(edges, self.where)
        hierarchy.check()
        rows = [*terms.mappings, *self._judged(terms, {each.curie: each for each in concepts})]
        out.add(concepts)
        out.add_kinds({term.curie: term.kind for term in terms.terms if term.kind})
        out.add_mappings(rows)
        yield from concept_lines(concepts, self.name)
        yield from mapping_lines(rows, self.source["graph"])
        ends = map(expand, {*edges, *chain.from_iterable(edges.values())})
        self.start = commonprefix(list(ends))  # noqa: RUF071 - characters are meant, not folders
        with self.labels.open("wb") as labels:
            write_labels(((each.curie, each.label) for each in concepts), expand, labels, self.start)
        above = ((each.curie, hierarchy.above(each.curie)) for each in concepts)
        yield from closure_chunks(above, expand, self.broader, start=self.start)

    def _read(self) -> Terms:
        if self.name == "mappings":
            return self._mappings()
        kinds = {file.kind() for file in self.files}
        if self.name in _TABLES and kinds <= {"table", "rrf"}:
            return _TABLES[self.name](self.files)
        found, version = [], ""
        for file in self.files:
            kind = file.kind()
            if kind == "json":
                read = ontologies.read_json(file, self.source["prefix"])
            elif kind == "obo":
                read = ontologies.read_obo(file, self.source["prefix"])
            elif kind in ("rdf", "turtle"):
                read = ontologies.read_rdf(file, self.source["prefix"])
            else:
                raise InputError(
                    f"this is {kind}, which {self.name} does not come as",
                    where=file.name,
                    remedy="give the publisher's file: OBO Graphs JSON, OBO or OWL",
                )
            found.extend(read.terms)
            version = version or read.version
        return Terms(found, version)

    def _mappings(self) -> Terms:
        said, bare = tables.read_mappings(self.files)
        by_table: dict[str, dict[tuple[str, str], str]] = {}
        for subject, object_, table in bare:
            by_table.setdefault(table, {})[subject, object_] = ""
        for table, pairs in by_table.items():
            said.extend(_judge(pairs, self.words.get, table, by_name=False))
        return Terms([], mappings=tuple(said))

    def _judged(self, terms: Terms, own: dict[str, Concept]) -> list[Mapping]:
        """Say how close the ends of cross-references are, where the publisher does not say it."""
        table = f"table:{self.name}"
        said = [
            Mapping(
                subject=term.curie, predicate=ref.predicate, object=ref.object, justification=UNSPECIFIED, source=table
            )
            for term in terms.terms
            for ref in term.xrefs
            if ref.predicate
        ]
        sure = {(row.subject, row.object) for row in said}
        pairs = {
            (term.curie, ref.object): ref.comment
            for term in terms.terms
            for ref in term.xrefs
            if not ref.predicate and (term.curie, ref.object) not in sure
        }
        entry = lambda curie: own.get(curie) or self.words.get(curie)  # noqa: E731
        return [*said, *_judge(pairs, entry, table, by_name=self.name in _DISEASES)]


def _judge(
    pairs: dict[tuple[str, str], str], entry: Callable[[str], Concept | None], table: str, by_name: bool
) -> Iterator[Mapping]:
    for subject, predicate, object_, comment in judge(pairs, entry, by_name):
        yield Mapping(
            subject=subject,
            predicate=predicate,
            object=object_,
            justification=UNSPECIFIED,
            source=table,
            comment=comment,
        )


def add(
    store: Store,
    name: str,
    paths: Sequence[str | Path],
    *,
    version: str = "",
    source: str = "",
    moved: Callable[[int], None] | None = None,
    settle: bool = True,
) -> Added:
    """Put a vocabulary into a store from the publisher's files. It takes the place of a slice, or of what was there.

    :param version: as the publisher writes it; empty: as the files or their names say
    :param source: where the files are from; empty: the files themselves
    :param moved: is told how many bytes were read, each time
    :param settle: put the store's files in order afterwards, as `load` does: the vocabulary is the current one before
    :raises UsageError: if the vocabulary is not known here
    :raises InputError: if a file cannot be read, or is not of this vocabulary; the store is then as it was
    :raises StoreError: if the store cannot be written; it is then as it was
    """
    graph = known(name)["graph"]
    files = [SourceFile(Path(path), moved) for path in paths]
    words = store.words
    with store.write() as writer:
        index = writer.index(name)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=index.parent))
        try:
            adding = _Adding(name, files, version, words, folder, source)

            def chunks() -> Generator[Chunk]:
                with IndexWriter(index) as out:
                    yield from adding.chunks(out)
                # the last chunks are still being loaded, and take longer than what follows
                writer.rows(graph, {"broader": adding.broader, "labels": adding.labels}, adding.start)
                classes = folder / "classes.tsv"
                with closing(Words(index.parent, {name: index})) as now:
                    yield from class_chunks(now, classes)
                writer.rows(CLASSES, {"broader": classes})

            with closing(chunks()) as made:
                writer.fill(graph, made, adding.mend, also=[CLASSES])
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    if settle:
        store.settle()
    assert adding.vocabulary is not None
    left = adding.left_out
    if left:
        adding.cautions.append(f"{len(left)} lines were left out: {left[0]}")
    return Added(vocabulary=adding.vocabulary, cautions=tuple(adding.cautions))


def _mesh_iri(code: str) -> str:
    return MESH + code


def _together(files: Sequence[SourceFile]) -> str:
    """Give one checksum for all files; that of the file where there is one."""
    if len(files) == 1:
        return files[0].checksum
    return hashlib.sha256("".join(file.checksum for file in files).encode()).hexdigest()


def _year(files: Sequence[SourceFile]) -> str:
    """Take the year out of NLM's file names: mesh2026.nt, desc2026.xml."""
    import re

    found = {each for file in files for each in re.findall(r"(?<!\d)20\d\d(?!\d)", file.path.name)}
    return found.pop() if len(found) == 1 else ""
