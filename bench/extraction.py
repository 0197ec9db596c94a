"""Abstracts read in a second on one core, with and without the model, and whether memory grows with their number."""

import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from picograph.kg.extraction.build import read_study
from picograph.kg.extraction.page import read_page

from .timing import table

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "pico-corpus-dev"
MADE_UP = (
    "METHODS: Patients with gastric cancer were randomly assigned to apatinib (n = 60) or placebo (n = 40). The primary"
    " end point was overall survival. RESULTS: Median overall survival was 6.5 months with apatinib and 4.7 months with"
    " placebo (hazard ratio 0.71; 95% CI, 0.54 to 0.94; P = .016). Grade 3 hypertension occurred in 30% of patients in"
    " the apatinib group and 5% in the placebo group. Six patients (10%) discontinued treatment. CONCLUSIONS: Apatinib"
    " was well tolerated. "
)
BUDGETS = {"text to study": 200, "text to study, with the model": 50}  # abstracts a second
MANY = 10_000
FEW = 1_000  # with the model; MANY where PICOGRAPH_BENCH_LARGE is set


def measure(folder: Path, rounds: int = 3) -> Iterator[str]:
    """Time reading, in processor time, and the memory after one and after ten thousand abstracts."""
    from picograph.kg.extraction.model import study as learnt

    texts = [path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*.txt"))[::4]] or [MADE_UP] * 125
    steps: dict[str, Callable[[str], object]] = {
        "sentences, words, numbers": read_page,
        "text to study": read_study,
        "text to study, with the model": learnt.read_with_notes,
    }
    best = dict.fromkeys(steps, 9e9)
    for _ in range(rounds):
        for name, read in steps.items():
            began = time.process_time()
            for text in texts:
                read(text)
            best[name] = min(best[name], (time.process_time() - began) / len(texts))
    yield f"Abstracts read on one core: the best of {rounds} rounds over {len(texts)}, in processor time."
    rows = [(name, f"{each * 1000:.2f}", f"{1 / each:.0f}", str(BUDGETS.get(name, ""))) for name, each in best.items()]
    yield from table(("step", "ms each", "a second", "budget"), rows)
    large = MANY if os.environ.get("PICOGRAPH_BENCH_LARGE") else FEW
    for name, number in (("text to study", MANY), ("text to study, with the model", large)):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for index in range(number):
            steps[name](texts[index % len(texts)])
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        yield f"Memory after {number:,} abstracts, {name}: {grown / 1024:+.1f} MB."
