"""The checks that a clinician makes by eye, on the typed study, before it is stored.

An error refuses the record: its facts cannot all be true, or cannot be followed back. A caution lets it in and is told:
the source itself may disagree.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
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
from picograph.kg.source import Place
from picograph.kg.study import MeshHeading, Report, Study
from picograph.kg.units import is_unit
from picograph.ontology.errors import EvidenceError, PicographError

Path = tuple[str | int, ...]


class Problem(NamedTuple):
    """One thing that is wrong: where in the study, what with the value in it, what to try."""

    path: Path
    what: str
    remedy: str
    severity: Literal["error", "caution"] = "error"


def path_text(path: Path) -> str:
    """Write a path as it is written in code.

    >>> path_text(("adverse_events", 3, "affected"))
    'adverse_events[3].affected'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _walk(thing: Struct, path: Path) -> Iterator[tuple[Path, Struct]]:
    """Give every struct in a study with its path, from the outside in."""
    yield path, thing
    for field in fields(type(thing)):
        value = getattr(thing, field.name)
        if field.kind in (Kind.PART, Kind.VALUE) and value is not None:
            if field.many:
                for index, member in enumerate(value):
                    yield from _walk(member, (*path, field.name, index))
            else:
                yield from _walk(value, (*path, field.name))


def _more_than(path: Path, part: str, count: int | None, whole: str, of: int | None, remedy: str) -> Iterator[Problem]:
    if count is not None and of is not None and count > of:
        yield Problem(path, f"{count} participants {part} out of {of} {whole}", remedy)


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
                yield Problem(path, f"the {name} runs from {low} to {high}", "write the lower limit first")
            for what, value in (("mean", quantity.mean), ("median", quantity.median)):
                if value is not None and not low <= value <= high and (what, name) != ("mean", "interquartile range"):
                    yield Problem(
                        (*path, what), f"the {what} {value} lies outside its {name} {low} to {high}",
                        "read the three numbers again",
                    )  # fmt: skip


def _interval(path: Path, value: Decimal | None, interval: Interval | None) -> Iterator[Problem]:
    if interval is None:
        return
    low, high = interval.low, interval.high
    if low is not None and high is not None and low > high:
        yield Problem((*path, "interval"), f"the interval runs from {low} to {high}", "write the lower limit first")
    elif value is not None and ((low is not None and value < low) or (high is not None and value > high)):
        yield Problem(
            (*path, "value"),
            f"the estimate {value} lies outside its interval {low} to {high}",
            "read the estimate and its limits again",
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


def _codes(path: Path, thing: Struct) -> Iterator[Problem]:
    """Units are UCUM codes, concepts have a prefix that is known, our own terms exist."""
    for name in ("unit", "frequency"):
        unit = getattr(thing, name, None)
        if unit is not None and not is_unit(unit):
            yield Problem(
                (*path, name),
                f"{unit!r} is not a UCUM unit",
                "write its UCUM code: mg, Gy, cm, %, a (year), mo, wk, d, 2/d; things counted go in braces: {lesions}",
            )
    for field in fields(type(thing)):
        if field.kind is Kind.CONCEPT:
            value = getattr(thing, field.name)
            for curie in value if field.many else (value,):
                if curie is not None and (problem := _concept(curie)):
                    yield Problem((*path, field.name), *problem)


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


def _keys(study: Study) -> Iterator[Problem]:
    known = {
        name: [part.key for part in getattr(study, name)] for name in ("arms", "epochs", "interventions", "outcomes")
    }
    for name, keys in known.items():
        for key, times in Counter(keys).items():
            if times > 1:
                index = len(keys) - 1 - keys[::-1].index(key)
                yield Problem((name, index, "key"), f"the key {key!r} is given {times} times", "give each its own key")
    for path, thing in _walk(study, ()):
        for field in fields(type(thing)):
            if field.kind is Kind.REFERENCE:
                value = getattr(thing, field.name)
                for key in value if field.many else (value,):
                    if key is not None and key not in known[field.refers]:
                        yield Problem(
                            (*path, field.name),
                            f"{key!r} is not one of the study's {field.refers}",
                            f"use one of: {', '.join(known[field.refers]) or '(none is given)'}",
                        )


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


_NEED_NO_PLACE = (Reading, Ambiguity, Derived)


def _places(study: Study, text: str | None) -> Iterator[Problem]:
    """Each fact has a place, each place lies in the source; with the text at hand, on whole words of it."""
    length = study.record.source.characters
    if length is not None and text is not None:
        length = len(text)
    for path, thing in _walk(study, ()):
        if not isinstance(thing, Part):
            continue
        if not thing.evidence and not isinstance(thing, _NEED_NO_PLACE) and thing != Report():
            yield Problem(path, f"this {_name(thing)} has no evidence", "add evidence: START-END")
        for index, place in enumerate(thing.evidence):
            yield from _place((*path, "evidence", index), place, length, text)


def _name(part: Part) -> str:
    name = type(part).__name__
    return "".join(" " + letter.lower() if letter.isupper() else letter for letter in name).strip()


def _place(path: Path, place: Place, length: int | None, text: str | None) -> Iterator[Problem]:
    if (place.pointer is None) != (length is not None):
        yield Problem(
            path, f"the place {place} does not fit its source",
            "give characters (START-END) in a text and pointers (/a/b) in a JSON record",
        )  # fmt: skip
    elif length is not None and place.end > length:
        yield Problem(
            path, f"characters {place.start} to {place.end} lie outside the text, which has {length}",
            "count from 0 in the text whose checksum the file states",
        )  # fmt: skip
    elif text is not None and place.pointer is not None:
        try:
            place.words(text)
        except EvidenceError as error:
            yield Problem(path, error.what, error.remedy)
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


def check(study: Study, text: str | None = None) -> list[Problem]:
    """Give every problem of a study, those of its codes and keys first.

    :param text: the source text, where it is at hand: then places must fall on whole words of it
    """
    problems = list(_keys(study))
    for path, thing in _walk(study, ()):
        problems.extend(_codes(path, thing))
        for cls, run in _CHECKS:
            if isinstance(thing, cls):
                problems.extend(run(path, thing))
    problems.extend(_sums(study))
    problems.extend(_places(study, text))
    return problems


def errors(problems: Sequence[Problem]) -> list[Problem]:
    """Give those problems that refuse a record."""
    return [problem for problem in problems if problem.severity == "error"]
