"""A study file gives back exactly the study that was written.

A bad one is refused with what is wrong, in which line, and what to try.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from msgspec import Struct, structs
from ruamel.yaml import YAML

from picograph.kg.readers.decimals import decimal
from picograph.kg.readers.study_file import lines, nodes, read, schema, sniff, where, write
from picograph.kg.results import AdverseEventResult, Derived, GradeRange
from picograph.kg.source import Place
from picograph.kg.study import Study
from picograph.ontology.errors import InputError
from picograph.tests.strategies import studies

RECORDS = Path(__file__).resolve().parents[1] / "kg" / "records"
SEED = (RECORDS / "sorafenib-radiotherapy-hcc.yaml").read_bytes()
HEAD = f"""picograph: study 1
key: pmid:1
record: {{document: pmid:1, source: {{sha256: "{"0" * 64}"}}, method: curated}}
"""


def made(more: str) -> Study:
    return read((HEAD + more).encode(), "my.yaml")


# Each: what stands after the head (or, after '!', the whole file), then words of what, where and try.
BAD = [
    ("!", "the file is empty", "my.yaml", "picograph: study 1"),
    ("!  \n\n", "the file is empty", "my.yaml", "begin it"),
    ("!\0\1\2", "not a text", "my.yaml", "binary"),
    ("!- a\n- b\n", "this one holds a list", "line 1", "one study a file"),
    ("!only words\n", "only words", "line 1", "begin with"),
    ("!key: pmid:1\n", "no field `picograph`", "line 1", "begin it with"),
    ("!# a\npicograph: study 9\n", "'study 9'", "line 2 (picograph)", "install"),
    ("!picograph: [study 1]\n", "format", "line 1", "write `picograph: study 1`"),
    ("!picograph: study 1\nkey: pmid:1\n", "has no `record`", "line 1", "add `record: …`"),
    ("!picograph: study 1\nkey: 24\nrecord: {}\n", "`key` is '24'", "line 2 (key)", "correct it"),
    ("!%YAML 1.1\n---\na: b\n", "no YAML directives", "line 2", "begin with %"),
    ("%YAML 1.1\n", "after the end", "line 5", "---"),
    ("\tarms: []\n", "a tab", "line 4", "indent with spaces"),
    ("arms:\n\t- a\n", "a tab", "line 5", "indent with spaces"),
    ("design: phase: phase 2\n", "second colon", "line 4", "double quotes"),
    ("identifiers: 'a\n", "not YAML", "line", "close the quote"),
    ("identifiers: [a\n", "not YAML", "line", "bracket"),
    ("\x07", "a character that YAML does not allow", "line 4", "control character"),
    ("key: pmid:2\n", "'key' stands twice", "line 4", "line 2"),
    ("arms: &all []\n", "anchor &all", "line 4", "remove it"),
    ("arms: *all\n", "alias *all", "line 4", "write the value out"),
    ("<<: {}\n", "merge key", "line 4", "write the fields out"),
    ("arms: !!python/object:os.system []\n", "the tag", "line 4", "types are known"),
    ("---\nkey: pmid:2\n", "more than one YAML document", "line 4", "file of its own"),
    ("? [a, b]\n: c\n", "name of a field", "line 4", "name"),
    ("arms: " + "[" * 90 + "]" * 90, "nested more than", "line 4", "bracket"),
    ("arm: []\n", "a study has no field 'arm'", "line 4 (arm)", "did you mean `arms`?"),
    ("zzz: 1\n", "no field 'zzz'", "line 4 (zzz)", "its fields are: key, record"),
    ("population: {enroled: 4}\n", "a population has no field", "(population.enroled)", "`enrolled`"),
    ("population: 3\n", "a population has fields with names", "(population)", "`enrolled: …`"),
    ("population: {enrolled: many}\n", "'many', not a whole number", "(population.enrolled)", "whole number"),
    ("population: {enrolled: 1.5}\n", "'1.5', not a whole number", "(population.enrolled)", "whole number"),
    ("population: {enrolled: -1}\n", "must be 0 or more", "(population.enrolled)", "leave it out"),
    ("population:\n  enrolled:\n", "`enrolled` has no value", "line 5 (population.enrolled)", "leave the field out"),
    ("population: {enrolled: ~}\n", "`enrolled` has no value", "(population.enrolled)", "null in quotes"),
    ("population: {enrolled: '40'}\n", "a number in quotes", "(population.enrolled)", "40 without quotes"),
    ("population: {enrolled: .nan}\n", "not a number that a study can report", "line 4", "absence: not reported"),
    ("baselines:\n- {variable: x, percent: .inf}\n", "not a number that", "(baselines[0].percent)", "leave"),
    ("baselines:\n- {variable: x, percent: 120}\n", "must be 100 or less", "line 5 (baselines[0].percent)", "correct"),
    ("baselines:\n- {variable: x, percent: 1e400}\n", "more than 18 digits", "(baselines[0].percent)", "round it"),
    ("baselines:\n- {variable: x, quantity: {}}\n", "no `unit`", "(baselines[0].quantity)", "a UCUM code"),
    ("adverse_events:\n- {term: x, grade: {}}\n", "`grade` says nothing", "(adverse_events[0].grade)", "leave it out"),
    ("adverse_events:\n- {term: x, grade: {low: 7}}\n", "5 or less", "(adverse_events[0].grade.low)", "correct it"),
    ("adverse_events:\n- term: x\n- affected: 1\n", "has no `term`", "line 6 (adverse_events[1])", "add `term: …`"),
    ("adverse_events:\n- {term: x, concept: fever}\n", "PREFIX:IDENTIFIER", "(adverse_events[0].concept)", "correct"),
    ("mentions:\n- {words: x}\n", "links of words", "(mentions)", "computed"),
    ("adverse_events:\n- {term: x, derived: []}\n", "derived numbers", "(adverse_events[0].derived)", "computed"),
    ("design: {multicentre: yes}\n", "'yes', not true or false", "(design.multicentre)", "true or false"),
    ("design: {phase: phase II}\n", "not one of its values", "line 4 (design.phase)", "`phase 2`"),
    ("arms: {key: a, label: b}\n", "`arms` is a list", "line 4 (arms)", "a dash"),
    ("arms: [a]\n", "an arm has fields with names", "(arms[0])", "`key: …`"),
    ("arms:\n- {key: A, label: b}\n", "a short name", "line 5 (arms[0].key)", "correct it"),
    ("arms:\n- {key: a, label: [b]}\n", "takes one value", "(arms[0].label)", "quotes"),
    ("arms:\n- key: a\n  label: b\n  evidence: 12\n", "not a place", "line 7 (arms[0].evidence)", "START-END"),
    ("arms:\n- {key: a, label: b, evidence: [1-2, 9-3]}\n", "runs backwards", "(arms[0].evidence[1])", "START-END"),
    ('identifiers: "a\\0"\n', "control character U+0000", "line 4 (identifiers)", "remove it"),
    ('identifiers: "\\ud800"\n', "U+D800", "line 4 (identifiers)", "remove it"),
    ("identifiers: [a, ]\nepochs: [{key: a, label: b}, ~]\n", "an epoch has", "line 5 (epochs[1])", "`key: …`"),
    ("identifiers: [a, ~]\n", "an entry of the list is empty", "(identifiers[1])", "remove the entry"),
    (
        "baselines:\n- {variable: x, ambiguities: [{field: count, readings: [{}]}]}\n",
        "1 of at least 2 entries",
        "line 5 (baselines[0].ambiguities[0].readings)",
        "others",
    ),
]


def test_the_sweep_of_bad_files_is_not_empty() -> None:
    assert len(BAD) == 60


@pytest.mark.parametrize(("file", "what", "where_", "remedy"), BAD)
def test_a_bad_file_is_refused_with_what_where_and_try(file: str, what: str, where_: str, remedy: str) -> None:
    content = file[1:] if file.startswith("!") else HEAD + file
    with pytest.raises(InputError) as caught:
        read(content.encode(), "my.yaml")
    error = caught.value
    assert what in error.what
    assert where_ in error.where
    assert error.where.startswith("my.yaml")
    assert remedy in error.remedy
    assert len(error.what) < 160
    assert "\n" not in error.what + error.where + error.remedy


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(InputError, match="larger than"):
        read(b"#" * (nodes.LARGEST + 1), "my.yaml")


def test_a_file_with_too_many_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MOST", 20)
    with pytest.raises(InputError, match="more than 20 values") as caught:
        made("identifiers:\n" + "- a\n" * 30)
    assert caught.value.where == "my.yaml, line 8"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InputError, match="not UTF-8") as caught:
        read(b"picograph: study 1\n\xff", "my.yaml")
    assert caught.value.where == "my.yaml"


# --- what is read ---------------------------------------------------------------------------------------------------


def test_one_value_stands_for_a_list() -> None:
    study = made("identifiers: ISRCTN1\narms:\n- {key: a, label: b, interventions: c, evidence: 4-9}\n")
    assert study.identifiers == ("ISRCTN1",)
    assert study.arms[0].interventions == ("c",)
    assert study.arms[0].evidence == (Place("4-9"),)


def test_words_stay_the_words_that_are_written() -> None:
    study = made("report: {volume: 88, issue: 1.10, pages: 007, title: no, journal: 0x1F, published: 2014}\n")
    report = study.report
    assert (report.volume, report.issue, report.pages) == ("88", "1.10", "007")
    assert (report.title, report.journal, report.published) == ("no", "0x1F", "2014")


def test_a_date_is_a_date() -> None:
    content = HEAD.replace("method: curated", "method: curated, read: 2026-11-24")
    assert read(content.encode(), "my.yaml").record.read == date(2026, 11, 24)
    with pytest.raises(InputError, match="not a date"):
        read(content.replace("2026-11-24", "2026-02-30").encode(), "my.yaml")


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    assert read(b"\xef\xbb\xbf" + SEED.replace(b"\n", b"\r\n"), "seed") == read(SEED, "seed")


def test_numbers_are_exact_and_equal_numbers_are_alike() -> None:
    def percent(text: str) -> Decimal | None:
        return made(f"baselines:\n- {{variable: x, percent: {text}}}\n").baselines[0].percent

    assert str(percent("0.1")) == "0.1"
    assert str(percent("0.1234567890123456")) == "0.1234567890123456"
    spellings = ["55", "55.0", "55.", "+55.00", "5.5e1", "0055"]
    assert {str(percent(spelling)) for spelling in spellings} == {"55"}
    assert str(decimal("100")) == "100"
    assert str(decimal("-.50")) == "-0.5"
    for bad in ("1e19", "1e-19", "1e99999", "nan", "0x1", "1_0", ""):
        with pytest.raises(ValueError):
            decimal(bad)


def test_a_line_is_known_for_every_path() -> None:
    content = b"picograph: study 1\nkey: pmid:1\narms:\n  - key: a\n    label: b\n    evidence: 1-2\n"
    assert lines(content)[("arms", 0, "label")] == 5
    assert where(content, "f", ("arms", 0, "evidence", 0)) == "f, line 6 (arms[0].evidence[0])"
    assert where(content, "f", ("arms", 0, "role")) == "f, line 4 (arms[0].role)"
    assert where(content, "f", ("outcomes", 3)) == "f, line 1 (outcomes[3])"
    assert where(content, "f", ()) == "f, line 1"


def test_the_format_is_known_by_its_mark() -> None:
    assert sniff(SEED)
    assert sniff(b"\xef\xbb\xbfpicograph: study 1")
    assert not sniff(b"see picograph: study 1")
    assert not sniff(b'{"picograph": 1}')


# --- what is written ------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(studies())
def test_reading_what_was_written_gives_the_study(study: Study) -> None:
    written = write(study)
    again = read(written.encode(), "written")
    assert again == study
    assert write(again) == written


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(studies())
def test_other_programs_read_the_same_words_and_the_schema_accepts_them(study: Study) -> None:
    plain = loaded(write(study).encode())
    assert plain.pop("picograph") == "study 1"
    assert sorted(words(plain)) == sorted(words(study))
    VALIDATOR.validate({"picograph": "study 1", **plain})


def loaded(content: bytes) -> Any:
    return undated(YAML(typ="safe", pure=True).load(content))


def undated(value: Any) -> Any:
    """JSON has no dates: a date is its words."""
    if isinstance(value, dict):
        return {name: undated(each) for name, each in value.items()}
    if isinstance(value, list):
        return [undated(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def words(value: Any) -> Iterator[str]:
    if isinstance(value, Struct):
        for field in structs.fields(value):
            if field.required or getattr(value, field.name) != field.default:
                yield from words(getattr(value, field.name))
    elif isinstance(value, dict):
        for each in value.values():
            yield from words(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from words(each)
    elif isinstance(value, Enum):
        yield str(value.value)
    elif isinstance(value, date):
        yield value.isoformat()
    elif isinstance(value, str | Place):
        yield str(value)


def test_what_is_derived_is_left_out() -> None:
    derived = Derived(quantity="affected", value=Decimal(15), method="from per cent and at risk")
    event = AdverseEventResult(term="x", grade=GradeRange(low=2), derived=(derived,))
    study = made("")
    with_event = Study(key=study.key, record=study.record, adverse_events=(event,))
    again = read(write(with_event).encode(), "written").adverse_events[0]
    assert again == AdverseEventResult(term="x", grade=GradeRange(low=2))


def test_numbers_are_written_in_their_normal_form() -> None:
    study = made("")
    event = AdverseEventResult(term="x", percent=Decimal("1.50E+1"))
    assert "percent: 15}\n" in write(Study(key=study.key, record=study.record, adverse_events=(event,)))


def test_the_seed_is_in_the_layout_that_is_written() -> None:
    body = re.sub(r"^#.*\n", "", SEED.decode(), flags=re.MULTILINE)
    assert write(read(SEED, "seed")) == body


# --- the schema -----------------------------------------------------------------------------------------------------

VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_the_schema_that_is_checked_in_is_current() -> None:
    assert json.loads((RECORDS / "study.schema.json").read_text(encoding="utf-8")) == schema()


def test_the_schema_is_a_schema_and_accepts_the_seed() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    VALIDATOR.validate(loaded(SEED))


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    # Where the reader is stricter it is so about YAML itself (aliases, tabs…) or about what JSON cannot tell apart.
    wrong = [
        row for row in BAD if re.match(r"(arm|zzz|population|baselines|adverse|design|arms|identifiers)\W", row[0])
    ]
    refused = 0
    for file, *_ in wrong:
        try:
            plain = loaded((HEAD + file).encode())
        except Exception:  # not YAML at all
            continue
        if not VALIDATOR.is_valid(plain):
            refused += 1
    assert refused >= 20
    assert not VALIDATOR.is_valid({})
