"""What NLM's MeSH RDF says of names and places, gathered from its lines while the engine loads the same lines.

The lines may come in any order, and there are millions of them: DuckDB splits, joins and sorts them, within a bound of
memory and beyond it on the disk. A term's name belongs to the record that the term hangs on: record, concept, term.
Only the hierarchy of descriptors, which is small, is kept here.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from picograph.kg.vocabularies.closure import Hierarchy
from picograph.ontology.concepts import Concept

MESH = "http://id.nlm.nih.gov/mesh/"
_MEMORY = "200MB"
_MANY = 50_000  # rows that are read at a time
_KINDS = {
    "label": ("rdfs:label",),
    "link": ("preferredConcept", "concept", "preferredTerm", "term"),
    "name": ("prefLabel", "altLabel"),
    "code": ("registryNumber",),
    "mapped": ("mappedTo", "preferredMappedTo"),
    "qualifier": ("allowableQualifier",),
    "tree": ("treeNumber",),
    "up": ("parentTreeNumber",),
    "broader": ("broaderDescriptor", "broaderQualifier"),
    "action": ("pharmacologicalAction",),
}
_SCHEMA = f"""
CREATE TABLE line (subject VARCHAR, kind VARCHAR, value VARCHAR);
CREATE TABLE predicate (iri VARCHAR, kind VARCHAR);
CREATE MACRO record_of(iri) AS CASE
  WHEN starts_with(iri, '{MESH}') AND regexp_full_match(substr(iri, {len(MESH) + 1}), '[CDQ][0-9]{{6,}}')
  THEN substr(iri, {len(MESH) + 1}) END;
