"""RIS gives the report of a citation, and nothing that a citation does not say; each fact at its words in its text.

What the tags of a well-formed file hold is checked against rispy, which the field uses. The reader is picograph's own
because it must do what rispy does not: read record by record, and name the record that does not end.
"""

import gzip
from pathlib import Path

import pytest
import rispy  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from picograph.kg import readers
from picograph.kg.readers import ris
from picograph.kg.readers.bibliography import Written
from picograph.kg.readers.ris import read, read_all, sniff
from picograph.kg.report import Report
from picograph.kg.study import Study
from picograph.ontology.errors import InputError
from picograph.tests.bibliographies import memory_does_not_grow, sorted_out, sound

MADE_UP = (Path(__file__).resolve().parent / "records" / "made-up-trial.ris").read_bytes()


def record(*lines: str, number: int = 1) -> bytes:
    return "\n".join(["TY  - JOUR", f"TI  - Title {number}.", f"DO  - 10.1000/{number}", *lines, "ER  - ", ""]).encode()


def bare(*lines: str) -> bytes:
    return "\n".join(["TY  - JOUR", *lines, "ER  -", ""]).encode()


def taken(content: bytes) -> tuple[list[Written], list[InputError]]:
    return sorted_out(read_all(content, "set.ris"))


def only(content: bytes) -> Written:
    (found,), errors = taken(content)
    assert errors == []
    return found


def study(*lines: str) -> Study:
    return only(record(*lines)).study


def report(*lines: str) -> Report:
    return study(*lines).report


def test_the_made_up_record_is_read() -> None:
    written = only(MADE_UP)
    sound(written)
    found = written.study.report
    assert written.study.key == "doi:10.1000/made.up(14)1"
    assert (found.doi, found.pmid, found.pmcid) == ("10.1000/made.up(14)1", "90000001", "PMC90001")
    assert (found.journal, found.published, found.volume, found.issue) == ("J Test", "2014-04-01", "88", "5")
    assert (found.title, found.pages) == ("Sorafenib in vivo: a made-up trial & its retraction.", "1041-1047")
    assert [(each.label, each.family_name, each.given_name) for each in found.authors] == [
        ("Doe, Jane A", "Doe", "Jane A"),
        ("Roe, Richard Jr", "Roe", "Richard Jr"),
        ("The Made-Up Trial Group", None, None),
    ]
    assert [each.label for each in found.publication_types] == ["Randomized Controlled Trial"]
    assert (found.headings, found.substances, found.related) == ((), (), ()), "keywords are not the index's headings"
    assert written.study.record.reader == "ris 1"
    assert written.text == readers.source_text_of(MADE_UP, "x")
    assert [place.words(written.text) for place in found.evidence] == [
        found.title,
        "J Test",
        "2014 Apr 1;88(5):1041-1047",
        found.doi,
        found.pmid,
        found.pmcid,
    ]


def test_tags_hold_what_rispy_finds_in_them() -> None:
    content = MADE_UP + record("KW  - a", "KW  - b", "UR  - https://a.example", number=2) + record("N2  - x", number=3)
    theirs = rispy.loads(content.decode())
    mine = [fields for _, fields in ris._records(content, "x") if not isinstance(fields, InputError)]
    assert len(theirs) == len(mine) == 3
    names = {tag: name for tag, name in rispy.config.TAG_KEY_MAPPING.items() if tag not in ("TY", "ER")}
    seen = 0
    for entry, fields in zip(theirs, mine, strict=True):
        for tag, name in names.items():
            stated = entry.get(name, [])
            words = [words for each, words in fields if each == tag]
            assert words == (stated if isinstance(stated, list) else [stated]), tag
            seen += len(words)
    assert seen > 25, f"{seen} values"


def test_what_rispy_would_lose_is_told() -> None:
    cut = record(number=1) + record(number=2).replace(b"ER  - ", b"")
    assert len(rispy.loads(cut.decode())) == 1, "rispy gives the whole records and says nothing of the other"
    found, errors = taken(cut)
    assert [each.study.key for each in found] == ["doi:10.1000/1"]
    assert [(error.what, error.where) for error in errors] == [
        ("the record does not end: no line ER  - before the file ends", "set.ris, line 5")
    ]


