"""The checks that a clinician makes by eye, on the typed study, before it is stored.

An error refuses the record: its facts cannot all be true, or cannot be followed back. A caution lets it in and is told:
the source itself may disagree. A contradiction between two numbers (more affected than at risk) is an error where a
person or a machine read them, who may read again; a registry's own table states what it states, so there it is a
caution: the numbers stay as they are, `validate` reports them, and no sum takes them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple

from msgspec import Struct
from pyoxigraph import NamedNode

from picograph.kg.derivation import agrees
from picograph.kg.model import Kind, fields
from picograph.kg.results import (
    CONTRASTS,
    TIME_TO_EVENT,
    AdverseEventResult,
    Ambiguity,
    Association,
    Baseline,
    Derived,
    Disposition,
    Estimate,
    GradeRange,
    Interval,
    Part,
    Quantity,
    Reading,
    Result,
    Statistic,
)
from picograph.kg.source import Method, Place, Pointers
from picograph.kg.study import Mention, MeshHeading, RejectedReading, Report, Study
from picograph.kg.units import COMMON, is_unit
from picograph.ontology.errors import PicographError

Path = tuple[str | int, ...]
Severity = Literal["error", "contradiction", "caution"]


class Problem(NamedTuple):
    """One thing that is wrong: where in the study, what with the value in it, what to try."""

    path: Path
    what: str
    remedy: str
    severity: Severity = "error"


def path_text(path: Path) -> str:
    """Write a path as it is written in code.

    >>> path_text(("adverse_events", 3, "affected"))
    'adverse_events[3].affected'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _more_than(path: Path, part: str, count: int | None, whole: str, of: int | None, remedy: str) -> Iterator[Problem]:
    if count is not None and of is not None and count > of:
        yield Problem(path, f"{count} participants {part} out of {of} {whole}", remedy, "contradiction")


def _per_cent(path: Path, count: int | None, of: int | None, percent: Decimal | None) -> Iterator[Problem]:
    if count is not None and of and percent is not None and count <= of and not agrees(count, of, percent):
        yield Problem(
            path,
            f"{count} of {of} is {100 * count / of:.1f} %, and {format(percent, 'f')} % is reported",
            "read the sentence again: another denominator, or an error of the source",
            "caution",
        )


def _quantity(path: Path, quantity: Quantity) -> Iterator[Problem]:
    for name, low, high in (
        ("range", quantity.low, quantity.high),
        ("interquartile range", quantity.quartile_low, quantity.quartile_high),
    ):
        if low is not None and high is not None:
            if low > high:
                yield Problem(
                    path, f"the {name} runs from {low} to {high}", "write the lower limit first", "contradiction"
                )
            for what, value in (("mean", quantity.mean), ("median", quantity.median)):
                if value is not None and not low <= value <= high and (what, name) != ("mean", "interquartile range"):
                    yield Problem(
                        (*path, what), f"the {what} {value} lies outside its {name} {low} to {high}",
                        "read the three numbers again", "contradiction",
                    )  # fmt: skip


def _interval(path: Path, value: Decimal | None, interval: Interval | None) -> Iterator[Problem]:
    if interval is None:
        return
    low, high = interval.low, interval.high
    if low is not None and high is not None and low > high:
        yield Problem(
            (*path, "interval"),
            f"the interval runs from {low} to {high}",
            "write the lower limit first",
            "contradiction",
        )
    elif value is not None and ((low is not None and value < low) or (high is not None and value > high)):
        yield Problem(
            (*path, "value"),
            f"the estimate {value} lies outside its interval {low} to {high}",
            "read the estimate and its limits again",
            "contradiction",
        )


def _grade(path: Path, grade: GradeRange) -> Iterator[Problem]:
    if grade.low is not None and grade.high is not None and grade.low > grade.high:
        yield Problem(path, f"grades run from {grade.low} to {grade.high}", "write the lower grade first")


_NUMBERS = ("count", "affected", "percent", "value", "quantity", "interval", "events", "direction")
_SAYING = (*_NUMBERS, "p", "fatal", "dispersion")  # what may stand alone, or beside a word that the number is absent


def _result(path: Path, result: Result) -> Iterator[Problem]:
    numbers = [name for name in _NUMBERS if getattr(result, name, None) is not None]
    open_fields = {ambiguity.field for ambiguity in result.ambiguities}
    if result.absence and numbers:
        yield Problem(
            (*path, "absence"),
            f"{result.absence.value!r} stands beside a number ({', '.join(numbers)})",
            "take one of the two out: zero is a number, absence is not",
        )
    elif (
        not result.absence
        and not open_fields & set(_SAYING)
        and all(getattr(result, name, None) is None for name in _SAYING)
    ):
        yield Problem(path, "the result has no number", "say why: absence: not reported, or absence: not assessed")
    for index, ambiguity in enumerate(result.ambiguities):
        where = (*path, "ambiguities", index, "field")
        if ambiguity.field not in type(result).__struct_fields__:
            yield Problem(
                where, f"{ambiguity.field!r} is not a field of this result",
                f"use one of: {', '.join(field.name for field in fields(type(result)))}",
            )  # fmt: skip
        elif getattr(result, ambiguity.field) not in (None, ()):
            yield Problem(
                where, f"{ambiguity.field} is called ambiguous and has a value too", "give the value as a reading"
            )


