"""Pool what may be pooled: candidates -> effects -> one estimate, with how much the studies differ."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import Struct

from picograph.ontology.errors import UsageError
from picograph.queries.synthesis import effects, models, tables
from picograph.queries.synthesis.effects import MEASURES, Effect, Measure
from picograph.queries.synthesis.models import Fit, Interval, Regression
from picograph.queries.synthesis.poolability import Candidate, Refusal, Verdict

FEW = 10  # below so many studies, tests of asymmetry and of moderators have no power to speak of
_DEFAULT = {"survival": "log-log survival", "ratio": "log ratio", "difference": "difference", "mean": "mean"}


class Options(Struct, frozen=True, kw_only=True):
    """How to pool. A measure of None is the default for the kind of numbers."""

    measure: str | None = None
    method: str = "REML"
    knapp_hartung: bool = False
    level: float = 0.95
    subgroup: str | None = None
    moderators: tuple[str, ...] = ()
    leave_one_out: bool = False
    cumulative: bool = False


class Member(Struct, frozen=True, kw_only=True):
    """One value in a pooled estimate, on the reader's scale."""

    candidate: Candidate
    effect: float  # on the scale on which it is pooled
    variance: float
    estimate: float
    interval: Interval
    weight: float  # per cent
    corrected: bool = False


class Summary(Struct, frozen=True, kw_only=True):
    """A pooled estimate on the reader's scale, beside its fit."""

    estimate: float
    interval: Interval
    prediction: Interval | None
    fit: Fit
    participants: int | None  # None: not all studies report theirs
    name: str = ""


class Group(Struct, frozen=True, kw_only=True):
    """Some of the members with a summary of their own."""

    name: str
    members: tuple[Member, ...]
    summary: Summary


class Pooled(Struct, frozen=True, kw_only=True):
    """All that a pooling gives."""

    measure: str
    label: str  # of the measure, for people
    null: float | None
    options: Options
    members: tuple[Member, ...]
    summary: Summary | None  # None: nothing could be pooled
    refused: tuple[Refusal, ...]
    overridden: tuple[Refusal, ...]
    groups: tuple[Group, ...] = ()
    between: tuple[float, int, float] | None = None  # Q, degrees of freedom, p
    regression: Regression | None = None
    leave_one_out: tuple[Summary, ...] = ()
    cumulative: tuple[Summary, ...] = ()
    egger: models.Asymmetry | None = None
    described: tuple[float, float] | None = None  # least and greatest of medians, which are not pooled
    cautions: tuple[str, ...] = ()
    methods: str = ""  # a sentence for a report


class _Scale(NamedTuple):
    measure: Measure
    effect: Callable[[Candidate], Effect]
    back: Callable[[float], float]


def _level(candidate: Candidate) -> float:
    assert candidate.level is not None
    return candidate.level / 100


def _scale(members: Sequence[Candidate], options: Options) -> _Scale:
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
    return _Scale(measure, _reader(first, name, two_arms=two_arms), back)


def _reader(first: Candidate, name: str, *, two_arms: bool) -> Callable[[Candidate], Effect]:
    if two_arms:
        return lambda each: effects.CONTRASTS[name](_table(each))
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


def _table(each: Candidate) -> effects.Table:
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


def _shown(each: Candidate, effect: Effect, scale: _Scale, level: float) -> tuple[float, Interval]:
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


def _summary(fit: Fit, scale: _Scale, members: Sequence[Candidate], name: str = "") -> Summary:
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


def _one_sided(members: Sequence[Candidate]) -> bool:
    """Say whether nobody, or everybody, had the event: a logistic model has no maximum there."""
    total, size = (sum(getattr(each, name) or 0 for each in members) for name in ("affected", "at_risk"))
    return total in (0, size)


