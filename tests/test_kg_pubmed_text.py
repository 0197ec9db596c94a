"""PubMed's text gives the report, its index terms and its registration, each at its place; nothing from the prose."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picograph.kg import readers
from picograph.kg.readers import pubmed_text, study_file
from picograph.kg.readers.pubmed_text import read, sections, sniff
from picograph.kg.report import Report
from picograph.kg.source import Method, source_of
from picograph.kg.study import Study
from picograph.ontology.errors import InputError, PicographError

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
ILLEGAL = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")  # what a study file cannot hold
CITATION = "J Test. 2014 Apr 1;88(5):1041-7. doi: 10.1000/x(99)1. Epub 2014 Feb 2."
FULL = f"""A study of tests: with a colon

{CITATION}

Authors

Anna B ^1, Carl D ^2

Affiliations

  • ^1 Department of Tests.
  • ^2 Hospital of Tests.

PMID: 123456
PMCID: PMC99
DOI: 10.1000/x(99)1

Abstract

Background: One: two of 2 trials.

More of the background.

Methods: Compared with NCT00000001, doi: 10.1000/other, PMID: 7.

Trial registration: ClinicalTrials.gov NCT00000002; EudraCT 2010-012345-11.

Keywords: tests; words.

© 2014 The Testers.

Publication types

  • Randomized Controlled Trial
  • Research Support, Non-U.S. Gov't

MeSH terms

  • Neoplasms* / therapy
  • Liver Neoplasms / drug therapy*
  • Humans

Substances

  • Sorafenib

Associated data

  • ClinicalTrials.gov/NCT00000002

Grants and funding

  • NCT99999999/Testers/International
