"""A vocabulary is added whole or not at all, from its publisher's own file; what cannot be taken leaves what was there.

NLM's own samples load as they are, as RDF and as XML; a later load of records leaves a full vocabulary in its place.
"""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from picograph.tests.acceptance.program import PAIR, STUDY_FILE, Program, said

OLD = "http://id.nlm.nih.gov/mesh/"


@pytest.fixture(scope="module")
def samples(shared: Path) -> Path:
    return shared / "mesh-rdf"


@pytest.fixture(scope="module")
def small(program: Program, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with NLM's sample in RDF. Nobody adds what can be taken."""
    folder = tmp_path_factory.mktemp("vocab") / "store"
    added = program("vocab", "add", "mesh", samples / "samples.nt", store=folder)
    assert added.code == 0, added.err
    assert "62 concepts" in added.err
    return folder


@pytest.fixture(scope="module")
def diseases(program: Program, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the Human Disease Ontology. Nobody changes it."""
    folder = tmp_path_factory.mktemp("diseases") / "store"
    added = program("vocab", "add", "doid", shared / "vocabularies" / "doid.json.gz", store=folder)
    assert added.code == 0, added.err
    return folder


def found(program: Program, text: str, store: Path) -> list[dict[str, object]]:
    ran = program("lookup", text, "--format", "json", store=store)
    rows: list[dict[str, object]] = ran.json()
    return rows


def triples(program: Program, store: Path, pattern: str) -> int:
    sparql = f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <https://w3id.org/picograph/vocabulary/mesh> {{ {pattern} }} }}"
    return int(program("query", sparql, "--format", "json", store=store).json()["results"]["bindings"][0]["n"]["value"])


def test_nlms_own_sample_is_found_and_stands_in_the_graph(program: Program, small: Path, samples: Path) -> None:
    [first, *_] = found(program, "calcimycin", small)
    assert (first["concept"], first["how"]) == ("mesh:D000001", "name")
    assert found(program, "A-23187", small)[0]["concept"] == "mesh:D000001"
    assert found(program, "37H9VM9WZL", small)[0]["how"] == "code"
    lines = set((samples / "samples.nt").read_text("utf-8").splitlines())
    closure = triples(program, small, "?a <http://www.w3.org/2004/02/skos/core#broaderTransitive> ?b")
    about = triples(program, small, "<https://w3id.org/picograph/vocabulary/mesh> ?p ?o")
    assert triples(program, small, "?s ?p ?o") == len(lines) + closure + about
    assert closure > 62


def test_the_same_records_as_xml_say_the_same(program: Program, samples: Path, tmp_path: Path) -> None:
    files = [samples / f"{name}-samples.xml" for name in ("desc", "supp", "qual")]
    added = program("vocab", "add", "mesh", *files, store=tmp_path / "xml")
    assert added.code == 0, added.err
    assert "62 concepts, 378 names" in added.err


def test_xml_becomes_lines_that_nlm_itself_writes(samples: Path) -> None:
    from picograph.kg.vocabularies.files import SourceFile
    from picograph.kg.vocabularies.mesh_xml import chunks

    theirs = set((samples / "samples.nt").read_text("utf-8").splitlines())
    ours = {
        line
        for name in ("desc", "supp")
        for chunk in chunks(SourceFile(samples / f"{name}-samples.xml"))
        for line in chunk.lines.decode().splitlines()
    }
    assert len(ours) > 2500
    assert ours <= theirs


def test_loading_records_leaves_a_full_vocabulary_in_its_place(program: Program, small: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(small, store)
    before = triples(program, store, "?s ?p ?o")
    assert program("load", STUDY_FILE, store=store).code == 0
    assert triples(program, store, "?s ?p ?o") == before
    assert found(program, "calcimycin", store)[0]["concept"] == "mesh:D000001"
    rows = {row["name"]: row for row in program("vocab", "list", "--format", "json", store=store).json()}
    assert rows["mesh"]["holds"] == "whole"
    assert rows["chebi"]["holds"] == "slice"


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(line + "\n" for line in lines), "utf-8")
    return path


def about(code: str, *trees: str) -> list[str]:
    lines = [f'<{OLD}{code}> <http://www.w3.org/2000/01/rdf-schema#label> "{code}"@en .']
    return lines + [f"<{OLD}{code}> <{OLD}vocab#treeNumber> <{OLD}{tree}> ." for tree in trees]


def test_what_cannot_be_taken_is_refused_and_leaves_what_was_there(
    program: Program, small: Path, samples: Path, shared: Path, tmp_path: Path
) -> None:
    before = triples(program, small, "?s ?p ?o")
    packed = gzip.compress((samples / "samples.nt").read_bytes())
    cut = tmp_path / "cut.nt.gz"
    cut.write_bytes(packed[: len(packed) // 2])
    circle = write(
        tmp_path / "circle.nt",
        [
            *about("D000001", "A01"),
            *about("D000002", "A02"),
            f"<{OLD}A01> <{OLD}vocab#parentTreeNumber> <{OLD}A02> .",
            f"<{OLD}A02> <{OLD}vocab#parentTreeNumber> <{OLD}A01> .",
        ],
    )
    half = tmp_path / "half.nt"
    half.write_bytes((samples / "samples.nt").read_bytes()[:100_050])
    (tmp_path / "empty.nt").write_bytes(b"")
    refusals = {
        cut: "ends too soon",
        circle: "circle: A01, A02, A01",
        half: "not a line of N-Triples",
        tmp_path / "empty.nt": "empty",
        shared / "vocabularies" / "doid.json.gz": "json",
        shared / "seed" / "facts.csv": "not a descriptor",
        tmp_path / "none.nt": "cannot be read",
    }
    for path, words in refusals.items():
        said(program("vocab", "add", "mesh", path, store=small), 1, words)
        assert triples(program, small, "?s ?p ?o") == before
        assert found(program, "calcimycin", small)[0]["concept"] == "mesh:D000001"
    said(program("vocab", "add", "mesch", cut, store=small), 2, "did you mean mesh?")


def test_an_iri_that_is_none_is_left_out_and_told(program: Program, tmp_path: Path) -> None:
    bad = f"<{OLD}D000001> <{OLD}vocab#mappedTo> <{OLD}two words> ."
    file = write(tmp_path / "some.nt", [*about("D000001", "A01"), bad])
    added = program("vocab", "add", "mesh", file, store=tmp_path / "store")
    assert added.code == 0, added.err
    assert "line 3" in " ".join(added.err.split())


def test_a_full_disk_leaves_what_was_there(program: Program, small: Path, shared: Path) -> None:
    import resource
    import subprocess
    import sys

    before = triples(program, small, "?s ?p ?o")
    command = [sys.executable, "-m", "picograph.cli", "vocab", "add", "doid", str(shared / "vocabularies/doid.json.gz")]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))  # noqa: E731
    ran = subprocess.run(
        [*command, "--store", str(small)],
        capture_output=True, text=True, env=program.environment(), preexec_fn=limit, check=False,
    )  # fmt: skip
    assert ran.returncode != 0
    assert "Traceback" not in ran.stderr
    assert triples(program, small, "?s ?p ?o") == before


def test_an_ontology_in_json_is_looked_up_with_its_mappings(program: Program, diseases: Path, shared: Path) -> None:
    terms = json.loads(gzip.decompress((shared / "vocabularies" / "doid.json.gz").read_bytes()))
    seen = 0
    for term in terms[:: len(terms) // 5]:
        assert term["id"] in {row["concept"] for row in found(program, term["name"], diseases)}
        seen += 1
    assert seen >= 5
    [row] = found(program, "DOID:684", diseases)
    assert "mesh:D006528" in row["same_as"]  # type: ignore[operator]
    assert row["path"]
    assert row["studies"] == 0


def test_a_class_of_an_added_vocabulary_finds_the_study_whose_words_are_of_another(
    program: Program, diseases: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    shutil.copytree(diseases, store)
    assert program("load", STUDY_FILE, store=store).code == 0
    rows = {each: found(program, each, store)[0]["studies"] for each in ("DOID:684", "DOID:3571", "DOID:1612")}
    assert rows == {"DOID:684": 1, "DOID:3571": 1, "DOID:1612": 0}  # the carcinoma, liver cancer, breast cancer
    for condition, number in (("DOID:3571", 1), ("liver cancer", 1), ("DOID:1612", 0)):
        asked = program("ask", "studies", "--condition", condition, "--format", "json", store=store)
        assert asked.code == 0, asked.err
        assert len(asked.json()["rows"]) == number, condition


def test_records_are_linked_to_what_was_added_and_the_names_are_made_ready_once(
    program: Program, shared: Path, tmp_path: Path
) -> None:
    store, record = tmp_path / "store", tmp_path / "record.json"
    content = json.loads(PAIR[0].read_text("utf-8"))
    content["protocolSection"]["conditionsModule"]["conditions"] = ["aorta angiosarcoma"]
    record.write_text(json.dumps(content), "utf-8")
    cache = tmp_path / "cache"

    def load() -> tuple[str, str]:
        ran = program("load", record, "--format", "json", store=store, XDG_CACHE_HOME=str(cache))
        assert ran.code == 0, ran.err
        return ran.json()[0]["outcome"], ran.err

    def studies() -> int:
        asked = program("ask", "studies", "--condition", "DOID:0001816", "--format", "json", store=store)
        return len(asked.json()["rows"])

    assert load()[0] == "added"
    assert studies() == 0
    assert not cache.exists()
    assert program("vocab", "add", "doid", shared / "vocabularies" / "doid.json.gz", store=store).code == 0
    outcome, told = load()
    assert outcome == "replaced"  # what links it is another thing now
    assert "made ready" in told
    assert studies() == 1
    outcome, told = load()
    assert outcome == "unchanged"
    assert "made ready" not in told
    assert len(list((cache / "picograph" / "lexicons").iterdir())) == 1
