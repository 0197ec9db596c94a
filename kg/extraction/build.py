"""An abstract -> a study: everything that was read, in the typed model, with places and confidence."""

import re

from picograph import __version__
from picograph.kg.extraction import claims, design, treatments
from picograph.kg.extraction.abstract import Abstract
from picograph.kg.extraction.assessments import assessments_of, first_span
from picograph.kg.extraction.endpoints import read_roles
from picograph.kg.extraction.feedback import settle
from picograph.kg.extraction.measures import read_measures
from picograph.kg.extraction.page import Page, read_page
from picograph.kg.extraction.places import merged
from picograph.kg.extraction.results import Results
from picograph.kg.extraction.text import Section, SectionKind, check_length, section_kind
from picograph.kg.extraction.whom import Occasion, Whom
from picograph.kg.identity import IN_ABSTRACT
from picograph.kg.readers.citations import REGISTRY_NUMBER
from picograph.kg.report import Report, SecondaryIdentifier
from picograph.kg.source import Method, Place, Record, source_of
from picograph.kg.study import Study

READER = f"extraction {__version__}"


def sections_in_layout(text: str) -> list[Section]:
    """Give the title and the sections of a record in PubMed's text layout."""
    from picograph.kg.readers import pubmed_text

    found = [
        Section(section_kind(each.label) if each.label else SectionKind.OPEN, each.start, each.end, each.label)
        for each in pubmed_text.sections(text)
    ]
    title = text.split("\n\n", 1)[0]
    return [Section(SectionKind.TITLE, 0, len(title)), *found] if title.strip() else found


def read_study(text: str, base: Study | None = None, where: str = "") -> Study:
    """Read the facts of an abstract, and hold them against each other: what cannot be true is left out.

    :param text: the source text, in which places count
    :param base: what a reader of the format has read already: the report, its index terms; then the text is in
        PubMed's layout. Without it the text is the abstract itself
    :raises InputError: if the text is far too long for an abstract

    >>> study = read_study("METHODS: Forty patients received sorafenib. RESULTS: Six patients (15%) had diarrhea.")
    >>> [(each.term, each.affected, each.at_risk) for each in study.adverse_events]
    [('diarrhea', 6, 40)]
    """
    return read_with_notes(text, base, where)[0]


def read_with_notes(text: str, base: Study | None = None, where: str = "") -> tuple[Study, list[str]]:
    """Read the facts of an abstract as `read_study` does; gives them with what was left out, or is less sure, and why.

    :raises InputError: if the text is far too long for an abstract
    """
    check_length(text, where)
    study = study_of_page(read_page(text, sections_in_layout(text) if base else None, where), base)
    return settle(study, text)


def study_of_page(page: Page, base: Study | None = None) -> Study:
    """Read the facts of an abstract that is cut into sentences already; they are not checked yet."""
    abstract = Abstract(page)
    arms, interventions, arm_spans = treatments.arms_and_interventions(abstract)
    single = arms[0].key if len(arms) == 1 else None
    assessments = assessments_of(abstract)
    first = None
    if len(assessments) == 1 and assessments[0].first:
        first = Occasion(assessments[0].first, first_span(abstract, assessments[0]))
    results = Results(abstract, Whom(abstract, [arm.key for arm in arms], single, first))
    read_measures(results, results.read())
    read_roles(results)
    associations = claims.associations_of(abstract, results, single)
    used = {each.outcome for each in results.estimates} | {each.outcome for each in associations}
    report = base.report if base else Report()
    key, document, identifiers, secondary = names_of(page.text, base)
    return Study(
        key=key,
        record=Record(document=document, source=source_of(page.text), method=Method.RULE, reader=READER),
        identifiers=identifiers,
        secondary_identifiers=secondary,
        report=report,
        design=design.design_of(abstract, report.publication_types, len(arms), arm_spans),
        population=design.population_of(abstract),
        arms=arms,
        interventions=interventions,
        epochs=tuple(results.whom.epochs.values()),
        outcomes=tuple(outcome for key, outcome in results.outcomes.items() if key in used or outcome.role),
        assessments=assessments,
        baselines=tuple(merged(results.baselines)),
        dispositions=tuple(merged(results.dispositions)),
        estimates=tuple(merged(results.estimates)),
        adverse_events=tuple(merged(results.adverse_events)),
        associations=tuple(merged(associations)),
        conclusions=tuple(claims.conclusions_of(abstract)),
    )


_DOI = re.compile(r"\bdoi:\s*(10\.\d{4,9}/[^\s;,]+[^\s;,.])", re.IGNORECASE)
_PMID = re.compile(r"\bPMID:\s*([1-9]\d{0,8})\b")


def names_of(text: str, base: Study | None) -> tuple[str, str, tuple[str, ...], tuple[SecondaryIdentifier, ...]]:
    """Give the study's key, its document, and its numbers; a bare text is known by its checksum.

    A number that the words name is written as one that the words name: it may be of another trial.
    """
    if base:
        return base.key, base.record.document, base.identifiers, base.secondary_identifiers
    places_of: dict[str, list[Place]] = {}
    for match in REGISTRY_NUMBER.finditer(text):
        places_of.setdefault(match[0], []).append(Place(f"{match.start()}-{match.end()}"))
    named = tuple(
        SecondaryIdentifier(label=number, kind=IN_ABSTRACT, evidence=tuple(at)) for number, at in places_of.items()
    )
    dois, pmids = set(_DOI.findall(text)), set(_PMID.findall(text))
    if len(pmids) == 1:
        document = f"pmid:{pmids.pop()}"
    elif len(dois) == 1:
        document = f"doi:{dois.pop()}"
    else:
        document = f"text:{source_of(text).sha256[:16]}"
    return document, document, (), named
