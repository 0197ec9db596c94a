"""Which records are one study: what each record says of itself, and what follows from all of them together.

A record names its own document, the identifiers of its report, and registry numbers. An identifier is checked and put
in one form before it is trusted. Records that share one are one study, with these limits:

- a publication that lists several trials joins none of them;
- a study has one number of the registry that gives it its key: what lies between two of them joins neither;
- two things on one line of a file of splits are never one study;
- a key of a user's own, such as lab:7, is left as it is: records that have it are one study, and no others.

The keys follow from the set of records and the splits, never from the order in which they were loaded. Nothing here
guesses: what is not joined says why.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

import msgspec
from pyoxigraph import QuerySolutions

from picograph.kg.model import PG
from picograph.kg.study import Study
from picograph.kg.triples import record_iri, study_key
from picograph.ontology.errors import InputError

if TYPE_CHECKING:
    from picograph.kg.store import Store

# --- identifiers: their form ------------------------------------------------------------------------------------


class Registry(NamedTuple):
    """A registry of studies: the prefix of its numbers in a study key, its name, what a number looks like."""

    prefix: str
    name: str
    pattern: re.Pattern[str]
    form: str  # the one way to write a number, from the groups of the pattern


def _registry(prefix: str, name: str, pattern: str, form: str) -> Registry:
    return Registry(prefix, name, re.compile(pattern, re.ASCII | re.IGNORECASE), form)


# In the order in which they give a study its key. The patterns are those of github maia-sh/ctregistries,
# inst/extdata/registries.csv, which were tried on 10,000 PubMed records, without what may stand between the parts of a
# number in running text; where another source was used, it is named. No pattern holds a check digit: the rule for the
# last two digits of an EudraCT number is not published, and no other registry has one.
REGISTRIES: tuple[Registry, ...] = (
    # eight digits: github rfhb/ctrdata, R/util_functions.R
    _registry("nct", "ClinicalTrials.gov", r"NCT ?(\d{8})", "NCT{0}"),
    _registry("isrctn", "ISRCTN", r"ISRCTN ?(\d{8})", "ISRCTN{0}"),
    # The number of the European register has a middle part that begins with 0, the one of CTIS another digit and two
    # more digits, which count submissions: github rfhb/ctrdata, R/util_functions.R. Its countries may follow.
    _registry(
        "eudract", "EudraCT", r"(?:EUCTR|EudraCT)? ?(20\d{2})-(0\d{5})-(\d{2})(?:-[A-Z]{2,3}|-3rd)?", "{0}-{1}-{2}"
    ),
    _registry("ctis", "CTIS", r"(?:EU ?CT|CTIS)? ?(20\d{2})-([1-9]\d{5})-(\d{2})(?:-\d{2})?", "{0}-{1}-{2}"),
    _registry("drks", "DRKS", r"DRKS ?(000\d{5})", "DRKS{0}"),
    _registry("actrn", "ANZCTR", r"(?:ACTRN|ANZCTR) ?(126\d{11})p?", "ACTRN{0}"),
    _registry("chictr", "ChiCTR", r"ChiCTR ?(\d{8,10})", "ChiCTR{0}"),
    _registry("chictr", "ChiCTR", r"ChiCTR-?([A-Z]{3})-?(\d{8})", "ChiCTR-{0}-{1}"),
    _registry("jrct", "jRCT", r"jRCT ?([a-z0-9]\d{9})", "jRCT{0}"),
    _registry("umin", "UMIN-CTR", r"(?:UMIN|C) ?(0000\d{5})", "UMIN{0}"),
    _registry("japiccti", "JapicCTI", r"Japic ?CTI-?(\d{6})", "JapicCTI-{0}"),
    _registry("jmaiia", "JMACCT", r"JMA-?IIA(00\d{3})", "JMA-IIA{0}"),
    _registry("ctri", "CTRI", r"CTRI ?/?(20\d{2})/(\d{2,3})/(\d{6})", "CTRI/{0}/{1}/{2}"),
    _registry("kct", "CRiS", r"KCT ?(\d{7})", "KCT{0}"),
    _registry("irct", "IRCT", r"IRCT ?(20\d{10,12}N\d{1,3})", "IRCT{0}"),
    _registry("ntr", "NTR", r"NTR ?(\d{2,4})", "NTR{0}"),
    _registry("nl", "NTR", r"NL(\d{2,4})", "NL{0}"),
    _registry("pactr", "PACTR", r"PACTR ?(20\d{13,14})", "PACTR{0}"),
    _registry("rebec", "ReBec", r"RBR-?(\d\w{5})", "RBR-{0}"),
    _registry("repec", "REPEC", r"PER-(\d{3})-(\d{2})", "PER-{0}-{1}"),
    _registry("rpcec", "RPCEC", r"RPCEC ?(0{5}\d{3})", "RPCEC{0}"),
    _registry("slctr", "SLCTR", r"SLCTR/?(20\d{2})/(\d{3})", "SLCTR/{0}/{1}"),
    _registry("tctr", "TCTR", r"TCTR ?(20\d{9})", "TCTR{0}"),
    _registry("lbctr", "LBCTR", r"LBCTR ?(20\d{8})", "LBCTR{0}"),
)
_DOI = re.compile(r"10\.[0-9]{4,9}/[^\s\x00-\x20\x7f]+")  # DOI Handbook, 2.2; the prefix as the model has it
_PMID = re.compile(r"[1-9][0-9]{0,8}")
_BEFORE_DOI = re.compile(r"(?:https?://)?(?:dx\.)?doi\.org/|doi[: ]\s*", re.IGNORECASE)
_BEFORE_PMID = re.compile(
    r"https?://(?:pubmed\.ncbi\.nlm\.nih\.gov|www\.ncbi\.nlm\.nih\.gov/pubmed)/|pmid[: ]\s*", re.I
)
# what MEDLINE and registries write before a number: the name of the data bank, an address
_BEFORE_NUMBER = re.compile(
    r"https?://\S+[/=](?=\w)|(?:ClinicalTrials\.gov|ISRCTN|EudraCT|ANZCTR|ChiCTR|CRiS|CTRI|DRKS|JPRN|NTR|PACTR|UMIN-CTR)"
    r"(?: (?:number|identifier|id))?[/:,] ?|JPRN-",
    re.IGNORECASE,
)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
SCHEMES: tuple[str, ...] = (*dict.fromkeys(registry.prefix for registry in REGISTRIES), "doi", "pmid")


def _plain(text: str) -> str:
    """Put a text in the characters that identifiers are made of, without what printing added around it."""
    text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE).translate(_DASHES)).strip()
    while text and (
        text[-1] in ".,;:'\"" or (text[-1] in _PAIRS and text.count(text[-1]) > text.count(_PAIRS[text[-1]]))
    ):
        text = text[:-1].rstrip()
    return text


def identifier(text: str) -> str | None:
    """Give the one form of the identifier that a text is, as it stands in a study key; None where it is none.

    Registry numbers, DOIs and PMIDs are known, the last two by what stands before them; a bare number is nothing.

    >>> identifier("nct 02149199"), identifier("https://doi.org/10.1056/NEJMoa1715274.")
    ('NCT02149199', 'doi:10.1056/nejmoa1715274')
    >>> identifier("ISRCTN１０１７５４９０"), identifier("2004‐002714‐11"), identifier("PMID: 29768149")
    ('isrctn:ISRCTN10175490', 'eudract:2004-002714-11', 'pmid:29768149')
    >>> identifier("NCT1234"), identifier("R01DC011020"), identifier("29768149")
    (None, None, None)
    """
    plain = _plain(text)
    if found := _BEFORE_PMID.match(plain):
        number = plain[found.end() :].rstrip("/")
        return f"pmid:{number}" if _PMID.fullmatch(number) else None
    if found := _BEFORE_DOI.match(plain):
        rest = plain[found.end() :]
        return _doi(unquote(rest) if "doi.org/" in found[0].lower() else rest)
    if plain.startswith("10."):
        return _doi(plain)
    return _number(plain) or next(
        (_number(plain[found.end() :]) for found in (_BEFORE_NUMBER.match(plain), _PREFIX.match(plain)) if found), None
    )


_PREFIX = re.compile(rf"(?:{'|'.join(SCHEMES)}):", re.IGNORECASE)


def _doi(text: str) -> str | None:
    plain = _plain(text)
    return "doi:" + plain.lower() if _DOI.fullmatch(plain) else None


def _number(text: str) -> str | None:
    for registry in REGISTRIES:
        if found := registry.pattern.fullmatch(text):
            groups = found.groups()
            small = registry.prefix in ("jrct", "rebec")
            number = registry.form.format(*(group.lower() if small else group.upper() for group in groups))
            return number if registry.prefix == "nct" else f"{registry.prefix}:{number}"
    return None


def scheme(key: str) -> str:
    """Give the scheme of an identifier in its one form: the prefix of a registry, doi or pmid.

    >>> scheme("NCT02149199"), scheme("isrctn:ISRCTN10175490"), scheme("doi:10.1056/nejmoa1715274")
    ('nct', 'isrctn', 'doi')
    """
    return "nct" if key.startswith("NCT") else key.partition(":")[0]


def is_registry_number(key: str) -> bool:
    """Say whether an identifier in its one form is the number of a registry."""
    return scheme(key) not in ("doi", "pmid") and scheme(key) in SCHEMES


# --- what a record says of itself -------------------------------------------------------------------------------


class Stands(StrEnum):
    """Where in its record an identifier stands."""

    DOCUMENT = "its own document"
    REPORT = "the identifiers of its report"
    CHOSEN = "the number that its report is said to have"
    LIST = "its list of numbers"


class Identifier(NamedTuple):
    """An identifier that was checked, and where it stands."""

    key: str
    stands: Stands


class Entry(NamedTuple):
    """What a record says of itself, and the study that it is filed under."""

    record: str  # the named graph
    key: str  # of the study, in the store or as read
    document: str
    identifiers: frozenset[Identifier]
    refused: tuple[str, ...] = ()  # of its registry numbers, those that have the form of none


class _Said(NamedTuple):
    """The identifiers of a record as it writes them."""

    document: str
    doi: str | None = None
    pmid: str | None = None
    registry_id: str | None = None
    numbers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # secondary identifiers: most are a sponsor's


def _said(study: Study) -> _Said:
    report = study.report
    others = tuple(each.label for each in study.secondary_identifiers)
    return _Said(study.record.document, report.doi, report.pmid, report.registry_id, study.identifiers, others)


def _checked(said: _Said) -> Iterator[tuple[str, Stands, str | None]]:
    """Give each text, where it stands, and the identifier that it is."""
    yield said.document, Stands.DOCUMENT, identifier(said.document)
    for prefix, text in (("doi:", said.doi), ("pmid:", said.pmid)):
        if text:
            yield text, Stands.REPORT, identifier(prefix + text)
    if said.registry_id:
        yield said.registry_id, Stands.CHOSEN, identifier(said.registry_id)
    yield from ((text, Stands.LIST, identifier(text)) for text in (*said.numbers, *said.others))


def _entry(record: str, key: str, said: _Said) -> Entry:
    checked = list(_checked(said))
    refused = [text for text, _, found in checked[1:] if found is None and text not in said.others]
    identifiers = frozenset(Identifier(found, stands) for _, stands, found in checked if found)
    return Entry(record, key, said.document, identifiers, tuple(dict.fromkeys(refused)))


def identifiers_of(study: Study) -> set[Identifier]:
    """Give the identifiers that a record states, checked and in their one form, and where each stands.

    Numbers in a title, and in texts, are not taken: they may be those of another trial.

    >>> from picograph.kg.source import Record, Source
    >>> record = Record(document="doi:10.1000/A", source=Source(sha256="0" * 64), method="curated")
    >>> for found in sorted(identifiers_of(Study(key="doi:10.1000/A", record=record, identifiers=("nct00000001",)))):
    ...     print(found.key, "in", found.stands)
    NCT00000001 in its list of numbers
    doi:10.1000/a in its own document
    """
    return set(_entry("", study.key, _said(study)).identifiers)


def with_stated_key(study: Study) -> Study:
    """Write down among the identifiers of a study what only its key says, so that a new key loses nothing.

    For a record as it was read. A record of a store has the key that was found for it: leave that alone.

    >>> from picograph.kg.source import Record, Source
    >>> record = Record(document="pmid:1", source=Source(sha256="0" * 64), method="curated")
    >>> with_stated_key(Study(key="NCT00000001", record=record)).identifiers
    ('NCT00000001',)
    """
    key = identifier(study.key)
    if key is None or key in {each.key for each in identifiers_of(study) if each.stands is not Stands.LIST}:
        return study
    listed = {each.key for each in identifiers_of(study)}
    report = study.report
    if is_registry_number(key) and any(scheme(each) == scheme(key) for each in listed - {key}):
        if report.registry_id:  # what the report says of itself goes before the key
            return msgspec.structs.replace(study, identifiers=tuple(dict.fromkeys((study.key, *study.identifiers))))
        return msgspec.structs.replace(study, report=msgspec.structs.replace(report, registry_id=study.key))
    if key in listed:
        return study
    if scheme(key) == "doi" and not report.doi:
        report = msgspec.structs.replace(report, doi=study.key.removeprefix("doi:"))
    elif scheme(key) == "pmid" and not report.pmid:
        report = msgspec.structs.replace(report, pmid=study.key.removeprefix("pmid:"))
    else:
        return msgspec.structs.replace(study, identifiers=(study.key, *study.identifiers))
    return msgspec.structs.replace(study, report=report)


def entry_of(study: Study) -> Entry:
    """Give what a record says of itself, for a study as it was read."""
    study = with_stated_key(study)
    return _entry(record_iri(study.record.document, study.record.method), study.key, _said(study))


_STATED = f"""
PREFIX pg: <{PG}>
SELECT ?record ?study ?document ?where ?value WHERE {{
  GRAPH ?record {{
    ?record a pg:Record ; pg:ofStudy ?study ; pg:documentKey ?document .
    OPTIONAL {{
      {{ ?study pg:report/pg:doi ?value . BIND ("doi" AS ?where) }}
      UNION {{ ?study pg:report/pg:pmid ?value . BIND ("pmid" AS ?where) }}
      UNION {{ ?study pg:report/pg:registryId ?value . BIND ("registry_id" AS ?where) }}
      UNION {{ ?study pg:identifier ?value . BIND ("numbers" AS ?where) }}
      UNION {{
        ?study pg:secondaryIdentifier/<http://www.w3.org/2000/01/rdf-schema#label> ?value . BIND ("others" AS ?where)
      }}
    }}
  }}
}}"""


def entries_of(store: "Store") -> list[Entry]:
    """Give what every record of a store says of itself, sorted by record."""
    rows: dict[tuple[str, str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    solutions = store.query(_STATED)
    assert isinstance(solutions, QuerySolutions)
    for row in solutions:
        record, study, document, where, value = (
            getattr(row[name], "value", "") for name in ("record", "study", "document", "where", "value")
        )
        rows[record, study, document][where].add(value)
    return [_entry(record, study_key(study), _read_back(document, said))
            for (record, study, document), said in sorted(rows.items())]  # fmt: skip


def _read_back(document: str, said: Mapping[str, set[str]]) -> _Said:
    doi, pmid, registry_id = (min(said.get(name, ()), default=None) for name in ("doi", "pmid", "registry_id"))
    numbers, others = (tuple(sorted(said.get(name, ()))) for name in ("numbers", "others"))
    return _Said(document, doi, pmid, registry_id, numbers, others)


# --- splits -----------------------------------------------------------------------------------------------------


class Splits:
    """What a user forbids to be one study: pairs of identifiers, or of documents of records.

    >>> str(parse_splits("doi:10.1000/a\\tNCT00000001  # another trial\\n"))
    'NCT00000001 is not doi:10.1000/a (line 1)'
    """

    def __init__(self, lines: Mapping[tuple[str, str], str] | None = None) -> None:
        """Take pairs of nodes, each with where it was written."""
        self.lines = {(min(pair), max(pair)): where for pair, where in (lines or {}).items()}
        self.pairs = sorted(self.lines)

    def __str__(self) -> str:
        return "\n".join(f"{one} is not {other} ({self.lines[one, other]})" for one, other in self.pairs)

    def unmet(self, index: "Index") -> list[str]:
        """Give what no record of an index states: most likely written wrong."""
        return sorted({side for pair in self.pairs for side in pair if not index.knows(side)})


def _node(document: str) -> str:
    """Give the node of a document: its identifier, or a key made from what it is called."""
    return identifier(document) or "document:" + quote(document, safe=":/.-_~")


def parse_splits(text: str, name: str = "") -> Splits:
    """Read a file of splits: two identifiers or record documents a line, ``#`` begins a comment.

    :param name: what errors call the file
    :raises InputError: if a line does not have two of them, if they are the same, or if one only looks like one
    """
    lines: dict[tuple[str, str], str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        sides = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].split()
        where = f"{name}, line {number}" if name else f"line {number}"
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
        one, other = map(_node, sides)
        if one == other:
            raise InputError(f"both sides of the line are {one}", where=where, remedy="name two different things")
        lines[one, other] = where
    return Splits(lines)


def read_splits(path: str | Path) -> Splits:
    """Read a file of splits from the disk; a file that is not there says nothing.

    :raises InputError: if it cannot be read, or a line is wrong
    """
    try:
        return parse_splits(Path(path).read_text("utf-8"), str(path))
    except FileNotFoundError:
        return Splits()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file of splits cannot be read: {error}", where=str(path)) from None


# --- which records are one study --------------------------------------------------------------------------------

_Edges = dict[str, set[str]]
_Parts = list[frozenset[str]]


class _Held(NamedTuple):
    """A record as a node, what ties it to other nodes, and what does not."""

    entry: Entry
    node: str
    same: frozenset[str]  # other identifiers of the same publication
    numbers: frozenset[str]  # registry numbers that join it to a study
    apart: tuple[str, ...]  # why others do not


def _several(keys: Iterable[str]) -> dict[str, list[str]]:
    """Give the schemes of which there is more than one identifier."""
    found: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        found[scheme(key)].add(key)
    return {name: sorted(found[name]) for name in SCHEMES if len(found[name]) > 1}


def _tie(entry: Entry) -> _Held:
    """Say what ties a record to others."""
    apart = [f"{text!r} has the form of no registry's number" for text in entry.refused]
    if identifier(entry.key) is None and not entry.key.startswith("document:"):
        apart.append(f"{entry.key} is a key of your own: the record stays under it")
        return _Held(entry, entry.key, frozenset(), frozenset(), tuple(apart))
    node = _node(entry.document)
    by_place: dict[Stands, set[str]] = defaultdict(set)
    for each in sorted(entry.identifiers):
        by_place[each.stands].add(each.key)
    listed, chosen = by_place[Stands.LIST], by_place[Stands.CHOSEN]
    if is_registry_number(node):
        # what a registry lists beside its own number may be another registration of this trial, or a related trial
        numbers = {each for each in listed | chosen if is_registry_number(each)} - {node}
        related = {each for each in numbers if scheme(each) == scheme(node)}
        apart += [f"{each} is another number of the registry of {node}: a related study" for each in sorted(related)]
        for rivals in _several(numbers - related).values():
            apart.append(f"the record lists several numbers of one registry: {', '.join(rivals)}")
            numbers -= set(rivals)
        return _Held(entry, node, frozenset(), frozenset(numbers - related), tuple(apart))
    same = {each for each in by_place[Stands.REPORT] | listed if not is_registry_number(each)} - {node}
    for name in ("doi", "pmid"):
        stated = {each for each in same if scheme(each) == name}
        own = {node} if scheme(node) == name else stated & by_place[Stands.REPORT]
        others = stated - own
        apart += [f"{each} is not of this publication, which is {min(own)}" for each in sorted(others) if own]
        if not own and len(others) == 1:
            continue
        same -= others
    chosen = {each for each in chosen if is_registry_number(each)}
    listed = {each for each in listed if is_registry_number(each)}
    if several := _several(listed | chosen):
        apart.append(f"the report lists several trials, {'; '.join(', '.join(each) for each in several.values())}: "
                     "the list joins none of them")  # fmt: skip
        listed = set()
    return _Held(entry, node, frozenset(same), frozenset(listed | chosen), tuple(apart))


def _connected(nodes: Iterable[str], edges: _Edges) -> Iterator[frozenset[str]]:
    left = set(nodes)
    while left:
        part, new = set(), [left.pop()]
        while new:
            node = new.pop()
            part.add(node)
            near = edges.get(node, set()) & left
            left -= near
            new += near
        yield frozenset(part)


def _separate(nodes: frozenset[str], edges: _Edges, sources: Sequence[str]) -> _Parts:
    """Part nodes so that no two sources are together: each goes with its nearest source, between two with neither."""
    nearest: dict[str, set[str]] = {source: {source} for source in sources}
    front = dict(nearest)
    while front:
        reached: dict[str, set[str]] = defaultdict(set)
        for node, labels in front.items():
            for near in edges.get(node, set()) & nodes:
                if near not in nearest:
                    reached[near] |= labels
        nearest |= reached
        front = dict(reached)
    of_label: dict[frozenset[str], set[str]] = defaultdict(set)
    for node, labels in nearest.items():
        of_label[frozenset(labels) if len(labels) == 1 else frozenset()].add(node)
    return [part for group in of_label.values() for part in _connected(group, edges)]


class _Found(NamedTuple):
    parts: _Parts
    notes: list[tuple[str, frozenset[str]]]  # what was not joined, and the nodes that it is about


def _part(nodes: Iterable[str], edges: _Edges, splits: Mapping[tuple[str, str], str], schemes: Sequence[str]) -> _Found:
    """Part nodes into what is connected, splits obeyed, with one identifier of the first scheme in each part."""
    done = _Found([], [])
    todo = list(_connected(nodes, edges))
    while todo:
        part = todo.pop()
        split = next(((pair, where) for pair, where in sorted(splits.items()) if part.issuperset(pair)), None)
        if split:
            (one, other), where = split
            done.notes.append((f"{one} and {other} are kept apart ({where})", part))
            todo += _separate(part, edges, (one, other))
            continue
        first = next((name for name in schemes if any(scheme(each) == name for each in part)), None)
        rivals = sorted(each for each in part if scheme(each) == first)
        if len(rivals) > 1:
            said = (
                f"records connect {', '.join(rivals)}: it cannot be said which study they are of, so they do not join"
            )
            done.notes.append((said, part))
            todo += _separate(part, edges, rivals)
        else:
            done.parts.append(part)
    return done


def _key(part: Iterable[str]) -> str:
    order = {name: rank for rank, name in enumerate(SCHEMES)}
    return min(part, key=lambda node: (order.get(scheme(node), len(order)), node))


class _Component(NamedTuple):
    """All that hangs together by any tie, parted into studies."""

    held: dict[str, _Held]  # by record
    keys: dict[str, str]  # the key of each node
    notes: list[tuple[str, frozenset[str]]]


def _studies(held: dict[str, _Held], splits: Splits) -> _Component:
    """Part records that hang together into studies: first which publications are one, then which trial each is of."""
    same: _Edges = defaultdict(set)
    nodes: set[str] = set()
    for each in held.values():
        nodes |= {each.node, *each.same, *each.numbers}
        for other in each.same:
            same[each.node].add(other)
            same[other].add(each.node)
    pairs = {pair: splits.lines[pair] for pair in splits.pairs if nodes.issuperset(pair)}
    publications = _part(nodes, same, pairs, ("doi", "pmid"))
    stands_for = {node: min(part) for part in publications.parts for node in part}
    members: dict[str, frozenset[str]] = {min(part): part for part in publications.parts}
    trials: _Edges = defaultdict(set)
    for each in held.values():
        for number in each.numbers:
            one, other = stands_for[each.node], stands_for[number]
            trials[one].add(other)
            trials[other].add(one)
    pairs = {(stands_for[one], stands_for[other]): where for (one, other), where in pairs.items()}
    found = _part(members, trials, pairs, SCHEMES[:-2])
    keys: dict[str, str] = {}
    for part in found.parts:
        inside = frozenset().union(*(members[each] for each in part))
        keys |= dict.fromkeys(inside, _key(inside))
    notes = [(text, frozenset().union(*(members[each] for each in about))) for text, about in found.notes]
    return _Component(held, keys, [*publications.notes, *notes])


class Index:
    """What the records of a store, and those being loaded, say of themselves.

    >>> index = Index([Entry("r1", "doi:10.1000/a", "doi:10.1000/a", frozenset())])
    >>> len(index), index.knows("NCT00000001")
    (1, False)
    """

    def __init__(self, entries: Iterable[Entry] = (), splits: Splits | None = None) -> None:
        """Take the entries of the records that are known, and what a user forbids to join."""
        self.splits = splits or Splits()
        self._held: dict[str, _Held] = {}
        self._at: dict[str, dict[str, None]] = {}
        for entry in entries:
            self.put(entry)

    def __len__(self) -> int:
        return len(self._held)

    def knows(self, node: str) -> bool:
        """Say whether any record states an identifier, in its one form."""
        return node in self._at

    def put(self, entry: Entry) -> None:
        """Take a record in, in place of an earlier version of it."""
        self.drop(entry.record)
        held = self._held[entry.record] = _tie(entry)
        for node in _nodes(held):
            self._at.setdefault(node, {})[entry.record] = None

    def drop(self, record: str) -> None:
        """Take a record out, if it is in."""
        if held := self._held.pop(record, None):
            for node in _nodes(held):
                self._at[node].pop(record)
                if not self._at[node]:
                    del self._at[node]

    def entry(self, record: str) -> Entry | None:
        """Give what is known of a record."""
        held = self._held.get(record)
        return held.entry if held else None

    def keys(self) -> dict[str, str]:
        """Give the key of the study of every record."""
        found: dict[str, str] = {}
        for record, held in self._held.items():
            if record not in found:
                component = self._component(_nodes(held), None)
                found |= {each: component.keys[other.node] for each, other in component.held.items()}
        return {record: found[record] for record in sorted(found)}

    def _component(self, start: Iterable[str], new: _Held | None) -> _Component:
        """Part all that hangs together with some nodes, with a record as if it were in."""
        held: dict[str, _Held] = {}
        seen, todo = set(start), list(start)
        while todo:
            node = todo.pop()
            found = {record: self._held[record] for record in self._at.get(node, ())}
            if new:
                found.pop(new.entry.record, None)
                if node in _nodes(new):
                    found[new.entry.record] = new
            for record, each in found.items():
                if record not in held:
                    held[record] = each
                    nodes = _nodes(each) - seen
                    seen |= nodes
                    todo += nodes
        return _studies(held, self.splits)


def _nodes(held: _Held) -> frozenset[str]:
    return held.same | held.numbers | {held.node}


class Reason(NamedTuple):
    """An identifier by which a record is one study with others, where it stands, and the documents of the others."""

    identifier: str
    stands: Stands
    documents: tuple[str, ...]

    def __str__(self) -> str:
        others = ", ".join(self.documents)
        return f"{self.identifier}, in {self.stands}" + (f": one study with {others}" if others else "")


class Rekey(NamedTuple):
    """A record of a store whose study has another key from now on."""

    record: str
    document: str
    old: str
    new: str


class Resolution(NamedTuple):
    """The study that a record is of, and why."""

    record: str
    document: str
    key: str
    joined: tuple[Reason, ...]
    apart: tuple[str, ...]  # what was not joined, and why
    rekey: tuple[Rekey, ...]  # other records


def resolve(study: Study, index: Index) -> Resolution:
    """Say which study a record is of, given what others say. The index stays as it is.

    :param study: as it was read, or with `with_stated_key`
    :param index: what the store holds, and what else is being loaded; an earlier version of the record is passed over
    """
    return resolve_entry(entry_of(study), index)


def resolve_entry(entry: Entry, index: Index) -> Resolution:
    """Say which study a record is of from its entry alone."""
    new = _tie(entry)
    old = index._held.get(entry.record)
    before = _nodes(old) if old else frozenset()
    component = index._component(_nodes(new) | before, new)
    key = component.keys[new.node]
    mine = [each for record, each in component.held.items()
            if record != entry.record and component.keys[each.node] == key]  # fmt: skip
    joined = []
    for node, stands in sorted({each.key: each.stands for each in sorted(entry.identifiers, reverse=True)}.items()):
        if component.keys.get(node) == key and node in _nodes(new):
            others = sorted({each.entry.document for each in mine if node in _nodes(each)})
            if others or node == key != new.node:
                joined.append(Reason(node, stands, tuple(others)))
    notes = [text for text, about in component.notes if _nodes(new) & about]
    documents = {_node(each.entry.document) for each in (new, *mine)} if new.node == entry.key else set()
    for one, other in index.splits.pairs:
        if {one, other} <= documents:
            where = index.splits.lines[one, other]
            notes.append(f"{one} and {other} are kept apart ({where}), but have the key {key}: give them two keys")
    changed = sorted(
        Rekey(record, each.entry.document, each.entry.key, component.keys[each.node])
        for record, each in component.held.items()
        if record != entry.record and each.entry.key != component.keys[each.node]
    )
    return Resolution(entry.record, entry.document, key, tuple(joined), (*new.apart, *notes), tuple(changed))


def rekey(study: Study, key: str) -> Study:
    """Give a study under another key: what its record says stays as it is."""
    return msgspec.structs.replace(study, key=key)


def explain(resolution: Resolution) -> Iterator[str]:
    """Say in lines why a record is of its study, for people.

    >>> index = Index([_entry("r1", "NCT00000001", _Said("NCT00000001"))])
    >>> found = resolve_entry(_entry("r2", "pmid:1", _Said("pmid:1", numbers=("NCT00000001",))), index)
    >>> print(*explain(found), sep="\\n")
    pmid:1 is a record of the study NCT00000001
      by NCT00000001, in its list of numbers: one study with NCT00000001
    """
    yield f"{resolution.document} is a record of the study {resolution.key}"
    for reason in resolution.joined:
        yield f"  by {reason}"
    for text in resolution.apart:
        yield f"  not joined: {text}"
    for each in resolution.rekey:
        yield f"  {each.document} moves with it: until now a record of the study {each.old}, now of {each.new}"
