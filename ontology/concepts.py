"""Concepts of the vocabularies that ship: what they are called and where they stand.

The slices are the TSV files in ``vocabularies/``. A line is split when its concept is asked for, not before, so a
look-up in a fresh process costs a few milliseconds; pyoxigraph is imported only to make quads.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from picograph.ontology import vocabularies
from picograph.ontology.errors import UsageError
from picograph.ontology.hierarchy import a_way_up, all_above
from picograph.ontology.prefixes import canonical, expand

if TYPE_CHECKING:
    from pyoxigraph import Quad

# Each slice with the vocabulary that it is of. A look-up answers in this order.
SLICES = {
    "mesh.tsv": "mesh",
    "chebi.tsv": "chebi",
    "drugbank.tsv": "drugbank",
    "clinical.tsv": "clinical",
    "mesh_qualifiers.tsv": "mesh",
}
PREFIX_OF_SLICE = {"mesh": "mesh", "CHEBI": "chebi", "drugbank": "drugbank", "pg": "clinical", "pgc": "clinical"}
_SEVERAL = ("synonyms", "parents", "tree_numbers", "roles", "parts")  # columns with values between "|"


class Concept(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A term of a vocabulary."""

    curie: str
    label: str
    vocabulary: str
    synonyms: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()  # one step up; of a MeSH supplementary concept: the descriptors it is mapped to
    tree_numbers: tuple[str, ...] = ()  # MeSH only
    roles: tuple[str, ...] = ()  # ChEBI only: what the substance does, such as inhibiting an enzyme
    parts: tuple[str, ...] = ()  # ChEBI only: what a salt or a mixture is made of
    actions: tuple[str, ...] = ()  # MeSH only: descriptors of pharmacological actions
    codes: tuple[str, ...] = ()  # numbers that registries gave the same thing, such as those of CAS


def fold(text: str) -> str:
    """Write a name in the one way in which names are compared: one case, single spaces.

    >>> fold("  LIVER   Neoplasms ")
    'liver neoplasms'
    """
    return " ".join(text.split()).casefold()


@cache
def read_slice(name: str) -> str:
    """Give the text of a file in ``vocabularies/``.

    >>> read_slice("mesh_qualifiers.tsv").splitlines()[1]
    'mesh:Q000000981\\tdiagnostic imaging'
    """
    # What `importlib.resources` does in the end, from folder or zip alike; importing it would double a look-up's time.
    spec = vocabularies.__spec__
    assert spec is not None
    loader: Any = spec.loader
    folder = (spec.submodule_search_locations or [""])[0]
    content: bytes = loader.get_data(f"{folder}/{name}")
    return content.decode("utf-8")


def concept(curie: str) -> Concept:
    """Give the concept of a CURIE; the case of the prefix does not matter.

    :raises UsageError: if the text is not a CURIE, or the slices do not have the concept

    >>> concept("mesh:D006528").label
    'Carcinoma, Hepatocellular'
    >>> concept("chebi:50924").curie
    'CHEBI:50924'
    """
    found = _concept(canonical(curie))
    if found is None:
        raise UsageError(
            f"{curie} is not in the vocabularies that ship", remedy="look it up by name, or add the full vocabulary"
        )
    return found


def label(curie: str) -> str | None:
    """Give the preferred name of a concept, or None where the slices do not have it.

    >>> label("mesh:D000077157")
    'Sorafenib'
    >>> label("mesh:D999999") is None
    True
    """
    found = _concept(canonical(curie))
    return found.label if found else None


def ancestors(curie: str) -> tuple[str, ...]:
    """Give a concept and all above it, the nearest first.

    :raises UsageError: if the slices do not have the concept
    :raises InputError: if the hierarchy runs in a circle

    >>> [label(above) for above in ancestors("mesh:D047428")][:3]
    ['Protein Kinase Inhibitors', 'Enzyme Inhibitors', 'Molecular Mechanisms of Pharmacological Action']
    """
    return all_above(concept(curie), _concept, _at_tree().get)


def path(curie: str, to: str | None = None) -> tuple[str, ...]:
    """Give a shortest way up from a concept: to another concept, or else to a top of its vocabulary.

    :param to: the concept to end at; the way is empty if that is not above
    :raises UsageError: if the slices do not have one of the concepts

    >>> [label(step) for step in path("mesh:D006528", to="mesh:D008113")]
    ['Carcinoma, Hepatocellular', 'Liver Neoplasms']
    >>> path("mesh:D008113", to="mesh:D006528")
    ()
    """
    goal = concept(to).curie if to is not None else None
    return a_way_up(concept(curie), _concept, _at_tree().get, goal)


@cache
def _at_tree() -> dict[str, str]:
    return {tree: item.curie for item in concepts("mesh") for tree in item.tree_numbers}


