"""What a user forbids to be one study: a file of splits, and the graph in which a store remembers it."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from picograph.kg.identifiers import identifier, node_of
from picograph.kg.model import PG, RDFS_LABEL
from picograph.ontology.errors import InputError

GRAPH = "https://w3id.org/picograph/splits"
_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_APART, _WRITTEN = PG + "apart", RDFS_LABEL


class Splits:
    """What a user forbids to be one study: pairs of identifiers, or of documents of records.

    >>> str(parse_splits("doi:10.1000/a\\tNCT00000001  # another trial\\n"))
    'NCT00000001 is not doi:10.1000/a (line 1: another trial)'
    """

    def __init__(self, lines: Mapping[tuple[str, str], str] | None = None) -> None:
        """Take pairs of nodes, each with where it was written."""
        self.lines = {(min(pair), max(pair)): where for pair, where in (lines or {}).items()}
        self.pairs = sorted(self.lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Splits) and self.lines == other.lines

    def __hash__(self) -> int:
        return hash(tuple(self.pairs))

    def told(self, pair: tuple[str, str]) -> str:
        """Say for people that a pair is kept apart, and where that is written."""
        return f"{pair[0]} and {pair[1]} are kept apart ({self.lines[pair]})"

    def __str__(self) -> str:
        return "\n".join(f"{one} is not {other} ({self.lines[one, other]})" for one, other in self.pairs)


def parse_splits(text: str, name: str = "") -> Splits:
    """Read a file of splits: two identifiers or record documents a line, ``#`` begins a comment.

    :param name: what errors call the file
    :raises InputError: if a line does not have two of them, if they are the same, or if one only looks like one
    """
    lines: dict[tuple[str, str], str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        sides = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].split()
        where = f"{name}, line {number}" if name else f"line {number}"
        why = line.partition("#")[2].strip() if re.search(r"(?:^|\s)#", line) else ""
        if not sides:
            continue
        if len(sides) != 2:
            raise InputError(
                f"a line of a file of splits has two identifiers, this one has {len(sides)}",
                where=where,
                remedy="write one pair a line, with a tab between: doi:10.1000/example, then NCT00000001",
            )
        for side in sides:
            if identifier(side) is None and re.match(r"(?:NCT|ISRCTN|doi:|pmid:|10\.)", side, re.IGNORECASE):
                raise InputError(f"{side!r} is not an identifier", where=where, remedy="see how the record writes it")
        one, other = map(node_of, sides)
        if one == other:
            raise InputError(f"both sides of the line are {one}", where=where, remedy="name two different things")
        lines[one, other] = f"{where}: {why}" if why else where
    return Splits(lines)


def read_splits(path: str | Path) -> Splits:
    """Read a file of splits from the disk.

    :raises InputError: if it cannot be read, or a line is wrong
    """
    try:
        return parse_splits(Path(path).read_text("utf-8"), str(path))
    except OSError as error:
        said = error.strerror or str(error)
    except UnicodeDecodeError as error:
        said = f"byte {error.start} is not UTF-8"
    raise InputError(
        f"the file of splits cannot be read: {said}",
        where=str(path),
        remedy="give a text with two identifiers a line: doi:10.1000/example, a tab, NCT00000001",
    )


def quads_of_splits(splits: Splits) -> list[Quad]:
    """Say splits in RDF: the quads of the graph in which a store remembers them.

    >>> len(quads_of_splits(parse_splits("pmid:1 NCT00000001")))
    4
    """
    graph, quads = NamedNode(GRAPH), []
    for pair in splits.pairs:
        node = NamedNode(f"{GRAPH}/{hashlib.sha256(' '.join(pair).encode()).hexdigest()[:16]}")
        quads.append(Quad(node, _TYPE, NamedNode(PG + "Split"), graph))
        quads += (Quad(node, NamedNode(_APART), Literal(side), graph) for side in pair)
        quads.append(Quad(node, NamedNode(_WRITTEN), Literal(splits.lines[pair]), graph))
    return quads


def splits_of(quads: Iterable[Quad]) -> Splits:
    """Read splits back from the graph in which a store remembers them.

    >>> str(splits_of(quads_of_splits(parse_splits("pmid:1 NCT00000001", "my.tsv"))))
    'NCT00000001 is not pmid:1 (my.tsv, line 1)'
    """
    sides: dict[str, list[str]] = {}
    written: dict[str, str] = {}
    for quad in quads:
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Literal):
            if quad.predicate.value == _APART:
                sides.setdefault(quad.subject.value, []).append(quad.object.value)
            elif quad.predicate.value == _WRITTEN:
                written[quad.subject.value] = quad.object.value
    pairs = {node: sorted(found) for node, found in sides.items() if len(found) == 2}
    return Splits({(one, other): written.get(node, "") for node, (one, other) in pairs.items()})