def _adverse_event(path: Path, result: AdverseEventResult) -> Iterator[Problem]:
    count_events = "see whether the source counts events where it says participants"
    yield from _more_than((*path, "affected"), "affected", result.affected, "at risk", result.at_risk, count_events)
    whole = result.affected if result.affected is not None else result.at_risk
    yield from _more_than((*path, "fatal"), "died", result.fatal, "affected", whole, "read the subset again")
    yield from _per_cent((*path, "percent"), result.affected, result.at_risk, result.percent)


def _counted(path: Path, result: Baseline | Disposition) -> Iterator[Problem]:
    remedy = "read the count and its denominator again"
    yield from _more_than((*path, "count"), "counted", result.count, "in the denominator", result.denominator, remedy)
    yield from _per_cent((*path, "percent"), result.count, result.denominator, result.percent)


def _estimate(path: Path, estimate: Estimate) -> Iterator[Problem]:
    remedy = "read the count and its denominator again"
    yield from _more_than(
        (*path, "count"), "counted", estimate.count, "in the denominator", estimate.denominator, remedy
    )
    if estimate.statistic is Statistic.PROPORTION and estimate.unit == "%":
        yield from _per_cent((*path, "value"), estimate.count, estimate.denominator, estimate.value)
    if estimate.statistic in TIME_TO_EVENT and (estimate.count is not None or estimate.denominator is not None):
        yield Problem(
            (*path, "count" if estimate.count is not None else "denominator"),
            f"a {estimate.statistic.value} is given as a count",
            "give the estimate and its time point only: a survival probability is never n of N",
        )
    if estimate.statistic in CONTRASTS and estimate.comparator is None and len(estimate.compared) < 2:
        yield Problem(
            path, f"a {estimate.statistic.value} needs two arms and has one", "name the comparator", "caution"
        )
    no_unit = {*CONTRASTS, Statistic.OTHER}  # an analysis of a registry states none
    if estimate.value is not None and estimate.unit is None and estimate.statistic not in no_unit:
        yield Problem((*path, "value"), f"the value {estimate.value} has no unit", "give a UCUM code, such as % or mo")
    yield from _interval(path, estimate.value, estimate.interval)


def _heading(path: Path, heading: MeshHeading) -> Iterator[Problem]:
    from picograph.ontology import mesh

    descriptor, qualifier = heading.descriptor_concept, heading.qualifier_concept
    if descriptor and qualifier and mesh.allowed(descriptor, qualifier) is False:
        yield Problem(
            path,
            f"MeSH does not allow {heading.qualifier!r} with {heading.descriptor!r}",
            "read the heading again; the year of MeSH may differ",
            "caution",
        )


def _association(path: Path, association: Association) -> Iterator[Problem]:
    yield from _interval(path, association.value, association.interval)


_CHECKS: tuple[tuple[type, Callable[[Path, Any], Iterator[Problem]]], ...] = (
    (Quantity, _quantity),
    (GradeRange, _grade),
    (Result, _result),
    (AdverseEventResult, _adverse_event),
    (Baseline, _counted),
    (Disposition, _counted),
    (Estimate, _estimate),
    (Association, _association),
    (MeshHeading, _heading),
)


def _unit(path: Path, unit: str) -> Iterator[Problem]:
    if not is_unit(unit):
        yield Problem(
            path,
            f"{unit!r} is not a UCUM unit",
            "write its UCUM code: mg, Gy, cm, %, a (year), mo, wk, d, 2/d; things counted go in braces: {lesions}",
        )


@lru_cache(maxsize=65_536)
def _concept(curie: str) -> tuple[str, str] | None:
    from picograph.ontology import terms
    from picograph.ontology.prefixes import expand

    try:
        iri = expand(curie)
        NamedNode(iri)
    except PicographError as error:
        return error.what, error.remedy
    except ValueError as error:
        return f"{curie!r} cannot be the name of a concept: {error}", "read the identifier again"
    if curie.startswith("pg:") and terms.label(iri) is None:
        return f"{curie} is not a term of picograph", "see the ontology for the scales, levels and criteria that it has"
    return None


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
        checks=tuple(run for each, run in _CHECKS if issubclass(cls, each)),
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
                self.of_facts.extend(_unit((*path, name), unit))
        for name, many in plan.concepts:
            value = getattr(thing, name)
            for curie in value if many else (value,):
                if curie is not None and (problem := _concept(curie)):
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
