"""Pool what may be pooled: candidates -> effects -> one estimate, with how much the studies differ."""

from collections import defaultdict
from collections.abc import Sequence

from picograph.ontology.errors import UsageError
from picograph.queries.synthesis import models, tables
from picograph.queries.synthesis.asymmetry import egger
from picograph.queries.synthesis.effects import Effect
from picograph.queries.synthesis.models import Fit, Regression
from picograph.queries.synthesis.poolability import Verdict
from picograph.queries.synthesis.pooled import Group, Member, Options, Pooled, Summary, named
from picograph.queries.synthesis.rules import Candidate
from picograph.queries.synthesis.scales import Scale, label, one_sided, scale_of, shown, summary, table_of
from picograph.queries.synthesis.telling import cautions, methods


def _fit(members: Sequence[Candidate], found: Sequence[Effect], options: Options) -> Fit:
    if options.measure == "glmm" and not one_sided(members):
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
    counts = [table_of(each) for each in members]
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
    scale = scale_of(members, options)
    found = [scale.effect(each) for each in members]
    fit = _fit(members, found, options)
    rows = []
    for each, effect, weight in zip(members, found, fit.weights, strict=True):
        estimate, interval = shown(each, effect, scale, options.level)
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
        label=label(members[0], scale),
        null=scale.measure.null,
        options=options,
        members=tuple(rows),
        summary=summary(fit, scale, members),
        refused=verdict.refused,
        overridden=verdict.overridden,
        implied=verdict.implied,
        groups=groups,
        between=between,
        regression=_regression(rows, options),
        leave_one_out=_without_each(rows, scale, options) if several and options.leave_one_out else (),
        cumulative=_cumulative(rows, scale, options) if several and options.cumulative else (),
        egger=egger(y, v) if several else None,
        cautions=tuple(cautions(rows, scale, options, verdict)),
        methods=methods(rows, scale, options),
    )


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


def _sub(rows: Sequence[Member], scale: Scale, options: Options, name: str = "") -> Summary:
    members = [each.candidate for each in rows]
    return summary(_fit(members, [Effect(each.effect, each.variance) for each in rows], options), scale, members, name)


def _without_each(rows: Sequence[Member], scale: Scale, options: Options) -> tuple[Summary, ...]:
    return tuple(
        _sub([*rows[:left], *rows[left + 1 :]], scale, options, named(rows[left].candidate))
        for left in range(len(rows))
    )


def _cumulative(rows: Sequence[Member], scale: Scale, options: Options) -> tuple[Summary, ...]:
    return tuple(_sub(rows[: upto + 1], scale, options, named(rows[upto].candidate)) for upto in range(len(rows)))


def _groups(
    rows: Sequence[Member], scale: Scale, options: Options
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