def _fit(members: Sequence[Candidate], found: Sequence[Effect], options: Options) -> Fit:
    if options.measure == "glmm" and not _one_sided(members):
        from picograph.queries.synthesis.glmm import pool_counts

        return pool_counts(
            [each.affected or 0 for each in members], [each.at_risk or 0 for each in members], level=options.level
        )
    if options.method in ("MH", "Peto"):
        return _tabled(members, options)
    return models.pool(
        [each.estimate for each in found],
        [each.variance for each in found],
        method=options.method,
        knapp_hartung=options.knapp_hartung,
        level=options.level,
    )


def _tabled(members: Sequence[Candidate], options: Options) -> Fit:
    """Pool two-arm counts as they are.

    :raises UsageError: if these are no counts of two arms
    """
    from scipy import stats

    if members[0].kind != "proportion" or members[0].comparator_affected is None:
        raise UsageError(
            f"{options.method} pools counts of two arms",
            where="--method",
            remedy="give --measure risk-ratio, odds-ratio or risk-difference, or use another method",
        )
    measure = options.measure or "log risk ratio"
    counts = [_table(each) for each in members]
    if options.method == "Peto":
        found, weights = tables.peto(counts, level=options.level), [sum(each) for each in counts]
    else:
        found = tables.mantel_haenszel(counts, measure, level=options.level)
        weights = [(a + b) * (c + d) / (a + b + c + d) for a, b, c, d in counts]
    freedom = len(members) - 1
    return Fit(
        estimate=found.estimate,
        standard_error=found.standard_error,
        interval=found.interval,
        prediction=None,
        statistic=found.estimate / found.standard_error,
        p=float(2 * stats.norm.sf(abs(found.estimate / found.standard_error))),
        tau2=0.0,
        i2=max(0.0, 100 * (found.q - freedom) / found.q) if found.q > 0 and freedom else 0.0,
        h2=found.q / freedom if freedom else 1.0,
        q=found.q,
        q_p=float(stats.chi2.sf(found.q, freedom)) if freedom else 1.0,
        studies=len(members),
        method=options.method,
        knapp_hartung=False,
        level=options.level,
        weights=tuple(100 * each / sum(weights) for each in weights),
    )


def pool(verdict: Verdict, options: Options | None = None) -> Pooled:
    """Pool what a verdict lets pass.

    :returns: without a summary where nothing may be pooled; one study is given as it is
    :raises UsageError: if the measure, the method, a subgroup or a moderator does not fit

    >>> from picograph.queries.synthesis.poolability import assess
    >>> made = [Candidate(study=s, arm=s, affected=x, at_risk=n) for s, x, n in (("a", 22, 40), ("b", 12, 23))]
    >>> pooled = pool(assess(made))
    >>> f"{pooled.summary.estimate:.3f} ({pooled.summary.interval.low:.3f} to {pooled.summary.interval.high:.3f})"
    '0.540 (0.417 to 0.658)'
    """
    options = options or Options()
    members = verdict.pooled
    if options.method not in models.METHODS:
        raise UsageError(
            f"there is no method {options.method!r}", where="--method", remedy=f"use: {', '.join(models.METHODS)}"
        )
    if not members:
        return _nothing(verdict, options)
    scale = _scale(members, options)
    found = [scale.effect(each) for each in members]
    fit = _fit(members, found, options)
    rows = []
    for each, effect, weight in zip(members, found, fit.weights, strict=True):
        estimate, interval = _shown(each, effect, scale, options.level)
        rows.append(
            Member(
                candidate=each,
                effect=effect.estimate,
                variance=effect.variance,
                estimate=estimate,
                interval=interval,
                weight=weight,
                corrected=effect.corrected and options.measure != "glmm",
            )
        )
    groups, between = _groups(rows, scale, options)
    y, v = [each.effect for each in rows], [each.variance for each in rows]
    several = len(rows) > 1
    return Pooled(
        measure=options.measure or scale.measure.name,
        label=_label(members[0], scale),
        null=scale.measure.null,
        options=options,
        members=tuple(rows),
        summary=_summary(fit, scale, members),
        refused=verdict.refused,
        overridden=verdict.overridden,
        groups=groups,
        between=between,
        regression=_regression(rows, options),
        leave_one_out=_without_each(rows, scale, options) if several and options.leave_one_out else (),
        cumulative=_cumulative(rows, scale, options) if several and options.cumulative else (),
        egger=models.egger(y, v) if several else None,
        cautions=tuple(_cautions(rows, scale, options, verdict)),
        methods=_methods(rows, scale, options),
    )


