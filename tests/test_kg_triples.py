"""Promise: a study said in RDF comes back the same, from memory, from disk, from a server and from a file of N-Quads.

What is written in bulk, lines and rows of the results table, is what a plain writer says one quad at a time. Loading
again gives the same IRIs; no part is without a name, a study and a type; every place leads back.
"""

import re
from collections.abc import Callable
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
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from picograph.kg.derivation import derive
from picograph.kg.linking import link
from picograph.kg.model import PG, part_classes, parts_of
from picograph.kg.readers import read_record, study_file
from picograph.kg.report import Report
from picograph.kg.results import Baseline, Interval, PValue, Quantity
from picograph.kg.source import Method, Place, Record, Source
from picograph.kg.store import open_store
from picograph.kg.store.table import lines_of
from picograph.kg.study import Arm, Conclusion, Condition, Population, Study
from picograph.kg.triples import (
    BASE,
    canonical,
    content,
    document_iri,
    graphs_of,
    names_of,
    place_iri,
    quads_of,
    record_iri,
    records_of,
    split_place,
    study_iri,
    study_key,
    study_of,
    write,
)
from picograph.ontology.errors import InputError
from picograph.tests.plain_triples import plain_quads
from picograph.tests.strategies import studies, study_keys, texts

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
RECORD = Record(document="pmid:1", source=Source(sha256="0" * 64, characters=500), method=Method.CURATED)


def examples(most: int) -> settings:
    """So many examples, however long each takes."""
    return settings(max_examples=most, deadline=None, suppress_health_check=list(HealthCheck))


def study(**fields: Any) -> Study:
    return Study(**{"key": "pmid:1", "record": RECORD} | fields)


def seed() -> Study:
    path = Path(__file__).resolve().parents[1] / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml"
    return derive(link(study_file.read(path.read_bytes(), path.name)))


SEED = quads_of(seed())


# --- there and back ---------------------------------------------------------------------------------------------


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


# --- bulk --------------------------------------------------------------------------------------------------------


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


# --- the shape --------------------------------------------------------------------------------------------------


def check_shape(given: Study, quads: list[Quad]) -> int:
    """Hold a record's graph against design §3; how many parts it has."""
    names = names_of(given)
    assert {quad.graph_name for quad in quads} == {NamedNode(names.record)}
    assert not [quad for quad in quads if isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)]
    assert len(set(quads)) == len(quads)
    types: dict[str, set[str]] = {}
    studies_of: dict[str, set[str]] = {}
    objects = {quad.object.value for quad in quads if isinstance(quad.object, NamedNode)}
    for quad in quads:
        subject = str(quad.subject.value)
        if quad.predicate.value == TYPE:
            types.setdefault(subject, set()).add(quad.object.value)
        elif quad.predicate.value == PG + "ofStudy":
            studies_of.setdefault(subject, set()).add(quad.object.value)
        elif quad.predicate.value == PG + "evidence":
            sha256, place = split_place(quad.object.value)
            assert sha256 == given.record.source.sha256
            assert place_iri(sha256, place) == quad.object.value
    subjects = {str(quad.subject.value) for quad in quads}
    assert set(types) == subjects, "everything has a type"
    parts = subjects - {names.study, names.record, names.source}
    assert all(studies_of[part] == {names.study} for part in parts), "every part says of which study it is"
    assert all(types[part] <= {PG + name for name in part_classes()} for part in parts)
    assert parts <= objects, "every part hangs on something"
    return len(parts)


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


# --- names ------------------------------------------------------------------------------------------------------

STRANGE = [
    "doi:10.1000/<>\"{}|\\^`é%zz#?[]'()",
    "doi:10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2",
    "NCT00000001",
    "pmid:1",
    "ISRCTN:a/../../b",
    "x:%2F",
    "x:\u202e𝒳\u0301",
]


@pytest.mark.parametrize("key", STRANGE)
def test_strange_keys_have_names_that_lead_back(key: str) -> None:
    given = study(key=key, record=structs.replace(RECORD, document=key), arms=(Arm(key="a", label="A"),))
    quads = quads_of(given)
    assert study_of(quads) == canonical(given)
    assert study_key(study_iri(key)) == key
    assert study_iri(key).count("/") == 5, "a key is one step of the path"
    check_shape(given, quads)


@given(study_keys | texts, st.sampled_from(Method))
def test_any_document_has_a_name(document: str, method: Method) -> None:
    NamedNode(document_iri(document))
    NamedNode(record_iri(document, method))
    assert study_key(study_iri(document)) == document


@pytest.mark.parametrize(
    ("document", "iri"),
    [
        ("pmid:24661665", "https://pubmed.ncbi.nlm.nih.gov/24661665/"),
        ("NCT00105443", "https://clinicaltrials.gov/study/NCT00105443"),
        ("doi:10.1000/a<b>", "https://doi.org/10.1000/a%3Cb%3E"),
        ("pmid: 1 2", BASE + "document/pmid:%201%202"),
        ("NCT0/../x", BASE + "document/NCT0%2F..%2Fx"),
        ("EUCTR 2004-1", BASE + "document/EUCTR%202004-1"),
    ],
)
def test_documents_have_the_names_of_their_publishers(document: str, iri: str) -> None:
    assert document_iri(document) == iri


