"""PubMed's XML gives all that the index says of an article, each fact at its words in a text made by a written rule.

What is counted here is counted by a walk of the standard library's parser over the same file. Many articles are read
in memory that does not grow; what is damaged or hostile ends in a message, after the good articles before it.
"""

import gzip
import io
import tracemalloc
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picograph.kg import readers, validation
from picograph.kg.linking import link
from picograph.kg.model import parts_of
from picograph.kg.readers import citations, nbib, pubmed_articles, pubmed_text, pubmed_xml, study_file
from picograph.kg.readers.bibliography import Written
from picograph.kg.readers.pubmed_xml import read, read_all, sniff, source_text_of
from picograph.kg.report import Author, MeshHeading, RelatedReport, Report, Substance
from picograph.kg.source import Method, source_of, source_text
from picograph.kg.study import Study
from picograph.kg.triples import canonical, quads_of, study_of
from picograph.ontology.errors import InputError

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / "shared"
MADE_UP = (HERE / "records" / "made-up-trial.pubmed.xml").read_bytes()
REAL = SHARED / "pubmed" / "pubmed-29768149.xml"
needs_real = pytest.mark.skipif(not REAL.is_file(), reason="the real record is not at hand")


def article(number: int = 1, title: str = "A title.", inside: str = "", beside: str = "", data: str = "") -> str:
    """Make an article: ``inside`` goes into its Article, ``beside`` after it, ``data`` into PubmedData."""
    return (
        f"<PubmedArticle><MedlineCitation><PMID>{number}</PMID><Article><ArticleTitle>{title}</ArticleTitle>{inside}"
        f"</Article>{beside}</MedlineCitation><PubmedData>{data}</PubmedData></PubmedArticle>\n"
    )


def in_set(*articles: str, head: str = "") -> bytes:
    return f"{head}<PubmedArticleSet>\n{''.join(articles)}</PubmedArticleSet>\n".encode()


def only(content: bytes) -> Written:
    ((_, found),) = read_all(content, "set.xml")
    assert isinstance(found, Written), str(found)
    return found


def report(inside: str = "", beside: str = "", title: str = "A title.", data: str = "") -> Report:
    return only(in_set(article(1, title, inside, beside, data))).study.report


def taken(source: Any, name: str = "set.xml") -> tuple[list[Written], list[InputError]]:
    found = [each for _, each in read_all(source, name)]
    return [each for each in found if isinstance(each, Written)], [
        each for each in found if isinstance(each, InputError)
    ]


