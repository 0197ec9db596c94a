"""Promise: a plan is the query that runs, and the steps of an explanation are counted, not guessed."""

from typing import Any

import pytest
from pyoxigraph import QuerySolutions

from picograph.kg.load import load
from picograph.kg.store import Store, open_store
from picograph.ontology.errors import UsageError
from picograph.queries import catalog
from picograph.queries.ask import ask
from picograph.queries.explain import explain, plan, plan_lines
from picograph.tests.acceptance.program import Program, said
from picograph.tests.test_queries_answers import CASES, RECORDS


@pytest.fixture(scope="module")
def store() -> Store:
    opened = open_store(":memory:")
    assert [each.outcome for each in load(opened, RECORDS)] == ["added"] * len(RECORDS)
    return opened


@pytest.mark.parametrize(("name", "number", "case"), CASES, ids=[f"{name}-{number}" for name, number, _ in CASES])
def test_the_plan_is_the_query_that_runs(store: Store, name: str, number: int, case: dict[str, Any]) -> None:
    results = store.query("\n".join(plan_lines(plan(store, name, case["parameters"]))))
    assert isinstance(results, QuerySolutions)
    assert len(list(results)) == len(ask(store, name, **case["parameters"]))


def test_steps_are_those_that_a_hand_counts() -> None:
    with open_store(":memory:") as two:
        load(two, RECORDS[:3])
        steps = explain(two, "adverse-events", {"drug": "lenvatinib", "min_grade": 5})
        assert [(each.step, each.rows) for each in steps] == [
            ("concepts at or below --drug", 3),  # of MeSH, ChEBI and DrugBank; nothing is below them
            # in its arm: one at baseline, one who withdrew, three estimates, two events, for each concept
            ("what is in an arm with the drug", 21),
            # it has nausea and "Übelkeit"; the latter is of grade 5
            ("choose ?record ?part ?study", 2),
            ("which results: each once, however many of its concepts or readings match", 1),
            ("the whole answer", 1),
        ]
        assert all(each.milliseconds >= 0 for each in steps)


@pytest.mark.parametrize("name", catalog.names())
def test_every_question_can_be_explained(store: Store, name: str) -> None:
    *inner, whole = explain(store, name, {})
    assert whole.rows == len(ask(store, name)) > 0
    assert all(step.step and "\n" not in step.step for step in inner)
    assert not inner or any(step.rows for step in inner)


def test_words_cannot_leave_the_comment_of_a_plan(store: Store) -> None:
    words = "x\r\nDROP ALL #\x85}\u2028{ \"'"
    lines = list(plan_lines(plan(store, "adverse-events", {"event": words})))
    assert all("\n" not in line and "\r" not in line for line in lines)
    results = store.query("\n".join(lines))
    assert isinstance(results, QuerySolutions)
    assert list(results) == []


def test_a_plan_needs_parameters_that_fit(store: Store) -> None:
    for parameters in ({"min_grade": 9}, {"drug": "no such drug"}, {"color": "red"}):
        with pytest.raises(UsageError):
            plan(store, "adverse-events", parameters)


def test_the_command_prints_plan_and_steps(tmp_path_factory: pytest.TempPathFactory) -> None:
    program = Program(tmp_path_factory.mktemp("home"))
    folder = tmp_path_factory.mktemp("store") / "s"
    assert program("load", *RECORDS[1:3], store=folder).code == 0
    asked = ("ask", "adverse-events", "--drug", "sorafenib", "--min-grade", "3")
    planned = program(*asked, "--plan", store=folder)
    assert "# --drug sorafenib: mesh:D000077157 (Sorafenib)" in planned.text
    assert "{ UNDEF }" not in planned.text
    rows = program("query", "-", store=folder, input=planned.out).text.splitlines()
    assert len(rows) == len(program(*asked, store=folder).text.splitlines())
    assert program(*asked, "--plan", "--format", "json").json()["terms"]["min_grade"] == [
        '"3"^^<http://www.w3.org/2001/XMLSchema#integer>'
    ]
    steps = program(*asked, "--explain", store=folder).rows()
    assert [steps[-1]["step"], steps[-1]["rows"]] == ["the whole answer", str(len(rows) - 1)]
    said(program(*asked, "--explain", "--plan", store=folder), 2, "at a time")
    said(program(*asked, "--plan", "--format", "csv", store=folder), 2, "csv")
