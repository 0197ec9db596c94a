"""Promise: a study said in RDF comes back the same, from memory, from disk, from a server and from a file of N-Quads.

What is written in bulk, lines and rows of the results table, is what a plain writer says one quad at a time. Loading
again gives the same IRIs; no part is without a name, a study and a type; every place leads back.
"""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from picograph.kg.derivation import derive
from picograph.kg.linking import link
from picograph.kg.model import PG, parts_of
from picograph.kg.readers import read_record
from picograph.kg.recovery import graphs_of, records_of, study_of
from picograph.kg.results import Baseline, Quantity
from picograph.kg.source import Method, Place, Source
from picograph.kg.store import open_store
from picograph.kg.store.table import lines_of
from picograph.kg.study import Arm, Conclusion, Condition, Population, Study
from picograph.kg.triples import BASE, canonical, content, names_of, quads_of, write
from picograph.tests.plain_triples import plain_quads
from picograph.tests.small_studies import RECORD, SEED, TYPE, check_shape, seed, study
from picograph.tests.strategies import studies


def examples(most: int) -> settings:
    """So many examples, however long each takes."""
    return settings(max_examples=most, deadline=None, suppress_health_check=list(HealthCheck))


# --- there and back -------------------------------------------------------------------------------------------


@examples(150)
@given(studies())
def test_a_study_comes_back_the_same(given: Study) -> None:
    assert study_of(quads_of(given)) == canonical(given)


@examples(60)
@given(studies(), st.randoms(use_true_random=False))
def test_the_order_of_quads_does_not_matter(given: Study, random: Any) -> None:
    quads = quads_of(given)
    random.shuffle(quads)
    assert study_of(quads) == canonical(given)
    assert quads_of(study_of(quads)) == quads_of(given)


@examples(60)
@given(studies())
def test_the_canonical_form_is_the_only_one(given: Study) -> None:
    once = canonical(given)
    assert canonical(once) == once
    assert quads_of(once) == quads_of(given)
    assert set(quads_of(derive(given))) >= {quad for quad in quads_of(given) if "contentChecksum" not in str(quad)}


@examples(40)
@given(studies())
def test_a_study_comes_back_from_nquads_and_from_rdflib(given: Study) -> None:
    quads = quads_of(given)
    body = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert body is not None
    assert study_of(ox.parse(body, format=ox.RdfFormat.N_QUADS)) == canonical(given)
    dataset = rdflib.Dataset()
    dataset.parse(data=body.decode(), format="nquads")
    assert len(list(dataset.quads((None, None, None, None)))) == len(quads)
    again = dataset.serialize(format="nquads")
    assert study_of(ox.parse(again.encode(), format=ox.RdfFormat.N_QUADS)) == canonical(given)


def through(location: Any, many: list[Study], update: str | None = None) -> None:
    graphs = {names_of(each).record: quads_of(each) for each in many}
    with open_store(location, update_endpoint=update) as store:
        with store.write() as writer:
            for name, quads in graphs.items():
                writer.replace(name, quads)
        for name, quads in graphs.items():
            back = list(store.quads(name))
            assert set(back) == set(quads)
            assert study_of(back) == study_of(quads)
        assert {name for name, _ in records_of(store.quads())} == set(graphs)
        with store.write() as writer:
            for name in graphs:
                writer.remove(name)


_several = st.lists(studies(), min_size=1, max_size=2)


@examples(10)
@given(many=_several)
def test_studies_come_back_from_disk(many: list[Study], tmp_path_factory: pytest.TempPathFactory) -> None:
    through(tmp_path_factory.mktemp("disk") / "store", many)


@examples(20)
@given(many=_several, by_update=st.booleans())
def test_studies_come_back_from_a_server(many: list[Study], by_update: bool, remote_url: str) -> None:
    through(remote_url, many, remote_url.removesuffix("query") + "update" if by_update else None)


# --- bulk -----------------------------------------------------------------------------------------------------


def check_bulk(given: Study) -> int:
    """Hold what is written in bulk against the plain writer, and its rows against those of its quads; how many."""
    written = write(given, made_from="f" * 64)
    quads = list(ox.parse(written.lines, format=ox.RdfFormat.N_QUADS))
    assert ox.serialize(quads, format=ox.RdfFormat.N_QUADS) == written.lines, "N-Quads in their canonical form"
    graph = names_of(given).record
    sums = {PG + "contentChecksum": written.checksum, PG + "inputChecksum": "f" * 64}
    said = {quad for quad in quads if quad.predicate.value not in sums}
    assert len(set(quads)) == len(quads) == written.triples == len(said) + 2
    assert {q.predicate.value: q.object.value for q in quads if q not in said} == sums  # type: ignore[union-attr]
    assert said == plain_quads(given)
    rows = lines_of(graph, quads)
    assert (rows is None) == (written.rows is None)
    if written.rows is not None:
        assert rows is not None
        assert set(rows) == {"parts"}
        assert sorted_rows(written.rows) == sorted_rows(rows["parts"])
    return len(quads)


def sorted_rows(lines: bytes) -> list[dict[str, Any]]:
    rows = [msgspec.json.decode(line) for line in lines.splitlines()]
    for row in rows:
        row.update({name: sorted(cell) for name, cell in row.items() if isinstance(cell, list)})
    return sorted(rows, key=lambda row: str(row["part"]))


@examples(200)
@given(studies())
def test_bulk_says_of_any_study_what_the_plain_writer_says(given: Study) -> None:
    check_bulk(given)


def test_bulk_says_of_real_records_what_the_plain_writer_says(shared: Path) -> None:
    sizes = []
    for path in sorted([*shared.glob("clinicaltrials/*.json"), *shared.glob("pubmed/*.xml")]):
        sizes.append(check_bulk(derive(link(read_record(path.read_bytes(), path.name)))))
    assert len(sizes) == 8
    assert max(sizes) > 3000
    check_bulk(seed())


