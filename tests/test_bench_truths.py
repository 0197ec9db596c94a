"""Promise: what a question answers about drawn studies is what was drawn, told by plain Python from the studies alone.

Each question is asked with parameters taken from the studies themselves: a class that two conditions of one study stand
below, a class that two concepts of one drug do, an event, a grade, a study with two records.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pyoxigraph as ox
import pytest

from picograph.bench.mesh import MESH, descriptors, vocabulary_quads
from picograph.bench.truths import WITHIN, differences, questions, truth
from picograph.bench.truths.rows import nothing
from picograph.bench.truths.told import Told, classes
from picograph.kg.mapping import graph_text
from picograph.kg.store import Store, open_store
from picograph.kg.store.base import GraphText
from picograph.kg.store.table import lines_of
from picograph.kg.words import words_graphs
from picograph.ontology.prefixes import compress
from picograph.queries import ask, catalog, ways
from picograph.queries.question import Question
from picograph.tests.servers import Virtuoso

STUDIES, SEED = 60, 5
FAULTY = (72, 78, 81, 120, 140, 212, 927, 12586)  # studies that were drawn with a fault each
KNOWN = sorted(questions())


@pytest.fixture(scope="module")
def told() -> list[Told]:
    numbers = [*range(1, STUDIES), *FAULTY]
    others = (Told(SEED, number) for number in itertools.count(STUDIES) if number not in FAULTY)
    return [*(Told(SEED, number) for number in numbers), *islice(filter(_full, others), 3)]


def _full(told: Told) -> bool:
    """Say whether a study has two records, two conditions, and results."""
    return len(told.records) == len(told.conditions) == 2 and bool(told.registry.adverse_events)


@pytest.fixture(scope="module")
def store(told: list[Told], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The drawn studies, and of MeSH what stands above a word of theirs."""
    said = {curie for each in told for curie in (*each.conditions, *_drugs(each), *_events(each))}
    words = {over for curie in said for over in classes(curie)}
    with open_store(tmp_path_factory.mktemp("truths") / "store") as opened, opened.write() as writer:
        for graph, quads in words_graphs().items():
            more = [quad for quad in vocabulary_quads() if _curie(quad) in words] if graph == MESH else []
            whole = list(dict.fromkeys([*quads, *more]))
            lines = ox.serialize(whole, format=ox.RdfFormat.N_QUADS) or b""
            writer.put([GraphText(graph, lines, lines_of(graph, whole))])
        writer.put([graph_text(record)[0] for each in told for record in each.records])
    with open_store(opened.location) as again:
        yield again


def _curie(quad: ox.Quad) -> str:
    assert isinstance(quad.subject, ox.NamedNode)
    return compress(quad.subject.value)


def _drugs(told: Told) -> list[str]:
    return [curie for arm in told.arms for curie in told.substances(arm)]


def _events(told: Told) -> list[str]:
    return [curie for part in told.registry.adverse_events for curie in part.concept]


def _above(random: Random, curies: list[str]) -> str:
    """Take a class that as many of some concepts as can be are below."""
    counts = Counter(over for curie in dict.fromkeys(curies) for over in classes(curie))
    most = max(counts.values())
    return random.choice(sorted(over for over, count in counts.items() if count == most))


def _values(random: Random, told: Told) -> dict[str, Any]:
    """Take a value for each parameter that there is from a study."""
    event = random.choice(told.registry.adverse_events)
    treated = _drugs(told)
    return {
        "against": _above(random, treated),
        "also": random.choice(treated),
        "arm": f"{told.registry.key}/arm/{event.arm}",
        "condition": _above(random, list(told.conditions)),
        "drug": _above(random, treated),
        "event": random.choice([event.term, event.term.upper(), random.choice(sorted(classes(event.concept[0])))]),
        "min_grade": random.randrange(1, 5),
        "outcome": random.choice(["overall survival", "pg:ProgressionFreeSurvival", "Overall Survival"]),
        "property": random.choice(["portal vein thrombosis", "Child-Pugh class", "age"]),
        "since": (told.registry.report.published or "")[:4],
        "study": told.registry.key,
        "words": "nausea",
    }


