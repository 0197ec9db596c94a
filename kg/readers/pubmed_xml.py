"""PubMed's XML: a set of articles as efetch gives it, or a file of the yearly baseline or the daily updates (.xml.gz).

An article becomes a report with its index terms, and its data banks' numbers; nothing is read from the prose of the
abstract. Concepts are those that the index itself names by identifier: nothing is looked up. The text in which places
count is written by the rule of `bibliography`.

Articles are read one at a time and forgotten, so memory does not grow with the file. No entity is expanded, no DTD
loaded, no network used: a file that declares entities of its own is refused.
"""

import html
import re
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

from picograph.kg.readers import bibliography, citations, unpacked
from picograph.kg.readers.bibliography import Entry, Found, Written
from picograph.kg.readers.citations import fold, mesh_curie
from picograph.kg.readers.pubmed_articles import DOCTYPE, Articles
from picograph.kg.report import (
    Author,
    MeshHeading,
    PublicationType,
    RelatedReport,
    Report,
    Substance,
    SupplementaryConcept,
)
from picograph.kg.study import Study
from picograph.ontology.errors import InputError

if TYPE_CHECKING:
    from lxml.etree import _Element

READER = "pubmed-xml 1"

_ROOTS = (b"PubmedArticleSet", b"PubmedArticle")
_ELEMENT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
_IN_DOCTYPE = re.compile(rb"<!--.*?-->|\"[^\"]*\"|'[^']*'|[\[\]>]", re.DOTALL)
_HEAD = 1 << 16  # bytes that are enough to know the file by


def sniff(head: bytes) -> bool:
    """Say whether a file begins like PubMed's XML, packed by gzip or not.

    >>> sniff(b"<?xml version='1.0'?><!DOCTYPE PubmedArticleSet><PubmedArticleSet>")
    True
    >>> sniff(b"<html><body>PubmedArticleSet</body></html>")
    False
    """
    return _root(unpacked.head_of(head)) in _ROOTS


def _root(head: bytes) -> bytes:
    """Give the name of the first element, past the declarations before it; nothing where there is none."""
    at = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    while True:
        at += len(head[at:]) - len(head[at:].lstrip())
        if head.startswith(b"<?", at):
            at = head.find(b"?>", at) + 2
        elif head.startswith(b"<!--", at):
            at = head.find(b"-->", at) + 3
        elif head.startswith(b"<!DOCTYPE", at):
            at = _after_doctype(head, at)
        else:
            found = _ELEMENT.match(head, at)
            return found[1] if found else b""
        if at < 4:  # the head ends in the middle of it
            return b""


def _after_doctype(head: bytes, at: int) -> int:
    inside = False
    for token in _IN_DOCTYPE.finditer(head, at):
        inside = token[0] == b"[" or (inside and token[0] != b"]")
        if token[0] == b">" and not inside:
            return token.end()
    return -1


def read(content: bytes, name: str) -> Study:
    """Read a file with one article.

    :param content: the bytes of the file
    :param name: what errors call it
    :raises InputError: if it is not PubMed's XML, is damaged, or holds none or several articles

    >>> study = read(b'''<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>
    ... <ArticleTitle>CO<sub>2</sub> in <i>vivo</i>.</ArticleTitle></Article></MedlineCitation></PubmedArticle>
    ... </PubmedArticleSet>''', "example")
    >>> study.key, study.report.title
    ('pmid:1', 'CO2 in vivo.')
    """
    return bibliography.only(read_all(content, name), name).study


def written(content: bytes, name: str) -> Written:
    """Read a file with one record, with the text that its places count in.

    :raises InputError: as `read` does
    """
    return bibliography.only(read_all(content, name), name)


def records(source: IO[bytes] | bytes, name: str) -> Iterator[tuple[str, bytes | InputError]]:
    """Take a file or a stream apart: each article as bytes that `read` takes, one at a time.

    >>> list(records(b"<PubmedArticleSet><PubmedArticle><a>1</a></PubmedArticle></PubmedArticleSet>", "x"))
    [('x, line 1', b'<PubmedArticle><a>1</a></PubmedArticle>')]
    """
    stream = unpacked.open_stream(source)
    try:
        head = stream.read1(_HEAD)
        root = _check_head(head, name)
        articles = Articles(stream, head, name, root)
    except unpacked.BROKEN as error:
        yield name, unpacked.broken(error, f"{name}, after 0 articles")
    except InputError as error:
        yield error.where, error
    else:
        yield from articles.records()


def read_all(source: IO[bytes] | bytes, name: str) -> Iterator[Found]:
    """Read the articles of a file or a stream, one at a time.

    A bad article gives its error, and those after it are read on; a file that ends in the middle gives the articles
    before, then an error that says where.

    :param source: the bytes, or a stream of them; packed by gzip or not
    :param name: what errors call it
    :returns: for each article what errors call it, and its study with its text, or its error
    """
    return bibliography.entries(_parsed(source, name), _entry, READER)


