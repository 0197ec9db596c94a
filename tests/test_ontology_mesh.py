"""Words of an index become NLM's identifiers, and only by name: the headings, substances and publication types of the
worked study are all found, and a pair is allowed exactly where MeSH's own table allows it.

Drugs get the identifiers of other vocabularies only where a stored mapping says that they are the same.
"""

import gzip
import re
from pathlib import Path

import pytest

from picograph.ontology.concepts import concept, concepts, label, mappings
from picograph.ontology.drugs import identifiers
from picograph.ontology.errors import UsageError
from picograph.ontology.mesh import allowed, find_descriptor, find_qualifier, find_substance, heading

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


def index_of_the_worked_study() -> tuple[list[str], list[tuple[str, str | None]], list[str]]:
    text = (SHARED / "seed" / "sorafenib-radiotherapy-hcc.txt").read_text(encoding="utf-8")
    _, _, index = text.partition("\nPublication types\n")
    types, _, rest = index.partition("\nMeSH terms\n")
    headings, _, substances = rest.partition("\n\n\n")

    def bullets(part: str) -> list[str]:
        return [line.strip().removeprefix("• ").strip() for line in part.splitlines() if line.strip()]

    pairs = []
    for words in bullets(headings):
        descriptor, _, qualifier = words.rstrip("*").partition(" / ")
        pairs.append((descriptor, qualifier or None))
    return bullets(types), pairs, bullets(substances)


def test_all_headings_of_the_worked_study_are_found_and_allowed() -> None:
    types, pairs, substances = index_of_the_worked_study()
    assert (len(types), len(pairs), len(substances)) == (3, 26, 3)
    for words in types:
        found = find_descriptor(words)
        assert found is not None, words
        assert concept(found).tree_numbers[0].startswith("V")
    for descriptor, qualifier in pairs:
        found = find_descriptor(descriptor)
        assert found is not None, descriptor
        assert label(found) == descriptor
        if qualifier:
            beside = find_qualifier(qualifier)
            assert beside is not None, qualifier
            assert allowed(found, beside) is True, (descriptor, qualifier)
            assert re.fullmatch(r"mesh:D\d+Q\d+", heading(found, beside))
    for words in substances:
        assert find_substance(words) == find_descriptor(words) is not None


def test_preferred_names_go_before_entry_terms() -> None:
    # "Drug Therapy" is a descriptor's name and, in other case, a qualifier's: each is found on its own side.
    assert find_descriptor("drug therapy") == "mesh:D004358"
    assert find_qualifier("Drug Therapy") == "mesh:Q000188"
    assert find_descriptor("  hepatocellular   CARCINOMA ") == "mesh:D006528"
    assert find_descriptor("Q000188") is None
    assert find_descriptor("") is None


def test_every_name_finds_its_descriptor() -> None:
    descriptors = [item for item in concepts("mesh") if item.curie.startswith("mesh:D")]
    qualifiers = [item for item in concepts("mesh") if item.curie.startswith("mesh:Q")]
    assert len(descriptors) > 300
    assert len(qualifiers) == 76
    for item in descriptors:
        assert find_descriptor(item.label.upper()) == item.curie
    for item in qualifiers:
        assert find_qualifier(item.label) == item.curie
    preferred = {item.label.casefold() for item in descriptors}
    entry_terms = [(item, name) for item in descriptors for name in item.synonyms if name.casefold() not in preferred]
    assert len(entry_terms) > 1000
    for item, name in entry_terms:
        assert find_descriptor(name) in (item.curie, None)
    assert sum(find_descriptor(name) is None for _, name in entry_terms) < len(entry_terms) / 100


def test_a_heading_is_written_as_nlm_writes_it() -> None:
    assert heading("MESH:D006528", "mesh:Q000188") == "mesh:D006528Q000188"
    assert heading("mesh:D006528") == "mesh:D006528"
    for descriptor, qualifier in [
        ("mesh:Q000188", None),
        ("mesh:D006528", "mesh:D006528"),
        ("mesh:C531958", None),
        ("CHEBI:50924", None),
        ("mesh:D006528Q000188", "mesh:Q000188"),
    ]:
        with pytest.raises(UsageError):
            heading(descriptor, qualifier)


def test_allowed_says_what_mesh_says_for_every_pair() -> None:
    with gzip.open(SHARED / "vocabularies" / "mesh_2026_allowed_qualifiers.tsv.gz", "rt", encoding="utf-8") as lines:
        table = {ui: set(allowable.split("|")) for ui, allowable in (line.rstrip("\n").split("\t") for line in lines)}
    descriptors = [item.curie for item in concepts("mesh") if item.curie.startswith("mesh:D")]
    qualifiers = [item.curie for item in concepts("mesh") if item.curie.startswith("mesh:Q")]
    seen = 0
    for descriptor in descriptors:
        expected = table.get(descriptor.removeprefix("mesh:"), set())
        for qualifier in qualifiers:
            assert allowed(descriptor, qualifier) is (qualifier.removeprefix("mesh:") in expected)
            seen += qualifier.removeprefix("mesh:") in expected
    assert seen > 5000
    assert allowed("mesh:D999999", "mesh:Q000188") is None


def test_the_identifiers_of_a_drug() -> None:
    expected = {
        "chebi": ("CHEBI:50924",),
        "drugbank": ("drugbank:DB00398",),
        "mesh": ("mesh:D000077157",),
        "ncit": ("NCIT:C61948",),
    }
    for curies in expected.values():
        assert identifiers(curies[0]) == expected


def test_a_salt_is_not_the_drug() -> None:
    assert "CHEBI:50928" not in identifiers("mesh:D000077157")["chebi"]
    assert identifiers("CHEBI:50928") == {"chebi": ("CHEBI:50928",), "ncit": ("NCIT:C2194",)}
    related = [row for row in mappings() if row.predicate == "skos:relatedMatch"]
    assert ("drugbank:DB00398", "CHEBI:50928") in {(row.subject, row.object) for row in related}
    for row in related:
        assert row.object not in identifiers(row.subject).get("chebi", ())


def test_a_shared_name_is_not_an_identity() -> None:
    lexical = [row for row in mappings() if row.justification == "semapv:LexicalMatching"]
    assert len(lexical) > 10
    assert {row.predicate for row in lexical} == {"skos:closeMatch"}
    for row in lexical:
        assert all(row.object not in curies for curies in identifiers(row.subject).values())


def test_identity_is_mutual_and_has_one_curie_in_each_vocabulary() -> None:
    known = sorted({end for row in mappings() for end in (row.subject, row.object)})
    assert len(known) > 100
    for curie in known:
        found = identifiers(curie)
        everything = {one for curies in found.values() for one in curies}
        assert curie in everything
        assert all(len(curies) == 1 for curies in found.values()), found
        assert all(identifiers(one) == found for one in everything)


def test_nothing_is_guessed_for_a_concept_nobody_knows() -> None:
    assert identifiers("mesh:D999999") == {}
    assert identifiers("mesh:D008099") == {"mesh": ("mesh:D008099",)}
    with pytest.raises(UsageError):
        identifiers("sorafenib")
