"""Cut the slices that ship from full tables of the vocabularies.

    python -m picograph.ontology.vocabularies.make_slice --tables DIR [--out DIR]

``seeds.tsv`` says which concepts to take and why. From there the rules are:

- MeSH: a seed, its children or its whole branch where ``take`` says so, and every ancestor by tree number. A
  supplementary concept brings the descriptors that NLM maps it to, which NLM calls its parents.
- ChEBI: what the tables map the seeds to, with all that these are (``is_a``) and the roles that they have.
- DrugBank: the seeds.
- Mappings: each cross-reference of a seed, or of a drug that a seed leads to. How sure it is, see ``matching.py``.

The same tables and seeds give the same bytes: rows are sorted and nothing is dated.
"""

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from picograph.ontology.errors import InputError
from picograph.ontology.matching import judge
from picograph.ontology.prefixes import PREFIXES

HERE = Path(__file__).resolve().parent
TAKES = ("self", "children", "descendants")


class Entry(NamedTuple):
    """A concept as a table gives it."""

    label: str
    synonyms: tuple[str, ...] = ()
    tree_numbers: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


class Mapping(NamedTuple):
    """A row of mappings.tsv."""

    subject: str
    predicate: str
    object: str
    justification: str
    source: str
    comment: str = ""


class Tables:
    """The full tables, read from a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.descriptors = {
            f"mesh:{ui}": Entry(label, _split(synonyms), _split(trees))
            for ui, label, synonyms, trees, *_ in self._rows("mesh_id_label_mappings.tsv.gz")
            if ui.startswith("D")
        }
        self.at = {tree: curie for curie, entry in self.descriptors.items() for tree in entry.tree_numbers}
        self.supplementary = {
            f"mesh:{ui}": Entry(label, _split(synonyms), parents=tuple(f"mesh:{d}" for d in mapped.split(",") if d))
            for ui, label, synonyms, mapped, *_ in self._rows("mesh_supp_id_label_mappings.tsv.gz")
        }
        self.qualifiers = {f"mesh:{ui}": Entry(label) for ui, label in self._rows("mesh_2026_qualifiers.tsv")}
        self.allowed = dict(self._rows("mesh_2026_allowed_qualifiers.tsv.gz"))
        self.chebi = {
            row["id"]: Entry(
                row["name"],
                parents=tuple(sorted(row.get("relations", {}).get("is_a", ()))),
                roles=tuple(sorted(row.get("relations", {}).get("has_role", ()))),
                parts=tuple(sorted(row.get("relations", {}).get("has_part", ()))),
            )
            for row in self._json("chebi.json.gz")
        }
        self.drugbank: dict[str, Entry] = {}
        self.drugbank_chebi: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for ui, namespace, value, source in self._rows("drugbank_mappings.tsv.gz"):
            if namespace == "NAME":
                self.drugbank[f"drugbank:{ui}"] = Entry(value)
            elif namespace == "CHEBI":
                self.drugbank_chebi[f"drugbank:{ui}", f"CHEBI:{value}"].add(source)
        self.mesh_chebi = [
            (f"mesh:{row[1]}", row[4]) for row in self._rows("mesh_mappings.tsv.gz") if row[3] == "CHEBI"
        ]
        self.ncit_chebi = [
            (f"NCIT:{ui}", value) for ui, namespace, value in self._rows("ncit_map.tsv.gz") if namespace == "CHEBI"
        ]
        self.diseases = {
            name: {
                prefix + row["id"].removeprefix(prefix): (
                    Entry(row["name"], tuple(row.get("synonyms", ()))),
                    [f"mesh:{x['id']}" for x in row.get("xrefs", ()) if x["namespace"] in ("MESH", "MSH")],
                )
                for row in self._json(f"{name}.json.gz")
            }
            for name, prefix in (("mondo", "MONDO:"), ("doid", "DOID:"), ("hp", "HP:"))
        }

    def _rows(self, name: str) -> Iterator[list[str]]:
        path = self.folder / name
        with gzip.open(path, "rt", encoding="utf-8") if name.endswith(".gz") else path.open(encoding="utf-8") as lines:
            for line in lines:
                yield line.rstrip("\n").split("\t")

    def _json(self, name: str) -> list[dict[str, Any]]:
        with gzip.open(self.folder / name, "rt", encoding="utf-8") as file:
            rows: list[dict[str, Any]] = json.load(file)
        return rows

    def entry(self, curie: str) -> Entry | None:
        """A concept of any of the tables."""
        for table in (self.descriptors, self.supplementary, self.qualifiers, self.chebi, self.drugbank):
            if curie in table:
                return table[curie]
        for table_of_diseases in self.diseases.values():
            if curie in table_of_diseases:
                return table_of_diseases[curie][0]
        return None

    def mesh_parents(self, curie: str) -> tuple[str, ...]:
        """The descriptors one step up: by tree number, or those a supplementary concept is mapped to."""
        if curie in self.supplementary:
            return tuple(sorted(self.supplementary[curie].parents))
        above = (tree.rpartition(".")[0] for tree in self.descriptors[curie].tree_numbers)
        return tuple(sorted({self.at[tree] for tree in above if tree}))

    def below(self, curie: str, take: str) -> set[str]:
        """A descriptor with its children, or with all that lies below it in the trees."""
        tops = self.descriptors[curie].tree_numbers
        return {curie} | {
            owner
            for tree, owner in self.at.items()
            for top in tops
            if tree.startswith(top + ".") and (take == "descendants" or "." not in tree[len(top) + 1 :])
        }


def make(tables: Tables, seeds: str) -> dict[str, str]:
    """Cut the slices: the name of each file, and its text.

    :param tables: the full tables
    :param seeds: the text of a seed list
    :raises InputError: if a seed is not in the tables under the name that the list gives it
    """
    taken = list(_seeds(seeds, tables))
    mesh = _close(
        (curie for seed, take in taken if seed.startswith("mesh:") for curie in _reach(tables, seed, take)),
        tables.mesh_parents,
    )
    mappings = _mappings(tables, {seed for seed, _ in taken})
    mapped = {end for row in mappings for end in (row.subject, row.object)}
    chebi = _close(
        (curie for curie in mapped if curie in tables.chebi),
        lambda curie: (*tables.chebi[curie].parents, *tables.chebi[curie].roles, *tables.chebi[curie].parts),
    )
    drugbank = {curie for curie in mapped | {seed for seed, _ in taken} if curie in tables.drugbank}

    mesh_rows = []
    for curie in sorted(mesh):
        entry = tables.entry(curie)
        assert entry is not None
        parents = "|".join(tables.mesh_parents(curie))
        trees = "|".join(sorted(entry.tree_numbers))
        mesh_rows.append((curie, entry.label, "|".join(sorted(set(entry.synonyms))), trees, parents))
    return {
        "mesh.tsv": _table(("curie", "label", "synonyms", "tree_numbers", "parents"), mesh_rows),
        "mesh_qualifiers.tsv": _table(
            ("curie", "label"), sorted((curie, entry.label) for curie, entry in tables.qualifiers.items())
        ),
        "mesh_allowed_qualifiers.tsv": _allowed(tables, mesh),
        "chebi.tsv": _table(
            ("curie", "label", "parents", "roles", "parts"),
            [
                (curie, entry.label, *("|".join(some) for some in (entry.parents, entry.roles, entry.parts)))
                for curie in sorted(chebi)
                for entry in [tables.chebi[curie]]
            ],
        ),
        "drugbank.tsv": _table(
            ("curie", "label"), [(curie, tables.drugbank[curie].label) for curie in sorted(drugbank)]
        ),
        "mappings.tsv": _sssom(tables, mappings),
    }


def _seeds(text: str, tables: Tables) -> Iterator[tuple[str, str]]:
    header, *lines = text.splitlines()
    if header != "curie\tlabel\ttake\twhy":
        raise InputError("a seed list has the columns curie, label, take and why", where="line 1")
    for number, line in enumerate(lines, 2):
        curie, label, take, _ = line.split("\t")
        entry = tables.entry(curie)
        if entry is None or entry.label != label:
            found = f"the tables call it {entry.label!r}" if entry else "the tables do not have it"
            raise InputError(f"{curie} is listed as {label!r}, but {found}", where=f"seed list, line {number}")
        if take not in TAKES:
            raise InputError(f"{take!r} is not a way to take {curie}", where=f"seed list, line {number}")
        yield curie, take


def _reach(tables: Tables, seed: str, take: str) -> set[str]:
    return {seed} if take == "self" else tables.below(seed, take)


def _close(starts: Iterable[str], step: Callable[[str], tuple[str, ...]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        curie = waiting.pop()
        if curie not in seen:
            seen.add(curie)
            waiting.extend(step(curie))
    return seen


def _mappings(tables: Tables, seeds: set[str]) -> list[Mapping]:
    """The cross-references of the seeds, and of what a seed leads to, each with a judgement."""
    drugbank_pairs = {pair: "named by " + " and ".join(sorted(by)) for pair, by in tables.drugbank_chebi.items()}
    mesh = [
        row for row in _judge(tables, dict.fromkeys(tables.mesh_chebi, ""), "mesh_mappings") if row.subject in seeds
    ]
    drugs = [row for row in _judge(tables, drugbank_pairs, "drugbank_mappings") if row.subject in seeds]
    substances = {row.object for row in mesh + drugs}
    ncit = [row for row in _judge(tables, dict.fromkeys(tables.ncit_chebi, ""), "ncit_map") if row.object in substances]
    diseases = []
    for name, table in tables.diseases.items():
        pairs = {(mesh_id, curie): "" for curie, (_, xrefs) in table.items() for mesh_id in xrefs}
        diseases += [row for row in _judge(tables, pairs, name, by_name=True) if row.subject in seeds]
    rows = mesh + drugs + ncit + diseases
    return sorted(rows + _same_name(tables, seeds, rows))


def _judge(tables: Tables, pairs: dict[tuple[str, str], str], source: str, by_name: bool = False) -> Iterator[Mapping]:
    for row in judge(pairs, tables.entry, by_name):
        yield Mapping(
            row.subject, row.predicate, row.object, "semapv:UnspecifiedMatching", f"table:{source}", row.comment
        )


def _same_name(tables: Tables, seeds: set[str], rows: list[Mapping]) -> list[Mapping]:
    """Pair a MeSH substance with the ChEBI or DrugBank entry of the same name, where no table does.

    A shared name is a good sign and no proof: these are close, never exact.
    """
    linked = defaultdict(set)
    for row in rows:
        linked[row.subject].add(row.object)
        linked[row.object].add(row.subject)
    made = []
    for table in (tables.chebi, tables.drugbank):
        by_name = defaultdict(list)
        for curie, entry in table.items():
            by_name[entry.label.casefold()].append(curie)
        for seed in sorted(seeds & (tables.descriptors.keys() | tables.supplementary.keys())):
            entry = tables.descriptors.get(seed) or tables.supplementary[seed]
            near = linked[seed] | {far for end in linked[seed] for far in linked[end]}
            found = by_name[entry.label.casefold()]
            if len(found) == 1 and near.isdisjoint(table) and (table is tables.chebi or found[0] in seeds):
                comment = "the preferred names are the same, apart from case"
                made.append(
                    Mapping(seed, "skos:closeMatch", found[0], "semapv:LexicalMatching", "table:same_name", comment)
                )
    return made


def _allowed(tables: Tables, mesh: set[str]) -> str:
    """One row for each set of qualifiers, because many descriptors share one; the first row is the empty set."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for curie in sorted(mesh & tables.descriptors.keys()):
        ui = curie.removeprefix("mesh:")
        groups[tables.allowed.get(ui, "")].append(ui)
    return _table(("qualifiers", "descriptors"), sorted((allowed, "|".join(uis)) for allowed, uis in groups.items()))


