"""Promise: which records are one study follows from what they say, checked, and never from the order of loading."""

from collections.abc import Sequence
from itertools import combinations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from picograph.kg.identifiers import SCHEMES, identifier, scheme
from picograph.kg.identity import Identifier, Stands, identifiers_of, with_stated_key
from picograph.kg.joining import Entry, Index, entry_of, explain, settle
from picograph.kg.report import Report
from picograph.kg.source import Method
from picograph.kg.splits import Splits, parse_splits
from picograph.kg.study import Study
from picograph.tests.joined import CURATED, PUBMED, REGISTERED, UNRELATED, in_any_order, keys, record, resolve, settled

# --- what a record says of itself -----------------------------------------------------------------------------


def test_a_title_is_not_trusted() -> None:
    study = record("pmid:1")
    titled = msgspec.structs.replace(study, report=Report(pmid="1", title="Design of NCT02149199, a trial"))
    assert identifiers_of(titled) == {
        Identifier("pmid:1", Stands.DOCUMENT),
        Identifier("pmid:1", Stands.REPORT),
    }


def test_where_an_identifier_stands_is_kept() -> None:
    study = record("doi:10.1000/A", "NCT 00000001", "R01DC011020", pmid="7", others=["109063", "2010-022945-52"])
    assert identifiers_of(study) == {
        Identifier("doi:10.1000/a", Stands.DOCUMENT),
        Identifier("pmid:7", Stands.REPORT),
        Identifier("NCT00000001", Stands.LIST),
        Identifier("eudract:2010-022945-52", Stands.LIST),
    }
    assert entry_of(study).refused == ("R01DC011020",)  # a sponsor's number among the others is no cause for words


# --- one study ------------------------------------------------------------------------------------------------


def test_a_curated_file_an_index_record_and_a_registry_record_are_one_study() -> None:
    one = dict.fromkeys(("doi:10.1056/nejmoa1715274", "pmid:29768149", "NCT02149199"), "NCT02149199")
    assert in_any_order([CURATED, PUBMED, REGISTERED, UNRELATED]) == {**one, "NCT02224157": "NCT02224157"}


def test_what_is_joined_says_why_and_what_moves() -> None:
    index = Index([entry_of(CURATED)])
    resolution, found = settled(PUBMED, index)
    assert list(explain(resolution)) == [
        "pmid:29768149 is a record of the study NCT02149199",
        "  by NCT02149199, in its list of numbers",
        "  by doi:10.1056/nejmoa1715274, in the identifiers of its report: one study with doi:10.1056/nejmoa1715274",
    ]
    assert [str(each) for each in found.rekeys] == [
        "doi:10.1056/nejmoa1715274 moves: until now a record of the study doi:10.1056/nejmoa1715274, now of NCT02149199"
    ]
    assert settled(CURATED, index)[1].rekeys == ()


def test_many_at_once_are_as_one_after_the_other() -> None:
    studies = [CURATED, PUBMED, REGISTERED, UNRELATED]
    entries = [entry_of(study) for study in studies]
    at_once = settle(entries, Index())
    assert {each.document: each.key for each in at_once.resolutions.values()} == keys(studies)
    assert at_once.rekeys == ()


def test_a_record_that_no_longer_names_a_trial_leaves_it() -> None:
    index = Index(entry_of(each)._replace(key="NCT02149199") for each in (CURATED, PUBMED, REGISTERED))
    corrected = msgspec.structs.replace(PUBMED, identifiers=())
    resolution, found = settled(corrected, index)
    assert resolution.key == "doi:10.1056/nejmoa1715274"
    assert [(each.document, each.new) for each in found.rekeys] == [
        ("doi:10.1056/nejmoa1715274", "doi:10.1056/nejmoa1715274")
    ]


