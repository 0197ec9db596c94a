"""What a query may not do is seen before it runs.

Nothing is asked of an address that the user did not name, and no query is so deep that reading it ends the program.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from picograph.ontology.errors import UsageError

# What may hold the word without being the keyword: texts, IRIs, comments, variables and local names. Engines read
# without word boundaries, so that "1SERVICE<…>" and "SERVICE:x{…}" are clauses: all else that holds the word is one.
TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""' r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n\r]|\\.)*"' r"|'(?:[^'\\\n\r]|\\.)*'"
    r"|<[^<>\"{}|^`\\\x00-\x20]*>|#[^\n\r]*|[?$]\w+"
    r"|:(?:[\w:]|%[0-9A-Fa-f]{2}|\\.)(?:[\w:-]|%[0-9A-Fa-f]{2}|\\.)*",
    re.DOTALL,
)  # fmt: skip
_SURE_IRI = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*://")
# "?a<?b)SERVICE#>" is no IRI to some engines, but "less than" and a comment: nor is its end then the end of an IRI.
_UNSURE_IRI = re.compile(r"['#]|service", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_FORM = re.compile(r"(?<![\w.-])(SELECT|ASK|CONSTRUCT|DESCRIBE)(?![\w:.-])", re.IGNORECASE)
_FROM = re.compile(r"(?<![\w.:@-])FROM(?![\w.:-])", re.IGNORECASE)

DEEPEST = 100  # brackets inside brackets; a query of a thousand ends the engine's process
LONGEST = 1000  # operators and clauses, which engines read into a tree as deep as they are many
_STEP = re.compile(r"\{|&&|\|\||[!*+/|^;-]|\.(?!\d)|\b(?:FILTER|BIND|UNION|OPTIONAL|MINUS)\b", re.IGNORECASE)


def _unescape(escape: re.Match[str]) -> str:
    code = int(escape[1] or escape[2], 16)
    return chr(code) if code < 0x110000 else escape[0]


def _bare(sparql: str, unsure: str) -> str:
    """Give a query without its texts, IRIs, comments, variables and local names; ``unsure`` for what may be an IRI."""

    def blank(token: re.Match[str]) -> str:
        text = token[0]
        doubtful = text.startswith("<") and not _SURE_IRI.match(text) and _UNSURE_IRI.search(text)
        return unsure if doubtful else " "

    return TOKEN.sub(blank, sparql)


def blanked(sparql: str) -> str:
    """Give a query with a space for each letter of its texts, IRIs, comments, variables and local names.

    >>> blanked('ASK { ?s :p "}" }')
    'ASK {            }'
    """
    return TOKEN.sub(lambda found: " " * len(found[0]), sparql)


def comments(sparql: str) -> set[int]:
    """Say where the comments of a query begin.

    >>> comments("ASK { ?s ?p '# no' } # yes")
    {21}
    """
    return {found.start() for found in TOKEN.finditer(sparql) if found[0].startswith("#")}


def refuse_service(sparql: str, hosts: Collection[str] = ()) -> None:
    """Refuse a query that would ask another endpoint, or that hides whether it would.

    :param hosts: whom it may ask, by name or address
    :raises UsageError: if the query has a SERVICE clause

    >>> refuse_service('SELECT ?service WHERE { ?service ?p "SERVICE" }')
    >>> refuse_service("SELECT * WHERE { SERVICE <http://example.org/> { ?s ?p ?o } }", hosts=["example.org"])
    >>> refuse_service("SELECT * WHERE { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }")
    Traceback (most recent call last):
    picograph.ontology.errors.UsageError: the query asks another endpoint with SERVICE...
    """
    _refuse_address(sparql, "SERVICE", hosts)


def refuse_load(sparql: str, hosts: Collection[str] = ()) -> None:
    """Refuse an update that would read from an address, or that hides whether it would.

    :param hosts: whom it may ask, by name or address
    :raises UsageError: if the update has a LOAD

    >>> refuse_load("INSERT DATA { <http://example.org/load> <http://example.org/p> 'LOAD' }")
    >>> refuse_load("LOAD SILENT <http://127.0.0.1/> INTO GRAPH <http://example.org/g>", hosts=["example.org"])
    Traceback (most recent call last):
    picograph.ontology.errors.UsageError: the query asks http://127.0.0.1/ with LOAD, and may not...
    """
    _refuse_address(sparql, "LOAD", hosts)


def _refuse_address(sparql: str, keyword: str, hosts: Collection[str]) -> None:
    word = keyword.lower()
    plain = sparql
    while (decoded := _ESCAPE.sub(_unescape, plain)) != plain:  # \uXXXX may stand anywhere, in keywords too
        plain = decoded
    if word not in plain.lower():
        return
    if plain != sparql:
        raise UsageError(
            f"the query has the word {keyword} and \\u escapes, which may hide a clause that asks another address",
            where="the query",
            remedy="write the characters themselves instead of \\u escapes",
        )
    bare = _bare(_allowed(sparql, keyword, hosts) if hosts else sparql, f" {word} ")
    if word in bare.lower():
        another = "endpoint" if keyword == "SERVICE" else "address"
        raise UsageError(
            f"the query asks another {another} with {keyword}, which is off",
            where="the query",
            remedy="ask that endpoint itself: picograph query … --store URL; a prefix needs a name without that word"
            if keyword == "SERVICE"
            else "send the data itself; a prefix needs a name without that word",
        )


def _allowed(sparql: str, keyword: str, hosts: Collection[str]) -> str:
    """Take out the clauses that ask a host which may be asked; they are plain ones, with a whole IRI."""
    clause = re.compile(
        rf"(?<![\w?$:@.-]){keyword}\s+(?:SILENT\s+)?<(https?://[^<>\"{{}}|^`\\\x00-\x20]*)>|{TOKEN.pattern}",
        re.IGNORECASE | re.DOTALL,
    )

    def look(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        if urlsplit(found[1]).hostname not in {host.lower() for host in hosts}:
            raise UsageError(
                f"the query asks {short(found[1])} with {keyword}, and may not",
                where="the query",
                remedy=f"the hosts that may be asked are: {', '.join(hosts)}",
            )
        return " "

    return clause.sub(look, sparql)


def refuse_deep(sparql: str) -> None:
    """Refuse a query that is nested or chained so far that an engine would run out of stack, which nothing survives.

    :raises UsageError: if it is

    >>> refuse_deep("SELECT * WHERE { ?s ?p ?o }")
    >>> refuse_deep("SELECT * WHERE " + "{" * 5000 + "}" * 5000)
    Traceback (most recent call last):
    picograph.ontology.errors.UsageError: the query has 101 brackets inside each other...
    """
    if len(sparql) <= DEEPEST:
        return
    bare = _bare(sparql, " ")
    depth = 0
    for bracket in re.findall(r"[{}()\[\]]", bare):
        depth += 1 if bracket in "{([" else -1
        if depth > DEEPEST:
            raise UsageError(
                f"the query has {depth} brackets inside each other, and {DEEPEST} are allowed",
                where="the query",
                remedy="write it flatter",
            )
    steps = sum(1 for _ in _STEP.finditer(bare))
    if steps > LONGEST:
        raise UsageError(
            f"the query has {steps} clauses and operators, and {LONGEST} are allowed",
            where="the query",
            remedy="ask for many things with VALUES ?x { … }, which may be as long as you like",
        )


def refuse_other(sparql: str) -> None:
    """Refuse what is not a SPARQL 1.1 query, before it is sent: some servers take an update, or words of their own.

    :raises UsageError: if it is none

    >>> refuse_other("DROP ALL")
    Traceback (most recent call last):
    picograph.ontology.errors.UsageError: this is not SPARQL 1.1: error at ...
    """
    from pyoxigraph import Store

    try:
        Store().query(sparql)  # nothing runs before a row is taken
    except SyntaxError as error:
        raise not_sparql(error, sparql) from None


def not_sparql(error: SyntaxError, sparql: str, where: str = "the query") -> UsageError:
    """Give the refusal of a query or an update that the engine cannot parse: it calls a missing prefix something else.

    >>> print(not_sparql(SyntaxError("error at 1:12: expected OPTIONAL"), "SELECT * { ?s pg:arm ?o }"))
    this is not SPARQL 1.1: the prefix pg: is not declared
      where: the query
      try:   begin it with PREFIX pg: <https://w3id.org/picograph/ontology/>
    """
    if (prefix := undeclared(sparql)) is not None:
        from picograph.ontology.prefixes import PREFIXES

        what, remedy = (
            f"the prefix {prefix}: is not declared",
            f"begin it with PREFIX {prefix}: <{PREFIXES.get(prefix, '…')}>",
        )
    else:
        what, remedy = short(_expected(str(error))), "correct it at that line and column"
    return UsageError(f"this is not SPARQL 1.1: {what}", where=where, remedy=remedy)


def _expected(said: str) -> str:
    """Write what the engine expected without its classes of characters.

    >>> _expected("error at 1:9: expected one of DESCRIBE, ['0'..='9'], ['A' ..= 'Z' | 'a' ..= 'z'], [_]")
    'error at 1:9: expected one of DESCRIBE, a character, a space'
    """
    plain = re.sub(r"\[[^\]]*\]", "a character", said.replace("[_]", "a space"))
    return ", ".join(dict.fromkeys(plain.split(", ")))


def undeclared(sparql: str) -> str | None:
    """Give the first prefix that a query uses and does not declare.

    >>> undeclared("PREFIX a: <http://a/> SELECT * { _:x a:b 'c:d' ; e:f <g:h> , ?i }")
    'e'
    >>> undeclared("SELECT * { ?s :p ?o }")
    ''
    """
    bare = TOKEN.sub(lambda token: ": " if token[0].startswith(":") else " ", sparql)
    declared = set(re.findall(r"\bPREFIX\s+([\w.-]*):", bare, re.IGNORECASE))
    used = re.findall(r"(?<![\w.-])([^\W\d_](?:[\w.-]*[\w-])?)?:", bare)
    return next((prefix for prefix in used if prefix not in declared), None)


def names_dataset(sparql: str) -> bool:
    """Say whether a query names its own data set, with FROM or FROM NAMED.

    >>> names_dataset("SELECT * FROM <http://example.org/g> WHERE { ?s ?p ?o }")
    True
    >>> names_dataset("PREFIX from: <http://from/> SELECT ?from (from:x(1) AS ?y) WHERE { from:s ?p 'FROM' }")
    False
    """
    if "from" not in sparql.lower():
        return False
    bare = TOKEN.sub(lambda token: ":" if token[0].startswith(":") else " ", sparql)
    return bool(_FROM.search(bare.partition("{")[0]))


def short(said: str, most: int = 200) -> str:
    """Give the first line of what an engine said, cut where it goes on and on.

    >>> short("expected one of " + "?, " * 99, 20)
    'expected one of ?,…'
    """
    line = next(iter(said.strip().splitlines()), "nothing")
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def form_of(sparql: str) -> str | None:
    """Give the form of a query; None where it has none.

    >>> form_of("PREFIX ask: <http://example.org/> SELECT ?ask WHERE { ?ask ask:select 1 }")
    'SELECT'
    """
    found = _FORM.search(_bare(sparql, " "))
    return found[1].upper() if found else None
