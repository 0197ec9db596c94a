"""Many articles of PubMed are read in memory that does not grow; what is damaged or hostile ends in a message.

The good articles before it are kept, and an article reads the same by itself and in a set.
"""

import gzip
import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picograph.kg import readers
from picograph.kg.readers import pubmed_articles, pubmed_xml
from picograph.kg.readers.bibliography import Written
from picograph.kg.readers.pubmed_xml import read, read_all, sniff
from picograph.ontology.errors import InputError
from picograph.tests.bibliographies import sound
from picograph.tests.pubmed_sets import MADE_UP, article, in_set, numbered, only, refused, taken

# --- sets ------------------------------------------------------------------------------------------------------------


def test_an_article_has_one_text_by_itself_and_in_a_set() -> None:
    alone = only(MADE_UP)
    middle = MADE_UP[MADE_UP.index(b"<PubmedArticle>") : MADE_UP.index(b"</PubmedArticleSet>")].decode()
    packed = gzip.compress(in_set(article(1), middle, article(3)))
    found, errors = taken(packed)
    assert errors == []
    assert found[1] == alone
    assert [each.study.key for each in found] == ["pmid:1", "NCT00000002", "pmid:3"]
    pretty = MADE_UP.replace(b"<AccessionNumber>", b"\n\t <AccessionNumber>\n").replace(b"\n", b"\r\n")
    assert only(pretty) == alone, "how the file is laid out does not matter"


def test_a_set_taken_apart_gives_articles_that_read_the_same() -> None:
    marked = article(2, "10<sup>9</sup> &lt; &#946;", "<Abstract><AbstractText>a&nbsp;b</AbstractText></Abstract>")
    middle = MADE_UP[MADE_UP.index(b"<PubmedArticle>") : MADE_UP.index(b"</PubmedArticleSet>")].decode()
    whole = in_set(article(1), marked, middle, head='<!DOCTYPE PubmedArticleSet SYSTEM "x.dtd">\n')
    apart = list(pubmed_xml.records(gzip.compress(whole), "set.xml"))
    assert [where for where, _ in apart] == [where for where, _ in read_all(whole, "set.xml")]
    pieces = [piece for _, piece in apart if isinstance(piece, bytes)]
    assert [only(piece) for piece in pieces] == taken(whole)[0]
    assert len(pieces) == 3
    assert all(sniff(piece) for piece in pieces)


def test_the_text_of_a_record_is_given_by_its_format() -> None:
    assert readers.source_text_of(MADE_UP, "x") == only(MADE_UP).text
    assert readers.source_text_of(only(MADE_UP).text.encode(), "x") == only(MADE_UP).text


def test_one_bad_article_spoils_no_other() -> None:
    book = "<PubmedBookArticle><BookDocument><PMID>7</PMID></BookDocument></PubmedBookArticle>"
    withdrawn = "<DeleteCitation><PMID>8</PMID><PMID>9</PMID></DeleteCitation>"
    found, errors = taken(
        in_set(article(1), article(2, ""), book, article(4), "<PubmedArticle/>", article(5), withdrawn)
    )
    assert [each.study.key for each in found] == ["pmid:1", "pmid:4", "pmid:5"]
    assert [(error.what, error.where) for error in errors] == [
        ("the record has no title", "set.xml, line 3, PMID 2"),
        ("the record is not of an article of a journal", "set.xml, line 4, PMID 7"),
        ("the record holds no article", "set.xml, line 5"),
        ("PubMed has withdrawn its record PMID 8", "set.xml, line 6"),
        ("PubMed has withdrawn its record PMID 9", "set.xml, line 6"),
    ]
    assert all(error.remedy for error in errors)


def test_read_takes_one_article_and_no_more() -> None:
    assert read(in_set(article(1)), "set.xml").key == "pmid:1"
    assert read(article(1).encode(), "one.xml").key == "pmid:1"
    assert "more than one record" in refused(in_set(article(1), article(2))).what
    assert "no article" in refused(in_set()).what


