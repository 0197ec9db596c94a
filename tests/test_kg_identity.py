"""Promise: which records are one study follows from what they say, checked, and never from the order of loading."""

from collections.abc import Iterable, Sequence
from itertools import combinations, permutations

import msgspec
import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from picograph.kg import identity
from picograph.kg.identity import Entry, Identifier, Index, Splits, Stands, entry_of, identifier, parse_splits, resolve
from picograph.kg.results import Text
from picograph.kg.source import Method, Record, Source
from picograph.kg.store import open_store
from picograph.kg.store.embedded import MemoryStore
from picograph.kg.study import Report, SecondaryIdentifier, Study
from picograph.kg.triples import names_of, quads_of, records_of, study_of
from picograph.ontology.errors import InputError

# As PubMed, registries and people write them. Most are from the tests of github maia-sh/ctregistries; those of CTIS and
# EudraCT from github rfhb/ctrdata, that of ISRCTN from the Bioregistry.
FORMS = {
    "NCT02149199": ["NCT02149199", "nCt02149199", "NCT 02149199", " NCT02149199. ", "ＮＣＴ０２１４９１９９",
                    "NCT\u200b02149199", "ClinicalTrials.gov/NCT02149199", "ClinicalTrials.gov: NCT02149199",
                    "https://clinicaltrials.gov/study/NCT02149199", "NCT02149199)", "nct:NCT02149199"],
    "isrctn:ISRCTN10175490": ["ISRCTN10175490", "ISRCTN 10175490", "isrctn:ISRCTN10175490",
                              "https://www.isrctn.com/ISRCTN10175490"],
    "eudract:2010-022945-52": ["2010-022945-52", "2010‐022945–52", "EudraCT 2010-022945-52", "EUCTR2010-022945-52-DE",
                               "EudraCT number: 2010-022945-52".replace(":", ","), "2010-022945-52-ES"],
    "ctis:2022-501549-57": ["2022-501549-57-00", "2022-501549-57", "EU CT 2022-501549-57-01"],
    "drks:DRKS00005115": ["DRKS00005115", "DRKS 00005115"],
    "actrn:ACTRN12615000999538": ["ACTRN12615000999538", "ANZCTR12615000999538", "actrn12615000999538"],
    "chictr:ChiCTR2000029949": ["ChiCTR2000029949", "CHICTR 2000029949"],
    "chictr:ChiCTR-TRC-12001234": ["ChiCTR-TRC-12001234", "chictr-trc-12001234"],
    "jrct:jRCTs031180001": ["jRCTs031180001", "JPRN-jRCTs031180001", "JRCTS031180001"],
    "jrct:jRCT2031200001": ["jRCT2031200001"],
    "umin:UMIN000012045": ["UMIN000012045", "JPRN-UMIN000012045", "C000012045"],
    "japiccti:JapicCTI-142682": ["JapicCTI-142682", "JAPIC CTI-142682"],
    "jmaiia:JMA-IIA00123": ["JMA-IIA00123"],
    "ctri:CTRI/2010/091/000123": ["CTRI/2010/091/000123", "ctri/2010/091/000123"],
    "kct:KCT0001234": ["KCT0001234"],
    "irct:IRCT2016080318745N10": ["IRCT2016080318745N10"],
    "ntr:NTR4269": ["NTR4269", "NTR 4269"],
    "nl:NL9229": ["NL9229"],
    "pactr:PACTR2010020001429343": ["PACTR 2010020001429343"],
    "pactr:PACTR202406532417953": ["PACTR202406532417953"],
    "rebec:RBR-2b3ck7": ["RBR-2b3ck7", "RBR-2B3CK7"],
    "repec:PER-106-20": ["PER-106-20"],
    "rpcec:RPCEC00000123": ["RPCEC00000123"],
    "slctr:SLCTR/2010/008": ["SLCTR/2010/008"],
    "tctr:TCTR20150304001": ["TCTR20150304001"],
    "lbctr:LBCTR2019010123": ["LBCTR2019010123"],
    "doi:10.1056/nejmoa1715274": ["10.1056/NEJMoa1715274", "doi:10.1056/NEJMoa1715274", "DOI: 10.1056/nejmoa1715274",
                                  "https://doi.org/10.1056/NEJMoa1715274", "http://dx.doi.org/10.1056%2FNEJMoa1715274",
                                  "10.1056/NEJMoa1715274.", "10.1056/NEJMoa1715274);"],
    "doi:10.1016/0140-6736(90)92867-n": ["10.1016/0140-6736(90)92867-N"],
    "doi:10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2":
        ["10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2"],
    "pmid:29768149": ["pmid:29768149", "PMID: 29768149", "https://pubmed.ncbi.nlm.nih.gov/29768149/"],
}  # fmt: skip
# What looks like one, and a number of a sponsor, a grant, an ethics committee; a year with a volume.
NOT_ONE = [
    "", "NCT", "NCT1234567", "NCT123456789", "NCT0214919O", "NCTO2950051", "NCT02149199_2", "ISCRTN06180958",
    "ISRCTN1017549", "DRKS12345678", "IRCT20181201041815N", "ZINC000052955", "nl-2012-302759", "NL41789.078.13",
    "NL26560.042.09", "per 100 000", "6721", "29768149", "pmid:0", "pmid:", "pmid:12a", "doi:", "10.1/a",
    "10.1000/", "10.1000", "doi:10.1000/a b", "R01DC011020", "P60DK020579", "R668-AD-1314", "109063",
    "SANPRIDE_002", "2010-1-1", "2010-022945", "201201801201", "U01HL123456", "NCT02149199 and NCT02149200",
    "see NCT02149199", "RBR-", "ChiCTR-123", "CTRI/2010/091", "jRCT12345", "NCT٠٢١٤٩١٩٩",
]  # fmt: skip


