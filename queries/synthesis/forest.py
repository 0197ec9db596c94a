"""The forest plot as Cochrane draws it: weights, squares, a diamond, the prediction interval. Picture and text."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from picograph.queries.synthesis.models import Interval
from picograph.queries.synthesis.pooled import Member, Pooled, Summary, named

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 8.27  # inches: A4
_ROW = 0.235  # inches
_FONT = 8.0  # points
_INK, _SQUARE, _DIAMOND, _SOFT = "#1a1a1a", "#2f6b9a", "#b3431e", "#8a8a8a"


class Row(NamedTuple):
    """One line of the plot: a study, a group's name, or a summary."""

    kind: str  # study, heading, summary, prediction, note
    label: str
    cells: tuple[str, ...] = ()  # events, total (of both arms where there are two), weight, estimate
    estimate: float | None = None
    interval: Interval | None = None
    weight: float = 0.0
    bold: bool = False


def number(value: float, *, small: bool = False) -> str:
    """Write an estimate with two decimals, or three where it is a small proportion.

    >>> number(0.5401), number(12.0), number(0.004, small=True)
    ('0.54', '12.00', '0.004')
    """
    return f"{value:.3f}" if small and abs(value) < 0.1 else f"{value:.2f}"


def span(estimate: float, interval: Interval) -> str:
    """Write an estimate with its interval.

    >>> span(0.54, Interval(0.417, 0.658))
    '0.54 [0.42, 0.66]'
    """
    return f"{number(estimate)} [{number(interval.low)}, {number(interval.high)}]"


def _two_arms(pooled: Pooled) -> bool:
    return any(each.candidate.comparator_affected is not None for each in pooled.members)


def _counted(pooled: Pooled) -> bool:
    return any(each.candidate.kind == "proportion" for each in pooled.members)


def columns(pooled: Pooled) -> tuple[str, ...]:
    """Name the columns of text."""
    counts: tuple[str, ...] = ()
    if _counted(pooled):
        counts = ("Events", "Total", "Events", "Total") if _two_arms(pooled) else ("Events", "Total")
    interval = f"{pooled.options.level * 100:g}% CI"
    return ("Study", *counts, "Weight", f"{pooled.label[:1].upper()}{pooled.label[1:].partition(' (')[0]} [{interval}]")


def _cells(each: Member, pooled: Pooled) -> tuple[str, ...]:
    candidate, counts = each.candidate, []
    if _counted(pooled):
        counts = [candidate.affected, candidate.at_risk]
        if _two_arms(pooled):
            counts += [candidate.comparator_affected, candidate.comparator_at_risk]
    text = ["" if count is None else str(count) for count in counts]
    return (*text, f"{each.weight:.1f}%", span(each.estimate, each.interval))


def study_label(each: Member) -> str:
    """Name a study with the arm, where that says more."""
    name = each.candidate.study_label or each.candidate.study
    return f"{name}, {each.candidate.arm_label}" if each.candidate.arm_label else name


def _total(summary: Summary, members: Sequence[Member], pooled: Pooled, label: str, weight: str) -> Row:
    counts: list[str] = []
    if _counted(pooled):
        pairs = [(each.candidate.affected, each.candidate.at_risk) for each in members]
        counts = [str(sum(x or 0 for x, _ in pairs)), str(sum(n or 0 for _, n in pairs))]
        if _two_arms(pooled):
            counts += [
                str(sum(each.candidate.comparator_affected or 0 for each in members)),
                str(sum(each.candidate.comparator_at_risk or 0 for each in members)),
            ]
    return Row(
        "summary",
        label,
        (*counts, weight, span(summary.estimate, summary.interval)),
        summary.estimate,
        summary.interval,
        bold=True,
    )


def _prediction(summary: Summary, width: int) -> Iterator[Row]:
    if summary.prediction is not None:
        shown = f"[{number(summary.prediction.low)}, {number(summary.prediction.high)}]"
        blanks = ("",) * (width - 2)
        yield Row("prediction", "Prediction interval", (*blanks, shown), None, summary.prediction)


def heterogeneity(summary: Summary) -> str:
    """Say how much the studies differ.

    >>> from picograph.queries.synthesis.models import pool
    >>> fit = pool([0.0, 1.0], [0.1, 0.1], method="DL")
    >>> heterogeneity(Summary(estimate=0.5, interval=Interval(0, 1), prediction=None, fit=fit, participants=None))
    'Heterogeneity: τ² = 0.400; Q = 5.00, df = 1 (P = 0.025); I² = 80%'
    """
    fit = summary.fit
    p = "< 0.001" if fit.q_p < 0.001 else f"= {fit.q_p:.3f}"
    return f"Heterogeneity: τ² = {fit.tau2:.3f}; Q = {fit.q:.2f}, df = {fit.studies - 1} (P {p}); I² = {fit.i2:.0f}%"


