"""A record of ClinicalTrials.gov is one record wherever it stands; a damaged one is refused with what, where and try.

The records beside it are kept, and what is read of a damaged record is read right.
"""

import io
import json
import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from picograph.kg import model, readers
from picograph.kg.readers import json_files, json_record
from picograph.kg.readers.clinicaltrials import read, read_all, sniff
from picograph.kg.recovery import study_of
from picograph.kg.source import Place
from picograph.kg.study import Study
from picograph.kg.triples import canonical, quads_of
from picograph.ontology.errors import EvidenceError, InputError
from picograph.tests.registry_records import FILES, ID, outcome, record, some_records, study, walk, zipped

# --- one checksum wherever a record stands ---------------------------------------------------------------------------


def forms(originals: list[bytes]) -> dict[str, bytes]:
    trees = [json.loads(each) for each in originals]
    compact = [json.dumps(each, separators=(",", ":"), ensure_ascii=False).encode() for each in trees]
    page = {"totalCount": 3, "studies": trees, "nextPageToken": "x"}
    return {
        "page": json.dumps(page).encode(),
        "indented page": json.dumps(page, indent=2).encode(),
        "page of lines": b'{"studies":[\n' + b",\n".join(compact) + b"\n]}\n",
        "list": json.dumps(trees, indent=1).encode(),
        "lines": b"\n".join(compact) + b"\n",
        "lines with a mark": b"\xef\xbb\xbf" + b"\r\n".join(compact),
        "one after the other": b"".join(json.dumps(each, indent=4).encode() for each in trees),
        "zip": zipped(**{f"NCT0000000{index}.json": each for index, each in enumerate(originals)}),
        "zip of pages": zipped(**{"a/1.json": json.dumps(page).encode()}),
        "other order": json.dumps([dict(reversed(each.items())) for each in trees]).encode(),
    }


@pytest.mark.parametrize("chunk", [1 << 18, 1009])
@pytest.mark.parametrize("form", forms([b"{}"]))
def test_a_record_is_the_same_alone_and_in_every_file_of_many(
    form: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_files, "_CHUNK", chunk)
    originals = some_records()
    alone = [read(each, "alone") for each in originals]
    file = forms(originals)[form]
    assert sniff(file[:65_536])
    found = list(read_all(io.BytesIO(file), "many"))
    assert [each for _, each in found] == alone
    assert len({name for name, _ in found}) == len(found) >= 3


@pytest.mark.skipif(not FILES, reason="the real records are not at hand")
def test_the_checksum_is_that_of_the_canonical_text() -> None:
    from hashlib import sha256

    for path in FILES:
        tree = json.loads(path.read_bytes())
        text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        fields, source = json_record.parse(path.read_bytes(), path.name)
        assert json_record.canonical_text(fields) == text
        assert source.sha256 == sha256(text.encode()).hexdigest()
        assert source.characters is None


@pytest.mark.parametrize("pair", [("1.50", "1.5"), ("1e2", "100"), ("71.0", "71"), ('"\\u00e9\\/"', '"é/"')])
def test_one_record_written_in_two_ways_has_one_checksum(pair: tuple[str, str]) -> None:
    first, second = (json_record.parse(b'{"a": %s}' % each.encode(), "x")[1] for each in pair)
    assert first == second


def test_places_are_resolved() -> None:
    tree = {"a/b": [{"~": 0}], "": "x"}
    assert json_record.resolve(tree, Place("/a~1b/0/~0")) == 0
    assert json_record.resolve(tree, Place("/")) == "x"
    for pointer in ("/a", "/a~1b/1", "/a~1b/00", "/a~1b/-1", "/a~1b/0/~0/x"):
        with pytest.raises(EvidenceError, match="nothing at"):
            json_record.resolve(tree, Place(pointer))


# --- damage ----------------------------------------------------------------------------------------------------------


GOOD = b'{"protocolSection": {"identificationModule": {"nctId": "NCT00000001"}}}'


