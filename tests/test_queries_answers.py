"""Promise: each question gives the answer worked out by hand, the same on Oxigraph and on rdflib.

Servers are asked in test_queries_engines.
"""

import csv
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyoxigraph as ox
import pytest
from ruamel.yaml import YAML

from picograph.kg.load import load
from picograph.kg.source import Place
from picograph.kg.store import Store, open_store
from picograph.kg.triples import split_place, study_iri
from picograph.queries import catalog
from picograph.queries.answer import Row, cell
from picograph.queries.ask import ask, sparql

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / "shared"
RECORDS = [
    SHARED / "seed" / "sorafenib-radiotherapy-hcc.txt",
    HERE.parent / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml",
    HERE / "records" / "worked-two-arms.yaml",
    *(HERE / "records" / f"worked-pair.{form}" for form in ("json", "yaml", "nbib")),
]
ELSEWHERE = [HERE / "records" / "worked-elsewhere.yaml"]  # beside the others only where a case names it
STUDIES = {"seed": RECORDS[:2], "worked": RECORDS[2:3], "pair": RECORDS[3:]}  # what `records:` of a case names
NAMED = {**STUDIES, "elsewhere": ELSEWHERE}
KEYS = {"seed": "doi:10.1016/j.ijrobp.2014.01.017", "worked": "NCT00000001", "pair": "NCT00000004"}


def _cases() -> list[tuple[str, int, dict[str, Any]]]:
    yaml = YAML(typ="safe", pure=True)
    return [
        (path.stem, number, case)
        for path in sorted((HERE / "answers").glob("*.yaml"))
        for number, case in enumerate(yaml.load(path.read_text("utf-8")))
    ]


CASES = _cases()
# a case of these keeps rdflib busy for five seconds to a minute: with the long tests
SLOW_ON_RDFLIB = frozenset({
    ("adverse-events", 5), ("contrasts", 1), ("drug-classes", 0), ("drug-classes", 1), ("hazard-ratios", 1),
    ("hazard-ratios", 2), ("median-times", 1), ("responses-with-baseline", 2), ("responses-with-baseline", 3),
    ("responses-with-baseline", 4), ("unpublished-outcomes", 1), ("unpublished-outcomes", 2),
})  # fmt: skip


class Asked(NamedTuple):
    """The same records in the two engines that are asked here."""

    store: Store
    dataset: Any


@cache
def _asked(names: tuple[str, ...]) -> Asked:
    """Load the studies that a case was worked out on, and no others."""
    import rdflib

    records = [path for name in names for path in NAMED[name]]
    opened = open_store(":memory:")
    assert [each.outcome for each in load(opened, records)] == ["added"] * len(records)
    dataset = rdflib.Dataset()
    dataset.parse(data=ox.serialize(opened.quads(), format=ox.RdfFormat.N_QUADS).decode(), format="nquads")
    return Asked(opened, dataset)


@pytest.fixture(scope="module")
def store() -> Store:
    return _asked(tuple(STUDIES)).store


@pytest.fixture(scope="module")
def facts() -> dict[str, Place]:
    with (SHARED / "seed" / "facts.csv").open(encoding="utf-8", newline="") as file:
        found = {row["id"]: Place(f"{row['start']}-{row['end']}") for row in csv.DictReader(file)}
    assert len(found) == 61
    return found


def _on_rdflib(dataset: Any, name: str, parameters: dict[str, Any]) -> list[Row]:
    question = catalog.question(name)
    return [
        {
            **{
                key: cell(column.kind, None if row[key] is None else str(row[key]))
                for key, column in question.columns.items()
            },
            # beside the columns of the question, as the embedded store says them: told after the question
            **({"path": None} if question.paths else {}),
            "retracted": None,
        }
        for row in dataset.query(sparql(question, parameters))
    ]


