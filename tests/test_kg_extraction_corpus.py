"""Over 500 abstracts, and damaged texts: every place is whole words of the text, nothing fails, nothing hangs.

The abstracts are the publishers' and lie outside the project; a part of the sweep runs always, all of it with the long
tests.
"""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from picograph.kg.extraction.build import read_study
from picograph.kg.model import parts_of
from picograph.kg.readers import study_file
from picograph.kg.results import Reading
from picograph.kg.source import Place
from picograph.kg.study import Report
from picograph.kg.triples import canonical
from picograph.kg.validation import check, errors
from picograph.ontology.errors import InputError

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "pico-corpus-dev"
FILES = sorted(FOLDER.glob("*.txt")) if FOLDER.exists() else []
SLOWEST = 1.0  # seconds of processor time for one text
LARGEST = 2_000_000

needs_corpus = pytest.mark.skipif(not FILES, reason="the corpus is not at hand")


def places_resolve(text: str) -> int:
    """Read a text; every place must give whole words of it. Gives how many places there were."""
    study = read_study(text)
    assert errors(check(study, text)) == []
    seen = 0
    for part in parts_of(study):
        assert part.evidence or isinstance(part, Reading | Report)
        for place in part.evidence:
            assert isinstance(place, Place)
            words = place.words(text)
            assert words == words.strip() != ""
            for edge in (place.start, place.end):
                assert not (0 < edge < len(text) and text[edge - 1].isalnum() and text[edge].isalnum())
            seen += 1
    return seen


@needs_corpus
def test_every_place_of_every_abstract_resolves_to_its_words() -> None:
    seen = sum(places_resolve(path.read_text(encoding="utf-8")) for path in FILES)
    assert len(FILES) == 504
    assert seen > 2_000


@needs_corpus
def test_what_is_read_is_a_study_file_that_is_read_back() -> None:
    read = FILES[::50]
    for path in read:
        study = read_study(path.read_text(encoding="utf-8"))
        assert canonical(study_file.read(study_file.write(study).encode(), path.name)) == canonical(study)
    assert len(read) > 9


PROSE = (
    "patients grade 3 4 ≥ neutropenia had occurred in 12% 5 of 40 (22%) vs versus respectively and , ; : median"
    " overall survival months 95% CI hazard ratio P < .001 n = randomized to placebo or group A arm ( ) [ ] during"
    " treatment was were with the no none & - – /"
)
WORDS = PROSE.split()
SCRIPTS = ((32, 127), (0x370, 0x600), (0x4E00, 0x9FFF), (0x1F300, 0x1F6FF), (0x2000, 0x2070))


def abstract(chance: random.Random) -> str:
    if FILES:
        return chance.choice(FILES).read_text(encoding="utf-8")
    return " ".join(chance.choice(WORDS) for _ in range(300))


def damaged(number: int, seed: int, large: int) -> Iterator[str]:
    """Texts that no writer meant: bytes, mixed scripts, cut and stirred abstracts, walls of numbers, no spaces.

    :param large: how large the largest are, in times of a small abstract
    """
    chance = random.Random(seed)
    for index in range(number):
        size = chance.randrange(1, 3_000)
        match index % 12:
            case 0:
                yield bytes(chance.randrange(256) for _ in range(size)).decode("latin-1")
            case 1:
                yield "".join(chr(chance.randrange(*chance.choice(SCRIPTS))) for _ in range(size))
            case 2:
                text = abstract(chance)
                at = chance.randrange(len(text))
                yield text[at:] + text[:at]
            case 3:
                letters = list(abstract(chance))
                for _ in range(chance.randrange(200)):
                    letters[chance.randrange(len(letters))] = chance.choice("()[]%,.;:<>=≥&#0123456789 \n")
                yield "".join(letters)
            case 4:
                yield " ".join(chance.choice(WORDS) for _ in range(size))
            case 5:
                yield "".join(chance.choice(WORDS) for _ in range(size))
            case 6:
                yield " ".join(str(chance.randrange(10 ** chance.randrange(1, 30))) for _ in range(size))
            case 7:
                yield chance.choice(WORDS) * chance.randrange(1, 1_000 * large)
            case 8:
                few = " ".join(chance.choice(WORDS) for _ in range(chance.randrange(1, 8)))
                yield (few + " ") * chance.randrange(1, 125 * large)
            case 9:
                yield abstract(chance).replace(" ", "")
            case 10:
                yield abstract(chance).replace(".", "") * chance.randrange(1, 2 * large)
            case _:
                yield chance.choice("()[]{}<>=%,-.;/1x") * chance.randrange(1, 4_950 * large)


def sweep(number: int, seed: int, large: int) -> tuple[int, float]:
    """Read damaged texts; gives how many were refused, and the time of the slowest."""
    refused, slowest = 0, 0.0
    for text in damaged(number, seed, large):
        began = time.process_time()
        try:
            read_study(text)
        except InputError:  # too long: anything else is a mistake of ours
            refused += 1
        slowest = max(slowest, time.process_time() - began)
    return refused, slowest


def test_damaged_texts_are_read_without_failing_and_in_time() -> None:
    refused, slowest = sweep(120, 1, 20)
    assert refused < 20
    assert slowest < SLOWEST


@pytest.mark.long
def test_ten_thousand_damaged_texts_are_read_without_failing_and_in_time() -> None:
    refused, slowest = sweep(10_000, 7, 4)
    assert refused < 1_000
    assert slowest < SLOWEST


def test_signs_of_two_letters_are_one_token() -> None:
    assert read_study("Pain <> 5 >< 3 >> 2 << 1 == in 3 of 40 patients vs. 5 of 40.").adverse_events == ()


@pytest.mark.parametrize("text", ["1 " * 500_000, "x" * 1_048_576, "(" * 1_048_576, "5% " * 400_000])
def test_what_is_far_too_long_for_an_abstract_is_refused_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(InputError, match="an abstract has fewer than"):
        read_study(text)
    assert time.process_time() - began < SLOWEST