@pytest.mark.parametrize(
    ("file", "good", "bad"),
    [
        (GOOD + b"\n" + GOOD[:30] + b"\n" + GOOD, 2, 1),
        (GOOD + b"\n" + GOOD[:46] + b"\n" + GOOD, 2, 1),
        (GOOD + b"\nhello\n" + GOOD, 2, 1),
        (GOOD + b"\n" + GOOD.replace(b"}}}", b"}}") + b"\n" + GOOD, 2, 1),
        (GOOD + b"\n{}\n" + GOOD, 2, 1),
        (GOOD + b"\n" + GOOD.replace(b"NCT0", b"\xff\xfe") + b"\n" + GOOD, 2, 1),
        (b'{"studies": [' + GOOD + b", " + GOOD[:30], 1, 1),
        (b'{"studies": [' + GOOD + b", {}, 5, " + GOOD + b"]}", 2, 1),
        (b'{"studies": []}', 0, 1),
        (b"", 0, 1),
        (b"[]", 0, 1),
        (b"]]]}}}" + GOOD, 1, 6),
        (b"PK\x03\x04 no zip", 0, 1),
        (zipped(**{"a.json": GOOD, "b.json": GOOD[:9], "c.json": GOOD})[:-40], 0, 1),
        (zipped(**{"a.json": GOOD, "b.json": GOOD[:9], "c.json": GOOD}), 2, 1),
        (zipped(**{"a.json": GOOD}).replace(b"a.json", b"a.json").replace(GOOD[:4], b"zzzz"), 1, 0),
    ],
)
def test_good_neighbours_of_damaged_records_are_kept(file: bytes, good: int, bad: int) -> None:
    found = [each for _, each in read_all(io.BytesIO(file), "many.json")]
    assert sum(isinstance(each, Study) for each in found) == good
    refused = [each for each in found if isinstance(each, InputError)]
    assert len(refused) == bad
    assert all(each.where.startswith("many.json") and each.remedy for each in refused)


def test_a_zip_whose_member_does_not_unpack_keeps_the_others() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.json", GOOD)
        archive.writestr("b.json", GOOD.replace(b"1", b"2"))
    damaged = file.getvalue().replace(b"NCT00000002", b"NCT00000003")
    found = list(read_all(io.BytesIO(damaged), "x.zip"))
    assert isinstance(found[0][1], Study)
    assert "cannot be unpacked" in str(found[-1][1])


def test_a_record_without_end_is_not_read_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_record, "LARGEST", 1000)
    monkeypatch.setattr(json_files, "_CHUNK", 500)
    file = GOOD + b'\n{"protocolSection": "' + b"x" * 9000 + b'"}\n' + GOOD
    found = [each for _, each in read_all(io.BytesIO(file), "x")]
    assert [type(each) for each in found] == [Study, InputError, Study]
    with pytest.raises(InputError, match="larger than"):
        read(b" " * 2000 + GOOD, "x")


