"""Nothing is asked of an address that the user did not name: a query with SERVICE is refused before it runs."""

import re

from picograph.ontology.errors import UsageError

# What may hold the word without being the keyword: texts, IRIs, comments, variables and prefixed names.
_HARMLESS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""' r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n\r]|\\.)*"' r"|'(?:[^'\\\n\r]|\\.)*'"
    r"|<[^<>\"{}|^`\\\x00-\x20]*>|#[^\n\r]*|[?$]\w+|[\w.-]*:[\w.:%-]*",
    re.DOTALL,
)  # fmt: skip
_KEYWORD = re.compile(r"(?<!\w)SERVICE(?!\w)", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def _unescape(escape: re.Match[str]) -> str:
    code = int(escape[1] or escape[2], 16)
    return chr(code) if code < 0x110000 else escape[0]


def refuse_service(sparql: str) -> None:
    """Refuse a query that would ask another endpoint.

    :raises UsageError: if the query has a SERVICE clause

    >>> refuse_service('SELECT ?service WHERE { ?service ?p "SERVICE" }')
    >>> refuse_service("SELECT * WHERE { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }")
    Traceback (most recent call last):
    picograph.ontology.errors.UsageError: the query asks another endpoint with SERVICE...
    """
    if "service" not in sparql.lower() and "\\u" not in sparql.lower():
        return
    # SPARQL reads \uXXXX anywhere in a query, keywords included; decoded inside a text it can only hide less
    for text in (sparql, _ESCAPE.sub(_unescape, sparql)):
        if _KEYWORD.search(_HARMLESS.sub(" ", text)):
            raise UsageError(
                "the query asks another endpoint with SERVICE, which is off",
                where="the query",
                remedy="ask that endpoint itself: picograph query … --store URL",
            )
