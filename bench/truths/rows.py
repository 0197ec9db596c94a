"""True rows of the questions about studies, their plan, people and records, read off the drawn study."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from picograph.kg.study import Allocation, InterventionModel
from picograph.ontology.prefixes import expand

from .told import Given, Row, Told, classes, iris, label, labels, meant

Rows = Callable[[Told, Given], Iterator[Row]]


def _conditions(told: Told, given: Given) -> Iterator[Row]:
    wanted = meant(given.condition) if given.condition else None
    for curie in told.conditions:
        if given.below("condition", [curie]):
            steps = [each for each in classes(curie) if wanted is None or classes(each) & wanted]
            parts = [
                (record, each)
                for record in told.records
                for each in (record.population.conditions if record.population else ())
                if curie in each.concept
            ]
            yield {
                "study": told.iri,
                "condition_words": parts[0][1].label,
                "concept": expand(curie),
                "path": tuple(name for each in steps for name in labels(each)),
                "evidence": tuple(place for record, each in parts for place in told.places(each, record=record)),
            }


def _dispositions(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.dispositions:
        assert part.count is not None
        assert part.denominator
        yield told.result(part) | {
            "milestone": label(part.milestone),
            "label": part.label,
            "count": part.count,
            "denominator": part.denominator,
            "computed_percent": 100 * part.count / part.denominator,
        }


def _evidence(told: Told, given: Given) -> Iterator[Row]:
    registry = told.registry
    record: Row = {"study": told.iri, "document": f"https://clinicaltrials.gov/study/{registry.key}"}
    record["method"] = label(registry.record.method)
    design, population = registry.design, registry.population
    assert design
    assert population
    named: list[tuple[str, list[Any], str]] = []
    named += [("report", [registry.report], "title"), ("study design", [design], ""), ("population", [population], "")]
    named += [("MeSH heading", list(registry.report.headings), "descriptor")]
    named += [("condition", list(population.conditions), "label"), ("arm", list(registry.arms), "label")]
    named += [("intervention", list(registry.interventions), "label"), ("epoch", list(registry.epochs), "label")]
    named += [("outcome", list(registry.outcomes), "label"), ("baseline", list(registry.baselines), "variable")]
    named += [
        ("disposition", list(registry.dispositions), "label"),
        ("association", list(registry.associations), "factor"),
    ]
    named += [("adverse event result", list(registry.adverse_events), "term")]
    named += [("ambiguity", [open_ for each in registry.adverse_events for open_ in each.ambiguities], "field")]
    for kind, parts, name in named:
        for part in parts:
            if part.evidence:
                fact = getattr(part, name) if name else None
                yield record | {"kind": kind, "fact": fact, "evidence": told.places(part)}
    for each in registry.estimates:
        fact = told.measures[each.outcome].label
        yield record | {"kind": "estimate", "fact": fact, "evidence": told.places(each)}
    for other in told.records[1:]:
        record |= {"document": f"https://pubmed.ncbi.nlm.nih.gov/{other.report.pmid}/"}
        record |= {"method": label(other.record.method)}
        assert other.population
        again: list[tuple[str, Any, str | None]] = [("report", other.report, other.report.title)]
        again += [("population", other.population, None)]
        again += [("condition", each, each.label) for each in other.population.conditions]
        for kind, part, fact in again:
            yield record | {"kind": kind, "fact": fact, "evidence": told.places(part, record=other)}


def _factors(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.associations:
        assert part.threshold
        yield told.result(part) | {
            "factor": part.factor,
            "sign": part.threshold.sign,
            "threshold": part.threshold.value,
            "outcome": told.measures[part.outcome].label,
            "direction": label(part.direction),
        }


def _interventions(told: Told, given: Given) -> Iterator[Row]:
    for arm, each in told.planned():
        if given.below("drug", each.concept):
            yield {
                "study": told.iri,
                "arm": told.arm(arm.key),
                "intervention": each.label,
                "kind": label(each.kind),
                "dose": each.dose.value if each.dose else None,
                "dose_unit": each.dose.unit if each.dose else None,
                "frequency": each.frequency,
                "fractions": each.fractions.value if each.fractions else None,
                "target": each.target,
                "concepts": iris(each.concept),
                "evidence": told.places(each),
            }


def _mesh_headings(told: Told, given: Given) -> Iterator[Row]:
    for each in told.registry.report.headings:
        assert each.heading
        yield {
            "study": told.iri,
            "descriptor_name": each.descriptor,
            "major": each.major,
            "heading": expand(each.heading),
            "evidence": told.places(each),
        }


def _no_comparator(told: Told, given: Given) -> Iterator[Row]:
    arms, design = told.registry.arms, told.registry.design
    assert design
    if len(arms) == 1 and given.below("drug", told.substances(arms[0].key)):
        yield {
            "study": told.iri,
            "title": told.title,
            "arms": 1,
            "arm": arms[0].label,
            "enrolled": arms[0].enrolled,
            "model": InterventionModel.SINGLE_GROUP.value,
            "evidence": told.places(design),
        }


def _population(told: Told, given: Given) -> Iterator[Row]:
    for record in told.records:
        people = record.population
        assert people
        read = {"study": told.iri, "evidence": told.places(people, record=record)}
        yield read | {"property": "enrolled", "count": people.enrolled}
        for each in people.conditions:
            read["evidence"] = told.places(each, record=record)
            yield read | {"property": "condition", "variable": each.label}
    for part in told.registry.baselines:
        quantity = part.quantity
        yield told.result(part) | {
            "property": "baseline",
            "variable": part.variable,
            "level": part.level,
            "count": part.count,
            "denominator": part.denominator,
            "median": quantity.median if quantity else None,
            "low": quantity.low if quantity else None,
            "high": quantity.high if quantity else None,
            "unit": quantity.unit if quantity else None,
        }


def _randomised_studies(told: Told, given: Given) -> Iterator[Row]:
    design = told.registry.design
    assert design
    assert told.registry.population
    if design.allocation is Allocation.RANDOMISED:
        yield {
            "study": told.iri,
            "title": told.title,
            "arms": len(told.arms),
            "enrolled": (str(told.registry.population.enrolled),),
            "evidence": told.places(design),
        }


def _registry_publication(told: Told, given: Given) -> Iterator[Row]:
    """Both records state how many took part, and drawn publications nothing else that a registry has."""
    for other in told.records[1:]:
        assert other.population
        assert told.registry.population
        yield {
            "study": told.iri,
            "aspect": "enrolment",
            "difference": "same",
            "registry_value": (str(told.registry.population.enrolled),),
            "publication_value": (str(other.population.enrolled),),
            "registry": told.registry.key,
            "publication": other.record.document,
            "registry_evidence": told.places(told.registry.population),
            "publication_evidence": told.places(other.population, record=other),
        }


def _several_reports(told: Told, given: Given) -> Iterator[Row]:
    if len(told.records) > 1:
        for record in told.records:
            publication = record.record.document.startswith("pmid:")
            yield {
                "study": told.iri,
                "reports": len(told.records),
                "document": record.record.document,
                "kind": "publication" if publication else "registry record",
                "methods": (record.record.method.value,),
                "title": record.report.title,
                "published": record.report.published,
                "identifiers": (record.record.document,),  # the other number of a drawn record is of no registry
                "evidence": told.places(record.report, record=record),
            }


def _studies(told: Told, given: Given) -> Iterator[Row]:
    registry = told.registry
    design, published = registry.design, registry.report.published
    assert design
    assert registry.population
    if given.since is not None and (published or "") < given.since:
        return
    if not given.below("drug", [curie for arm in told.arms for curie in told.substances(arm)]):
        return
    read = told.places(design, registry.population, *registry.population.conditions, *registry.interventions)
    for other in told.records[1:]:
        assert other.population
        read += told.places(other.population, *other.population.conditions, record=other)
    yield {
        "study": told.iri,
        "title": told.title,
        "phase": (label(design.phase),),
        "allocation": (label(design.allocation),),
        "model": (label(design.model),),
        "enrolled": (str(registry.population.enrolled),),
        "conditions": tuple(each.label for each in registry.population.conditions),
        "interventions": tuple(each.label for each in registry.interventions),
        "records": len(told.records),
        "evidence": read,
    }


def _treatment_pairs(told: Told, given: Given) -> Iterator[Row]:
    for one, two in combinations(sorted(told.registry.arms, key=lambda arm: arm.key), 2):
        yield {
            "study": told.iri,
            "arm": told.arm(one.key),
            "arm_label": one.label,
            "participants": one.enrolled,
            "comparator": told.arm(two.key),
            "comparator_label": two.label,
            "comparator_participants": two.enrolled,
            "evidence": told.places(one, two),
        }


def nothing(told: Told, given: Given) -> Iterator[Row]:
    """Drawn studies have nothing that such a question finds."""
    yield from ()


ROWS: dict[str, Rows] = {
    "conditions": _conditions,
    "dispositions": _dispositions,
    "evidence": _evidence,
    "factors": _factors,
    "interventions": _interventions,
    "meanings": nothing,
    "mesh-headings": _mesh_headings,
    "no-comparator": _no_comparator,
    "population": _population,
    "randomised-studies": _randomised_studies,
    "registry-publication": _registry_publication,
    "several-reports": _several_reports,
    "studies": _studies,
    "treatment-pairs": _treatment_pairs,
    "unmatched": nothing,
    "unpublished-outcomes": nothing,
}
