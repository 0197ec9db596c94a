"""Question + store -> answer: parameters are checked and become terms before anything runs."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import chain, islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from picograph.ontology.errors import InputError, PicographError, StoreError, UsageError
from picograph.ontology.words import SHIPPED, Words
from picograph.queries import catalog
from picograph.queries.answer import BATCH, Answer, Cell, Coming, Row, cell
from picograph.queries.question import Parameter, Question

if TYPE_CHECKING:
    from picograph.kg.store import Store

_KINDS = {"integer": "a whole number", "decimal": "a number"}
_WHOLE = ("integer", "grade")
_EXACT = {"name", "entry term", "code", "CURIE", "IRI", "tree number"}


def _literal(value: object) -> str:
    from pyoxigraph import Literal

    return str(Literal(value))  # type: ignore[arg-type]


def concepts_named(text: str, words: Words = SHIPPED) -> list[str]:
    """Give the IRIs of the concepts that a text names exactly, in every vocabulary that has them.

    :param words: the vocabularies to look in

    >>> "http://id.nlm.nih.gov/mesh/D000077157" in concepts_named("sorafenib")
    True
    """
    from picograph.ontology import lookup
    from picograph.ontology.prefixes import expand

    return [expand(match.concept.curie) for match in lookup.find(text, words=words) if match.how in _EXACT]


def spellings(text: str) -> list[str]:
    """Give a text as it is, and in the ways in which reports write small and capital letters.

    >>> spellings("hepatic Toxicity")
    ['hepatic Toxicity', 'hepatic toxicity', 'Hepatic toxicity', 'Hepatic Toxicity', 'HEPATIC TOXICITY']
    """
    return list(dict.fromkeys([text, text.lower(), text.capitalize(), text.title(), text.upper()]))


def _concept(name: str, text: str, at_hand: Words, *, words: bool) -> list[str]:
    from pyoxigraph import NamedNode

    from picograph.ontology import lookup
    from picograph.ontology.prefixes import expand

    iris = concepts_named(text, at_hand)
    if not iris and ":" in text and " " not in text:
        try:
            iris = [text if "://" in text else expand(text)]
        except PicographError:
            iris = []
    try:
        terms = [str(NamedNode(iri)) for iri in iris]
    except ValueError:
        raise UsageError(f"{text!r} is not an IRI", where=f"--{name}", remedy="write it without spaces") from None
    if words:
        terms += [_literal(each) for each in spellings(text)]
    if terms:
        return terms
    near = [f"{match.concept.label} ({match.concept.curie})" for match in lookup.find(text, words=at_hand)][:3]
    raise UsageError(
        f"no concept is called {text!r}",
        where=f"--{name}",
        remedy=f"did you mean {', '.join(near)}?" if near else "look it up: picograph lookup TEXT",
    )


def _study(name: str, text: str) -> list[str]:
    from pyoxigraph import NamedNode

    from picograph.kg.triples import study_iri

    try:
        return [str(NamedNode(text if "://" in text else study_iri(text)))]
    except ValueError:
        raise UsageError(
            f"{text!r} is not a study", where=f"--{name}", remedy="picograph ask studies lists them"
        ) from None


def _arm(name: str, text: str) -> list[str]:
    from pyoxigraph import NamedNode

    from picograph.kg.triples import study_iri

    key, middle, arm = text.partition("/arm/")
    try:
        if "://" in text:
            return [str(NamedNode(text))]
        if key and middle and arm:
            return [str(NamedNode(f"{study_iri(key)}/arm/{quote(arm, safe='')}"))]
    except ValueError:
        pass
    raise UsageError(
        f"{text!r} is not an arm",
        where=f"--{name}",
        remedy="give STUDY/arm/NAME; picograph ask interventions lists studies and arms",
    )


_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


def _date(name: str, text: str) -> list[str]:
    found = _DATE.fullmatch(text)
    try:
        if found:
            date(*(int(part or 1) for part in found.groups()))
            return [_literal(text)]
    except ValueError:
        pass
    raise UsageError(
        f"{text!r} is not a date", where=f"--{name}", remedy=f"write it as 2014, 2014-05 or 2014-05-31: --{name} 2014"
    )


def _number(name: str, parameter: Parameter, value: object) -> list[str]:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or (parameter.kind in _WHOLE and number != number.to_integral_value()):
        raise UsageError(
            f"{str(value)!r} is not {'a whole number' if parameter.kind == 'integer' else 'a number'}",
            where=f"--{name}",
            remedy=f"for example: --{name} {parameter.example if parameter.example is not None else 1}",
        )
    low, high = parameter.low, parameter.high
    if (low is not None and number < low) or (high is not None and number > high):
        raise UsageError(f"{number} lies outside {low} to {high}", where=f"--{name}", remedy=f"give {low} to {high}")
    return [_literal(int(number)) if parameter.kind in _WHOLE else _literal(number)]


def terms_of(name: str, parameter: Parameter, value: object, words: Words = SHIPPED) -> list[str]:
    """Give a parameter's value as SPARQL terms: text is never pasted into a query.

    :param words: the vocabularies in which names of concepts are looked up
    :raises UsageError: if the value is not of the parameter's kind, or names nothing
    """
    option = name.replace("_", "-")
    text = str(value)
    if not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
        raise UsageError(f"{text!r} is not a text", where=f"--{option}", remedy="type it in UTF-8")
    match parameter.kind:
        case "concept":
            return _concept(option, text, words, words=False)
        case "term" | "outcome" | "event" | "property":
            return _concept(option, text, words, words=True)
        case "study":
            return _study(option, text)
        case "arm":
            return _arm(option, text)
        case "date":
            return _date(option, text)
        case "integer" | "grade" | "decimal":
            return _number(option, parameter, value)
    return [_literal(text)]


def sparql(
    question: Question,
    parameters: Mapping[str, Any],
    words: Words = SHIPPED,
    besides: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Give the query that runs, with its parameters bound.

    :param besides: further texts that a parameter means, by its name

    >>> "UNDEF" in sparql(catalog.question("studies"), {"drug": "sorafenib"})
    False
    """
    return question.bind(bound(question, parameters, words, besides))