def test_two_readings_of_one_document_are_two_graphs_of_one_study() -> None:
    one = study()
    two = study(record=structs.replace(RECORD, method=Method.RULE))
    assert names_of(one).record != names_of(two).record
    assert names_of(one).study == names_of(two).study


# --- one canonical form -----------------------------------------------------------------------------------------


def conditions(*concepts: str) -> Study:
    return study(population=Population(conditions=(Condition(label="x", concept=concepts),)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (conditions("MESH:D006528"), conditions("mesh:D006528")),
        (conditions("mesh:vocab#Qualifier"), conditions("meshv:Qualifier")),
        (conditions("mesh:D2", "mesh:D1", "MeSH:D1"), conditions("mesh:D1", "mesh:D2")),
        (
            study(population=Population(evidence=(Place("/1"), Place("/01"), Place("/1")))),
            study(population=Population(evidence=(Place("/01"), Place("/1")))),
        ),
        (
            study(baselines=(Baseline(variable="x", quantity=Quantity(unit="1", value=Decimal("1.500"))),)),
            study(baselines=(Baseline(variable="x", quantity=Quantity(unit="1", value=Decimal("1.5"))),)),
        ),
    ],
)
def test_what_means_the_same_is_written_the_same(one: Study, other: Study) -> None:
    assert canonical(one) == canonical(other)
    assert quads_of(one) == quads_of(other)
    assert study_of(quads_of(one)) == canonical(one)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("123456789012345678.123456789012345678", "123456789012345678.123456789012345678"),
        ("0.000000000000000001", "0.000000000000000001"),
        ("400.0", "400"),
        ("1E+3", "1000"),
        ("-0.0", "0"),
        ("100", "100"),
        ("-12.50", "-12.5"),
    ],
)
def test_decimals_keep_every_digit(written: str, kept: str, tmp_path: Path) -> None:
    given = study(baselines=(Baseline(variable="x", quantity=Quantity(unit="1", value=Decimal(written))),))
    (literal,) = [q.object for q in quads_of(given) if q.predicate.value == PG + "quantityValue"]
    assert isinstance(literal, Literal)
    assert literal.value == kept
    assert literal.datatype.value.endswith("#decimal")
    with open_store(tmp_path / "store") as store:
        with store.write() as writer:
            writer.replace(names_of(given).record, quads_of(given))
        back = study_of(store.quads(names_of(given).record))
    assert back.baselines[0].quantity is not None
    assert back.baselines[0].quantity.value == Decimal(written)
    assert format(back.baselines[0].quantity.value, "f") == kept


def test_a_value_that_says_nothing_is_absent() -> None:
    empty = Baseline(variable="x", quantity=Quantity(unit="1"))
    assert canonical(study(baselines=(empty,))).baselines[0].quantity == Quantity(unit="1")
    from picograph.kg.results import Estimate, Statistic

    estimate = Estimate(outcome="o", statistic=Statistic.MEDIAN, interval=Interval(), p=PValue(value=Decimal("0.050")))
    form = canonical(estimate)
    assert form.interval is None
    assert str(form.p.value) == "0.05" if form.p else False


def test_parts_stand_in_the_order_of_the_source() -> None:
    late, early = Condition(label="a", evidence=(Place("90-95"),)), Condition(label="z", evidence=(Place("5-10"),))
    nowhere = Condition(label="m")
    form = canonical(Population(conditions=(late, nowhere, early, late), evidence=(Place("50-60"), Place("5-6"))))
    assert form.conditions == (early, late, nowhere)
    assert form.evidence == (Place("5-6"), Place("50-60"))


# --- graphs that are no record ----------------------------------------------------------------------------------


def without(*predicates: str) -> list[Quad]:
    return [quad for quad in SEED if quad.predicate.value.rpartition("/")[2] not in predicates]


def changed(predicate: str, value: NamedNode | Literal) -> list[Quad]:
    first, *_ = [quad for quad in SEED if quad.predicate.value == PG + predicate]
    return [quad for quad in SEED if quad != first] + [Quad(first.subject, first.predicate, value, first.graph_name)]


@pytest.mark.parametrize(
    "make",
    [
        list,
        lambda: [*SEED, *quads_of(study())],
        lambda: [quad for quad in SEED if quad.predicate.value != TYPE],
        lambda: without("sha256"),
        lambda: without("documentKey"),
        lambda: without("method"),
        lambda: changed("affected", Literal("many")),
        lambda: changed("method", NamedNode(PG + "Guessed")),
        lambda: changed("evidence", NamedNode(BASE + "source/" + "0" * 64 + "#char=9,2")),
        lambda: changed("doseValue", Literal("a lot")),
    ],
)
def test_a_graph_that_is_no_record_is_an_input_error(make: Callable[[], list[Quad]]) -> None:
    with pytest.raises(InputError):
        study_of(make())


def test_an_empty_report_is_no_loss() -> None:
    assert study_of(quads_of(study(report=Report()))) == study()
    assert len(list(parts_of(study()))) == 1
