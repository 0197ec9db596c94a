"""Which outcome was measured for which treatment, as a map: a row for each treatment, a column for each outcome."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from picograph.ontology.errors import UsageError

if TYPE_CHECKING:
    from picograph.kg.store import Store


class GapMap(Struct, frozen=True, kw_only=True):
    """Numbers of studies: ``studies[i][j]`` of treatment ``i`` and outcome ``j``. 0 is a gap of this store alone."""

    treatments: tuple[str, ...]
    outcomes: tuple[str, ...]
    studies: tuple[tuple[int, ...], ...]
    cautions: tuple[str, ...] = ()


def gap_map(store: "Store", condition: str | None = None) -> GapMap:
    """Give the map of a store: the answer of `ask gaps`, treatments and outcomes with most studies first.

    :raises UsageError: if the condition is not found

    >>> from picograph import example, load, open_store
    >>> store = open_store(":memory:")
    >>> _ = load(store, [example()])
    >>> found = gap_map(store)
    >>> len(found.studies) == len(found.treatments), max(map(max, found.studies))
    (True, 1)
    """
    from picograph.queries.ask import ask

    answer = ask(store, "gaps", condition=condition)
    counts: dict[tuple[str, str], int] = {}
    for row in answer:
        counts[_cell(row["intervention"]), _cell(row["outcome"])] = int(_cell(row["studies"]))
    treatments = _most_first(counts, 0)
    outcomes = _most_first(counts, 1)
    return GapMap(
        treatments=treatments,
        outcomes=outcomes,
        studies=tuple(tuple(counts.get((one, other), 0) for other in outcomes) for one in treatments),
        cautions=tuple(answer.cautions),
    )


def _cell(value: Any) -> str:
    return str(value[0] if isinstance(value, tuple) else value)


def _most_first(counts: dict[tuple[str, str], int], side: int) -> tuple[str, ...]:
    total: dict[str, int] = {}
    for pair, count in counts.items():
        total[pair[side]] = total.get(pair[side], 0) + count
    return tuple(sorted(total, key=lambda name: (-total[name], name)))


def text_lines(found: GapMap, width: int = 80) -> Iterator[str]:
    """Print the map for a terminal: outcomes are numbered above it, a dot is a pair that no study has.

    >>> pair = GapMap(treatments=("a drug", "no drug"), outcomes=("survival",), studies=((2,), (0,)))
    >>> print("\\n".join(text_lines(pair)))
     1  survival
    <BLANKLINE>
              1
    a drug    2
    no drug   ·
    <BLANKLINE>
    · no study
    """
    from textwrap import wrap

    for place, outcome in enumerate(found.outcomes, 1):
        yield from wrap(f"{place:2}  {outcome}", width, subsequent_indent="    ")
    yield ""
    cell = max(3, *(len(str(count)) + 1 for row in found.studies for count in row)) if found.studies else 3
    room = max(8, width - cell * len(found.outcomes))
    label = min(room, max((len(name) for name in found.treatments), default=0))
    yield " " * label + "".join(f"{place:{cell}}" for place in range(1, len(found.outcomes) + 1))
    for name, counts in zip(found.treatments, found.studies, strict=True):
        short = name if len(name) <= label else name[: label - 1] + "…"
        yield f"{short:{label}}" + "".join(f"{count or '·':>{cell}}" for count in counts)
    yield from ("", "· no study")


def draw(found: GapMap, path: str | Path) -> None:
    """Draw the map at the width of an A4 page: a circle for each pair with studies, its number inside; gaps stay empty.

    :raises UsageError: if there is nothing to draw, or the file's ending names no picture
    :raises StoreError: if the file cannot be written
    """
    if not found.treatments or not found.outcomes:
        raise UsageError(
            "there is no treatment with an outcome to draw", remedy="load a study first: picograph load FILE"
        )
    from picograph.queries.synthesis.forest import WIDTH
    from picograph.queries.synthesis.pictures import picture

    rows, columns = len(found.treatments), len(found.outcomes)
    label = min(3.2, 0.25 + 0.062 * max(map(len, found.treatments)))  # inches
    head = min(2.6, 0.3 + 0.062 * max(map(len, found.outcomes)))
    step = min(0.42, (WIDTH - label - 0.2) / columns)
    height = head + 0.3 * rows + 0.35
    with picture(path, width=WIDTH, height=height) as figure:
        axes = figure.add_axes((label / WIDTH, 0.3 / height, step * columns / WIDTH, 0.3 * rows / height))
        axes.set_xlim(-0.5, columns - 0.5)
        axes.set_ylim(rows - 0.5, -0.5)
        axes.set_xticks(range(columns), [_short(name, 40) for name in found.outcomes], rotation=90, fontsize=7)
        axes.set_yticks(range(rows), [_short(name, 48) for name in found.treatments], fontsize=7)
        axes.tick_params(length=0, labeltop=True, labelbottom=False)
        for line in (*(x - 0.5 for x in range(1, columns)),):
            axes.axvline(line, color="#e4e4e4", linewidth=0.6, zorder=0)
        for line in (*(y - 0.5 for y in range(1, rows)),):
            axes.axhline(line, color="#e4e4e4", linewidth=0.6, zorder=0)
        for spine in axes.spines.values():
            spine.set_color("#b0b0b0")
        most = max(max(row) for row in found.studies) or 1
        for y, counts in enumerate(found.studies):
            for x, count in enumerate(counts):
                if count:
                    axes.scatter([x], [y], s=55 + 110 * count / most, color="#2f6b9a", linewidths=0, zorder=2)
                    axes.text(x, y, str(count), fontsize=6.5, color="white", ha="center", va="center", zorder=3)
        figure.text(0.02, 0.08 / height, "Number of studies in the store; empty: none of them has both.", fontsize=7)


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def rows_of(found: GapMap) -> Iterable[dict[str, Any]]:
    """Give the map as rows: treatment, outcome, number of studies."""
    for name, counts in zip(found.treatments, found.studies, strict=True):
        for outcome, count in zip(found.outcomes, counts, strict=True):
            yield {"treatment": name, "outcome": outcome, "studies": count}