"""


def plain(citation: str, rest: str = "") -> Study:
    return read(f"A title\n\n{citation}\n\n{rest}".encode(), "record.txt")


def report(citation: str) -> Report:
    return plain(citation).report


def test_every_list_and_identifier_is_read() -> None:
    study = read(FULL.encode(), "full.txt")
    assert (study.key, study.identifiers) == ("NCT00000002", ("2010-012345-11",))
    assert study.record.document == "doi:10.1000/x(99)1"
    assert (study.record.method, study.record.reader) == (Method.REGISTRY, "pubmed-text 1")
    assert study.record.source == source_of(FULL)
    found = study.report
    assert found.title == "A study of tests: with a colon"
    assert (found.doi, found.pmid, found.pmcid) == ("10.1000/x(99)1", "123456", "PMC99")
    assert (found.journal, found.published, found.volume, found.issue) == ("J Test", "2014-04-01", "88", "5")
    assert found.pages == "1041-7"
    assert [each.label for each in found.publication_types][1] == "Research Support, Non-U.S. Gov't"
    assert [(each.descriptor, each.qualifier, each.major) for each in found.headings] == [
        ("Neoplasms", "therapy", True),
        ("Liver Neoplasms", "drug therapy", True),
        ("Humans", None, False),
    ]
    assert [each.label for each in found.substances] == ["Sorafenib"]
    assert (study.design, study.population, study.arms, study.estimates) == (None, None, (), ())


def test_every_place_holds_the_words() -> None:
    found = read(FULL.encode(), "full.txt").report
    assert [place.words(FULL) for place in found.evidence] == [
        "A study of tests: with a colon",
        "J Test",
        "2014 Apr 1;88(5):1041-7",
        "10.1000/x(99)1",
        "123456",
        "PMC99",
    ]
    parts = [*found.publication_types, *found.headings, *found.substances]
    assert [part.evidence[0].words(FULL) for part in parts] == [
        "Randomized Controlled Trial",
        "Research Support, Non-U.S. Gov't",
        "Neoplasms* / therapy",
        "Liver Neoplasms / drug therapy*",
        "Humans",
        "Sorafenib",
    ]


def test_places_are_counted_in_the_text_and_not_in_the_bytes() -> None:
    windows = b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode()
    assert read(windows, "full.txt") == read(FULL.encode(), "full.txt")
    assert readers.detect(windows, "full.txt") == "pubmed-text"


@pytest.mark.parametrize(
    ("citation", "journal", "published", "volume", "issue", "pages"),
    [
        ("J Test. 2014 Apr 1;88(5):1041-7. doi: 10.1000/x.", "J Test", "2014-04-01", "88", "5", "1041-7"),
        ("3 Biotech. 2014 Jan-Feb;12(1):1-5. doi: 10.1000/x.", "3 Biotech", "2014", "12", "1", "1-5"),
        ("Ann Oncol. 2014 Apr;25 Suppl 2:S5. doi: 10.1000/x.", "Ann Oncol", "2014-04", "25 Suppl 2", None, "S5"),
        ("Lancet. 2014;383(9911):41-7; quiz 48. doi: 10.1000/x.", "Lancet", "2014", "383", "9911", "41-7"),
        (
            "J Test. 2024 Jan 5:S0168-8278(24)1-2. doi: 10.1000/x.",
            "J Test",
            "2024-01-05",
            None,
            None,
            "S0168-8278(24)1-2",
        ),
        ("Cancer (Phila). 2014 Spring;(2):CD1. PMID: 5", "Cancer (Phila)", "2014", None, "2", "CD1"),
        ("J Test. 2014 Dec. doi: 10.1000/x", "J Test", "2014-12", None, None, None),
    ],
)
def test_citations_are_read(
    citation: str, journal: str, published: str, volume: str | None, issue: str | None, pages: str | None
) -> None:
    found = report(citation)
    assert (found.journal, found.published) == (journal, published)
    assert (found.volume, found.issue, found.pages) == (volume, issue, pages)


def test_the_key_is_the_registration_else_the_doi_else_the_pmid() -> None:
    line = "Trial registration: ClinicalTrials.gov NCT00000002."
    assert plain("J T. 2014;1(2):3. doi: 10.1000/x.", line).key == "NCT00000002"
    assert plain("J T. 2014;1(2):3. doi: 10.1000/x. PMID: 5").key == "doi:10.1000/x"
    assert plain("J T. 2014;1(2):3. PMID: 5").key == "pmid:5"


def test_a_number_in_the_prose_is_no_registration() -> None:
    prose = "Methods: Patients of NCT00000002 were compared; ClinicalTrials.gov number, NCT00000003."
    study = plain(CITATION, prose)
    assert (study.key, study.identifiers) == ("doi:10.1000/x(99)1", ())


def test_of_two_registrations_neither_is_chosen() -> None:
    study = plain(CITATION, "Clinical trial registration: NCT00000002 and NCT00000003.")
    assert (study.key, study.identifiers) == ("doi:10.1000/x(99)1", ("NCT00000002", "NCT00000003"))


def test_bullets_after_the_mesh_terms_are_substances_and_others_are_nothing() -> None:
    study = plain(CITATION, "Purpose: To see.\n\n  • a point\n\nMeSH terms\n\n  • Adult\n\n\n  • Sorafenib\n")
    assert [each.descriptor for each in study.report.headings] == ["Adult"]
    assert [each.label for each in study.report.substances] == ["Sorafenib"]
    assert plain(CITATION, "Purpose: To see.\n\n  • a point\n").report.substances == ()


def test_sections_are_the_labelled_paragraphs() -> None:
    assert [(each.label, FULL[each.start : each.end]) for each in sections(FULL)] == [
        ("Background", "One: two of 2 trials.\n\nMore of the background."),
        ("Methods", "Compared with NCT00000001, doi: 10.1000/other, PMID: 7."),
    ]


def test_an_abstract_without_labels_is_one_section() -> None:
    prose = "We saw what there was to see in forty patients, and it was as we had thought that it would be."
    text = f"A title\n\n{CITATION}\n\nAnna B, Carl D\n\n{prose}\n\nMeSH terms\n\n  • Adult\n"
    assert [(each.label, text[each.start : each.end]) for each in sections(text)] == [("", prose)]


@pytest.mark.parametrize(
    ("content", "what", "where", "remedy"),
    [
        (b"", "empty", "record.txt", "PubMed"),
        (b"\0", "not a text", "record.txt", "binary"),
        (b"\n\n  \xe2\x80\xa2 Adult\n", "no title", "record.txt, line 3", "begin with the title"),
        (b"A title\n\nJ Test. 2014;1(2):3.\n", "neither a DOI nor a PMID", "record.txt, line 1", "`PMID: "),
        (b"1. J Test. 2014;1(2):3. doi: 10.1000/x.\n\nA title\n", "numbered citation", "line 1", "the title first"),
        (
            FULL.replace("PMC99\nDOI: 10.1000/x", "PMC99\nDOI: 10.1000/y").encode(),
            "two different",
            "line 16",
            "one record",
        ),
    ],
)
def test_a_bad_record_is_refused_with_what_where_and_try(content: bytes, what: str, where: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        read(content, "record.txt")
    assert what in caught.value.what
    assert where in caught.value.where
    assert remedy in caught.value.remedy


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    content = text.encode("utf-8", "replace")
    for start in ("", "A title\n\n", f"A title\n\n{CITATION}\n\n"):
        try:
            study = read(start.encode() + content, "any")
        except InputError:
            continue
        if study.report.title and not ILLEGAL.search(text):
            assert study_file.read(study_file.write(study).encode(), "again") == study
        assert isinstance(sniff(content), bool)


# --- detection ------------------------------------------------------------------------------------------------------

STUDY_FILE = b"picograph: study 1\nkey: pmid:1\n"


def test_a_format_is_known_by_its_content_and_not_by_its_name() -> None:
    assert readers.detect(FULL.encode(), "study.yaml") == "pubmed-text"
    assert readers.detect(STUDY_FILE, "abstract.txt") == "study-file"
    assert readers.detect(b"# a comment\n\n" + STUDY_FILE, "-") == "study-file"
    assert readers.read_record(FULL.encode(), "x").key == "NCT00000002"


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b"A letter\n\nDear Anna. 2014 was good. Bye.\n\ndoi: none\n",
        b'{"sections": {}}',
        b"<html/>",
        b"a,b\n1,2\n",
        b"# Title\n\nJ Test. 2014;1(2):3.\n",
        b"title: x\nkey: y\n",
        b"@article{x,\n\nJ Test. 2014;1(2):3.\n",
    ],
)
def test_what_no_reader_knows_is_refused_with_the_formats(content: bytes) -> None:
    with pytest.raises(InputError, match="no format that picograph reads") as caught:
        readers.detect(content, "x.txt")
    assert caught.value.where == "x.txt"
    assert all(name in caught.value.remedy for name in readers.READERS)


def test_empty_and_binary_files_are_refused() -> None:
    for content in (b"", b" \n\t\r\n", b"\xef\xbb\xbf\n"):
        with pytest.raises(InputError, match="the file is empty"):
            readers.detect(content, "x")
    for content in (b"\x1f\x8b\x08\0", b"\x89PNG\r\n\x1a\n\x00"):
        with pytest.raises(InputError, match="binary file"):
            readers.detect(content, "x")


def test_abstracts_without_a_citation_are_refused() -> None:
    found = sorted((SHARED / "corpora").rglob("*.txt")) if SHARED.exists() else []
    if not found:
        pytest.skip("the abstracts are not at hand")
    assert len(found) > 100
    assert [path.name for path in found if sniff(path.read_bytes()) or study_file.sniff(path.read_bytes())] == []


def test_every_reader_of_the_table_can_be_used() -> None:
    assert len(readers.READERS) >= 2
    for name in readers.READERS:
        for function in ("", "sniff"):
            assert callable(readers._function(name, function))


def test_readers_of_other_packages_join_and_a_broken_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        def __init__(self, name: str, value: str) -> None:
            self.name, self.value = name, value

    entries = [Entry("study-file", "json:loads"), Entry("other", "no.such.module:read")]
    monkeypatch.setattr(metadata, "entry_points", lambda group: entries)
    readers._joined.cache_clear()
    try:
        assert readers._joined() == {"other": "no.such.module:read"}
        assert readers.detect(STUDY_FILE, "x") == "study-file"
        with pytest.raises(PicographError, match="'other' of another package cannot be used"):
            readers.detect(b"hello", "x")
    finally:
        monkeypatch.undo()
        readers._joined.cache_clear()


def test_the_module_reads_no_concepts() -> None:
    study = read(FULL.encode(), "full.txt")
    assert all(each.descriptor_concept is None for each in study.report.headings)
    assert study.record.reader == pubmed_text.READER
