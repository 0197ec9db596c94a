"""Numbers that picograph computes from reported ones: kept beside them, saying from what and how."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

from picograph.kg.radiation import derived_doses
from picograph.kg.results import (
    AdverseEventResult,
    Baseline,
    Derived,
    Disposition,
    Estimate,
    Result,
    Statistic,
)
from picograph.kg.study import Study

_TENTH = Decimal("0.1")


def rounding_unit(reported: Decimal) -> Decimal:
    """Give the size of the last digit of a reported number: what it may have been rounded to.

    >>> rounding_unit(Decimal("37.5")), rounding_unit(Decimal("83"))
    (Decimal('0.1'), Decimal('1'))
    """
    exponent = reported.as_tuple().exponent
    return Decimal(1).scaleb(min(exponent, 0)) if isinstance(exponent, int) else Decimal(1)


def agrees(count: int, denominator: int, percent: Decimal) -> bool:
    """Tell whether a count and a per cent can be the same, the per cent rounded either way at its last digit.

    >>> agrees(33, 40, Decimal("83"))
    True
    >>> agrees(33, 40, Decimal("84"))
    False
    """
    # The slack covers 82.5 reported as 82 and as 83, and per cents cut off instead of rounded are not let through.
    return abs(Decimal(100 * count) / Decimal(denominator) - percent) <= rounding_unit(percent) / 2


def count_of(percent: Decimal, denominator: int) -> int | None:
    """Give the one count that a per cent of a denominator can be; None where several, or none, would do.

    >>> count_of(Decimal("37.5"), 40)
    15
    >>> count_of(Decimal("33"), 1000) is None
    True
    """
    if denominator < 1:
        return None
    middle = int((percent * denominator / 100).to_integral_value(ROUND_HALF_EVEN))
    found = [
        count for count in range(max(middle - 1, 0), min(middle + 1, denominator) + 1)
        if agrees(count, denominator, percent)
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def _count(quantity: str, percent: Decimal | None, denominator: int | None) -> list[Derived]:
    if percent is None or not denominator or (count := count_of(percent, denominator)) is None:
        return []
    method = f"the only count of {denominator} that is {format(percent, 'f')} % after rounding"
    return [Derived(quantity=quantity, value=Decimal(count), unit="{participants}", method=method)]


def _percent(quantity: str, count: int | None, denominator: int | None) -> list[Derived]:
    if count is None or not denominator or count > denominator:
        return []
    value = (Decimal(100 * count) / Decimal(denominator)).quantize(_TENTH)
    return [Derived(quantity=quantity, value=value, unit="%", method=f"100 × {count} / {denominator}, to one decimal")]


def _derived(result: Result) -> list[Derived]:
    if result.absence or any(each.field in {"count", "affected", "percent", "value"} for each in result.ambiguities):
        return []
    match result:
        case AdverseEventResult(affected=None):
            return _count("affected", result.percent, result.at_risk)
        case AdverseEventResult():
            found = [] if result.percent is not None else _percent("percent", result.affected, result.at_risk)
            return found + _percent("fatal percent", result.fatal, result.at_risk)
        case Estimate(statistic=Statistic.PROPORTION, count=None, unit="%"):
            return _count("count", result.value, result.denominator)
        case Estimate(statistic=Statistic.PROPORTION | Statistic.COUNT, value=None):
            return _percent("percent", result.count, result.denominator)
        case Baseline(count=None) | Disposition(count=None):
            return _count("count", result.percent, result.denominator)
        case Baseline(percent=None) | Disposition(percent=None):
            return _percent("percent", result.count, result.denominator)
    return []


def derive(study: Study) -> Study:
    """Give the study with every derived number that its reported ones allow, and no other.

    A survival probability never becomes a count.
    """
    changes: dict[str, Any] = {}
    if study.interventions:
        changes["interventions"] = tuple(
            msgspec.structs.replace(each, derived=derived_doses(each)) for each in study.interventions
        )
    for name in ("baselines", "dispositions", "estimates", "adverse_events", "associations"):
        results = getattr(study, name)
        if results:
            changes[name] = tuple(
                msgspec.structs.replace(result, derived=tuple(_derived(result))) for result in results
            )
    return msgspec.structs.replace(study, **changes)