def rows(pooled: Pooled) -> list[Row]:
    """Give the lines of a forest plot, top to bottom."""
    width = len(columns(pooled))
    several = Counter(each.candidate.study for each in pooled.members)  # arms are named where a study has several
    found: list[Row] = []

    def studies(members: Sequence[Member]) -> Iterator[Row]:
        for each in members:
            name = study_label(each) if several[each.candidate.study] > 1 else named(each.candidate)
            yield Row("study", name, _cells(each, pooled), each.estimate, each.interval, each.weight)

    for group in pooled.groups:
        found.append(Row("heading", group.name, bold=True))
        found.extend(studies(group.members))
        share = f"{sum(each.weight for each in group.members):.1f}%"
        found.append(_total(group.summary, group.members, pooled, "Subtotal", share))
        if len(group.members) > 1:
            found.extend(_prediction(group.summary, width))
            found.append(Row("note", heterogeneity(group.summary)))
    if not pooled.groups:
        found.extend(studies(pooled.members))
    if pooled.summary is not None:
        found.append(_total(pooled.summary, pooled.members, pooled, "Total", "100.0%"))
        if len(pooled.members) > 1:
            found.extend(_prediction(pooled.summary, width))
            found.append(Row("note", heterogeneity(pooled.summary)))
    if pooled.between is not None:
        q, freedom, p = pooled.between
        found.append(Row("note", f"Test between groups: Q = {q:.2f}, df = {freedom} (P = {p:.3f})"))
    return found


class Axis(NamedTuple):
    """The scale that estimates are drawn on."""

    low: float
    high: float
    logarithmic: bool

    def place(self, value: float) -> float:
        """Give where a value stands, 0 (left) to 1 (right); outside of that, it runs off the axis."""
        low, high = self.low, self.high
        if self.logarithmic:
            value, low, high = math.log(max(value, 1e-300)), math.log(low), math.log(high)
        return (value - low) / (high - low)

    def ticks(self) -> list[float]:
        """Give round values along the axis."""
        if self.logarithmic:
            inside: list[float] = []
            for bases in ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1,)):
                steps = [round(base * 10.0**power, 10) for power in range(-4, 5) for base in bases]
                inside = [step for step in steps if self.low <= step <= self.high]
                if len(inside) <= 7:
                    break
            return inside
        span_ = self.high - self.low
        step = 10 ** math.floor(math.log10(span_)) / 2
        while span_ / step > 6:
            step *= 2
        first = math.ceil(self.low / step - 1e-9)
        return [round(index * step, 10) for index in range(first, math.floor(self.high / step + 1e-9) + 1)]


def axis(pooled: Pooled, lines: Sequence[Row]) -> Axis:
    """Choose a scale that holds the intervals: logarithmic for ratios, 0 to 1 for proportions."""
    shown = [each.interval for each in lines if each.interval is not None and each.kind != "prediction"]
    ends = [end for interval in shown for end in interval if math.isfinite(end)]
    if pooled.null == 1:
        ends = [min(max(end, 0.02), 50.0) for end in ends if end > 0] or [1.0]
        low, high = min(0.8, *ends) / 1.1, max(1.25, *ends) * 1.1
        return Axis(low, high, True)
    if pooled.members and pooled.members[0].candidate.kind in ("proportion", "survival") and pooled.null is None:
        return Axis(0.0, 1.0, False)
    if pooled.null is not None:
        ends.append(pooled.null)
    margin = (max(ends) - min(ends)) * 0.06 or 1.0
    return Axis(min(ends) - margin, max(ends) + margin, False)


# --- the picture ----------------------------------------------------------------------------------------------


def draw(pooled: Pooled, path: str | Path, *, title: str = "") -> None:
    """Draw a forest plot into a file; its ending says which kind: .svg, .png or .pdf.

    The same pooling gives the same bytes.

    :raises UsageError: if the ending is another one, or nothing was pooled
    """
    from picograph.queries.synthesis.pictures import picture

    lines = rows(pooled)
    with picture(path, width=WIDTH, height=0.75 + _ROW * (len(lines) + 1) + (0.3 if title else 0)) as figure:
        _draw(pooled, lines, figure, title)