@pytest.mark.parametrize(
    ("lines", "published"),
    [
        (("PY  - 2014",), "2014"),
        (("PY  - 2014/04/01/",), "2014-04-01"),
        (("Y1  - 2014/04//",), "2014-04"),
        (("Y1  - 2014///Spring",), "2014"),
        (("PY  - 2014", "DA  - 2014/04/01"), "2014-04-01"),
        (("PY  - 2014", "DA  - 2013/12/31"), "2014"),
        (("DA  - 2014-04-01",), "2014-04-01"),
        (("PY  - 2014/13/45",), "2014"),
        (("PY  - in press",), None),
        ((), None),
    ],
)
def test_dates_are_kept_as_far_as_they_are_dates(lines: tuple[str, ...], published: str | None) -> None:
    written = only(record(*lines))
    sound(written)
    assert written.study.report.published == published


@pytest.mark.parametrize(
    ("lines", "pmid"),
    [
        (("AN  - 123", "DB  - PubMed"), "123"),
        (("AN  - 123", "DP  - NLM", "DB  - MEDLINE"), "123"),
        (("AN  - 123", "DB  - Embase"), None),
        (("AN  - 123",), None),
        (("UR  - https://pubmed.ncbi.nlm.nih.gov/123/",), "123"),
        (("UR  - http://www.ncbi.nlm.nih.gov/pubmed/123?dopt=Abstract",), "123"),
        (("UR  - https://example.org/123/",), None),
        (("N1  - Read. PMID: 123",), "123"),
        (("N1  - 123",), None),
        (("AN  - 0123", "DB  - PubMed"), None),
    ],
)
def test_a_pmid_is_taken_where_it_is_said_to_be_one(lines: tuple[str, ...], pmid: str | None) -> None:
    assert report(*lines).pmid == pmid


@pytest.mark.parametrize(
    ("lines", "doi"),
    [
        (("DO  - 10.1000/x",), "10.1000/x"),
        (("DO  - https://doi.org/10.1000/x",), "10.1000/x"),
        (("DO  - doi:10.1000/x",), "10.1000/x"),
        (("UR  - http://dx.doi.org/10.1000/x",), "10.1000/x"),
        (("M3  - doi: 10.1000/x",), "10.1000/x"),
        (("DO  - see the paper", "AN  - 1", "DB  - PubMed"), None),
    ],
)
def test_a_doi_is_checked_before_it_is_taken(lines: tuple[str, ...], doi: str | None) -> None:
    found = only(bare("TI  - T", *lines)).study.report
    assert found.doi == doi
    assert found.publication_types == ()


def test_a_registered_trial_gives_the_key() -> None:
    assert study("AN  - NCT00000002").key == "NCT00000002"
    assert study("UR  - https://clinicaltrials.gov/show/NCT00000002").key == "NCT00000002"
    named = study("A1  - NCT00000002", "A1  - Doe, Jane")
    assert (named.key, [each.label for each in named.report.authors]) == ("NCT00000002", ["Doe, Jane"])
    assert study("C1  - ISRCTN00000003").identifiers == ("ISRCTN00000003",)
    two = study("AN  - NCT00000002", "ID  - NCT00000003")
    assert (two.key, two.identifiers) == ("doi:10.1000/1", ("NCT00000002", "NCT00000003"))
    assert study("AB  - See NCT00000002.").key == "doi:10.1000/1", "a number in the prose is no registration"


def test_pages_names_and_titles() -> None:
    assert report("SP  - 1", "EP  - 9").pages == "1-9"
    assert report("SP  - e12").pages == "e12"
    assert report("SP  - 1-9", "EP  - 9").pages == "1-9"
    assert report("SP  - 1", "EP  - 1").pages == "1"
    assert report("JF  - The Journal", "JO  - J").journal == "J"
    assert only(bare("T1  - An old tag", "DO  - 10.1000/x")).study.report.title == "An old tag"
    assert only(bare("TI  - RETRACTED: A title", "DO  - 10.1000/x")).study.report.retracted is True


