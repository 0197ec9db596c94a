"""FHIR R5: a Bundle of Citation, ResearchStudy, EvidenceVariable and Evidence, the way that EBMonFHIR says evidence.

For each record: a Citation of the document, a ResearchStudy, an EvidenceVariable for the population, for each arm, for
each outcome, event and property, and an Evidence for each result, which refers to them and to the places that it was
read from. The elements are those of FHIR 5.0.0; codes of a required list are that list's, all else is words, with the
code of a concept where it was found.
"""

from collections.abc import Iterator
from functools import partial

import msgspec

from picograph.kg.study import Arm, EnrolmentKind, Intervention, OutcomeKind, Study
from picograph.queries.exports.fhir_evidence import Evidences, results
from picograph.queries.exports.fhir_parts import BASE, Resource, Scribe, limits, quantity, words
from picograph.queries.exports.selection import Losses, Selection

_HANDLING = {
    OutcomeKind.BINARY: "dichotomous",
    OutcomeKind.CATEGORICAL: "polychotomous",
    OutcomeKind.CONTINUOUS: "continuous",
}
_encode = msgspec.json.Encoder(decimal_format="number").encode


def fhir(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write a FHIR R5 Bundle: Citation, ResearchStudy, EvidenceVariable and Evidence."""
    yield b'{"resourceType":"Bundle","type":"collection"'
    before = b',"entry":[\n'
    retracted = frozenset(each.record for each in selection.retractions.found)
    for entries in selection.each(partial(_part, retracted=retracted), losses):
        if entries:
            yield before + entries
            before = b",\n"
    yield b"}\n" if before.startswith(b',"') else b"\n]}\n"


def _part(part: Selection, losses: Losses, *, retracted: frozenset[str]) -> bytes:
    return b",\n".join(
        _encode({"fullUrl": f"{BASE}{resource['resourceType']}/{resource['id']}", "resource": resource})
        for name, record in zip(part.names(), part.records(), strict=True)
        for resource in resources(record, losses, retracted=name in retracted)
    )


def resources(record: Study, losses: Losses, *, retracted: bool = False) -> list[Resource]:
    """Write the resources of one record.

    >>> from picograph.kg.source import Method, Record, Source
    >>> held = Record(document="pmid:1", source=Source(sha256="0" * 64), method=Method.CURATED)
    >>> [each["resourceType"] for each in resources(Study(key="pmid:1", record=held), Losses())]
    ['Citation', 'EvidenceVariable', 'ResearchStudy']
    """
    scribe = Scribe(record, losses)
    citation = _citation(scribe, retracted=retracted)
    population = _population(scribe)
    treatments = {each.key: each for each in record.interventions}
    groups = {each.key: _group(scribe, each, treatments) for each in record.arms}
    outcomes = {
        each.key: scribe.put(
            "EvidenceVariable",
            ("outcome", each.key),
            {
                "status": "active",
                "title": scribe.text(each.label),
                "description": scribe.text(each.description) if each.description else None,
                "handling": _HANDLING.get(each.kind) if each.kind else None,
                "characteristic": [
                    {"definitionCodeableConcept": scribe.concept(each.label, each.concept)},
                    *(_trait("criteria", scribe.concept(None, (each.criteria,))) if each.criteria else ()),
                    *(_trait("kind", words(each.kind.value)) if each.kind else ()),
                    *(_trait("time frame", scribe.concept(each.time_frame)) if each.time_frame else ()),
                ],
            },
        )
        for each in record.outcomes
    }
    study = _study(scribe, citation, population, groups, outcomes)
    evidences = Evidences(
        scribe, groups=groups, outcomes=outcomes, population=population, study=study, citation=citation
    )
    for part in results(record):
        evidences.write(part)
    _lost(scribe)
    return list(scribe.made.values())


def _trait(kind: str, value: Resource) -> Iterator[Resource]:
    if value:
        yield {"definitionByTypeAndValue": {"type": words(kind), "valueCodeableConcept": value}}


def _lost(scribe: Scribe) -> None:
    record = scribe.record
    for what, count in (
        ("planned examinations", len(record.assessments)),
        ("accounts of how adverse events were collected", record.safety_reporting is not None),
        ("links of words to concepts, with the readings turned down (the concepts are kept)", len(record.mentions)),
        ("related publications", len(record.report.related)),
        (
            "places of study parts other than results",
            sum(len(each.evidence) for each in (*record.arms, *record.outcomes)),
        ),
    ):
        scribe.lost(what, count)


# --- the document ---------------------------------------------------------------------------------------------


def _citation(scribe: Scribe, *, retracted: bool) -> Resource:
    report = scribe.record.report
    named = (
        ("https://doi.org", report.doi),
        ("https://pubmed.ncbi.nlm.nih.gov", report.pmid),
        ("https://www.ncbi.nlm.nih.gov/pmc", report.pmcid),
        ("https://clinicaltrials.gov", report.registry_id),
    )
    form: Resource = {}
    if report.journal:
        form["publishedIn"] = {"title": scribe.text(report.journal)}
    for name, value in (
        ("volume", report.volume),
        ("issue", report.issue),
        ("articleDate", report.published),
        ("lastRevisionDate", report.updated),
        ("pageString", report.pages),
    ):
        if value:
            form[name] = value if name.endswith("Date") else scribe.text(value)
    classes = [
        (
            "MeSH heading",
            each.descriptor + (f"/{each.qualifier}" if each.qualifier else "") + ("*" if each.major else ""),
            each.heading or each.descriptor_concept,
        )
        for each in report.headings
    ]
    classes += [("publication type", each.label, each.concept) for each in report.publication_types]
    classes += [("substance", each.label, each.concept) for each in report.substances]
    classes += [("supplementary concept", each.label, each.concept) for each in report.supplementary_concepts]
    scribe.lost("registry numbers of substances", sum(bool(each.registry_number) for each in report.substances))
    kinds = dict.fromkeys(kind for kind, _, _ in classes)
    artifact: Resource = {
        "identifier": [{"system": system, "value": value} for system, value in named if value],
        "title": [{"text": scribe.text(each)} for each in (report.title, report.brief_title) if each],
        "publicationForm": [form] if form else None,
        "webLocation": [{"url": scribe.document}],
        "currentState": [words("retracted")] if retracted or report.retracted else None,
        "classification": [
            {
                "type": words(kind),
                "classifier": [
                    scribe.concept(label, (curie,) if curie else ()) for held, label, curie in classes if held == kind
                ],
            }
            for kind in kinds
        ],
    }
    if report.authors:
        artifact["contributorship"] = {
            "entry": [
                {"contributor": {"display": scribe.text(each.label)}, "rankingOrder": number}
                for number, each in enumerate(report.authors, 1)
            ]
        }
        scribe.lost(
            "family and given names of authors apart from each other", sum(bool(a.family_name) for a in report.authors)
        )
    content = {
        "status": "active",
        "title": scribe.text(report.title or report.brief_title or scribe.record.record.document),
        "citedArtifact": {key: value for key, value in artifact.items() if value},
        "note": [{"text": scribe.text(report.acronym)}] if report.acronym else None,
    }
    return scribe.put("Citation", "document", content)


# --- the study ------------------------------------------------------------------------------------------------


def _population(scribe: Scribe) -> Resource:
    held = scribe.record.population
    traits: list[Resource] = []
    if held:
        for condition in held.conditions:
            traits.append({"definitionCodeableConcept": scribe.concept(condition.label, condition.concept)})
        for each in held.eligibility:
            trait: Resource = {"definitionCodeableConcept": scribe.concept(each.label, each.concept)}
            traits.append(trait | ({"exclude": True} if each.kind.value == "exclusion" else {}))
    texts = [each for each in (held.description, held.eligibility_text) if each] if held else []
    content = {
        "status": "active",
        "title": scribe.text(f"Participants of {scribe.record.key}"),
        "description": scribe.text("\n\n".join(texts)) if texts else None,
        "characteristic": traits,
    }
    return scribe.put("EvidenceVariable", "population", content)


def _group(scribe: Scribe, arm: Arm, treatments: dict[str, Intervention]) -> Resource:
    traits = [trait for key in arm.interventions for trait in _treatment(scribe, treatments[key])]
    content = {
        "status": "active",
        "title": scribe.text(arm.label),
        "description": scribe.text(arm.description) if arm.description else None,
        "characteristic": traits,
    }
    return scribe.put("EvidenceVariable", ("arm", arm.key), content)


def _treatment(scribe: Scribe, given: Intervention) -> Iterator[Resource]:
    """Say a treatment as traits of the group that got it: what, how much, how often."""
    said = [given.label] + ([f"({given.description})"] if given.description else [])
    yield {
        "linkId": given.key,
        "description": scribe.text(" ".join(said)),
        "definitionCodeableConcept": scribe.concept(given.label, given.concept),
    }

    def trait(kind: str, **value: object) -> Resource:
        return {"definitionByTypeAndValue": {"type": words(f"{given.label}: {kind}")} | value}

    for kind, held in (("dose", given.dose), ("fractions", given.fractions)):
        if held is None:
            continue
        for name in ("value", "mean", "median", "standard_deviation"):
            if (value := getattr(held, name)) is not None:
                told = kind if name == "value" else f"{name.replace('_', ' ')} {kind}"
                yield trait(told, valueQuantity=quantity(value, held.unit))
        for name, ends in (
            ("range", (held.low, held.high)),
            ("interquartile range", (held.quartile_low, held.quartile_high)),
        ):
            if span := limits(*ends, held.unit):
                yield trait(f"{name} of {kind}", valueRange=span)
    texts = [("frequency", given.frequency), ("route", given.route), ("start", given.start)]
    texts += [("stop", each) for each in given.stop] + [("timing", each.value) for each in given.timing]
    texts += [("kind", given.kind.value if given.kind else None)] + [
        ("also called", each) for each in given.other_names
    ]
    for kind, text in texts:
        if text:
            yield trait(kind, valueCodeableConcept=scribe.concept(text))
    if given.target or given.target_concept:
        yield trait(
            "target", valueCodeableConcept=scribe.concept("; ".join(given.target) or None, given.target_concept)
        )


def _study(
    scribe: Scribe,
    citation: Resource,
    population: Resource,
    groups: dict[str, Resource],
    outcomes: dict[str, Resource],
) -> Resource:
    record, report = scribe.record, scribe.record.report
    held = record.population
    recruitment: Resource = {}
    if held and held.enrolled is not None:
        if held.enrolment is EnrolmentKind.ANTICIPATED:
            recruitment["targetNumber"] = held.enrolled
        else:
            recruitment["actualNumber"] = held.enrolled
    recruitment["eligibility"] = population
    arms = [
        {
            "linkId": each.key,
            "name": scribe.text(each.label),
            "type": words(each.role.value) if each.role else None,
            "description": scribe.text(each.description) if each.description else None,
            "intendedExposure": [groups[each.key]],
        }
        for each in record.arms
    ]
    enrolled = [each for each in record.arms if each.enrolled is not None]
    scribe.lost("participants of arms, told in a note of the ResearchStudy", len(enrolled))
    notes = [f"enrolled in {each.label}: {each.enrolled}" for each in enrolled]
    notes += [f"conclusion: {each.label}" for each in record.conclusions]
    measures = [
        {
            "name": scribe.text(each.label),
            "type": [words(each.role.value)] if each.role else None,
            "description": scribe.text(each.description) if each.description else None,
            "reference": outcomes[each.key],
        }
        for each in record.outcomes
    ]
    design = record.design
    content: Resource = {
        "identifier": [
            {"value": scribe.text(record.key)},
            *({"value": scribe.text(each)} for each in record.identifiers),
            *(
                {"value": scribe.text(each.label)} | ({"type": words(scribe.text(each.kind))} if each.kind else {})
                for each in record.secondary_identifiers
            ),
        ],
        "title": scribe.text(report.title or report.brief_title or record.key),
        "status": "active",
        "relatedArtifact": [{"type": "derived-from", "resourceReference": citation}],
        "condition": [scribe.concept(each.label, each.concept) for each in held.conditions] if held else None,
        "note": [{"text": scribe.text(each)} for each in notes],
        "recruitment": recruitment,
        "comparisonGroup": [_without_none(each) for each in arms],
        "outcomeMeasure": [_without_none(each) for each in measures],
    }
    if design:
        stated = (design.study_type, design.allocation, design.model, design.masking)
        spoken = [each.value for each in stated if each]
        spoken += [each for each in (design.observational_model, design.time_perspective) if each]
        spoken += [f"masked: {each}" for each in design.masked]
        if design.multicentre is not None:
            spoken.append("multicentre" if design.multicentre else "single centre")
        if design.centres is not None:
            spoken.append(f"centres: {design.centres}")
        if design.number_of_arms is not None:
            spoken.append(f"arms: {design.number_of_arms}")
        content["studyDesign"] = [words(scribe.text(each)) for each in spoken]
        content["phase"] = words(design.phase.value) if design.phase else None
        content["primaryPurposeType"] = words(scribe.text(design.purpose)) if design.purpose else None
    return scribe.put("ResearchStudy", "study", content)


def _without_none(held: Resource) -> Resource:
    return {key: value for key, value in held.items() if value is not None}