def refused(content: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read(content, "set.xml")
    return caught.value


def sound(written: Written) -> None:
    """Hold what every study must hold: its places on whole words, the way to RDF and back, the study file."""
    study, text = written
    assert study.record.source == source_of(text)
    assert source_text(text.encode()) == text, "the text is kept as it is"
    assert validation.errors(validation.check(study, text)) == []
    assert study_of(quads_of(study)) == canonical(study)
    assert study_file.read(study_file.write(study).encode(), "again") == study
    assert all(part.evidence for part in parts_of(study))


# --- the real record ------------------------------------------------------------------------------------------------


def walked() -> ElementTree.Element:
    root = ElementTree.parse(REAL).getroot()
    (found,) = root.iter("PubmedArticle")
    return found


def flat(element: ElementTree.Element | None) -> str:
    assert element is not None
    return " ".join("".join(element.itertext()).split())


@needs_real
def test_the_real_record_has_as_much_of_everything_as_a_walk_counts() -> None:
    root, found = walked(), read(REAL.read_bytes(), "real.xml").report
    headings = list(root.iter("MeshHeading"))
    pairs = sum(max(1, len(each.findall("QualifierName"))) for each in headings)
    assert (len(headings), pairs) == (23, 27)
    assert len(found.headings) == pairs
    assert len({each.descriptor for each in found.headings}) == len(headings)
    assert sum(each.qualifier is not None for each in found.headings) == len(list(root.iter("QualifierName"))) == 10
    majors = [each for each in root.iter() if each.get("MajorTopicYN") == "Y"]
    assert sum(each.major for each in found.headings) == len(majors) == 5
    assert len(found.substances) == len(list(root.iter("Chemical"))) == 6
    numbers = [each.text for each in root.iter("RegistryNumber") if each.text != "0"]
    assert [each.registry_number for each in found.substances if each.registry_number] == numbers
    assert len(numbers) == 3
    assert len(found.publication_types) == len(list(root.iter("PublicationType"))) == 6
    assert len(found.authors) == len(list(root.iter("Author"))) == 10
    assert len(found.related) == len(list(root.iter("CommentsCorrections"))) == 2


@needs_real
def test_the_real_record_says_what_its_elements_say() -> None:
    root, study = walked(), read(REAL.read_bytes(), "real.xml")
    found = study.report
    (accession,) = root.iter("AccessionNumber")
    assert study.key == accession.text == "NCT02149199"
    assert study.identifiers == ()
    assert study.record.document == "doi:10.1056/NEJMoa1715274"
    assert (study.record.method, study.record.reader) == (Method.REGISTRY, "pubmed-xml 1")
    assert found.title == flat(root.find(".//ArticleTitle"))
    assert found.journal == flat(root.find(".//ISOAbbreviation"))
    assert (found.doi, found.pmid, found.pmcid) == ("10.1056/NEJMoa1715274", "29768149", None)
    assert (found.published, found.volume, found.issue, found.pages) == ("2018-05-17", "378", "20", "1865-1876")
    assert found.retracted is None
    assert [(each.family_name, each.given_name) for each in found.authors] == [
        (each.findtext("LastName"), each.findtext("ForeName")) for each in root.iter("Author")
    ]
    assert [(each.relation, each.citation, each.pmid) for each in found.related] == [
        (each.get("RefType"), each.findtext("RefSource"), each.findtext("PMID"))
        for each in root.iter("CommentsCorrections")
    ]
    types = [(each.label, each.concept) for each in found.publication_types]
    assert types == [(each.text, f"mesh:{each.get('UI')}") for each in root.iter("PublicationType")]
    substances = [(each.label, each.concept) for each in found.substances]
    assert substances == [(each.text, f"mesh:{each.get('UI')}") for each in root.iter("NameOfSubstance")]
    wanted = []
    for heading in root.iter("MeshHeading"):
        name = cast(ElementTree.Element, heading.find("DescriptorName"))
        qualifiers: list[Any] = heading.findall("QualifierName")
        for qualifier in qualifiers or [None]:
            ui = qualifier.get("UI") if qualifier is not None else ""
            major = "Y" in (name.get("MajorTopicYN"), qualifier.get("MajorTopicYN") if qualifier is not None else "N")
            words = qualifier.text if qualifier is not None else None
            wanted.append((name.text, words, major, f"mesh:{name.get('UI')}{ui}"))
    assert [(each.descriptor, each.qualifier, each.major, each.heading) for each in found.headings] == wanted


@needs_real
def test_every_place_of_the_real_record_holds_its_words() -> None:
    written = only(REAL.read_bytes())
    sound(written)
    study, text = written
    found = study.report
    seen = 0
    for heading in found.headings:
        words = heading.evidence[0].words(text)
        qualified = f" / {heading.qualifier}" if heading.qualifier else ""
        assert words == heading.descriptor + qualified + ("*" if heading.major else "")
        seen += 1
    labelled: list[Any] = [*found.publication_types, *found.authors]
    for part in labelled:
        assert [place.words(text) for place in part.evidence] == [part.label]
        seen += 1
    for substance in found.substances:
        words_ = [place.words(text) for place in substance.evidence]
        assert words_ == [each for each in (substance.label, substance.registry_number) if each]
        seen += 1
    for related in found.related:
        assert related.evidence[0].words(text) == f"{related.relation}: {related.citation}. PMID: {related.pmid}"
        seen += 1
    assert seen == 27 + 6 + 10 + 6 + 2
    assert [place.words(text) for place in found.evidence] == [
        found.title,
        "N Engl J Med",
        "2018 May 17;378(20):1865-1876",
        found.doi,
        found.pmid,
        "ClinicalTrials.gov/NCT02149199",
    ]


@needs_real
def test_the_abstract_of_the_real_record_is_whole() -> None:
    root, text = walked(), source_text_of(REAL.read_bytes(), "real.xml")
    sections = [(each.label, text[each.start : each.end]) for each in pubmed_text.sections(text)]
    assert sections == [(each.get("Label"), flat(each)) for each in root.iter("AbstractText")]
    assert len(sections) == 4


@needs_real
def test_the_reader_of_texts_reads_the_same_from_the_text() -> None:
    study, text = only(REAL.read_bytes())
    again = pubmed_text.read(text.encode(), "real.txt")
    assert readers.detect(text.encode(), "real.txt") == "pubmed-text"
    assert (again.key, again.record.source) == (study.key, study.record.source)
    one, other = link(again).report, link(study).report
    for field in ("title", "journal", "published", "volume", "issue", "pages", "doi", "pmid"):
        assert getattr(one, field) == getattr(other, field), field
    assert [each.label for each in one.publication_types] == [each.label for each in other.publication_types]
    assert [each.label for each in one.substances] == [each.label for each in other.substances]
    assert [(each.descriptor, each.qualifier, each.major, each.evidence) for each in one.headings] == [
        (each.descriptor, each.qualifier, each.major, each.evidence) for each in other.headings
    ]


# --- the made-up record ---------------------------------------------------------------------------------------------


def test_the_made_up_record_gives_every_kind_of_fact() -> None:
    written = only(MADE_UP)
    sound(written)
    study, text = written
    found = study.report
    assert study.key == "NCT00000002"
    assert study.identifiers == ("ISRCTN00000003", "NCT00000009", "GENBANK/AB123456", "GENBANK/AB123457")
    assert found.title == "Sorafenib in vivo: a made-up trial & its retraction."
    assert (found.doi, found.pmid, found.pmcid) == ("10.1000/made.up(14)1", "90000001", "PMC90001")
    assert (found.journal, found.published, found.volume, found.issue) == ("J Test", "2014-04-01", "88", "5")
    assert found.pages == "1041-1047"
    assert [(each.label, each.family_name, each.given_name) for each in found.authors] == [
        ("Doe, Jane A", "Doe", "Jane A"),
        ("Roe, Richard Jr", "Roe", "Richard"),
        ("The Made-Up Trial Group", None, None),
    ]
    assert [(each.descriptor, each.qualifier, each.major, each.heading) for each in found.headings] == [
        ("Carcinoma, Hepatocellular", "drug therapy", True, "mesh:D006528Q000188"),
        ("Carcinoma, Hepatocellular", "therapy", False, "mesh:D006528Q000628"),
        ("Humans", None, False, "mesh:D006801"),
        ("Liver Neoplasms", None, True, "mesh:D008113"),
    ]
    assert [(each.label, each.concept) for each in found.supplementary_concepts] == [("VAC protocol", "mesh:C010306")]
    assert [(each.label, each.registry_number) for each in found.substances] == [
        ("Sorafenib", "9ZOQ3TZI87"),
        ("Protein Kinase Inhibitors", None),
        ("Protein-Tyrosine Kinases", "EC 2.7.10.1"),
    ]
    assert [(each.relation, each.citation, each.pmid) for each in found.related] == [
        ("CommentIn", "J Test. 2014 May;88(6):1100", "90000003"),
        ("ErratumIn", "J Test. 2014 Jun;88(7):1200", None),
        ("RetractionIn", "J Test. 2015 Jan;89(1):1. doi: 10.1000/notice", "90000004"),
    ]
    assert [each.label for each in pubmed_text.sections(text)] == ["BACKGROUND", "METHODS AND RESULTS"]
    assert "made-up\n" in text
    assert "Copyright" not in text


def test_linking_keeps_the_identifiers_of_the_index() -> None:
    study = read(MADE_UP, "made-up.xml")
    assert link(study) == study


# --- marks, dates, identifiers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("CO<sub>2</sub> in <i>E. coli</i>", "CO2 in E. coli"),
        ("<b>Bold</b>, <u>under</u> and <i>in <sup>a</sup> italics</i>.", "Bold, under and in a italics."),
        ("10<sup>9</sup>/L", "10^9/L"),
        ("10<sup>-3</sup>", "10^-3"),
        ("0.05<sup>1</sup>", "0.05^1"),
        ("<i>10</i><sup>9</sup>", "10^9"),
        ("1<sub>2</sub>", "1_2"),
        ("m<sup>2</sup>, 5<sup>th</sup>", "m2, 5th"),
        ("10 <sup>9</sup>", "10 9"),
        ("a &lt; b &amp; c&#946;", "a < b & cβ"),
        ("a\n\t b\u00a0c\u2009d", "a b c d"),
        ("a<!-- not said --><?nor this?>b", "ab"),
        ("<![CDATA[a < b]]>", "a < b"),
        ('<mml:math xmlns:mml="x"><mml:mi>x</mml:mi><mml:mo>=</mml:mo><mml:mn>1</mml:mn></mml:math>', "x=1"),
    ],
)
def test_marks_are_dropped_and_no_word_is_lost(marked: str, plain: str) -> None:
    abstract = f'<Abstract><AbstractText Label="RESULTS:">{marked}</AbstractText></Abstract>'
    study, text = only(in_set(article(1, marked, abstract)))
    assert study.report.title == plain
    assert f"\n\nRESULTS: {plain}\n" in text
    assert text.startswith(f"{plain}\n")


