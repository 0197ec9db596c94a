"""Abstracts read in a second on one core, with and without the model, and whether memory grows with their number."""

import gc
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from picograph.kg.extraction.build import read_study
from picograph.kg.extraction.page import read_page

from .timing import held, table

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "pico-corpus-dev"
MADE_UP = (
    "METHODS: Patients with gastric cancer were randomly assigned to apatinib (n = 60) or placebo (n = 40). The primary"
    " end point was overall survival. RESULTS: Median overall survival was 6.5 months with apatinib and 4.7 months with"
    " placebo (hazard ratio 0.71; 95% CI, 0.54 to 0.94; P = .016). Grade 3 hypertension occurred in 30% of patients in"
    " the apatinib group and 5% in the placebo group. Six patients (10%) discontinued treatment. CONCLUSIONS: Apatinib"
    " was well tolerated. "
)
BUDGETS = {"text to study": 200, "text to study, with the model": 50}  # abstracts a second
FEW, MANY = 1_000, 10_000  # abstracts after which memory is looked at; with the model MANY where LARGE is set
LARGE = "PICOGRAPH_BENCH_LARGE"
LEAN = ("text to study",)


def others(texts: Sequence[str], number: int) -> Iterator[str]:
    """Give many abstracts, no two alike: other numbers, and every tenth word one that stands in no other abstract."""
    digits = "123456789"
    for index in range(number):
        dice = random.Random(index)
        turned = str.maketrans(digits, "".join(dice.sample(digits, len(digits))))
        words = dice.choice(texts).translate(turned).split(" ")
        new = format(index, "o").translate(str.maketrans("01234567", "aeioubcd"))
        for place in range(index % 10, len(words), 10):
            words[place] += new
        yield " ".join(words)


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
    if not Path("/proc/self/status").exists():
        return
    for name in BUDGETS:
        much = name in LEAN or bool(os.environ.get(LARGE))
        after = []
        for index, text in enumerate(others(texts, MANY if much else FEW), 1):
            steps[name](text)
            if index in (FEW // 10, FEW, MANY):
                gc.collect()
                after.append(f"{held():.0f} MB after {index:,}")
        yield f"Memory held, abstracts all different, {name}: {', '.join(after)}."
