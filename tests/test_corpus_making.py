"""Promise: a model is made from annotated abstracts, and what it learns from is said by models that never saw them."""

import doctest
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from picograph.corpus import across, brat, division, making, report, scoring
from picograph.corpus.brat import read_pairs
from picograph.corpus.division import DIVISIONS, FOLDS, fold, held_back
from picograph.corpus.scoring import score
from picograph.kg.extraction.model.reader import findings, weights_in

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "pico-corpus-dev"


def test_two_divisions_cut_the_corpus_each_in_its_own_way() -> None:
    names = [path.stem for path in CORPUS.glob("*.txt")]
    assert len(names) == 504
    cells = Counter((fold(name, DIVISIONS[0]), fold(name, DIVISIONS[1])) for name in names)
    assert len(cells) == FOLDS * FOLDS
    assert max(cells.values()) < 504 / FOLDS / 2


def test_what_is_kept_of_a_score_is_the_score() -> None:
    abstracts = list(read_pairs(CORPUS))[:9]
    found = score((each, each.spans[::2]) for each in abstracts)
    kept = making.score_of(making.figures(found), 9)
    assert kept.overlap == found.overlap
    assert kept.micro(exact=True, reported=True) == found.micro(exact=True, reported=True)
    assert 0 < kept.micro().recall < 1


@pytest.mark.parametrize("module", [brat, division, making, report, scoring])
def test_examples_run(module: ModuleType) -> None:
    done = doctest.testmod(module)
    assert done.attempted > 0
    assert done.failed == 0


@pytest.mark.long
def test_a_model_is_made_and_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty abstracts: no model says anything of an abstract that it learnt from, and the figures count all sixty."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for path in sorted(CORPUS.iterdir())[:120]:
        shutil.copy(path, folder)
    learnt: dict[str, set[str]] = {}
    said: Counter[str] = Counter()

    def learns(name: str) -> None:
        learn = getattr(across, name)

        def wrapped(rows: Sequence[Any], *rest: Any) -> Any:
            learnt[name] = {row.name for row in rows}
            return learn(rows, *rest)

        monkeypatch.setattr(across, name, wrapped)

    def tells(name: str, *learners: str) -> None:
        tell = getattr(across, name)

        def wrapped(what: Any, *rest: Any) -> Any:
            for each in what if isinstance(what, list) else [what]:
                said[name] += 1
                assert not any(each.name in learnt[learner] for learner in learners)
            return tell(what, *rest)

        monkeypatch.setattr(across, name, wrapped)

    for name in ("learn_words", "learn_numbers", "learn_sides", "learn_weighing"):
        learns(name)
    tells("told_of", "learn_words")
    tells("weighed", "learn_numbers", "learn_sides")
    steps: list[str] = []
    making.make_model(folder, tmp_path / "model", steps.append, whole=True)
    assert steps[0] == "60 abstracts to learn from"
    assert said == {"told_of": 60, "weighed": 120}
    abstracts = list(read_pairs(folder))
    assert learnt["learn_weighing"] < {each.name for each in abstracts}  # the last fold was read by the other four
    kept = making.learnt_from(tmp_path / "model")
    assert kept["texts"] == sorted(making.digest(each.text) for each in abstracts)
    marked = making.score_of(kept["figures"], 60).micro()
    assert marked.gold == sum(len(each.spans) for each in abstracts)
    assert marked.f1 > 0.3
    new = next(
        each for each in read_pairs(CORPUS) if held_back(each.name) and each.name not in {a.name for a in abstracts}
    )
    assert findings(new.text, weights_in(tmp_path / "model"))