def _asked(question: Question, told: list[Told]) -> Iterator[dict[str, Any]]:
    """Ask with each parameter by itself, and with all but the one that names a study."""
    random = Random(question.name)
    values = [_values(random, random.choice(list(filter(_full, told)))) for _ in range(3)]
    names = list(question.parameters)
    for name in names:
        yield {name: values[0][name]}
    if len(names) > 1:
        yield {name: values[1][name] for name in names if name not in ("study", "arm")}
        yield {name: values[2][name] for name in names if name in ("study", "event", "outcome", "drug")}
    if not names or question.name.startswith(("studies-by", "event-totals")):
        yield {}


@pytest.mark.parametrize(("name", "shelf"), KNOWN, ids=lambda value: value)
def test_an_answer_is_what_was_drawn(
    store: Store, told: list[Told], name: str, shelf: catalog.Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = catalog.question(name, shelf)
    rows = 0
    for given in _asked(question, told):
        true = truth(name, given, SEED)
        for each in told:
            true.add(each)
        rows += len(list(true.rows()))
        for least in (10**9, 1) if question.table else (10**9,):  # from the quads, and from the results table
            monkeypatch.setattr(ways, "LEAST_ROWS", least)
            answer = ask.ask(store, question, **given)
            assert list(differences(question, true.rows(), answer.rows)) == [], (given, least)
    assert rows or _never(name), "nothing was drawn that it asks for"


@pytest.mark.long
def test_a_server_of_another_make_answers_what_was_drawn(
    store: Store, told: list[Told], virtuoso_server: Virtuoso, tmp_path: Path
) -> None:
    file = tmp_path / "drawn.nq"
    ox.serialize(store.quads(), str(file), format=ox.RdfFormat.N_QUADS)
    virtuoso_server.empty()
    virtuoso_server.load(file)
    asked, wrong = 0, []
    with open_store(virtuoso_server.query_url) as remote:
        for name, shelf in KNOWN:
            question = catalog.question(name, shelf)
            for given in _asked(question, told):
                true = truth(name, given, SEED)
                for each in told:
                    true.add(each)
                asked += 1
                if list(differences(question, true.rows(), ask.ask(remote, question, **given).rows)):
                    wrong.append((name, given))
    assert asked > 100
    assert not wrong


def _never(name: str) -> bool:
    return WITHIN.get(name) is nothing


def test_the_truth_of_nearly_every_question_is_known() -> None:
    every = {(name, shelf) for shelf in ("evidence", "quality") for name in catalog.names(shelf)}  # type: ignore[arg-type]
    assert every - set(KNOWN) == {("drug-classes", "evidence")}
    assert sum(not _never(name) for name, _ in KNOWN) >= 40


def test_a_wrong_row_is_found() -> None:
    question = catalog.question("studies-by-phase")
    [row] = [{"phase": "phase 2", "studies": 2, "keys": ("http://x/1", "http://x/2")}]
    assert list(differences(question, [row], [row | {"keys": ("http://x/2", "http://x/1")}])) == []
    assert len(list(differences(question, [row], [row | {"studies": 3}]))) == 2
    assert len(list(differences(question, [row], [row, row]))) == 1


def test_studies_are_drawn_in_which_a_class_matches_twice(told: list[Told]) -> None:
    two = [each for each in told if sum("mesh:D009369" in classes(curie) for curie in each.conditions) > 1]
    assert len(two) > 5
    sorafenib = [curie for each in told for curie in _drugs(each) if "mesh:D047428" in classes(curie)]
    assert not descriptors() or {curie.partition(":")[0] for curie in sorafenib} >= {"mesh", "CHEBI"}
