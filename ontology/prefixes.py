"""Prefixes of identifiers: a CURIE such as ``mesh:D006528`` and the IRI that it stands for.

The prefixes and IRIs are those that the Bioregistry prefers (``exports/contexts/obo.context.jsonld`` and
``bioregistry.context.jsonld`` of biopragmatics/bioregistry), with three differences: MeSH keeps NLM's own IRI and is
written ``mesh:``, NLM's vocabulary is ``meshv:`` as in NLM's documents, and ``pg:`` and ``pgc:`` are ours.
"""

from picograph.ontology.errors import UsageError

# In the order in which `compress` tries them: of two namespaces that begin alike the longer comes first.
PREFIXES = {
    "pg": "https://w3id.org/picograph/ontology/",
    "pgc": "https://w3id.org/picograph/concept/",
    "meshv": "http://id.nlm.nih.gov/mesh/vocab#",
    "mesh": "http://id.nlm.nih.gov/mesh/",
    "CHEBI": "http://purl.obolibrary.org/obo/CHEBI_",
    # Both Bioregistry contexts named above give this address, although the site has moved to go.drugbank.com.
    "drugbank": "http://www.drugbank.ca/drugs/",
    "NCIT": "http://purl.obolibrary.org/obo/NCIT_",
    "MONDO": "http://purl.obolibrary.org/obo/MONDO_",
    "HP": "http://purl.obolibrary.org/obo/HP_",
    "DOID": "http://purl.obolibrary.org/obo/DOID_",
    "OAE": "http://purl.obolibrary.org/obo/OAE_",
    "OBI": "http://purl.obolibrary.org/obo/OBI_",
    "STATO": "http://purl.obolibrary.org/obo/STATO_",
    "RO": "http://purl.obolibrary.org/obo/RO_",
    "BFO": "http://purl.obolibrary.org/obo/BFO_",
    "cas": "https://commonchemistry.cas.org/detail?cas_rn=",
    "rxnorm": "http://purl.bioontology.org/ontology/RXNORM/",
    "atc": "http://www.whocc.no/atc_ddd_index/?code=",
    "prov": "http://www.w3.org/ns/prov#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
    "sh": "http://www.w3.org/ns/shacl#",
    "sssom": "https://w3id.org/sssom/",
    "semapv": "https://w3id.org/semapv/vocab/",
    "owl": "http://www.w3.org/2002/07/owl#",
}
_CANONICAL = {prefix.lower(): prefix for prefix in PREFIXES}

# What may follow a namespace: without this `compress` would make CURIEs that no Turtle or SPARQL reader takes.
_FORBIDDEN = frozenset(' \t\r\n<>"{}|\\^`')


def canonical(curie: str) -> str:
    """Write a CURIE the way that picograph stores it: the prefix in its usual case, the rest as it is.

    :raises UsageError: if the text is not a CURIE, or its prefix is not known

    >>> canonical("chebi:50924"), canonical("MESH:D006528"), canonical("DrugBank:DB00398")
    ('CHEBI:50924', 'mesh:D006528', 'drugbank:DB00398')
    """
    prefix, colon, rest = curie.strip().partition(":")
    if not colon or not prefix or not rest or not _FORBIDDEN.isdisjoint(rest):
        raise UsageError(f"{curie!r} is not a CURIE", remedy="write PREFIX:IDENTIFIER, such as mesh:D006528")
    try:
        return f"{_CANONICAL[prefix.lower()]}:{rest}"
    except KeyError:
        raise UsageError(f"the prefix {prefix} of {curie!r} is not known", remedy=_remedy(prefix)) from None


def expand(curie: str) -> str:
    """Give the IRI that a CURIE stands for; the case of the prefix does not matter.

    :raises UsageError: if the text is not a CURIE, or its prefix is not known

    >>> expand("mesh:D000077157")
    'http://id.nlm.nih.gov/mesh/D000077157'
    >>> expand("chebi:50924")
    'http://purl.obolibrary.org/obo/CHEBI_50924'
    """
    prefix, _, rest = canonical(curie).partition(":")
    return PREFIXES[prefix] + rest


def compress(iri: str) -> str | None:
    """Give the CURIE of an IRI, or None where no known namespace fits.

    >>> compress("http://id.nlm.nih.gov/mesh/D006528Q000188")
    'mesh:D006528Q000188'
    >>> compress("http://id.nlm.nih.gov/mesh/vocab#Qualifier")
    'meshv:Qualifier'
    >>> compress("https://example.org/x") is None
    True
    """
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            rest = iri[len(namespace) :]
            return f"{prefix}:{rest}" if rest and _FORBIDDEN.isdisjoint(rest) else None
    return None


def _remedy(prefix: str) -> str:
    from rapidfuzz import fuzz, process  # only when something went wrong: it costs more than the rest of a look-up

    near = process.extractOne(prefix.lower(), list(_CANONICAL), scorer=fuzz.ratio, score_cutoff=60)
    known = "known prefixes are " + ", ".join(PREFIXES)
    return f"did you mean {_CANONICAL[near[0]]}? {known}" if near else known
