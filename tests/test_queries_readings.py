"""A person's reading goes before a rule's in every question, and both can be seen."""

import re
from pathlib import Path

import pytest

from picograph.kg.load import Input, example, load
from picograph.kg.store import open_store
from picograph.queries import catalog
from picograph.queries.ask import ask
from picograph.queries.readings import OF_VOCABULARIES, Readings

SEED = Path(__file__).resolve().parents[2] / "shared" / "seed" / "sorafenib-radiotherapy-hcc.txt"
if not SEED.exists():
    pytest.skip("the source of the seed study is not at hand", allow_module_level=True)

TEXT = Input.from_path(SEED)


def test_every_question_answers_as_if_the_rules_had_read_nothing_where_a_person_has_read() -> None:
    alone, both = open_store(":memory:"), open_store(":memory:")
    load(alone, [TEXT, example()])
    done = load(both, [TEXT, example()], extract=True)
    assert len(done) == 3
    assert len(Readings.of(both).left_out) == 1
    rows = 0
    for name in catalog.names():
        if any(parameter.required for parameter in catalog.question(name).parameters.values()):
            continue
        wanted, found = ask(alone, name), ask(both, name)
        assert found.rows == wanted.rows, name
        rows += len(found)
    assert rows > 50


def test_what_rules_read_alone_is_in_the_answers_with_a_caution() -> None:
    store = open_store(":memory:")
    load(store, [TEXT], extract=True)
    answer = ask(store, "adverse-events")
    assert len(answer) == 4
    assert any("checked by nobody" in caution for caution in answer.cautions)
    assert Readings.of(store).left_out == ()


def test_without_such_records_nothing_is_said() -> None:
    store = open_store(":memory:")
    load(store, [TEXT, example()])
    assert not any("rules" in caution for caution in ask(store, "adverse-events").cautions)


def test_an_open_store_looks_again_after_a_write(tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        load(store, [TEXT], extract=True)
        before = Readings.of(store)
        assert before.left_out == ()
        assert Readings.of(store) is before, "it is asked once"
        load(store, [example()])
        assert len(Readings.of(store).left_out) == 1


CURATED = """picograph: study 1
key: "{key}"
record:
  document: "{key}"
  source: {{sha256: {sha256}, characters: 200}}
  method: curated
adverse_events:
  - {{term: diarrhea, affected: 3, at_risk: 40, evidence: 50-60}}
"""


def nbib(*more: str) -> bytes:
    abstract = "METHODS: Forty patients were treated. RESULTS: Grade 3 diarrhea occurred in 3 of 40 patients (7.5%)."
    rows = ["PMID- 99999991", "TI  - A made-up trial", f"AB  - {abstract}", *more]
    return "\n".join([*rows, "", ""]).encode()


def test_a_person_s_reading_goes_before_under_another_name_of_the_same_document() -> None:
    """PubMed's record states a DOI and a PMID; the curated file is called by the PMID, the words by the DOI."""
    store = open_store(":memory:")
    person = Input("person.yaml", CURATED.format(key="pmid:99999991", sha256="0" * 64).encode())
    load(store, [Input("a.nbib", nbib("LID - 10.1000/made-up [doi]")), person], extract=True)
    readings = Readings.of(store)
    assert readings.number == len(readings.left_out) == 1
    answer = ask(store, "adverse-events")
    assert len(answer) == 1
    assert any("the person's facts stand alone" in caution for caution in answer.cautions)


def test_a_person_s_reading_of_another_report_leaves_what_was_read() -> None:
    store = open_store(":memory:")
    person = Input("person.yaml", CURATED.format(key="doi:10.1000/another", sha256="0" * 64).encode())
    load(store, [Input("a.nbib", nbib("LID - 10.1000/made-up [doi]")), person], extract=True)
    assert Readings.of(store).left_out == ()


def test_every_graph_of_a_question_is_a_record_s_or_a_vocabulary_s() -> None:
    """A record that a person's reading goes before is left out of every graph of records, whatever its variable."""
    folder = Path(__file__).resolve().parents[1] / "queries"
    paths = sorted((*folder.glob("evidence/*.rq"), *folder.glob("quality/*.rq")))
    assert len(paths) >= 50
    for path in paths:
        text = path.read_text(encoding="utf-8")
        narrowed = Readings(1, ["http://x/1"]).narrow(text)
        for graph in set(re.findall(r"GRAPH (\?[a-z_]+)", text)):
            of_vocabulary = graph.removeprefix("?") in OF_VOCABULARIES
            assert (f"FILTER ({graph} NOT IN (<http://x/1>))" in narrowed) != of_vocabulary, (path.name, graph)
            if of_vocabulary:
                assert not re.search(rf"GRAPH \{graph} {{[^}}]*\bpg:", text), (path.name, graph)
