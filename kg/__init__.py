"""FACTS: the typed study, its readers, its triples, its store."""
