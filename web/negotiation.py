"""Which format an answer comes in: what the client accepts, or names."""

from collections.abc import Mapping

from pyoxigraph import QueryResultsFormat, RdfFormat

from picograph.ontology.errors import PicographError

ROWS: dict[str, QueryResultsFormat] = {  # the first is what is given to who does not mind
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "application/json": QueryResultsFormat.JSON,
    "application/sparql-results+xml": QueryResultsFormat.XML,
    "application/xml": QueryResultsFormat.XML,
    "text/csv": QueryResultsFormat.CSV,
    "text/tab-separated-values": QueryResultsFormat.TSV,
}
GRAPHS: dict[str, RdfFormat] = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/trig": RdfFormat.TRIG,
    "application/n-quads": RdfFormat.N_QUADS,
    "application/xml": RdfFormat.RDF_XML,
    "application/json": RdfFormat.JSON_LD,
    "text/plain": RdfFormat.N_TRIPLES,
}
ANSWERS = ("application/json", "text/csv", "text/tab-separated-values", "text/html")
NAMES = {  # what ?format= may say
    "json": "application/json",
    "xml": "application/xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "html": "text/html",
    "turtle": "text/turtle",
    "nt": "application/n-triples",
    "rdfxml": "application/rdf+xml",
    "jsonld": "application/ld+json",
    "trig": "application/trig",
    "nq": "application/n-quads",
}


class NotAcceptableError(PicographError):
    """None of the formats that a client accepts is one that there is."""


def choose(accept: str, format: str | None, offered: Mapping[str, object] | tuple[str, ...]) -> str:
    """Give the media type that suits a client best; the first offered where it does not mind.

    :param accept: the header Accept
    :param format: a name that goes before it
    :raises NotAcceptableError: if none suits

    >>> choose("text/html, text/csv;q=0.5", None, ROWS), choose("*/*", None, ROWS), choose("", "nt", GRAPHS)
    ('text/csv', 'application/sparql-results+json', 'application/n-triples')
    """
    import mimeparse

    names = list(offered)
    if format is not None:
        if NAMES.get(format) in names:
            return NAMES[format]
        found, said = "", f"format {format!r}"
    else:
        try:
            # of what suits alike, it takes the last
            found, said = mimeparse.best_match(names[::-1], accept or "*/*"), accept
        except mimeparse.MimeTypeParseException:
            found, said = "", accept
    if not found:
        raise NotAcceptableError(
            f"there is nothing to give for {said}", where="Accept", remedy=f"accept one of: {', '.join(names)}"
        )
    return str(found)


def content_type(media_type: str) -> str:
    """Give the header Content-Type.

    >>> content_type("text/csv")
    'text/csv; charset=utf-8'
    """
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
