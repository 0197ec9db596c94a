"""Which records are one study: what follows from what all of them say of themselves, together.

Records that share an identifier are one study, with these limits:

- a publication that lists several trials joins none of them;
- a study has one number of the registry that gives it its key: what lies between two of them joins neither;
- two things on one line of a file of splits are never one study;
- a key of a user's own, such as lab:7, is left as it is: records that have it are one study, and no others.

The keys follow from the set of records and the splits, never from the order in which they were loaded. Nothing here
guesses: what is not joined says why.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from picograph.kg.identifiers import SCHEMES, identifier, is_registry_number, node_of, scheme
from picograph.kg.identity import Identifier, Said, Stands, checked, said, with_stated_key
from picograph.kg.parting import Edges, divide
from picograph.kg.splits import Splits
from picograph.kg.study import Study
from picograph.kg.triples import record_iri


class Entry(NamedTuple):
    """What a record says of itself, and the study that it is filed under."""

    record: str  # the named graph
    key: str  # of the study, in the store or as read
    document: str
    identifiers: frozenset[Identifier]
    refused: tuple[str, ...] = ()  # of its registry numbers, those that have the form of none


def entry(record: str, key: str, stated: Said) -> Entry:
    """Make the entry of a record from its identifiers as it writes them."""
    return Entry(record, key, stated.document, *checked(stated))


def entry_of(study: Study) -> Entry:
    """Give what a record says of itself, for a study as it was read."""
    study = with_stated_key(study)
    return entry(record_iri(study.record.document, study.record.method), study.key, said(study))


def stored_entry(study: Study) -> Entry:
    """Give what a record of a store says of itself, whose key may have come from others."""
    return entry(record_iri(study.record.document, study.record.method), study.key, said(study))


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
    node = node_of(entry.document)
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
    named = by_place[Stands.ABSTRACT] - listed - chosen
    if several := _several(listed | chosen):
        apart.append(f"the report lists several trials, {_all(several)}: the list joins none of them")
        listed = set()
    elif not listed | chosen and (several := _several(named)):
        apart.append(f"the abstract names several trials, {_all(several)}: it joins none of them")
    elif not listed | chosen:
        listed = named
    if named - listed and not several:
        apart.append(f"the abstract names {', '.join(sorted(named))} too, which its list of numbers does not have")
    return _Held(entry, node, frozenset(same), frozenset(listed | chosen), tuple(apart))


def _all(several: Mapping[str, list[str]]) -> str:
    return "; ".join(", ".join(each) for each in several.values())


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
    same: Edges = defaultdict(set)
    nodes: set[str] = set()
    for each in held.values():
        nodes |= {each.node, *each.same, *each.numbers}
        for other in each.same:
            same[each.node].add(other)
            same[other].add(each.node)
    pairs = {pair: splits.told(pair) for pair in splits.pairs if nodes.issuperset(pair)}
    publications = divide(nodes, same, pairs, ("doi", "pmid"))
    stands_for = {node: min(part) for part in publications.parts for node in part}
    members: dict[str, frozenset[str]] = {min(part): part for part in publications.parts}
    trials: Edges = defaultdict(set)
    for each in held.values():
        for number in each.numbers:
            one, other = stands_for[each.node], stands_for[number]
            trials[one].add(other)
            trials[other].add(one)
    pairs = {(stands_for[one], stands_for[other]): told for (one, other), told in pairs.items()}
    found = divide(members, trials, pairs, SCHEMES[:-2])
    keys: dict[str, str] = {}
    for part in found.parts:
        inside = frozenset().union(*(members[each] for each in part))
        keys |= dict.fromkeys(inside, _key(inside))
    notes = [(text, frozenset().union(*(members[each] for each in about))) for text, about in found.notes]
    return _Component(held, keys, sorted([*publications.notes, *notes], key=lambda note: note[0]))


class Index:
    """What records say of themselves: some of a store, those that are being loaded, and all that hangs together.

    >>> index = Index([Entry("r1", "doi:10.1000/a", "doi:10.1000/a", frozenset())])
    >>> len(index), index.knows("NCT00000001")
    (1, False)
    """

    def __init__(self, entries: Iterable[Entry] = (), splits: Splits | None = None) -> None:
        """Take the entries of the records that are known, and what a user forbids to join."""
        self.splits = splits or Splits()
        self._held: dict[str, _Held] = {}
        self._at: dict[str, dict[str, None]] = {}
        for each in entries:
            self.put(each)

    def __len__(self) -> int:
        return len(self._held)

    def knows(self, node: str) -> bool:
        """Say whether any record states an identifier, in its one form."""
        return node in self._at

    def put(self, entry: Entry) -> frozenset[str]:
        """Take a record in, in place of an earlier version of it. Gives the identifiers that tie either to others."""
        before = self.drop(entry.record)
        held = self._held[entry.record] = _tie(entry)
        for node in _nodes(held):
            self._at.setdefault(node, {})[entry.record] = None
        return before | _nodes(held)

    def drop(self, record: str) -> frozenset[str]:
        """Take a record out, if it is in. Gives the identifiers that tied it to others."""
        held = self._held.pop(record, None)
        if held is None:
            return frozenset()
        for node in _nodes(held):
            self._at[node].pop(record)
            if not self._at[node]:
                del self._at[node]
        return _nodes(held)

    def entry(self, record: str) -> Entry | None:
        """Give what is known of a record."""
        held = self._held.get(record)
        return held.entry if held else None

    def keys(self) -> dict[str, str]:
        """Give the key of the study of every record."""
        found: dict[str, str] = {}
        for component in self.components(self._at):
            found |= {record: component.keys[each.node] for record, each in component.held.items()}
        return {record: found[record] for record in sorted(found)}

    def components(self, start: Iterable[str]) -> "Iterator[_Component]":
        """Part all that hangs together with some identifiers into studies: each of what hangs together once."""
        seen: set[str] = set()
        for node in start:
            if node not in seen:
                held = self._reached(node, seen)
                if held:
                    yield _studies(held, self.splits)

    def _reached(self, start: str, seen: set[str]) -> dict[str, _Held]:
        """Give the records that hang together with an identifier; the identifiers on the way are added to ``seen``."""
        held: dict[str, _Held] = {}
        seen.add(start)
        todo = [start]
        while todo:
            for record in self._at.get(todo.pop(), ()):
                if record not in held:
                    held[record] = self._held[record]
                    new = _nodes(held[record]) - seen
                    seen |= new
                    todo += new
        return held


def _nodes(held: _Held) -> frozenset[str]:
    return held.same | held.numbers | {held.node}


def ties(entry: Entry) -> frozenset[str]:
    """Give the identifiers that can tie a record to others, in their one form."""
    return _nodes(_tie(entry))


class Reason(NamedTuple):
    """An identifier by which a record is one study with others, where it stands, and the documents of the others."""

    identifier: str
    stands: Stands
    documents: tuple[str, ...]

    def __str__(self) -> str:
        others = ", ".join(self.documents[:_NAMED])
        more = f" and {len(self.documents) - _NAMED} more" if len(self.documents) > _NAMED else ""
        return f"{self.identifier}, in {self.stands}" + (f": one study with {others}{more}" if others else "")


_NAMED = 5  # documents that a reason names


class Rekey(NamedTuple):
    """A record of a store whose study has another key from now on."""

    record: str
    document: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.document} moves: until now a record of the study {self.old}, now of {self.new}"


class Resolution(NamedTuple):
    """The study that a record is of, and why."""

    record: str
    document: str
    key: str
    joined: tuple[Reason, ...]
    apart: tuple[str, ...]  # what was not joined, and why


class Settled(NamedTuple):
    """What follows from records that are loaded."""

    resolutions: dict[str, Resolution]  # by record: of each that is loaded
    rekeys: tuple[Rekey, ...]  # other records, which are of another study from now on


def settle(entries: Iterable[Entry], index: Index, *, changed: Iterable[str] = ()) -> Settled:
    """Say which study each record is of, given what others say.

    :param entries: of the records that are loaded; of two versions of one record the last counts
    :param index: every other record that hangs together with them; the entries are put into it
    :param changed: further identifiers about which something has changed, such as those of a line of splits
    """
    new = {each.record: each for each in entries}
    start = set(changed)
    for each in new.values():
        start |= index.put(each)
    resolutions, rekeys = {}, []
    for component in index.components(sorted(start)):
        for record, held in component.held.items():
            key = component.keys[held.node]
            if record in new:
                resolutions[record] = _resolution(held, key, component, index.splits)
            elif held.entry.key != key:
                rekeys.append(Rekey(record, held.entry.document, held.entry.key, key))
            index._held[record] = held._replace(entry=held.entry._replace(key=key))
    return Settled(resolutions, tuple(sorted(rekeys)))


def _resolution(held: _Held, key: str, component: _Component, splits: Splits) -> Resolution:
    """Say why a record is of its study."""
    entry, mine = held.entry, _nodes(held)
    others = [each for each in component.held.values() if component.keys[each.node] == key and each is not held]
    joined = []
    for node, stands in sorted({each.key: each.stands for each in sorted(entry.identifiers, reverse=True)}.items()):
        if component.keys.get(node) == key and node in mine:
            documents = sorted({each.entry.document for each in others if node in _nodes(each)})
            if documents or node == key != held.node:
                joined.append(Reason(node, stands, tuple(documents)))
    notes = [text for text, about in component.notes if mine & about]
    if held.node == entry.key:  # a key of the user's own
        documents_of = {node_of(each.entry.document) for each in (held, *others)}
        for one, other in splits.pairs:
            if {one, other} <= documents_of:
                notes.append(f"{splits.told((one, other))}, but have the key {key}: give them two keys")
    return Resolution(entry.record, entry.document, key, tuple(joined), (*held.apart, *notes))


def alone(study: Study) -> str:
    """Give the key of the study of a record, as far as that follows from the record alone.

    >>> from picograph.kg.source import Record, Source
    >>> record = Record(document="pmid:1", source=Source(sha256="0" * 64), method="registry")
    >>> alone(Study(key="pmid:1", record=record, identifiers=("NCT00000001",)))
    'NCT00000001'
    """
    return key_alone(entry_of(study))


def key_alone(own: Entry) -> str:
    """Give the key of the study of a record, as far as that follows from what it says of itself."""
    return settle([own], Index()).resolutions[own.record].key


def explain(resolution: Resolution) -> Iterator[str]:
    """Say in lines why a record is of its study, for people.

    >>> index = Index([entry("r1", "NCT00000001", Said("NCT00000001"))])
    >>> found = settle([entry("r2", "pmid:1", Said("pmid:1", numbers=("NCT00000001",)))], index)
    >>> print(*explain(found.resolutions["r2"]), sep="\\n")
    pmid:1 is a record of the study NCT00000001
      by NCT00000001, in its list of numbers: one study with NCT00000001
    """
    yield f"{resolution.document} is a record of the study {resolution.key}"
    for reason in resolution.joined:
        yield f"  by {reason}"
    for text in resolution.apart:
        yield f"  not joined: {text}"