def bound(
    question: Question,
    parameters: Mapping[str, Any],
    words: Words = SHIPPED,
    besides: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Sequence[str]]:
    """Give the terms of the parameters that are given.

    >>> bound(catalog.question("event-totals"), {"min_grade": 3, "condition": None})
    {'min_grade': ['"3"^^<http://www.w3.org/2001/XMLSchema#integer>']}
    """
    values: dict[str, Sequence[str]] = {}
    for name, value in parameters.items():
        if value is not None:
            declared = question.parameters.get(name)
            values[name] = terms_of(name, declared, value, words) if declared else ()
    for name, texts in (besides or {}).items():
        values[name] = list(dict.fromkeys([*values[name], *map(_literal, texts)]))
    return values


def _words_in_reports(store: "Store", question: Question, given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give, for words that name no concept, the outcomes, events or properties of the store that have them in them."""
    from picograph.queries.completion import containing

    found: dict[str, list[str]] = {}
    for name, value in given.items():
        parameter = question.parameters.get(name)
        if parameter is None or parameter.kind not in ("outcome", "event", "property"):
            continue
        if not any(term.startswith("<") for term in terms_of(name, parameter, value, store.words)):
            wider = containing(store, parameter.kind, str(value))
            if wider and [each.casefold() for each in wider] != [str(value).casefold()]:
                found[name] = wider
    return found


def _told(besides: Mapping[str, Sequence[str]], given: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which words were taken for words that name no concept."""
    return tuple(
        f"{str(given[name])!r} names no concept; asked for what has these words in it: {', '.join(texts[:8])}"
        + (f" and {len(texts) - 8} more." if len(texts) > 8 else ".")
        for name, texts in besides.items()
    )


def check_studies(store: "Store", question: Question, parameters: Mapping[str, Any]) -> None:
    """See whether the studies and arms that are asked for are in the store.

    :raises UsageError: if one is not; the message names the nearest
    """
    from difflib import get_close_matches

    from picograph.kg.store.records import studies
    from picograph.kg.triples import study_key

    for name, parameter in question.parameters.items():
        if parameter.kind not in ("study", "arm") or parameters.get(name) is None:
            continue
        [term] = terms_of(name, parameter, parameters[name])
        if store.query(f"ASK {{ GRAPH ?record {{ {term} a ?class }} }}"):
            continue
        known = studies(store)
        wanted, listing = study_key(term[1:-1]), "studies"
        if parameter.kind == "arm":
            key, _, _ = wanted.partition("/arm/")
            if key in known:
                from picograph.queries.completion import arms

                known, listing = [f"{key}/arm/{each}" for each in arms(store, "", key)], "interventions"
        near = get_close_matches(wanted, known, 1, 0.4)
        raise UsageError(
            f"there is no {parameter.kind} {str(parameters[name])!r} in the store",
            where=f"--{name.replace('_', '-')}",
            remedy=f"did you mean {near[0]}?" if near else f"picograph ask {listing} lists what there is",
        )


def _typed(question: Question, name: str, text: str | None) -> Cell:
    """Give the typed value of a cell.

    :raises InputError: if the store holds what a column of that kind cannot have
    """
    try:
        return cell(question.columns[name].kind, text)
    except (ArithmeticError, ValueError, InputError) as error:
        kind = question.columns[name].kind
        raise InputError(
            error.what
            if isinstance(error, InputError)
            else f"the store has {str(text)[:200]!r} where {_KINDS.get(kind, 'another value')} must be",
            where=f"{question.name}, column {name}",
            remedy="picograph validate shows what does not hold",
        ) from None


def _cells(question: Question, name: str, terms: Iterable[Any]) -> list[Cell]:
    """Give the typed values of a column: each text is read once, because reports say the same again and again."""
    texts = [None if term is None else term.value for term in terms]
    known = {text: _typed(question, name, text) for text in dict.fromkeys(texts)}
    return [known[text] for text in texts]


def ask(store: "Store", question: Question | str, **parameters: Any) -> Answer:
    """Ask a question of a store.

    :param question: a question, or its name in the catalogue
    :param parameters: what the question takes; a concept is a name, a CURIE or an IRI
    :raises UsageError: if the question or a parameter does not exist or does not fit
    :raises StoreError: if the store does not answer

    >>> from picograph.kg.store import open_store
    >>> len(ask(open_store(":memory:"), "studies"))
    0
    """
    return coming(store, question, **parameters).whole()


def coming(store: "Store", question: Question | str, **parameters: Any) -> Coming:
    """Ask a question of a store; its rows are given as they are found, and are held nowhere.

    Parameters and errors are those of `ask`; what the store has that cannot be is found when its row comes.
    """
    from picograph.kg.store.base import check_open
    from picograph.queries import ways
    from picograph.queries.readings import Readings
    from picograph.queries.retractions import Retractions

    check_open(store)
    asked = catalog.question(question) if isinstance(question, str) else question
    given = {name: value for name, value in parameters.items() if value is not None}
    readings = Readings.of(store)
    besides = _words_in_reports(store, asked, given)
    text = sparql(asked, given, store.words, besides)  # refuses what the question does not take, whatever the way
    if (table := ways.answering_table(store, asked, given)) is not None:
        found = ways.batches_of(table, asked, bound(asked, given, store.words, besides), readings.left_out)
    else:
        found = _batches_of(store, asked, readings.narrow(text))
    if asked.paths:
        found = _with_paths(store, asked, given, found)
    return Coming(asked, given, found, Retractions.of(store), (*readings.cautions, *_told(besides, given)))


def _with_paths(
    store: "Store", asked: Question, given: Mapping[str, Any], found: Iterator[list[Row]]
) -> Iterator[list[Row]]:
    from picograph.queries import paths

    wanted = {
        name: terms_of(name, asked.parameters[name], given[name], store.words) for name in asked.paths if name in given
    }
    known: dict[tuple[str | None, str | None], str] = {}
    for rows in found:
        paths.mark(store, rows, wanted, known)
        yield rows


def rows_of(store: "Store", asked: Question, text: str) -> list[Row]:
    """Give the rows of an answer as the quads have them.

    :param text: the SPARQL of the question
    """
    return list(chain.from_iterable(_batches_of(store, asked, text)))


def _batches_of(store: "Store", asked: Question, text: str) -> Iterator[list[Row]]:
    from pyoxigraph import QuerySolutions

    results = store.query(text)
    if not isinstance(results, QuerySolutions):
        raise StoreError("the store answered with no rows", where=store.location, remedy="see what the server is")
    names = [variable.value for variable in results.variables]
    while some := list(islice(results, BATCH)):
        columns = dict(zip(names, zip(*some, strict=True), strict=True))
        cells = [_cells(asked, name, columns[name]) for name in asked.columns]
        yield [dict(zip(asked.columns, row, strict=True)) for row in zip(*cells, strict=True)]
