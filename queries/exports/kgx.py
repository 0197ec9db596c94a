"""KGX: nodes and edges of the Biolink Model, as tab-separated files or JSON lines, both in one tar file.

What Biolink can say of a study: which treatments are in clinical trials for which condition (never that they treat it),
what a publication mentions, which cohort had which event, in how many of how many; an event that nobody of a cohort had
is a negated edge. The grade, seriousness and attribution of an event make it an event of its own, below the plain one,
so that neither a count nor a negation reaches further than the source. Classes, slots and prefixes: biolink-model 4.4.
"""

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any, NamedTuple

import msgspec

from picograph.kg.results import AdverseEventResult
from picograph.kg.source import Method
from picograph.kg.study import Arm, Intervention, InterventionKind, Role, Study
from picograph.kg.triples import document_iri, place_iri, study_iri
from picograph.queries.exports.extraction import harmless
from picograph.queries.exports.selection import Losses, Selection

NODES = (
    "id", "category", "name", "description", "xref", "iri", "publication_type", "study_size", "provided_by",
)  # fmt: skip
EDGES = (
    "id", "subject", "predicate", "object", "category", "negated", "has_count", "has_total", "has_percentage",
    "knowledge_level", "agent_type", "primary_knowledge_source", "publications", "has_evidence", "description",
)  # fmt: skip
_LISTS = frozenset({"category", "xref", "publication_type", "provided_by", "publications", "has_evidence"})
_AGENTS = {Method.RULE: "text_mining_agent", Method.MODEL: "text_mining_agent"}
_CATEGORIES = {
    InterventionKind.DRUG: "biolink:ChemicalEntity",
    InterventionKind.BIOLOGICAL: "biolink:ChemicalEntity",
    InterventionKind.DIETARY_SUPPLEMENT: "biolink:ChemicalEntity",
    InterventionKind.PROCEDURE: "biolink:Procedure",
    InterventionKind.RADIATION: "biolink:Procedure",
    InterventionKind.DEVICE: "biolink:Device",
}
_CONTROLS = (Role.ACTIVE_COMPARATOR, Role.PLACEBO_COMPARATOR, Role.SHAM_COMPARATOR, Role.NO_INTERVENTION)
_SOURCE = "infores:picograph"
_PREFIXES = {"mesh": "MESH", "cas": "CAS", "rxnorm": "RXNORM", "drugbank": "DRUGBANK"}
_BREAKS = str.maketrans({"\t": " ", "\n": " ", "\r": " ", "|": "/"})

Item = dict[str, Any]


def curie(concept: str) -> str:
    """Write a concept with the prefix that Biolink has for its vocabulary.

    >>> curie("mesh:D006528"), curie("CHEBI:50924")
    ('MESH:D006528', 'CHEBI:50924')
    """
    prefix, _, rest = concept.partition(":")
    return f"{_PREFIXES.get(prefix, prefix)}:{rest}"


def _document(document: str) -> str:
    if document.startswith("pmid:"):
        return "PMID:" + document[5:]
    return f"CLINICALTRIALS:{document}" if document.startswith("NCT") else document


def _own(*words: object) -> str:
    return "picograph:" + hashlib.sha256("\0".join(map(str, words)).encode()).hexdigest()[:24]


