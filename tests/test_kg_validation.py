"""Promise: what cannot be true is found, with its path; what is true, though nearly the same, passes.

Every check is broken by a study here and passed by its near twin: the sweep counts the checks in the code.
"""

import ast
import inspect
import sys
from pathlib import Path as FilePath
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec import structs

from picograph.kg import contradictions, validation
from picograph.kg.contradictions import path_text
from picograph.kg.linking import link
from picograph.kg.readers import study_file
from picograph.kg.study import Study
from picograph.kg.validation import check, errors
from picograph.tests.broken_studies import ARMS, CASES, event
from picograph.tests.strategies import studies


@pytest.mark.parametrize("name", CASES)
def test_a_broken_study_is_found_and_its_near_twin_passes(name: str) -> None:
    case = CASES[name]
    found = [
        (path_text(problem.path), problem.severity)
        for problem in check(case.broken, case.text)
        if case.what in problem.what
    ]
    assert found == [(case.path, case.severity)]
    assert [problem for problem in check(case.broken, case.text) if not problem.remedy] == []
    assert check(case.twin, case.text) == []
    assert bool(errors(check(case.broken, case.text))) == (case.severity == "error")


def test_every_check_in_the_code_is_broken_by_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {module.__name__: module for module in (contradictions, validation)}
    sources = {name: inspect.getsource(module).splitlines() for name, module in modules.items()}
    calls = {
        (name, node.lineno, node.end_lineno or node.lineno)
        for name, lines in sources.items()
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
    }
    met: set[tuple[str, int, int]] = set()

    def noted(*arguments: Any) -> contradictions.Problem:
        caller = sys._getframe(1)
        name, line = caller.f_globals["__name__"], caller.f_lineno
        met.update(call for call in calls if call[0] == name and call[1] <= line <= call[2])
        return problem(*arguments)

    problem = contradictions.Problem
    for module in modules.values():
        monkeypatch.setattr(module, "Problem", noted)
    for case in CASES.values():
        check(case.broken, case.text)
    assert len(calls) >= 20
    assert {sources[name][first - 1].strip() for name, first, _ in calls - met} == set()


def test_several_problems_are_all_found() -> None:
    broken = structs.replace(event(affected=80, at_risk=71, concept=("mehs:D1",), evidence=()), arms=(ARMS[0], ARMS[0]))
    paths = [path_text(problem.path) for problem in check(broken)]
    assert sorted(paths) == [
        "adverse_events[0]",
        "adverse_events[0].affected",
        "adverse_events[0].concept",
        "arms[1].key",
    ]


def test_the_study_that_ships_has_no_problem(seed_study_file: FilePath, seed_text: FilePath) -> None:
    seed = link(study_file.read(seed_study_file.read_bytes(), "seed"))
    assert check(seed, seed_text.read_text("utf-8")) == []


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(studies())
def test_no_study_makes_the_checks_fail(given: Study) -> None:
    for problem in check(
        given, "x" * (given.record.source.characters or 1) if given.record.source.characters else None
    ):
        assert problem.what
        assert problem.remedy
        assert path_text(problem.path) or problem.path == ()
        study_file.where(study_file.write(given).encode(), "x.yaml", problem.path)
