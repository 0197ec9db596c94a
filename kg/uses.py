"""How many studies of a store use a concept, or something below it."""

from collections.abc import Sequence

from pyoxigraph import Literal, NamedNode, QuerySolutions

from picograph.kg.store import Store
from picograph.ontology.prefixes import compress, expand
from picograph.ontology.terms import PG


def studies_using(store: Store, curies: Sequence[str]) -> dict[str, int]:
    """Count for each concept the studies of which a part names it, or something below it; empty without a store.

    A part names a concept as its own; a heading names its descriptor.
    """
    if not curies or not store.exists():
        return {}
    wanted = " ".join(str(NamedNode(expand(curie))) for curie in curies)
    rows = store.query(f"""
        PREFIX pg: <{PG}> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?concept (COUNT(DISTINCT ?study) AS ?studies) WHERE {{
          VALUES ?concept {{ {wanted} }}
          GRAPH ?words {{ ?below skos:broaderTransitive ?concept }}
          GRAPH ?record {{ ?part pg:concept|pg:descriptor ?below . ?part pg:ofStudy ?study }}
        }} GROUP BY ?concept""")
    assert isinstance(rows, QuerySolutions)
    found = dict.fromkeys(curies, 0)
    for row in rows:
        concept, studies = row["concept"], row["studies"]
        if isinstance(concept, NamedNode) and isinstance(studies, Literal) and (curie := compress(concept.value)):
            found[curie] = int(studies.value)
    return found
