"""What is known of a drawn study before it is stored, and what is asked of it: plain Python over the typed study."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import Enum
from functools import cache, cached_property
from typing import Any

from picograph.kg.results import Result
from picograph.kg.source import Place
from picograph.kg.study import Arm, Intervention, Study
from picograph.ontology import concepts, joined, terms
from picograph.ontology.prefixes import compress, expand

from ..graphs import publication, study
from ..mesh import above, descriptors

Row = dict[str, Any]
BASE = "https://w3id.org/picograph/"


@cache
def _across() -> dict[str, set[str]]:
    """Give what stands above a concept by a mapping or a role, or in our ontology, as what ships has it."""
    found: dict[str, set[str]] = {}
    for quad in (*joined.joined_quads(), *terms.ontology_quads()[1]):
        if quad.predicate.value.endswith("#broaderTransitive"):
            narrower, broader = (compress(each.value) for each in (quad.subject, quad.object))  # type: ignore[union-attr]
            if narrower and broader:
                found.setdefault(narrower, set()).add(broader)
    return found


@cache
def classes(curie: str) -> frozenset[str]:
    """Give a concept, all above it, and its classes across vocabularies."""
    known = curie in descriptors() or concepts.label(curie) is not None
    return (above(curie) if known else frozenset({curie})) | frozenset(_across().get(curie, ()))


@cache
def meant(text: str) -> frozenset[str]:
    """Give the concepts that a text names: a CURIE itself, a name in every vocabulary that has it."""
    if ":" in text:
        return frozenset({text})
    low = text.casefold()
    found = {curie for curie, (label, _) in descriptors().items() if label.casefold() == low}
    for each in (*concepts.concepts(), *terms.concepts()):
        if low in {each.label.casefold(), *(name.casefold() for name in each.synonyms)}:
            found.add(each.curie)
    return frozenset(found)


@cache
def labels(curie: str) -> frozenset[str]:
    """Give how the vocabularies write a concept."""
    full = descriptors()[curie][0] if curie in descriptors() else None
    ours = terms.label(curie) if curie.startswith("pg:") else concepts.label(curie)
    return frozenset(filter(None, (full, ours)))


def label(value: Any) -> str | None:
    """Write a value of an enumeration, or a concept of the ontology, as a person reads it."""
    if value is None:
        return None
    return str(value.value) if isinstance(value, Enum) else terms.label(value)


def number(value: Decimal) -> str:
    """Write a number as it is stored.

    >>> number(Decimal("1.50")), number(Decimal(400))
    ('1.5', '400')
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class Given:
    """What a question is asked with."""

    def __init__(self, seed: int, given: dict[str, Any]) -> None:
        """Take the parameters of a question, about the studies drawn with a seed."""
        self.seed, self.given = seed, given

    def __getattr__(self, name: str) -> Any:
        """Give a parameter; None where it is not given."""
        return self.given.get(name)

    @cached_property
    def one(self) -> "Told":
        """The study that is asked about."""
        return Told(self.seed, int(self.given["study"].removeprefix("NCT")))

    def below(self, name: str, found: Iterable[str]) -> bool:
        """Say whether one of some concepts is the one asked for, or below it; yes where nothing is asked for."""
        wanted = self.given.get(name)
        return wanted is None or any(classes(each) & meant(wanted) for each in found)

    def named(self, name: str, words: str, found: Iterable[str]) -> bool:
        """The same, or it is called so."""
        wanted = self.given.get(name)
        return self.below(name, found) or (wanted is not None and wanted.casefold() == words.casefold())

    def least(self, name: str, grade: int | None) -> bool:
        """Say whether a grade is the one asked for or worse; a grade that is not stated is not."""
        wanted = self.given.get(name)
        return wanted is None or (grade is not None and grade >= wanted)


class Told:
    """A drawn study: its registry record, and its publication where it has one."""

    def __init__(self, seed: int, number: int) -> None:
        """Draw it, as `graphs.studies` does."""
        self.registry = study(seed, number)
        self.records = [self.registry]
        if number % 6 == 0:
            self.records.append(publication(self.registry, number))
        self.iri = BASE + "study/" + self.registry.key
        self.arms = {arm.key: arm for arm in self.registry.arms}
        self.treatments = {each.key: each for each in self.registry.interventions}
        self.measures = {each.key: each for each in self.registry.outcomes}
        self.epochs = {each.key: each.label for each in self.registry.epochs}

    def asked(self, given: Given) -> bool:
        """Say whether it is the study asked for, and has the condition asked for."""
        if given.study is not None and given.study != self.registry.key:
            return False
        return given.below("condition", self.conditions)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """The concepts of its conditions, of all records."""
        return tuple(dict.fromkeys(curie for each in self.records for curie in _conditions(each)))

    @property
    def title(self) -> str | None:
        """Its title, the same in all records."""
        return self.registry.report.title

    def arm(self, key: str | None) -> str | None:
        """Give the IRI of an arm."""
        return None if key is None else f"{self.iri}/arm/{key}"

    def given_in(self, key: str | None) -> Iterator[Intervention]:
        """Give the treatments of an arm."""
        if key is not None:
            yield from (self.treatments[each] for each in self.arms[key].interventions)

    def substances(self, key: str | None) -> list[str]:
        """Give the concepts of what an arm was given."""
        return [curie for each in self.given_in(key) for curie in each.concept]

    def places(self, *parts: Any, record: Study | None = None) -> tuple[str, ...]:
        """Give where parts of it were read."""
        source = f"{BASE}source/{(record or self.registry).record.source.sha256}#"
        return tuple(source + _fragment(place) for part in parts for place in part.evidence)

    def result(self, part: Result, *more: Any) -> Row:
        """Give what the rows of all results begin with: study, arm, evidence."""
        return {"study": self.iri, "arm": self.arm(part.arm), "evidence": self.places(part, *more)}

    def said(self) -> Iterator[str]:
        """Give the concepts of its conditions, treatments and events."""
        yield from self.conditions
        for arm in self.arms:
            yield from self.substances(arm)
        for part in self.registry.adverse_events:
            yield from part.concept

    def planned(self) -> Iterator[tuple[Arm, Intervention]]:
        """Give each treatment with each arm that gets it."""
        for arm in self.registry.arms:
            for each in self.given_in(arm.key):
                yield arm, each


def _conditions(record: Study) -> Iterator[str]:
    for each in record.population.conditions if record.population else ():
        yield from each.concept


def _fragment(place: Place) -> str:
    return place.pointer if place.pointer is not None else f"char={place.start},{place.end}"


def iris(curies: Iterable[str]) -> tuple[str, ...]:
    """Write concepts as a list of IRIs."""
    return tuple(expand(each) for each in curies)
