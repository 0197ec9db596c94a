"""Abstracts read in a second on one core, without a model, and whether memory grows with their number."""

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
BUDGET = 200  # abstracts a second
MANY = 10_000


def measure(folder: Path, rounds: int = 3) -> Iterator[str]:
    """Time reading, in processor time, and the memory after one and after ten thousand abstracts."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*.txt"))] or [MADE_UP] * 500
    steps: dict[str, Callable[[str], object]] = {"sentences, words, numbers": read_page, "text to study": read_study}
    best = dict.fromkeys(steps, 9e9)
    for _ in range(rounds):
        for name, read in steps.items():
            began = time.process_time()
            for text in texts:
                read(text)
            best[name] = min(best[name], (time.process_time() - began) / len(texts))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for index in range(MANY):
        read_study(texts[index % len(texts)])
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    yield f"Abstracts read on one core: the best of {rounds} rounds over {len(texts)}; the budget is {BUDGET} a second."
    rows = [(name, f"{each * 1000:.2f}", f"{1 / each:.0f}") for name, each in best.items()]
    yield from table(("step", "ms each", "a second"), rows)
    yield f"Memory after {MANY:,} abstracts: {grown / 1024:+.1f} MB."
