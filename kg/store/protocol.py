"""A query as the SPARQL Protocol has it: what is asked for, by its form, and the request."""

from typing import Any, NamedTuple

from pyoxigraph import QueryBoolean, QuerySolutions, QueryTriples

_ROWS = "application/sparql-results+json, application/sparql-results+xml;q=0.8"
XML = "application/sparql-results+xml"
_GRAPH = "application/n-triples, text/turtle;q=0.8"
EITHER = "application/sparql-results+json, application/n-triples;q=0.9, text/turtle;q=0.8"


class Form(NamedTuple):
    """What a form of query is answered with."""

    accept: str
    results: type


FORMS = {
    "SELECT": Form(_ROWS, QuerySolutions),
    "ASK": Form(_ROWS, QueryBoolean),
    "CONSTRUCT": Form(_GRAPH, QueryTriples),
    "DESCRIBE": Form(_GRAPH, QueryTriples),
}


def protocol_request(
    endpoint: str, sparql: str, *, accept: str, default_graph: str | None = None, union: bool = False
) -> tuple[str, str, bytes, dict[str, str]]:
    """Write a query as the SPARQL Protocol has it: SPARQLWrapper's request, which `Wire` sends.

    :param union: that the default graph is the union of all; Oxigraph's parameter, other servers do not mind
    :returns: method, address, body, headers

    >>> method, url, body, headers = protocol_request("http://127.0.0.1/query", "ASK {}", accept="text/csv")
    >>> method, body, headers["Accept"]
    ('POST', b'query=ASK+%7B%7D', 'text/csv')
    """
    from SPARQLWrapper import POST, SPARQLWrapper

    wrapper: Any = SPARQLWrapper(endpoint, agent="picograph")
    wrapper.queryString, wrapper.queryType = sparql, "SELECT"  # setQuery guesses the type, and warns where it cannot
    wrapper.setMethod(POST)
    wrapper.addCustomHttpHeader("Accept", accept)
    if default_graph is not None:
        wrapper.addDefaultGraph(default_graph)
    if union:
        wrapper.addParameter("union-default-graph", "true")
    for name in ("format", "output", "results"):  # its own ways to ask for a format; servers know Accept
        wrapper.clearParameter(name)
    wrapper.setOnlyConneg(True)
    request = wrapper._createRequest()
    return request.get_method(), request.full_url, request.data, dict(request.header_items())
