"""Promise: BED10 and EQD2 come from one reported total dose and one number of fractions, say how, and
stand beside toxicity and in `pool --moderator`; where dose or fractions are missing, a range or unclear there is none.
"""

import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from picograph.kg.derivation import derive
from picograph.kg.radiation import bed, derived_doses, eqd2
from picograph.kg.results import Quantity
from picograph.kg.source import Place
from picograph.kg.store import open_store
from picograph.kg.store.records import records
from picograph.kg.study import Intervention, InterventionKind
from picograph.queries.ask import ask
from picograph.tests.acceptance.program import COMMAND

GIVEN: dict[str, Any] = {
    "key": "rt",
    "label": "radiation therapy",
    "kind": InterventionKind.RADIATION,
    "dose": Quantity(unit="Gy", value=Decimal(50)),
    "fractions": Quantity(unit="{fractions}", value=Decimal(25)),
    "evidence": (Place("10-20"), Place("30-40")),
}

# study, total dose [Gy], fractions, responders, participants, with portal vein thrombosis
MADE_UP = [
    ("NCT00000101", 50, 25, 12, 40, 40),
    ("NCT00000102", 45, 15, 15, 40, 40),
    ("NCT00000103", 54, 6, 25, 41, 0),
    ("NCT00000104", 60, 10, 28, 42, 0),
    ("NCT00000105", 40, 5, 22, 40, 20),
]