def concepts(vocabulary: str | None = None) -> Iterator[Concept]:
    """Go through the concepts that ship, or those of one vocabulary, in the order of the files.

    >>> next(concepts("drugbank")).label
    'Bevacizumab'
    """
    for curie, (name, _) in _lines().items():
        if vocabulary in (None, SLICES[name]):
            found = _concept(curie)
            assert found is not None
            yield found


@cache
def parse_line(name: str, line: str) -> Concept:
    """Make the concept of one line of a slice.

    >>> parse_line("drugbank.tsv", "drugbank:DB00398\\tSorafenib").label
    'Sorafenib'
    """
    cells = dict(zip(_columns(name), line.split("\t"), strict=True))
    several = {column: tuple(cells[column].split("|")) for column in _SEVERAL if cells.get(column)}
    return Concept(curie=cells["curie"], label=cells["label"], vocabulary=SLICES[name], **several)


@cache
def _columns(name: str) -> tuple[str, ...]:
    return tuple(read_slice(name).partition("\n")[0].split("\t"))


@cache
def _lines() -> dict[str, tuple[str, str]]:
    return {
        line.partition("\t")[0]: (name, line) for name in SLICES for line in read_slice(name).splitlines()[1:] if line
    }


def shipped(curie: str) -> Concept | None:
    """Give a concept that ships by its CURIE as it is written here, or None.

    >>> shipped("mesh:D006528").label
    'Carcinoma, Hepatocellular'
    """
    return _concept(curie)


@cache
def _concept(curie: str) -> Concept | None:
    name, line = _lines().get(curie, ("", ""))
    return parse_line(name, line) if line else None


class Mapping(Struct, frozen=True, kw_only=True):
    """A row of ``mappings.tsv``: two concepts of different vocabularies, and how close they are."""

    subject: str
    predicate: str
    object: str
    justification: str
    source: str
    comment: str = ""


@cache
def mappings() -> tuple[Mapping, ...]:
    """Give the mappings that ship, in the order of the file.

    >>> next(row.object for row in mappings() if row.subject == "mesh:D000077157")
    'CHEBI:50924'
    """
    rows: list[dict[str, str]] = []
    for name in ("mappings.tsv", "clinical.sssom.tsv"):
        lines = [line for line in read_slice(name).splitlines() if not line.startswith("#")]
        header = lines[0].split("\t")
        rows += (dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:])
    return tuple(
        Mapping(
            subject=row["subject_id"],
            predicate=row["predicate_id"],
            object=row["object_id"],
            justification=row["mapping_justification"],
            source=row["mapping_source"],
            comment=row["comment"],
        )
        for row in rows
    )


@cache
def _mappings_by_end() -> dict[str, tuple[Mapping, ...]]:
    found: dict[str, tuple[Mapping, ...]] = {}
    for row in mappings():
        for end in {row.subject, row.object}:
            found[end] = (*found.get(end, ()), row)
    return found


def mappings_of(curie: str) -> tuple[Mapping, ...]:
    """Give the mappings that ship of one concept, whichever end it is.

    >>> [row.source for row in mappings_of("NCIT:C61948")]
    ['table:ncit_map']
    """
    return _mappings_by_end().get(curie, ())


@cache
def allowed_qualifiers() -> dict[str, frozenset[str]]:
    """Give the qualifiers that each MeSH descriptor of the slice allows, all by their codes.

    >>> "Q000188" in allowed_qualifiers()["D006528"]
    True
    """
    known = {}
    for line in read_slice("mesh_allowed_qualifiers.tsv").splitlines()[1:]:
        qualifiers, descriptors = line.split("\t")
        group = frozenset(filter(None, qualifiers.split("|")))
        known.update(dict.fromkeys(descriptors.split("|"), group))
    return known


@cache
def publishers() -> dict[str, dict[str, Any]]:
    """Say for each vocabulary who publishes it, under which licence, and where the whole of it is.

    >>> publishers()["mondo"]["prefix"]
    'MONDO'
    """
    import tomllib

    return tomllib.loads(read_slice("sources.toml"))


def sources() -> dict[str, dict[str, Any]]:
    """Say for each vocabulary that ships where its slice was cut from, and the rest as `publishers` does.

    >>> sources()["mesh"]["publisher"]
    'U.S. National Library of Medicine'
    """
    return {name: source for name, source in publishers().items() if source["files"]}