def _parsed(source: IO[bytes] | bytes, name: str) -> "Iterator[tuple[str, _Element | InputError]]":
    if isinstance(source, bytes) and source.startswith((b"<PubmedArticle>", DOCTYPE)):  # as `records` gives it
        found: Iterable[tuple[str, bytes | InputError]] = [(name, source)]
    else:
        found = records(source, name)
    for where, article in found:
        yield where, article if isinstance(article, InputError) else _element(article, where)


def _element(article: bytes, where: str) -> "_Element | InputError":
    """Parse an article: no entity is expanded, no DTD loaded, no network used."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(article, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        return InputError(
            f"this is not well-formed XML: {error.msg}",
            where=f"{where}, in line {line}, column {column} of the article",
            remedy="download the file again",
            pointer=_at(article, line, column),
        )


def _at(article: bytes, line: int, column: int) -> str:
    """Give the character of an article at a line and a column, as parsers count them."""
    before = article.split(b"\n")[: max(line - 1, 0)]
    at = sum(len(each.decode("utf-8", "replace")) + 1 for each in before) + max(column - 1, 0)
    return f"{at}-{at + 1}"


def _check_head(head: bytes, name: str) -> bytes:
    """Give the name of the first element.

    :raises InputError: if the file is empty, is something else, or declares entities
    """
    if not head.strip():
        raise InputError("the file is empty", where=name, remedy="see whether the download was complete")
    root = _root(head)
    if root not in _ROOTS:
        raise InputError(
            "this is not PubMed's XML: it does not begin with <PubmedArticleSet>",
            where=name,
            remedy="fetch it with rettype=xml, or take a file of the baseline",
        )
    if 0 <= (at := head.find(b"<!ENTITY")) < head.index(b"<" + root):
        raise InputError(
            "the file declares entities of its own, which PubMed's files do not, and none is expanded",
            where=f"{name}, before line {1 + head.count(bytes([10]), 0, head.index(b'<' + root))}",
            remedy="take the file from PubMed itself",
            pointer=f"{at}-{at + len(b'<!ENTITY')}",
        )
    return root


# --- one article ----------------------------------------------------------------------------------------------------


def _words(element: "_Element | None") -> str:
    """Give the words of an element and of all in it, without the marks.

    A subscript or superscript that begins with a digit or a sign, and stands behind a digit, is kept apart: 10^9.
    """
    if element is None:
        return ""
    if not len(element):
        return fold(element.text)
    pieces: list[str] = []

    def add(each: "_Element") -> None:
        if isinstance(each.tag, str):
            words = each.text or ""
            if each.tag in ("sub", "sup") and _runs_on(pieces, "".join(each.itertext())):
                pieces.append("_" if each.tag == "sub" else "^")
            pieces.append(words)
            for child in each:
                add(child)
                pieces.append(child.tail or "")
        elif each.text:  # an entity that no one declared
            pieces.append(html.unescape(each.text))

    add(element)
    return fold("".join(pieces))


def _runs_on(before: list[str], words: str) -> bool:
    last = "".join(before[-3:])[-1:]
    return last.isdigit() and words[:1] in set("0123456789-−–+")


def _entry(article: "_Element") -> Entry:
    citation = article.find("MedlineCitation")
    paper = citation.find("Article") if citation is not None else None
    if citation is None or paper is None:
        book = article.tag == "PubmedBookArticle"
        raise InputError(
            "the record is not of an article of a journal" if book else "the record holds no article",
            remedy="only articles are read: leave it out",
        )
    identifiers = _identifiers(article, citation, paper)
    report = Report(
        **identifiers,
        title=_words(paper.find("ArticleTitle")) or _words(paper.find("VernacularTitle")) or None,
        journal=_journal(citation, paper),
        volume=_words(paper.find("Journal/JournalIssue/Volume")) or None,
        issue=_words(paper.find("Journal/JournalIssue/Issue")) or None,
        pages=_pages(paper),
        publication_types=tuple(
            PublicationType(label=words, concept=mesh_curie(each.get("UI"), "D"))
            for each in paper.iterfind("PublicationTypeList/PublicationType")
            if (words := _words(each))
        ),
        headings=tuple(_headings(citation)),
        substances=tuple(_substances(citation)),
        supplementary_concepts=tuple(
            SupplementaryConcept(label=words, concept=mesh_curie(each.get("UI"), "C"))
            for each in citation.iterfind("SupplMeshList/SupplMeshName")
            if (words := _words(each))
        ),
        authors=tuple(_authors(paper)),
        related=tuple(_related(citation)),
    )
    return Entry(
        report=report,
        dated=_dated(paper),
        sections=tuple(_sections(paper)),
        accessions=tuple(_accessions(paper)),
        keywords=tuple(words for each in citation.iterfind("KeywordList/Keyword") if (words := _words(each))),
    )


def _identifiers(article: "_Element", citation: "_Element", paper: "_Element") -> dict[str, Any]:
    """Give the identifiers of the article whose form is right; those in its list of references are not its own."""
    given: dict[str, list[str]] = {}
    for each in article.iterfind("PubmedData/ArticleIdList/ArticleId"):
        given.setdefault(each.get("IdType", ""), []).append(_words(each))
    for each in paper.iterfind("ELocationID"):
        if each.get("ValidYN", "Y") == "Y":
            given.setdefault(each.get("EIdType", ""), []).append(_words(each))
    pmids = [_words(citation.find("PMID")), *given.get("pubmed", [])]
    pmcids = [*given.get("pmc", []), *(_words(each) for each in citation.iterfind("OtherID"))]
    return {
        "doi": next(filter(None, map(citations.doi, given.get("doi", []))), None),
        "pmid": next(filter(None, map(citations.pmid, pmids)), None),
        "pmcid": next(filter(None, map(citations.pmcid, pmcids)), None),
    }


def _journal(citation: "_Element", paper: "_Element") -> str | None:
    """Give the journal: its ISO abbreviation, else MEDLINE's abbreviation, else its title."""
    medline = citation.find("MedlineJournalInfo/MedlineTA")
    stated = (paper.find("Journal/ISOAbbreviation"), medline, paper.find("Journal/Title"))
    return next(filter(None, map(_words, stated)), None)


