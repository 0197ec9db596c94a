"""PubMed's tagged layout gives the same facts, at the same places of the same text, as the XML of the article.

Records are read one at a time; a bad one is told with its line, and those beside it are read.
"""

import gzip
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picograph.kg import readers
from picograph.kg.linking import link
from picograph.kg.readers import nbib, pubmed_text, pubmed_xml
from picograph.kg.readers.bibliography import Written
from picograph.kg.readers.nbib import read, read_all, sniff
from picograph.kg.report import Report
from picograph.kg.source import Method
from picograph.ontology.errors import InputError
from picograph.tests.bibliographies import memory_does_not_grow, sorted_out, sound

HERE = Path(__file__).resolve().parent
MADE_UP = (HERE / "records" / "made-up-trial.nbib").read_bytes()
XML = (HERE / "records" / "made-up-trial.pubmed.xml").read_bytes()


def record(*lines: str, number: int = 1) -> bytes:
    return "\n".join([f"PMID- {number}", f"TI  - Title {number}.", *lines, ""]).encode()


def taken(content: bytes) -> tuple[list[Written], list[InputError]]:
    return sorted_out(read_all(content, "set.nbib"))


def only(content: bytes) -> Written:
    (found,), errors = taken(content)
    assert errors == []
    return found


def report(*lines: str) -> Report:
    return only(record(*lines)).study.report


def test_the_same_article_has_the_same_text_in_tags_and_in_xml() -> None:
    written, ((_, other),) = only(MADE_UP), list(pubmed_xml.read_all(XML, "x"))
    assert isinstance(other, Written)
    sound(written)
    assert written.text == other.text == readers.source_text_of(MADE_UP, "x")
    one, two = written.study, other.study
    assert (one.key, one.identifiers, one.record.source) == (two.key, two.identifiers, two.record.source)
    assert (one.record.method, one.record.reader) == (Method.REGISTRY, "nbib 1")
    mine, theirs = one.report, two.report
    for field in ("title", "doi", "pmid", "pmcid", "journal", "published", "volume", "issue", "pages", "retracted"):
        assert getattr(mine, field) == getattr(theirs, field), field
    assert mine.evidence == theirs.evidence
    assert mine.related == theirs.related
    for field in ("headings", "publication_types", "substances", "authors", "supplementary_concepts"):
        parts, others = getattr(mine, field), getattr(theirs, field)
        assert [part.evidence for part in parts] == [part.evidence for part in others], field
        assert len(parts) > 0


def test_what_is_linked_by_words_is_what_the_xml_says_by_identifier() -> None:
    linked, theirs = link(read(MADE_UP, "x")).report, pubmed_xml.read(XML, "x").report
    assert linked.headings == theirs.headings


def test_there_is_as_much_of_everything_as_there_are_lines() -> None:
    counted = Counter(line[:4].strip() for line in MADE_UP.decode().splitlines() if line[4:5] == "-")
    found = only(MADE_UP).study.report
    assert len(found.publication_types) == counted["PT"] == 3
    assert len(found.substances) == counted["RN"] == 3
    assert len(found.authors) == counted["FAU"] + counted["CN"] == 3
    assert len({each.descriptor for each in found.headings}) == counted["MH"] == 3
    slashes = [line.count("/") for line in re.findall(r"^MH  - (.*)$", MADE_UP.decode(), re.MULTILINE)]
    assert len(found.headings) == sum(max(1, each) for each in slashes) == 4
    assert len(found.related) == counted["CIN"] + counted["EIN"] + counted["RIN"] == 3


def test_every_place_holds_its_words() -> None:
    study, text = only(MADE_UP)
    found = study.report
    assert [place.words(text) for place in found.evidence][:6] == [
        found.title,
        "J Test",
        "2014 Apr 1;88(5):1041-1047",
        found.doi,
        found.pmid,
        found.pmcid,
    ]
    labelled: list[Any] = [*found.publication_types, *found.authors, *found.supplementary_concepts]
    for part in labelled:
        assert [place.words(text) for place in part.evidence] == [part.label]
    assert [[place.words(text) for place in each.evidence] for each in found.substances] == [
        ["Sorafenib", "9ZOQ3TZI87"],
        ["Protein Kinase Inhibitors"],
        ["Protein-Tyrosine Kinases", "EC 2.7.10.1"],
    ]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("MH  - Humans", [("Humans", None, False)]),
        ("MH  - *Liver Neoplasms", [("Liver Neoplasms", None, True)]),
        ("MH  - Liver Neoplasms/*therapy", [("Liver Neoplasms", "therapy", True)]),
        (
            "MH  - Liver Neoplasms/drug therapy/*therapy",
            [("Liver Neoplasms", "drug therapy", False), ("Liver Neoplasms", "therapy", True)],
        ),
        (
            "MH  - *Liver Neoplasms/drug therapy/therapy",
            [("Liver Neoplasms", "drug therapy", True), ("Liver Neoplasms", "therapy", True)],
        ),
    ],
)
def test_headings_are_taken_apart(line: str, wanted: list[tuple[str, str | None, bool]]) -> None:
    assert [(each.descriptor, each.qualifier, each.major) for each in report(line).headings] == wanted


