"""Values as people write them: a count of its denominator, an interval with its level, a grade, an ambiguity."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from picograph.kg.results import (
    Ambiguity,
    Derived,
    GradeRange,
    Interval,
    PValue,
    Quantity,
    Reading,
    Result,
    Threshold,
    TimePoint,
)
from picograph.queries.wording import SIGNS, number, unit_words


def join(parts: Iterable[str | None]) -> str:
    """Join what is not empty."""
    return ", ".join(part for part in parts if part)


def computed_doses(derived: Sequence[Derived]) -> str:
    """Write the doses that were computed for a treatment, with how."""
    return " ".join(f"[computed: {each.quantity} {number(each.value)} {each.unit}: {each.method}]" for each in derived)


def count_of(count: int | None, denominator: int | None, percent: Decimal | None, derived: Sequence[Derived]) -> str:
    """Write a count with its denominator and per cent; what was computed says so."""
    text = ""
    if count is not None:
        text = f"{count} of {denominator}" if denominator is not None else str(count)
        if percent is not None:
            text += f" ({number(percent)} %)"
    elif percent is not None:
        text = f"{number(percent)} %" + (f" of {denominator}" if denominator is not None else "")
    computed = [
        f"{number(each.value)}{' %' if each.unit == '%' else ''}"
        for each in derived
        if each.quantity in {"affected", "count", "percent"}
    ]
    return text + (f" [computed: {', '.join(computed)}]" if computed else "")


def quantity_words(quantity: Quantity | None) -> str:
    """Write a quantity with its spread and unit."""
    if quantity is None:
        return ""
    unit = unit_words(quantity.unit)
    parts = [number(quantity.value) if quantity.value is not None else ""]
    parts += [
        f"{name} {number(value)}"
        for name, value in (("mean", quantity.mean), ("median", quantity.median), ("SD", quantity.standard_deviation))
        if value is not None
    ]
    for name, low, high in (
        ("range", quantity.low, quantity.high),
        ("interquartile range", quantity.quartile_low, quantity.quartile_high),
    ):
        if low is not None or high is not None:
            ends = ("…" if end is None else number(end) for end in (low, high))
            parts.append(f"{name} " + " to ".join(ends))
    return join(parts) + unit


def fractions_words(fractions: Quantity) -> str:
    """Write how many fractions a dose was given in."""
    words = quantity_words(fractions).removesuffix(" fraction")
    return f"{words} fraction" + ("" if words == "1" else "s")


def grade_words(grade: GradeRange | None) -> str:
    """Write a grade, or a range of grades."""
    if grade is None:
        return ""
    if grade.low is not None and grade.high is not None:
        return f"grade {grade.low}" if grade.low == grade.high else f"grade {grade.low} to {grade.high}"
    return f"grade ≥ {grade.low}" if grade.low is not None else f"grade ≤ {grade.high}"


def interval_words(interval: Interval | None, unit: str | None = None) -> str:
    """Write an interval with its level and kind."""
    if interval is None:
        return ""
    level = f"{number(interval.level)} % " if interval.level is not None else ""
    ends = ("…" if end is None else number(end) for end in (interval.low, interval.high))
    return f"{level}{interval.kind} interval {' to '.join(ends)}{unit_words(unit)}"


def p_words(p: PValue | None) -> str:
    """Write a p value with its sign."""
    return f"p {SIGNS[p.sign]} {number(p.value)}" if p else ""


def threshold_words(threshold: Threshold | None) -> str:
    """Write a threshold with its sign and unit, after a space."""
    if threshold is None:
        return ""
    return f" {SIGNS[threshold.sign]} {number(threshold.value)}{unit_words(threshold.unit, threshold.value)}"


def time_words(time: TimePoint | None, word: str = "at") -> str:
    """Write a time point: its label, how long after what."""
    if time is None:
        return ""
    duration = f"{number(time.value)}{unit_words(time.unit, time.value)}" if time.value is not None else ""
    if duration and time.origin:
        duration += f" after {time.origin}"
    if time.label:
        return f"{word} {time.label}" + (f" ({duration})" if duration else "")
    return f"{word} {duration}" if duration else ""


def reading_words(reading: Reading) -> str:
    """Write one reading of an ambiguous value."""
    if reading.grade:
        return grade_words(reading.grade)
    return number(reading.number) if reading.number is not None else reading.words or "not reported"


def ambiguity_words(ambiguity: Ambiguity) -> str:
    """Write an ambiguous value with all its readings."""
    return f"AMBIGUOUS {ambiguity.field}: {' or '.join(sorted(reading_words(each) for each in ambiguity.readings))}"


def state_words(result: Result) -> list[str]:
    """Write what a result says beside its numbers: absence, remarks, ambiguities."""
    return [
        result.absence.value if result.absence else "",
        *(f"“{remark}”" for remark in result.remarks),
        *(ambiguity_words(each) for each in result.ambiguities),
    ]


def value_of(thing: Any) -> str:
    """Give the value of a member of an enumeration; nothing for None."""
    return thing.value if thing is not None else ""


def label_of(term: str) -> str:
    """Give the label of a term of the ontology; the term itself where it has none."""
    from picograph.ontology import terms

    return terms.label(term) or term
