"""With a million names at hand, a name finds its concept: as it stands, by another name, and with one typing error.

The names are drawn at random, by a seed, from the full tables in ../shared/vocabularies; shorter ones than five
characters are left out of those with an error, because an error makes another word of them.
"""

import random
from pathlib import Path

import pytest

from picograph.ontology.lookup import Match, find
from picograph.ontology.words import Words
from picograph.tests.full_lexicon import write_indexes

pytestmark = pytest.mark.long
DRAWN = 200
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def with_an_error(name: str, draw: random.Random) -> str:
    """Leave a letter out, put one in, change one, or swap two."""
    at = draw.randrange(1, len(name) - 1)
    match draw.randrange(4):
        case 0:
            return name[:at] + name[at + 1 :]
        case 1:
            return name[:at] + draw.choice(LETTERS) + name[at:]
        case 2:
            return name[:at] + draw.choice(LETTERS) + name[at + 1 :]
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def names_of(match: Match) -> set[str]:
    return {name.casefold() for name in (match.concept.label, *match.concept.synonyms)}


def test_names_entry_terms_and_typing_errors(tmp_path: Path) -> None:
    words = Words(write_indexes(tmp_path / "words"))
    draw = random.Random(2026)
    labels, others = [], []
    for each in words.concepts():
        labels.append((each.curie, each.label))
        others.extend((each.curie, name) for name in each.synonyms)
    assert len(labels) > 600_000
    assert len(labels) + len(others) > 1_000_000
    missed: dict[str, list[str]] = {"name": [], "entry term": [], "error": []}
    for curie, name in draw.sample(labels, DRAWN):
        if not any(match.concept.curie == curie and match.how == "name" for match in find(name, 20, words)):
            missed["name"].append(name)
    for curie, name in draw.sample(others, DRAWN):
        if not any(match.concept.curie == curie and match.score == 100 for match in find(name, 20, words)):
            missed["entry term"].append(name)
    long_enough = [(curie, name) for curie, name in labels if len(name) >= 5]
    for curie, name in draw.sample(long_enough, DRAWN):
        typed = with_an_error(name, draw)
        # several vocabularies may have the name: any of them is what was meant
        first = find(typed, 3, words)
        if not any(match.concept.curie == curie or name.casefold() in names_of(match) for match in first):
            missed["error"].append(f"{typed} for {name}")
    words.close()
    print({kind: f"{DRAWN - len(some)} of {DRAWN}" for kind, some in missed.items()}, missed)
    assert missed["name"] == []
    assert len(missed["entry term"]) <= 2
    assert len(missed["error"]) <= 10, missed["error"]