def record(
    document: str,
    *numbers: str,
    key: str = "",
    doi: str | None = None,
    pmid: str | None = None,
    method: Method = Method.REGISTRY,
    others: Sequence[Text] = (),
) -> Study:
    return Study(
        key=key or (document if document.startswith(("NCT", "doi:", "pmid:")) else identifier(document) or document),
        record=Record(document=document, source=Source(sha256="0" * 64), method=method),
        identifiers=numbers,
        secondary_identifiers=tuple(SecondaryIdentifier(label=each) for each in others),
        report=Report(doi=doi, pmid=pmid),
    )


def keys(studies: Iterable[Study], splits: Splits | None = None) -> dict[str, str]:
    """Give the key of each document, loaded one after the other, each change carried out."""
    index = Index(splits=splits)
    documents = {}
    for study in studies:
        found = resolve(study, index)
        index.put(entry_of(study)._replace(key=found.key))
        for each in found.rekey:
            entry = index.entry(each.record)
            assert entry is not None
            assert entry.key == each.old
            index.put(entry._replace(key=each.new))
        documents[found.record] = study.record.document
    now = {record: entry.key for record in documents if (entry := index.entry(record))}
    assert now == index.keys()
    return {documents[record]: key for record, key in now.items()}


def in_any_order(studies: Sequence[Study], splits: Splits | None = None) -> dict[str, str]:
    """Give the key of each document, having seen that every order of loading gives the same."""
    found = [keys(order, splits) for order in permutations(studies)]
    assert len(found) > 1
    assert all(each == found[0] for each in found)
    return found[0]


# --- identifiers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, texts in FORMS.items() for text in texts])
def test_an_identifier_has_one_form(key: str, text: str) -> None:
    assert identifier(text) == key
    assert identifier(key) == key


@pytest.mark.parametrize("text", NOT_ONE)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert identifier(text) is None


def test_every_registry_has_a_number_that_is_known() -> None:
    assert {identity.scheme(key) for key in FORMS} == set(identity.SCHEMES)
    assert len(identity.SCHEMES) == 25
    assert sum(map(len, FORMS.values())) >= 60
    assert len(NOT_ONE) >= 40


@given(st.text(max_size=40))
def test_any_text_is_taken(text: str) -> None:
    key = identifier(text)
    assert key is None or identifier(key) == key