class Produced(io.RawIOBase):
    """A stream that makes its bytes when they are asked for, and cannot go back."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces, self.rest = pieces, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self.rest:
            if (piece := next(self.pieces, None)) is None:
                return b""
            self.rest = piece
        found, self.rest = self.rest[:size], self.rest[size:]
        return found


def produced(count: int) -> Produced:
    def pieces() -> Iterator[bytes]:
        yield b"<PubmedArticleSet>"
        for each in numbered(count, "words " * 500):
            yield each.encode()
        yield b"</PubmedArticleSet>"

    return Produced(pieces())


def test_memory_does_not_grow_with_the_number_of_articles() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        seen = sum(isinstance(each, Written) for _, each in read_all(cast(Any, produced(count)), "stream"))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert seen == count
        return most

    peak(20)  # what is imported and cached on the first run
    few, many = peak(200), peak(2000)
    assert many < few * 1.2 + 100_000, f"{few:,} bytes for 200 articles, {many:,} for 2,000"
    assert many < 3_000_000, f"{many:,} bytes, and the set has six millions"


# --- damaged, hostile, something else --------------------------------------------------------------------------------


def test_a_file_that_ends_in_the_middle_gives_the_articles_before_and_says_where() -> None:
    whole = in_set(*numbered(20))
    swept = 0
    for end in range(30, len(whole) - 25, 97):
        found, errors = taken(whole[:end])
        assert len(found) == whole[:end].count(b"</PubmedArticle>")
        (error,) = errors
        assert error.what == "the file ends in the middle of the set"
        assert f"after {len(found)} articles" in error.where
        assert "line" in error.where
        assert "download" in error.remedy
        swept += 1
    assert swept > 30, f"{swept} ends"


def test_a_gzip_file_that_ends_in_the_middle_gives_the_articles_before() -> None:
    import random

    noise = random.Random(1)
    whole = in_set(*(article(number, f"Title {noise.getrandbits(4000):x}.") for number in range(1, 401)))
    packed = gzip.compress(whole)
    for part in (0.3, 0.6, 0.9, 0.999):
        found, errors = taken(packed[: int(len(packed) * part)])
        assert len(found) >= 400 * part - 150, f"{len(found)} of 400 articles from {part:.0%} of the file"
        assert [each.study.report.pmid for each in found] == [str(number + 1) for number in range(len(found))]
        (error,) = errors
        assert "in the middle of its compression" in error.what
        assert f"after {len(found)} articles" in error.where
    broken = bytearray(packed)
    broken[len(packed) // 2] ^= 0xFF
    found, errors = taken(bytes(broken))
    assert len(found) < 400
    assert "in the middle of its compression" in errors[-1].what
    with pytest.raises(InputError, match="damaged inside its compression"):  # before a word of it is believed
        list(readers.pieces(io.BytesIO(bytes(broken)), "set.xml.gz"))
    assert len(list(readers.pieces(io.BytesIO(packed[:-40]), "set.xml.gz"))) > 350, "what is cut off is whole before"


def test_xml_that_is_not_well_formed_spoils_no_other() -> None:
    broken = "<PubmedArticle><MedlineCitation><PMID>3</PMID>\n</Article></PubmedArticle>"
    found, errors = taken(in_set(article(1), article(2), broken, article(4)))
    assert [each.study.key for each in found] == ["pmid:1", "pmid:2", "pmid:4"]
    (error,) = errors
    assert "not well-formed" in error.what
    assert error.where.startswith("set.xml, line 4, PMID 3, in line 2, column ")
    found, errors = taken(in_set(article(1), "<Article></Titel>", article(4)[:-30], article(5)))
    assert [each.study.key for each in found] == ["pmid:1", "pmid:5"]
    assert [(error.what, error.where) for error in errors] == [
        ("something else than an article stands here", "set.xml, line 2, after 1 articles"),
        ("an article is cut off", "set.xml, line 3, after 1 articles"),
    ]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "UTF-8", "us-ascii"])
def test_a_file_may_say_that_it_is_in_another_encoding(encoding: str) -> None:
    title = "Größe" if encoding != "us-ascii" else "Size"
    content = f'<?xml version="1.0" encoding="{encoding}"?>\n'.encode() + in_set(article(1, title), article(2))
    found, errors = taken(content.decode().encode(encoding))
    assert errors == []
    assert [each.study.report.title for each in found] == [title, "A title."]
    assert "encoding 'klingon' is not known" in refused(content.replace(encoding.encode(), b"klingon", 1)).what


BOMB = '<!DOCTYPE PubmedArticleSet [<!ENTITY a "{}">{}]>\n'.format(
    "lol" * 10,
    "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)),
)
HOSTILE = {
    "entity bomb": (BOMB, "&i;"),
    "entity bomb in an attribute": (BOMB, '<i class="&i;">x</i>'),
    "external entity": ('<!DOCTYPE PubmedArticleSet [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n', "&x;"),
    "external parameter entity": (
        '<!DOCTYPE PubmedArticleSet [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>\n',
        "a",
    ),
    "an entity of its own": ('<!DOCTYPE PubmedArticleSet [<!ENTITY beta "b">]>\n', "&beta;"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_with_entities_of_its_own_is_refused(name: str) -> None:
    head, title = HOSTILE[name]
    content = in_set(article(1, title), head=head)
    found, errors = taken(content)
    assert found == []
    (error,) = errors
    assert "entities of its own" in error.what
    assert sniff(content), "it is known for what it is, so that the message is the right one"


def test_no_entity_reads_a_file_or_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def connect(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", connect)
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    (tmp_path / "x.dtd").write_text('<!ENTITY beta "from the DTD">')
    head = f'<!DOCTYPE PubmedArticleSet SYSTEM "{(tmp_path / "x.dtd").as_uri()}">\n'
    written = only(in_set(article(1, "a &beta; b &nosuch; c"), head=head))
    assert written.study.report.title == "a β b &nosuch; c", "the DTD is not read; names of HTML are known"
    declared = f'<!DOCTYPE PubmedArticleSet [<!ENTITY x SYSTEM "{secret.as_uri()}">]>\n'
    assert "a secret" not in str(refused(in_set(article(1, "&x;"), head=declared)))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (b"\0\1\2\3", "does not begin with <PubmedArticleSet>"),
        (b"\x1f\x8b\x08\0", "in the middle of its compression"),
        (b"PMID- 1\n", "does not begin with <PubmedArticleSet>"),
        (b"<html><PubmedArticleSet/></html>", "does not begin with <PubmedArticleSet>"),
        (b'{"protocolSection": {}}', "does not begin with <PubmedArticleSet>"),
        (b"<PubmedArticleSet/>", "the set holds no article"),
        (b"<PubmedArticleSet>", "ends in the middle"),
    ],
    ids=lambda each: repr(each)[:30],
)
def test_what_is_no_set_of_articles_is_refused(content: bytes, what: str) -> None:
    error = refused(content)
    assert what in error.what
    assert error.where.startswith("set.xml")
    assert error.remedy


def test_an_article_without_end_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubmed_articles, "LARGEST", 1 << 18)
    endless = article(2, inside="<Abstract>" + "<AbstractText>words</AbstractText>" * 40_000 + "</Abstract>")
    found, errors = taken(in_set(article(1), endless, article(3)))
    assert [each.study.key for each in found] == ["pmid:1", "pmid:3"]
    (error,) = errors
    assert "an article has more than" in error.what


def test_deep_nesting_is_refused() -> None:
    found, errors = taken(in_set(article(1), article(2, "<i>" * 5000 + "x" + "</i>" * 5000)))
    assert [each.study.key for each in found] == ["pmid:1"]
    assert len(errors) == 1


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_words_keep_their_places(title: str, words: str) -> None:
    def escaped(text: str) -> str:
        legal = "".join(each for each in text if each in "\t\n" or (each >= " " and each not in "\ufffe\uffff"))
        return legal.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    heading = f'<MeshHeading><DescriptorName UI="D008113">{escaped(words)}</DescriptorName></MeshHeading>'
    content = in_set(article(1, "T " + escaped(title), beside=f"<MeshHeadingList>{heading}</MeshHeadingList>"))
    sound(only(content.decode().encode("utf-8", "replace")))


# --- detection -------------------------------------------------------------------------------------------------------


def test_the_format_is_known_by_its_content() -> None:
    for content in (MADE_UP, b"\xef\xbb\xbf" + MADE_UP, gzip.compress(MADE_UP), article(1).encode()):
        assert readers.detect(content, "record.txt") == "pubmed-xml"
    assert readers.read_record(gzip.compress(MADE_UP), "x").key == "NCT00000002"
    for other in (
        b"<a/>",
        b"<!DOCTYPE PubmedArticleSet",
        b"<?xml version='1.0'?>",
        b"<!-- <PubmedArticleSet> -->",
        b"",
    ):
        assert not sniff(other)


def test_looking_at_a_head_takes_no_time_however_it_is_made() -> None:
    for unit in (b"<?a?>", b"<!--a-->", b"<!DOCTYPE a>", b"<!DOCTYPE a [", b"<?", b"<!--"):
        assert not sniff(unit * (65_536 // len(unit)))
