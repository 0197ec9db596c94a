"""Promise: whatever a document is called has a name that leads back, and what means the same is written the same."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from pyoxigraph import Literal, NamedNode, Quad

from picograph.kg.model import PG, parts_of
from picograph.kg.recovery import study_of
from picograph.kg.report import Report
from picograph.kg.results import Baseline, Interval, PValue, Quantity
from picograph.kg.source import Method, Place
from picograph.kg.store import open_store
from picograph.kg.study import Arm, Condition, Population, Study
from picograph.kg.triples import BASE, canonical, document_iri, names_of, quads_of, record_iri, study_iri, study_key
from picograph.ontology.errors import InputError
from picograph.tests.small_studies import RECORD, SEED, TYPE, check_shape, conditions, study
from picograph.tests.strategies import study_keys, texts

# --- names ----------------------------------------------------------------------------------------------------

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


# --- one canonical form ---------------------------------------------------------------------------------------


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


# --- graphs that are no record --------------------------------------------------------------------------------


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
