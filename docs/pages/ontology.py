"""The page of the ontology, from its file and its mappings."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import pyoxigraph as ox

from picograph.ontology import terms

from .markdown import OWL, RDFS, code, page, short, table

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_SOURCE = "http://purl.org/dc/terms/source"


class Ontology:
    """The ontology's file, for looking things up in it."""

    def __init__(self) -> None:
        self.store = ox.Store()
        self.store.load(terms.ontology_text().encode(), format=ox.RdfFormat.TURTLE)

    def objects(self, subject: Any, predicate: str) -> list[Any]:
        """Give what a subject has for a predicate, sorted."""
        found = self.store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
        return sorted((quad.object for quad in found), key=str)

    def texts(self, iri: str, predicate: str) -> list[str]:
        """Give the texts that a term has for a predicate."""
        return [term.value for term in self.objects(ox.NamedNode(iri), predicate)]

    def of_type(self, type_: str) -> list[str]:
        """Give our own terms of a type, sorted by their label."""
        found = self.store.quads_for_pattern(None, ox.NamedNode(_RDF + "type"), ox.NamedNode(type_))
        iris = [quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode)]
        return sorted((iri for iri in iris if iri.startswith(terms.PG)), key=lambda iri: (short(iri).lower(), iri))

    def items(self, node: Any) -> list[str]:
        """Give the named members of an RDF list, in its order."""
        found = []
        while isinstance(node, ox.BlankNode):
            first = self.objects(node, _RDF + "first")
            found += [each.value for each in first if isinstance(each, ox.NamedNode)]
            node = self.objects(node, _RDF + "rest")[0]
        return found

    def classes(self, iri: str, predicate: str) -> list[str]:
        """Give the classes or datatypes that a domain or range names, those in a union included."""
        found = []
        for each in self.objects(ox.NamedNode(iri), predicate):
            if isinstance(each, ox.NamedNode):
                found.append(each.value)
            for union in self.objects(each, OWL + "unionOf"):
                found += self.items(union)
        return found

    def members(self, iri: str) -> list[str]:
        """Give the members of an enumeration, in the order of the file; none for another class."""
        for each in self.objects(ox.NamedNode(iri), OWL + "equivalentClass"):
            for one_of in self.objects(each, OWL + "oneOf"):
                return self.items(one_of)
        return []


@cache
def mappings() -> Mapping[str, list[str]]:
    """Give the mappings of our terms to other ontologies."""
    from importlib.resources import files

    found: dict[str, list[str]] = {}
    text = (files("picograph.ontology") / "mappings" / "picograph.sssom.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    for row in rows[1:]:
        cells = dict(zip(rows[0], row, strict=False))
        predicate = cells["predicate_id"].removeprefix("skos:").removesuffix("Match")
        words = f"{predicate}: {cells['object_id']} ({cells['object_label']})"
        found.setdefault(cells["subject_id"].replace("pg:", terms.PG), []).append(words)
    return found


def class_lines(ontology: Ontology, iri: str) -> Iterator[str]:
    """Describe one class."""
    yield from (f"### {terms.label(iri)}", "", f"`{short(iri)}`", "")
    yield from ("\n".join(ontology.texts(iri, _SKOS + "definition")), "")
    facts = [f"- Example: {text}" for text in ontology.texts(iri, _SKOS + "example")]
    parents = ontology.classes(iri, RDFS + "subClassOf")
    facts += [f"- Is a: {code(sorted(parents))}"] if parents else []
    facts += [f"- Mapped to: {'; '.join(mappings()[iri])}"] if iri in mappings() else []
    facts += [f"- Source of the definition: {text}" for text in ontology.texts(iri, _SOURCE)]
    yield from (*facts, "")


def individual_rows(ontology: Ontology, iris: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Describe individuals, one a row."""
    for iri in iris:
        definition = " ".join(ontology.texts(iri, _SKOS + "definition"))
        yield str(terms.label(iri)), f"`{short(iri)}`", definition, "; ".join(mappings().get(iri, []))


def ontology_page() -> str:
    """Write the page of the ontology."""
    ontology = Ontology()
    classes = ontology.of_type(OWL + "Class")
    enumerations = [iri for iri in classes if ontology.members(iri)]
    defined = [
        iri
        for iri in classes
        if iri not in enumerations and ontology.objects(ox.NamedNode(iri), OWL + "equivalentClass")
    ]
    stated = [iri for iri in classes if iri not in enumerations and iri not in defined]
    body = [
        f"Version `{terms.version_iri()}`. The prefix `pg:` stands for `{terms.PG}`. Every term has a definition; the "
        "mappings to other ontologies are in `ontology/mappings/picograph.sssom.tsv`.",
        "",
        "## Classes",
        "",
    ]
    for iri in stated:
        body += class_lines(ontology, iri)
    body += ["## Classes that a reasoner fills", ""]
    for iri in defined:
        body += class_lines(ontology, iri)
    body += ["## Enumerations", "", "The label of a member is what a study file says.", ""]
    head = ("label", "term", "definition", "mapped to")
    for iri in enumerations:
        body += [f"### {terms.label(iri)}", "", *ontology.texts(iri, _SKOS + "definition"), ""]
        body += table(head, individual_rows(ontology, ontology.members(iri)))
    body += ["## Scales", "", "Levels stand in their order, lowest rank first.", ""]
    versions = terms.individuals("ScaleVersion")
    for iri in terms.individuals("Scale"):
        body += [f"### {terms.label(iri)}", "", f"`{short(iri)}`", "", *ontology.texts(iri, _SKOS + "definition"), ""]
        body += table(head, individual_rows(ontology, terms.levels(iri)))
        of_this = [each for each in versions if iri in ontology.texts(each, terms.PG + "versionOf")]
        body += [f"Versions: {code(of_this)}", ""] if of_this else []
    others = [("Criteria", "Criteria")]
    for heading, cls in others:
        if terms.label(cls) is not None:
            body += [f"## {heading}", "", *table(head, individual_rows(ontology, terms.individuals(cls)))]
    body += ["## Properties", ""]
    properties = ontology.of_type(OWL + "ObjectProperty") + ontology.of_type(OWL + "DatatypeProperty")
    body += table(
        ("property", "of", "to", "definition", "mapped to"),
        (
            (
                f"`{short(iri)}`",
                code(ontology.classes(iri, RDFS + "domain")),
                code(ontology.classes(iri, RDFS + "range")),
                " ".join(ontology.texts(iri, _SKOS + "definition")),
                "; ".join(mappings().get(iri, [])),
            )
            for iri in sorted(properties, key=lambda iri: (short(iri).lower(), iri))
        ),
    )
    return page("Ontology", "ontology/picograph.ttl", body)
