"""Promise: what a line of a file keeps apart stays apart in any order of loading, and a line that is wrong is told."""

from pathlib import Path

import pytest

from picograph.kg.joining import Index, entry_of
from picograph.kg.splits import Splits, parse_splits, quads_of_splits, read_splits, splits_of
from picograph.ontology.errors import InputError
from picograph.tests.joined import CURATED, PUBMED, REGISTERED, in_any_order, resolve


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("doi:10.1056/NEJMoa1715274\tNCT02149199", ["doi:10.1056/nejmoa1715274", "doi:10.1056/nejmoa1715274"]),
        ("pmid:29768149 NCT02149199 # as the authors told us", ["doi:10.1056/nejmoa1715274"] * 2),
        ("pmid:29768149 doi:10.1056/nejmoa1715274", ["doi:10.1056/nejmoa1715274", "NCT02149199"]),
    ],
)
def test_a_split_keeps_records_apart_in_any_order(line: str, expected: list[str]) -> None:
    splits = parse_splits(f"# wrong joins\n\n{line}\n")
    found = in_any_order([CURATED, PUBMED, REGISTERED], splits)
    assert [found[each] for each in ("doi:10.1056/nejmoa1715274", "pmid:29768149", "NCT02149199")] == [
        *expected,
        "NCT02149199",
    ]
    said = [text for study in (CURATED, PUBMED, REGISTERED) for text in resolve(study, _all(splits)).apart]
    assert any("are kept apart (line 3" in text for text in said)


def _all(splits: Splits) -> Index:
    return Index(map(entry_of, (CURATED, PUBMED, REGISTERED)), splits)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("NCT02149199", "has two identifiers, this one has 1"),
        ("NCT02149199 is another", "this one has 3"),
        ("NCT02149199 nct02149199", "both sides of the line are NCT02149199"),
        ("NCT021491 pmid:1", "'NCT021491' is not an identifier"),
        ("pmid:1 doi:10.1/x", "'doi:10.1/x' is not an identifier"),
    ],
)
def test_a_line_that_is_wrong_is_refused(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        parse_splits("# first\n" + text, "splits.tsv")
    assert caught.value.where == "splits.tsv, line 2"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"NCT00000001 \xff")
    for name, what in (("none.tsv", "No such file"), (".", "Is a directory"), ("binary", "byte 12 is not UTF-8")):
        with pytest.raises(InputError, match=what):
            read_splits(tmp_path / name)


def test_a_store_gives_splits_back_as_they_were_written() -> None:
    splits = parse_splits("pmid:1 NCT00000001 # told by the authors\nthesis lab:7\n", "my.tsv")
    assert splits.lines == {
        ("NCT00000001", "pmid:1"): "my.tsv, line 1: told by the authors",
        ("document:lab:7", "document:thesis"): "my.tsv, line 2",
    }
    assert splits_of(quads_of_splits(splits)) == splits
