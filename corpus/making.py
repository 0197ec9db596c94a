"""The model made from annotated abstracts, in one go: same data, same seed, same bytes.

Two are made. One learns from the learning part alone, and stays with the corpus: it is scored on the part held back.
The one that ships learns from all abstracts, by the same choices; its figures are those of a cross-validation.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from picograph.corpus.across import Across, learn_across
from picograph.corpus.brat import Abstract, Span, read_pairs
from picograph.corpus.division import fold, held_back
from picograph.corpus.labels import labels
from picograph.corpus.scoring import Score, Tally, score
from picograph.corpus.training import learn_numbers, learn_sides, learn_weighing, learn_words, lesson
from picograph.kg.extraction.model.reader import Weights, findings

# Chosen by cross-validation inside the learning part: see docs/decisions/reading-model.md.
THRESHOLDS = {"words": 0.3, "kind": 0.35, "enrolled": 0.35, "numbers": 0.64}
FILE = "sides.json.gz"


def digest(text: str) -> str:
    """Know an abstract by its words, without keeping them.

    >>> digest("Six patients died.") == digest("six  patients died.\\n") != digest("Five patients died.")
    True
    """
    return hashlib.sha256(" ".join(text.lower().split()).encode()).hexdigest()[:12]


def learnt_from(place: Path) -> dict[str, Any]:
    """Say what a model was learnt from: ``texts``, each by its `digest`, and the ``figures`` of a cross-validation."""
    found: dict[str, Any] = json.loads(gzip.decompress((place / FILE).read_bytes()))["learnt"]
    return found


def spans(text: str, weights: Weights | None = None) -> list[Span]:
    """Read an abstract, with the shipped model if no other is given, and say what was found in the corpus's labels."""
    table = labels()
    return [Span(table[each.label].corpus, ((each.start, each.end),)) for each in findings(text, weights)]


def make_model(folder: Path, place: Path, say: Callable[[str], Any], *, whole: bool) -> None:
    """Learn a model, and write its files.

    :param say: is told of each step
    :param whole: from all abstracts, with the figures of a cross-validation; else from the learning part
    """
    abstracts = [each for each in read_pairs(folder) if whole or not held_back(each.name)]
    lessons = [lesson(each) for each in abstracts]
    say(f"{len(lessons)} abstracts to learn from")
    across = learn_across(lessons, say)
    place.mkdir(parents=True, exist_ok=True)
    learn_words(lessons).save(place / "words.npz")
    for field, name in zip(learn_numbers(lessons, across.told), ("numbers.npz", "alone.npz"), strict=True):
        field.save(place / name)
    learnt: dict[str, Any] = {"texts": sorted(digest(each.text) for each in abstracts)}
    if whole:
        learnt["figures"] = figures(score(read_across(abstracts, across)))
    model = {
        "views": [{"rules": rules, **learn_sides(row)} for rules, row in across.cases.items()],
        "weighing": learn_weighing(across.weighed),
        "learnt": learnt,
        "thresholds": THRESHOLDS,
    }
    packed = json.dumps(model, separators=(",", ":"), sort_keys=True)
    (place / FILE).write_bytes(gzip.compress(packed.encode(), mtime=0))
    for path in sorted(place.iterdir()):
        say(f"{path.name}: {path.stat().st_size:,} bytes")


def read_across(abstracts: Sequence[Abstract], across: Across) -> Iterator[tuple[Abstract, list[Span]]]:
    """Read each abstract with the model that learnt from all folds but its own."""
    for part in sorted({fold(each.name) for each in abstracts}):
        weights = across.weights(part, THRESHOLDS)
        for each in abstracts:
            if fold(each.name) == part:
                yield each, spans(each.text, weights)


def figures(found: Score) -> dict[str, list[int]]:
    """Give for each label how many spans were marked and found, and how many are right: by overlap, and exactly."""
    return {label: [*each, found.exact[label].right] for label, each in found.overlap.items()}


def score_of(figures: dict[str, list[int]], abstracts: int) -> Score:
    """Give the score that `figures` tells of.

    >>> score_of({"age": [4, 5, 3, 2]}, 7).overlap["age"].precision
    0.6
    """
    overlap = {label: Tally(gold, read, right) for label, (gold, read, right, _) in figures.items()}
    exact = {label: Tally(gold, read, same) for label, (gold, read, _, same) in figures.items()}
    return Score(abstracts, exact, overlap, ())
