"""WORDS: the ontology, the vocabularies that ship, and looking things up in them."""