def test_a_title_is_not_trusted() -> None:
    study = record("pmid:1")
    titled = msgspec.structs.replace(study, report=Report(pmid="1", title="Design of NCT02149199, a trial"))
    assert identity.identifiers_of(titled) == {
        Identifier("pmid:1", Stands.DOCUMENT),
        Identifier("pmid:1", Stands.REPORT),
    }


def test_where_an_identifier_stands_is_kept() -> None:
    study = record("doi:10.1000/A", "NCT 00000001", "R01DC011020", pmid="7", others=["109063", "2010-022945-52"])
    assert identity.identifiers_of(study) == {
        Identifier("doi:10.1000/a", Stands.DOCUMENT),
        Identifier("pmid:7", Stands.REPORT),
        Identifier("NCT00000001", Stands.LIST),
        Identifier("eudract:2010-022945-52", Stands.LIST),
    }
    assert entry_of(study).refused == ("R01DC011020",)  # a sponsor's number among the others is no cause for words


# --- one study --------------------------------------------------------------------------------------------------

CURATED = record("doi:10.1056/nejmoa1715274", method=Method.CURATED)
PUBMED = record("pmid:29768149", "NCT02149199", doi="10.1056/NEJMoa1715274", pmid="29768149")
REGISTERED = record("NCT02149199", "2013-004474-96", others=["D589SC00001"])
UNRELATED = record("NCT02224157", "2013-004473-28")


def test_a_curated_file_an_index_record_and_a_registry_record_are_one_study() -> None:
    one = dict.fromkeys(("doi:10.1056/nejmoa1715274", "pmid:29768149", "NCT02149199"), "NCT02149199")
    assert in_any_order([CURATED, PUBMED, REGISTERED, UNRELATED]) == {**one, "NCT02224157": "NCT02224157"}


def test_what_is_joined_says_why_and_what_moves() -> None:
    index = Index([entry_of(CURATED)])
    found = resolve(PUBMED, index)
    assert list(identity.explain(found)) == [
        "pmid:29768149 is a record of the study NCT02149199",
        "  by NCT02149199, in its list of numbers",
        "  by doi:10.1056/nejmoa1715274, in the identifiers of its report: one study with doi:10.1056/nejmoa1715274",
        "  doi:10.1056/nejmoa1715274 moves with it: until now a record of the study doi:10.1056/nejmoa1715274, "
        "now of NCT02149199",
    ]
    assert len(index) == 1  # asking changes nothing
    assert resolve(CURATED, index).rekey == ()


def test_a_store_holds_three_graphs_of_one_study() -> None:
    """The way that loading goes: what the store holds, then each record, then those that move."""
    for order in permutations([CURATED, PUBMED, REGISTERED]):
        store = open_store(":memory:")
        for study in order:
            index = Index(identity.entries_of(store))
            found = resolve(study, index)
            moved = [identity.rekey(study_of(store.quads(each.record)), each.new) for each in found.rekey]
            with store.write() as writer:
                for each in (identity.rekey(identity.with_stated_key(study), found.key), *moved):
                    writer.replace(names_of(each).record, quads_of(each))
        graphs = dict(records_of(store.quads()))
        assert len(graphs) == 3
        assert {study_of(quads).key for quads in graphs.values()} == {"NCT02149199"}
        subjects = {quad.subject.value for quads in graphs.values() for quad in quads if _is_study(quad)}
        assert subjects == {"https://w3id.org/picograph/study/NCT02149199"}
        # loading again changes nothing, and a store says of a record what the record said
        index = Index(identity.entries_of(store))
        for study in order:
            again = resolve(study, index)
            assert (again.key, again.rekey) == ("NCT02149199", ())
            entry = index.entry(again.record)
            assert entry is not None
            assert entry.identifiers == entry_of(study).identifiers


def _is_study(quad: ox.Quad) -> bool:
    return isinstance(quad.object, ox.NamedNode) and quad.object.value.endswith("/ontology/Study")


def test_a_record_that_no_longer_names_a_trial_leaves_it() -> None:
    index = Index(entry_of(each)._replace(key="NCT02149199") for each in (CURATED, PUBMED, REGISTERED))
    corrected = msgspec.structs.replace(PUBMED, identifiers=())
    found = resolve(corrected, index)
    assert found.key == "doi:10.1056/nejmoa1715274"
    assert [(each.document, each.new) for each in found.rekey] == [
        ("doi:10.1056/nejmoa1715274", "doi:10.1056/nejmoa1715274")
    ]


