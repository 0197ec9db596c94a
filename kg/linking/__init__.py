"""Words of a study -> concepts. Words that are not found stay words, and are counted.

    linker = open_linker()
    linker.links(text, kinds=["disease", "substance"])   # every name in a text, with its place and its concepts
    linker.choose("Hepatic neoplasms", kinds=["disease"])     # what some words mean as a whole
    link(study)                                          # a study with the concepts that its labels name

What was chosen and what was turned down is said with each link.
"""

from picograph.kg.linking.lexicon import Lexicon
from picograph.kg.linking.lexicons import fingerprint, make_ready, open_linker
from picograph.kg.linking.linker import Link, Linker
from picograph.kg.linking.study import link, unmatched

__all__ = ["Lexicon", "Link", "Linker", "fingerprint", "link", "make_ready", "open_linker", "unmatched"]
