"""metafor itself, in R, pools the table that we print to the value that we print; each study left out in turn too.

The table is what ``picograph pool … --format csv`` writes: effects and variances, and the counts that they are made of.
"""

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from picograph.tests.acceptance.program import Program
from picograph.tests.acceptance.test_pool import STUDIES, STUDY

pytestmark = pytest.mark.long

SCRIPT = """
suppressMessages(library(metafor))
table <- read.csv(commandArgs(TRUE)[1])
told <- function(fit) { p <- predict(fit); c(fit$b, fit$se, fit$ci.lb, fit$ci.ub, p$pi.lb, p$pi.ub, fit$tau2, fit$I2) }
given <- rma(effect, variance, data = table, method = "REML")
made <- rma(measure = "PLO", xi = affected, ni = at_risk, data = table, method = "REML")
hartung <- rma(effect, variance, data = table, method = "REML", test = "knha")
left <- leave1out(rma(effect, variance, data = table, method = "DL"))
say <- function(name, numbers) cat(name, sprintf("%.15g", numbers), "\\n")
say("given", told(given)); say("made", told(made)); say("hartung", told(hartung))
say("left", c(left$estimate, left$ci.lb, left$ci.ub))
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return Program(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def store(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pool")
    counts = [*STUDIES, {**STUDIES[0], "key": "e", "count": 3, "of": 31, "thrombosis": 9}]
    for number, each in enumerate(counts):
        text = STUDY.format(sha=f"{number:064x}", allocation="allocation not applicable", role="single arm", **each)
        (folder / f"{each['key']}.yaml").write_text(text, "utf-8")
    loaded = program("load", *sorted(folder.glob("*.yaml")), store=folder / "store")
    assert loaded.code == 0, loaded.err
    return folder / "store"


def ours(program: Program, store: Path, *words: str) -> dict[str, Any]:
    done = program("pool", "adverse-events", "--min-grade", "3", *words, "--format", "json", store=store)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def figures(found: dict[str, Any]) -> list[float]:
    fit = found["summary"]["fit"]
    return [fit["estimate"], fit["standard_error"], *fit["interval"], *fit["prediction"], fit["tau2"], fit["i2"]]


def test_metafor_pools_our_table_to_our_value(program: Program, store: Path, tmp_path: Path) -> None:
    done = program("pool", "adverse-events", "--min-grade", "3", "--format", "csv", store=store)
    assert len(list(csv.DictReader(io.StringIO(done.text)))) == 5
    (tmp_path / "table.csv").write_bytes(done.out)
    (tmp_path / "pool.R").write_text(SCRIPT, "utf-8")
    command = ["Rscript", str(tmp_path / "pool.R"), str(tmp_path / "table.csv")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode == 0, said.stderr
    theirs = {words[0]: [float(word) for word in words[1:]] for words in map(str.split, said.stdout.splitlines())}
    plain = figures(ours(program, store))
    assert theirs["given"] == pytest.approx(plain, rel=1e-6, abs=1e-9)
    assert theirs["made"] == pytest.approx(plain, rel=1e-6, abs=1e-9)  # metafor makes the effects from our counts
    assert theirs["hartung"] == pytest.approx(figures(ours(program, store, "--knapp-hartung")), rel=1e-6, abs=1e-9)
    fits = [each["fit"] for each in ours(program, store, "--method", "DL", "--leave-one-out")["leave_one_out"]]
    left = [fit["estimate"] for fit in fits] + [fit["interval"][side] for side in (0, 1) for fit in fits]
    assert theirs["left"] == pytest.approx(left, rel=1e-6, abs=1e-9)
