"""Promise: a record is loaded whole or not at all, twice is as once, and a refusal says what, where and what to try.

What is refused leaves the store as it was, byte for byte; the good records beside it are kept.
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Quad

from picograph.kg import batches
from picograph.kg import load as loading
from picograph.kg.inputs import size_of
from picograph.kg.load import Input, Loaded, example, load, read_study
from picograph.kg.store import Store, open_store
from picograph.kg.store import writer as writing
from picograph.kg.triples import graphs_of, study_of
from picograph.kg.words import checksum_of, words_graphs
from picograph.ontology.errors import EvidenceError, InputError, PicographError, RecordError, StoreError

# A text of our own, and a study file of it, so that every position can be worked out in the test.
TEXT = (
    "Forty-four patients were given 400 mg of drug twice daily.\n"
    "Nausea occurred in 11 of 44 patients (25%), rash in 5%.\n"
    "The hazard ratio was 0.71 (95% CI 0.50 to 1.01).\n"
)
SHA = hashlib.sha256(TEXT.encode()).hexdigest()
OTHER = "Quite another text, about forty-four patients.\n"


def at(words: str, text: str = TEXT) -> str:
    start = text.index(words)
    return f"{start}-{start + len(words)}"


GOOD = f"""picograph: study 1
key: pmid:77
record:
  document: pmid:77
  source: {{sha256: "{SHA}", characters: {len(TEXT)}}}
  method: curated
population: {{enrolled: 44, evidence: {at("Forty-four patients")}}}
arms:
  - {{key: drug, label: drug, enrolled: 44, interventions: drug, evidence: {at("Forty-four patients")}}}
  - {{key: none, label: nothing, evidence: {at("Forty-four patients")}}}
interventions:
  - {{key: drug, label: drug, dose: {{unit: mg, value: 400}}, frequency: 2/d, evidence: {at("400 mg of drug")}}}
outcomes:
  - {{key: os, label: survival, evidence: {at("hazard ratio")}}}
estimates:
  - outcome: os
    statistic: hazard ratio
    value: 0.71
    interval: {{low: 0.5, high: 1.01, level: 95}}
    arm: drug
    comparator: none
    evidence: {at("0.71 (95% CI 0.50 to 1.01)")}
adverse_events:
  - term: nausea
    affected: 11
    at_risk: 44
    percent: 25
    arm: drug
    evidence: {at("11 of 44 patients (25%)")}
  - {{term: rash, percent: 5, at_risk: 44, arm: drug, evidence: {at("rash in 5%")}}}
