"""Effect sizes and their sampling variances from what studies report, each with the formula's source.

Every function takes one study's numbers and gives an `Effect`. A zero cell gets half an event and half a non-event, in
that study alone, where the scale needs it (Cochrane Handbook 6.5, section 10.4.4.1); the effect says so.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from picograph.ontology.errors import EvidenceError

HALF = 0.5  # what a zero cell gets


class Effect(NamedTuple):
    """An effect size on the scale on which it is pooled, and its sampling variance on that scale."""

    estimate: float
    variance: float
    corrected: bool = False  # a zero cell got half an event


class Measure(NamedTuple):
    """A scale: its name, what it is called, how it is undone, and the value of no effect on the scale of the reader."""

    name: str
    label: str
    back: Callable[[float], float]
    null: float | None  # None: there is none, as of a proportion
    low: float = -math.inf  # what the reader's scale can be
    high: float = math.inf


def _same(value: float) -> float:
    return value


def _inverse_logit(value: float) -> float:
    """Undo the logit without overflow on either side."""
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    grown = math.exp(value)
    return grown / (1 + grown)


def _inverse_log_log(value: float) -> float:
    return math.exp(-math.exp(min(value, 700.0)))


def _inverse_arcsine(value: float) -> float:
    return math.sin(min(max(value, 0.0), math.pi / 2)) ** 2


def inverse_freeman_tukey(value: float, participants: float) -> float:
    """Undo the Freeman–Tukey double arcsine for a group of so many participants.

    :param participants: the size that stands for the studies: the harmonic mean of theirs
    :returns: a proportion, 0 to 1

    >>> round(inverse_freeman_tukey(freeman_tukey(22, 40).estimate, 40), 12)
    0.55

    Source: Miller, Am Stat 1978;32:138.
    """
    turned = 2 * value
    if turned <= 2 * freeman_tukey(0, participants).estimate:
        return 0.0
    if turned >= 2 * freeman_tukey(participants, participants).estimate:
        return 1.0
    sine = math.sin(turned)
    inside = 1 - (sine + (sine - 1 / sine) / participants) ** 2
    return 0.5 * (1 - math.copysign(1, math.cos(turned)) * math.sqrt(max(inside, 0.0)))


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("logit", "proportion (logit)", _inverse_logit, None, 0, 1),
        Measure("log", "proportion (log)", math.exp, None, 0, 1),
        Measure("raw", "proportion", _same, None, 0, 1),
        Measure("arcsine", "proportion (arcsine)", _inverse_arcsine, None, 0, 1),
        Measure("freeman-tukey", "proportion (Freeman–Tukey double arcsine)", _same, None, 0, 1),
        Measure("log risk ratio", "risk ratio", math.exp, 1, 0),
        Measure("log odds ratio", "odds ratio", math.exp, 1, 0),
        Measure("risk difference", "risk difference", _same, 0, -1, 1),
        Measure("log ratio", "ratio", math.exp, 1, 0),
        Measure("difference", "difference", _same, 0),
        Measure(
            "log-log survival", "survival probability (log-log)", lambda value: math.exp(-math.exp(value)), None, 0, 1
        ),
        Measure("mean", "mean", _same, None),
    )
}


def _checked(affected: float, at_risk: float) -> None:
    if not (0 <= affected <= at_risk and at_risk > 0):
        raise EvidenceError(
            f"{affected:g} affected out of {at_risk:g} is no proportion",
            remedy="see whether the source counts events where it says participants",
        )


def _halves(affected: float, at_risk: float) -> tuple[float, float, bool]:
    _checked(affected, at_risk)
    if affected in (0, at_risk):
        return affected + HALF, at_risk + 2 * HALF, True
    return affected, at_risk, False


def proportion(affected: float, at_risk: float) -> Effect:
    """Give a proportion as it is.

    :raises EvidenceError: if more are affected than were at risk

    >>> proportion(22, 40).estimate
    0.55
    """
    count, size, corrected = _halves(affected, at_risk)
    share = count / size
    return Effect(share, share * (1 - share) / size, corrected)


def log_proportion(affected: float, at_risk: float) -> Effect:
    """Give the logarithm of a proportion; its variance by the delta method."""
    count, size, corrected = _halves(affected, at_risk)
    return Effect(math.log(count / size), 1 / count - 1 / size, corrected)


def logit(affected: float, at_risk: float) -> Effect:
    """Give the logit of a proportion; its variance by the delta method.

    >>> f"{logit(22, 40).estimate:.4f}"
    '0.2007'
    """
    count, size, corrected = _halves(affected, at_risk)
    return Effect(math.log(count / (size - count)), 1 / count + 1 / (size - count), corrected)


def arcsine(affected: float, at_risk: float) -> Effect:
    """Give the arcsine of the root of a proportion, whose variance does not depend on it: no cell is corrected."""
    _checked(affected, at_risk)
    return Effect(math.asin(math.sqrt(affected / at_risk)), 1 / (4 * at_risk))


def freeman_tukey(affected: float, at_risk: float) -> Effect:
    """Give the Freeman–Tukey double arcsine of a proportion.

    Source: Freeman and Tukey, Ann Math Stat 1950;21:607.
    """
    _checked(affected, at_risk)
    low = math.asin(math.sqrt(affected / (at_risk + 1)))
    high = math.asin(math.sqrt((affected + 1) / (at_risk + 1)))
    return Effect((low + high) / 2, 1 / (4 * at_risk + 2))


PROPORTIONS: dict[str, Callable[[float, float], Effect]] = {
    "logit": logit,
    "log": log_proportion,
    "raw": proportion,
    "arcsine": arcsine,
    "freeman-tukey": freeman_tukey,
}


class Table(NamedTuple):
    """Affected and not affected in two arms: first the treatment, then the comparator."""

    affected: float
    unaffected: float
    comparator_affected: float
    comparator_unaffected: float

    @classmethod
    def of(cls, affected: float, at_risk: float, comparator_affected: float, comparator_at_risk: float) -> "Table":
        """Make a table from counts and denominators.

        :raises EvidenceError: if more are affected than were at risk
        """
        _checked(affected, at_risk)
        _checked(comparator_affected, comparator_at_risk)
        return cls(affected, at_risk - affected, comparator_affected, comparator_at_risk - comparator_affected)

    def corrected(self) -> tuple["Table", bool]:
        """Give half an event to every cell where one of them is empty."""
        if min(self) > 0:
            return self, False
        return Table(*(cell + HALF for cell in self)), True


def log_risk_ratio(table: Table) -> Effect:
    """Give the logarithm of the risk ratio.

    >>> f"{math.exp(log_risk_ratio(Table.of(4, 123, 11, 139)).estimate):.3f}"
    '0.411'
    """
    (a, b, c, d), corrected = table.corrected()
    return Effect(math.log(a / (a + b)) - math.log(c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d), corrected)


def log_odds_ratio(table: Table) -> Effect:
    """Give the logarithm of the odds ratio. Source of its variance: Woolf, Ann Hum Genet 1955;19:251."""
    (a, b, c, d), corrected = table.corrected()
    return Effect(math.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d, corrected)


def risk_difference(table: Table) -> Effect:
    """Give the difference of two risks."""
    (a, b, c, d), corrected = table.corrected()
    first, second = a / (a + b), c / (c + d)
    return Effect(first - second, first * (1 - first) / (a + b) + second * (1 - second) / (c + d), corrected)


CONTRASTS: dict[str, Callable[[Table], Effect]] = {
    "log risk ratio": log_risk_ratio,
    "log odds ratio": log_odds_ratio,
    "risk difference": risk_difference,
}


def z_of(level: float) -> float:
    """Give the standard normal quantile of a two-sided level.

    >>> f"{z_of(0.95):.6f}"
    '1.959964'
    """
    from statistics import NormalDist

    if not 0 < level < 1:
        raise EvidenceError(f"{level} is no level of an interval", remedy="write a level of 95 % as 0.95")
    return NormalDist().inv_cdf(0.5 + level / 2)


def log_ratio(estimate: float, low: float, high: float, level: float) -> Effect:
    """Give the logarithm of a ratio that is reported with its interval; the interval's width gives the variance.

    :param level: of the interval: a 90 % interval is narrower than one of 95 %, and not more precise
    :raises EvidenceError: if the interval does not hold the estimate, or a limit is not above zero

    >>> f"{math.sqrt(log_ratio(0.69, 0.55, 0.87, 0.95).variance):.4f}"
    '0.1170'

    Source: Cochrane Handbook 6.5, section 6.3.2.
    """
    if not 0 < low <= estimate <= high or low == high:
        raise EvidenceError(
            f"the ratio {estimate:g} and its interval {low:g} to {high:g} cannot both be right",
            remedy="see the words behind them: picograph show STUDY --evidence",
        )
    error = (math.log(high) - math.log(low)) / (2 * z_of(level))
    return Effect(math.log(estimate), error**2)


def difference(estimate: float, low: float, high: float, level: float) -> Effect:
    """Give a difference or a mean that is reported with its interval.

    :raises EvidenceError: if the interval does not hold the estimate
    """
    if not low <= estimate <= high or low == high:
        raise EvidenceError(
            f"the value {estimate:g} and its interval {low:g} to {high:g} cannot both be right",
            remedy="see the words behind them: picograph show STUDY --evidence",
        )
    return Effect(estimate, ((high - low) / (2 * z_of(level))) ** 2)


def survival(probability: float, low: float, high: float, level: float) -> Effect:
    """Give a survival probability on the log-log scale; the interval's width gives the variance. It is never a count.

    :param probability: at one time, 0 to 1, both excluded
    :raises EvidenceError: if it is 0 or 1, or the interval does not hold it

    >>> effect = survival(0.32, 0.18, 0.47, 0.95)
    >>> f"{MEASURES['log-log survival'].back(effect.estimate):.2f}"
    '0.32'

    Source: Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 2nd ed., section 1.4.
    """
    if not 0 < low <= probability <= high < 1 or low == high:
        raise EvidenceError(
            f"the survival probability {probability:g} with {low:g} to {high:g} cannot be pooled",
            remedy="it needs an interval that holds it and lies between 0 and 1",
        )

    def scale(value: float) -> float:
        return math.log(-math.log(value))

    return Effect(scale(probability), ((scale(low) - scale(high)) / (2 * z_of(level))) ** 2)


def harmonic_mean(sizes: Sequence[float]) -> float:
    """Give the harmonic mean, which stands for the studies' sizes when Freeman–Tukey is undone.

    >>> harmonic_mean([10, 40])
    16.0
    """
    return len(sizes) / sum(1 / size for size in sizes)
