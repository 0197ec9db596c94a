"""Lines of N-Triples about concepts, mappings and a vocabulary as a whole; and what to do with lines that are none."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from picograph.kg.store.bulk import LINES, Chunk
from picograph.ontology.concepts import Concept, Mapping
from picograph.ontology.errors import InputError
from picograph.ontology.index import Vocabulary
from picograph.ontology.prefixes import PREFIXES, expand

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})
# What comes as a tree of classes is said as one; a classification or a list of drugs is not.
_CLASSES = ("chebi", "mondo", "hp", "doid", "ncit", "oae")
_IRI = rb"<[^\x00-\x20<>\"{}|^`\\]+>"
_LINE = re.compile(
    rb"\s*(?:" + _IRI + rb"|_:\S+)\s*" + _IRI + rb"\s*(?:" + _IRI
    + rb"|_:\S+|\"(?:[^\"\\]|\\.)*\"(?:@[A-Za-z0-9-]+|\^\^" + _IRI + rb")?)\s*\.\s*(?:#.*)?"
)  # fmt: skip
_MOST_LEFT_OUT = 0.01  # of the lines of a chunk


def _node(name: str) -> str:
    return f"<{name if '://' in name else expand(name)}>"


def _text(value: str, language: str = "") -> str:
    return f'"{value.translate(_ESCAPES)}"{"@" + language if language else ""}'


def _batched(lines: Iterable[str]) -> Iterator[Chunk]:
    batch: list[str] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if size >= LINES:
            yield Chunk("".join(batch).encode())
            batch, size = [], 0
    yield Chunk("".join(batch).encode())


def concept_lines(concepts: Iterable[Concept], vocabulary: str) -> Iterator[Chunk]:
    """Give what is said of concepts: names, what is one step up, roles and parts."""
    up = _node("rdfs:subClassOf" if vocabulary in _CLASSES else "skos:broader")
    label, other, role, part = map(_node, ("rdfs:label", "skos:altLabel", "RO:0000087", "BFO:0000051"))

    def lines() -> Iterator[str]:
        for each in concepts:
            node = _node(each.curie)
            yield f"{node} {label} {_text(each.label, 'en')} .\n"
            for name in each.synonyms:
                yield f"{node} {other} {_text(name, 'en')} .\n"
            for predicate, ends in ((up, each.parents), (role, each.roles), (part, each.parts)):
                for end in ends:
                    yield f"{node} {predicate} {_node(end)} .\n"

    return _batched(lines())


def mapping_lines(rows: Iterable[Mapping], graph: str) -> Iterator[Chunk]:
    """Give each mapping as a triple, and what SSSOM says of it as an annotation of that triple."""

    def lines() -> Iterator[str]:
        for row in rows:
            subject, predicate, object_ = map(_node, (row.subject, row.predicate, row.object))
            yield f"{subject} {predicate} {object_} .\n"
            said = (row.subject, row.predicate, row.object, row.justification, row.source)
            node = f"<{graph}#{hashlib.sha256(' '.join(said).encode()).hexdigest()[:16]}>"
            yield f"{node} {_node('rdf:type')} {_node('owl:Axiom')} .\n"
            yield f"{node} {_node('owl:annotatedSource')} {subject} .\n"
            yield f"{node} {_node('owl:annotatedProperty')} {predicate} .\n"
            yield f"{node} {_node('owl:annotatedTarget')} {object_} .\n"
            if row.justification.partition(":")[0] in PREFIXES:
                yield f"{node} {_node('sssom:mapping_justification')} {_node(row.justification)} .\n"
            yield f"{node} {_node('sssom:mapping_source')} {_text(row.source)} .\n"

    return _batched(lines())


def description_lines(vocabulary: Vocabulary, files: Sequence[str]) -> bytes:
    """Give what the graph of a vocabulary says of itself."""
    node = _node(vocabulary.graph)
    said = [
        ("rdf:type", _node("pg:Vocabulary")),
        ("dcterms:title", _text(vocabulary.title, "en")),
        ("dcterms:publisher", _text(vocabulary.publisher)),
        ("dcterms:license", _node(vocabulary.licence)),
        ("pg:version", _text(vocabulary.version)),
        ("pg:contentChecksum", _text(vocabulary.checksum)),
        *(("pg:readFrom", _text(name)) for name in files),
    ]
    return "".join(f"{node} {_node(predicate)} {value} .\n" for predicate, value in said).encode()


def mend(chunk: Chunk, said: str) -> tuple[bytes, list[str]]:
    """Take the few lines out of a chunk whose IRIs are none; give the rest, and where those were.

    :raises InputError: if it is more than a few, or something else is wrong: the file is damaged, or of another kind
    """
    kept, left = [], []
    lines = chunk.lines.splitlines(keepends=True)
    for number, line in enumerate(lines, chunk.first):
        if _LINE.fullmatch(line.rstrip(b"\r\n")) or not line.strip() or line.lstrip().startswith(b"#"):
            kept.append(line)
        else:
            left.append((number, line))
    for number, line in left:
        if (
            not line.startswith(b"<")
            or not line.rstrip().endswith(b".")
            or len(left) > 100 + _MOST_LEFT_OUT * len(lines)
        ):
            raise InputError(
                f"this is not a line of N-Triples: {line[:60].decode('utf-8', 'replace').strip()!r}",
                where=f"{chunk.name}, line {number}",
                remedy="fetch the file again: it is cut off, or of another kind",
            )
    if not left:
        where = f"{chunk.name}, from line {chunk.first}"
        raise InputError(f"the file is not N-Triples: {said}", where=where, remedy="fetch it again")
    told = [f"{chunk.name}, line {number}: an IRI has characters that none may have" for number, _ in left]
    return b"".join(kept), told