def test_lines_between_records_and_lines_that_go_on() -> None:
    content = (
        b"Record #1 of 2\nProvider: A\n\n1.\n"
        + record("AB  - One", "  two", "", "three.")
        + b"\n2.\n"
        + record(number=2)
    )
    found, errors = taken(content)
    assert (len(found), errors) == (2, [])
    assert "\n\nOne two three.\n" in found[0].text
    windows = b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n")
    assert taken(windows)[0] == found == taken(gzip.compress(content))[0]
    assert readers.detect(content, "x") == "ris"
    assert only(record(number=2)) == found[1], "a record has one text by itself and in a set"


def test_a_set_taken_apart_gives_records_that_read_the_same() -> None:
    whole = b"1.\n" + record("AB  - One", "  two.") + b"\n" + MADE_UP + record(number=3)
    apart = list(ris.records(whole, "set.ris"))
    assert [where for where, _ in apart] == [where for where, _ in read_all(whole, "set.ris")]
    pieces = [piece for _, piece in apart if isinstance(piece, bytes)]
    assert [only(piece) for piece in pieces] == taken(whole)[0]
    assert len(pieces) == 3


def test_one_bad_record_spoils_no_other() -> None:
    found, errors = taken(record(number=1) + bare("TI  - No identifier") + bare("DO  - 10.1000/x") + record(number=4))
    assert [each.study.key for each in found] == ["doi:10.1000/1", "doi:10.1000/4"]
    assert [(error.what[:30], error.where) for error in errors] == [
        ("the record has neither a DOI n", "set.ris, line 5"),
        ("the record has no title", "set.ris, line 8"),
    ]


@pytest.mark.parametrize(
    ("content", "what", "where"),
    [
        (b"", "no record", "set.ris"),
        (b"hello\n", "no record", "set.ris"),
        (b"\0\1\2", "no record", "set.ris"),
        (b"TY  - JOUR\nTI  - T\n", "does not end", "set.ris, line 1"),
        (b"TY  - JOUR\nTI  - T\nTY  - JOUR\nER  -\n", "does not end: no line ER  - before line 3", "set.ris, line 1"),
        (b"TY  - JOUR\nTI  - \xe9\n", "not UTF-8", "set.ris, line 2"),
        (b"TY  - JOUR\nTI  - " + b"a" * (1 << 21), "more than", "set.ris, line 2"),
        (record() + record(number=2), "more than one record", "set.ris"),
        (gzip.compress(record(), mtime=0)[:60], "in the middle of its compression", "set.ris"),
    ],
    ids=lambda each: repr(each)[:30],
)
def test_a_bad_file_is_refused_with_what_where_and_try(content: bytes, what: str, where: str) -> None:
    with pytest.raises(InputError) as caught:
        read(content, "set.ris")
    assert what in caught.value.what
    assert caught.value.where.startswith(where)
    assert caught.value.remedy


def test_memory_does_not_grow_with_the_number_of_records(tmp_path: Path) -> None:
    memory_does_not_grow(tmp_path, lambda number: record("AB  - " + "words " * 500, number=number), read_all)


@given(st.text(min_size=1, max_size=40), st.sampled_from(["TI", "J2", "PY", "AU", "AN", "M3", "AB", "KW", "SP", "UR"]))
def test_any_words_behind_a_tag_keep_their_places(words: str, tag: str) -> None:
    for _, each in read_all(record(f"{tag}  - {words}").decode("utf-8", "replace").encode("utf-8", "replace"), "x"):
        if isinstance(each, Written):
            sound(each)
        else:
            assert each.where


def test_the_format_is_known_by_its_content() -> None:
    for content in (MADE_UP, b"\xef\xbb\xbf" + MADE_UP, gzip.compress(MADE_UP), MADE_UP.replace(b"\n", b"\r\n")):
        assert readers.detect(content, "record.txt") == "ris"
    for other in (b"TY: JOUR\n", b"PMID- 1\nTY  - JOUR\n", b"title\n", b"AU  - Doe\nTY  - JOUR\n", b""):
        assert not sniff(other)
    assert ris.read(MADE_UP, "x") == readers.read_record(MADE_UP, "x")
