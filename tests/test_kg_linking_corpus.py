"""Promise: of 100 links in real abstracts at least 95 are right, judged one by one, and none changes unjudged.

The verdicts in ``linking/judged.tsv`` were given by reading each link among the words around it. A link whose concept
is broader than the words, and true of them, is right; one that takes a part of a name for the whole is wrong.
"""

import csv
from pathlib import Path

import pytest

from picograph.tests.full_lexicon import Drawn, linked, linker

JUDGED = Path(__file__).resolve().parent / "linking" / "judged.tsv"


def _judged() -> dict[Drawn, str]:
    with JUDGED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert all(row["why"] and row["verdict"] in {"right", "wrong"} for row in rows)
    return {
        Drawn(row["pmid"], int(row["start"]), int(row["end"]), row["words"], row["concept"]): row["verdict"]
        for row in rows
    }


def test_at_least_95_of_100_links_were_judged_right() -> None:
    verdicts = list(_judged().values())
    assert len(verdicts) == 100
    assert verdicts.count("right") >= 95


@pytest.mark.long
def test_links_drawn_again_are_those_that_were_judged(tmp_path: Path) -> None:
    made = linked(linker(tmp_path / "lexicon"))
    print(
        f"spans {made.spans}, with a link {made.spans_linked / made.spans:.1%}; links {made.links}, "
        f"with more than one reading {made.ambiguous / made.links:.1%}"
    )
    assert made.spans > 1_000
    assert made.spans_linked / made.spans > 0.5
    judged = _judged()
    assert [each for each in made.drawn if each not in judged] == [], "links that nobody judged"
    assert len(made.drawn) == len(judged)
