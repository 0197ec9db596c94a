"""Promise: a store comes to the same studies whatever the order and the batches in which its records are loaded.

Two records of one trial are one study with two named graphs, and each graph says what its own record says. What joins
them is told, and a line of a file parts them for good.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picograph.kg import readers
from picograph.kg.filing import Filing, explained
from picograph.kg.joining import Index, entry_of
from picograph.kg.load import Input, Loaded, load
from picograph.kg.recovery import records_of, study_of
from picograph.kg.report import Report
from picograph.kg.results import Text
from picograph.kg.settling import entries_of, remembered, settle_all, settle_with
from picograph.kg.source import Method, Record, Source
from picograph.kg.splits import GRAPH, Splits, parse_splits
from picograph.kg.store import Store, open_store
from picograph.kg.study import Study, rekey
from picograph.kg.triples import quads_of

PUBMED_FILE = Path(__file__).resolve().parents[1].parent / "shared" / "pubmed" / "pubmed-29768149.xml"
needs_pubmed = pytest.mark.skipif(not PUBMED_FILE.is_file(), reason="the real PubMed record is not at hand")
TRIAL, DOI = "NCT02149199", "doi:10.1056/nejmoa1715274"


def registry_record(number: str, *others: str) -> Input:
    """Make up a small record of the registry."""
    secondary = [{"id": each, "type": "EUDRACT_NUMBER" if each[0] == "2" else "REGISTRY"} for each in others]
    identification = {"nctId": number, "briefTitle": f"Made up {number}", "secondaryIdInfos": secondary}
    design = {"enrollmentInfo": {"count": 12, "type": "ACTUAL"}, "studyType": "INTERVENTIONAL"}
    made = {"protocolSection": {"identificationModule": identification, "designModule": design}}
    return Input(f"{number}.json", json.dumps(made).encode())


def study_file(key: str, document: str, *numbers: str, text: str = "Made up it is") -> Input:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    lines = [
        "picograph: study 1",
        f'key: "{key}"',
        f'record: {{document: "{document}", method: curated,',
        f'  source: {{sha256: "{sha256}", characters: {len(text)}}}}}',
        *([f"identifiers: [{', '.join(numbers)}]"] if numbers else []),
        f"outcomes: [{{key: made-up, label: made up, evidence: 0-{text.index(' ')}}}]",
    ]
    return Input(f"{document}.yaml", "\n".join(lines).encode())


def studies_of(store: Store) -> dict[str, str]:
    """Give the key of the study of each document; each graph holds one study and one record."""
    return {study.record.document: study.key for study in (study_of(quads) for _, quads in records_of(store.quads()))}


def outcomes(done: Sequence[Loaded]) -> list[tuple[str, str, str | None]]:
    return [(each.name, each.outcome, each.study) for each in done]


# --- the real record, and one of the registry with its number ---------------------------------------------------------


@pytest.fixture
def three() -> list[Input]:
    pubmed = Input("pubmed.xml", PUBMED_FILE.read_bytes())
    record = readers.read_record(pubmed.content, pubmed.name).record
    curated = study_file(DOI, record.document, text=readers.source_text_of(pubmed.content, pubmed.name))
    return [pubmed, registry_record(TRIAL, "2013-004474-96"), curated]


@needs_pubmed
def test_a_publication_and_the_registry_record_with_its_number_are_one_study_with_two_graphs() -> None:
    store = open_store(":memory:")
    pubmed = Input("pubmed.xml", PUBMED_FILE.read_bytes())
    done = load(store, [pubmed, registry_record(TRIAL)])
    assert [(each.outcome, each.study) for each in done] == [("added", TRIAL)] * 2
    graphs = dict(records_of(store.quads()))
    assert len(graphs) == 2
    studies = {
        quad.subject.value for quads in graphs.values() for quad in quads
        if quad.predicate.value.endswith("#type") and quad.object == ox.NamedNode("https://w3id.org/picograph/ontology/Study")
    }  # fmt: skip
    assert studies == {f"https://w3id.org/picograph/study/{TRIAL}"}
    # each says what its source says, and nothing else: the enrolment is the registry's, the journal PubMed's
    by_document = {study.record.document: study for study in map(study_of, graphs.values())}
    registered = by_document.pop(TRIAL)
    (published,) = by_document.values()
    assert registered.population is not None
    assert (registered.population.enrolled, registered.report.journal) == (12, None)
    assert (published.population, published.report.pmid) == (None, "29768149")
    [why] = explained(store, [done[0].record or ""])
    assert [str(each) for each in why.joined] == [f"{TRIAL}, in its list of numbers: one study with {TRIAL}"]


@needs_pubmed
def test_every_order_and_every_batch_gives_the_same_store(three: list[Input]) -> None:
    found = set()
    for order, cuts in [*((order, (1, 2, 3)) for order in permutations(three)), (three, (3,)), (three, (1, 3))]:
        store = open_store(":memory:")
        for start, end in zip((0, *cuts), cuts, strict=False):
            load(store, order[start:end])
        assert set(studies_of(store).values()) == {TRIAL}
        found.add(frozenset(quad for _, quads in records_of(store.quads()) for quad in quads))
    assert {each.outcome for each in load(store, three)} == {"unchanged"}
    assert len(found) == 1


@needs_pubmed
def test_a_later_record_that_joins_two_studies_moves_them_in_the_same_generation(
    three: list[Input], tmp_path: Path
) -> None:
    pubmed, registered, curated = three
    folder = tmp_path / "store"
    load(open_store(folder), [registered])
    (first,) = load(open_store(folder), [curated])
    assert first.study == DOI
    before = (folder / "CURRENT").read_text()
    done = load(open_store(folder), [pubmed])
    assert outcomes(done) == [
        ("pubmed.xml, line 4, PMID 29768149", "added", TRIAL),
        ("doi:10.1056/NEJMoa1715274", "moved", TRIAL),
    ]
    assert done[1].was == DOI
    assert int((folder / "CURRENT").read_text()[-7:]) == int(before[-7:]) + 1
    assert set(studies_of(open_store(folder)).values()) == {TRIAL}


@needs_pubmed
def test_a_line_of_splits_parts_a_join_and_stays(three: list[Input], tmp_path: Path, remote_url: str) -> None:
    pubmed, registered, _ = three
    for place in (":memory:", str(tmp_path / "store"), remote_url):
        with open_store(place) as store:
            load(store, [pubmed, registered])
            (document,) = studies_of(store).keys() - {TRIAL}
            assert document.lower() == DOI
            splits = parse_splits(f"pmid:29768149\t{TRIAL} # of another part of the programme", "wrong.tsv")
            done = load(store, [], splits=splits)
            assert outcomes(done) == [(document, "moved", DOI)]
            apart = {document: DOI, TRIAL: TRIAL}
            assert studies_of(store) == apart
        if place != ":memory:":
            store = open_store(place)
        with store:
            # later loads know it, and say why
            assert remembered(store) == splits
            done = load(store, [registered, pubmed])
            assert [each.outcome for each in done] == ["unchanged"] * 2
            said = f"{TRIAL} and pmid:29768149 are kept apart (wrong.tsv, line 1: of another part of the programme)"
            assert all(said in each.apart for each in explained(store, [each.record or "" for each in done]))
            assert studies_of(store) == apart
            # a file without the line takes it back
            done = load(store, [], splits=Splits())
            assert outcomes(done) == [(document, "moved", TRIAL)]
            assert set(studies_of(store).values()) == {TRIAL}
            assert list(store.quads(GRAPH)) == []


def test_splits_may_come_before_the_records() -> None:
    store = open_store(":memory:")
    load(store, [], splits=parse_splits("doi:10.1000/a NCT00000001"))
    load(store, [study_file("doi:10.1000/a", "doi:10.1000/a", "NCT00000001"), registry_record("NCT00000001")])
    assert studies_of(store) == {"doi:10.1000/a": "doi:10.1000/a", "NCT00000001": "NCT00000001"}


def test_what_no_record_states_is_told() -> None:
    store = open_store(":memory:")
    load(store, [registry_record("NCT00000001")], splits=parse_splits("doi:10.1000/mistyped NCT00000001"))
    assert Filing(store).unmet() == ["doi:10.1000/mistyped"]


def test_a_refused_record_joins_nothing() -> None:
    store = open_store(":memory:")
    bad = study_file("doi:10.1000/a", "doi:10.1000/a", "NCT00000001", "isrctn:ISRCTN10175490")
    bad = bad._replace(content=bad.content.replace(b"key: made-up", b"key: MADE UP"))
    other = study_file("pmid:1", "pmid:1", "isrctn:ISRCTN10175490")
    done = load(store, [bad, other, registry_record("NCT00000001")])
    assert [each.outcome for each in done] == ["refused", "added", "added"]
    assert studies_of(store)["pmid:1"] == "isrctn:ISRCTN10175490"


# --- any records, any batches -----------------------------------------------------------------------------------------

_NUMBERS = ["NCT00000001", "NCT00000002", "isrctn:ISRCTN10175490", "2010-022945-52"]
_DOCUMENTS = ["NCT00000001", "NCT00000002", "doi:10.1000/a", "doi:10.1000/b", "pmid:1", "pmid:2", "thesis"]


@st.composite
def _made(draw: st.DrawFn) -> Study:
    document = draw(st.sampled_from(_DOCUMENTS))
    numbers: list[Text] = draw(st.lists(st.sampled_from(_NUMBERS), max_size=2))
    return Study(
        key="lab:7" if document == "thesis" else document,
        record=Record(document=document, source=Source(sha256="0" * 64), method=Method.REGISTRY),
        identifiers=tuple(numbers),
        report=Report(
            doi=draw(st.sampled_from([None, "10.1000/a", "10.1000/b"])), pmid=draw(st.sampled_from([None, "1", "2"]))
        ),
    )


_BATCHES = st.lists(st.lists(_made(), max_size=4), max_size=4)
_PAIRS = st.lists(
    st.sampled_from([("NCT00000001", "doi:10.1000/a"), ("doi:10.1000/b", "pmid:2"), ("NCT00000002", "pmid:1")]),
    unique=True,
    max_size=2,
)


def write(store: Store, studies: Sequence[Study], splits: Splits, changed: Sequence[str] = ()) -> None:
    """Do what a load does with a batch."""
    settled = settle_with(store, [entry_of(study) for study in studies], splits, changed=changed)
    with store.write() as writer:
        for study in studies:
            record = entry_of(study).record
            writer.replace(record, quads_of(rekey(study, settled.resolutions[record].key)))
        for each in settled.rekeys:
            writer.replace(each.record, quads_of(rekey(study_of(store.quads(each.record)), each.new)))


@settings(deadline=None)
@given(_BATCHES, _PAIRS)
def test_a_store_is_settled_after_every_batch(batches: list[list[Study]], pairs: list[tuple[str, str]]) -> None:
    splits = Splits(dict.fromkeys(pairs, "a line"))
    store, last = open_store(":memory:"), dict[str, Study]()
    for batch in batches:
        write(store, batch, splits)
        last |= {entry_of(study).record: study for study in batch}
    wanted = Index(map(entry_of, last.values()), splits).keys()
    assert {each.record: each.key for each in entries_of(store)} == wanted
    assert list(settle_all(store, splits)) == []
    # what a store says of its records is what they said
    for each in entries_of(store):
        assert each.identifiers == entry_of(last[each.record]).identifiers
    # other splits, later
    write(store, [], Splits(), changed=[side for pair in pairs for side in pair])
    assert {each.record: each.key for each in entries_of(store)} == Index(map(entry_of, last.values())).keys()


def test_records_that_came_past_load_are_settled_afterwards() -> None:
    store = open_store(":memory:")
    files = [registry_record("NCT00000001", "2010-022945-52"), study_file("pmid:1", "pmid:1", "2010-022945-52")]
    studies = [readers.read_record(each.content, each.name) for each in files]
    with store.write() as writer:
        for study in studies:
            writer.replace(entry_of(study).record, quads_of(study))
    moved = list(settle_all(store))
    assert [(each.document, each.old, each.new) for each in moved] == [("pmid:1", "pmid:1", "NCT00000001")]


class Counting:
    """A store whose queries are counted."""

    def __init__(self, store: Store) -> None:
        self.store, self.asked = store, list[str]()

    def query(self, sparql: str) -> object:
        self.asked.append(sparql)
        return self.store.query(sparql)

    def quads(self, graph: str | None = None) -> Iterator[ox.Quad]:
        return self.store.quads(graph)


def test_a_batch_costs_the_same_number_of_queries_whatever_else_the_store_holds() -> None:
    store = open_store(":memory:")
    batch = [registry_record(f"NCT{number:08}", f"2010-{number:06}-11") for number in range(50)]
    entries = [entry_of(readers.read_record(each.content, each.name)) for each in batch]
    costs = []
    for size in (0, 300):
        load(store, [registry_record(f"NCT9{number:07}") for number in range(size)])
        counting = Counting(store)
        settle_with(counting, entries)  # type: ignore[arg-type]
        costs.append(len(counting.asked))
    assert costs[0] == costs[1] <= 3


# --- a number in the words of an abstract -----------------------------------------------------------------------------

_ABSTRACT = "We made up forty patients and saw nothing. (ClinicalTrials.gov number, NCT00000001.)"
_READINGS = {
    "text": f"A title\n\nJ Test. 2014 Apr;8(5):41-7. doi: 10.1000/x.\n\nResults: {_ABSTRACT}\n",
    "nbib": f"PMID- 1\nTI  - A title.\nLID - 10.1000/x [doi]\nAB  - {_ABSTRACT}\n",
    "ris": f"TY  - JOUR\nTI  - A title\nDO  - 10.1000/x\nAB  - {_ABSTRACT}\nER  - \n",
    "xml": "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>"
    f"<ArticleTitle>A title.</ArticleTitle><Abstract><AbstractText>{_ABSTRACT}</AbstractText></Abstract>"
    "<ELocationID EIdType='doi'>10.1000/x</ELocationID></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>",
}


@pytest.mark.parametrize("reading", _READINGS)
def test_a_number_that_the_abstract_names_joins_and_its_place_is_kept(reading: str) -> None:
    store = open_store(":memory:")
    given = Input(reading, _READINGS[reading].encode())
    done = load(store, [given, registry_record("NCT00000001")])
    assert [each.study for each in done] == ["NCT00000001"] * 2
    [why] = explained(store, [done[0].record or ""])
    assert [str(each) for each in why.joined] == [
        "NCT00000001, in the words of its abstract: one study with NCT00000001"
    ]
    study = study_of(store.quads(done[0].record))
    (named,) = study.secondary_identifiers
    text = store.sources.get(study.record.source.sha256)
    assert text is not None
    assert [place.words(text) for place in named.evidence] == ["NCT00000001"]
