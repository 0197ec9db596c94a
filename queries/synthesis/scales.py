"""The scale on which values are pooled, and the way back to what a reader knows."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from picograph.ontology.errors import UsageError
from picograph.queries.synthesis import effects
from picograph.queries.synthesis.effects import MEASURES, Effect, Measure
from picograph.queries.synthesis.models import Fit, Interval
from picograph.queries.synthesis.pooled import Options, Summary
from picograph.queries.synthesis.rules import Candidate

_DEFAULT = {"survival": "log-log survival", "ratio": "log ratio", "difference": "difference", "mean": "mean"}


class Scale(NamedTuple):
    """A measure, how a value comes onto its scale, and the way back."""

    measure: Measure
    effect: Callable[[Candidate], Effect]
    back: Callable[[float], float]


def _level(candidate: Candidate) -> float:
    assert candidate.level is not None
    return candidate.level / 100


def scale_of(members: Sequence[Candidate], options: Options) -> Scale:
    """Find the scale on which these are pooled.

    :raises UsageError: if the measure asked for is of another kind
    """
    first = members[0]
    two_arms = first.kind == "proportion" and first.comparator_affected is not None
    name = options.measure or _DEFAULT.get(first.kind) or ("log risk ratio" if two_arms else "logit")
    if options.method == "Peto":
        name = "log odds ratio"
    known = [*effects.CONTRASTS] if two_arms else [*effects.PROPORTIONS] if first.kind == "proportion" else [name]
    if name == "glmm" and first.kind == "proportion" and not two_arms:
        name = "logit"
    if name not in known or (first.kind != "proportion" and name != _DEFAULT[first.kind]):
        allowed = known if first.kind == "proportion" else [_DEFAULT[first.kind]]
        raise UsageError(
            f"{first.kind} values cannot be pooled as {name!r}", where="--measure", remedy=f"use: {', '.join(allowed)}"
        )
    measure, back = MEASURES[name], MEASURES[name].back
    if name == "freeman-tukey":
        size = effects.harmonic_mean([each.at_risk or 1 for each in members])
        back = lambda value: effects.inverse_freeman_tukey(value, size)  # noqa: E731
    return Scale(measure, _reader(first, name, two_arms=two_arms), back)


def _reader(first: Candidate, name: str, *, two_arms: bool) -> Callable[[Candidate], Effect]:
    if two_arms:
        return lambda each: effects.CONTRASTS[name](table_of(each))
    if first.kind == "proportion":
        return lambda each: effects.PROPORTIONS[name](each.affected or 0, each.at_risk or 0)
    with_interval = {
        "survival": effects.survival,
        "ratio": effects.log_ratio,
        "difference": effects.difference,
        "mean": effects.difference,
    }[first.kind]

    def read(each: Candidate) -> Effect:
        assert each.value is not None
        assert each.low is not None
        assert each.high is not None
        return with_interval(each.value, each.low, each.high, _level(each))

    return read


def table_of(each: Candidate) -> effects.Table:
    """Give the counts of two arms as a table of four cells."""
    return effects.Table.of(
        each.affected or 0, each.at_risk or 0, each.comparator_affected or 0, each.comparator_at_risk or 0
    )


def exact_interval(affected: int, at_risk: int, level: float = 0.95) -> Interval:
    """Give the exact interval of one study's proportion.

    >>> low, high = exact_interval(0, 14)
    >>> f"{low:.3f} to {high:.3f}"
    '0.000 to 0.232'

    Source: Clopper and Pearson, Biometrika 1934;26:404.
    """
    from scipy import stats

    tail = (1 - level) / 2
    low = float(stats.beta.ppf(tail, affected, at_risk - affected + 1)) if affected else 0.0
    high = float(stats.beta.ppf(1 - tail, affected + 1, at_risk - affected)) if affected < at_risk else 1.0
    return Interval(low, high)


def shown(each: Candidate, effect: Effect, scale: Scale, level: float) -> tuple[float, Interval]:
    """Give a study's own estimate and interval as a reader knows them."""
    if each.kind == "proportion" and each.comparator_affected is None:
        assert each.affected is not None
        assert each.at_risk is not None
        return each.affected / each.at_risk, exact_interval(each.affected, each.at_risk, level)
    margin = effects.z_of(level) * math.sqrt(effect.variance)
    return scale.back(effect.estimate), _ordered(
        scale.back(effect.estimate - margin), scale.back(effect.estimate + margin)
    )


def _ordered(one: float, other: float) -> Interval:
    return Interval(min(one, other), max(one, other))  # a scale may turn round, as the log-log does


def _participants(members: Sequence[Candidate]) -> int | None:
    sizes = [each.at_risk + (each.comparator_at_risk or 0) if each.at_risk is not None else None for each in members]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def summary(fit: Fit, scale: Scale, members: Sequence[Candidate], name: str = "") -> Summary:
    """Give a fit on the reader's scale."""

    def turned(interval: Interval | None) -> Interval | None:
        return None if interval is None else _ordered(scale.back(interval.low), scale.back(interval.high))

    interval = turned(fit.interval)
    assert interval is not None
    return Summary(
        estimate=scale.back(fit.estimate),
        interval=interval,
        prediction=turned(fit.prediction),
        fit=fit,
        participants=_participants(members),
        name=name,
    )


def one_sided(members: Sequence[Candidate]) -> bool:
    """Say whether nobody, or everybody, had the event: a logistic model has no maximum there."""
    total, size = (sum(getattr(each, name) or 0 for each in members) for name in ("affected", "at_risk"))
    return total in (0, size)


def label(first: Candidate, scale: Scale) -> str:
    """Name what is pooled, for people."""
    if first.kind == "ratio" and first.statistic:
        return first.statistic
    return scale.measure.label