def _label(first: Candidate, scale: _Scale) -> str:
    if first.kind == "ratio" and first.statistic:
        return first.statistic
    return scale.measure.label


def _nothing(verdict: Verdict, options: Options) -> Pooled:
    medians = [
        refusal.candidate.value
        for refusal in verdict.refused
        if refusal.rule == "median" and refusal.candidate.value is not None
    ]
    return Pooled(
        measure=options.measure or "",
        label="median" if medians else "",
        null=None,
        options=options,
        members=(),
        summary=None,
        refused=verdict.refused,
        overridden=verdict.overridden,
        described=(min(medians), max(medians)) if medians else None,
        cautions=("Medians are described by their range: they have no standard errors to pool by.",) if medians else (),
    )


def _sub(rows: Sequence[Member], scale: _Scale, options: Options, name: str = "") -> Summary:
    members = [each.candidate for each in rows]
    return _summary(_fit(members, [Effect(each.effect, each.variance) for each in rows], options), scale, members, name)


def _named(each: Candidate) -> str:
    return each.study_label or each.study


def _without_each(rows: Sequence[Member], scale: _Scale, options: Options) -> tuple[Summary, ...]:
    return tuple(
        _sub([*rows[:left], *rows[left + 1 :]], scale, options, _named(rows[left].candidate))
        for left in range(len(rows))
    )


def _cumulative(rows: Sequence[Member], scale: _Scale, options: Options) -> tuple[Summary, ...]:
    return tuple(_sub(rows[: upto + 1], scale, options, _named(rows[upto].candidate)) for upto in range(len(rows)))


def _parts(rows: Sequence[Member], options: Options) -> list[list[Member]]:
    """Give all members, and each subgroup of them."""
    found: dict[str, list[Member]] = defaultdict(list)
    if options.subgroup is not None:
        for each in rows:
            found[str(each.candidate.values.get(options.subgroup))].append(each)
    return [list(rows), *found.values()]


def _groups(
    rows: Sequence[Member], scale: _Scale, options: Options
) -> tuple[tuple[Group, ...], tuple[float, int, float] | None]:
    if options.subgroup is None:
        return (), None
    parts: dict[str, list[Member]] = defaultdict(list)
    for each in rows:
        value = each.candidate.values.get(options.subgroup)
        parts["not reported" if value is None else str(value)].append(each)
    if set(parts) == {"not reported"}:
        known = sorted({name for each in rows for name in each.candidate.values})
        raise UsageError(
            f"no study that is pooled reports {options.subgroup!r}",
            where="--subgroup",
            remedy=f"use one of: {', '.join(known)}" if known else "leave it out",
        )
    order = sorted(parts, key=lambda name: (name == "not reported", name))
    groups = tuple(
        Group(name=name, members=tuple(parts[name]), summary=_sub(parts[name], scale, options, name)) for name in order
    )
    tested = [group.summary.fit for group in groups if group.name != "not reported"]
    return groups, models.between_groups(tested) if len(tested) > 1 else None


