"""Files of ontologies in the formats and the shape in which publishers give them, written from terms.

A real file has more in it than what is read: definitions, subsets, trailing modifiers, axioms about axioms, terms of
other ontologies that it imports, and terms that are no more. All that is written too.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

OBO = "http://purl.obolibrary.org/obo/"
IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"
ROLE, PART = "RO:0000087", "BFO:0000051"
Rows = Sequence[dict[str, Any]]


def curie(text: str, prefix: str) -> str:
    return text if ":" in text else f"{prefix}:{text}"


def iri(text: str) -> str:
    return OBO + text.replace(":", "_")


def refs(row: dict[str, Any]) -> list[str]:
    return [f"{each['namespace']}:{each['id'].removeprefix(each['namespace'] + ':')}" for each in row.get("xrefs", ())]


def related(row: dict[str, Any], kind: str, prefix: str) -> list[str]:
    return [curie(each, prefix) for each in row.get("relations", {}).get(kind, ())]


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _bare(text: str) -> str:
    """Escape a name, or an identifier, that stands without quotes in OBO."""
    for each in '\\{}!"':
        text = text.replace(each, "\\" + each)
    return text


def _identifier(text: str) -> str:
    head, _, rest = text.partition(":")
    return f"{head.replace(' ', chr(92) + ' ')}:{_bare(rest).replace(' ', chr(92) + ' ').replace(',', chr(92) + ',')}"


def obo(path: Path, prefix: str, rows: Rows) -> Path:
    """Write OBO 1.2, as its reference implementation does."""

    def lines() -> Iterable[str]:
        name = prefix.lower()
        yield f"format-version: 1.2\ndata-version: {name}/releases/2025-01-16\ndate: 16:01:2025 08:00\n"
        yield f'subsetdef: 3_STAR "Checked by hand"\ndefault-namespace: {name}\nontology: {name}\n'
        for row in rows:
            own = curie(row["id"], prefix)
            yield f"\n[Term]\nid: {own}\nname: {_bare(row['name'])}\n"
            yield from (f"alt_id: {curie(each, prefix)}\n" for each in row.get("alt_ids", ()))
            yield f'def: "What \\"{_quoted(row["name"])}\\" is." [{prefix}:curators]\nsubset: 3_STAR\n'
            yield from (f'synonym: "{_quoted(each)}" EXACT [{prefix}:src]\n' for each in row.get("synonyms", ()))
            yield from (f'xref: {_identifier(each)} {{source="{prefix}:src"}}\n' for each in refs(row))
            yield 'property_value: IAO:0000589 "a label" xsd:string\n'
            yield from (f"is_a: {each} ! a parent\n" for each in related(row, "is_a", prefix))
            for tag, kind in (("has_role", "has_role"), ("has_part", "has_part")):
                yield from (f"relationship: {tag} {each} ! related\n" for each in related(row, kind, prefix))
        yield f"\n[Term]\nid: {prefix}:9999999\nname: obsolete thing\nis_obsolete: true\n"
        yield "\n[Term]\nid: UBERON:0002107\nname: liver\n"
        yield "\n[Typedef]\nid: has_role\nname: has role\nxref: RO:0000087\nis_cyclic: false\n"
        yield "\n[Typedef]\nid: has_part\nname: has part\nxref: BFO:0000051\nis_transitive: true\n"

    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines())
    return path


def graphs(path: Path, prefix: str, rows: Rows) -> Path:
    """Write OBO Graphs JSON."""
    nodes: list[dict[str, Any]] = [
        {
            "id": iri(curie(row["id"], prefix)),
            "lbl": row["name"],
            "type": "CLASS",
            "meta": {
                "definition": {"val": f"What {row['name']} is.", "xrefs": [f"{prefix}:curators"]},
                "subsets": [f"{OBO}{prefix.lower()}#3_STAR"],
                "synonyms": [{"pred": "hasExactSynonym", "val": each, "xrefs": []} for each in row.get("synonyms", ())],
                "xrefs": [{"val": each} for each in refs(row)],
                "basicPropertyValues": [
                    *({"pred": IN_OWL + "hasAlternativeId", "val": curie(x, prefix)} for x in row.get("alt_ids", ())),
                    {"pred": IN_OWL + "hasOBONamespace", "val": prefix.lower()},
                ],
            },
        }
        for row in rows
    ]
    nodes.append({"id": iri(f"{prefix}:9999999"), "lbl": "obsolete thing", "meta": {"deprecated": True}})
    nodes.append({"id": iri("UBERON:0002107"), "lbl": "liver", "type": "CLASS"})
    nodes.append({"id": iri(ROLE), "lbl": "has role", "type": "PROPERTY", "propertyType": "OBJECT"})
    edges = [
        {"sub": iri(curie(row["id"], prefix)), "pred": predicate, "obj": iri(each)}
        for row in rows
        for predicate, kind in (("is_a", "is_a"), (iri(ROLE), "has_role"), (iri(PART), "has_part"))
        for each in related(row, kind, prefix)
    ]
    version = f"{OBO}{prefix.lower()}/releases/2025-01-16/{prefix.lower()}.json"
    graph = {"id": f"{OBO}{prefix.lower()}.json", "meta": {"version": version}, "nodes": nodes, "edges": edges}
    with path.open("w", encoding="utf-8") as file:
        json.dump({"graphs": [graph | {"equivalentNodesSets": [], "logicalDefinitionAxioms": []}]}, file)
    return path


def owl(path: Path, prefix: str, rows: Rows) -> Path:
    """Write OWL as RDF/XML."""

    def lines() -> Iterable[str]:
        name = prefix.lower()
        yield '<?xml version="1.0"?>\n<rdf:RDF xmlns="http://purl.obolibrary.org/obo/x.owl#"\n'
        yield ' xmlns:owl="http://www.w3.org/2002/07/owl#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"\n'
        yield f' xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" xmlns:oboInOwl="{IN_OWL}" xmlns:obo="{OBO}">\n'
        yield f'<owl:Ontology rdf:about="{OBO}{name}.owl">\n'
        yield f'  <owl:versionIRI rdf:resource="{OBO}{name}/releases/2025-01-16/{name}.owl"/>\n</owl:Ontology>\n'
        yield f'<owl:ObjectProperty rdf:about="{iri(ROLE)}"><rdfs:label>has role</rdfs:label></owl:ObjectProperty>\n'
        for row in rows:
            about = quoteattr(iri(curie(row["id"], prefix)))
            yield f"<owl:Class rdf:about={about}>\n"
            yield from (f"  <rdfs:subClassOf rdf:resource={quoteattr(iri(each))}/>\n"
                        for each in related(row, "is_a", prefix))  # fmt: skip
            for property_, kind in ((ROLE, "has_role"), (PART, "has_part")):
                yield from (
                    f'  <rdfs:subClassOf><owl:Restriction><owl:onProperty rdf:resource="{iri(property_)}"/>'
                    f"<owl:someValuesFrom rdf:resource={quoteattr(iri(each))}/></owl:Restriction></rdfs:subClassOf>\n"
                    for each in related(row, kind, prefix)
                )
            yield f"  <obo:IAO_0000115>{escape(row['name'])} is this.</obo:IAO_0000115>\n"
            for tag, values in (
                ("hasAlternativeId", [curie(each, prefix) for each in row.get("alt_ids", ())]),
                ("hasExactSynonym", row.get("synonyms", ())),
                ("hasDbXref", refs(row)),
                ("id", [curie(row["id"], prefix)]),
            ):
                yield from (f"  <oboInOwl:{tag}>{escape(each)}</oboInOwl:{tag}>\n" for each in values)
            yield f"  <rdfs:label>{escape(row['name'])}</rdfs:label>\n</owl:Class>\n"
            yield from (
                f"<owl:Axiom><owl:annotatedSource rdf:resource={about}/>"
                f'<owl:annotatedProperty rdf:resource="{IN_OWL}hasExactSynonym"/>'
                f"<owl:annotatedTarget>{escape(each)}</owl:annotatedTarget>"
                f"<oboInOwl:hasDbXref>MESH:D000000</oboInOwl:hasDbXref></owl:Axiom>\n"
                for each in row.get("synonyms", ())[:1]
            )
        yield f'<owl:Class rdf:about="{OBO}{prefix}_9999999"><rdfs:label>obsolete thing</rdfs:label>'
        yield '<owl:deprecated rdf:datatype="http://www.w3.org/2001/XMLSchema#boolean">true</owl:deprecated>'
        yield f'</owl:Class>\n<owl:Class rdf:about="{OBO}UBERON_0002107"><rdfs:label>liver</rdfs:label></owl:Class>\n'
        yield "</rdf:RDF>\n"

    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines())
    return path


WRITERS = {"obo": obo, "json": graphs, "owl": owl}
