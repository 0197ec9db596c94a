"""Over 500 abstracts: every place that is given is whole words of the text, and what is read is read back.

The abstracts are the publishers' and lie outside the project.
"""

from pathlib import Path

import pytest

from picograph.kg.extraction.build import read_study
from picograph.kg.model import parts_of
from picograph.kg.readers import study_file
from picograph.kg.report import Report
from picograph.kg.results import Reading
from picograph.kg.source import Place
from picograph.kg.triples import canonical
from picograph.kg.validation import check, errors

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "pico-corpus-dev"
FILES = sorted(FOLDER.glob("*.txt")) if FOLDER.exists() else []

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


def test_signs_of_two_letters_are_one_token() -> None:
    assert read_study("Pain <> 5 >< 3 >> 2 << 1 == in 3 of 40 patients vs. 5 of 40.").adverse_events == ()