WRONG = [  # content, then words of what, where and try
    (b"", "the file is empty", "bad.json", "complete"),
    (b"  \n ", "the file is empty", "bad.json", "complete"),
    (GOOD[:40], "this is no JSON", "bad.json", "complete"),
    (GOOD + b"x", "extra data in line 1", "bad.json", "complete"),
    (b"\xff\xfe{}", "not UTF-8", "bad.json", "save the file as UTF-8"),
    (b"[1]", "this is a list", "bad.json", "give one record"),
    (b'"x"', "this is a text", "bad.json", "give one record"),
    (b"null", "this is null", "bad.json", "give one record"),
    (b'{"title": "x"}', "no protocolSection", "bad.json", "version 2"),
    (b'{"FullStudy": {}}', "no protocolSection", "bad.json", "version 2"),
    (b'{"studies": [{}, {}]}', "a page of 2 studies", "bad.json", "records"),
    (b"PK\x03\x04", "a zip of records", "bad.json", "records"),
    (b'{"protocolSection": {"a": NaN}}', "NaN", "bad.json", "null"),
    (b'{"protocolSection": {"a": -Infinity}}', "-Infinity", "bad.json", "null"),
    (b'{"protocolSection": {"a": 1, "a": 2}}', "'a' stands twice", "bad.json", "keep the one"),
    (b'{"protocolSection": {"a": "\\ud800"}}', "half a character", "bad.json", "complete"),
    (b'{"protocolSection": {"a": 1e400}}', "more digits", "#/protocolSection/a", "damaged"),
    (b'{"protocolSection": {"a": [0, %s]}}' % (b"9" * 5000), "more digits", "#/protocolSection/a/1", "damaged"),
    (b'{"a":' * 100_000, "nested deeper", "bad.json", "complete"),
    (b"[" * 100_000 + b"]" * 100_000, "nested deeper", "bad.json", "complete"),
    (b'{"protocolSection": []}', "protocolSection is a list, not an object", "#/protocolSection", "download"),
    (b'{"protocolSection": {}}', "has no nctId", f"#{ID}/nctId", "API"),
    (GOOD.replace(b"NCT00000001", b"NCT1"), "'NCT1', not NCT and eight digits", f"#{ID}/nctId", "API"),
    (GOOD.replace(b'"NCT00000001"', b"5"), "nctId is a number, not a text", f"#{ID}/nctId", "download"),
]


def broken(*path: Any, value: Any) -> bytes:
    """Give the record made by hand with one value changed."""
    made = record(
        outcomes=[outcome(analyses=[{"groupIds": ["OG000"], "paramValue": "1"}])],
        adverseEventsModule={
            "eventGroups": [{"id": "EG000", "title": "Drug", "deathsNumAffected": 1}],
            "otherEvents": [{"term": "Rash", "stats": [{"groupId": "EG000", "numAffected": 1}]}],
        },
    )
    at = made
    for step in path[:-1]:
        at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
    at[path[-1]] = value
    return json.dumps(made).encode()


MEASURES = ("resultsSection", "outcomeMeasuresModule", "outcomeMeasures")
STATS = ("resultsSection", "adverseEventsModule", "otherEvents", 0, "stats", 0)
CELL = (*MEASURES, 0, "classes", 0, "categories", 0, "measurements", 0)
MISFITS = [
    (MEASURES, {}, "outcomeMeasures is an object, not a list"),
    ((*MEASURES, 0), 5, "here stands a number, not an object"),
    ((*MEASURES, 0, "title"), None, "an outcome measure has no title"),
    ((*MEASURES, 0, "title"), ["x"], "title is a list, not a text"),
    ((*MEASURES, 0, "groups", 0, "id"), None, "a group has no id"),
    ((*CELL, "value"), {"a": 1}, "value is an object, not a number"),
    ((*CELL, "value"), True, "value is true or false, not a number"),
    ((*CELL, "value"), "9" * 40, "more digits than a store keeps"),
    ((*CELL, "groupId"), None, "a result has no groupId"),
    ((*MEASURES, 0, "denoms", 0, "counts", 0, "value"), "-3", "a count is a whole number"),
    ((*MEASURES, 0, "analyses", 0, "groupIds"), "OG000", "groupIds is a text, not a list"),
    ((*MEASURES, 0, "analyses", 0, "groupIds", 0), 5, "here stands a number, not a text"),
    ((*STATS, "numAffected"), "1.5", "a count is a whole number"),
    ((*STATS, "numAffected"), [1], "numAffected is a list, not a number"),
    ((*STATS[:-2], "term"), "", "an adverse event has no term"),
    (("protocolSection", "armsInterventionsModule", "armGroups", 0, "label"), None, "an arm has no label"),
    (("protocolSection", "armsInterventionsModule", "interventions", 0, "name"), None, "an intervention has no name"),
    (("protocolSection", "eligibilityModule", "healthyVolunteers"), "yes", "not true or false"),
    (("protocolSection", "designModule", "phases"), "PHASE2", "phases is a text, not a list"),
    (("protocolSection", "designModule", "studyType"), 2, "studyType is a number, not a text"),
    (("protocolSection", "outcomesModule", "primaryOutcomes", 0, "measure"), None, "an outcome has no measure"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "what", "where", "remedy"), WRONG, ids=[each[1] for each in WRONG])
