"""Promise: what a model reads becomes a fact only where it is sure and the text says it, marked with the version."""

import subprocess
import sys
from pathlib import Path

import pytest

from picograph.kg.extraction.model import study as learnt
from picograph.kg.model import parts_of
from picograph.kg.readers import study_file
from picograph.kg.results import Statistic
from picograph.kg.source import Method, Place
from picograph.kg.study import Role
from picograph.kg.triples import canonical
from picograph.kg.validation import check, errors
from picograph.ontology.errors import InputError
from picograph.tests.test_kg_extraction_model import MADE_UP

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "pico-corpus-dev"
FILES = sorted(CORPUS.glob("*.txt"))


def test_sure_numbers_become_facts_of_their_arm() -> None:
    study, notes = learnt.read_with_notes(MADE_UP)
    assert study.record.method is Method.MODEL
    assert learnt.version() in (study.record.reader or "")
    assert [(each.key, each.enrolled, each.role) for each in study.arms] == [
        ("tamoxifen", 110, Role.EXPERIMENTAL),
        ("placebo", 110, None),
    ]
    found = {(each.arm, each.outcome, each.count, str(each.value), each.unit) for each in study.estimates}
    assert found == {
        ("tamoxifen", "nausea", 22, "20", "%"),
        ("placebo", "nausea", 11, "10", "%"),
        ("tamoxifen", "overall-survival", None, "14.2", "mo"),
        ("placebo", "overall-survival", None, "9.1", "mo"),
    }
    assert all(each.confidence is not None and 0.5 <= each.confidence <= 1 for each in study.estimates)
    assert study.population is not None
    assert study.population.enrolled == 220
    assert notes == []
    written = study_file.write(study).encode()
    assert canonical(study_file.read(written, "x")) == canonical(study)


def test_it_is_asked_for_by_name_and_shows_how_sure_it_is(tmp_path: Path) -> None:
    path = tmp_path / "abstract.txt"
    path.write_text(MADE_UP)
    program = [sys.executable, "-m", "picograph.cli", "extract", str(path), "--method", "model"]
    shown = subprocess.run([*program, "--format", "table"], capture_output=True, text=True, encoding="utf-8")
    assert shown.returncode == 0, shown.stderr
    assert ", model" in shown.stdout.splitlines()[0]
    assert "(confidence 0." in shown.stdout
    row = subprocess.run([*program, "--format", "tsv"], capture_output=True, text=True, encoding="utf-8")
    assert "confidence" in row.stdout.splitlines()[0].split("\t")


def test_a_survival_is_never_a_proportion_or_a_count() -> None:
    text = (
        "Letrozole versus placebo in women with early breast cancer. Overall survival was 80% with letrozole and 70%"
        " with placebo. Median overall survival was 14.2 months with letrozole and 9.1 months with placebo."
    )
    study, _ = learnt.read_with_notes(text)
    assert {each.statistic for each in study.estimates} <= {Statistic.MEDIAN}


def holds(text: str) -> int:
    """Read a text; every fact must have places that resolve, and nothing that cannot be true."""
    try:
        study, _ = learnt.read_with_notes(text)
    except InputError:
        return 0
    assert errors(check(study, text)) == []
    places = [place for part in parts_of(study) for place in part.evidence]
    for place in places:
        assert isinstance(place, Place)
        assert place.words(text).strip()
    return len(places)


@pytest.mark.skipif(not FILES, reason="the corpus is not at hand")
def test_every_place_resolves() -> None:
    assert sum(holds(path.read_text(encoding="utf-8")) for path in FILES[::8]) > 100


@pytest.mark.skipif(not FILES, reason="the corpus is not at hand")
@pytest.mark.long
def test_every_place_of_every_abstract_resolves() -> None:
    assert sum(holds(path.read_text(encoding="utf-8")) for path in FILES) > 1_000
