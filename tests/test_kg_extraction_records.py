"""What is read from the words of a record is a record of its own, marked as read by rules; a person's reading wins."""

from decimal import Decimal
from pathlib import Path

import pytest

from picograph.kg.extraction.build import read_study, read_with_notes
from picograph.kg.extraction.records import studies
from picograph.kg.load import Input, load
from picograph.kg.readers import Damaged
from picograph.kg.source import Method
from picograph.kg.store import open_store
from picograph.ontology.errors import InputError

RECORD = b"""PMID- 1
TI  - A trial of sorafenib.
DP  - 2014
AB  - METHODS: Forty patients with hepatoma were treated with sorafenib. RESULTS: Six patients (15%) had grade 3
      diarrhea.
"""


def test_a_record_gives_its_fields_and_its_words_as_two_records() -> None:
    store = open_store(":memory:")
    fields, words = load(store, [Input("my.nbib", RECORD)], extract=True)
    assert (fields.outcome, words.outcome) == ("added", "added")
    assert fields.study == words.study == "pmid:1"
    assert fields.record != words.record
    assert words.record is not None
    assert words.record.endswith("/rule")
    assert words.facts["AdverseEventResult"] == 1
    assert "AdverseEventResult" not in fields.facts
    again = load(store, [Input("my.nbib", RECORD)], extract=True)
    assert [each.outcome for each in again] == ["unchanged", "unchanged"]


def test_without_being_asked_no_words_are_read() -> None:
    assert len(load(open_store(":memory:"), [Input("my.nbib", RECORD)])) == 1


BARE = b"Forty patients with hepatoma were treated with sorafenib. Six patients (15%) had grade 3 diarrhea."


def test_a_bare_text_is_an_abstract_where_words_are_read_and_nothing_else() -> None:
    store = open_store(":memory:")
    readme_text = b"To install NCT00000001, run make."
    given = [Input("a.txt", BARE), Input("readme.txt", readme_text), Input("a.html", b"<p>" + BARE)]
    read, readme, page = load(store, given, extract=True)
    assert read.outcome == "added"
    assert read.source_at_hand
    assert read.facts["AdverseEventResult"] == 1
    assert "no fact was found" in str(readme.error)
    assert "in no format that picograph reads" in str(page.error)
    (again,) = load(store, [Input("other name.txt", BARE)], extract=True)
    assert again.outcome == "unchanged"
    (refused,) = load(store, [Input("a.txt", BARE)])
    assert "picograph load --extract" in str(refused.error)


def test_a_text_that_is_no_abstract_by_its_length_is_refused() -> None:
    (refused,) = load(open_store(":memory:"), [Input("long.txt", BARE * 20_000)], extract=True)
    assert "an abstract has fewer than" in str(refused.error)


def test_a_study_that_is_read_says_by_what_and_how_sure() -> None:
    (read,) = studies(RECORD, "my.nbib")
    assert not isinstance(read, Damaged)
    assert read.study.record.method is Method.RULE
    assert read.study.record.reader.startswith("extraction ")
    (event,) = read.study.adverse_events
    assert event.confidence is not None
    assert 0 < event.confidence <= 1
    assert (event.affected, event.at_risk, event.percent) == (6, 40, 15)
    assert read.study.report.title == "A trial of sorafenib."


def test_what_has_no_abstract_is_refused() -> None:
    file = Path(__file__).resolve().parents[1] / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml"
    for content in (file.read_bytes(), b"", b"\0\1\2", b"\xff\xfe"):
        with pytest.raises(InputError):
            list(studies(content, "x"))


TREATED = "METHODS: Forty patients were treated with sorafenib. RESULTS: "


def test_a_count_that_disagrees_with_its_per_cent_is_less_sure() -> None:
    right = read_study(TREATED + "Rash occurred in 10 of 40 patients (25%).").adverse_events[0]
    wrong = read_study(TREATED + "Rash occurred in 10 of 40 patients (35%).").adverse_events[0]
    assert right.confidence is not None
    assert wrong.confidence is not None
    assert wrong.confidence < right.confidence / 2
    assert wrong.percent == Decimal(35)


def test_a_subset_that_is_larger_than_its_whole_is_left_out_and_said() -> None:
    study, notes = read_with_notes(TREATED + "Rash occurred in 50 of 40 patients.")
    assert study.adverse_events == ()
    assert len(notes) == 1
    assert "50" in notes[0]
    assert notes[0].startswith("left out")


def test_arms_that_do_not_add_up_make_the_enrolment_less_sure() -> None:
    words = "METHODS: We randomized 100 patients to apatinib (n = {}) or placebo (n = 40). RESULTS: None died."
    sound, odd = (read_study(words.format(size)).population for size in (60, 90))
    assert sound is not None
    assert sound.enrolled == 100
    assert sound.confidence is not None
    assert odd is None or odd.enrolled is None or (odd.confidence is not None and odd.confidence < sound.confidence)