def test_a_tag_with_nothing_to_say_says_nothing() -> None:
    plain = only(record())
    for line in ("SI  - /", "OT  - *", "MH  - *", "MH  - /", "AB  -", "FAU -", "CIN -"):
        assert only(record(line)) == plain, line


def test_names_are_full_where_there_are_full_names() -> None:
    lines = ("FAU - Doe, Jane", "AU  - Doe J", "AU  - van Roe RA", "CN  - A Group", "FAU - Madonna", "AU  - Madonna")
    assert [(each.label, each.family_name, each.given_name) for each in report(*lines).authors] == [
        ("Doe, Jane", "Doe", "Jane"),
        ("van Roe RA", "van Roe", "RA"),
        ("A Group", None, None),
        ("Madonna", "Madonna", None),
    ]


def test_identifiers_are_checked_before_they_are_taken() -> None:
    found = report("AID - S1 [pii]", "AID - none [doi]", "LID - 10.1000/x [doi]", "PMC - 99")
    assert (found.doi, found.pmid, found.pmcid) == ("10.1000/x", "1", None)
    assert report("AID - 10.1000/x [pii]").doi is None


@pytest.mark.parametrize(
    ("tag", "relation", "retracted"),
    [
        ("RIN", "RetractionIn", True),
        ("RRI", "RetractedandRepublishedIn", True),
        ("ROF", "RetractionOf", None),
        ("ECI", "ExpressionOfConcernIn", None),
        ("CRI", "CorrectedandRepublishedIn", None),
        ("UIN", "UpdateIn", None),
        ("SPIN", "SummaryForPatientsIn", None),
    ],
)
def test_relations_have_the_words_of_the_xml(tag: str, relation: str, retracted: bool | None) -> None:
    found = report(f"{tag:4}- J Test. 2015;1:2. PMID: 2")
    assert [(each.relation, each.citation, each.pmid) for each in found.related] == [
        (relation, "J Test. 2015;1:2", "2")
    ]
    assert found.retracted is retracted


def test_an_abstract_is_cut_at_its_labels_if_it_begins_with_one() -> None:
    def labels(abstract: str) -> list[str]:
        text = only(record(f"AB  - {abstract}", "TA  - J Test", "DP  - 2014", "VI  - 1")).text
        return [each.label for each in pubmed_text.sections(text)]

    assert labels("AIMS: To see (n: 2). METHODS & DATA: Seen. CONCLUSION: So.") == [
        "AIMS",
        "METHODS & DATA",
        "CONCLUSION",
    ]
    prose = "We saw what there was to see in forty patients, and all was as we had thought. AVAILABILITY: On request."
    assert labels(prose) == [""]


def test_lines_that_go_on_are_joined_and_windows_and_a_mark_do_not_matter() -> None:
    plain = record("AB  - One", "      two", "\tthree.", "MH  - Humans")
    windows = b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n")
    assert only(windows) == only(plain) == only(gzip.compress(plain)) == only(plain.replace(b"\n", b"\r"))
    assert "\n\nOne two three.\n" in only(plain).text


def test_many_records_with_and_without_empty_lines_between_them() -> None:
    for between in (b"", b"\n", b"\n\n"):
        found, errors = taken(between.join(record(number=number) for number in range(1, 51)))
        assert [each.study.key for each in found] == [f"pmid:{number}" for number in range(1, 51)]
        assert errors == []
    assert only(record(number=7)) == taken(record(number=6) + record(number=7))[0][1]


