"""PubMed's XML gives all that the index says of an article, each fact at its words in a text made by a written rule.

What is counted here is counted by a walk of the standard library's parser over the same file.
"""

import xml.etree.ElementTree as ElementTree
from typing import Any, cast

import pytest

from picograph.kg import readers
from picograph.kg.linking import link
from picograph.kg.model import parts_of
from picograph.kg.readers import citations, nbib, pubmed_text, pubmed_xml
from picograph.kg.readers.pubmed_xml import read
from picograph.kg.report import Author, MeshHeading, RelatedReport, Report, Substance
from picograph.kg.source import Method
from picograph.kg.study import Study
from picograph.tests.bibliographies import sound
from picograph.tests.pubmed_sets import MADE_UP, REAL, article, in_set, needs_real, only, report

# --- the real record -------------------------------------------------------------------------------------------------


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
    root, text = walked(), readers.source_text_of(REAL.read_bytes(), "real.xml")
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


# --- the made-up record ----------------------------------------------------------------------------------------------


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


# --- marks, dates, identifiers ---------------------------------------------------------------------------------------


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


# --- retractions -----------------------------------------------------------------------------------------------------


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


# --- detection -------------------------------------------------------------------------------------------------------


def test_the_classes_that_it_makes_are_those_of_the_model() -> None:
    made = {type(part) for part in parts_of(read(MADE_UP, "made-up.xml"))}
    assert made >= {Author, MeshHeading, RelatedReport, Report, Substance}
    assert isinstance(read(MADE_UP, "made-up.xml"), Study)
    assert citations.fold("a\x00b") == "a b"
    assert nbib.READER != pubmed_xml.READER
