"""MeSH as XML, record by record, as lines in the shape of NLM's MeSH RDF: what questions use, not notes and dates.

NLM makes its RDF from the same XML; names of classes and properties are those of its vocabulary (vocab#). A term that
is a permutation of another (``IsPermutedTermYN``) is an ``altLabel`` of that term.
"""

from collections.abc import Callable, Iterator
from typing import Any

from picograph.kg.store.bulk import LINES, Chunk
from picograph.kg.vocabularies.files import SourceFile
from picograph.kg.vocabularies.mesh_rdf import MESH
from picograph.ontology.errors import InputError

_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
_DESCRIPTORS = {
    "1": "TopicalDescriptor",
    "2": "PublicationType",
    "3": "CheckTag",
    "4": "GeographicalDescriptor",
}
_SUPPLEMENTARY = {"1": "SCR_Chemical", "2": "SCR_Protocol", "3": "SCR_Disease", "4": "SCR_Organism"}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})


class _Lines:
    """Lines about one record."""

    def __init__(self) -> None:
        self.lines: dict[str, None] = {}

    def link(self, subject: str, name: str, to: str) -> None:
        predicate = _TYPE if name == "type" else f"<{MESH}vocab#{name}>"
        value = f"vocab#{to}" if name == "type" else to
        self.lines[f"<{MESH}{subject}> {predicate} <{MESH}{value}> .\n"] = None

    def text(self, subject: str, name: str, value: str, language: str = "@en") -> None:
        predicate = _LABEL if name == "label" else f"<{MESH}vocab#{name}>"
        self.lines[f'<{MESH}{subject}> {predicate} "{value.translate(_ESCAPES)}"{language} .\n'] = None


def chunks(file: SourceFile) -> Iterator[Chunk]:
    """Give the records of a file of descriptors, qualifiers or supplementary concepts as lines of N-Triples.

    :raises InputError: if it is not well-formed, or no such file
    """
    from lxml import etree

    batch: list[str] = []
    size = records = 0
    try:
        with file.open() as content, file.told():
            # no entity is resolved and nothing is fetched: the file may name a DTD
            events = etree.iterparse(
                content, tag=tuple(_RECORDS), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
            )
            for _, element in events:
                lines = _Lines()
                _RECORDS[str(element.tag)](element, lines)
                batch.extend(lines.lines)
                size += sum(map(len, lines.lines))
                records += 1
                element.clear()
                if (parent := element.getparent()) is not None:
                    del parent[: parent.index(element)]
                if size >= LINES:
                    yield Chunk("".join(batch).encode())
                    batch, size = [], 0
    except etree.XMLSyntaxError as error:
        raise InputError(
            f"the XML is not well-formed: {error.msg}",
            where=f"{file.name}, line {error.lineno}",
            remedy="fetch the file again: the download was cut off or changed",
        ) from None
    yield Chunk("".join(batch).encode())


def _string(element: Any, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _descriptor(record: Any, lines: _Lines) -> None:
    code = _string(record, "DescriptorUI")
    kind = _DESCRIPTORS.get(record.get("DescriptorClass", "1"), "TopicalDescriptor")
    _head(lines, code, kind, _string(record, "DescriptorName/String"))
    for each in record.iterfind("AllowableQualifiersList/AllowableQualifier/QualifierReferredTo/QualifierUI"):
        lines.link(code, "allowableQualifier", each.text.strip())
    _actions(record, lines, code)
    _trees(record, lines, code)
    _concepts(record, lines, code)


def _qualifier(record: Any, lines: _Lines) -> None:
    code = _string(record, "QualifierUI")
    _head(lines, code, "Qualifier", _string(record, "QualifierName/String"))
    _trees(record, lines, code)
    _concepts(record, lines, code)


def _supplementary(record: Any, lines: _Lines) -> None:
    code = _string(record, "SupplementalRecordUI")
    kind = _SUPPLEMENTARY.get(record.get("SCRClass", "1"), "SupplementaryConceptRecord")
    _head(lines, code, kind, _string(record, "SupplementalRecordName/String"))
    for mapped in record.iterfind("HeadingMappedToList/HeadingMappedTo"):
        descriptor = _string(mapped, "DescriptorReferredTo/DescriptorUI")
        qualifier = _string(mapped, "QualifierReferredTo/QualifierUI")
        # a star says that this heading is a major one: NLM's RDF calls it preferred
        preferred = "*" in descriptor + qualifier
        lines.link(code, "preferredMappedTo" if preferred else "mappedTo", (descriptor + qualifier).replace("*", ""))
    _actions(record, lines, code)
    _concepts(record, lines, code)


_RECORDS: dict[str, Callable[[Any, _Lines], None]] = {
    "DescriptorRecord": _descriptor,
    "QualifierRecord": _qualifier,
    "SupplementalRecord": _supplementary,
}


def _head(lines: _Lines, code: str, kind: str, name: str) -> None:
    lines.link(code, "type", kind)
    lines.text(code, "label", name)
    lines.text(code, "identifier", code, language="")


def _actions(record: Any, lines: _Lines, code: str) -> None:
    for each in record.iterfind("PharmacologicalActionList/PharmacologicalAction/DescriptorReferredTo/DescriptorUI"):
        lines.link(code, "pharmacologicalAction", each.text.strip())


def _trees(record: Any, lines: _Lines, code: str) -> None:
    for each in record.iterfind("TreeNumberList/TreeNumber"):
        tree = each.text.strip()
        lines.link(code, "treeNumber", tree)
        lines.link(tree, "type", "TreeNumber")
        lines.text(tree, "label", tree)
        if up := tree.rpartition(".")[0]:
            lines.link(tree, "parentTreeNumber", up)


def _concepts(record: Any, lines: _Lines, code: str) -> None:
    for concept in record.iterfind("ConceptList/Concept"):
        identifier = _string(concept, "ConceptUI")
        preferred = concept.get("PreferredConceptYN") == "Y"
        lines.link(code, "preferredConcept" if preferred else "concept", identifier)
        lines.link(identifier, "type", "Concept")
        lines.text(identifier, "label", _string(concept, "ConceptName/String"))
        lines.text(identifier, "identifier", identifier, language="")
        numbers = (*concept.iterfind("RegistryNumber"), *concept.iterfind("RegistryNumberList/RegistryNumber"))
        for number in numbers:
            if number.text and number.text.strip() != "0":
                lines.text(identifier, "registryNumber", number.text.strip(), language="")
        for term in concept.iterfind("TermList/Term"):
            _term(term, lines, code, identifier)


def _term(term: Any, lines: _Lines, code: str, concept: str) -> None:
    identifier, text = _string(term, "TermUI"), _string(term, "String")
    if term.get("IsPermutedTermYN") == "Y":
        lines.text(identifier, "altLabel", text)
        return
    lines.link(identifier, "type", "Term")
    lines.text(identifier, "prefLabel", text)
    lines.text(identifier, "identifier", identifier, language="")
    lines.link(concept, "preferredTerm" if term.get("ConceptPreferredTermYN") == "Y" else "term", identifier)
    if term.get("RecordPreferredTermYN") == "Y":
        lines.link(code, "preferredTerm", identifier)
