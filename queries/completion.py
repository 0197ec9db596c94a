"""What a shell is offered: studies, arms, outcomes and events of the store, concepts of the vocabularies at hand.

Completion never says anything: where a store cannot be read, or takes long, there is nothing to offer. A server is not
asked, because a key was pressed and not a question.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from picograph.kg.store import Store
    from picograph.ontology.words import Words

MOST = 50  # that are offered
OF_CONCEPTS = ("concept", "term", "outcome", "event", "property")
_PREFIXES = """PREFIX pg: <https://w3id.org/picograph/ontology/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
_STUDY = "https://w3id.org/picograph/study/"
_LABELS = {
    "outcome": "?thing a pg:Outcome ; rdfs:label ?text",
    "event": "?thing pg:term ?text",
    "property": "?thing pg:variable ?text",
}
_COLUMNS = {
    "outcome": ("label", "Outcome"),
    "event": ("term", "AdverseEventResult"),
    "property": ("variable", "Baseline"),
}
_CUT = re.compile(r"/(?:a|ar|arm)?$")


def studies(store: "Store", begun: str) -> list[str]:
    """Give keys of studies that begin as typed."""
    rows = _texts(store, "?study a pg:Study", "study", _iri_of(begun))
    return [unquote(iri.removeprefix(_STUDY)) for iri in rows]


def arms(store: "Store", begun: str, study: str | None) -> list[str]:
    """Give arms that begin as typed, as STUDY/arm/NAME; those of one study where one is given."""
    from picograph.kg.triples import study_iri

    key, middle, name = begun.partition("/arm/")
    starts = [_iri_of(key) + middle + name]
    if not middle and (cut := _CUT.search(begun)):  # between the key and the name
        starts.append(_iri_of(begun[: cut.start()]) + "/arm/")
    if study and not begun:
        starts = [(study if "://" in study else study_iri(study)) + "/arm/"]
    found = {iri for start in starts for iri in _texts(store, "?arm a pg:Arm", "arm", start)}
    return [unquote(iri.removeprefix(_STUDY)) for iri in sorted(found)]


def words_of(store: "Store", what: str, begun: str) -> list[str]:
    """Give the words of reports for outcomes, events or properties at entry that begin as typed."""
    return _texts(store, _LABELS[what], "text", begun) if what in _LABELS else []


def containing(store: "Store", what: str, words: str) -> list[str]:
    """Give the words of reports, for outcomes, events or properties at entry, that have these words in them, whole.

    >>> from picograph import example, load, open_store
    >>> store = open_store(":memory:")
    >>> _ = load(store, [example()])
    >>> containing(store, "event", "Hepatic"), containing(store, "event", "hepa")
    (['hepatic toxicity'], [])
    """
    if what not in _LABELS or not words.strip():
        return []
    whole = re.compile(rf"(?<!\w){re.escape(words.strip())}(?!\w)", re.IGNORECASE)
    return sorted(text for text in _containing(store, what, words.strip().lower()) if whole.search(text))


def _containing(store: "Store", what: str, lower: str) -> Iterator[str]:
    from pyoxigraph import Literal, QuerySolutions

    from picograph.queries.ways import large_table

    if (table := large_table(store)) is not None:
        column, class_ = _COLUMNS[what]
        sql = f"SELECT DISTINCT {column} FROM {class_} WHERE contains(lower({column}), $words)"
        yield from (text for (text,) in table.query(sql, {"words": lower}))
        return
    results = store.query(
        f"{_PREFIXES}SELECT DISTINCT ?text WHERE {{ GRAPH ?record {{ {_LABELS[what]} }} "
        f"FILTER (CONTAINS(LCASE(STR(?text)), {Literal(lower)})) }}"
    )
    assert isinstance(results, QuerySolutions)
    yield from (row["text"].value for row in results)


def concepts(words: "Words", begun: str) -> Iterator[tuple[str, str]]:
    """Give the names of concepts that begin as typed, each with its CURIE.

    >>> from picograph.ontology.words import SHIPPED
    >>> list(concepts(SHIPPED, "sorafen"))[0]
    ('Sorafenib', 'mesh:D000077157')
    """
    wanted = begun.casefold()
    if len(wanted) < 2:  # nearly everything
        return
    seen = set()
    for source in words.sources.values():
        for each in source.beginning(wanted):
            for name in (each.label, *each.synonyms):
                if name.casefold().startswith(wanted) and name.casefold() not in seen:
                    seen.add(name.casefold())
                    yield name, each.curie
                    break


def _iri_of(begun: str) -> str:
    from picograph.kg.triples import study_iri

    if begun.startswith(("http://", "https://")):
        return begun
    return study_iri(begun) if begun else _STUDY


def _texts(store: "Store", pattern: str, name: str, begun: str) -> list[str]:
    """Give distinct values that begin as typed, capitals or not."""
    from pyoxigraph import Literal, QuerySolutions

    start = str(Literal(begun.lower()))
    results = store.query(
        f"{_PREFIXES}SELECT DISTINCT ?{name} WHERE {{ GRAPH ?record {{ {pattern} }} "
        f"FILTER (STRSTARTS(LCASE(STR(?{name})), {start})) }} LIMIT {MOST}"
    )
    assert isinstance(results, QuerySolutions)
    return sorted(row[name].value for row in results)
