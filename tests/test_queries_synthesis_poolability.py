"""What may not be pooled is turned down, by the rule that says why; its near twin is let pass.

Each pair of records is made by hand: two studies of one arm each that are alike but for what the rule is about. The
twin differs in something that the rule must not mind.
"""

from typing import Any

import pytest

from picograph.ontology.errors import UsageError
from picograph.queries.synthesis.poolability import assess
from picograph.queries.synthesis.rules import CONTROL, OVERLAP, PAIRS, RULES, SINGLES, Candidate

BASE: dict[str, Any] = {
    "kind": "proportion", "outcome": "Objective response", "affected": 22, "at_risk": 40, "criteria": "RECIST 1.1",
    "time": "3 mo", "denominator_kind": "evaluable participants", "randomised": False, "grade": ">= 3",
}  # fmt: skip
RATIO: dict[str, Any] = {
    "kind": "ratio", "statistic": "hazard ratio", "outcome": "Overall survival", "value": 0.69, "low": 0.55,
    "high": 0.87, "level": 95.0, "randomised": True,
}  # fmt: skip
SURVIVAL: dict[str, Any] = {
    "kind": "survival", "statistic": "survival probability", "outcome": "Overall survival", "value": 0.32, "low": 0.18,
    "high": 0.47, "level": 95.0, "time": "2 a",
}  # fmt: skip

# rule: what both have, what the second has besides, and what its twin has instead
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "retracted": (BASE, {"retracted": True}, {"retracted": False}),
    "ambiguous": (BASE, {"ambiguous": ("grade",)}, {"ambiguous": ()}),
    "events": (BASE, {"affected": None, "events": 31}, {"affected": 12, "events": 31}),
    "missing": (BASE, {"affected": None, "absence": "not reported"}, {"affected": 0}),
    "impossible": (BASE, {"affected": 80, "at_risk": 71}, {"affected": 71, "at_risk": 71}),
    "nobody-at-risk": (BASE, {"affected": 0, "at_risk": 0}, {"affected": 0, "at_risk": 1}),
    "median": (RATIO, {"kind": "median", "value": 10.7, "low": 9.4, "high": 13.3}, {"value": 0.7}),
    "no-comparator": (BASE, {"alone": True}, {"role": "experimental"}),
    "no-scale": (RATIO, {"kind": "other", "statistic": "rate"}, {"value": 0.7}),
    "no-interval": (SURVIVAL, {"low": None, "high": None}, {"low": 0.2, "high": 0.5}),
    "interval": (RATIO, {"low": 0.7}, {"low": 0.69}),
    "kind": (RATIO, {"kind": "difference"}, {"value": 0.8}),
    "statistic": (RATIO, {"statistic": "odds ratio"}, {"statistic": "hazard ratio"}),
    "outcome": (BASE, {"outcome": "Disease control"}, {"outcome": "objective RESPONSE"}),
    "category": (BASE, {"category": "complete response"}, {"category": None}),
    "criteria": (BASE, {"criteria": "mRECIST"}, {"criteria": "RECIST 1.1"}),
    "time-point": (SURVIVAL, {"time": "1 a"}, {"value": 0.4}),
    "time-origin": (SURVIVAL, {"time_origin": "randomisation"}, {"time_origin": None}),
    "grade": (BASE, {"grade": ">= 2"}, {"grade": ">= 3"}),
    "attribution": (BASE, {"attribution": "any cause"}, {"attribution": None}),
    "epoch": (BASE, {"epoch": "sequential"}, {"epoch": None}),
    "serious": (BASE, {"serious": True}, {"serious": None}),
    "scale": (BASE, {"scale": "CTCAE 3.0"}, {"scale": None}),
    "denominator": (BASE, {"denominator_kind": "enrolled participants"}, {"at_risk": 38}),
    "analysis-set": (BASE, {"analysis_set": "per protocol"}, {"analysis_set": None}),
    "design": (BASE, {"randomised": True}, {"randomised": False}),
    "counted": (BASE, {"counted": "lesions"}, {"counted": None}),
    "unit": ({**RATIO, "kind": "mean"}, {"unit": "mo"}, {"unit": None}),
    OVERLAP: ({**BASE, "study": "a", "arm": "a1"}, {"document": "pmid:2"}, {"arm": "a2"}),
    CONTROL: ({**RATIO, "study": "a"}, {"arm": "a2", "comparator": "a0"}, {"arm": "a2", "comparator": "a9"}),
}


def pair(rule: str, change: dict[str, Any]) -> list[Candidate]:
    base = CASES[rule][0]
    first = {"study": "a", "arm": "a1", "document": "pmid:1", **base}
    if rule == CONTROL:
        first["comparator"] = "a0"
    second = {"study": "b", "arm": "b1", "document": "pmid:2", **base, **change}
    return [Candidate(**first), Candidate(**second)]


def test_there_is_a_case_for_every_rule() -> None:
    assert set(CASES) == set(RULES)
    assert len(RULES) == len(SINGLES) + len(PAIRS) + 2 >= 12


