"""Promise: what cannot be true is refused with what, where and try, and the store stays as it was, byte for byte.

The good records beside it are kept.
"""

import hashlib
import re
from pathlib import Path

import pytest

from picograph.kg.load import Input, load
from picograph.kg.store import open_store
from picograph.ontology.errors import EvidenceError, InputError, PicographError, RecordError, StoreError
from picograph.tests.made_up_study import GOOD, OTHER, SHA, TEXT, at, edited, given, graphs, line_of, outcomes
from picograph.tests.stores import snapshot

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