"""


def line_of(words: str) -> int:
    return GOOD[: GOOD.index(words)].count("\n") + 1


def given(content: str = GOOD, name: str = "my.yaml") -> Input:
    return Input(name, content.encode())


def edited(old: str, new: str) -> Input:
    assert GOOD.count(old) == 1, old
    return given(GOOD.replace(old, new))


def graphs(store: Store) -> dict[str, set[Quad]]:
    return {name: set(quads) for name, quads in graphs_of(store.quads(), records_only=False).items()}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def outcomes(done: list[Loaded]) -> list[str]:
    return [each.outcome for each in done]


# --- text and study file ----------------------------------------------------------------------------------------

ORDERS: dict[str, list[list[str]]] = {
    "text first": [["text", "file"]],
    "file first": [["file", "text"]],
    "text, then file": [["text"], ["file"]],
    "file, then text": [["file"], ["text"]],
    "twice in one call": [["text", "file", "file", "text"]],
}


@pytest.mark.parametrize("order", ORDERS)
def test_a_text_and_its_study_file_in_any_order(
    order: str, tmp_path: Path, seed_text: Path, seed_study_file: Path
) -> None:
    paths = {"text": seed_text, "file": seed_study_file}
    done: list[Loaded] = []
    for call in ORDERS[order]:
        with open_store(tmp_path / "store") as store:
            done += load(store, [paths[each] for each in call])
    assert outcomes(done)[:2] == ["added", "added"]
    assert set(outcomes(done)[2:]) <= {"unchanged"}
    with open_store(tmp_path / "store") as store:
        held = graphs(store)
        checksums = store.checksums()
        records = sorted(each.record or "" for each in done[:2])
        assert records[0] == "https://w3id.org/picograph/record/doi:10.1016%2Fj.ijrobp.2014.01.017/curated"
        assert records[1] > records[0]
        assert set(held) == set(checksums) == {each.record for each in done} | set(words_graphs())
        assert {study_of(held[each.record or ""]).key for each in done} == {"doi:10.1016/j.ijrobp.2014.01.017"}
        assert sum(each.triples for each in done[:2]) == sum(len(held[each.record or ""]) for each in done[:2])
        assert store.sources.get("3e0cba882f8ffb404f06790a16cb688f58464ad79a068e08e76112de6528b8e1")


def test_what_was_loaded_is_told(seed_text: Path, seed_study_file: Path) -> None:
    text, curated = load(open_store(":memory:"), [seed_text, seed_study_file])
    assert curated.source_at_hand
    assert text.source_at_hand
    assert curated.facts["AdverseEventResult"] == 4
    assert curated.places > 50
    assert curated.error is None
    (alone,) = load(open_store(":memory:"), [seed_study_file])
    assert not alone.source_at_hand
    assert alone.triples == curated.triples


def test_a_second_load_changes_nothing(tmp_path: Path, seed_text: Path, seed_study_file: Path) -> None:
    folder = tmp_path / "store"
    load(open_store(folder), [seed_text, seed_study_file])
    before = snapshot(folder)
    done = load(open_store(folder), [seed_text, seed_study_file, example()])
    assert outcomes(done) == ["unchanged"] * 3
    assert snapshot(folder) == before, "not even a new generation"


def test_a_changed_version_replaces_its_own_graph_alone(tmp_path: Path, seed_text: Path, seed_study_file: Path) -> None:
    folder = tmp_path / "store"
    load(open_store(folder), [seed_text, seed_study_file, given()], sources=[Input("text", TEXT.encode())])
    with open_store(folder) as store:
        before, sums = graphs(store), store.checksums()
    content = seed_study_file.read_text("utf-8")
    assert content.count("    count: 33\n") == 1
    newer = Input("newer.yaml", content.replace("    count: 33\n", "    count: 34\n").encode())
    (done,) = load(open_store(folder), [newer])
    assert done.outcome == "replaced"
    assert done.record
    with open_store(folder) as store:
        after = graphs(store)
        assert set(after) == set(before)
        assert {name for name in after if after[name] != before[name]} == {done.record}
        assert {name for name, value in store.checksums().items() if value != sums[name]} == {done.record}
        gone, new = before[done.record] - after[done.record], after[done.record] - before[done.record]
        assert {quad.object.value for quad in new if quad.predicate.value.endswith("/count")} == {"34"}
        assert {quad.object.value for quad in gone if quad.predicate.value.endswith("/count")} == {"33"}
        (record,) = (q.object.value for q in after[done.record] if q.predicate.value.endswith("contentChecksum"))
        assert record == checksum_of(done.record, list(after[done.record]))
    assert outcomes(load(open_store(folder), [seed_study_file])) == ["replaced"]
    with open_store(folder) as store:
        assert graphs(store) == before


def test_the_same_on_a_server(remote_url: str, seed_text: Path, seed_study_file: Path) -> None:
    store = open_store(remote_url)
    assert outcomes(load(store, [seed_text, seed_study_file])) == ["added", "added"]
    assert outcomes(load(store, [seed_study_file, seed_text])) == ["unchanged", "unchanged"]
    memory = open_store(":memory:")
    load(memory, [seed_text, seed_study_file])
    there, here = graphs(store), graphs(memory)
    assert {name: len(quads) for name, quads in there.items()} == {name: len(quads) for name, quads in here.items()}
    named = {name for name, quads in here.items() if not any(isinstance(q.subject, BlankNode) for q in quads)}
    assert len(named) > 4
    assert all(there[name] == here[name] for name in named)


def test_the_text_may_be_given_as_a_source(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    (done,) = load(store, [given()], sources=[Input("text", TEXT.encode())])
    assert (done.outcome, done.source_at_hand, done.cautions) == ("added", True, ())
    assert open_store(tmp_path / "store").sources.get(SHA) == TEXT, "it is kept with the store"
    (again,) = load(open_store(tmp_path / "store"), [given()])
    assert (again.outcome, again.source_at_hand) == ("unchanged", True)


def test_the_same_text_with_other_line_ends_is_the_same_text() -> None:
    windows = "\ufeff" + TEXT.replace("\n", "\r\n")
    (done,) = load(open_store(":memory:"), [given()], sources=[Input("text", windows.encode())])
    assert (done.outcome, done.source_at_hand) == ("added", True)


def test_without_the_text_a_record_is_let_in_and_said_to_be_without() -> None:
    (done,) = load(open_store(":memory:"), [given()])
    assert (done.outcome, done.source_at_hand) == ("added", False)


def test_derived_numbers_and_unmatched_words() -> None:
    (done,) = load(open_store(":memory:"), [edited("term: rash", "term: rush of blood")])
    assert done.unmatched == ("drug", "rush of blood"), "nausea and survival are concepts"
    assert done.facts["Derived"] == 1, "2 of 44 is 5 %; 25 % is given with its count"


# --- refusals ---------------------------------------------------------------------------------------------------

Case = tuple[Input, list[Input], str, str, str]


def refusals(seed_text: Path, seed_study_file: Path) -> dict[str, Case]:
    """Each: the record, texts given beside it, then words of what, where, try."""
    curated = seed_study_file.read_text("utf-8")
    sha256 = re.findall("[0-9a-f]{64}", curated)[0]
    abstract = Input("abstract.txt", seed_text.read_bytes())
    wrong = Input("wrong.yaml", curated.replace(sha256, "0" * 64).encode())
    short = Input("short.yaml", curated.replace("characters: 3016", "characters: 3015").encode())
    own = Input("text.txt", TEXT.encode())
    outside = f"{len(TEXT) - 5}-{len(TEXT) + 1}"
    where = f"my.yaml, line {line_of('    affected: 11')}"
    return {
        "more affected than at risk": (
            edited("affected: 11", "affected: 80"), [], "80 participants affected out of 44 at risk", where, "events",
        ),
        "80 of 71": (
            edited("    affected: 11\n    at_risk: 44\n    percent: 25\n", "    affected: 80\n    at_risk: 71\n"),
            [], "80 participants affected out of 71 at risk", where, "events",
        ),
        "an interval that misses": (
            edited("value: 0.71", "value: 1.71"), [], "1.71 lies outside its interval 0.5 to 1.01",
            f"line {line_of('    value: 0.71')}", "read the estimate",
        ),
        "an interval that runs backwards": (
            edited("low: 0.5, high: 1.01", "low: 1.01, high: 0.5"), [], "the interval runs from 1.01 to 0.5",
            f"line {line_of('    interval:')}", "lower limit first",
        ),
        "outside the text": (
            edited(at("rash in 5%"), outside), [], f"lie outside the text, which has {len(TEXT)}",
            f"line {line_of('term: rash')}", "count from 0",
        ),
        "outside the text, which is at hand": (
            edited(at("rash in 5%"), outside), [own], f"lie outside the text, which has {len(TEXT)}",
            f"line {line_of('term: rash')}", "count from 0",
        ),
        "half a word": (
            edited(at("rash in 5%"), at("ash in 5%")), [own], "do not begin and end with a word",
            f"line {line_of('term: rash')}", "whole words",
        ),
        "a pointer into a text": (
            edited(at("rash in 5%"), "/a/b"), [], "does not fit its source", f"line {line_of('term: rash')}",
            "START-END",
        ),
        "an unknown unit": (
            edited("unit: mg", "unit: milligrams"), [], "'milligrams' is not a UCUM unit",
            f"line {line_of('unit: mg')}", "mg, Gy",
        ),
        "an unknown frequency": (
            edited("frequency: 2/d", "frequency: twice"), [], "'twice' is not a UCUM unit",
            f"line {line_of('frequency: 2/d')}", "2/d",
        ),
        "an unknown prefix": (
            edited("term: nausea", "term: nausea\n    concept: mehs:D009325"), [], "prefix mehs",
            f"line {line_of('term: nausea') + 1}", "did you mean mesh?",
        ),
        "a concept that can be no name": (
            edited("term: nausea", "term: nausea\n    concept: 'mesh:D%zz'"), [], "cannot be the name of a concept",
            f"line {line_of('term: nausea') + 1}", "read the identifier",
        ),
        "two arms with one key": (
            edited("key: none", "key: drug"), [], "the key 'drug' is given 2 times", f"line {line_of('key: none')}",
            "own key",
        ),
        "an arm that is not there": (
            edited("comparator: none", "comparator: nobody"), [], "'nobody' is not one of the study's arms",
            f"line {line_of('comparator: none')}", "drug, none",
        ),
        "no evidence": (
            edited(f", evidence: {at('rash in 5%')}", ""), [], "has no evidence", f"line {line_of('term: rash')}",
            "evidence",
        ),
        "a wrong checksum beside the text that is loaded": (
            wrong, [abstract], "is of no text known for doi:10.1016/j.ijrobp.2014.01.017",
            "wrong.yaml, line 7", sha256[:12],
        ),
        "a wrong checksum of a document that ships": (
            wrong, [], "is of no text known for doi:10.1016/j.ijrobp.2014.01.017", "wrong.yaml, line 7", sha256[:12],
        ),
        "a wrong checksum, with a text of one's own": (
            edited(f'"{SHA}"', '"' + "0" * 64 + '"'), [own], f"the text given as source has the checksum {SHA[:12]}",
            f"line {line_of(SHA)}", SHA,
        ),
        "a wrong text for the right checksum": (
            given(), [Input("other.txt", OTHER.encode())], "the text given as source has the checksum", "other.txt",
            "positions were counted in",
        ),
        "a wrong length": (
            short, [abstract], "has 3016 characters, and the file says 3015", "short.yaml, line 7", "characters: 3016",
        ),
        "bad YAML": (given(GOOD + "conclusions: [\n"), [], "not YAML", "my.yaml, line", "bracket"),
        "a field that does not exist": (
            edited("    affected: 11", "    afected: 11"), [],
            "has no field 'afected'", f"line {line_of('    affected: 11')}",
            "affected",
        ),
        "words for a number": (
            edited("affected: 11", "affected: eleven"), [], "eleven", f"line {line_of('    affected: 11')}", "",
        ),
        "a number beyond all bounds": (
            edited("value: 400}", "value: 1e999}"), [], "1e999", f"line {line_of('value: 400}')}", "",
        ),
        "an empty file": (given("", "empty.yaml"), [], "the file is empty", "empty.yaml", "complete"),
        "a binary file": (
            Input("study.pdf", b"%PDF-1.4\0\xff\xfe" + bytes(range(256))), [], "binary file", "study.pdf",
            "formats are read",
        ),
        "a file of no format": (
            given("Dear colleague,\n", "letter.txt"), [], "no format", "letter.txt", "formats are read",
        ),
        "not UTF-8": (Input("latin.yaml", GOOD.encode() + b"# \xe9\n"), [], "UTF-8", "latin.yaml", "UTF-8"),
    }  # fmt: skip


NAMES = list(refusals(Path(__file__), Path(__file__).parents[1] / "kg/records/sorafenib-radiotherapy-hcc.yaml"))


def test_the_sweep_of_refusals_is_not_empty() -> None:
    assert len(NAMES) == 28


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with something in it."""
    folder = tmp_path_factory.mktemp("filled") / "store"
    with open_store(folder) as store:
        load(store, [Path(__file__).parent / "records" / "worked-two-arms.yaml"])
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_true_is_refused_and_nothing_changes(
    name: str, filled: Path, seed_text: Path, seed_study_file: Path
) -> None:
    record, texts, what, where, remedy = refusals(seed_text, seed_study_file)[name]
    before = snapshot(filled)
    with open_store(filled) as store:
        held = graphs(store), store.checksums()
    with open_store(filled) as store:
        (done,) = load(store, [record], sources=texts)
    error = done.error
    assert done.outcome == "refused"
    assert isinstance(error, InputError)
    assert error.exit_code == 1
    assert what in error.what
    assert where in error.where
    assert remedy in error.remedy
    assert error.remedy
    if "checksum" in name or "text" in name.split("a wrong ")[-1:]:
        assert isinstance(error, EvidenceError)
    assert (done.study, done.record, done.triples) == (None, None, 0)
    assert snapshot(filled) == before
    with open_store(filled) as store:
        assert (graphs(store), store.checksums()) == held