def _pages(paper: "_Element") -> str | None:
    if words := _words(paper.find("Pagination/MedlinePgn")):
        return words
    first, last = _words(paper.find("Pagination/StartPage")), _words(paper.find("Pagination/EndPage"))
    return f"{first}-{last}" if first and last else first or None


def _dated(paper: "_Element") -> str:
    """Give the date of the issue as PubMed prints it: a year; with a month, or a season; with a day; or as it is."""
    stated = paper.find("Journal/JournalIssue/PubDate")
    if stated is None:
        return ""
    if words := _words(stated.find("MedlineDate")):
        return words
    month, day = citations.month_name(_words(stated.find("Month"))), _words(stated.find("Day"))
    pieces = [_words(stated.find("Year")), month or _words(stated.find("Season")), day.lstrip("0") if month else ""]
    return " ".join(filter(None, pieces)) if pieces[0] else ""


def _sections(paper: "_Element") -> Iterator[tuple[str, str]]:
    for each in paper.iterfind("Abstract/AbstractText"):
        if words := _words(each):
            yield fold(each.get("Label")).rstrip(": "), words


def _authors(paper: "_Element") -> Iterator[Author]:
    for each in paper.iterfind("AuthorList/Author"):
        if each.get("ValidYN", "Y") != "Y":
            continue  # the spelling before it was corrected
        family, given = _words(each.find("LastName")), _words(each.find("ForeName")) or _words(each.find("Initials"))
        if family:
            label = ", ".join(filter(None, [family, f"{given} {_words(each.find('Suffix'))}".strip()]))
            yield Author(label=label, family_name=family, given_name=given or None)
        elif group := _words(each.find("CollectiveName")):
            yield Author(label=group)


def _headings(citation: "_Element") -> Iterator[MeshHeading]:
    """Give each pair of descriptor and qualifier, and a descriptor alone where it has no qualifier."""
    for each in citation.iterfind("MeshHeadingList/MeshHeading"):
        name = each.find("DescriptorName")
        if name is None or not (descriptor := _words(name)):
            continue
        concept, major = mesh_curie(name.get("UI"), "D"), name.get("MajorTopicYN") == "Y"
        alone = True
        for other in each.iterfind("QualifierName"):
            if qualifier := _words(other):
                alone = False
                of_qualifier = mesh_curie(other.get("UI"), "Q")
                yield MeshHeading(
                    descriptor=descriptor,
                    qualifier=qualifier,
                    major=major or other.get("MajorTopicYN") == "Y",
                    descriptor_concept=concept,
                    qualifier_concept=of_qualifier,
                    heading=concept + of_qualifier.removeprefix("mesh:") if concept and of_qualifier else None,
                )
        if alone:
            yield MeshHeading(descriptor=descriptor, major=major, descriptor_concept=concept, heading=concept)


def _substances(citation: "_Element") -> Iterator[Substance]:
    for each in citation.iterfind("ChemicalList/Chemical"):
        name, number = each.find("NameOfSubstance"), _words(each.find("RegistryNumber"))
        if name is not None and (label := _words(name)):
            concept = mesh_curie(name.get("UI"), "CD")
            yield Substance(label=label, concept=concept, registry_number=number if number not in ("", "0") else None)


def _accessions(paper: "_Element") -> Iterator[tuple[str, str]]:
    for bank in paper.iterfind("DataBankList/DataBank"):
        for each in bank.iterfind("AccessionNumberList/AccessionNumber"):
            if number := _words(each):
                yield _words(bank.find("DataBankName")), number


def _related(citation: "_Element") -> Iterator[RelatedReport]:
    """Give comments, corrections and retractions; what an article merely cites is its list of references."""
    for each in citation.iterfind("CommentsCorrectionsList/CommentsCorrections"):
        made = RelatedReport(
            relation=fold(each.get("RefType")) or None,
            citation=_words(each.find("RefSource")) or None,
            pmid=citations.pmid(_words(each.find("PMID"))),
            note=_words(each.find("Note")) or None,
        )
        if made.relation != "Cites" and made != RelatedReport(relation=made.relation):
            yield made