def test_the_key_that_a_curator_chose_counts() -> None:
    """The study file says the trial by its key alone: kept when the record is filed under another."""
    chosen = record("doi:10.1000/a", key="NCT00000001", method=Method.CURATED)
    stated = with_stated_key(chosen)
    assert stated.identifiers == ("NCT00000001",)
    assert with_stated_key(stated) == stated
    assert in_any_order([chosen, record("NCT00000001", "2010-022945-52"), record("pmid:1", "2010-022945-52")]) == {
        "doi:10.1000/a": "NCT00000001",
        "NCT00000001": "NCT00000001",
        "pmid:1": "NCT00000001",
    }
    # of several trials that a report lists, the key names the one that the facts are of
    several = record("doi:10.1000/b", "NCT00000001", "NCT00000002", key="NCT00000002", method=Method.CURATED)
    assert with_stated_key(several).report.registry_id == "NCT00000002"
    assert in_any_order([several, record("NCT00000001"), record("NCT00000002")]) == {
        "doi:10.1000/b": "NCT00000002",
        "NCT00000001": "NCT00000001",
        "NCT00000002": "NCT00000002",
    }
    for key, identifiers, field in (("doi:10.1000/c", (), "doi"), ("pmid:9", (), "pmid")):
        named = with_stated_key(record("pmid:1" if field == "doi" else "doi:10.1000/c", *identifiers, key=key))
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


# --- what is not joined ---------------------------------------------------------------------------------------


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


def test_a_number_in_the_abstract_joins_where_no_list_has_one() -> None:
    registered = record("NCT00000001")
    named = record("pmid:1", pmid="1", abstract=["NCT00000001"])
    assert in_any_order([named, registered]) == dict.fromkeys(("pmid:1", "NCT00000001"), "NCT00000001")
    found = resolve(named, Index([entry_of(registered)]))
    assert [str(each) for each in found.joined] == [
        "NCT00000001, in the words of its abstract: one study with NCT00000001"
    ]
    listed = record("pmid:2", "NCT00000002", pmid="2", abstract=["NCT00000001", "NCT00000002"])
    assert in_any_order([listed, registered])["pmid:2"] == "NCT00000002"
    assert resolve(listed, Index()).apart == (
        "the abstract names NCT00000001 too, which its list of numbers does not have",
    )
    several = record("pmid:3", pmid="3", abstract=["NCT00000001", "NCT00000002"])
    assert in_any_order([several, registered])["pmid:3"] == "pmid:3"
    assert resolve(several, Index()).apart == (
        "the abstract names several trials, NCT00000001, NCT00000002: it joins none of them",
    )


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


# --- any records, any order -----------------------------------------------------------------------------------


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
        settled(study, index)
    return index.keys()


def _hold(entries: dict[str, Entry], found: dict[str, str], pairs: list[tuple[str, str]]) -> None:
    studies: dict[str, list[Entry]] = {}
    for name, key in found.items():
        studies.setdefault(key, []).append(entries[name])
    for key, members in studies.items():
        own = {identifier(each.document) for each in members} - {None}
        # no study has two numbers of the registry that gives it its key, and none what a line forbids
        assert scheme(key) not in SCHEMES[:-2] or {each for each in own if each and scheme(each) == scheme(key)} <= {
            key
        }
        assert key == "lab:7" or not any({one, other} <= own | {key} for one, other in pairs), (key, own)
        # a key that is an identifier is stated by a record of the study
        if identifier(key):
            assert key in {each.key for member in members for each in member.identifiers}


def test_a_study_can_have_many_records() -> None:
    """Hundreds of reports of one trial: each is settled among them, and at once."""
    index = Index([entry_of(record("NCT00000001"))])
    reports = [entry_of(record(f"pmid:{number}", "NCT00000001", pmid=str(number))) for number in range(1, 301)]
    found = settle(reports, index)
    assert {each.key for each in found.resolutions.values()} == {"NCT00000001"}
    assert found.rekeys == ()
    assert all(len(each.joined[0].documents) == 300 for each in found.resolutions.values())
    assert str(found.resolutions[reports[0].record].joined[0]).endswith("and 295 more")
