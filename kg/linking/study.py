"""A study with the concepts that its words name. What the record itself states is kept, and held against its words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from picograph.kg.linking.abbreviations import Definition, definitions
from picograph.kg.linking.labels import Meaning, meaning_of
from picograph.kg.report import MeshHeading
from picograph.kg.study import Intervention, InterventionKind, Mention, Outcome, RejectedReading, Study
from picograph.ontology import mesh
from picograph.ontology.words import Words

if TYPE_CHECKING:
    from picograph.kg.linking.linker import Linker

_ILL = ("disease", "finding")
_DRUG = ("substance", "class")
_TREATMENT = ("procedure", "substance", "class", "device", "behaviour", "phenomenon")
_DRUGS = frozenset({InterventionKind.DRUG, InterventionKind.BIOLOGICAL, InterventionKind.DIETARY_SUPPLEMENT})


class Place(NamedTuple):
    """Where in a study words stand that may name a concept."""

    name: str  # as a person calls the field
    field: str  # of the study, or of its population
    words: str  # the field of the part that holds them
    kinds: tuple[str, ...] = ()  # what may stand there; none: anything
    parts: bool = True  # whether a part of the words may be the name
    names: bool = True  # whether the words are a name at all; a sentence that is none is not missed


PLACES = (
    Place("condition", "population.conditions", "label", _ILL),
    Place("eligibility criterion", "population.eligibility", "label", parts=False, names=False),
    Place("intervention", "interventions", "label", _TREATMENT),
    Place("outcome", "outcomes", "label", ("outcome",)),
    Place("assessment", "assessments", "label", ("procedure", "method"), parts=False),
    Place("baseline variable", "baselines", "variable", parts=False),
    Place("adverse event", "adverse_events", "term", _ILL),
    Place("factor", "associations", "factor", parts=False),
)


def kinds_at(part: Any, place: Place) -> tuple[str, ...]:
    """Give what kinds of concept may stand in a place of a part; none: anything."""
    return _DRUG if isinstance(part, Intervention) and part.kind in _DRUGS else place.kinds


def link(study: Study, linker: "Linker | None" = None) -> Study:
    """Give the study with the concepts that its words name, and with what was and was not taken for each.

    What the record has linked already is kept, and no mention is made of it.

    :param linker: finds the concepts; None: that of the vocabularies that ship
    """
    if linker is None:
        from picograph.kg.linking import open_linker

        linker = open_linker()
    return _Links(study, linker).linked()


class _Links:
    """The links of one study: each words are looked up once, and remembered with every place they stand in."""

    def __init__(self, study: Study, linker: "Linker") -> None:
        self.study = study
        self.linker = linker
        self.defined = list(_definitions(study))
        self.meanings: dict[tuple[str, str, tuple[str, ...]], Meaning] = {}
        self.mentions: dict[tuple[str, str], Mention] = {}

    def linked(self) -> Study:
        study = _indexed(self.study, self.linker.words)
        for place in PLACES:
            study = _changed(study, place.field, lambda part, place=place: self.part(part, place))
        return msgspec.structs.replace(study, mentions=tuple(self.mentions.values()))

    def part(self, part: Any, place: Place) -> Any:
        if part.concept or getattr(part, "any_event", None):
            return part
        words = getattr(part, place.words)
        meaning = self.meaning(part, words, place)
        if meaning.concept or place.names:
            self.remember(words, place.name, meaning)
        return msgspec.structs.replace(part, concept=meaning.concept) if meaning.concept else part

    def meaning(self, part: Any, words: str, place: Place) -> Meaning:
        kinds = kinds_at(part, place)
        if (words, place.name, kinds) not in self.meanings:
            found = meaning_of(self.linker, words, kinds, parts=place.parts, defined=self.defined)
            if not found.concept and isinstance(
                part, Outcome
            ):  # what is measured may be anything, if it is all there is
                found = meaning_of(self.linker, words, parts=False, defined=self.defined)
            if not found.concept and isinstance(part, Intervention):
                found = self.by_other_name(part, kinds) or found
            self.meanings[words, place.name, kinds] = found
        return self.meanings[words, place.name, kinds]

    def by_other_name(self, part: Intervention, kinds: tuple[str, ...]) -> Meaning | None:
        for name in part.other_names:
            found = meaning_of(self.linker, name, kinds, parts=False, defined=self.defined)
            if found.concept:
                return msgspec.structs.replace(found, reason=f"by its other name {name}: {found.reason}")
        return None

    def remember(self, words: str, name: str, meaning: Meaning) -> None:
        self.mentions[words, name] = Mention(
            words=words,
            mentioned_as=name,
            concept=meaning.concept,
            reason=meaning.reason,
            turned_down=tuple(
                RejectedReading(concept=each.concept, name=each.name, reason=each.reason)
                for each in meaning.turned_down
            ),
        )


def _changed(study: Study, path: str, change: Any) -> Study:
    """Give the study with every part at a path changed."""
    owner, _, field = path.rpartition(".")
    holder: Any = getattr(study, owner) if owner else study
    if holder is None or not (parts := getattr(holder, field)):
        return study
    holder = msgspec.structs.replace(holder, **{field: tuple(change(part) for part in parts)})
    return msgspec.structs.replace(study, **{owner: holder}) if owner else holder


def _definitions(study: Study) -> Iterator[Definition]:
    """The abbreviations that the record defines anywhere in its words."""
    population = study.population
    texts = [study.report.title, study.report.brief_title, population and population.description]
    texts.append(population and population.eligibility_text)
    described: list[Any] = [*study.arms, *study.interventions, *study.outcomes]
    for part in described:
        texts += [part.label, part.description]
    for text in texts:
        if text and "(" in text:
            yield from definitions(text)


# --- terms of an index: whole names of MeSH, and nothing else ------------------------------------------------------


def _indexed(study: Study, words: Words) -> Study:
    report = study.report
    report = msgspec.structs.replace(
        report,
        headings=tuple(_heading(heading, words) for heading in report.headings),
        substances=tuple(_named(substance, words) for substance in report.substances),
        publication_types=tuple(_named(each, words) for each in report.publication_types),
    )
    return msgspec.structs.replace(study, report=report)


def _heading(heading: MeshHeading, words: Words) -> MeshHeading:
    descriptor = heading.descriptor_concept or mesh.find_descriptor(heading.descriptor, words)
    if descriptor is None:
        return heading
    qualifier = heading.qualifier_concept
    if heading.qualifier and qualifier is None:
        qualifier = mesh.find_qualifier(heading.qualifier, words)
    pair = None
    if qualifier or not heading.qualifier:  # a pair with a qualifier that is not known has no identifier
        pair = mesh.heading(descriptor, qualifier)
    return msgspec.structs.replace(
        heading, descriptor_concept=descriptor, qualifier_concept=qualifier, heading=heading.heading or pair
    )


def _named(term: Any, words: Words) -> Any:
    return msgspec.structs.replace(term, concept=term.concept or mesh.find_descriptor(term.label, words))


def unmatched(study: Study) -> list[str]:
    """Give the words that name a thing and have no concept, sorted, each once."""
    words: set[str] = set()
    report = study.report
    words.update(each.descriptor for each in report.headings if each.descriptor_concept is None)
    words.update(each.qualifier for each in report.headings if each.qualifier and each.qualifier_concept is None)
    words.update(each.label for each in report.substances if each.concept is None)
    words.update(each.label for each in report.publication_types if each.concept is None)
    words.update(each.words for each in study.mentions if not each.concept)
    return sorted(words)
