"""Every target, of every input, is opened by another program than ours; and what a target cannot say is told.

The inputs are the seed study, the studies of hepatocellular carcinoma that ship, each real registry record, and a study
made to hurt: every kind of value, an ambiguity, a zero, absences, ten arms, other scripts, cells that a spreadsheet
would run. `make test` prints how many targets and inputs were swept; `pytest -v` prints the table.
"""

import csv
import io
import itertools
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from picograph.queries.exports import EXPORTS
from picograph.tests.export_checks import CHECKS, kgx_of
from picograph.tests.exported import INPUTS, QUESTIONS, QUICK, exported, store_of

TABLES = frozenset(
    {"cinema", "cinema-contrast", "metafor", "netmeta", "netmeta-contrast", "revman"}
)  # made of a question's answer


def test_every_target_is_swept() -> None:
    assert set(CHECKS) == set(EXPORTS)
    assert len(INPUTS) >= 2


def _swept() -> Iterator[Any]:
    """Give every target with every input; those that cost most wait for `make test-long`."""
    for target, name in itertools.product(CHECKS, INPUTS):
        slow = target.startswith("kgx") or name not in QUICK
        yield pytest.param(target, name, marks=[pytest.mark.long] if slow else [])


@pytest.mark.parametrize(("target", "name"), list(_swept()))
def test_another_program_opens_it(
    target: str, name: str, record_property: Callable[[str, object], None], tmp_path: Path
) -> None:
    told, check = CHECKS[target]
    record_property("exports", [target, name, told])
    store = store_of(name)
    for question in QUESTIONS if target in TABLES else (None,):
        content, _ = exported(target, store, question)
        assert exported(target, store, question)[0] == content, "the same input gives the same bytes"
        check(content, store, tmp_path)


# --- the study made to hurt: each loss has its line -----------------------------------------------------------


_FORMULA = "cells that a spreadsheet would run"
LOSSES: dict[str, dict[str, int | None]] = {
    "fhir": {
        "ambiguous fields, told in a note": 1,
        "derived numbers, told in a note": 9,
        "phases of treatment, told in a note": 1,
        "fatal events among the affected": 1,
        "participants of arms, told in a note": 1,
        "related publications": 1,
    },
    "csv": {_FORMULA: 71, "headings of reports": 1, "authors of reports": 2},
    "ris": {"estimates, which are no part of a reference": 8, "line breaks in values": 1},
    "csl-json": {"adverse events, which are no part of a reference": 7},
    "kgx": {
        "adverse events which the source leaves open: grade": 1,
        "adverse events which are not assessed": 1,
        "adverse events whose participants are not counted": 1,
        "fatal events among the affected": 1,
        "estimates, which Biolink has no words for": 8,
        _FORMULA: 6,
        "tabs, line breaks and bars": 5,
    },
    "nanopub": {"nanopublications without a signature": 19, "parts that are no results": None},
    "cytoscape": {"values of one property": 2},  # the DOI and the PMID that the record states
    "graphml": {"values of one property": 2},
    "void": {"statements, which are counted and not written": None},
    "ro-crate": {"answers: none was asked for": 1, "a licence": 1},
    "nt": {},
    "trig": {},
}
ASKED: dict[tuple[str, str], dict[str, int]] = {
    ("netmeta", "responses"): {"numbers that are no row: not reported": 1, _FORMULA: 2},
    ("netmeta", "survival"): {
        "a median has no standard error": 1,
        "a survival probability or a difference is neither a count nor a ratio": 1,
        "ratios between two arms, which are no row of arms": 1,
    },
    ("netmeta", "adverse-events"): {
        "the source leaves open: grade": 1,
        "occurrences are counted, not participants": 1,
        "not assessed": 1,
        "counts computed from a per cent": 1,
        "another outcome, time or grade": 2,
    },
    ("cinema", "responses"): {"rows without risk of bias and indirectness": 2},
    ("cinema-contrast", "responses"): {"zero cells that got half an event": 1},
    ("revman", "survival"): {"intervals of another level than 95 %": 1},
    ("revman", "responses"): {"pairs of arms of which the source names none a comparator": 1},
}


@pytest.mark.parametrize("target", LOSSES)
def test_each_loss_of_the_study_made_to_hurt_is_named(target: str) -> None:
    _, losses = exported(target, store_of("hurt"))
    for words, count in LOSSES[target].items():
        found = [number for what, number in losses.items() if words in what]
        assert len(found) == 1, (words, losses)
        assert found[0] == count or (count is None and found[0] > 0), (words, losses)  # None: picograph's own parts too
    if not LOSSES[target]:
        assert not losses


