"""Studies side by side: of each thing that any of them speaks of, what each says, where, and whether that differs.

Two studies speak of one thing where their parts share a concept, or their words. What a study does not speak of stays
empty: that is no zero. One study's publications are held against its registry record by a question of the catalogue.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from picograph.kg.results import AdverseEventResult, Association, Baseline, Disposition, Estimate, Part
from picograph.kg.study import (
    Arm,
    Condition,
    EligibilityCriterion,
    Intervention,
    Outcome,
    Study,
    StudyDesign,
)
from picograph.kg.triples import place_iri
from picograph.queries.answer import Answer, Cell, Row
from picograph.queries.question import Column
from picograph.queries.show import facts

if TYPE_CHECKING:
    from picograph.kg.store import Store

Words = Callable[[str], str | None]  # IRI of a place -> the words there, None where the source is not at hand
AGAINST_REGISTRY = "registry-publication"  # the question that says how a publication differs from its registry record
CAUTIONS = (
    "What a study does not speak of is empty here: that is not zero.",
    "Things are one where they share a concept or their words; in other words they stand here twice.",
    "Arms of different studies are not randomised against each other.",
)
SECTIONS = ("Design", "Population", "Arms and interventions", "Participant flow", "Outcomes", "Adverse events")
_DESIGN = {  # fields of a design: what people call them
    "study_type": "type", "phase": "phase", "allocation": "allocation", "model": "model", "masking": "masking",
    "purpose": "purpose", "multicentre": "several centres", "centres": "centres", "status": "status",
    "number_of_arms": "number of arms",
}  # fmt: skip


class Difference(StrEnum):
    """Whether studies say the same of a thing."""

    SAME = "same"
    DIFFERS = "differs"
    SILENT = "not in all"  # some do not speak of it


class Said(NamedTuple):
    """What a study says of a thing, and where."""

    value: str
    evidence: tuple[str, ...]  # IRIs of places


class Item(NamedTuple):
    """A thing that studies speak of: whether they differ, and what each says, in their order."""

    section: str
    name: str
    difference: Difference
    cells: tuple[tuple[Said, ...], ...]


class _Fact(NamedTuple):
    """What one record says of a thing; ``same`` is what makes two sayings one."""

    section: str
    known_by: frozenset[str]  # the concepts of the thing, and its words
    name: str
    value: str
    same: str
    evidence: tuple[str, ...]


def side_by_side(studies: Mapping[str, Sequence[Study]]) -> list[Item]:
    """Hold studies against each other, section by section.

    :param studies: the records of each study, by its key
    :returns: an item for each thing that any record speaks of, in the order in which the studies have them

    >>> from picograph.kg.load import example
    >>> from picograph.kg.readers import read_record
    >>> study = read_record(*reversed(example()))
    >>> items = side_by_side({"a": [study], "b": [study]})
    >>> {str(item.difference) for item in items}
    {'same'}
    """
    said = [(study, fact) for study, records in studies.items() for record in records for fact in _facts(record)]
    items = []
    for things in _things(said):
        cells = [[fact for study, fact in things if study == each] for each in studies]
        first = things[0][1]
        items.append(Item(first.section, first.name, _difference(cells), tuple(map(_cell, cells))))
    return sorted(items, key=lambda item: SECTIONS.index(item.section))


def _things(said: Sequence[tuple[str, _Fact]]) -> list[list[tuple[str, _Fact]]]:
    """Put together what is said of one thing: facts of a section that share a concept or words."""
    group_of: dict[tuple[str, str], list[tuple[str, _Fact]]] = {}
    groups: dict[int, list[tuple[str, _Fact]]] = {}
    for each in said:
        names = [(each[1].section, name) for name in sorted(each[1].known_by)]
        met = {id(group): group for name in names if (group := group_of.get(name)) is not None}
        first = next((group for number, group in groups.items() if number in met), None)
        if first is None:
            first = []
            groups[id(first)] = first
        first.append(each)
        for number, group in met.items():
            if group is not first:  # what was two things is one: it has names of both
                first.extend(group)
                del groups[number]
        met_names = {(fact.section, name) for _, fact in first for name in fact.known_by} if len(met) > 1 else names
        group_of.update(dict.fromkeys(met_names, first))
    return list(groups.values())


def _difference(cells: Sequence[Sequence[_Fact]]) -> Difference:
    if not all(cells):
        return Difference.SILENT
    return (
        Difference.SAME if len({frozenset(fact.same for fact in cell) for cell in cells}) == 1 else Difference.DIFFERS
    )


def _cell(facts: Iterable[_Fact]) -> tuple[Said, ...]:
    """Put together what records of a study say alike: each value once, with all its places."""
    found: dict[str, Said] = {}
    for fact in facts:
        value, evidence = found.get(fact.same, (fact.value, ()))
        found[fact.same] = Said(value, tuple(dict.fromkeys((*evidence, *fact.evidence))))
    return tuple(found.values())


def _facts(study: Study) -> Iterator[_Fact]:
    """Give what a record says, each fact with the thing that it is about."""
    sha256 = study.record.source.sha256
    if study.design is not None:
        yield from _of_design(study.design, sha256)
    labels = {arm.key: arm.label for arm in study.arms} if len(study.arms) > 1 else {}
    outcomes = {outcome.key: outcome for outcome in study.outcomes}
    for section, name, value, part in facts(study):
        if section not in SECTIONS:
            continue
        about, concepts = _about(part, name, outcomes)
        arm = getattr(part, "arm", None)
        told = f"{labels.get(arm, arm)}: {value}" if arm and labels else value
        if isinstance(part, Arm | Intervention):
            told = ": ".join(filter(None, (part.label, value)))
        elif isinstance(part, EligibilityCriterion):
            told = part.label.partition(": ")[2] or part.label
        if told:
            evidence = tuple(place_iri(sha256, place) for place in part.evidence)
            same = min(concepts) if isinstance(part, Condition) and concepts else told.casefold()
            yield _Fact(section, frozenset({*concepts, about.casefold()}), about, told, same, evidence)


def _of_design(design: StudyDesign, sha256: str) -> Iterator[_Fact]:
    evidence = tuple(place_iri(sha256, place) for place in design.evidence)
    for field, name in _DESIGN.items():
        value = structs.asdict(design)[field]
        if value is not None:
            told = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
            yield _Fact("Design", frozenset({name}), name, told, told.casefold(), evidence)


def _about(part: Part, name: str, outcomes: Mapping[str, Outcome]) -> tuple[str, tuple[str, ...]]:
    """Say what a fact is about: in words, and by its concepts."""
    concepts = tuple(getattr(part, "concept", ()))
    match part:
        case Arm():
            return "arms", ()
        case Condition():
            return f"condition: {part.label}", tuple(f"condition {each}" for each in concepts)
        case EligibilityCriterion():
            words, colon, _ = part.label.partition(": ")
            return words if colon else f"{part.kind.value} criteria", ()
        case Intervention() | Outcome():
            return part.label, concepts
        case Baseline():
            return _with(part.variable, part.component, concepts)
        case Estimate():
            outcome = outcomes.get(part.outcome)
            return _with(outcome.label if outcome else part.outcome, part.component, outcome.concept if outcome else ())
        case AdverseEventResult():
            return part.term, () if part.any_event else concepts
        case Association():
            return part.factor, concepts
        case Disposition():
            return part.label, ()
    return name, ()


def _with(words: str, component: str | None, concepts: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    return (f"{words}, {component}", ()) if component else (words, concepts)


def columns(studies: Sequence[str], *, with_words: bool = False) -> dict[str, Column]:
    """Give the columns of studies side by side for programs: what each says, then where, then the words there."""
    found = {name: Column(kind="text") for name in ("section", "item", "difference")}
    found |= {study: Column(kind="list") for study in studies}
    found |= {f"{study} evidence": Column(kind="evidence") for study in studies}
    return found | ({f"{study} words": Column(kind="list") for study in studies} if with_words else {})


def rows(items: Iterable[Item], studies: Sequence[str], words: Words | None = None) -> list[Row]:
    """Give studies side by side as rows, in `columns`; with ``words``, what stands at each place too."""
    found: list[Row] = []
    for item in items:
        row: Row = {"section": item.section, "item": item.name, "difference": item.difference.value}
        for study, cell in zip(studies, item.cells, strict=True):
            row[study] = tuple(said.value for said in cell) or None
            places = tuple(dict.fromkeys(place for said in cell for place in said.evidence))
            row[f"{study} evidence"] = places
            if words:
                row[f"{study} words"] = tuple(words(place) or "" for place in places)
        found.append(row)
    return found


def against_registry(store: "Store", study: str, words: Words | None = None) -> Answer:
    """Hold the publications of a study against its registry record: each difference with both places.

    :param words: gives the words of a place, which then stand in columns of their own
    :raises UsageError: if the store has no such study
    """
    from picograph.kg.store.records import records
    from picograph.queries.ask import ask

    answer = ask(store, AGAINST_REGISTRY, study=records(store, study)[0].key)
    if words:
        for side in ("registry", "publication"):
            answer.columns[f"{side}_words"] = Column(kind="list")
            for row in answer.rows:
                row[f"{side}_words"] = tuple(words(place) or "" for place in _texts(row[f"{side}_evidence"]))
    return answer


def _texts(cell: Cell) -> tuple[str, ...]:
    return cell if isinstance(cell, tuple) else ()
