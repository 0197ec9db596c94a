"""What we pool is what metafor pools: every figure of the oracle, each method that it names.

``../shared/oracle/oracle.json`` was written by R. A figure is compared within 1e-6 of its size, a GLMM's within 1e-4.
The mean logit of that GLMM is 0.016 with a standard error of 0.89, and lme4, which fits it for metafor, stops when the
deviance moves by less than 1e-5: its mean and z are held within 1e-4 of a standard error, which is 1e-6 of the pooled
proportion. The walk goes over the file, so a figure that is not compared is found at the end.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("scipy")

from picograph.queries.synthesis import effects, glmm, models, tables
from picograph.queries.synthesis.asymmetry import egger

MEASURES = {"PR": "raw", "PLN": "log", "PLO": "logit", "PAS": "arcsine", "PFT": "freeman-tukey"}
RATIOS = {"RR": "log risk ratio", "OR": "log odds ratio", "RD": "risk difference"}
FITS = ("EE", "DL", "REML", "ML", "PM", "REML_knha")
TINY = 1e-11  # what R prints as 0


@pytest.fixture(scope="session")
def oracle(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "oracle" / "oracle.json").read_text("utf-8"))
    return found


class Comparison:
    """Compares figures by their path in the oracle, and keeps which were compared."""

    def __init__(self, oracle: dict[str, Any]) -> None:
        self.oracle, self.seen, self.wrong = oracle, set[str](), list[str]()

    def at(self, path: str) -> Any:
        value: Any = self.oracle
        for step in path.split("/"):
            value = value[int(step)] if isinstance(value, list) else value[step]
        return value

    def number(self, path: str, ours: float, tolerance: float = 1e-6, size: float = 0) -> None:
        theirs = self.at(path)
        self.seen.add(path)
        if theirs is None:
            return  # R has no figure there
        if abs(ours - theirs) > tolerance * max(abs(theirs), size) + TINY:
            self.wrong.append(f"{path}: {ours!r}, metafor {theirs!r}")

    def numbers(self, path: str, ours: list[float], tolerance: float = 1e-6) -> None:
        theirs = self.at(path)
        if not isinstance(theirs, list):
            self.number(path, ours[0], tolerance)
            return
        assert len(theirs) == len(ours), path
        for index, each in enumerate(ours):
            self.number(f"{path}/{index}", each, tolerance)

    def fit(self, path: str, fit: models.Fit, tolerance: float = 1e-6) -> None:
        values = {
            "b": fit.estimate, "se": fit.standard_error, "stat": fit.statistic, "p": fit.p, "tau2": fit.tau2,
            "I2": fit.i2, "H2": fit.h2, "Q": fit.q, "Qp": fit.q_p, "k": fit.studies,
        }  # fmt: skip
        for name, value in values.items():
            sizes = {"b": fit.standard_error, "stat": 1.0} if fit.method == "GLMM" else {}
            self.number(f"{path}/{name}", value, tolerance, sizes.get(name, 0))
        self.numbers(f"{path}/ci", list(fit.interval), tolerance)
        if "pi" in self.at(path):
            assert fit.prediction is not None
            self.numbers(f"{path}/pi", list(fit.prediction), tolerance)

    def all_fits(self, path: str, found: list[effects.Effect]) -> None:
        y, v = [each.estimate for each in found], [each.variance for each in found]
        self.numbers(f"{path}/yi", y)
        self.numbers(f"{path}/vi", v)
        for name in FITS:
            method, _, test = name.partition("_")
            self.fit(f"{path}/{name}", models.pool(y, v, method=method, knapp_hartung=test == "knha"))
        if "egger" in self.at(path):
            test_of = egger(y, v)
            assert test_of is not None
            self.number(f"{path}/egger/stat", test_of.statistic)
            self.number(f"{path}/egger/p", test_of.p)


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}/{key}" if path else key)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}/{index}")
    else:
        yield path


def test_every_figure_of_the_oracle(oracle: dict[str, Any]) -> None:
    done = Comparison(oracle)
    data = oracle["proportions"]["data"]
    x, n = [row["xi"] for row in data], [row["ni"] for row in data]
    for name, measure in MEASURES.items():
        found = [effects.PROPORTIONS[measure](*row) for row in zip(x, n, strict=True)]
        done.all_fits(f"proportions/{name}", found)
    done.fit("proportions/GLMM", glmm.pool_counts(x, n), 1e-4)
    pooled = models.pool(*zip(*((e.estimate, e.variance) for e in map(effects.freeman_tukey, x, n)), strict=True))
    assert pooled.prediction is not None
    size = effects.harmonic_mean(n)
    for name, value in (
        ("pred", pooled.estimate),
        ("ci.lb", pooled.interval.low),
        ("ci.ub", pooled.interval.high),
        ("pi.lb", pooled.prediction.low),
        ("pi.ub", pooled.prediction.high),
    ):
        done.number(f"proportions/PFT_back/{name}", effects.inverse_freeman_tukey(value, size))

    def table(row: dict[str, float]) -> effects.Table:
        return effects.Table.of(row["ai"], row["n1i"], row["ci"], row["n2i"])

    bcg = [table(row) for row in oracle["bcg"]["data"]]
    for name, measure in RATIOS.items():
        done.all_fits(f"bcg/{name}", [effects.CONTRASTS[measure](each) for each in bcg])
        same = tables.mantel_haenszel(bcg, measure)
        for key, value in (("b", same.estimate), ("se", same.standard_error), ("Q", same.q)):
            done.number(f"bcg/MH_{name}/{key}", value)
        done.numbers(f"bcg/MH_{name}/ci", list(same.interval))
    sparse = [table(row) for row in oracle["sparse"]["data"]]
    done.all_fits("sparse/OR", [effects.log_odds_ratio(each) for each in sparse])
    for path, rows in (("bcg/PETO", bcg), ("sparse/PETO", sparse)):
        step = tables.peto(rows)
        done.number(f"{path}/b", step.estimate)
        done.number(f"{path}/se", step.standard_error)
        done.numbers(f"{path}/ci", list(step.interval))
    done.number("bcg/PETO/Q", tables.peto(bcg).q)

    ratios = [effects.log_ratio(row["hr"], row["lo"], row["hi"], 0.95) for row in oracle["ratios"]["data"]]
    done.all_fits("ratios/fits", ratios)
    one = effects.logit(oracle["one"]["xi"], oracle["one"]["ni"])
    done.fit("one/PLO", models.pool([one.estimate], [one.variance]))
    done.all_fits("two", [effects.logit(22, 40), effects.logit(12, 23)])

    # absolute latitudes of the 13 trials: Colditz 1994, as in the textbooks that use these data
    latitude = [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33]
    logs = [effects.log_risk_ratio(each) for each in bcg]
    found = models.regress([e.estimate for e in logs], [e.variance for e in logs], {"latitude": latitude})
    assert found.r2 is not None
    done.numbers("bcg/reg_ablat/b", list(found.estimates))
    done.numbers("bcg/reg_ablat/se", list(found.standard_errors))
    done.numbers("bcg/reg_ablat/p", list(found.p))
    for name, value in (("tau2", found.tau2), ("QM", found.qm), ("QMp", found.qm_p), ("R2", found.r2)):
        done.number(f"bcg/reg_ablat/{name}", value)

    given = {path for path in leaves(oracle) if "/data/" in path} | {"metafor", "R", "one/xi", "one/ni"}
    missed = set(leaves(oracle)) - given - done.seen
    print(f"{len(done.seen)} figures compared with metafor {oracle['metafor']}")
    assert done.wrong == []
    assert missed == set()
    assert len(done.seen) > 900