@pytest.mark.parametrize("name", ["80 of 71", "bad YAML", "an empty file", "a binary file"])
def test_a_refusal_makes_no_store(name: str, tmp_path: Path, seed_text: Path, seed_study_file: Path) -> None:
    record, *_ = refusals(seed_text, seed_study_file)[name]
    (done,) = load(open_store(tmp_path / "store"), [record])
    assert done.outcome == "refused"
    assert list(tmp_path.iterdir()) == []


def test_every_problem_of_a_record_is_told_at_once() -> None:
    content = GOOD.replace("affected: 11", "affected: 80").replace("unit: mg", "unit: pounds").replace("0.71\n", "9\n")
    (done,) = load(open_store(":memory:"), [given(content)])
    assert isinstance(done.error, RecordError)
    assert len(done.error.problems) == 3
    told = str(done.error)
    for words in ("80 participants", "'pounds'", "9 lies outside", f"line {line_of('    affected')}"):
        assert words in told


def test_good_records_beside_bad_ones_are_kept(tmp_path: Path, seed_text: Path, seed_study_file: Path) -> None:
    cases = refusals(seed_text, seed_study_file)
    bad = [cases[name][0] for name in NAMES if not cases[name][1]]
    assert len(bad) > 15
    mixed = [*bad[:8], given(), *bad[8:], seed_study_file, tmp_path / "nothing.yaml"]
    done = load(open_store(tmp_path / "store"), mixed)
    assert len(done) == len(mixed)
    kept = {each.name for each in done if each.outcome == "added"}
    assert kept == {"my.yaml", str(seed_study_file)}
    assert outcomes(done).count("refused") == len(mixed) - 2
    assert all(isinstance(each.error, PicographError) for each in done if each.outcome == "refused")
    assert "nothing.yaml" in (done[-1].error.where if done[-1].error else "")
    with open_store(tmp_path / "store") as store:
        records = [name for name in graphs(store) if "/record/" in name]
    assert records == sorted(each.record or "" for each in done if each.record)