def _regression(rows: Sequence[Member], options: Options) -> Regression | None:
    if not options.moderators:
        return None
    kept: list[Member] = []
    columns: dict[str, list[float]] = {name: [] for name in options.moderators}
    for each in rows:
        values = [each.candidate.values.get(name) for name in options.moderators]
        if all(isinstance(value, int | float) for value in values):
            kept.append(each)
            for name, value in zip(options.moderators, values, strict=True):
                columns[name].append(float(value))  # type: ignore[arg-type]
    if not kept:
        known = sorted({name for each in rows for name, value in each.candidate.values.items() if value is not None})
        raise UsageError(
            f"no study that is pooled reports {' and '.join(options.moderators)} as one number",
            where="--moderator",
            remedy=f"use one of: {', '.join(known)}" if known else "leave it out",
        )
    return models.regress(
        [each.effect for each in kept],
        [each.variance for each in kept],
        columns,
        method="REML" if options.method in models.COMMON else options.method,
        level=options.level,
    )


def _cautions(rows: Sequence[Member], scale: _Scale, options: Options, verdict: Verdict) -> list[str]:
    found = []
    if len(rows) == 1:
        found.append("One study is no synthesis: its own estimate is given.")
    elif len(rows) < 5 and options.method not in models.COMMON and not options.knapp_hartung:
        found.append(f"With {len(rows)} studies the spread between them is hardly known: see --knapp-hartung.")
    if scale.measure.name == "freeman-tukey":
        found.append(
            "Freeman–Tukey is undone with one size for all studies, and can mislead (Schwarzer 2019, Res Synth Methods "
            "10:476): compare --measure glmm."
        )
    corrected = [_named(each.candidate) for each in rows if each.corrected]
    if corrected:
        found.append(f"Half an event was given to the empty cells of {len(corrected)}: {', '.join(corrected)}.")
    if options.measure == "glmm" and any(
        _one_sided([each.candidate for each in part]) for part in _parts(rows, options)
    ):
        found.append("Where nobody or everybody had the event, half an event was given to the empty cells: no GLMM is.")
    computed = [_named(each.candidate) for each in rows if each.candidate.derived]
    if computed:
        found.append(f"A count was computed from the stated per cent in {len(computed)}: {', '.join(computed)}.")
    if len(rows) > 2 and len(rows) < FEW:
        found.append(f"Below {FEW} studies the test of the funnel's asymmetry has no power to speak of.")
    if options.moderators and len(rows) < FEW * len(options.moderators):
        found.append(f"Meta-regression wants {FEW} studies for each moderator; a relation across studies is no cause.")
    found += [
        f"Set aside by you: the rule {name!r}, for {sum(each.rule == name for each in verdict.overridden)} values."
        for name in sorted({each.rule for each in verdict.overridden})
    ]
    return found


def _methods(rows: Sequence[Member], scale: _Scale, options: Options) -> str:
    """Write a sentence for a report's methods section."""
    from importlib.metadata import version

    from picograph import __version__

    how = models.METHODS[options.method]
    if options.method in ("MH", "Peto"):
        model = f"the method of {'Mantel and Haenszel' if options.method == 'MH' else 'Peto'} (common effect)"
    elif options.measure == "glmm":
        model = "a binomial-normal model (logistic, random intercept, seven quadrature points)"
    else:
        model = f"the inverse-variance method ({how})"
    adjusted = " with the Knapp–Hartung adjustment" if options.knapp_hartung else ""
    scale_words = {
        "logit": "logit-transformed proportions",
        "log": "log-transformed proportions",
        "raw": "untransformed proportions",
        "arcsine": "arcsine-transformed proportions",
        "freeman-tukey": "Freeman–Tukey double arcsine proportions",
        "log-log survival": "survival probabilities on the log-log scale, with standard errors from their intervals",
        "log ratio": f"log {rows[0].candidate.statistic or 'ratio'}s, with standard errors from their intervals",
    }.get(scale.measure.name, f"{scale.measure.label}s")
    return (
        f"We pooled {scale_words} of {len(rows)} {'study' if len(rows) == 1 else 'studies'} by {model}{adjusted}, "
        f"with {options.level * 100:g} % confidence and prediction intervals, in picograph {__version__} "
        f"(NumPy {version('numpy')}, SciPy {version('scipy')})."
    )