def _draw(pooled: Pooled, lines: Sequence[Row], figure: Any, title: str) -> None:
    height = figure.get_figheight()
    top = height - (0.45 if title else 0.15)
    if title:
        figure.text(0.02, 1 - 0.2 / height, title, fontsize=_FONT + 2, weight="bold", va="center", color=_INK)
    names = columns(pooled)
    places = _columns_at(names, lines)
    body = _ROW * len(lines)
    bottom = top - _ROW - body
    left = places[-1] + 0.02
    axes: Axes = figure.add_axes((left, bottom / height, 0.98 - left, body / height))
    scale = axis(pooled, lines)
    y_of = [len(lines) - index - 0.5 for index in range(len(lines))]

    def text(column: int, y: float, words: str, *, bold: bool = False, color: str = _INK) -> None:
        where = (bottom + y * _ROW) / height
        align = "left" if column == 0 else "right"
        weight = "bold" if bold else "normal"
        figure.text(places[column], where, words, fontsize=_FONT, ha=align, va="center", weight=weight, color=color)

    for column, name in enumerate(names):
        text(column, len(lines) + 0.55, name, bold=True)
    figure.add_artist(_rule(0.02, 0.98, (bottom + (len(lines) + 0.05) * _ROW) / height))
    for line, y in zip(lines, y_of, strict=True):
        text(0, y, _short(line.label, places, line.kind), bold=line.bold, color=_SOFT if line.kind == "note" else _INK)
        for column, cell in enumerate(line.cells, 1):
            text(column, y, cell, bold=line.bold)
        _mark(axes, line, y, scale, max((each.weight for each in pooled.members), default=1.0))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, len(lines))
    axes.set_yticks([])
    ticks = scale.ticks()
    axes.set_xticks([scale.place(each) for each in ticks], [f"{each:g}" for each in ticks], fontsize=_FONT)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    if pooled.null is not None:
        axes.axvline(scale.place(pooled.null), color=_INK, linewidth=0.8, zorder=0)
    if pooled.summary is not None:
        axes.axvline(
            scale.place(pooled.summary.estimate), color=_DIAMOND, linewidth=0.7, linestyle=(0, (3, 3)), zorder=0
        )
    axes.set_xlabel(pooled.label[:1].upper() + pooled.label[1:].partition(" (")[0], fontsize=_FONT)


def _columns_at(names: Sequence[str], lines: Sequence[Row]) -> list[float]:
    """Place the columns of text: the first at the left, the others by their widest cell, right-aligned."""
    per_letter = _FONT * 0.58 / 72 / WIDTH  # of a proportional face, as a share of the width
    label = max([len(names[0]), *(len(each.label) for each in lines if each.kind != "note")])
    at = [0.02]
    x = 0.02 + min(label * per_letter, 0.30)
    for column, name in enumerate(names[1:], 1):
        cells = [each.cells[column - 1] for each in lines if len(each.cells) >= column]
        x += max(len(name), *(len(cell) for cell in cells), 4) * per_letter + 0.018
        at.append(min(x, 0.66))
    return at


def _short(label: str, places: Sequence[float], kind: str) -> str:
    """Cut a label that would run into the next column; a note has the whole line."""
    if kind in ("note", "heading"):
        return label
    room = int(0.30 / (_FONT * 0.55 / 72 / WIDTH))
    return label if len(label) <= room else label[: room - 1] + "…"


def _rule(left: float, right: float, y: float) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([left, right], [y, y], color=_INK, linewidth=0.8)


def _mark(axes: "Axes", line: Row, y: float, scale: Axis, heaviest: float) -> None:
    if line.interval is None:
        return
    low, high = scale.place(line.interval.low), scale.place(line.interval.high)
    left, right = max(low, 0.0), min(high, 1.0)
    if line.kind == "prediction":
        axes.plot([left, right], [y, y], color=_DIAMOND, linewidth=2.2, solid_capstyle="butt")
    elif line.kind == "summary":
        assert line.estimate is not None
        middle = scale.place(line.estimate)
        axes.fill([left, middle, right, middle], [y, y + 0.32, y, y - 0.32], color=_DIAMOND, linewidth=0)
    else:
        assert line.estimate is not None
        axes.plot([left, right], [y, y], color=_INK, linewidth=0.9)
        side = 2.2 + 6.2 * math.sqrt(line.weight / heaviest)  # points: area goes with weight
        axes.plot(
            [scale.place(line.estimate)], [y], "s", color=_SQUARE, markersize=side, markeredgewidth=0, clip_on=False
        )
    for end, edge, arrow in ((low, 0.0, "<"), (high, 1.0, ">")):
        if (end < edge - 1e-9) if edge == 0 else (end > edge + 1e-9):
            axes.plot([edge], [y], arrow, color=_INK, markersize=4, clip_on=False)


