"""Pooling: common effect and random effects, with or without moderators, from effects and their variances.

The model is y = X b + u + e with var(u) = tau² and var(e) known. Estimates follow the formulas of Viechtbauer, J Educ
Behav Stat 2005;30:261 (tau²) and J Stat Softw 2010;36(3) (the rest), written anew from the papers, and are held against
what metafor gives.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

from picograph.ontology.errors import UsageError

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Array = NDArray[float64]

Method = Literal["EE", "DL", "PM", "ML", "REML"]
COMMON = ("EE", "MH", "Peto")
METHODS: dict[str, str] = {
    "REML": "random effects, restricted maximum likelihood",
    "DL": "random effects, DerSimonian–Laird",
    "PM": "random effects, Paule–Mandel",
    "ML": "random effects, maximum likelihood",
    "EE": "common effect",
    "MH": "common effect, Mantel–Haenszel",
    "Peto": "common effect, Peto's one-step odds ratio",
}


# Where the search for tau² begins and ends is metafor's choice (its defaults), so that figures agree to the last digit
# that a review prints: a finer end would be further from what reviewers can check against.
_CLOSE = 1e-5  # Fisher scoring ends when tau² moves by no more
_CLIMB = 100  # steps of Fisher scoring
_ROOT = 2.220446049250313e-16**0.25  # how near to its root Paule–Mandel's tau² is brought
_LARGEST = 100.0  # where its root is looked for first


class Interval(NamedTuple):
    """Two limits."""

    low: float
    high: float


class Fit(Struct, frozen=True, kw_only=True):
    """A pooled estimate on the scale of the effects, and how much the studies differ."""

    estimate: float
    standard_error: float
    interval: Interval
    prediction: Interval | None  # where a new study's effect is expected; None: common effect
    statistic: float
    p: float
    tau2: float
    i2: float  # per cent
    h2: float
    q: float
    q_p: float
    studies: int
    method: str
    knapp_hartung: bool
    level: float
    weights: tuple[float, ...]  # per cent


class Regression(Struct, frozen=True, kw_only=True):
    """Coefficients of a meta-regression: first the intercept, then the moderators."""

    names: tuple[str, ...]
    estimates: tuple[float, ...]
    standard_errors: tuple[float, ...]
    intervals: tuple[Interval, ...]
    p: tuple[float, ...]
    tau2: float
    qm: float  # of all moderators together
    qm_p: float
    q: float  # what is left
    q_p: float
    r2: float | None  # per cent of the heterogeneity that the moderators account for
    i2: float
    studies: int


class _Model(NamedTuple):
    y: "Array"
    v: "Array"
    x: "Array"

    def solve(self, tau2: float) -> tuple["Array", "Array", "Array"]:
        """Give coefficients, their covariance and the weights at a tau²."""
        import numpy as np

        w = 1 / (self.v + tau2)
        bread: Array = np.linalg.inv(self.x.T @ (w[:, None] * self.x)).astype(float)
        return bread @ (self.x.T @ (w * self.y)), bread, w

    def q(self, tau2: float) -> float:
        """Give the weighted sum of squared residuals at a tau²."""
        b, _, w = self.solve(tau2)
        return float((w * (self.y - self.x @ b) ** 2).sum())

    def trace(self, tau2: float) -> float:
        """Give the trace of P = W - W X (X'WX)⁻¹ X'W at a tau²."""
        _, bread, w = self.solve(tau2)
        weighted = w[:, None] * self.x
        return float(w.sum() - (bread * (weighted.T @ weighted)).sum())


def _dersimonian_laird(model: _Model) -> float:
    """DerSimonian and Laird, Control Clin Trials 1986;7:177, with moderators."""
    k, p = model.x.shape
    return float((model.q(0) - (k - p)) / model.trace(0))


def _paule_mandel(model: _Model) -> float:
    """Paule and Mandel, J Res Natl Bur Stand 1982;87:377: the tau² at which Q is what is expected of it."""
    from scipy.optimize import brentq

    k, p = model.x.shape

    def excess(tau2: float) -> float:
        return float(model.q(tau2) - (k - p))

    if excess(0) <= 0:
        return 0.0
    high = _LARGEST
    while excess(high) > 0:
        high *= 10
    return float(brentq(excess, 0, high, xtol=_ROOT, maxiter=500))


def _hedges(model: _Model) -> float:
    """Hedges, J Educ Stat 1983;8:3: the unweighted estimate, from which the likelihood is climbed."""
    import numpy as np

    k, p = model.x.shape
    inverse = np.linalg.inv(model.x.T @ model.x)
    residual = model.y - model.x @ (inverse @ (model.x.T @ model.y))
    leverage = ((model.x @ inverse) * model.x).sum(axis=1)
    return float((residual @ residual - ((1 - leverage) * model.v).sum()) / (k - p))


def _likelihood(model: _Model, *, restricted: bool) -> float:
    """Maximise the (restricted) likelihood by Fisher scoring: Viechtbauer 2005, equations 9 and 12."""
    import numpy as np

    def step(tau2: float) -> float:
        b, bread, w = model.solve(tau2)
        r = model.y - model.x @ b
        if not restricted:
            return float((w**2 * r**2).sum() - w.sum()) / float((w**2).sum())
        second, third = (bread @ (model.x.T @ ((w**power)[:, None] * model.x)) for power in (2, 3))
        trace = w.sum() - np.trace(second)  # of P = W - W X (X'WX)⁻¹ X'W, which is never made: it has a cell a pair
        squares = (w**2).sum() - 2 * np.trace(third) + np.trace(second @ second)  # the trace of P P
        return float(((w * r) ** 2).sum() - trace) / float(squares)

    tau2 = max(_hedges(model), 0.0)
    for _ in range(_CLIMB):
        change = step(tau2)
        while tau2 + change < 0 and abs(change) > 1e-300:
            change /= 2
        tau2 += change
        if abs(change) <= _CLOSE:
            return tau2
    raise UsageError(
        "the likelihood has no maximum that can be found", remedy="use another method, such as --method DL"
    )


_TAU2: dict[str, Callable[[_Model], float]] = {
    "DL": _dersimonian_laird,
    "PM": _paule_mandel,
    "ML": lambda model: _likelihood(model, restricted=False),
    "REML": lambda model: _likelihood(model, restricted=True),
}


def _model(y: Sequence[float], v: Sequence[float], moderators: Sequence[Sequence[float]]) -> _Model:
    import numpy as np

    effects, variances = np.asarray(y, dtype=float), np.asarray(v, dtype=float)
    if not len(effects):
        raise UsageError("there is no study to pool", remedy="see what was refused, and why")
    if len(effects) != len(variances) or not (np.isfinite(effects).all() and np.isfinite(variances).all()):
        raise UsageError("each effect needs a variance, and both must be numbers")
    if not (variances > 0).all():
        raise UsageError("a sampling variance must be above zero", remedy="see which study has none")
    design = np.column_stack([np.ones(len(effects)), *(np.asarray(each, dtype=float) for each in moderators)])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise UsageError(
            "a moderator is the same in all studies, or follows from the others",
            where="--moderator",
            remedy="leave it out, or pool more studies",
        )
    return _Model(effects, variances, design)


def _tau2(model: _Model, method: str) -> float:
    k, p = model.x.shape
    if method == "EE" or k <= p:
        return 0.0
    if method not in _TAU2:
        known = ", ".join(("EE", *_TAU2))
        raise UsageError(f"there is no method {method!r}", remedy=f"use one of: {known}")
    return max(_TAU2[method](model), 0.0)


def _heterogeneity(model: _Model, tau2: float, q: float, *, common: bool) -> tuple[float, float]:
    """Give I² (per cent) and H². Higgins and Thompson, Stat Med 2002;21:1539, equation 9: the typical variance."""
    k, p = model.x.shape
    if common:
        return (max(0.0, 100 * (q - (k - p)) / q) if q > 0 and k > p else 0.0), (q / (k - p) if k > p else 1.0)
    if k == p:
        return 0.0, 1.0
    typical = (k - p) / model.trace(0)
    return 100 * tau2 / (typical + tau2), tau2 / typical + 1


def _two_sided(statistic: float, freedom: int | None) -> float:
    from scipy import stats

    if freedom is None:
        return float(2 * stats.norm.sf(abs(statistic)))
    return float(2 * stats.t.sf(abs(statistic), freedom)) if freedom > 0 else math.nan


def _critical(level: float, freedom: int | None) -> float:
    from scipy import stats

    upper = 0.5 + level / 2
    if freedom is None:
        return float(stats.norm.ppf(upper))
    return float(stats.t.ppf(upper, freedom)) if freedom > 0 else math.inf


def pool(
    y: Sequence[float],
    v: Sequence[float],
    *,
    method: str = "REML",
    knapp_hartung: bool = False,
    level: float = 0.95,
) -> Fit:
    """Pool effects.

    :param y: effects on the scale on which they are pooled
    :param v: their sampling variances
    :param method: how tau² is estimated, a name in `METHODS`
    :param knapp_hartung: t quantiles and an adjusted standard error: Knapp and Hartung, Stat Med 2003;22:2693
    :param level: of the intervals
    :raises UsageError: if there is no study, or a variance is not above zero

    >>> fit = pool([0.2007, 0.0870], [0.1010, 0.1742], method="DL")
    >>> f"{fit.estimate:.3f} {fit.interval.low:.3f} {fit.interval.high:.3f}"
    '0.159 -0.337 0.655'
    """
    from scipy import stats

    model = _model(y, v, ())
    k = len(model.y)
    tau2 = _tau2(model, method)
    b, bread, w = model.solve(tau2)
    q = model.q(0)
    variance, freedom = float(bread[0, 0]), None
    if knapp_hartung:
        freedom = k - 1
        variance *= model.q(tau2) / freedom if freedom else 1.0
    estimate, error = float(b[0]), math.sqrt(variance)
    margin = _critical(level, freedom)
    i2, h2 = _heterogeneity(model, tau2, q, common=method == "EE")
    spread = margin * math.sqrt(variance + tau2)
    statistic = estimate / error if error else math.inf
    return Fit(
        estimate=estimate,
        standard_error=error,
        interval=Interval(estimate - margin * error, estimate + margin * error),
        prediction=None if method == "EE" else Interval(estimate - spread, estimate + spread),
        statistic=statistic,
        p=_two_sided(statistic, freedom),
        tau2=tau2,
        i2=i2,
        h2=h2,
        q=q if k > 1 else 0.0,
        q_p=float(stats.chi2.sf(q, k - 1)) if k > 1 else 1.0,
        studies=k,
        method=method,
        knapp_hartung=knapp_hartung,
        level=level,
        weights=tuple(float(each) for each in 100 * w / w.sum()),
    )


def regress(
    y: Sequence[float],
    v: Sequence[float],
    moderators: Mapping[str, Sequence[float]],
    *,
    method: str = "REML",
    level: float = 0.95,
) -> Regression:
    """Regress effects on properties of their studies.

    :param moderators: each with its values, one for each study
    :raises UsageError: if there are too few studies, or a moderator does not vary
    """
    from scipy import stats

    model = _model(y, v, list(moderators.values()))
    k, p = model.x.shape
    if k <= p:
        raise UsageError(
            f"{k} {'study is' if k == 1 else 'studies are'} too few for {p - 1} moderator{'s' if p > 2 else ''}",
            where="--moderator",
            remedy="as a rule, ten studies for each moderator",
        )
    tau2 = _tau2(model, method)
    b, bread, _ = model.solve(tau2)
    errors = [math.sqrt(each) for each in bread.diagonal()]
    margin = _critical(level, None)
    import numpy as np

    qm = float(b[1:] @ np.linalg.inv(bread[1:, 1:]) @ b[1:])
    q = model.q(0)
    alone = _tau2(_model(y, v, ()), method)
    i2, _ = _heterogeneity(model, tau2, q, common=method == "EE")
    return Regression(
        names=("intercept", *moderators),
        estimates=tuple(float(each) for each in b),
        standard_errors=tuple(errors),
        intervals=tuple(Interval(float(e) - margin * s, float(e) + margin * s) for e, s in zip(b, errors, strict=True)),
        p=tuple(_two_sided(float(e) / s, None) for e, s in zip(b, errors, strict=True)),
        tau2=tau2,
        qm=qm,
        qm_p=float(stats.chi2.sf(qm, p - 1)),
        q=q,
        q_p=float(stats.chi2.sf(q, k - p)),
        r2=max(0.0, 100 * (alone - tau2) / alone) if alone > 0 else None,
        i2=i2,
        studies=k,
    )


def leave_one_out(
    y: Sequence[float], v: Sequence[float], *, method: str = "REML", **options: bool | float
) -> list[Fit]:
    """Pool again without each study in turn, in their order.

    >>> [round(fit.estimate, 2) for fit in leave_one_out([0.0, 1.0, 2.0], [1.0, 1.0, 1.0], method="EE")]
    [1.5, 1.0, 0.5]
    """
    if len(y) < 2:
        return []
    return [
        pool([*y[:left], *y[left + 1 :]], [*v[:left], *v[left + 1 :]], method=method, **options)  # type: ignore[arg-type]
        for left in range(len(y))
    ]


def cumulative(y: Sequence[float], v: Sequence[float], *, method: str = "REML", **options: bool | float) -> list[Fit]:
    """Pool the first study, the first two, and so on."""
    return [pool(y[: upto + 1], v[: upto + 1], method=method, **options) for upto in range(len(y))]  # type: ignore[arg-type]


def between_groups(groups: Sequence[Fit]) -> tuple[float, int, float]:
    """Test whether pooled groups differ: Q between, degrees of freedom, p.

    Each group keeps the tau² of its own. Source: Borenstein and Higgins, Prev Sci 2013;14:134.

    >>> fits = [pool([0.0, 0.1], [0.01, 0.01], method="EE"), pool([1.0, 1.1], [0.01, 0.01], method="EE")]
    >>> q, freedom, p = between_groups(fits)
    >>> round(q, 6), freedom, p < 0.001
    (100.0, 1, True)
    """
    from scipy import stats

    weights = [1 / fit.standard_error**2 for fit in groups]
    mean = sum(w * fit.estimate for w, fit in zip(weights, groups, strict=True)) / sum(weights)
    q = sum(w * (fit.estimate - mean) ** 2 for w, fit in zip(weights, groups, strict=True))
    freedom = len(groups) - 1
    return q, freedom, float(stats.chi2.sf(q, freedom)) if freedom else 1.0
