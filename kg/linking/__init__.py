"""Words of a study -> concepts. Words that are not found stay words, and are counted.

    linker = open_linker()
    linker.links(text, kinds=["disease", "substance"])   # every name in a text, with its place and its concepts
    linker.choose("Hepatic neoplasms", kinds=["disease"])     # what some words mean as a whole
    link(study)                                          # a study with the concepts that its labels name

What was chosen and what was turned down is said with each link.
"""

from functools import cache

from picograph.kg.linking.lexicon import Lexicon
from picograph.kg.linking.linker import Link, Linker
from picograph.kg.linking.study import link, unmatched


@cache
def open_linker() -> Linker:
    """Give the linker of the vocabularies that ship.

    >>> open_linker().choose("hepatic neoplasm", ["disease"]).concept
    ('mesh:D008113',)
    """
    from itertools import chain

    from picograph.ontology import terms
    from picograph.ontology.concepts import concepts, mappings
    from picograph.ontology.senses import EXACT, sense_names

    exact = ((row.subject, row.object) for row in mappings() if row.predicate == EXACT)
    return Linker(Lexicon.build(chain(terms.concepts(), concepts()), sense_names(exact)))


__all__ = ["Lexicon", "Link", "Linker", "link", "open_linker", "unmatched"]