def vocabulary_quads() -> "dict[str, list[Quad]]":
    """Give the vocabularies as quads, one list for each named graph, always in the same order.

    MeSH is in the shape of NLM's MeSH RDF, as far as the tables go: entry terms stand as ``skos:altLabel`` at the
    descriptor, because the tables have no concept and term numbers. In each graph ``skos:broaderTransitive`` leads from
    a concept to itself and to all above it.

    >>> [graph.rpartition("/")[2] for graph, quads in vocabulary_quads().items() if quads]
    ['mesh', 'chebi', 'drugbank', 'clinical', 'mappings']
    """
    from hashlib import sha256

    from pyoxigraph import Literal, NamedNode, Quad

    graphs: dict[str, list[Quad]] = {}
    for vocabulary, source in sources().items():
        graph = NamedNode(source["graph"])
        quads: dict[Quad, None] = {}  # a tree number may be described twice: a dictionary keeps the order and drops it

        def add(subject: str, predicate: str, value: str | Literal, graph: NamedNode = graph) -> None:
            node = NamedNode(_iri(value)) if isinstance(value, str) else value
            quads[Quad(NamedNode(_iri(subject)), NamedNode(_iri(predicate)), node, graph)] = None  # noqa: B023

        checksum = sha256("".join(read_slice(name) for name in source["files"]).encode()).hexdigest()
        add(source["graph"], "rdf:type", "pg:Vocabulary")
        add(source["graph"], "dcterms:title", Literal(source["title"], language="en"))
        add(source["graph"], "dcterms:publisher", Literal(source["publisher"]))
        add(source["graph"], "dcterms:license", source["licence"])
        add(source["graph"], "pg:version", Literal(source["version"]))
        add(source["graph"], "pg:contentChecksum", Literal(checksum))
        if vocabulary == "mappings":
            for row in mappings():
                add(row.subject, row.predicate, row.object)
        for item in concepts(vocabulary):
            add(item.curie, "rdfs:label", Literal(item.label, language="en"))
            for synonym in item.synonyms:
                add(item.curie, "skos:altLabel", Literal(synonym, language="en"))
            if vocabulary in _TRIPLES:
                _TRIPLES[vocabulary](item, add)
            for above in ancestors(item.curie):
                add(item.curie, "skos:broaderTransitive", above)
        graphs[source["graph"]] = list(quads)
    return graphs


def _mesh_triples(item: Concept, add: Callable[..., None]) -> None:
    from pyoxigraph import Literal

    supplementary = item.curie.startswith("mesh:C")
    add(item.curie, "rdf:type", _mesh_class(item))
    add(item.curie, "meshv:identifier", Literal(item.curie.removeprefix("mesh:")))
    for parent in item.parents:
        add(item.curie, "meshv:mappedTo" if supplementary else "meshv:broaderDescriptor", parent)
    for tree in item.tree_numbers:
        add(item.curie, "meshv:treeNumber", f"mesh:{tree}")
        while tree:  # the numbers above belong to ancestors, which the slice has: said twice, kept once
            above = tree.rpartition(".")[0]
            add(f"mesh:{tree}", "rdf:type", "meshv:TreeNumber")
            add(f"mesh:{tree}", "rdfs:label", Literal(tree, language="en"))
            if above:
                add(f"mesh:{tree}", "meshv:parentTreeNumber", f"mesh:{above}")
            tree = above


def _mesh_class(item: Concept) -> str:
    """Tell NLM's class, which the tables do not name, by NLM's own words (vocabulary.ttl of MeSH RDF).

    "All MeSH Publication Types are in the V tree"; check tags are the two descriptors without tree numbers; a
    supplementary concept that is mapped to drugs and chemicals only (tree D) is a chemical.
    """
    kind = item.curie.removeprefix("mesh:")[0]
    if kind == "Q":
        return "meshv:Qualifier"
    if kind == "C":
        trees = [tree for parent in item.parents for tree in concept(parent).tree_numbers]
        chemical = bool(trees) and all(tree.startswith("D") for tree in trees)
        return "meshv:SCR_Chemical" if chemical else "meshv:SupplementaryConceptRecord"
    if not item.tree_numbers:
        return "meshv:CheckTag"
    branch = {tree[0] for tree in item.tree_numbers}
    return {"V": "meshv:PublicationType", "Z": "meshv:GeographicalDescriptor"}.get(
        branch.pop() if len(branch) == 1 else "", "meshv:TopicalDescriptor"
    )


def _chebi_triples(item: Concept, add: Callable[..., None]) -> None:
    for parent in item.parents:
        add(item.curie, "rdfs:subClassOf", parent)
    for role in item.roles:
        add(item.curie, "RO:0000087", role)  # has role
    for part in item.parts:
        add(item.curie, "BFO:0000051", part)  # has part


_TRIPLES: dict[str, Callable[[Concept, Callable[..., None]], None]] = {"mesh": _mesh_triples, "chebi": _chebi_triples}


def _iri(name: str) -> str:
    return name if name.startswith("http") else expand(name)
