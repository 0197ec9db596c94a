"""What an index of a vocabulary answers is what its concepts say: the slices that ship give the same answers from an
index as from their text.

A file that is no index, or one of another version, is refused with a remedy.
"""

import sqlite3
from pathlib import Path

import pytest

from picograph.ontology import concepts, lookup, mesh
from picograph.ontology.concepts import Concept, fold
from picograph.ontology.drugs import identifiers
from picograph.ontology.errors import InputError
from picograph.ontology.index import Index, Vocabulary, words_of
from picograph.ontology.indexing import IndexWriter
from picograph.ontology.words import SHIPPED, Words

ALL = tuple(concepts.concepts())


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Words:
    """The slices that ship, each in an index."""
    folder = tmp_path_factory.mktemp("words")
    for name in concepts.sources():
        with IndexWriter(folder / f"{name}.sqlite") as writer:
            writer.add(concepts.concepts(name))
            if name == "mappings":
                writer.add_mappings(concepts.mappings())
            if name == "mesh":
                writer.add_qualifiers(concepts.allowed_qualifiers().items())
            writer.finish(Vocabulary(name=name, title=name, version="1", counts=writer.counts, whole=True))
    return Words(folder)


def test_an_index_gives_back_what_was_written(indexed: Words) -> None:
    assert len(ALL) > 500
    assert sorted(indexed.concepts(), key=lambda each: each.curie) == sorted(ALL, key=lambda each: each.curie)
    for item in ALL:
        assert indexed.get(item.curie) == item
        assert indexed.ancestors(item.curie) == concepts.ancestors(item.curie)
        assert indexed.path(item.curie) == concepts.path(item.curie)
    assert indexed.get("mesh:D999999") is None
    assert tuple(indexed.mappings()) == concepts.mappings()


def test_every_name_is_found_under_every_concept_that_has_it(indexed: Words) -> None:
    owners: dict[str, set[str]] = {}
    for item in ALL:
        for name in (item.label, *item.synonyms):
            owners.setdefault(fold(name), set()).add(item.curie)
    assert len(owners) > 1500
    for name, curies in owners.items():
        assert {each.curie for each in indexed.named(name.upper().lower())} == curies
        assert {each.curie for each in SHIPPED.named(name)} == curies


def test_mappings_and_identifiers_are_those_of_the_slice(indexed: Words) -> None:
    seen = 0
    for item in ALL:
        assert list(indexed.mappings(item.curie)) == list(concepts.mappings_of(item.curie)), item.curie
        assert identifiers(item.curie, indexed) == identifiers(item.curie)
        seen += len(identifiers(item.curie)) > 1
    assert seen > 50


def test_qualifiers_are_those_of_the_slice(indexed: Words) -> None:
    descriptors = [item.curie for item in ALL if item.curie.startswith("mesh:D")]
    for descriptor in descriptors:
        for qualifier in ("mesh:Q000188", "mesh:Q000150"):
            assert mesh.allowed(descriptor, qualifier, indexed) == mesh.allowed(descriptor, qualifier)
    assert len(descriptors) > 300
    assert mesh.allowed("mesh:D999999", "mesh:Q000188", indexed) is None


@pytest.mark.parametrize(
    "text",
    [
        "Sorafenib", "hepatocellular carcinoma", "  LIVER   neoplasms ", "D006528", "50924", "mesh:D006528",
        "chebi:50924", "http://id.nlm.nih.gov/mesh/D006528", "C04.588.274.623", "c04", "protein kinase inhib",
        "hepatocellular carc", "sorafanib", "srafenib", "sorafneib", "sorafeni", "nausia", "diarrhoea",
        "hepatocelular carcinma", "radiotherpy", "drug terapy", "kinase", "xyzzy qqq", "|", "",
    ],
)  # fmt: skip
def test_a_look_up_gives_the_same_first_answers(indexed: Words, text: str) -> None:
    from_slice = [(each.concept.curie, each.how, each.words) for each in lookup.find(text, 3)]
    from_index = [(each.concept.curie, each.how, each.words) for each in lookup.find(text, 3, indexed)]
    # of names that are less alike the index gives fewer: it does not compare with every name
    wanted = 1 if from_slice and from_slice[0][1] == "similar" else 3
    assert from_index[:wanted] == from_slice[:wanted]


def test_codes_of_registries_find_their_concept(tmp_path: Path) -> None:
    with IndexWriter(tmp_path / "own.sqlite") as writer:
        writer.add([Concept(curie="CHEBI:1", label="One", vocabulary="own", codes=("12-34-5",))])
        writer.finish(Vocabulary(name="own", title="Own", version="1"))
    [match] = lookup.find("12-34-5", words=Words(tmp_path))
    assert (match.concept.label, match.how) == ("One", "code")


def test_a_concept_described_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.sqlite"
    with IndexWriter(path) as writer:
        writer.add([Concept(curie="CHEBI:1", label=label, vocabulary="own") for label in ("One", "Two")])
        with pytest.raises(InputError, match="CHEBI:1 is described twice"):
            writer.finish(Vocabulary(name="own", title="Own", version="1"))


def test_a_writer_that_is_stopped_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "own.sqlite"
    with pytest.raises(ZeroDivisionError), IndexWriter(path):
        1 / 0  # noqa: B018
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"no index at all", b"SQLite format 3\0 and nothing more"])
def test_what_is_no_index_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mesh.sqlite").write_bytes(content)
    with pytest.raises(InputError, match="vocab add"):
        Words(tmp_path).label("mesh:D006528")


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mesh.sqlite"
    with IndexWriter(path) as writer:
        writer.finish(Vocabulary(name="mesh", title="MeSH", version="1"))
    with sqlite3.connect(path) as changed:
        changed.execute("UPDATE meta SET value = '0' WHERE key = 'format'")
    changed.close()
    with pytest.raises(InputError, match="another version"):
        Index(path)


def test_words_are_those_of_the_full_text_index() -> None:
    names = ("beta-sitosterol, (3β)-crème", "1,2-Dichloroethane", "Sjögren's syndrome", "α_β", "naïve T-cells")
    memory = sqlite3.connect(":memory:")
    memory.execute("CREATE VIRTUAL TABLE f USING fts5(n, content='', detail=none, tokenize='unicode61')")
    memory.execute("CREATE VIRTUAL TABLE v USING fts5vocab(f, row)")
    memory.executemany("INSERT INTO f (rowid, n) VALUES (?, ?)", enumerate(names))
    theirs = {word for (word,) in memory.execute("SELECT term FROM v")}
    memory.close()
    assert {word for name in names for word in words_of(fold(name))} == theirs