@pytest.mark.parametrize(("target", "question"), ASKED)
def test_each_loss_of_a_table_is_named(target: str, question: str) -> None:
    _, losses = exported(target, store_of("hurt"), question)
    for words, count in ASKED[target, question].items():
        assert [number for what, number in losses.items() if words in what] == [count], (words, losses)


def table(target: str, question: str) -> list[dict[str, str]]:
    content, _ = exported(target, store_of("hurt"), question)
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_tables_of_arms_and_contrasts() -> None:
    """By hand: half an event to each cell of 0/14 against 3/13; log(0.7), and a 90 % interval's standard error."""
    odds = math.log((0.5 / 14.5) / (3.5 / 10.5))
    [row] = table("netmeta-contrast", "responses")
    assert float(row["TE"]) == pytest.approx(odds)
    assert float(row["seTE"]) == pytest.approx(math.sqrt(1 / 0.5 + 1 / 14.5 + 1 / 3.5 + 1 / 10.5))
    assert (row["treat1"], row["treat2"], row["sm"]) == ("'@sorafenib", "放射線", "OR")
    [ratio] = table("cinema-contrast", "survival")
    assert float(ratio["effect"]) == pytest.approx(math.log(0.7))
    assert float(ratio["se"]) == pytest.approx(math.log(0.98 / 0.5) / (2 * 1.644854), abs=1e-6)
    assert [(each["t"], each["r"], each["n"], each["rob"]) for each in table("cinema", "responses")] == [
        ("'@sorafenib", "0", "14", ""),
        ("放射線", "3", "13", ""),
    ]
    [pair] = table("revman", "responses")
    assert [pair[f"{who} {what}"] for who in ("Experimental", "Control") for what in ("cases", "N", "mean")] == [
        *("0", "14", ""),
        *("3", "13", ""),
    ]
    [giv] = table("revman", "survival")
    assert (giv["Mean"], giv["CI start"], giv["Experimental cases"]) == ("0.7", "", "")
    assert table("netmeta", "survival") == []


def test_kgx_says_nobody_had_it_as_a_negation_of_just_that_event() -> None:
    nodes, edges = kgx_of(exported("kgx-jsonl", store_of("hurt"))[0])
    names = {each["id"]: each.get("name") for each in nodes}
    assert all({each["subject"], each["object"]} <= set(names) for each in edges)
    had = {
        names[each["object"]]: (each.get("negated"), each.get("has_count"), each.get("has_total"))
        for each in edges
        if each["predicate"] == "biolink:has_phenotype" and names[each["subject"]].startswith("=HYPERLINK")
    }
    assert had == {
        '@nausea, "bad", grade >= 3': (True, 0, 14),
        "liver failure, lead-in": (None, 2, 14),
        "fatigue": (None, None, 14),
    }
    trials = [
        (names[e["subject"]], names[e["object"]]) for e in edges if e["predicate"] == "biolink:in_clinical_trials_for"
    ]
    assert sorted(trials) == [("@sorafenib", "hepatocellular carcinoma"), ("放射線", "hepatocellular carcinoma")]


def test_fhir_keeps_zero_absent_and_ambiguous_apart() -> None:
    content, _ = exported("fhir", store_of("hurt"))
    held = [each["resource"] for each in json.loads(content)["entry"]]
    titles = {
        f"EvidenceVariable/{each['id']}": each["title"] for each in held if each["resourceType"] == "EvidenceVariable"
    }

    def evidence(title: str) -> list[dict[str, Any]]:
        return [
            each
            for each in held
            if each["resourceType"] == "Evidence"
            and any(titles[one["observed"]["reference"]].startswith(title) for one in each["variableDefinition"])
        ]

    zero = [each["statistic"][0] for each in evidence('@nausea, "bad", grade 3 or worse')]
    assert {(each["numberAffected"], each["sampleSize"]["numberOfParticipants"]) for each in zero} == {(0, 14), (2, 13)}
    [rash] = evidence("rash")
    assert "numberAffected" not in rash["statistic"][0]
    assert rash["statistic"][0]["quantity"]["extension"][0]["valueCode"] == "not-performed"
    [diarrhea] = evidence("diarrhea")
    assert "ambiguous: grade" in diarrhea["note"][0]["text"]
    assert "numberAffected" not in diarrhea["statistic"][0]
    [median] = [
        one for each in evidence("survival") if (one := each["statistic"][0]).get("statisticType") == {"text": "median"}
    ]
    assert median["quantity"] == {"value": 10.7, "unit": "mo", "system": "http://unitsofmeasure.org", "code": "mo"}
    [ratio] = [
        one
        for each in evidence("survival")
        if (one := each["statistic"][0]).get("statisticType") == {"text": "hazard ratio"}
    ]
    assert [each.get("level") for each in ratio["attributeEstimate"]] == [0.9, None]
    assert ratio["attributeEstimate"][1]["quantity"] == {"value": 0.04, "comparator": "<"}
