"""Promise: a damaged record loads right or is refused with a reason and a place; good ones beside it are kept."""

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from picograph.kg.load import Input, load
from picograph.kg.store import open_store
from picograph.queries.report import rejects

NEIGHBOUR = b'{"protocolSection": {"identificationModule": {"nctId": "NCT%08d", "briefTitle": "A good one"}}}'
VALUES: list[Any] = [None, True, -1, 0, 10**30, "1e999", "", "x" * 5000, [], {}, [[]], {"a": 1}, "\u202e", 1.5, "-"]
POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*|\d+-\d+")  # RFC 6901, "" is all of it; or characters
BOMB = b'<!DOCTYPE PubmedArticleSet [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, inner in members:
        found += places(inner, (*path, name))
    return found


def damaged(number: int, originals: list[bytes]) -> bytes:
    """Damage a record in one of ten ways; number N is always the same."""
    chance = random.Random(number)
    content = chance.choice(originals)
    way = number % 10
    if way == 0:
        return content[: chance.randrange(1, len(content))]
    if way == 1:
        at = chance.randrange(len(content))
        return content[:at] + bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9))) + content[at:]
    if way == 2:
        at = chance.randrange(len(content) - 9)
        return content[:at] + content[at + chance.randrange(1, 9) :]
    if way == 3:
        return b"[" * chance.choice([10, 1000, 100_000]) + content
    if not content.startswith(b"{"):
        at = content.index(b"<PubmedArticleSet")
        return content[:at] + BOMB + content[at:] if way < 7 else content.replace(b"<", b"<<", chance.randrange(1, 50))
    tree = json.loads(content)
    steps = chance.choice(places(tree))
    holder = tree
    for step in steps[:-1]:
        holder = holder[step]
    if way in (4, 5, 6):
        holder[steps[-1]] = chance.choice(VALUES)
    elif way == 7:
        holder[steps[-1]] = [holder[steps[-1]]]
    elif way == 8 and isinstance(holder, list):
        chance.shuffle(holder)
    else:
        del holder[steps[-1]]
    if chance.random() < 0.1:
        return b'{"protocolSection": ' + b'{"a": ' * 5000 + b"1" + b"}" * 5000 + b"}"
    return json.dumps(tree).encode()


def check(count: int, shared: Path, folder: Path) -> None:
    originals = [path.read_bytes() for path in sorted([*shared.glob("clinicaltrials/*"), *shared.glob("pubmed/*.xml")])
                 if path.suffix in (".json", ".xml")]  # fmt: skip
    assert len(originals) == 8
    inputs = []
    for number in range(count):
        inputs += [Input(f"bad {number}", damaged(number, originals)), Input(f"good {number}", NEIGHBOUR % number)]
    with open_store(folder / "store") as store:
        done = load(store, inputs)
    good = [each for each in done if each.name.startswith("good")]
    assert [each.outcome for each in good] == ["added"] * count
    refused = [each for each in done if each.error]
    assert {each.outcome for each in done} <= {"added", "replaced", "unchanged", "refused"}
    assert len(refused) > count / 4
    for each in refused:
        assert each.error
        assert each.name in each.error.where or "bad" in each.error.where, each
        assert each.error.what
        assert each.error.remedy
        assert "mistake of picograph" not in each.error.what, (each.name, str(each.error))
    lines = [json.loads(line) for each in refused for line in rejects(each)]
    assert all(line["record"] and line["reason"] and line["try"] for line in lines)
    assert all(POINTER.fullmatch(line["pointer"]) for line in lines)
    inside = sum(line["pointer"] != "" for line in lines)
    assert inside > len(lines) / 3, (
        "what is wrong inside a record is pointed to; what is cut off or no record has no inside"
    )
    syntax = [line for line in lines if re.search("this is no JSON|not well-formed|declares entities", line["reason"])]
    assert len(syntax) > count / 10
    assert all(re.fullmatch(r"\d+-\d+", line["pointer"]) for line in syntax), "the characters where reading ended"


def test_two_hundred_damaged_records(shared: Path, tmp_path: Path) -> None:
    check(200, shared, tmp_path)


@pytest.mark.long
def test_two_thousand_damaged_records(shared: Path, tmp_path: Path) -> None:
    check(2000, shared, tmp_path)