def _as_written(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _matches(row: Row, expected: dict[str, Any], facts: dict[str, Place], only: list[str] | None) -> None:
    wanted = dict(expected)
    places = [split_place(iri)[1] for iri in row.get("evidence") or ()]  # type: ignore[union-attr]
    for fact in wanted.pop("facts", ()):
        span = facts[fact]
        assert any(place.start < span.end and span.start < place.end for place in places), (fact, row)
    stated = wanted.pop("evidence", None)
    assert stated is None or [str(place) for place in places] == stated
    if "study" in wanted:
        key = study_iri(KEYS[wanted.pop("study")])
        assert row["study"] == key
        # some questions give an arm by its key, others by its label
        for name in ("arm", "comparator"):
            if name in wanted and str(row[name]).startswith(key):
                arm = f"{key}/arm/{wanted.pop(name)}"
                assert row[name] == arm
    # a question that holds two sources against each other has the places of both
    for name in ("registry_evidence", "publication_evidence"):
        if name in wanted:
            assert [str(split_place(iri)[1]) for iri in row[name] or ()] == wanted.pop(name)  # type: ignore[union-attr]
    evidence = ("study", "evidence", "registry_evidence", "publication_evidence")
    given = {name: value for name, value in row.items() if value is not None and name not in evidence}
    given = {
        name: value for name, value in given.items() if not str(value).startswith("https://w3id.org/picograph/study/")
    }
    if only:
        given = {name: value for name, value in given.items() if name in only}
    wanted = {
        name: Decimal(str(value)) if isinstance(value, float) else value
        for name, value in wanted.items()
        if value is not None
    }
    assert {name: _as_written(value) for name, value in given.items()} == wanted


def test_every_question_has_a_worked_answer() -> None:
    assert {name for name, _, _ in CASES} == set(catalog.names())
    assert len(catalog.names()) >= 13
    assert len(CASES) >= 25


@pytest.mark.parametrize(("name", "number", "case"), CASES, ids=[f"{name}-{number}" for name, number, _ in CASES])
def test_the_answer_is_the_one_worked_out_by_hand(
    facts: dict[str, Place],
    name: str,
    number: int,
    case: dict[str, Any],
    record_property: Callable[[str, object], None],
) -> None:
    store, dataset = _asked(tuple(case.get("records", STUDIES)))
    rows = ask(store, name, **case["parameters"]).rows
    left = list(rows)
    for expected in case["rows"]:
        for row in left:
            try:
                _matches(row, expected, facts, case.get("only"))
            except (AssertionError, KeyError):
                continue
            left.remove(row)
            break
        else:
            if left:
                _matches(left[0], expected, facts, case.get("only"))  # shows what differs in the nearest one
            pytest.fail(f"no row is {expected}")
    assert left == [], "rows that nobody worked out"
    record_property("engines", [name, "embedded"])
    if (name, number) not in SLOW_ON_RDFLIB:
        _told_alike(dataset, name, case["parameters"], rows)
        record_property("engines", [name, "rdflib"])


def _told_alike(dataset: Any, name: str, parameters: dict[str, Any], rows: list[Row]) -> None:
    told = [{**row, "path": None} for row in rows] if catalog.question(name).paths else rows
    assert _on_rdflib(dataset, name, parameters) == told


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "case"),
    [pytest.param(name, case, id=f"{name}-{n}") for name, n, case in CASES if (name, n) in SLOW_ON_RDFLIB],
)
def test_rdflib_tells_the_same_of_what_it_is_slow_with(
    name: str, case: dict[str, Any], record_property: Callable[[str, object], None]
) -> None:
    store, dataset = _asked(tuple(case.get("records", STUDIES)))
    _told_alike(dataset, name, case["parameters"], ask(store, name, **case["parameters"]).rows)
    record_property("engines", [name, "rdflib"])


def test_headings_of_the_seed_are_those_of_the_table(store: Store, facts: dict[str, Place]) -> None:
    rows = ask(store, "mesh-headings", study=KEYS["seed"]).rows
    with (SHARED / "seed" / "facts.csv").open(encoding="utf-8", newline="") as file:
        table = [row for row in csv.DictReader(file) if row["kind"] == "mesh heading"]
    expected = {(row["what"], row["qualifier"] or None, row["note"] == "major topic") for row in table}
    assert len(table) == 26
    assert {(row["descriptor_name"], row["qualifier_name"], row["major"]) for row in rows} == expected
    assert len(rows) == 26
    assert all(str(row["heading"]).startswith("http://id.nlm.nih.gov/mesh/D") for row in rows)


def test_no_question_on_survival_has_room_for_a_count() -> None:
    columns = set(catalog.question("survival").columns)
    assert not columns & {"count", "denominator", "affected", "at_risk"}


@pytest.mark.parametrize("name", catalog.names())
def test_a_question_runs_unchanged_as_it_stands(store: Store, name: str) -> None:
    """The file itself, slots unbound, is a query that any editor runs, and asks for everything."""
    question = catalog.question(name)
    results = store.query(question.text)
    assert isinstance(results, ox.QuerySolutions)
    assert [variable.value for variable in results.variables] == list(question.columns)
    assert len(list(results)) == len(ask(store, name))
    assert len(ask(store, name)) > 0


def test_two_runs_give_the_same_bytes(store: Store) -> None:
    bytes_of: Callable[[str], bytes] = lambda name: ask(store, name).to_json()  # noqa: E731
    assert [bytes_of(name) for name in catalog.names()] == [bytes_of(name) for name in catalog.names()]