def test_the_key_that_a_curator_chose_counts() -> None:
    """The study file says the trial by its key alone: kept when the record is filed under another."""
    chosen = record("doi:10.1000/a", key="NCT00000001", method=Method.CURATED)
    stated = identity.with_stated_key(chosen)
    assert stated.identifiers == ("NCT00000001",)
    assert identity.with_stated_key(stated) == stated
    assert in_any_order([chosen, record("NCT00000001", "2010-022945-52"), record("pmid:1", "2010-022945-52")]) == {
        "doi:10.1000/a": "NCT00000001",
        "NCT00000001": "NCT00000001",
        "pmid:1": "NCT00000001",
    }
    # of several trials that a report lists, the key names the one that the facts are of
    several = record("doi:10.1000/b", "NCT00000001", "NCT00000002", key="NCT00000002", method=Method.CURATED)
    assert identity.with_stated_key(several).report.registry_id == "NCT00000002"
    assert in_any_order([several, record("NCT00000001"), record("NCT00000002")]) == {
        "doi:10.1000/b": "NCT00000002",
        "NCT00000001": "NCT00000001",
        "NCT00000002": "NCT00000002",
    }
    for key, identifiers, field in (("doi:10.1000/c", (), "doi"), ("pmid:9", (), "pmid")):
        named = identity.with_stated_key(record("pmid:1" if field == "doi" else "doi:10.1000/c", *identifiers, key=key))
        assert getattr(named.report, field) == key.partition(":")[2]


def test_a_key_of_ones_own_stays() -> None:
    own = record("doi:10.1000/a", "NCT00000001", key="lab:trial-7", method=Method.CURATED)
    assert in_any_order([own, record("NCT00000001"), record("pmid:1", doi="10.1000/a", pmid="1")]) == {
        "doi:10.1000/a": "lab:trial-7",
        "NCT00000001": "NCT00000001",
        "pmid:1": "doi:10.1000/a",
    }
    assert resolve(own, Index()).apart == ("lab:trial-7 is a key of your own: the record stays under it",)
    # two lines of a user's that contradict each other: the key stays, and that is said
    other = record("doi:10.1000/b", key="lab:trial-7", method=Method.CURATED)
    splits = parse_splits("doi:10.1000/a doi:10.1000/b")
    assert in_any_order([own, other], splits) == dict.fromkeys(("doi:10.1000/a", "doi:10.1000/b"), "lab:trial-7")
    assert resolve(own, Index([entry_of(other)], splits)).apart[1:] == (
        "doi:10.1000/a and doi:10.1000/b are kept apart (line 1), but have the key lab:trial-7: give them two keys",
    )


# --- what is not joined -----------------------------------------------------------------------------------------


def test_a_report_of_several_trials_joins_none_of_them() -> None:
    pooled = record("pmid:5", "NCT00000001", "NCT00000002", "2010-022945-52", pmid="5", doi="10.1000/pooled")
    trials = [record("NCT00000001"), record("NCT00000002")]
    assert in_any_order([pooled, *trials]) == {
        "pmid:5": "doi:10.1000/pooled",
        "NCT00000001": "NCT00000001",
        "NCT00000002": "NCT00000002",
    }
    [said] = resolve(pooled, Index(map(entry_of, trials))).apart
    assert said == "the report lists several trials, NCT00000001, NCT00000002: the list joins none of them"


def test_numbers_of_two_registries_are_one_trial() -> None:
    assert in_any_order([record("pmid:5", "ISRCTN10175490", "NCT00000001"), record("ISRCTN10175490")]) == {
        "pmid:5": "NCT00000001",
        "ISRCTN10175490": "NCT00000001",
    }


