"""How a score is printed: a table of labels, the worst errors, and the two lines that matter."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from picograph.corpus.scoring import Score, Slip, Tally

WORST = 15  # kinds of error, and abstracts, that are listed
_PAGE = """\
# How well abstracts are read

The model that ships learnt from all {across} abstracts of PICO-Corpus that are at hand, so it cannot be scored on them.
Two other figures say how well it reads what it never saw:

- **Held back:** {held} of them, told by the SHA-256 of their PMID (`corpus/division.py`), read by a model that was
  learnt in the same way from the others. When they were looked at on the way is told in
  [the decision](decisions/reading-model.md).
- **Across folds:** all {across}, divided in five, each fifth read by models that learnt from the other four. These are
  more abstracts, so less is chance; but features and thresholds were chosen by four fifths of the same abstracts.

`make model` makes both models and writes this page, a test holds it. `make score` scores the abstracts held back,
`make score CORPUS=DIR` any folder of BRAT pairs with the model that ships, and says how many it learnt from.

## Held back

{held_table}

## Across folds

{across_table}

A span is right if it has at least one character in common with one that people marked with the same label,
each paired with one other at most; the last column asks for the same characters. Reported numbers are of the
labels that begin with `iv-` and `cv-`, those of the intervention's and of the control's arm.
"""


def lines(score: Score, texts: Mapping[str, str]) -> Iterator[str]:
    """Print a score for a person to read; the last two lines are for programs too.

    :param texts: the text of each abstract, for the words of the examples
    """
    yield f"{score.abstracts} abstracts. Spans of one label are paired one to one; right are those with the same"
    yield "characters (exact), or with at least one character in common (overlap)."
    yield ""
    yield f"{'':26}  {'':5}  {'':5}  {'exact':^29}  {'overlap':^29}"
    head = "  ".join(f"{name:>5}" for name in ("right", "prec.", "rec.", "F1"))
    yield f"{'label':26}  {'gold':>5}  {'found':>5}  {head}   {head}"
    for label in score.overlap:
        yield _row(label, score.exact[label], score.overlap[label])
    yield ""
    yield "The most frequent errors (marked → read, how often, one place):"
    for (marked, read), slips in _kinds(score)[:WORST]:
        slip = slips[0]
        words = texts[slip.name][slip.start : slip.end]
        place = f"{slip.name} {slip.start}-{slip.end} {_short(words)!r}"
        yield f"{len(slips):5}  {marked or 'nothing'} → {read or 'nothing'}: {place}"
    yield ""
    yield "The abstracts with most errors:"
    for name, number in Counter(slip.name for slip in score.slips).most_common(WORST):
        yield f"{number:5}  {name}"
    yield ""
    yield micro_line("all labels, exact span (micro)", score.micro(exact=True))
    yield micro_line("reported numbers, exact span (micro)", score.micro(exact=True, reported=True))
    yield "By overlapping span:"
    yield from last_lines(score)


def last_lines(score: Score) -> Iterator[str]:
    """Print the two figures that are asked for."""
    yield micro_line("all labels (micro)", score.micro())
    yield micro_line("reported numbers (micro)", score.micro(reported=True))


def micro_line(name: str, tally: Tally) -> str:
    """Say the precision, recall and F1 of several labels taken together.

    >>> micro_line("all labels (micro)", Tally(gold=4, found=5, right=3))
    'all labels (micro): precision 0.600 recall 0.750 F1 0.667'
    """
    return f"{name}: precision {tally.precision:.3f} recall {tally.recall:.3f} F1 {tally.f1:.3f}"


def record(score: Score) -> dict[str, Any]:
    """Give a score as what JSON can say."""

    def tally(each: Tally) -> dict[str, Any]:
        return {**each._asdict(), "precision": each.precision, "recall": each.recall, "f1": each.f1}

    return {
        "abstracts": score.abstracts,
        "labels": {
            label: {"exact": tally(score.exact[label]), "overlap": tally(score.overlap[label])}
            for label in score.overlap
        },
        "micro": {
            name: {way: tally(score.micro(exact=way == "exact", reported=reported)) for way in ("exact", "overlap")}
            for name, reported in (("all labels", False), ("reported numbers", True))
        },
        "errors": [slip._asdict() for slip in score.slips],
    }


def page(held: Score, across: Score) -> str:
    """Give the page of figures that the documentation has.

    :param held: of the abstracts held back, by the model of the others
    :param across: of all abstracts, each by a model that did not learn from it
    """
    return _PAGE.format(
        across=across.abstracts,
        held=held.abstracts,
        held_table="\n".join(_table(held)),
        across_table="\n".join(_table(across)),
    )


def _table(score: Score) -> Iterator[str]:
    yield "| label of the corpus | marked | read | precision | recall | F1 | F1, exact span |"
    yield "|---|---|---|---|---|---|---|"
    rows = [(label, score.exact[label], score.overlap[label]) for label in score.overlap]
    rows += [
        ("**all labels**", score.micro(exact=True), score.micro()),
        ("**reported numbers**", score.micro(exact=True, reported=True), score.micro(reported=True)),
    ]
    for label, exact, overlap in rows:
        shares = f"{overlap.precision:.3f} | {overlap.recall:.3f} | {overlap.f1:.3f} | {exact.f1:.3f}"
        yield f"| {label} | {overlap.gold} | {overlap.found} | {shares} |"


def _row(label: str, exact: Tally, overlap: Tally) -> str:
    def shares(each: Tally) -> str:
        return f"{each.right:5}  {each.precision:5.3f}  {each.recall:5.3f}  {each.f1:5.3f}"

    return f"{label:26}  {overlap.gold:5}  {overlap.found:5}  {shares(exact)}   {shares(overlap)}"


def _kinds(score: Score) -> list[tuple[tuple[str | None, str | None], list[Slip]]]:
    kinds: dict[tuple[str | None, str | None], list[Slip]] = {}
    for slip in score.slips:
        kinds.setdefault((slip.marked, slip.read), []).append(slip)
    return sorted(kinds.items(), key=lambda item: (-len(item[1]), str(item[0])))


def _short(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= 40 else words[:39] + "…"