@pytest.mark.parametrize(
    ("stated", "printed", "published"),
    [
        ("<Year>2014</Year>", "2014", "2014"),
        ("<Year>2014</Year><Month>04</Month>", "2014 Apr", "2014-04"),
        ("<Year>2014</Year><Month>Apr</Month><Day>01</Day>", "2014 Apr 1", "2014-04-01"),
        ("<Year>2014</Year><Month>12</Month><Day>31</Day>", "2014 Dec 31", "2014-12-31"),
        ("<Year>2014</Year><Month>Feb</Month><Day>30</Day>", "2014 Feb 30", "2014-02"),
        ("<Year>2014</Year><Season>Spring</Season>", "2014 Spring", "2014"),
        ("<MedlineDate>2014 Jan-Feb</MedlineDate>", "2014 Jan-Feb", "2014"),
        ("<MedlineDate>2014 Dec-2015 Jan</MedlineDate>", "2014 Dec-2015 Jan", "2014"),
        ("<MedlineDate>1998 Dec 20-27</MedlineDate>", "1998 Dec 20-27", "1998-12"),
        ("<MedlineDate>1998-1999</MedlineDate>", "1998-1999", "1998"),
        ("<MedlineDate>Winter</MedlineDate>", "Winter", None),
        ("<Month>Apr</Month>", "", None),
        ("", "", None),
    ],
)
def test_dates_are_kept_as_stated_as_far_as_they_are_dates(stated: str, printed: str, published: str | None) -> None:
    journal = (
        f"<Journal><JournalIssue><PubDate>{stated}</PubDate></JournalIssue>"
        "<ISOAbbreviation>J Test</ISOAbbreviation></Journal>"
    )
    written = only(in_set(article(1, inside=journal)))
    sound(written)
    assert written.study.report.published == published
    assert ("J Test. " + printed + ".\n" if printed else "J Test.\n") in written.text


