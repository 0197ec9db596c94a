"""Promise: each fact of the studies that ship has a place, no check objects to them, and no sentence is in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, structs
from ruamel.yaml import YAML

from picograph import read_study
from picograph.kg.inputs import collected
from picograph.kg.load import load
from picograph.kg.readers import study_file
from picograph.kg.records import questions_of
from picograph.kg.results import Part, Reading, Statistic
from picograph.kg.source import Method
from picograph.kg.store import open_store
from picograph.kg.study import Allocation, Study
from picograph.ontology import concepts, terms
from picograph.queries import integrity
from picograph.queries.ask import ask

FOLDER = Path(__file__).resolve().parents[1] / "kg" / "records" / "hcc"
FILES = sorted(FOLDER.glob("*.yaml"))
STUDIES = [study_file.read(path.read_bytes(), path.name) for path in FILES]
SEED = read_study(FOLDER.parent / "sorafenib-radiotherapy-hcc.yaml")
named = pytest.mark.parametrize("study", STUDIES, ids=[path.stem for path in FILES])


def _concepts(part: Part) -> tuple[str, ...]:
    found = getattr(part, "concept", None) or ()
    return found if isinstance(found, tuple) else (found,)


def parts(value: Any) -> Iterator[Part]:
    if isinstance(value, Part):
        yield value
    if isinstance(value, Struct):
        for field in structs.fields(value):
            yield from parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from parts(each)


# what the seed study is linked to is held against the vocabularies' own files by other tests
CHECKED = {curie for part in parts(SEED) for curie in (*getattr(part, "target_concept", ()), *_concepts(part))}


def test_there_are_twelve_or_more_with_randomised_and_registered_ones() -> None:
    keys = {study.key for study in STUDIES}
    assert len(keys) == len(STUDIES) >= 12
    assert sum(1 for study in STUDIES if study.design and study.design.allocation is Allocation.RANDOMISED) >= 3
    assert sum(1 for study in STUDIES if re.fullmatch(r"NCT\d{8}", study.key)) >= 3


@named
def test_every_fact_was_read_by_a_person_at_a_place_of_the_text(study: Study) -> None:
    assert study.record.method is Method.CURATED
    length = study.record.source.characters
    assert length
    for part in parts(study):
        if not isinstance(part, Reading):  # a reading stands where its ambiguity does
            assert part.evidence, part
        assert all(place.start is not None and place.start < place.end <= length for place in part.evidence), part


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_sentence_of_the_abstract_is_in_the_file(path: Path) -> None:
    """Words of a fact are a label: a title may be long, nothing else is."""

    def strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, dict):
            for name, each in value.items():
                yield from strings(each, name)
        elif isinstance(value, list):
            for each in value:
                yield from strings(each, key)

    for key, words in strings(YAML(typ="safe").load(path.read_text(encoding="utf-8"))):
        assert key == "title" or len(words.split()) <= 14, (key, words)


@named
def test_survival_is_no_count_and_per_cents_have_the_denominators_that_are_stated(study: Study) -> None:
    for each in study.estimates:
        if each.statistic is Statistic.SURVIVAL_PROBABILITY:
            assert each.count is None
            assert each.denominator is None


@named
def test_each_concept_is_known(study: Study) -> None:
    for part in parts(study):
        for curie in _concepts(part):
            assert curie in CHECKED or terms.label(curie) or concepts.label(curie), curie


def test_no_check_objects_to_any_of_them() -> None:
    with open_store(":memory:") as store:
        done = load(store, collected("hcc"))
        assert [each.error for each in done if each.error] == []
        assert len(done) == len(FILES) + 1
        assert list(integrity.records(store, with_shapes=False)) == []
        assert list(integrity.questions(store)) == []


def test_what_a_collection_is_asked_is_data_and_each_has_an_answer() -> None:
    asked = questions_of("hcc")
    assert asked
    with open_store(":memory:") as store:
        load(store, collected("hcc"))
        for name, parameters in asked:
            assert len(ask(store, name, **parameters)) > 0, name
    with pytest.raises(KeyError):
        questions_of("nothing")