def test_a_registry_record_that_names_a_related_trial_is_not_that_trial() -> None:
    extension = record("NCT00000002", "NCT00000001", "2010-022945-52")
    assert in_any_order([extension, record("NCT00000001"), record("pmid:1", "2010-022945-52")]) == {
        "NCT00000002": "NCT00000002",
        "NCT00000001": "NCT00000001",
        "pmid:1": "NCT00000002",
    }
    [said] = resolve(extension, Index()).apart
    assert said == "NCT00000001 is another number of the registry of NCT00000002: a related study"


def test_what_lies_between_two_trials_is_of_neither() -> None:
    """Two trials under one European number: a report that names that number alone can be of either."""
    two = [record("NCT00000001", "2010-022945-52"), record("NCT00000002", "2010-022945-52")]
    between, near = record("pmid:3", "2010-022945-52"), record("pmid:4", "NCT00000001")
    assert in_any_order([*two, between, near]) == {
        "NCT00000001": "NCT00000001",
        "NCT00000002": "NCT00000002",
        "pmid:3": "eudract:2010-022945-52",
        "pmid:4": "NCT00000001",
    }
    [said] = resolve(between, Index(map(entry_of, two))).apart
    assert said.startswith("records connect NCT00000001, NCT00000002: it cannot be said which")


def test_two_records_of_a_publication_that_name_different_trials_join_neither() -> None:
    one, other = record("doi:10.1000/a", "NCT00000001"), record("pmid:1", "NCT00000002", doi="10.1000/a", pmid="1")
    assert in_any_order([one, other, record("NCT00000001")]) == {
        "doi:10.1000/a": "doi:10.1000/a",
        "pmid:1": "doi:10.1000/a",
        "NCT00000001": "NCT00000001",
    }


def test_a_wrong_pmid_does_not_join_two_publications() -> None:
    right = record("pmid:1", doi="10.1000/a", pmid="1")
    assert in_any_order([right, record("doi:10.1000/b", pmid="1"), record("doi:10.1000/a")]) == {
        "pmid:1": "pmid:1",
        "doi:10.1000/b": "doi:10.1000/b",
        "doi:10.1000/a": "doi:10.1000/a",
    }


# --- splits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("doi:10.1056/NEJMoa1715274\tNCT02149199", ["doi:10.1056/nejmoa1715274", "doi:10.1056/nejmoa1715274"]),
        ("pmid:29768149 NCT02149199 # as the authors told us", ["doi:10.1056/nejmoa1715274"] * 2),
        ("pmid:29768149 doi:10.1056/nejmoa1715274", ["doi:10.1056/nejmoa1715274", "NCT02149199"]),
    ],
)
def test_a_split_keeps_records_apart_in_any_order(line: str, expected: list[str]) -> None:
    splits = parse_splits(f"# wrong joins\n\n{line}\n")
    found = in_any_order([CURATED, PUBMED, REGISTERED], splits)
    assert [found[each] for each in ("doi:10.1056/nejmoa1715274", "pmid:29768149", "NCT02149199")] == [
        *expected,
        "NCT02149199",
    ]
    said = [text for study in (CURATED, PUBMED, REGISTERED) for text in resolve(study, _all(splits)).apart]
    assert any("are kept apart (line 3)" in text for text in said)


def _all(splits: Splits) -> Index:
    return Index(map(entry_of, (CURATED, PUBMED, REGISTERED)), splits)