"""
# A line is "<subject> <predicate> value ."; only those whose predicate is wanted are kept. Values keep their quotes.
_READ = """
INSERT INTO line
SELECT subject[2:-2], kind, CASE WHEN value[1] = '<' THEN value[2:strpos(value, '>') - 1] ELSE value END
FROM (
  SELECT split_part(line, ' ', 1) AS subject, split_part(line, ' ', 2) AS iri,
    ltrim(substr(line, length(subject) + length(iri) + 3)) AS value
  FROM read_csv($path, delim = chr(1), quote = '', escape = '', header = false, auto_detect = false,
    columns = {'line': 'VARCHAR'}, max_line_size = 4000000)
) JOIN predicate USING (iri)
"""
_SETTLE = f"""
CREATE TABLE link AS SELECT DISTINCT value AS node, subject AS holder FROM line WHERE kind = 'link';
CREATE TABLE fact AS
SELECT record_of(coalesce(above.holder, link.holder, subject)) AS record, kind, value
FROM line LEFT JOIN link ON link.node = subject LEFT JOIN link AS above ON above.node = link.holder
WHERE kind IN ('name', 'code')
UNION ALL
SELECT record_of(subject), kind, CASE WHEN kind = 'label' THEN value ELSE substr(value, {len(MESH) + 1}) END
FROM line WHERE kind IN ('label', 'mapped', 'qualifier') OR (kind = 'action' AND record_of(subject)[1] = 'C');
"""
_OF_RECORD = ("label", "name", "mapped", "action", "code", "qualifier")
# A row has all values of a record, a line each: no value holds the end of one.
_VALUES = ", ".join(f"string_agg(value, chr(10)) FILTER (kind = '{kind}') AS {kind}" for kind in _OF_RECORD)
_CONCEPTS = (
    f"SELECT record, {_VALUES} FROM fact WHERE record IS NOT NULL"
    " GROUP BY record HAVING label IS NOT NULL ORDER BY record"
)
_PLACES = f"SELECT record_of(subject), substr(value, {len(MESH) + 1}) FROM line WHERE kind = $kind"
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_PLAIN = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}


class MeshConcept(NamedTuple):
    """A concept with what is kept beside it."""

    concept: Concept
    above: tuple[str, ...]  # codes of all above it, pharmacological actions among them; itself may be
    qualifiers: tuple[str, ...]  # codes of those that it allows


class MeshFacts:
    """Gathers what the lines say, then gives the concepts.

    :param folder: an empty folder for files that are of no use afterwards
    """

    def __init__(self, folder: Path) -> None:
        import duckdb

        self._chunk = folder / "chunk.nt"
        # No file: DuckDB would pack what is read once, and pack it again when it is closed.
        self._db = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": _MEMORY,
                "temp_directory": str(folder / "beyond"),
                "threads": 2,
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        self._db.execute(_SCHEMA)
        names = [(name, kind) for kind, some in _KINDS.items() for name in some]
        iris = [f"<{MESH}vocab#{name}>" if ":" not in name else f"<{_RDFS}{name[5:]}>" for name, _ in names]
        kinds = [kind for _, kind in names]
        self._db.execute("INSERT INTO predicate SELECT unnest($1), unnest($2)", [iris, kinds])
        self._trees: dict[str, tuple[str, ...]] = {}
        self._actions: dict[str, tuple[str, ...]] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self._above: dict[str, tuple[str, ...]] = {}  # of descriptors and qualifiers
        # by what a supplementary concept is mapped to: the CURIEs that it is below, and all above it
        self._mapped: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self.mutual: list[tuple[str, str]] = []  # descriptors that stand above each other, in different trees
        self.dangling = 0  # links to what the files do not describe
        self.dangling_example = ""

    def close(self) -> None:
        """Close the files."""
        self._db.close()

    def _run(self, sql: str, given: object = None) -> "list[tuple[str, ...]]":
        import duckdb

        try:
            return self._db.execute(sql, given).fetchall()
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise OSError(str(error).splitlines()[0]) from None

    def read(self, lines: bytes) -> None:
        """Take what some whole lines of N-Triples say."""
        self._chunk.write_bytes(lines.replace(b"\t", b" ") if b"\t" in lines else lines)
        self._run(_READ, {"path": str(self._chunk)})

    def close_hierarchy(self, where: str) -> None:
        """Find what is above each descriptor and each qualifier: by the places of its tree numbers.

        A descriptor stands at several places, and what is above one of them is not above the others. Where a file
        has no tree number for a broader descriptor, the descriptor and all above it count.

        :raises InputError: if the tree numbers, or the broader descriptors, run in a circle
        """
        for statement in filter(str.strip, _SETTLE.split(";\n")):
            self._run(statement)
        described = "SELECT DISTINCT record FROM fact WHERE kind = 'label' AND record[1] <> 'C'"
        records = sorted(record for (record,) in self._run(described))
        self._above = dict.fromkeys(records, ())
        self._trees = self._placed("tree")
        broader = self._placed("broader")
        ups = "SELECT substr(subject, $start), substr(value, $start) FROM line WHERE kind = 'up'"
        up_of = {tree: up for tree, up in self._run(ups, {"start": len(MESH) + 1})}  # noqa: C416
        owner = {tree: record for record, trees in self._trees.items() for tree in trees}
        edges: dict[str, list[str]] = {}
        for tree in (*owner, *up_of):
            while tree and tree not in edges:
                up = up_of.get(tree) or tree.rpartition(".")[0]
                edges[tree] = [up] if up else []
                tree = up
        for record in records:
            trees = self._trees.get(record, ())
            placed = {at for tree in trees for up in edges[tree] if (at := owner.get(up))}
            others = [each for each in self._known(record, broader.get(record, ())) if each not in placed]
            self._parents[record] = self._known(record, {*others, *placed})
            edges[record] = [*trees, *others]
        hierarchy = Hierarchy(edges, where)
        for record in records:
            above = {owner.get(each, each) for each in hierarchy.above(record)}
            self._above[record] = tuple(sorted(above & self._above.keys()))
        self.mutual = sorted(
            (one, other)
            for one, above in self._above.items()
            for other in above
            if one < other and one in self._above[other]
        )
        actions = self._placed("action")
        self._actions = {record: self._known(record, some) for record, some in actions.items()}

    def _placed(self, kind: str) -> dict[str, tuple[str, ...]]:
        """Give by record what the lines of one kind name."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for record, value in self._run(_PLACES, {"kind": kind}):
            if record in self._above:
                found[record].add(value)
        return {record: tuple(sorted(some)) for record, some in found.items()}

    def _known(self, record: str, others: Iterable[str]) -> tuple[str, ...]:
        """Give those of some records that the files describe; count the others."""
        found = []
        for each in sorted(set(others)):
            if each not in self._above:
                self.dangling += 1
                self.dangling_example = self.dangling_example or f"{record} to {each}"
            elif each != record:
                found.append(each)
        return tuple(found)

    def concepts(self) -> Iterator[MeshConcept]:
        """Give each concept in the order of the codes. `close_hierarchy` has been called."""
        import duckdb

        try:
            rows = self._db.execute(_CONCEPTS)
            batches = iter(lambda: rows.fetchmany(_MANY), [])
            for row in chain.from_iterable(batches):
                yield self._concept(*row)
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise OSError(str(error).splitlines()[0]) from None

    def _concept(
        self, record: str, label: str, names: str | None, mapped: str | None,
        action: str | None, codes: str | None, qualifiers: str | None,
    ) -> MeshConcept:  # fmt: skip
        """Make the concept of a row."""
        label = _text(min(label.split("\n")))
        if record[0] == "C":
            parents, above = self._below(record, mapped) if mapped else ((), ())
            actions = self._known(record, action.split("\n")) if action else ()
            if actions:
                above = tuple(sorted({*above, *chain.from_iterable(self._above[each] for each in actions)}))
        else:
            parents, actions = self._curies(self._parents[record]), self._actions.get(record, ())
            above = tuple(sorted({*self._above[record], *chain.from_iterable(self._above[each] for each in actions)}))
        concept = Concept(
            curie=f"mesh:{record}",
            label=label,
            vocabulary="mesh",
            synonyms=_texts(names, label) if names else (),
            parents=parents,
            tree_numbers=self._trees.get(record, ()),
            actions=self._curies(actions) if actions else (),
            codes=_texts(codes, "0") if codes else (),
        )
        return MeshConcept(concept, above, tuple(sorted(set(qualifiers.split("\n")))) if qualifiers else ())

    def _below(self, record: str, mapped: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the descriptors that a supplementary concept is mapped to, and all above it; many share them."""
        if mapped in self._mapped:
            return self._mapped[mapped]
        # a concept may be mapped to a pair of descriptor and qualifier; some files join several
        ends = {each.partition("Q")[0] for some in mapped.split("\n") for each in some.split(",")}
        dangling = self.dangling
        known = self._known(record, ends)
        above = (
            self._above[known[0]]
            if len(known) == 1
            else tuple(sorted({*chain.from_iterable(map(self._above.__getitem__, known))}))
        )
        found = self._curies(known), above
        if self.dangling == dangling and "\n" not in mapped:
            self._mapped[mapped] = found
        return found

    @staticmethod
    def _curies(records: Iterable[str]) -> tuple[str, ...]:
        return tuple([f"mesh:{each}" for each in records])


_RDFS = "http://www.w3.org/2000/01/rdf-schema#"


def _text(literal: str) -> str:
    """Give the text of a literal as N-Triples writes it.

    >>> _text('"Sj\\\\u00F6gren"@en .')
    'Sjögren'
    """
    text = literal[1 : literal.rfind('"')]
    return _ESCAPE.sub(_unescape, text) if "\\" in text else text


def _texts(literals: str, other_than: str) -> tuple[str, ...]:
    """Give the texts of literals, a line each, but for one."""
    if "\n" not in literals:
        text = _text(literals)
        return () if text == other_than else (text,)
    return tuple(sorted({text for each in literals.split("\n") if (text := _text(each)) != other_than}))


def _unescape(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else _PLAIN.get(escape[3], escape[3])
