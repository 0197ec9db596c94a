"""The checks that a clinician makes by eye, on the typed study, before it is stored.

An error refuses the record: its facts cannot all be true, or cannot be followed back. A caution lets it in and is told:
the source itself may disagree. A contradiction between two numbers (more affected than at risk) is an error where a
person or a machine read them, who may read again; a registry's own table states what it states, so there it is a
caution: the numbers stay as they are, `validate` reports them, and no sum takes them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from msgspec import Struct

from picograph.kg.contradictions import (
    CHECKS,
    Path,
    Problem,
    Severity,
    concept_problem,
    unit_problems,
)
from picograph.kg.model import Kind, fields
from picograph.kg.report import Report
from picograph.kg.results import (
    Ambiguity,
    Derived,
    Part,
    Reading,
)
from picograph.kg.source import Method, Place, Pointers
from picograph.kg.study import Mention, RejectedReading, Study
from picograph.kg.units import COMMON

_KEYED = ("arms", "epochs", "interventions", "outcomes")


def _keys(known: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    for name, keys in known.items():
        for key, times in Counter(keys).items():
            if times > 1:
                index = len(keys) - 1 - keys[::-1].index(key)
                yield Problem((name, index, "key"), f"the key {key!r} is given {times} times", "give each its own key")


def _sums(study: Study) -> Iterator[Problem]:
    enrolled = study.population.enrolled if study.population else None
    arms = [arm.enrolled for arm in study.arms]
    if enrolled is not None and arms and None not in arms and sum(filter(None, arms)) > enrolled:
        yield Problem(
            ("population", "enrolled"), f"the arms add up to {sum(filter(None, arms))}, and {enrolled} are enrolled",
            "see whether arms share participants", "caution",
        )  # fmt: skip
    categories: dict[tuple[Any, ...], list[int]] = {}
    for index, estimate in enumerate(study.estimates):
        if estimate.category and estimate.count is not None and estimate.denominator is not None:
            what = (estimate.outcome, estimate.component, estimate.arm, estimate.time, estimate.analysis_set)
            group = (*what, estimate.denominator)
            categories.setdefault(group, []).append(index)
    for group, indexes in categories.items():
        total = sum(study.estimates[index].count or 0 for index in indexes)
        if total > group[-1]:
            yield Problem(
                ("estimates", indexes[-1], "count"), f"the categories add up to {total}, of {group[-1]}",
                "see whether the categories overlap", "caution",
            )  # fmt: skip


_NEED_NO_PLACE = (Reading, Ambiguity, Derived, Mention, RejectedReading)


def _name(part: Part) -> str:
    name = type(part).__name__
    return "".join(" " + letter.lower() if letter.isupper() else letter for letter in name).strip()


def _misfit(path: Path, place: Place) -> Problem:
    return Problem(
        path, f"the place {place} does not fit its source",
        "give characters (START-END) in a text and pointers (/a/b) in a JSON record",
    )  # fmt: skip


def _place(path: Path, place: Place, length: int | None, text: str | None) -> Iterator[Problem]:
    if (place.pointer is None) != (length is not None):
        yield _misfit(path, place)
    elif length is not None and place.end > length:
        yield Problem(
            path, f"characters {place.start} to {place.end} lie outside the text, which has {length}",
            "count from 0 in the text whose checksum the file states",
        )  # fmt: skip
    elif text is not None:
        words = text[place.start : place.end]
        cut = [
            edge
            for edge in (place.start, place.end)
            if 0 < edge < len(text) and text[edge - 1].isalnum() and text[edge].isalnum()
        ]
        if words != words.strip() or cut:
            yield Problem(
                path, f"characters {place.start} to {place.end} do not begin and end with a word of the text",
                "move the positions to whole words",
            )  # fmt: skip


class _Plan(NamedTuple):
    """What is to be looked at in a struct of one class."""

    checks: tuple[Callable[[Path, Any], Iterator[Problem]], ...]
    units: tuple[str, ...]
    concepts: tuple[tuple[str, bool], ...]  # fields, and whether they hold several
    references: tuple[tuple[str, bool, str], ...]  # and the study's field that they refer to
    inner: tuple[tuple[str, bool], ...]
    is_part: bool
    needs_place: bool


@cache
def _plan(cls: type[Struct]) -> _Plan:
    plan = fields(cls)
    return _Plan(
        checks=tuple(run for each, run in CHECKS if issubclass(cls, each)),
        units=tuple(name for name in ("unit", "frequency") if name in cls.__struct_fields__),
        concepts=tuple((field.name, field.many) for field in plan if field.kind is Kind.CONCEPT),
        references=tuple((field.name, field.many, field.refers) for field in plan if field.kind is Kind.REFERENCE),
        inner=tuple((field.name, field.many) for field in plan if field.kind in (Kind.PART, Kind.VALUE)),
        is_part=issubclass(cls, Part),
        needs_place=issubclass(cls, Part) and not issubclass(cls, _NEED_NO_PLACE),
    )


class _Check:
    """One study that is looked at, from the outside in, and what is found."""

    def __init__(self, study: Study, text: str | None) -> None:
        self.text, self.length = text, study.record.source.characters
        if self.length is not None and text is not None:
            self.length = len(text)
        self.pointers = Pointers(text) if text is not None and self.length is None else None
        self.known = {name: [part.key for part in getattr(study, name)] for name in _KEYED}
        self.of_keys: list[Problem] = list(_keys(self.known))
        self.of_facts: list[Problem] = []
        self.of_places: list[Problem] = []

    def look(self, path: Path, thing: Struct) -> None:
        plan = _plan(type(thing))
        for name in plan.units:
            if (unit := getattr(thing, name)) is not None and unit not in COMMON:
                self.of_facts.extend(unit_problems((*path, name), unit))
        for name, many in plan.concepts:
            value = getattr(thing, name)
            for curie in value if many else (value,):
                if curie is not None and (problem := concept_problem(curie)):
                    self.of_facts.append(Problem((*path, name), *problem))
        for run in plan.checks:
            self.of_facts.extend(run(path, thing))
        for name, many, refers in plan.references:
            value = getattr(thing, name)
            for key in value if many else (value,):
                if key is not None and key not in self.known[refers]:
                    known = ", ".join(self.known[refers]) or "(none is given)"
                    told = f"{key!r} is not one of the study's {refers}"
                    self.of_keys.append(Problem((*path, name), told, f"use one of: {known}"))
        if plan.is_part:
            self.look_at_places(path, thing, plan.needs_place)
        for name, many in plan.inner:
            value = getattr(thing, name)
            if many:
                for index, member in enumerate(value):
                    self.look((*path, name, index), member)
            elif value is not None:
                self.look((*path, name), value)

    def look_at_places(self, path: Path, part: Any, needed: bool) -> None:
        """Each fact has a place, each place lies in the source; with the text at hand, on whole words of it."""
        if not part.evidence:
            if needed and part != Report():
                self.of_places.append(Problem(path, f"this {_name(part)} has no evidence", "add evidence: START-END"))
            return
        if self.pointers is not None:
            found = self.pointers.found
            for index, place in enumerate(part.evidence):
                if place.pointer not in found and (place.pointer is None or not self.pointers.lead(place.pointer)):
                    self.of_places.append(_nowhere((*path, "evidence", index), place))
        else:
            for index, place in enumerate(part.evidence):
                if self.length is not None or place.pointer is None:
                    self.of_places.extend(_place((*path, "evidence", index), place, self.length, self.text))


def _nowhere(path: Path, place: Place) -> Problem:
    if place.pointer is None:
        return _misfit(path, place)
    return Problem(path, f"the record has nothing at {place}", "read the record again")


def check(study: Study, text: str | None = None) -> list[Problem]:
    """Give every problem of a study, those of its keys first, those of its places last.

    :param text: the source text, where it is at hand: then places must fall on whole words of it
    :raises EvidenceError: if places are pointers, and the text is no JSON
    """
    found = _Check(study, text)
    found.look((), study)
    kept: Severity = "caution" if study.record.method is Method.REGISTRY else "error"
    facts = [each._replace(severity=kept) if each.severity == "contradiction" else each for each in found.of_facts]
    return [*found.of_keys, *facts, *_sums(study), *found.of_places]


def errors(problems: Sequence[Problem]) -> list[Problem]:
    """Give those problems that refuse a record."""
    return [problem for problem in problems if problem.severity == "error"]