def record(key: str, dose: str, fractions: str, count: int, size: int, thrombosis: int) -> str:
    """A made-up study file."""
    return f"""picograph: study 1
key: {key}
record:
  document: pmid:{int(key[-3:])}
  source: {{sha256: "{key[-3:].zfill(64)}", characters: 1000}}
  method: curated
  reader: curated 1
design: {{number_of_arms: 1, evidence: 1-5}}
population: {{enrolled: {size}, evidence: 5-9}}
arms:
  - {{key: one, label: radiation, role: single arm, enrolled: {size}, interventions: [rt], evidence: 10-20}}
interventions:
  - {{key: rt, label: radiation therapy, kind: radiation{dose}{fractions}, evidence: [21-30, 41-50]}}
outcomes:
  - {{key: orr, label: objective response, concept: pg:ObjectiveResponse, criteria: pg:RECIST11, evidence: 51-60}}
baselines:
  - {{variable: portal vein thrombosis, arm: one, count: {thrombosis}, denominator: {size}, evidence: 61-70}}
estimates:
  - {{outcome: orr, arm: one, statistic: proportion, count: {count}, denominator: {size},
     denominator_kind: enrolled participants, evidence: 71-80}}
adverse_events:
  - {{term: hepatic toxicity, grade: {{low: 3}}, affected: 2, at_risk: {size}, arm: one, evidence: 81-90}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("doses")
    for key, dose, fractions, *counts in MADE_UP:
        text = record(
            key,
            f", dose: {{unit: Gy, value: {dose}}}",
            f", fractions: {{unit: '{{fractions}}', value: {fractions}}}",
            *counts,
        )
        (where / f"{key}.yaml").write_text(text, "utf-8")
    text = record("NCT00000106", ", dose: {unit: Gy, low: 40, high: 60, median: 50}", "", 5, 40, 10)
    (where / "NCT00000106.yaml").write_text(text, "utf-8")
    files = sorted(str(each) for each in where.glob("*.yaml"))
    run = subprocess.run([*COMMAND, "load", *files, "--store", str(where / "store")], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return where


def picograph(folder: Path, *line: str) -> str:
    run = subprocess.run(
        [*COMMAND, *line, "--store", str(folder / "store")], capture_output=True, text=True, encoding="utf-8"
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


# worked by hand: 50 Gy in 25: 50 × (1 + 2/10) = 60; 54 Gy in 6: 54 × 1.9 = 102.6; 30 Gy in 1: 30 × 4 = 120
@pytest.mark.parametrize(
    ("dose", "fractions", "biological", "in_twos"),
    [("50", 25, "60", "50"), ("54", 6, "102.6", "85.5"), ("30", 1, "120", "100"), ("45", 15, "58.5", "48.75")],
)
def test_the_formulas(dose: str, fractions: int, biological: str, in_twos: str) -> None:
    assert bed(Decimal(dose), fractions) == Decimal(biological)
    assert eqd2(Decimal(dose), fractions) == Decimal(in_twos)
    # the sum of Fowler's two terms, n d and n d² / (α/β), another way round
    size = Decimal(dose) / fractions
    assert bed(Decimal(dose), fractions) == fractions * size + fractions * size * size / 10


def test_a_derived_dose_says_how_and_leads_to_both_places() -> None:
    for derived in derived_doses(Intervention(**GIVEN)):
        assert "α/β = 10 Gy" in derived.method
        assert "Fowler" in derived.method
        assert "50 Gy in 25 fractions of 2 Gy" in derived.method
        assert derived.evidence == GIVEN["evidence"]
    assert [each.value for each in derived_doses(Intervention(**GIVEN))] == [60, 50]
    centi = {**GIVEN, "dose": Quantity(unit="cGy", value=Decimal(5000))}
    assert [each.value for each in derived_doses(Intervention(**centi))] == [60, 50]


@pytest.mark.parametrize(
    "change",
    [
        {"dose": None},
        {"fractions": None},
        {"dose": Quantity(unit="Gy", median=Decimal(50), low=Decimal(40), high=Decimal(60))},
        {"dose": Quantity(unit="Gy", value=Decimal(50), low=Decimal(40))},
        {"fractions": Quantity(unit="{fractions}", low=Decimal(5), high=Decimal(6))},
        {"fractions": Quantity(unit="{fractions}", value=Decimal("5.5"))},
        {"fractions": Quantity(unit="{fractions}", value=Decimal(0))},
        {"fractions": Quantity(unit="wk", value=Decimal(5))},
        {"dose": Quantity(unit="mg", value=Decimal(50))},
        {"dose": Quantity(unit="Gy", value=Decimal(0))},
        {"frequency": "5/wk"},
        {"kind": InterventionKind.DRUG},
        {"kind": None},
    ],
)
def test_nothing_is_derived_where_it_is_not_clear(change: dict[str, Any]) -> None:
    assert derived_doses(Intervention(**{**GIVEN, **change})) == ()


def test_doses_stand_beside_toxicity(folder: Path) -> None:
    with open_store(str(folder / "store")) as store:
        rows = ask(store, "toxicity-by-dose", min_grade=3).rows
        doses = {str(row["study"])[-3:]: (row["bed10"], row["eqd2"]) for row in rows}
        assert doses == {
            "101": (60, 50),
            "102": (Decimal("58.5"), Decimal("48.75")),
            "103": (Decimal("102.6"), Decimal("85.5")),
            "104": (96, 80),
            "105": (72, 60),
            "106": (None, None),
        }
        [row] = [row for row in rows if str(row["study"]).endswith("103")]
        assert any("α/β = 10 Gy" in each and "6 fractions" in each for each in row["computed"])  # type: ignore[union-attr]
        places = " ".join(row["evidence"])  # type: ignore[arg-type]
        assert all(each in places for each in ("#char=21,30", "#char=41,50", "#char=81,90"))
        [study] = records(store, "NCT00000103")
        assert study == derive(study)
        assert [each.quantity for each in study.interventions[0].derived] == ["BED10", "EQD2"]


def test_a_regression_on_bed10_and_groups_by_thrombosis(folder: Path) -> None:
    told = json.loads(picograph(folder, "pool", "responses", "--moderator", "BED10", "--format", "json"))
    found = told["regression"]
    assert (found["names"], found["studies"]) == (["intercept", "bed10"], 5)  # the sixth has no BED10
    assert found["estimates"][1] > 0  # in these made-up numbers more respond to more
    grouped = json.loads(
        picograph(folder, "pool", "responses", "--subgroup", "portal vein thrombosis", "--format", "json")
    )
    assert {each["name"] for each in grouped["groups"]} == {"all", "none", "some"}