@pytest.mark.parametrize("number", ["1e20", "0.1234567890123456789", "-99999999999999999999.5", "12345678901234567890"])
def test_a_number_that_no_row_can_hold_is_in_the_quads_alone(number: str) -> None:
    given = study(baselines=(Baseline(variable="x", quantity=Quantity(unit="1", value=Decimal(number))),))
    check_bulk(given)
    assert (write(given).rows is None) == (number in ("1e20", "0.1234567890123456789"))


def test_characters_that_a_mark_or_an_escape_is_made_of() -> None:
    for letter in [*map(chr, range(1, 0x21)), '"', "\\", "\x7f", "\x85", "\u2028", "\ufffe", "\U0001d4b3", "\\u0000"]:
        check_bulk(study(conclusions=(Conclusion(label=f"a{letter}b"),)))
    assert write(study(conclusions=(Conclusion(label="a\0b"),))).rows is None


def test_two_parts_of_one_name_are_told_from_one() -> None:
    """No reader makes them, and no row can hold them."""
    twice = study(arms=(Arm(key="a", label="A"), Arm(key="a", label="B")))
    check_bulk(twice)
    assert write(twice).rows is None
    assert write(twice).checksum != write(study(arms=(Arm(key="a", label="A"),))).checksum


def test_a_checksum_is_of_everything_that_a_graph_says() -> None:
    given = study(arms=(Arm(key="a", label="A"),), conclusions=(Conclusion(label="good"),))
    others = [
        structs.replace(given, key="pmid:2"),
        structs.replace(given, record=structs.replace(RECORD, document="pmid:2")),
        structs.replace(given, record=structs.replace(RECORD, method=Method.MODEL)),
        structs.replace(given, record=structs.replace(RECORD, source=Source(sha256="1" * 64, characters=500))),
        structs.replace(given, arms=(Arm(key="a", label="B"),)),
        structs.replace(given, arms=(Arm(key="b", label="A"),)),
        structs.replace(given, conclusions=(Conclusion(label="bad"),)),
        structs.replace(given, conclusions=()),
    ]
    assert len({write(each).checksum for each in [given, *others]}) == 1 + len(others)
    assert write(given, made_from="1" * 64).checksum == write(given).checksum


# --- the shape ------------------------------------------------------------------------------------------------


@examples(60)
@given(studies())
def test_every_part_has_a_name_a_type_and_a_study(given: Study) -> None:
    parts = {(type(part), getattr(part, "key", None) or content(part)) for part in parts_of(canonical(given))}
    assert check_shape(given, quads_of(given)) == len(parts)


def _part_iris(given: Study) -> set[str]:
    names = names_of(given)
    return {str(quad.subject.value) for quad in quads_of(given)} - {names.study, names.record, names.source}


def test_the_seed_has_the_names_of_the_design() -> None:
    iri = BASE + "study/doi:10.1016%2Fj.ijrobp.2014.01.017"
    subjects: dict[str, set[str]] = {}
    for quad in SEED:
        if quad.predicate.value == TYPE:
            subjects.setdefault(quad.object.value.removeprefix(PG), set()).add(str(quad.subject.value))
    assert subjects["Study"] == {iri}
    assert subjects["Record"] == {BASE + "record/doi:10.1016%2Fj.ijrobp.2014.01.017/curated"}
    assert subjects["Report"] == {"https://doi.org/10.1016/j.ijrobp.2014.01.017"}
    assert subjects["Arm"] == {iri + "/arm/radiation-sorafenib"}
    assert {iri + "/intervention/sorafenib", iri + "/intervention/radiation"} <= subjects["Intervention"]
    sha256 = "3e0cba882f8ffb404f06790a16cb688f58464ad79a068e08e76112de6528b8e1"
    assert subjects["Source"] == {BASE + "source/" + sha256}
    assert all(re.fullmatch(re.escape(iri) + "/adverse-event/[0-9a-f]{16}", e) for e in subjects["AdverseEventResult"])
    assert all(re.fullmatch(re.escape(iri) + "/mesh-heading/[0-9a-f]{16}", each) for each in subjects["MeshHeading"])
    assert len(subjects["MeshHeading"]) == 26
    values = {(quad.predicate.value, quad.object.value) for quad in SEED}
    mesh = "http://id.nlm.nih.gov/mesh/"
    assert (PG + "heading", mesh + "D006528Q000188") in values
    assert (PG + "descriptor", mesh + "D006528") in values
    assert (PG + "concept", mesh + "D000077157") in values
    assert (PG + "evidence", f"{BASE}source/{sha256}#char=414,428") in values
    assert check_shape(seed(), SEED) > 60


def test_loading_again_gives_the_same_quads() -> None:
    assert quads_of(seed()) == SEED
    assert quads_of(study_of(SEED)) == SEED
    assert list(graphs_of(SEED, records_only=True)) == [names_of(seed()).record]


def test_a_part_keeps_its_name_when_another_changes() -> None:
    one, two = Condition(label="a", evidence=(Place("0-5"),)), Condition(label="b", evidence=(Place("7-9"),))
    both = _part_iris(study(population=Population(conditions=(one, two))))
    turned = _part_iris(study(population=Population(conditions=(two, one))))
    assert both == turned
    alone = _part_iris(study(population=Population(conditions=(one,))))
    assert len({iri for iri in both & alone if "/condition/" in iri}) == 1
    moved = structs.replace(one, evidence=(Place("1-5"),))
    assert not {
        iri for iri in _part_iris(study(population=Population(conditions=(moved,)))) & alone if "condition" in iri
    }
