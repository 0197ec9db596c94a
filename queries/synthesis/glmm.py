"""Proportions pooled as counts: a logistic model with a normal random effect, so that no zero cell is corrected.

The likelihood is integrated over the random effect by adaptive Gauss–Hermite quadrature with seven points (Pinheiro and
Bates, J Comput Graph Stat 1995;4:12); the model for proportions is that of Stijnen, Hamza and Özdemir, Stat Med
2010;29:3046. Its standard error comes from the curvature of the likelihood in both parameters.
"""

import math
from collections.abc import Sequence

from picograph.ontology.errors import UsageError
from picograph.queries.synthesis import effects
from picograph.queries.synthesis.models import Fit, pool

POINTS = 7
_PRECISE = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000}


class _Likelihood:
    """Twice the negative log-likelihood of the mean logit and the standard deviation of the random effect."""

    def __init__(self, affected: Sequence[float], at_risk: Sequence[float]) -> None:
        import numpy as np

        self.x, self.n = np.asarray(affected, dtype=float), np.asarray(at_risk, dtype=float)
        self.nodes, weights = np.polynomial.hermite.hermgauss(POINTS)
        self.weights = np.log(weights) + self.nodes**2

    def __call__(self, parameters: Sequence[float]) -> float:
        import numpy as np

        mean, deviation = parameters[0], abs(parameters[1])
        mode = np.zeros_like(self.x)  # of the standardised random effect, for each study
        for _ in range(100):
            share = 1 / (1 + np.exp(-(mean + deviation * mode)))
            slope = deviation * (self.x - self.n * share) - mode
            curve = deviation**2 * self.n * share * (1 - share) + 1
            mode = mode + slope / curve
            if np.abs(slope / curve).max() < 1e-13:
                break
        share = 1 / (1 + np.exp(-(mean + deviation * mode)))
        scale = 1 / np.sqrt(deviation**2 * self.n * share * (1 - share) + 1)
        u = mode[:, None] + math.sqrt(2) * scale[:, None] * self.nodes[None, :]
        eta = mean + deviation * u
        inside = self.x[:, None] * eta - self.n[:, None] * np.logaddexp(0, eta) - u**2 / 2 + self.weights[None, :]
        top = inside.max(axis=1)
        return float(-2 * (top + np.log(np.exp(inside - top[:, None]).sum(axis=1)) + np.log(scale)).sum())


def _curvature(function: _Likelihood, at: Sequence[float], step: float = 1e-3) -> list[list[float]]:
    """Give the second derivatives, by central differences of fourth order."""
    offsets = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}

    def moved(*changes: float) -> float:
        return function([value + change for value, change in zip(at, changes, strict=True)])

    def own(axis: int) -> float:
        weights = {-2: -1 / 12, -1: 4 / 3, 0: -5 / 2, 1: 4 / 3, 2: -1 / 12}
        moves = {each: [each * step if axis == other else 0.0 for other in range(2)] for each in weights}
        return sum(weight * moved(*moves[each]) for each, weight in weights.items()) / step**2

    cross = sum(
        first * second * moved(one * step, two * step)
        for one, first in offsets.items()
        for two, second in offsets.items()
    )
    return [[own(0), cross / step**2], [cross / step**2, own(1)]]


def pool_counts(affected: Sequence[float], at_risk: Sequence[float], *, level: float = 0.95) -> Fit:
    """Pool proportions on the logit scale from their counts.

    :param affected: participants with the event in each study
    :param at_risk: participants observed
    :raises UsageError: if nobody, or everybody, had the event in all the studies: then there is no logit
    """
    import numpy as np
    from scipy.optimize import minimize

    total, size = sum(affected), sum(at_risk)
    if not affected or total in (0, size):
        raise UsageError(
            "a logistic model needs some with the event and some without it", remedy="report the counts as they are"
        )
    likelihood = _Likelihood(affected, at_risk)
    start = math.log(total / (size - total))
    found = min(
        (
            minimize(
                likelihood,
                [start, deviation],
                method="Nelder-Mead",
                options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000},
            )
            for deviation in (0.1, 1.0)
        ),
        key=lambda each: float(each.fun),
    )
    mean, deviation = float(found.x[0]), abs(float(found.x[1]))
    single = len(affected) == 1 or deviation < 1e-4
    if single:
        deviation, mean = 0.0, start
        variance = 1 / sum(n * (total / size) * (1 - total / size) for n in at_risk)
    else:
        variance = float(np.linalg.inv(np.asarray(_curvature(likelihood, [mean, deviation])) / 2)[0, 0])
    # what is told of the spread, on the logit scale with corrected cells, is that of the two-step model at this tau²
    each = [effects.logit(x, n) for x, n in zip(affected, at_risk, strict=True)]
    two_step = pool([e.estimate for e in each], [e.variance for e in each], method="EE", level=level)
    return _as_fit(mean, variance, deviation**2, [e.variance for e in each], two_step, level)


def _as_fit(mean: float, variance: float, tau2: float, variances: Sequence[float], two_step: Fit, level: float) -> Fit:
    from scipy import stats

    from picograph.queries.synthesis.models import Interval

    weights = [1 / each for each in variances]
    k, total = len(weights), sum(weights)
    typical = (k - 1) / (total - sum(w**2 for w in weights) / total) if k > 1 else math.inf
    error, margin = math.sqrt(variance), effects.z_of(level)
    spread = margin * math.sqrt(variance + tau2)
    shares = [1 / (v + tau2) for v in variances]
    return Fit(
        estimate=mean,
        standard_error=error,
        interval=Interval(mean - margin * error, mean + margin * error),
        prediction=Interval(mean - spread, mean + spread),
        statistic=mean / error,
        p=float(2 * stats.norm.sf(abs(mean / error))),
        tau2=tau2,
        i2=100 * tau2 / (typical + tau2) if k > 1 else 0.0,
        h2=tau2 / typical + 1 if k > 1 else 1.0,
        q=two_step.q,
        q_p=two_step.q_p,
        studies=k,
        method="GLMM",
        knapp_hartung=False,
        level=level,
        weights=tuple(100 * share / sum(shares) for share in shares),
    )
