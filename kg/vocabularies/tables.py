"""Vocabularies that come as tables: DrugBank's open names, RxNorm, ATC, NCI Thesaurus, the qualifiers of MeSH."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from picograph.kg.vocabularies.files import SourceFile
from picograph.kg.vocabularies.terms import UNSPECIFIED, Term, Terms, Xref, curie_of, tidy
from picograph.ontology.concepts import Mapping
from picograph.ontology.errors import InputError

_ATC = re.compile(r"[A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?")
_ATC_LEVELS = (1, 3, 4, 5, 7)  # characters of a code at each level


def rows(file: SourceFile, separator: str = "\t", least: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Give the rows of a table, each with the number of its line; blank lines and comments are left out.

    :raises InputError: if a row has fewer columns than there must be
    """
    for number, line in enumerate(file.lines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split(separator)
        if len(cells) < least:
            raise InputError(
                f"{len(cells)} columns where {least} must be",
                where=f"{file.name}, line {number}",
                remedy="give the publisher's file as it is: the columns are told apart by "
                + ("tabs" if separator == "\t" else separator),
            )
        yield number, cells


def _wrong(file: SourceFile, what: str, remedy: str) -> InputError:
    return InputError(what, where=file.name, remedy=remedy)


def read_drugbank(files: Sequence[SourceFile]) -> Terms:
    """Read names and cross-references of DrugBank: rows of identifier, namespace, identifier there, who says so."""
    names: dict[str, str] = {}
    refs: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for file in files:
        for _, (drug, namespace, value, source, *_) in rows(file, least=4):
            if namespace == "NAME":
                names[drug] = tidy(value)
            elif other := curie_of(f"{namespace}:{value}"):
                refs[drug, other].add(source)
    if not names:
        raise _wrong(files[0], "no drug of DrugBank is in the table", "give rows of identifier, NAME, name, source")
    xrefs: defaultdict[str, list[Xref]] = defaultdict(list)
    for (drug, other), sources in sorted(refs.items()):
        xrefs[drug].append(Xref(other, comment="named by " + " and ".join(sorted(sources))))
    return Terms([Term(curie=f"drugbank:{drug}", label=name, xrefs=tuple(xrefs[drug])) for drug, name in names.items()])


def read_atc(files: Sequence[SourceFile]) -> Terms:
    """Read the ATC classification from a table with a column of codes and a column of names.

    A code says its place: L01EX02 is in L01EX, in L01E, in L01, in L.
    """
    names: dict[str, str] = {}
    for file in files:
        head = file.head.decode("utf-8", "replace").partition("\n")[0]
        table = csv.reader(file.lines(), delimiter=max("\t,;|", key=head.count))
        try:
            for cells in table:
                bare = [cell.strip() for cell in cells]
                code = next((cell.upper() for cell in bare[:2] if _ATC.fullmatch(cell.upper())), None)
                if code and len(code) in _ATC_LEVELS:
                    names.setdefault(code, tidy(next((cell for cell in bare if cell and cell.upper() != code), "")))
        except csv.Error as error:
            raise _wrong(file, f"line {table.line_num} is no row of a table: {error}", "give code and name") from None
    if not names:
        raise _wrong(files[0], "no ATC code is in the table", "give a table with the columns code and name")
    shorter = {7: 5, 5: 4, 4: 3, 3: 1}
    return Terms(
        [
            Term(
                curie=f"atc:{code}",
                label=name or code,
                parents=(f"atc:{code[: shorter[len(code)]]}",) if len(code) > 1 else (),
            )
            for code, name in names.items()
        ]
    )


def read_ncit(files: Sequence[SourceFile]) -> Terms:
    """Read the flat file of the NCI Thesaurus: code, concept, parents, synonyms (the first is preferred)…"""
    terms = []
    for file in files:
        for _, (code, _, parents, synonyms, *rest) in rows(file, least=4):
            names = [tidy(name) for name in synonyms.split("|") if name.strip()]
            status = rest[2] if len(rest) > 2 else ""
            if not re.fullmatch(r"C\d+", code) or not names or "Obsolete" in status or "Retired" in status:
                continue
            terms.append(
                Term(
                    curie=f"NCIT:{code}",
                    label=names[0],
                    synonyms=tuple(names[1:]),
                    parents=tuple(f"NCIT:{parent}" for parent in parents.split("|") if parent.startswith("C")),
                )
            )
    if not terms:
        raise _wrong(files[0], "no concept of the NCI Thesaurus is in the table", "give Thesaurus.txt as it is")
    return Terms(terms)


# Term types that name a thing of its own, in RxNorm's words, and the relations that lead from one to what it is of.
_RX_TYPES = {
    "IN": "ingredient", "PIN": "precise ingredient", "MIN": "multiple ingredients", "BN": "brand name",
    "SCDC": "clinical drug component", "SCDF": "clinical drug form", "SCDG": "clinical dose form group",
    "SCD": "clinical drug", "SBD": "branded drug", "SBDC": "branded drug component", "SBDF": "branded drug form",
    "SBDG": "branded dose form group", "GPCK": "generic pack", "BPCK": "brand name pack",
}  # fmt: skip
_RX_RANKS = {kind: rank for rank, kind in enumerate(_RX_TYPES)}
_RX_UP = {
    "tradename_of",
    "form_of",
    "isa",
    "consists_of",
    "has_ingredient",
    "has_precise_ingredient",
    "has_ingredients",
}
_RX_PARTS = {"has_part"}
_RX_OTHERS = {"MSH": "mesh", "ATC": "atc", "DRUGBANK": "drugbank", "NCI": "NCIT"}


def read_rxnorm(files: Sequence[SourceFile]) -> Terms:
    """Read RXNCONSO.RRF, and the relations where RXNREL.RRF is given too.

    In a row of relations the second concept has the relation to the first.
    """
    labels: dict[str, str] = {}
    kinds: dict[str, str] = {}
    names: defaultdict[str, list[str]] = defaultdict(list)
    codes: defaultdict[str, set[str]] = defaultdict(set)
    others: set[tuple[str, str]] = set()
    up: defaultdict[str, set[str]] = defaultdict(set)
    parts: defaultdict[str, set[str]] = defaultdict(set)
    for file in files:
        wide = file.head.partition(b"\n")[0].count(b"|")
        for _, cells in rows(file, "|", 15):
            if wide >= 18:
                _rx_atom(cells, labels, kinds, names, codes, others)
            elif cells[10] == "RXNORM" and cells[14] not in ("O", "Y"):
                kind = up if cells[7] in _RX_UP else parts if cells[7] in _RX_PARTS else None
                if kind is not None:
                    kind[f"rxnorm:{cells[4]}"].add(f"rxnorm:{cells[0]}")
    if not labels:
        raise _wrong(files[0], "no concept of RxNorm is in the file", "give RXNCONSO.RRF, and RXNREL.RRF with it")
    same: defaultdict[str, list[Xref]] = defaultdict(list)
    for curie, other in sorted(others):
        same[curie].append(Xref(other))
    return Terms(
        [
            Term(
                curie=curie,
                label=label,
                synonyms=tuple(names[curie]),
                parents=tuple(up[curie]),
                parts=tuple(parts[curie]),
                codes=tuple(codes[curie]),
                xrefs=tuple(same[curie]),
                kind=_RX_TYPES.get(kinds.get(curie, ""), ""),
            )
            for curie, label in labels.items()
        ]
    )


def _rx_atom(
    cells: list[str],
    labels: dict[str, str],
    kinds: dict[str, str],
    names: defaultdict[str, list[str]],
    codes: defaultdict[str, set[str]],
    others: set[tuple[str, str]],
) -> None:
    curie, source, kind, code, text, suppressed = f"rxnorm:{cells[0]}", *cells[11:15], cells[16]
    if suppressed in ("O", "Y"):
        return
    if source == "RXNORM":
        if kind in _RX_RANKS and _RX_RANKS[kind] < _RX_RANKS.get(kinds.get(curie, ""), len(_RX_RANKS)):
            kinds[curie] = kind
            if curie in labels:
                names[curie].append(labels[curie])
            labels[curie] = tidy(text)
        else:
            names[curie].append(tidy(text))
    elif source == "MTHSPL" and kind == "SU":
        codes[curie].add(code)  # a UNII
    elif source in _RX_OTHERS and (other := curie_of(f"{_RX_OTHERS[source]}:{code}")):
        others.add((curie, other))


# --- what belongs to MeSH beside its records ---


def read_qualifiers(file: SourceFile) -> list[tuple[str, list[str]]]:
    """Read a table of descriptors with the qualifiers that each allows, all by their codes.

    :raises InputError: if it is another table
    """
    found = []
    for number, cells in rows(file, least=1):
        qualifiers = cells[1].split("|") if len(cells) > 1 and cells[1] else []
        if not re.fullmatch(r"D\d{6,}", cells[0]) or not all(re.fullmatch(r"Q\d{6,}", each) for each in qualifiers):
            raise InputError(
                "this row is not a descriptor with its qualifiers",
                where=f"{file.name}, line {number}",
                remedy="give MeSH as RDF (mesh.nt) or XML (desc.xml, supp.xml, qual.xml)",
            )
        found.append((cells[0], qualifiers))
    return found


# --- mappings ---


def read_mappings(files: Iterable[SourceFile]) -> tuple[list[Mapping], list[tuple[str, str, str]]]:
    """Read mappings: SSSOM as it is, and tables of cross-references, which do not say how close their ends are.

    :returns: rows that have a predicate; pairs that are to be judged, each with the table that it is from
    """
    said: list[Mapping] = []
    bare: list[tuple[str, str, str]] = []
    for file in files:
        if file.kind() == "sssom":
            said.extend(_sssom(file))
        else:
            bare.extend(_pairs(file))
    return said, bare


def _sssom(file: SourceFile) -> Iterator[Mapping]:
    table = rows(file)
    _, head = next(table)
    wanted = ("subject_id", "predicate_id", "object_id", "mapping_justification")
    if missing := [column for column in wanted if column not in head]:
        raise _wrong(file, f"the SSSOM table has no column {missing[0]}", "give all of " + ", ".join(wanted))
    for number, cells in table:
        row = dict(zip(head, cells, strict=False))
        subject, object_ = curie_of(row["subject_id"]), curie_of(row["object_id"])
        if subject and object_:
            yield Mapping(
                subject=subject,
                predicate=row["predicate_id"],
                object=object_,
                justification=row["mapping_justification"],
                source=row.get("mapping_source") or f"{file.path.name}, line {number}",
                comment=row.get("comment", ""),
            )


def _pairs(file: SourceFile) -> Iterator[tuple[str, str, str]]:
    """Read pairs from tables in four shapes, told by the number of columns and the first row."""
    name = file.path.name.removesuffix(".gz").removesuffix(".tsv")
    for number, cells in rows(file, least=2):
        if len(cells) >= 6:  # prefix, identifier, name, prefix, identifier, name
            ends = f"{cells[0]}:{cells[1]}", cells[4] if ":" in cells[4] else f"{cells[3]}:{cells[4]}"
        elif len(cells) == 4:  # DrugBank's identifier, namespace, identifier, who says so
            ends = f"drugbank:{cells[0]}", f"{cells[1]}:{cells[2]}"
        elif len(cells) == 3:  # NCIt's code, namespace, identifier
            ends = f"NCIT:{cells[0]}", cells[2] if ":" in cells[2] else f"{cells[1]}:{cells[2]}"
        elif re.fullmatch(r"\d+-\d\d-\d", cells[1]):  # a MeSH code and a number of CAS
            ends = f"mesh:{cells[0]}", f"cas:{cells[1]}"
        else:
            raise InputError(
                "this is no table of mappings that is known here",
                where=f"{file.name}, line {number}",
                remedy="give an SSSOM table: subject_id, predicate_id, object_id, mapping_justification…",
            )
        subject, object_ = curie_of(ends[0]), curie_of(ends[1])
        if subject and object_:
            yield subject, object_, f"table:{name}"


__all__ = [
    "UNSPECIFIED",
    "read_atc",
    "read_drugbank",
    "read_mappings",
    "read_ncit",
    "read_qualifiers",
    "read_rxnorm",
]
