"""Articles in PubMed's XML, written as tests want them, and how tests read them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from picograph.kg import validation
from picograph.kg.model import parts_of
from picograph.kg.readers import study_file
from picograph.kg.readers.bibliography import Written
from picograph.kg.readers.pubmed_xml import read, read_all
from picograph.kg.report import Report
from picograph.kg.source import source_of, source_text
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


def numbered(count: int, filler: str = "") -> Iterator[str]:
    for number in range(1, count + 1):
        yield article(number, f"Title {number}.", f"<Abstract><AbstractText>{filler}</AbstractText></Abstract>")