def _sssom(tables: Tables, rows: list[Mapping]) -> str:
    used = {value.partition(":")[0] for row in rows for value in row[:4]}
    curie_map = {prefix: iri for prefix, iri in PREFIXES.items() if prefix in used}
    curie_map["table"] = "https://w3id.org/picograph/vocabulary/mappings#"
    header = [
        "mapping_set_id: https://w3id.org/picograph/vocabulary/mappings",
        "mapping_set_title: picograph, mappings between the vocabularies that ship",
        "license: https://creativecommons.org/licenses/by/4.0/",
        "comment: >-",
        "  mapping_source names the table that a row comes from (see sources.toml and make_slice.py);",
        "  table:same_name is no table: the names of two vocabularies were compared.",
        "  semapv:UnspecifiedMatching: a cross-reference of a database, which does not say how it was found.",
        "  exactMatch only where the cross-reference is one to one, or one of several has the same name;",
        "  between diseases the two must share a name.",
        "curie_map:",
        *(f"  {prefix}: {iri}" for prefix, iri in sorted(curie_map.items())),
    ]
    columns = (
        "subject_id subject_label predicate_id object_id object_label mapping_justification mapping_source comment"
    )
    table = _table(
        tuple(columns.split()),
        [
            (
                row.subject,
                _label(tables, row.subject),
                row.predicate,
                row.object,
                _label(tables, row.object),
                row.justification,
                row.source,
                row.comment,
            )
            for row in rows
        ],
    )
    return "".join(f"#{line}\n" for line in header) + table


def _label(tables: Tables, curie: str) -> str:
    entry = tables.entry(curie)
    return entry.label if entry else ""


def _split(cell: str) -> tuple[str, ...]:
    return tuple(value for value in cell.split("|") if value)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    for row in rows:
        if any("\t" in cell or "\n" in cell for cell in row):
            raise InputError(f"the row of {row[0]} has a tab or a line break in a cell")
    return "".join("\t".join(row) + "\n" for row in (header, *rows))


def main(arguments: list[str] | None = None) -> None:
    """Write the slices."""
    parser = argparse.ArgumentParser(description="Cut the slices that ship from full tables of the vocabularies.")
    parser.add_argument("--tables", type=Path, required=True, help="folder with the full tables")
    parser.add_argument("--seeds", type=Path, default=HERE / "seeds.tsv", help="which concepts to take")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write the slices")
    options = parser.parse_args(arguments)
    for name, text in make(Tables(options.tables), options.seeds.read_text(encoding="utf-8")).items():
        (options.out / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"{name}: {len(text.encode()):,} bytes, {text.count(chr(10)):,} lines")


if __name__ == "__main__":
    main()