def test_a_split_of_what_is_not_there_is_told() -> None:
    splits = parse_splits("doi:10.1000/mistyped NCT02149199")
    assert splits.unmet(_all(splits)) == ["doi:10.1000/mistyped"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("NCT02149199", "has two identifiers, this one has 1"),
        ("NCT02149199 is another", "this one has 3"),
        ("NCT02149199 nct02149199", "both sides of the line are NCT02149199"),
        ("NCT021491 pmid:1", "'NCT021491' is not an identifier"),
        ("pmid:1 doi:10.1/x", "'doi:10.1/x' is not an identifier"),
    ],
)
def test_a_line_that_is_wrong_is_refused(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        parse_splits("# first\n" + text, "splits.tsv")
    assert caught.value.where == "splits.tsv, line 2"


def test_a_file_that_is_not_there_says_nothing(tmp_path: object) -> None:
    assert identity.read_splits(f"{tmp_path}/splits.tsv").pairs == []


# --- any records, any order -------------------------------------------------------------------------------------

_NUMBERS = ["NCT00000001", "NCT00000002", "NCT00000003", "isrctn:ISRCTN10175490", "eudract:2010-022945-52", "nl:NL9229"]
_PUBLICATIONS = ["doi:10.1000/a", "doi:10.1000/b", "pmid:1", "pmid:2"]
_DOCUMENTS = [*_NUMBERS, *_PUBLICATIONS, "thesis"]


@st.composite
def _studies(draw: st.DrawFn) -> Study:
    document = draw(st.sampled_from(_DOCUMENTS))
    key = draw(st.sampled_from(["", "", "", "lab:7", *_NUMBERS, *_PUBLICATIONS])) or identifier(document) or "lab:8"
    return record(
        document,
        *draw(st.lists(st.sampled_from([*_NUMBERS, "R01DC011020"]), max_size=2)),
        key=key,
        doi=draw(st.sampled_from([None, None, "10.1000/A", "10.1000/b"])),
        pmid=draw(st.sampled_from([None, None, "1", "2"])),
        method=draw(st.sampled_from([Method.CURATED, Method.REGISTRY])),
    )


_PAIRS = st.lists(st.sampled_from(list(combinations([*_NUMBERS, *_PUBLICATIONS], 2))), max_size=3, unique=True)


@given(
    st.lists(_studies(), max_size=7, unique_by=lambda study: entry_of(study).record).flatmap(
        lambda studies: st.tuples(st.just(studies), st.permutations(studies))
    ),
    _PAIRS,
)
def test_the_order_of_loading_does_not_matter(
    both: tuple[list[Study], list[Study]], pairs: list[tuple[str, str]]
) -> None:
    first, second = both
    splits = Splits(dict.fromkeys(pairs, "a line"))
    found = _keys_of_records(first, splits)
    assert _keys_of_records(second, splits) == found
    at_once = Index(map(entry_of, second), splits)
    assert at_once.keys() == found
    entries = {entry.record: entry for entry in map(entry_of, first)}
    _hold(entries, found, pairs)
    # what a store holds, under the keys that were found, gives the same keys
    assert Index((entry._replace(key=found[name]) for name, entry in entries.items()), splits).keys() == found


def _keys_of_records(studies: Sequence[Study], splits: Splits) -> dict[str, str]:
    index = Index(splits=splits)
    for study in studies:
        found = resolve(study, index)
        index.put(entry_of(study)._replace(key=found.key))
        for each in found.rekey:
            entry = index.entry(each.record)
            assert entry is not None
            index.put(entry._replace(key=each.new))
    return index.keys()


def _hold(entries: dict[str, Entry], found: dict[str, str], pairs: list[tuple[str, str]]) -> None:
    studies: dict[str, list[Entry]] = {}
    for name, key in found.items():
        studies.setdefault(key, []).append(entries[name])
    for key, members in studies.items():
        own = {identifier(each.document) for each in members} - {None}
        # no study has two numbers of the registry that gives it its key, and none what a line forbids
        assert identity.scheme(key) not in identity.SCHEMES[:-2] or {
            each for each in own if each and identity.scheme(each) == identity.scheme(key)
        } <= {key}
        assert key == "lab:7" or not any({one, other} <= own | {key} for one, other in pairs), (key, own)
        # a key that is an identifier is stated by a record of the study
        if identifier(key):
            assert key in {each.key for member in members for each in member.identifiers}


def test_a_study_can_have_many_records() -> None:
    """A thousand reports of one trial: each is resolved among them, and in time."""
    index = Index([entry_of(record("NCT00000001"))])
    for number in range(1, 301):
        study = record(f"pmid:{number}", "NCT00000001", pmid=str(number))
        found = resolve(study, index)
        assert (found.key, found.rekey) == ("NCT00000001", ())
        index.put(entry_of(study)._replace(key=found.key))
    assert len(found.joined[0].documents) == 300
    assert set(index.keys().values()) == {"NCT00000001"}


def test_an_empty_store_has_no_entries() -> None:
    assert identity.entries_of(MemoryStore()) == []
