"""Words of an index become NLM's identifiers, and only by name: the headings, substances and publication types of the
worked study are all found, and a pair is allowed exactly where MeSH's own table allows it.

Drugs get the identifiers of other vocabularies only where a stored mapping says that they are the same.
"""

import gzip
import random
import re
import subprocess
from pathlib import Path

import pytest

from picograph.kg.store import open_store
from picograph.ontology.concepts import concept, concepts, label, mappings
from picograph.ontology.drugs import identifiers
from picograph.ontology.errors import UsageError
from picograph.ontology.mesh import allowed, find_descriptor, find_qualifier, find_substance, heading
from picograph.tests.acceptance.program import COMMAND, WORKED

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


def test_ten_thousand_pairs_of_all_descriptors_are_as_in_the_table(tmp_path: Path) -> None:
    """The pairs are drawn at random, with a seed: half from what the table allows, half from all that could be made."""
    table_file = SHARED / "vocabularies" / "mesh_2026_allowed_qualifiers.tsv.gz"
    with gzip.open(table_file, "rt", encoding="utf-8") as lines:
        table = {ui: allowable.split("|") for ui, allowable in (line.rstrip("\n").split("\t") for line in lines)}
    qualifiers = [item.curie.removeprefix("mesh:") for item in concepts("mesh") if item.curie.startswith("mesh:Q")]
    folder = tmp_path / "store"
    # NLM's sample is of another year and states pairs of its own: they are taken out, the table says which there are
    sample = (SHARED / "mesh-rdf" / "samples.nt").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "mesh.nt").write_text("".join(line for line in sample if "allowableQualifier" not in line), "utf-8")
    command = [*COMMAND, "vocab", "add", "mesh", str(tmp_path / "mesh.nt"), str(table_file), "--store", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    draw = random.Random(20140117)
    some = draw.choices(sorted(table), k=10_000)
    pairs = [(one, draw.choice(table[one] if number % 2 else qualifiers)) for number, one in enumerate(some)]
    agreed = {True: 0, False: 0}
    with open_store(str(folder)) as store:
        for descriptor, qualifier in pairs:
            expected = qualifier in table[descriptor]
            assert allowed(f"mesh:{descriptor}", f"mesh:{qualifier}", store.words) is expected, (descriptor, qualifier)
            agreed[expected] += 1
    assert sum(agreed.values()) == 10_000
    assert min(agreed.values()) > 2_000
    # a pair that is not allowed is reported, of a descriptor that ships and of one that does not
    shipped = {item.curie for item in concepts("mesh")}
    far = next(one for one, _ in pairs if f"mesh:{one}" not in shipped and "Q000188" not in table[one])
    record = WORKED.read_text("utf-8")
    wrong = (
        f"    - {{descriptor: Some Words, descriptor_concept: mesh:{far}, qualifier: drug therapy,"
        " qualifier_concept: mesh:Q000188, evidence: 890-899}\n"
        "    - {descriptor: Time Factors, descriptor_concept: mesh:D013997, qualifier: drug therapy,"
        " qualifier_concept: mesh:Q000188, evidence: 880-889}\n"
    )
    (tmp_path / "made-up.yaml").write_text(record.replace("  headings:\n", "  headings:\n" + wrong, 1), "utf-8")
    run = subprocess.run([*COMMAND, "load", "made-up.yaml", "--store", str(folder)], cwd=tmp_path, capture_output=True)
    assert run.returncode == 0, run.stderr
    run = subprocess.run([*COMMAND, "validate", "--store", str(folder)], capture_output=True, text=True)
    assert "MeSH does not allow 'drug therapy' with 'Some Words'" in run.stdout
    assert "MeSH does not allow 'drug therapy' with 'Time Factors'" in run.stdout
    assert "'drug therapy' with 'Liver Neoplasms'" not in run.stdout


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
