"""Every target, of every input, is opened by another program than ours; and what a target cannot say is told.

The inputs are the seed study, each real registry record, and a study made to hurt: every kind of value, an ambiguity,
a zero, absences, ten arms, other scripts, cells that a spreadsheet would run. `make test` prints how many targets and
inputs were swept; `pytest -v` prints the table.
"""

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from picograph.kg.load import example, load
from picograph.kg.store import Store, open_store
from picograph.kg.study import Study
from picograph.queries.ask import ask
from picograph.queries.exports import EXPORTS, export
from picograph.queries.exports.selection import Losses, Selection

ROOT = Path(__file__).resolve().parents[1]
HURT = ROOT / "tests" / "records" / "made-to-hurt.yaml"
REGISTRY = ROOT.parent / "shared" / "clinicaltrials"
INPUTS = ("seed", "hurt", *sorted(path.stem for path in REGISTRY.glob("NCT*.json")))
QUESTIONS = ("responses", "survival", "adverse-events")  # of the tables for meta-analysis, one after the other
Check = Callable[[bytes, Store, Path], None]
_stores: dict[str, Store] = {}


def store_of(name: str) -> Store:
    """Give a store with one input; nobody changes it."""
    if name not in _stores:
        given: Any = example() if name == "seed" else HURT if name == "hurt" else REGISTRY / f"{name}.json"
        store = open_store(":memory:")
        assert len(load(store, [given])) == 1
        _stores[name] = store
    return _stores[name]


def exported(target: str, store: Store, question: str | None = None) -> tuple[bytes, dict[str, int]]:
    """Export, and give the losses with their counts."""
    losses = Losses()
    answer = None if question is None else ask(store, question)
    content = b"".join(export(target)(Selection(store, answer=answer), losses))
    return content, {each.what: each.count for each in losses.found()}


def records(store: Store) -> list[Study]:
    return list(Selection(store).records())


# --- what opens each target -----------------------------------------------------------------------------------


def rdf(form: str) -> Check:
    def check(content: bytes, store: Store, tmp: Path) -> None:
        import warnings

        import rdflib

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's own, about its own names
            dataset = rdflib.Dataset()
            dataset.parse(data=content, format=form)
        graphs = [quads for _, quads in Selection(store).graphs()]
        assert len(set(dataset.quads())) == sum(map(len, graphs)) > 20

    return check


def check_csv(content: bytes, store: Store, tmp: Path) -> None:
    """DuckDB reads what Python's csv reads."""
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    (tmp / "x.csv").write_bytes(content)
    found = duckdb.read_csv(str(tmp / "x.csv"), header=True, all_varchar=True, quotechar='"', escapechar='"', sep=",")
    assert found.columns == next(iter(csv.reader(io.StringIO(content.decode()))))
    assert [tuple(cell or "" for cell in row) for row in found.fetchall()] == [tuple(row.values()) for row in rows]


def check_parquet(content: bytes, store: Store, tmp: Path) -> None:
    (tmp / "x.parquet").write_bytes(content)
    rows = duckdb.sql(f"SELECT * FROM '{tmp / 'x.parquet'}'").fetchall()
    plain, _ = exported("csv", store)
    assert len(rows) == len(list(csv.reader(io.StringIO(plain.decode(), newline="")))) - 1


def check_xlsx(content: bytes, store: Store, tmp: Path) -> None:
    import openpyxl

    sheet = openpyxl.load_workbook(io.BytesIO(content))["extraction"]
    plain, _ = exported("csv", store)
    assert sheet.max_row == len(list(csv.reader(io.StringIO(plain.decode(), newline=""))))


def check_ris(content: bytes, store: Store, tmp: Path) -> None:
    """rispy reads it and writes it, and reads the same back."""
    import rispy

    entries = rispy.loads(content.decode())
    assert rispy.loads(rispy.dumps(entries)) == entries
    assert len(entries) == len({each.record.document for each in records(store)})


def check_csl(content: bytes, store: Store, tmp: Path) -> None:
    items = json.loads(content)
    assert [each["id"] for each in items] == sorted({each.record.document for each in records(store)})
    titles = {each.report.title or each.report.brief_title for each in records(store)}
    assert {each.get("title") for each in items} <= titles


def check_fhir(content: bytes, store: Store, tmp: Path) -> None:
    """The R5 models of fhir.resources take it, every reference leads somewhere, and no count was made up."""
    from fhir.resources.bundle import Bundle

    bundle = Bundle.model_validate_json(content)
    again = json.loads(bundle.model_dump_json())
    given = json.loads(content)
    assert [each["resource"]["id"] for each in again["entry"]] == [each["resource"]["id"] for each in given["entry"]]
    held = {f"{each['resource']['resourceType']}/{each['resource']['id']}": each["resource"] for each in given["entry"]}
    assert len(held) == len(given["entry"])
    assert set(_references(given)) <= set(held)
    evidence = [each["statistic"][0] for each in held.values() if each["resourceType"] == "Evidence"]
    parts = [
        part
        for each in records(store)
        for part in (*each.baselines, *each.dispositions, *each.estimates, *each.adverse_events)
    ]
    counts = sorted(
        count for each in parts if (count := getattr(each, "affected", getattr(each, "count", None))) is not None
    )
    assert sorted(each["numberAffected"] for each in evidence if "numberAffected" in each) == counts
    for each in evidence:
        if each.get("statisticType") == {"text": "survival probability"}:
            assert "numberAffected" not in each


def _references(held: Any) -> Iterator[str]:
    if isinstance(held, dict):
        if "reference" in held and isinstance(held["reference"], str):
            yield held["reference"]
        for each in held.values():
            yield from _references(each)
    elif isinstance(held, list):
        for each in held:
            yield from _references(each)


CHECKS: dict[str, tuple[str, Check]] = {
    "csl-json": ("its items, one for each document", check_csl),
    "csv": ("csv and DuckDB", check_csv),
    "fhir": ("fhir.resources, R5", check_fhir),
    "jsonld": ("rdflib", rdf("json-ld")),
    "metafor": ("csv and DuckDB", check_csv),
    "nq": ("rdflib", rdf("nquads")),
    "nt": ("rdflib", rdf("nt")),
    "parquet": ("DuckDB", check_parquet),
    "rdfxml": ("rdflib", rdf("xml")),
    "ris": ("rispy, and back", check_ris),
    "trig": ("rdflib", rdf("trig")),
    "turtle": ("rdflib", rdf("turtle")),
    "xlsx": ("openpyxl", check_xlsx),
}
TABLES = frozenset({"metafor"})  # made of a question's answer


def test_every_target_is_swept() -> None:
    assert set(CHECKS) == set(EXPORTS)
    assert len(INPUTS) >= 2


@pytest.mark.parametrize(("target", "name"), list(itertools.product(CHECKS, INPUTS)))
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
LOSSES: dict[str, dict[str, int]] = {
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
    "nt": {},
    "trig": {},
}


@pytest.mark.parametrize("target", LOSSES)
def test_each_loss_of_the_study_made_to_hurt_is_named(target: str) -> None:
    _, losses = exported(target, store_of("hurt"))
    for words, count in LOSSES[target].items():
        found = [number for what, number in losses.items() if words in what]
        assert found == [count], (words, losses)
    if not LOSSES[target]:
        assert not losses


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