def test_identifiers_are_checked_before_they_are_taken() -> None:
    def ids(*pairs: tuple[str, str]) -> str:
        return (
            "<ArticleIdList>"
            + "".join(f'<ArticleId IdType="{a}">{b}</ArticleId>' for a, b in pairs)
            + "</ArticleIdList>"
        )

    wrong = ids(("doi", "doi.org/none"), ("pmc", "99"), ("pubmed", "x"))
    assert (report(data=wrong).doi, report(data=wrong).pmcid, report(data=wrong).pmid) == (None, None, "1")
    assert report(data=ids(("doi", "https://doi.org/10.1000/x"), ("pmc", "PMC7"))).doi == "10.1000/x"
    valid = '<ELocationID EIdType="doi" ValidYN="{}">10.1000/y</ELocationID>'
    assert report(valid.format("Y")).doi == "10.1000/y"
    assert report(valid.format("N")).doi is None
    assert report(valid.format("Y"), data=ids(("doi", "none"))).doi == "10.1000/y"
    reference = f"<ReferenceList><Reference>{ids(('doi', '10.1000/other'))}</Reference></ReferenceList>"
    assert report(data=reference).doi is None, "the DOI of a reference is not the article's"


def test_an_identifier_of_mesh_that_is_none_is_left_out() -> None:
    heading = '<MeshHeading><DescriptorName UI="{}">Liver Neoplasms</DescriptorName></MeshHeading>'
    for ui, concept in (("D008113", "mesh:D008113"), ("Q000188", None), ("D1", None), ("", None), ("D008113 x", None)):
        found = report(beside=f"<MeshHeadingList>{heading.format(ui)}</MeshHeadingList>").headings[0]
        assert (found.descriptor_concept, found.heading) == (concept, concept)


def test_a_major_descriptor_makes_each_of_its_pairs_major() -> None:
    qualifier = '<QualifierName MajorTopicYN="{}">{}</QualifierName>'
    qualifiers = qualifier.format("N", "therapy") + qualifier.format("Y", "pathology")
    heading = '<MeshHeading><DescriptorName MajorTopicYN="{}">Liver Neoplasms</DescriptorName>{}</MeshHeading>'
    for major, wanted in (("Y", [True, True]), ("N", [False, True])):
        listed = f"<MeshHeadingList>{heading.format(major, qualifiers)}</MeshHeadingList>"
        found = only(in_set(article(1, beside=listed)))
        assert [each.major for each in found.study.report.headings] == wanted
        assert ("Liver Neoplasms / therapy*\n" in found.text) == wanted[0]


