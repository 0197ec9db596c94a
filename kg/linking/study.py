"""Words of a study -> concepts. Words that are not found stay words, and are counted."""

from typing import Any

import msgspec

from picograph.kg.study import MeshHeading, PublicationType, Study, Substance
from picograph.ontology import mesh


def _heading(heading: MeshHeading) -> MeshHeading:
    descriptor = heading.descriptor_concept or mesh.find_descriptor(heading.descriptor)
    if descriptor is None:
        return heading
    qualifier = heading.qualifier_concept
    if heading.qualifier and qualifier is None:
        qualifier = mesh.find_qualifier(heading.qualifier)
    pair = None
    if qualifier or not heading.qualifier:  # a pair with a qualifier that is not known has no identifier
        pair = mesh.heading(descriptor, qualifier)
    return msgspec.structs.replace(
        heading, descriptor_concept=descriptor, qualifier_concept=qualifier, heading=heading.heading or pair
    )


def _named(term: Any) -> Any:
    return msgspec.structs.replace(term, concept=term.concept or mesh.find_descriptor(term.label))


def link(study: Study) -> Study:
    """Give the study with the concepts that its index terms name: headings, substances, publication types.

    What a curator has linked already is kept.
    """
    report = study.report
    headings = tuple(_heading(heading) for heading in report.headings)
    substances: tuple[Substance, ...] = tuple(_named(substance) for substance in report.substances)
    types: tuple[PublicationType, ...] = tuple(_named(each) for each in report.publication_types)
    report = msgspec.structs.replace(report, headings=headings, substances=substances, publication_types=types)
    return msgspec.structs.replace(study, report=report)


def unmatched(study: Study) -> list[str]:
    """Give the words that name a thing and have no concept, sorted, each once."""
    words: set[str] = set()
    report, population = study.report, study.population
    words.update(each.descriptor for each in report.headings if each.descriptor_concept is None)
    words.update(each.qualifier for each in report.headings if each.qualifier and each.qualifier_concept is None)
    words.update(each.label for each in report.substances if each.concept is None)
    words.update(each.label for each in report.publication_types if each.concept is None)
    if population:
        words.update(each.label for each in population.conditions if not each.concept)
    words.update(each.label for each in study.interventions if not each.concept)
    words.update(each.label for each in study.outcomes if not each.concept)
    words.update(each.term for each in study.adverse_events if not each.concept and not each.any_event)
    words.update(each.variable for each in study.baselines if not each.concept)
    words.update(each.factor for each in study.associations if not each.concept)
    return sorted(words)
