"""A person pools what a question returns: what may not be pooled is said first, each number with its place.

Everything goes through the command line. The four made-up studies are worked out by hand below.
"""

import math
from pathlib import Path
from typing import Any

import pytest

from picograph.tests.acceptance.program import Program

pytest.importorskip("scipy")

STUDY = """picograph: study 1
key: lab:{key}
record:
  document: lab:{key}
  source: {{sha256: {sha}, characters: 400}}
  method: curated
report: {{published: {year}-01-01, evidence: [0-3]}}
design: {{allocation: {allocation}, evidence: [0-3]}}
arms:
  - {{key: only, label: treated, role: {role}, evidence: [4-8]}}
outcomes:
  - {{key: response, label: response, concept: ["pg:ObjectiveResponse"], criteria: "pg:{criteria}", evidence: [9-12]}}
baselines:
  - {{variable: thrombosis, arm: only, count: {thrombosis}, denominator: {of}, evidence: [20-24]}}
estimates:
  - {{outcome: response, arm: only, statistic: proportion, count: {count}, denominator: {of}, evidence: [30-40]}}
adverse_events:
  - {{term: hepatic toxicity, arm: only, grade: {{low: 3}}, affected: {hepatic}, at_risk: {of}, evidence: [50-60]}}
"""
STUDIES: list[dict[str, Any]] = [
    {"key": "a", "year": 2010, "count": 22, "of": 40, "thrombosis": 40, "hepatic": 6, "criteria": "RECIST11"},
    {"key": "b", "year": 2012, "count": 12, "of": 23, "thrombosis": 0, "hepatic": 0, "criteria": "RECIST11"},
    {"key": "c", "year": 2011, "count": 9, "of": 19, "thrombosis": 19, "hepatic": 2, "criteria": "RECIST11"},
    {"key": "d", "year": 2013, "count": 15, "of": 15, "thrombosis": 5, "hepatic": 1, "criteria": "mRECIST"},
]


@pytest.fixture(scope="module")
def store(program: Program, tmp_path_factory: pytest.TempPathFactory) -> str:
    tmp_path = tmp_path_factory.mktemp("pool")
    files = []
    for number, each in enumerate(STUDIES):
        path = tmp_path / f"{each['key']}.yaml"
        text = STUDY.format(sha=f"{number:064x}", allocation="allocation not applicable", role="single arm", **each)
        path.write_text(text, "utf-8")
        files.append(str(path))
    place = str(tmp_path / "store")
    done = program("load", *files, store=place)
    assert done.code == 0, done.err
    return place


def pooled(program: Program, store: str, *words: str) -> Any:
    done = program("pool", *words, "--format", "json", store=store)
    assert done.code == 0, done.err
    return done.json()


def test_responses_pool_and_the_other_criteria_are_refused(program: Program, store: str) -> None:
    found = pooled(program, store, "responses")
    assert [each["candidate"]["affected"] for each in found["members"]] == [22, 9, 12]  # by year
    [refused] = found["refused"]
    assert refused["rule"] == "criteria"
    assert refused["candidate"]["evidence"][0].endswith("#char=30,40")
    assert refused["against"]["evidence"][0].endswith("#char=30,40")
    # by hand: no spread between these, so the weights are n p (1 - p): 9.9, 4.7368…, 5.7391…
    sizes = [(22, 40), (9, 19), (12, 23)]
    weights = [x * (n - x) / n for x, n in sizes]
    logits = [math.log(x / (n - x)) for x, n in sizes]
    mean = sum(w * y for w, y in zip(weights, logits, strict=True)) / sum(weights)
    assert found["summary"]["fit"]["tau2"] == 0
    assert found["summary"]["estimate"] == pytest.approx(1 / (1 + math.exp(-mean)), rel=1e-9)
    assert found["summary"]["participants"] == 82


def test_an_override_is_told(program: Program, store: str) -> None:
    done = program("pool", "responses", "--allow", "criteria", "--format", "table", store=store)
    assert done.code == 0
    assert "Pooled because you set a rule aside" in done.text
    assert "Set aside by you: the rule 'criteria'" in done.err
    assert len(pooled(program, store, "responses", "--allow", "criteria")["members"]) == 4


def test_zero_is_a_number(program: Program, store: str) -> None:
    found = pooled(program, store, "adverse-events", "--min-grade", "3", "--outcome", "hepatic")
    assert [each["candidate"]["affected"] for each in found["members"]] == [6, 2, 0, 1]
    assert found["refused"] == []
    assert any("Half an event" in each for each in found["cautions"])


def test_subgroups_by_a_property_at_entry(program: Program, store: str) -> None:
    words = ("adverse-events", "--min-grade", "3", "--subgroup", "thrombosis", "--measure", "glmm")
    found = pooled(program, store, *words)
    assert [(each["name"], len(each["members"])) for each in found["groups"]] == [("all", 2), ("none", 1), ("some", 1)]


def test_a_moderator(program: Program, store: str) -> None:
    found = pooled(program, store, "adverse-events", "--moderator", "thrombosis (%)")
    assert found["regression"]["names"] == ["intercept", "thrombosis (%)"]
    assert any("wants 10 studies" in each for each in found["cautions"])


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_the_forest_plot_is_drawn_whole(program: Program, store: str, tmp_path: Path, ending: str) -> None:
    one, two = tmp_path / f"one.{ending}", tmp_path / f"two.{ending}"
    for path in (one, two):
        done = program("pool", "responses", "--forest", str(path), store=store)
        assert done.code == 0, done.err
    assert one.read_bytes() == two.read_bytes()
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
    assert one.read_bytes().startswith(starts[ending])
    if ending == "svg":
        assert "22" in one.read_text("utf-8")
        assert "Prediction interval" in one.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("responses", "--allow", "missing"), "cannot be set aside"),
        (("responses", "--allow", "criterias"), "did you mean criteria?"),
        (("responses", "--time", "soon"), "is not a time"),
        (("responses", "--forest", "plot.doc"), "cannot be drawn"),
        (("responses", "--subgroup", "shoe size"), "no study that is pooled reports"),
        (("mesh-headings",), "there is no"),
    ],
)
def test_wrong_use_says_what_to_try(program: Program, store: str, words: tuple[str, ...], said: str) -> None:
    done = program("pool", *words, store=store)
    assert done.code == 2
    assert said in done.err
    assert "try:" in done.err
    assert "Traceback" not in done.err


def test_nothing_to_pool_is_no_error(program: Program, store: str) -> None:
    done = program("pool", "survival", "--format", "table", store=store)
    assert done.code == 0
    assert "Nothing can be pooled." in done.text