@pytest.mark.parametrize("rule", CASES)
def test_a_pair_is_refused_by_its_rule(rule: str) -> None:
    candidates = pair(rule, CASES[rule][1])
    verdict = assess(candidates)
    assert [refusal.rule for refusal in verdict.refused] == [rule]
    [refusal] = verdict.refused
    assert refusal.why
    assert len(verdict.pooled) == 1
    if rule in {each.name for each in PAIRS} | {OVERLAP, CONTROL}:
        assert refusal.against == verdict.pooled[0] != refusal.candidate


@pytest.mark.parametrize("rule", CASES)
def test_its_near_twin_passes(rule: str) -> None:
    verdict = assess(pair(rule, CASES[rule][2]))
    assert len(verdict.pooled) == 2
    assert verdict.refused == verdict.overridden == ()


@pytest.mark.parametrize("rule", ["criteria", "design", "time-point", "retracted", "ambiguous", OVERLAP, CONTROL])
def test_an_override_lets_pass_and_is_told(rule: str) -> None:
    verdict = assess(pair(rule, CASES[rule][1]), allow=[rule])
    assert len(verdict.pooled) == 2
    assert verdict.refused == ()
    assert [each.rule for each in verdict.overridden] == [rule]


@pytest.mark.parametrize("rule", ["missing", "median", "kind", "impossible", "no-interval"])
def test_what_no_override_can_make_right(rule: str) -> None:
    with pytest.raises(UsageError, match="cannot be set aside"):
        assess([], allow=[rule])


def test_a_rule_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="criteria"):
        assess([], allow=["criterria"])


def test_the_largest_group_is_pooled_and_the_others_stand_against_it() -> None:
    made = [
        Candidate(study=name, arm=name, **{**BASE, "criteria": criteria})
        for name, criteria in (("a", "mRECIST"), ("b", "RECIST 1.1"), ("c", "RECIST 1.1"), ("d", None))
    ]
    verdict = assess(made)
    assert [each.study for each in verdict.pooled] == ["b", "c"]
    assert [(each.candidate.study, each.rule) for each in verdict.refused] == [("a", "criteria"), ("d", "criteria")]
    assert all(each.against in verdict.pooled for each in verdict.refused)


def test_the_order_of_the_candidates_does_not_matter() -> None:
    made = [candidate for rule in CASES for candidate in pair(rule, CASES[rule][1])]
    assert assess(made) == assess(made[::-1])


def test_the_curated_reading_is_kept_of_two() -> None:
    made = [Candidate(**{"study": "a", "arm": "a1", "method": method, **BASE}) for method in ("rule", "curated")]
    assert [each.method for each in assess(made).pooled] == ["curated"]


NONE: dict[str, Any] = {"study": "z", "arm": "z", "affected": 0, "at_risk": 50}


@pytest.mark.parametrize(
    ("wider", "narrower"),
    [
        ({"attribution": None}, {"attribution": "treatment-related"}),
        ({"attribution": "any cause"}, {"attribution": "treatment-related"}),
        ({"grade": ">= 2"}, {"grade": ">= 3"}),
        ({"grade": ">= 2", "attribution": None}, {"grade": "3 to 4", "attribution": "treatment-related"}),
    ],
)
def test_who_had_nothing_wider_had_nothing_narrower_and_the_other_way_does_not_follow(
    wider: dict[str, Any], narrower: dict[str, Any]
) -> None:
    others = [Candidate(**{**BASE, **narrower, "study": name, "arm": name}) for name in ("a", "b")]
    verdict = assess([*others, Candidate(**{**BASE, **wider, **NONE})])
    assert [each.study for each in verdict.pooled] == ["a", "b", "z"]
    assert [each.candidate.study for each in verdict.implied] == ["z"]
    assert verdict.refused == ()
    # one who had it, or a zero of the narrower event among the wider, is turned down as before
    others = [Candidate(**{**BASE, **wider, "study": name, "arm": name}) for name in ("a", "b")]
    assert [each.candidate.study for each in assess([*others, Candidate(**{**BASE, **narrower, **NONE})]).refused] == [
        "z"
    ]
    one = Candidate(**{**BASE, **wider, **NONE, "affected": 1})
    others = [Candidate(**{**BASE, **narrower, "study": name, "arm": name}) for name in ("a", "b")]
    assert [each.candidate.study for each in assess([*others, one]).refused] == ["z"]


def test_a_zero_is_taken_once_for_an_arm_and_never_across_another_difference() -> None:
    others = [Candidate(**{**BASE, "attribution": "treatment-related", "study": name, "arm": name}) for name in "ab"]
    twice = [Candidate(**{**BASE, **NONE, "attribution": cause}) for cause in (None, "any cause")]
    assert len(assess([*others, *twice]).implied) == 1
    other = Candidate(**{**BASE, **NONE, "outcome": "another event"})
    assert [each.rule for each in assess([*others, other]).refused] == ["outcome"]