def bank(*numbers: str, name: str = "ClinicalTrials.gov") -> str:
    inside = "".join(f"<AccessionNumber>{number}</AccessionNumber>" for number in numbers)
    return (
        f"<DataBankList><DataBank><DataBankName>{name}</DataBankName><AccessionNumberList>{inside}"
        "</AccessionNumberList></DataBank></DataBankList>"
    )


def test_the_key_is_the_one_registered_trial() -> None:
    def key(inside: str) -> tuple[str, tuple[str, ...]]:
        study = only(in_set(article(1, inside=inside))).study
        return study.key, study.identifiers

    section = '<Abstract><AbstractText Label="{}">See NCT00000009.</AbstractText></Abstract>'
    assert key("") == ("pmid:1", ())
    assert key(bank("NCT00000002")) == ("NCT00000002", ())
    assert key(bank("nct 00000002")) == ("NCT00000002", ())
    assert key(bank("NCT00000002", "NCT00000003")) == ("pmid:1", ("NCT00000002", "NCT00000003"))
    assert key(bank("NCT0000000")) == ("pmid:1", ("NCT0000000",)), "a number that is none gives no key"
    assert key(bank("RBR-1abcde", name="ReBec")) == ("pmid:1", ("RBR-1abcde",))
    assert key(bank("GSE1", name="GEO")) == ("pmid:1", ("GEO/GSE1",))
    assert key(section.format("TRIAL REGISTRATION")) == ("NCT00000009", ())
    assert key(section.format("METHODS")) == ("pmid:1", ()), "a number in the prose is no registration"
    assert key(bank("NCT00000002") + section.format("TRIAL REGISTRATION")) == ("NCT00000002", ("NCT00000009",))


# --- retractions ----------------------------------------------------------------------------------------------------


def correction(relation: str) -> str:
    return (
        f'<CommentsCorrectionsList><CommentsCorrections RefType="{relation}"><RefSource>J Test. 2015;1:2</RefSource>'
        "<PMID>2</PMID><Note>All of it.</Note></CommentsCorrections></CommentsCorrectionsList>"
    )


@pytest.mark.parametrize("relation", ["RetractionIn", "RetractedandRepublishedIn"])
def test_a_retraction_notice_retracts_and_stands_in_the_evidence(relation: str) -> None:
    written = only(in_set(article(1, beside=correction(relation))))
    sound(written)
    found = written.study.report
    assert found.retracted is True
    words = f"{relation}: J Test. 2015;1:2. PMID: 2. All of it."
    assert words in [place.words(written.text) for place in found.evidence]
    (related,) = found.related
    assert related == RelatedReport(
        relation=relation, citation="J Test. 2015;1:2", pmid="2", note="All of it.", evidence=related.evidence
    )


def test_the_type_and_the_title_retract_too() -> None:
    types = "<PublicationTypeList><PublicationType>{}</PublicationType></PublicationTypeList>"
    assert report(types.format("Retracted Publication")).retracted is True
    assert report(title="RETRACTED: A title.").retracted is True
    assert report(title="Retracted Article: A title.").retracted is True


@pytest.mark.parametrize(
    "relation",
    ["RetractionOf", "RetractedandRepublishedFrom", "ErratumIn", "CommentIn", "ExpressionOfConcernIn", "UpdateIn"],
)
def test_other_relations_do_not_retract(relation: str) -> None:
    found = report(beside=correction(relation))
    assert found.retracted is None, "what is not said is absent, and not false"
    assert [each.relation for each in found.related] == [relation]


def test_a_notice_is_not_itself_retracted() -> None:
    types = "<PublicationTypeList><PublicationType>Retraction of Publication</PublicationType></PublicationTypeList>"
    assert report(types).retracted is None
    assert report(title="Retraction: A title.").retracted is None
    assert report(title="Retracted publications of tests.").retracted is None


# --- sets -----------------------------------------------------------------------------------------------------------


def numbered(count: int, filler: str = "") -> Iterator[str]:
    for number in range(1, count + 1):
        yield article(number, f"Title {number}.", f"<Abstract><AbstractText>{filler}</AbstractText></Abstract>")


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


# --- damaged, hostile, something else -------------------------------------------------------------------------------


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


# --- detection ------------------------------------------------------------------------------------------------------


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


def test_the_classes_that_it_makes_are_those_of_the_model() -> None:
    made = {type(part) for part in parts_of(read(MADE_UP, "made-up.xml"))}
    assert made >= {Author, MeshHeading, RelatedReport, Report, Substance}
    assert isinstance(read(MADE_UP, "made-up.xml"), Study)
    assert citations.fold("a\x00b") == "a b"
    assert nbib.READER != pubmed_xml.READER