class _Graph:
    """Makes the nodes and edges of one record after the other; a node is given once."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self._given: set[bytes] = set()
        self.nodes: list[tuple[bytes, Item]] = []
        self.edges: dict[str, Item] = {}

    def node(self, identifier: str, category: str, **more: Any) -> str:
        """Give a node unless it was given; of a node only a short checksum is kept."""
        key = hashlib.blake2b(identifier.encode(), digest_size=8).digest()
        if key not in self._given:
            self._given.add(key)
            known = {field: value for field, value in more.items() if value not in (None, (), [], "")}
            self.nodes.append((key, {"id": identifier, "category": [category], "provided_by": [_SOURCE]} | known))
        return identifier

    def concept(self, label: str, concepts: tuple[str, ...], category: str, study: str) -> str:
        """Give the node of a concept, or of words that were not matched."""
        if not concepts:
            self.losses.add("names that were not matched to a concept: nodes of their own", label)
            return self.node(_own(category, label.casefold()), category, name=label)
        if len(concepts) > 1:
            self.losses.add("further concepts of one name, which are xrefs of its first", study, len(concepts) - 1)
        return self.node(curie(concepts[0]), category, name=label, xref=[curie(each) for each in concepts[1:]])

    def edge(self, record: Study, subject: str, predicate: str, target: str, **more: Any) -> None:
        """Give an edge with where it is from."""
        known = {field: value for field, value in more.items() if value not in (None, (), [])}
        places = known.get("has_evidence", ())
        name = _own(record.record.document, record.record.method.value, subject, predicate, target, *places)
        self.edges[name] = {
            "id": name,
            "subject": subject,
            "predicate": predicate,
            "object": target,
            "category": ["biolink:Association"],
            "knowledge_level": "knowledge_assertion",
            "agent_type": _AGENTS.get(record.record.method, "manual_agent"),
            "primary_knowledge_source": _SOURCE,
            "publications": [_document(record.record.document)],
        } | known

    def take(self) -> list[Item]:
        """Hand over the edges that were made since."""
        made = list(self.edges.values())
        self.edges = {}
        return made


def _trial(record: Study) -> str:
    """Name a trial by its number; KGX takes no CURIE with a second colon or a stroke, as keys made of a DOI have."""
    return _document(record.key) if record.key.startswith("NCT") else _own("study", record.key)


def _record(graph: _Graph, record: Study) -> None:
    report, population = record.report, record.population
    places = _places(record)
    trial = graph.node(
        _trial(record),
        "biolink:ClinicalTrial",
        name=report.brief_title or report.title,
        iri=study_iri(record.key),
        study_size=population.enrolled if population else None,
    )
    conditions = [
        (graph.concept(each.label, each.concept, "biolink:Disease", record.key), each)
        for each in (population.conditions if population else ())
    ]
    treatments = {each.key: _treatment(graph, record, each) for each in record.interventions}
    tested = {key for arm in record.arms if arm.role not in _CONTROLS for key in arm.interventions}
    for intervention in record.interventions:
        if record.arms and intervention.key not in tested:
            graph.losses.add("treatments of comparator arms only, which are not on trial for the condition", record.key)
            continue
        for condition, stated in conditions:
            graph.edge(
                record,
                treatments[intervention.key],
                "biolink:in_clinical_trials_for",
                condition,
                has_evidence=[*places(intervention), *places(stated)],
            )
    cohorts = {each.key: _cohort(graph, record, each, trial, treatments) for each in record.arms}
    for event in record.adverse_events:
        _event(graph, record, event, cohorts)
    _paper(graph, record)
    _lost(graph.losses, record)


def _paper(graph: _Graph, record: Study) -> None:
    """Say what the publication mentions, after what the study is about: a node keeps the category that it got first."""
    report, places = record.report, _places(record)
    if not (report.doi or report.pmid):
        return
    paper = graph.node(
        _document(record.record.document),
        "biolink:Publication",
        name=report.title,
        iri=document_iri(record.record.document),
        publication_type=[each.label for each in report.publication_types] or ["not reported"],
    )
    for each in report.headings:
        if each.descriptor_concept:
            about = graph.node(curie(each.descriptor_concept), "biolink:NamedThing", name=each.descriptor)
            graph.edge(record, paper, "biolink:mentions", about, has_evidence=places(each))
        else:
            graph.losses.add("MeSH headings that were not matched to a descriptor", record.key)


def _places(record: Study) -> Callable[[Any], list[str]]:
    sha256 = record.record.source.sha256
    return lambda part: [place_iri(sha256, each) for each in part.evidence]


def _treatment(graph: _Graph, record: Study, given: Intervention) -> str:
    category = (
        _CATEGORIES.get(given.kind, "biolink:ClinicalIntervention") if given.kind else "biolink:ClinicalIntervention"
    )
    for field in ("dose", "frequency", "route", "fractions", "start"):
        graph.losses.add(f"{field} of treatments", record.key, getattr(given, field) is not None)
    return graph.concept(given.label, given.concept, category, record.key)


def _cohort(graph: _Graph, record: Study, arm: Arm, trial: str, treatments: dict[str, str]) -> str:
    name = graph.node(
        _own("cohort", record.key, record.record.document, arm.key),
        "biolink:Cohort",
        name=arm.label,
        description="; ".join(filter(None, (arm.role.value if arm.role else None, arm.description))),
    )
    places = _places(record)(arm)
    graph.edge(record, name, "biolink:participates_in", trial, has_evidence=places)
    for key in arm.interventions:
        graph.edge(record, name, "biolink:related_to", treatments[key], description="was given", has_evidence=places)
        graph.losses.add(
            "treatments of arms, said as related_to: Biolink has no word for a cohort that was given one", record.key
        )
    graph.losses.add("participants of arms", record.key, arm.enrolled is not None)
    return name


def _event(graph: _Graph, record: Study, event: AdverseEventResult, cohorts: dict[str, str]) -> None:
    why = None
    if event.ambiguities:
        why = f"which the source leaves open: {', '.join(sorted(each.field for each in event.ambiguities))}"
    elif event.absence:
        why = f"which are {event.absence.value}"
    elif event.affected is None and event.percent is None:
        why = "whose participants are not counted"
    elif event.arm is None:
        why = "of no arm"
    elif event.any_event:
        why = "of a whole class of events"
    if why:
        graph.losses.add(f"adverse events {why}", f"{record.key} {event.term}")
        return
    plain = graph.concept(event.term, event.concept, "biolink:PhenotypicFeature", record.key)
    traits = _traits(record, event)
    target = plain
    if traits:
        label = ", ".join((event.term, *traits))
        target = graph.node(_own("event", plain, *traits), "biolink:PhenotypicFeature", name=label)
        graph.edge(record, target, "biolink:subclass_of", plain)
    for field in ("events", "fatal"):
        words = "occurrences of events" if field == "events" else "fatal events among the affected"
        graph.losses.add(words, f"{record.key} {event.term}", getattr(event, field) is not None)
    graph.losses.add("derived numbers", record.key, len(event.derived))
    graph.edge(
        record,
        cohorts[event.arm or ""],
        "biolink:has_phenotype",
        target,
        category=["biolink:EntityToPhenotypicFeatureAssociation"],
        negated=True if event.affected == 0 else None,
        has_count=event.affected,
        has_total=event.at_risk,
        has_percentage=None if event.percent is None else float(event.percent),
        knowledge_level="observation",
        has_evidence=_places(record)(event),
    )


def _traits(record: Study, event: AdverseEventResult) -> list[str]:
    """Say in words what makes an event narrower than its term."""
    found = []
    if event.grade:
        low, high = event.grade.low, event.grade.high
        found.append(
            f"grade {low}"
            if low == high
            else f"grade {'' if low is None else f'>= {low}'}{'' if high is None else f' <= {high}'}"
        )
    if event.scale:
        found.append(f"by {event.scale}")
    if event.serious is not None:
        found.append("serious" if event.serious else "not serious")
    if event.attribution:
        found.append(event.attribution.value)
    if event.epoch:
        found.append(next(each.label for each in record.epochs if each.key == event.epoch))
    return found


def _lost(losses: Losses, record: Study) -> None:
    for name in ("estimates", "baselines", "dispositions", "associations", "conclusions", "assessments"):
        losses.add(f"{name}, which Biolink has no words for", record.key, len(getattr(record, name)))
    qualified = [each for each in record.report.headings if each.qualifier or each.major]
    losses.add("qualifiers and major topics of MeSH headings", record.key, len(qualified))
    losses.add("criteria of eligibility", record.key, len(record.population.eligibility) if record.population else 0)
    losses.add("substances of reports", record.key, len(record.report.substances))


# --- files ----------------------------------------------------------------------------------------------------


class _Node(NamedTuple):
    """A node as it stands in a file."""

    key: bytes
    text: bytes
    losses: Losses | None  # to be told if it is kept: another part may have given the node


Write = Callable[[Item, Losses], bytes]


def _tsv(item: Item, losses: Losses, *, columns: tuple[str, ...]) -> bytes:
    cells = []
    for column in columns:
        value = item.get(column)
        raw = "|".join(map(_cell, value)) if column in _LISTS and value else _cell(value)
        told = value if isinstance(value, str) else raw
        losses.add("tabs, line breaks and bars in cells, which are spaces and strokes here", item["id"], raw != told)
        safe = harmless(raw)
        losses.add(
            "cells that a spreadsheet would run as a formula: an apostrophe stands before them",
            item["id"],
            safe != raw,
        )
        cells.append(safe)
    return ("\t".join(cells) + "\n").encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).translate(_BREAKS)


def _line(item: Item, losses: Losses) -> bytes:
    return msgspec.json.encode(item) + b"\n"


def _part(part: Selection, losses: Losses, *, node: Write, edge: Write) -> tuple[list[_Node], bytes]:
    """Write the nodes and the edges of a part."""
    graph = _Graph(losses)
    edges = []
    for record in part.records():
        _record(graph, record)
        edges += [edge(each, losses) for each in graph.take()]
    nodes = []
    for key, item in graph.nodes:
        told = Losses()
        text = node(item, told)
        nodes.append(_Node(key, text, told or None))
    return nodes, b"".join(edges)


def _written(selection: Selection, losses: Losses, ending: str) -> Iterator[bytes]:
    plain = ending == "jsonl"
    node, edge = (_line, _line) if plain else (partial(_tsv, columns=NODES), partial(_tsv, columns=EDGES))
    given: set[bytes] = set()  # of each node a short checksum
    with tempfile.TemporaryFile() as nodes, tempfile.TemporaryFile() as edges, tempfile.TemporaryFile() as packed:
        if not plain:
            nodes.write("\t".join(NODES).encode() + b"\n")
            edges.write("\t".join(EDGES).encode() + b"\n")
        for found, links in selection.each(partial(_part, node=node, edge=edge), losses):
            edges.write(links)
            for each in found:
                if each.key not in given:
                    given.add(each.key)
                    nodes.write(each.text)
                    if each.losses is not None:
                        losses.merge(each.losses)
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, file in (("nodes", nodes), ("edges", edges)):
                _put(tar, f"picograph_{name}.{ending}", file)
        packed.seek(0)
        while chunk := packed.read(1 << 16):
            yield chunk


def _put(tar: tarfile.TarFile, name: str, file: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)  # its time is 1970, its owner nobody: the same input gives the same bytes
    member.size = file.seek(0, io.SEEK_END)
    file.seek(0)
    tar.addfile(member, file)


def kgx(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write KGX, tab-separated: a tar file of nodes and edges of the Biolink Model."""
    return _written(selection, losses, "tsv")


def kgx_jsonl(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write KGX, JSON lines: a tar file of nodes and edges of the Biolink Model."""
    return _written(selection, losses, "jsonl")
