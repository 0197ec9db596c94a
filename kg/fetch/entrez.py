"""NCBI's E-utilities, for PubMed: search, whose answer the server keeps, and records, in XML.

What the server says is held against what was asked: an error in the body of a good answer, half an answer and records
that nobody asked for are found here.
"""

import re
from typing import NamedTuple

import msgspec
from lxml import etree

from picograph.kg.fetch.http import Answer, Client, PassingError, RefusedError, ReportedError, plain
from picograph.ontology.errors import StoreError

MOST = 9_999  # records of one search that PubMed gives
# Errors in the body of an answer, with whatever status, that pass by themselves.
PASSING = ("timeout", "timed out", "empty response", "bytes read: 0", "temporarily", "try again", "rate limit",
           "couldn't resolve", "address table is empty", "peer:", "unavailable")  # fmt: skip
_FORGOTTEN = ("unable to obtain query", "history", "webenv", "query_key", "query key")


class Found(NamedTuple):
    """The answer of a search."""

    matching: int
    pmids: list[str]
    web_environment: str
    query_key: str
    understood: str
    cautions: list[str]


class Search(msgspec.Struct):
    """A search whose answer the server keeps, and how many of its records are wanted."""

    web_environment: str
    query_key: str
    records: int


class Batch(NamedTuple):
    """Records to ask for at once."""

    name: str
    search: Search
    start: int  # in the search
    pmids: list[str]


class Server:
    """The E-utilities: search, and records."""

    def __init__(self, client: Client, url: str, common: dict[str, str]) -> None:
        self._client, self._url, self._common = client, url, common

    def search(self, term: str) -> Found:
        """Search, and leave the answer in the server's history."""
        fields = {**self._common, "term": term, "usehistory": "y", "retmode": "xml", "retstart": "0"}
        return self._client.ask(f"{self._url}/esearch.fcgi", fields | {"retmax": str(MOST)}, _found, post=True)

    def records(self, batch: Batch) -> tuple[bytes, set[str]]:
        """Get the records of a batch: the file as the server gives it, and the PMIDs in it.

        What is not all there is asked for once more, by PMIDs; what then is still missing, the server does not give.
        """
        history = {
            "WebEnv": batch.search.web_environment,
            "query_key": batch.search.query_key,
            "retstart": str(batch.start),
            "retmax": str(len(batch.pmids)),
        }
        wanted = set(batch.pmids)
        try:
            body, given = self._fetch(history)
            if given == wanted:
                return body, given
        except RefusedError as refused:
            if not any(word in refused.said.lower() for word in _FORGOTTEN):
                raise
        body, given = self._fetch({"id": ",".join(batch.pmids)})
        if not given <= wanted:
            raise StoreError(
                f"PubMed gives records that were not asked for: {', '.join(sorted(given - wanted)[:5])}",
                where=f"{self._url}/efetch.fcgi",
                remedy="see whether the address is that of the E-utilities",
            )
        return body, given

    def _fetch(self, which: dict[str, str]) -> tuple[bytes, set[str]]:
        fields = {**self._common, **which, "retmode": "xml", "rettype": "abstract"}
        return self._client.ask(f"{self._url}/efetch.fcgi", fields, _records, post=True)


def _parse(answer: Answer, root: str) -> etree._Element:
    answer.expect("xml")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        element = etree.fromstring(answer.body, parser)
    except etree.XMLSyntaxError as error:
        raise PassingError(f"its answer is not whole: {error.msg} ({plain(answer.body)})") from None
    reported = element if element.tag == "ERROR" else element.find(".//ERROR")
    if reported is not None and element.tag != "PubmedArticleSet":
        raise ReportedError(" ".join((reported.text or "an error without words").split()))
    if element.tag != root:
        raise PassingError(f"it answers <{etree.QName(element).localname}> instead of <{root}>: {plain(answer.body)}")
    return element


def _found(answer: Answer) -> Found:
    """Take the answer of a search apart.

    >>> _found(Answer("text/xml", b'''<eSearchResult><Count>1</Count><QueryKey>1</QueryKey><WebEnv>W</WebEnv>
    ...     <IdList><Id>24726289</Id></IdList></eSearchResult>''')).pmids
    ['24726289']
    """
    root = _parse(answer, "eSearchResult")
    count = root.findtext("Count", "")
    pmids = [each.text or "" for each in root.iterfind("IdList/Id")]
    web_environment, query_key = root.findtext("WebEnv", ""), root.findtext("QueryKey", "")
    if not count.isdecimal() or not all(map(str.isdecimal, pmids)) or len(set(pmids)) != len(pmids):
        raise PassingError(f"its answer to the search makes no sense: {plain(answer.body)}")
    if len(pmids) != min(int(count), MOST) or (pmids and not (web_environment and query_key)):
        raise PassingError(f"its answer to the search is not whole: {len(pmids)} PMIDs for {count} records")
    cautions = [
        f"PubMed on the query: {re.sub('(?<=[a-z])(?=[A-Z])', ' ', etree.QName(each).localname).lower()}: {each.text}"
        for each in (*root.iterfind("ErrorList/*"), *root.iterfind("WarningList/*"))
        if "Restrictions achieved" not in (each.text or "")
    ]
    understood = root.findtext("QueryTranslation", "")
    return Found(int(count), pmids, web_environment, query_key, understood, cautions)


def _records(answer: Answer) -> tuple[bytes, set[str]]:
    """Hold a batch against what a file of records must be; give it, and the PMIDs in it."""
    root = _parse(answer, "PubmedArticleSet")
    given = {
        each.findtext("MedlineCitation/PMID") or each.findtext("BookDocument/PMID") or ""
        for each in root.iterchildren("PubmedArticle", "PubmedBookArticle")
    }
    if not given:
        raise PassingError("its answer has no records")
    return answer.body, given
