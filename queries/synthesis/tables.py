"""Two-arm counts pooled as they are: Mantel–Haenszel and Peto, which need no correction of zero cells."""

import math
from collections.abc import Sequence

from msgspec import Struct

from picograph.ontology.errors import UsageError
from picograph.queries.synthesis.effects import CONTRASTS, Table, z_of
from picograph.queries.synthesis.models import Interval


class TableFit(Struct, frozen=True, kw_only=True):
    """A common effect pooled from tables, on the scale of its measure (a logarithm for ratios)."""

    estimate: float
    standard_error: float
    interval: Interval
    q: float
    studies: int
    method: str
    level: float


def _fit(estimate: float, variance: float, q: float, studies: int, method: str, level: float) -> TableFit:
    error, margin = math.sqrt(variance), z_of(level)
    return TableFit(
        estimate=estimate,
        standard_error=error,
        interval=Interval(estimate - margin * error, estimate + margin * error),
        q=q,
        studies=studies,
        method=method,
        level=level,
    )


def _q(tables: Sequence[Table], measure: str, estimate: float) -> float:
    """Give the weighted squared distance of the studies' own effects: those with an empty cell do not have one."""
    effects = [CONTRASTS[measure](table) for table in tables if measure == "risk difference" or min(table) > 0]
    return sum((each.estimate - estimate) ** 2 / each.variance for each in effects if each.variance > 0)


def mantel_haenszel(tables: Sequence[Table], measure: str, *, level: float = 0.95) -> TableFit:
    """Pool tables by Mantel–Haenszel.

    :param measure: log odds ratio, log risk ratio or risk difference
    :raises UsageError: if nobody had the event in an arm of all the studies, or in any

    Sources: Mantel and Haenszel, J Natl Cancer Inst 1959;22:719; variances of Robins, Breslow and Greenland, Biometrics
    1986;42:311 (odds ratio), Greenland and Robins, Biometrics 1985;41:55 (risk ratio), and Sato, Greenland and Robins,
    Biometrics 1989;45:1323 (risk difference).

    >>> f"{math.exp(mantel_haenszel([Table(4, 119, 11, 128), Table(6, 300, 29, 274)], 'log odds ratio').estimate):.3f}"
    '0.241'
    """
    if measure == "risk difference":
        estimate, variance = _risk_difference(tables)
    else:
        r, s, variance_of = (_odds_sums if measure == "log odds ratio" else _risk_sums)(tables)
        if not (r and s):
            raise UsageError(
                "Mantel–Haenszel needs somebody with the event in each arm, in some study",
                remedy="report the counts as they are: there is no ratio",
            )
        estimate, variance = math.log(r / s), variance_of
    return _fit(estimate, variance, _q(tables, measure, estimate), len(tables), "Mantel–Haenszel", level)


def _odds_sums(tables: Sequence[Table]) -> tuple[float, float, float]:
    r = s = pr = ps_qr = qs = 0.0
    for a, b, c, d in tables:
        total = a + b + c + d
        first, second = a * d / total, b * c / total
        p, q = (a + d) / total, (b + c) / total
        r, s = r + first, s + second
        pr, ps_qr, qs = pr + p * first, ps_qr + p * second + q * first, qs + q * second
    return r, s, (pr / (2 * r**2) + ps_qr / (2 * r * s) + qs / (2 * s**2)) if r and s else math.nan


def _risk_sums(tables: Sequence[Table]) -> tuple[float, float, float]:
    r = s = p = 0.0
    for a, b, c, d in tables:
        n1, n2, total = a + b, c + d, a + b + c + d
        r += a * n2 / total
        s += c * n1 / total
        p += (n1 * n2 * (a + c) - a * c * total) / total**2
    return r, s, p / (r * s) if r and s else math.nan


def _risk_difference(tables: Sequence[Table]) -> tuple[float, float]:
    above = weight = p = q = 0.0
    for a, b, c, d in tables:
        n1, n2, total = a + b, c + d, a + b + c + d
        above += (a * n2 - c * n1) / total
        weight += n1 * n2 / total
        p += (n1**2 * c - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / total**2
        q += (a * (n2 - c) + c * (n1 - a)) / (2 * total)
    estimate = above / weight
    return estimate, (estimate * p + q) / weight**2


def peto(tables: Sequence[Table], *, level: float = 0.95) -> TableFit:
    """Pool tables by Peto's one-step odds ratio, on the logarithm's scale. Right where events are rare and arms alike.

    :raises UsageError: if the event, or its absence, occurred in no table

    Source: Yusuf, Peto and others, Prog Cardiovasc Dis 1985;27:335.
    """
    above = variance = squares = 0.0
    for a, b, c, d in tables:
        n1, n2, total = a + b, c + d, a + b + c + d
        expected = (a + c) * n1 / total
        v = (a + c) * (b + d) * n1 * n2 / (total**2 * (total - 1))
        above += a - expected
        variance += v
        squares += (a - expected) ** 2 / v if v else 0.0
    if not variance:
        raise UsageError("one of the two outcomes occurred in no study", remedy="report the counts as they are")
    q = max(0.0, squares - above**2 / variance)
    return _fit(above / variance, 1 / variance, q, len(tables), "Peto", level)
