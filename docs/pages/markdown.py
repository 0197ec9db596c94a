"""What the pages are written with: tables, a page with its note, terms as people know them."""

from collections.abc import Iterable, Iterator, Sequence

from picograph.ontology import terms

NOTE = "<!-- Written by docs/generate.py (make docs) from {source}. Change that, not this page. -->"
RDFS, OWL = "http://www.w3.org/2000/01/rdf-schema#", "http://www.w3.org/2002/07/owl#"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Write a Markdown table; nothing where there are no rows."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    if lines:
        yield from ("| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines, "")


def page(title: str, source: str, body: Iterable[str]) -> str:
    """Join the lines of a page."""
    return "\n".join([NOTE.format(source=source), "", f"# {title}", "", *body]).rstrip("\n") + "\n"


def short(iri: str) -> str:
    """Write an IRI with the prefix that people know."""
    for long, brief in ((terms.PG, "pg:"), (RDFS, "rdfs:"), (OWL, "owl:"), ("http://www.w3.org/ns/prov#", "prov:")):
        iri = iri.replace(long, brief)
    return iri.replace("http://www.w3.org/2001/XMLSchema#", "xsd:")


def code(iris: Iterable[str]) -> str:
    """Write IRIs as code."""
    return ", ".join(f"`{short(iri)}`" for iri in iris)
