"""The data set of an update that the protocol names, written into the update itself, as ``USING`` would be."""

import re
from collections.abc import Sequence

from pyoxigraph import NamedNode

from picograph.kg.store.guard import TOKEN
from picograph.ontology.errors import UsageError

_WORD = re.compile(
    rf"(?P<skip>{TOKEN.pattern})|(?P<open>\{{)|(?P<close>\}})|(?P<word>(?<![\w:.-])(?:WHERE|USING|WITH|DELETE)(?![\w:-]))",
    re.IGNORECASE | re.DOTALL,
)


def with_dataset(update: str, using: Sequence[str], using_named: Sequence[str]) -> str:
    """Give an update each of whose patterns is matched in the data set that is named.

    :raises UsageError: if the update names one itself, or an IRI is none

    >>> with_dataset("INSERT { ?s a <urn:c> } WHERE { ?s a <urn:b> }", ["urn:g"], [])
    'INSERT { ?s a <urn:c> } USING <urn:g> WHERE { ?s a <urn:b> }'
    >>> with_dataset("DELETE WHERE { ?s a 'WHERE {' }", [], ["urn:g"])
    "DELETE { ?s a 'WHERE {' } USING NAMED <urn:g> WHERE { ?s a 'WHERE {' }"
    """
    if not using and not using_named:
        return update
    try:
        clauses = [
            *(f"USING {NamedNode(iri)}" for iri in using),
            *(f"USING NAMED {NamedNode(iri)}" for iri in using_named),
        ]
    except ValueError as error:
        raise UsageError(str(error), where="using-graph-uri", remedy="give a whole IRI") from None
    dataset = " ".join(clauses)
    written, position, depth = [], 0, 0
    deleting: int | None = None  # where DELETE ends, as long as nothing has come after it
    for token in _WORD.finditer(update):
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth -= 1
        if depth or not token["word"]:
            if not token["skip"]:
                deleting = None
            continue
        word = token["word"].upper()
        if word in ("USING", "WITH"):
            raise UsageError(
                f"the update has {word}, and the request names a data set too",
                where="the update",
                remedy="name the data set in one of the two",
            )
        if word == "DELETE":
            deleting = token.end()
        elif deleting is not None:  # DELETE WHERE { … } is short for DELETE { … } WHERE { … }
            pattern = _group(update, token.end())
            written += [update[position:deleting], f" {pattern} {dataset} {token[0]}"]
            position, deleting = token.end(), None
        else:
            written += [update[position : token.start()], f"{dataset} {token[0]}"]
            position = token.end()
    return "".join([*written, update[position:]])


def _group(update: str, start: int) -> str:
    """Give the group in braces that begins after ``start``; what is left where it does not end."""
    depth, begin = 0, start
    for token in _WORD.finditer(update, start):
        if token["open"]:
            begin = token.start() if not depth else begin
            depth += 1
        elif token["close"]:
            depth -= 1
            if depth <= 0:
                return update[begin : token.end()]
    return update[begin:]
