"""Articles in PubMed's XML, written as tests want them, and how tests read them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from picograph.kg.readers.bibliography import Written
from picograph.kg.readers.pubmed_xml import read, read_all
from picograph.kg.report import Report
from picograph.ontology.errors import InputError
from picograph.tests.bibliographies import sorted_out

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
    return sorted_out(read_all(source, name))


def refused(content: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read(content, "set.xml")
    return caught.value


def numbered(count: int, filler: str = "") -> Iterator[str]:
    for number in range(1, count + 1):
        yield article(number, f"Title {number}.", f"<Abstract><AbstractText>{filler}</AbstractText></Abstract>")