def test_a_set_taken_apart_gives_records_that_read_the_same() -> None:
    whole = record("AB  - One", "      two.") + b"\n" + MADE_UP + record(number=3)
    apart = list(nbib.records(whole, "set.nbib"))
    assert [where for where, _ in apart] == [where for where, _ in read_all(whole, "set.nbib")]
    pieces = [piece for _, piece in apart if isinstance(piece, bytes)]
    assert [only(piece) for piece in pieces] == taken(whole)[0]
    assert len(pieces) == 3


def test_one_bad_record_spoils_no_other() -> None:
    content = (
        record(number=1)
        + b"PMID- 2\nDP  - 2014\n"
        + record(number=3)
        + b"PMID- x\nTI  - No number.\n"
        + record(number=5)
    )
    found, errors = taken(content)
    assert [each.study.key for each in found] == ["pmid:1", "pmid:3", "pmid:5"]
    assert [(error.what, error.where) for error in errors] == [
        ("the record has no title", "set.nbib, line 3, PMID 2"),
        ("the record has neither a DOI nor a PMID, so it cannot be told from others", "set.nbib, line 7, PMID x"),
    ]


@pytest.mark.parametrize(
    ("content", "what", "where"),
    [
        (b"", "no record", "set.nbib"),
        (b"\n\n", "no record", "set.nbib"),
        (b"TI  - A title.\n", "before the first record", "set.nbib, line 1"),
        (b"<PubmedArticleSet/>", "before the first record", "set.nbib, line 1"),
        (b"PMID- 1\nTI  - A title.\nTI - Wrong.\n", "neither a tag", "set.nbib, line 3"),
        (b"PMID- 1\nTI  - A t\xeftle.\n", "not UTF-8", "set.nbib, line 2"),
        (b"\0\1", "before the first record", "set.nbib, line 1"),
        (b"PMID- 1\nTI  - " + b"a" * (1 << 21), "more than", "set.nbib, line 2"),
        (b"\x1f\x8b\x08\0", "in the middle of its compression", "set.nbib, after line 0"),
        (record() + record(number=2), "more than one record", "set.nbib"),
    ],
    ids=lambda each: repr(each)[:30],
)
def test_a_bad_file_is_refused_with_what_where_and_try(content: bytes, what: str, where: str) -> None:
    with pytest.raises(InputError) as caught:
        read(content, "set.nbib")
    assert what in caught.value.what
    assert caught.value.where == where
    assert caught.value.remedy


def test_a_gzip_file_that_ends_in_the_middle_gives_the_records_before_and_not_half_of_one() -> None:
    import random

    noise = random.Random(1)
    whole = b"".join(record(f"AB  - {noise.getrandbits(4000):x}", number=number) for number in range(1, 401))
    packed = gzip.compress(whole)
    wanted = taken(whole)[0]
    for part in (0.3, 0.9, 0.999):
        found, errors = taken(packed[: int(len(packed) * part)])
        assert found == wanted[: len(found)]
        assert 400 * part - 150 < len(found) < 400
        (error,) = errors
        assert "in the middle of its compression" in error.what


def test_memory_does_not_grow_with_the_number_of_records(tmp_path: Path) -> None:
    memory_does_not_grow(tmp_path, lambda number: record("AB  - " + "words " * 500, number=number), read_all)


@given(st.lists(st.text(max_size=40), max_size=6))
def test_any_lines_are_read_or_refused(lines: list[str]) -> None:
    content = record(*lines).decode("utf-8", "replace").encode("utf-8", "replace")
    for _, each in read_all(content, "x"):
        if isinstance(each, Written):
            sound(each)
        else:
            assert each.what
            assert each.where


@given(
    st.text(min_size=1, max_size=40), st.sampled_from(["TI", "TA", "DP", "MH", "RN", "FAU", "SI", "CIN", "AB", "PT"])
)
def test_any_words_behind_a_tag_keep_their_places(words: str, tag: str) -> None:
    content = record(f"{tag:4}- {words}").decode("utf-8", "replace").encode("utf-8", "replace")
    for _, each in read_all(content, "x"):
        if isinstance(each, Written):
            sound(each)


def test_the_format_is_known_by_its_content() -> None:
    for content in (MADE_UP, b"\n\n" + MADE_UP, b"\xef\xbb\xbf" + MADE_UP, gzip.compress(MADE_UP)):
        assert readers.detect(content, "record.txt") == "nbib"
    for other in (b"PMID: 1\n", b"PMID- x\n", b"TY  - JOUR\nAN  - 1\n", b"A title\n\nPMID- 1\n", b""):
        assert not sniff(other)
    assert nbib.read(MADE_UP, "x") == readers.read_record(MADE_UP, "x")