# --- the terminal ---------------------------------------------------------------------------------------------


def text_lines(pooled: Pooled, width: int = 80) -> Iterator[str]:
    """Write a forest plot as text, as wide as the terminal.

    >>> from picograph.queries.synthesis.poolability import assess
    >>> from picograph.queries.synthesis.rules import Candidate
    >>> from picograph.queries.synthesis.pooling import pool
    >>> made = [Candidate(study=s, arm=s, affected=x, at_risk=n) for s, x, n in (("a", 22, 40), ("b", 12, 23))]
    >>> for line in text_lines(pool(assess(made)), 64):
    ...     print(line.rstrip())
    Study Events Total Weight Proportion [95% CI]
    a         22    40  63.3%   0.55 [0.38, 0.71]        ├─■──┤
    b         12    23  36.7%   0.52 [0.31, 0.73]      ├───■──┤
    Total     34    63 100.0%   0.54 [0.42, 0.66]        ◄─◆─►
    Prediction interval              [0.42, 0.66]        ╌╌╌╌╌
    Heterogeneity: τ² = 0.000; Q = 0.05, df = 1 (P = 0.828); I² = 0%
                                                  0      0.5       1
    """
    lines, names = rows(pooled), columns(pooled)
    table = [list(names)] + [[each.label, *each.cells] for each in lines if each.cells]
    wide = [max(len(row[column]) for row in table) for column in range(1, len(names))]
    label = max(len(row[0]) for row in table if len([cell for cell in row if cell]) > 2)
    fixed = sum(wide) + len(wide)
    label = min(label, max(width - fixed - 16, 8))
    plot = width - label - fixed - 1
    scale = axis(pooled, lines)

    def cells(first: str, values: Sequence[str]) -> str:
        if len(first) > label and not values[0]:  # a long name over empty cells
            right = " ".join(value.rjust(size) for value, size in zip(values, wide, strict=True))
            return first + right[len(first) - label :].rjust(label + 1 + len(right) - len(first))
        shown = first if len(first) <= label else first[: label - 1] + "…"
        return " ".join([shown.ljust(label), *(value.rjust(size) for value, size in zip(values, wide, strict=True))])

    yield cells(names[0], names[1:])
    for line in lines:
        if not line.cells:
            yield line.label
        elif plot >= 12:
            yield f"{cells(line.label, line.cells)} {_drawn(line, scale, plot, pooled.null)}"
        else:
            yield cells(line.label, line.cells)
    if plot >= 12:
        yield " " * (label + fixed + 1) + _ruler(scale, plot)


def _at(scale: Axis, value: float, size: int) -> int:
    return min(max(round(scale.place(value) * (size - 1)), 0), size - 1)


def _drawn(line: Row, scale: Axis, size: int, null: float | None) -> str:
    assert line.interval is not None
    canvas = [" "] * size
    if null is not None:
        canvas[_at(scale, null, size)] = "┊"
    low, high = _at(scale, line.interval.low, size), _at(scale, line.interval.high, size)
    ends = {"summary": "◄─►", "prediction": "╌╌╌"}.get(line.kind, "├─┤")
    for index in range(low, high + 1):
        canvas[index] = ends[1]
    canvas[low], canvas[high] = ends[0], ends[2]
    if scale.place(line.interval.low) < -1e-9:
        canvas[0] = "‹"
    if scale.place(line.interval.high) > 1 + 1e-9:
        canvas[-1] = "›"
    if line.estimate is not None:
        canvas[_at(scale, line.estimate, size)] = "◆" if line.kind == "summary" else "■"
    return "".join(canvas)


def _ruler(scale: Axis, size: int) -> str:
    canvas = [" "] * (size + 6)
    free = 0
    ticks = scale.ticks()
    if not scale.logarithmic and len(ticks) > 3:
        ticks = [ticks[0], ticks[len(ticks) // 2], ticks[-1]]
    for tick in ticks:
        words = f"{tick:g}"
        start = max(_at(scale, tick, size) - len(words) // 2, 0)
        if start >= free and start + len(words) <= size:
            canvas[start : start + len(words)] = words
            free = start + len(words) + 1
    return "".join(canvas).rstrip()
