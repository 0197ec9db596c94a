"""The model made from the learning part of the corpus, in one go: same data, same seed, same bytes."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from picograph.corpus.brat import read_pairs
from picograph.corpus.division import held_back
from picograph.corpus.training import (
    Told,
    case,
    learn_numbers,
    learn_sides,
    learn_weighing,
    learn_words,
    lesson,
    shares_across,
    told_across,
    views_across,
    weighed,
)

# Chosen by cross-validation inside the learning part: see docs/decisions/reading-model.md.
THRESHOLDS = {"words": 0.3, "kind": 0.35, "enrolled": 0.35, "numbers": 0.57}


def digest(names: Iterable[str]) -> str:
    """Know a set of abstracts by its names, without keeping them."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def make_model(folder: Path, place: Path, told: dict[str, Told] | None = None) -> Iterator[str]:
    """Learn the model, and write its files; give a line on each step.

    :param told: what models of the other folds say of the words of each abstract; made if it is not given
    """
    lessons = [lesson(abstract) for abstract in read_pairs(folder) if not held_back(abstract.name)]
    yield f"{len(lessons)} abstracts to learn from"
    place.mkdir(parents=True, exist_ok=True)
    told = told or told_across(lessons)
    yield "words of each fold read by a model of the others"
    learn_words(lessons).save(place / "words.npz")
    for field, name in zip(learn_numbers(lessons, told), ("numbers.npz", "alone.npz"), strict=True):
        field.save(place / name)
    cases = {rules: [case(each, told[each.name], rules=rules) for each in lessons] for rules in (True, False)}
    views = [{"rules": rules, **learn_sides(row)} for rules, row in cases.items()]
    yield "sides learnt"
    weighing = learn_weighing(weighed(lessons, told, shares_across(lessons, told), views_across(cases)))
    learnt = {"abstracts": len(lessons), "sha256": digest(each.name for each in lessons)}
    whole = {"views": views, "weighing": weighing, "learnt": learnt, "thresholds": THRESHOLDS}
    packed = json.dumps(whole, separators=(",", ":"), sort_keys=True)
    (place / "sides.json.gz").write_bytes(gzip.compress(packed.encode(), mtime=0))
    for path in sorted(place.iterdir()):
        yield f"{path.name}: {path.stat().st_size:,} bytes"