def test_what_is_no_record_is_refused_with_what_where_and_try(file: bytes, what: str, where: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        read(file, "bad.json")
    error = caught.value
    assert what in error.what
    assert where in error.where
    assert remedy in error.remedy
    assert len(error.what) < 160
    assert "\n" not in error.what + error.where + error.remedy


@pytest.mark.parametrize(("path", "value", "what"), MISFITS, ids=[each[2] for each in MISFITS])
def test_a_field_that_does_not_fit_is_refused_with_its_pointer(path: Any, value: Any, what: str) -> None:
    with pytest.raises(InputError) as caught:
        read(broken(*path, value=value), "bad.json")
    pointer = caught.value.where.partition("#")[2].removesuffix(")")
    assert what in caught.value.what
    assert ("/" + "/".join(map(str, path))).startswith(pointer)
    assert pointer.count("/") >= len(path) - 1


def test_words_without_the_characters_that_rdf_cannot_carry() -> None:
    made = study(conditionsModule={"conditions": ["a\u0000b\u000bc", "\u0001", "line\nbreak"]})
    assert made.population is not None
    assert [each.label for each in made.population.conditions] == ["abc", "line\nbreak"]


def test_what_begins_like_it_and_what_does_not() -> None:
    assert readers.detect(GOOD, "x") == "clinicaltrials"
    assert readers.detect(b"\xef\xbb\xbf \n[" + GOOD + b"]", "x") == "clinicaltrials"
    assert sniff(zipped(**{"NCT00000001.json": GOOD}))
    for other in (
        b'{"studies": 5}',
        b"protocolSection",
        b"{}",
        b"",
        zipped(**{"a.txt": b"x"}),
        b'{"protocolSection": 1}',
    ):
        assert not sniff(other)


def mutations(chance: random.Random, raw: Any) -> bytes:
    """Damage a record in one of many ways."""
    tree = deepcopy(raw)
    paths = [path for path, _ in walk(tree)]
    path = list(chance.choice(paths))
    path = path[: chance.randint(1, len(path))]
    at = tree
    for step in path[:-1]:
        at = at[step]
    strange: list[Any] = [None, [], {}, "", -1, 10**30, "1" * 40, True, [[1]], {"a": {}}, "NA", 0.5, "\0", [None]]
    strange.append("x" * 10_000)
    way = chance.randrange(5)
    if way == 0:
        at[path[-1]] = chance.choice(strange)
    elif way == 1:
        del at[path[-1]]
    elif way == 2 and isinstance(at, list):
        chance.shuffle(at)
    elif way == 3 and isinstance(at, list):
        at.append(deepcopy(at[0]))
    data = json.dumps(tree).encode()
    if way == 4:
        cut = chance.randrange(len(data))
        data = data[:cut] + chance.choice([b"", b"\xff", b"{", b'"', data[cut + 1 :], b"\x00" + data[cut:]])
    return data


def read_damaged(data: bytes) -> Iterator[tuple[str, Study | InputError]]:
    try:
        yield "", read(data, "damaged.json")
    except InputError as error:
        yield "", error


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_record_is_read_right_or_refused_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    originals = [json.loads(each) for each in some_records()]
    outcomes = Counter[str]()
    for _ in range(40):
        data = mutations(chance, chance.choice(originals))
        (made,) = [each for _, each in read_damaged(data)]
        if isinstance(made, InputError):
            assert made.where.startswith("damaged.json")
            assert made.remedy
            outcomes["refused"] += 1
            continue
        fields, _ = json_record.parse(data, "x")
        for part in model.parts_of(made):
            for place in part.evidence:
                assert not isinstance(json_record.resolve(fields, place), dict | list)
        assert study_of(quads_of(made)) == canonical(made)
        outcomes["read"] += 1
    assert outcomes.total() == 40
    assert outcomes["read"] > 2, f"{outcomes}"