def test_a_bad_version_leaves_the_good_one(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    load(open_store(folder), [given()])
    before = snapshot(folder)
    (done,) = load(open_store(folder), [edited("affected: 11", "affected: 80")])
    assert done.outcome == "refused"
    assert snapshot(folder) == before


def test_a_text_that_another_record_needs_is_nobodys_business(seed_study_file: Path, seed_text: Path) -> None:
    """A source of one record does not refuse another, not even where the first cannot be read."""
    sources = [Input("text.txt", TEXT.encode())]
    made = given(GOOD.replace(SHA, "2" * 64).replace("pmid:77", "pmid:78"), "other.yaml")
    assert outcomes(load(open_store(":memory:"), [given(), made], sources=sources)) == ["added", "added"]
    unreadable = given(GOOD + "arms: [\n")
    assert outcomes(load(open_store(":memory:"), [unreadable, made], sources=sources)) == ["refused", "added"]


def test_two_texts_of_one_name_are_two_texts(tmp_path: Path, seed_text: Path) -> None:
    store = open_store(tmp_path / "store")
    one, two = Input("abstract.txt", seed_text.read_bytes()), Input("abstract.txt", TEXT.encode())
    load(store, [one, given()], sources=[two])
    kept = {path.stem for path in (tmp_path / "store" / "sources").iterdir()}
    assert kept == {SHA, hashlib.sha256(seed_text.read_bytes()).hexdigest()}


# --- cautions ---------------------------------------------------------------------------------------------------

CAUTIONS: list[tuple[str, str, str]] = [
    ("percent: 25\n", "percent: 35\n", "11 of 44 is 25.0 %, and 35 % is reported"),
    ("enrolled: 44, evidence", "enrolled: 40, evidence", ""),
    ("    comparator: none\n", "", "needs two arms"),
]


@pytest.mark.parametrize(("old", "new", "said"), CAUTIONS)
def test_a_caution_lets_a_record_in_and_is_told(old: str, new: str, said: str) -> None:
    (done,) = load(open_store(":memory:"), [edited(old, new)])
    assert done.outcome == "added"
    assert len(done.cautions) == (1 if said else 0)
    assert said in "".join(done.cautions)
    if said:
        assert re.search(r"\(my\.yaml, line \d+", done.cautions[0])


# --- what fails on the way --------------------------------------------------------------------------------------


def test_a_store_that_cannot_be_written_is_as_it_was(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(filled)
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.name == "CURRENT":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreError, match="No space left"):
        load(open_store(filled), [given()])
    assert snapshot(filled) == before


@pytest.mark.parametrize("make", [lambda path: path, lambda path: path / "nothing", lambda path: path / "broken"])
def test_a_path_that_cannot_be_read_is_refused(make: Callable[[Path], Path], tmp_path: Path) -> None:
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    (done,) = load(open_store(":memory:"), [make(tmp_path)])
    assert done.outcome == "refused"
    assert isinstance(done.error, InputError)
    assert str(tmp_path) in done.error.where
    with pytest.raises(InputError):
        load(open_store(":memory:"), [given()], sources=[make(tmp_path)])


def test_a_source_that_is_no_text_is_an_input_error() -> None:
    with pytest.raises(InputError, match="not a text") as caught:
        load(open_store(":memory:"), [given()], sources=[Input("scan.png", b"\x89PNG\r\n\x1a\n\0\0")])
    assert caught.value.where == "scan.png"


def test_nothing_to_load_makes_nothing(tmp_path: Path) -> None:
    assert load(open_store(tmp_path / "store"), []) == []
    assert list(tmp_path.iterdir()) == []


def test_a_load_in_several_batches_leaves_one_generation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_RECORDS", 2)
    with open_store(tmp_path / "store") as store:
        for numbers in (range(1), range(1, 4)):
            records = [Input(f"{number}.nbib", b"PMID- %d\nTI  - A trial\n" % (number + 1)) for number in numbers]
            assert [each.outcome for each in load(store, records)] == ["added"] * len(numbers)
    assert len(list((tmp_path / "store").glob("generation-*"))) == 1


@pytest.mark.parametrize(("size", "later"), [(1000, True), (1 << 30, False), (None, False)])
def test_the_engine_merges_its_files_at_the_end_of_a_load_that_is_not_long(
    size: int | None, later: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[bool] = []
    monkeypatch.setattr(writing, "_BULK", 0)
    monkeypatch.setattr(writing, "merge_later", lambda: called.append(True))
    monkeypatch.setattr(loading, "size_of", lambda inputs: size)
    with open_store(tmp_path / "store") as store:
        load(store, [example()])
    assert called == [True] * later


def test_how_much_there_is_to_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"1234")
    (tmp_path / "b.xml.gz").write_bytes(b"12")
    given: list[str | Path] = [tmp_path / "a.json", str(tmp_path / "b.xml.gz"), tmp_path / "none.json"]
    assert size_of(given) == 4 + 2 * 8
    assert size_of(iter(given)) is None


def test_a_study_read_without_a_store_is_the_one_that_is_stored(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(GOOD, "utf-8")
    store = open_store(":memory:")
    (done,) = load(store, [tmp_path / "my.yaml"])
    stored = study_of(store.quads(done.record))
    assert stored.adverse_events == read_study(tmp_path / "my.yaml").adverse_events
    (tmp_path / "bad.yaml").write_text(GOOD.replace("affected: 11", "affected: 80"), "utf-8")
    with pytest.raises(RecordError, match="80 participants"):
        read_study(tmp_path / "bad.yaml")


# --- large and strange ------------------------------------------------------------------------------------------


def test_thousands_of_results() -> None:
    row = "  - {{term: event {n}, affected: {n}, at_risk: 3000, arm: drug, evidence: {place}}}\n"
    rows = "".join(row.format(n=number, place=at("Nausea")) for number in range(3000))
    (done,) = load(open_store(":memory:"), [given(GOOD.rstrip() + "\n" + rows)])
    assert done.outcome == "added"
    assert done.facts["AdverseEventResult"] == 3002
    (bad,) = load(open_store(":memory:"), [given(GOOD.rstrip() + "\n" + rows + row.format(n=3001, place=at("Nausea")))])
    assert bad.error
    assert f"line {GOOD.count(chr(10)) + 3001}" in bad.error.where


def test_a_file_beyond_all_bounds_is_refused_at_once() -> None:
    huge = GOOD + "# " + "x" * 6_000_000
    (done,) = load(open_store(":memory:"), [given(huge)])
    assert done.outcome == "refused"
    deep = GOOD + "conclusions: " + "[" * 50_000 + "]" * 50_000
    (done,) = load(open_store(":memory:"), [given(deep)])
    assert done.outcome == "refused"


@pytest.mark.parametrize("key", ["doi:10.1000/<a>\"{}|^'`é%zz#?[]", "doi:10.1000/../../x", "ISRCTN:𝒳\u0301\u202e"])
def test_a_key_of_strange_characters_keeps_its_record(key: str, tmp_path: Path) -> None:
    content = GOOD.replace("pmid:77", "'" + key.replace("'", "''") + "'")
    store = open_store(tmp_path / "store")
    (done,) = load(store, [given(content)])
    assert done.outcome == "added", done.error
    assert study_of(store.quads(done.record)).key == key
    assert outcomes(load(store, [given(content)])) == ["unchanged"]


@pytest.mark.parametrize("words", ["é" * 500, "\U0001d4b3\u0301" * 50, "‮abc‬", "a'b''\"c\\d", "{[<!--"])
def test_words_of_every_script_come_back(words: str, tmp_path: Path) -> None:
    quoted = "'" + words.replace("'", "''") + "'"
    store = open_store(tmp_path / "store")
    (done,) = load(store, [edited("term: nausea", f"term: {quoted}")])
    assert done.outcome == "added", done.error
    assert words in {each.term for each in study_of(store.quads(done.record)).adverse_events}
