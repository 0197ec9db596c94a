"""The funnel plot: each study's effect against its standard error, with the lines that hold 95 % if studies agree."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from picograph.ontology.errors import UsageError
from picograph.queries.synthesis.forest import WIDTH, Axis
from picograph.queries.synthesis.pictures import picture
from picograph.queries.synthesis.pooled import FEW, Pooled


def told(pooled: Pooled) -> str:
    """Say what the test of asymmetry found, and what it is worth.

    >>> from picograph.queries.synthesis.poolability import assess
    >>> from picograph.queries.synthesis.pooling import pool
    >>> told(pool(assess([])))
    'Asymmetry of the funnel: fewer than 3 studies, not tested.'
    """
    if pooled.egger is None:
        return "Asymmetry of the funnel: fewer than 3 studies, not tested."
    few = f"; below {FEW} studies it has no power to speak of" if pooled.egger.studies < FEW else ""
    return f"Asymmetry of the funnel (Egger): z = {pooled.egger.statistic:.2f}, P = {pooled.egger.p:.3f}{few}."


def draw(pooled: Pooled, path: str | Path, *, title: str = "") -> None:
    """Draw a funnel plot into a file, .svg, .png or .pdf. Effects stand on the scale on which they were pooled.

    :raises UsageError: if nothing was pooled, or the ending names no picture
    """
    if pooled.summary is None:
        raise UsageError("there is nothing to draw: no study was pooled", remedy="see what was refused, and why")
    from picograph.queries.synthesis.effects import z_of

    middle = pooled.summary.fit.estimate
    effects = [each.effect for each in pooled.members]
    errors = [math.sqrt(each.variance) for each in pooled.members]
    deepest = max(errors) * 1.08
    reach = z_of(0.95) * deepest
    with picture(path, width=WIDTH * 0.75, height=4.4) as figure:
        axes = figure.add_axes((0.11, 0.19, 0.85, 0.70 if title else 0.76))
        within = ([middle, middle - reach, middle + reach], [0, deepest, deepest])
        axes.fill(*within, color="#eef2f6", linewidth=0, zorder=0)
        for side in (-reach, reach):
            axes.plot([middle, middle + side], [0, deepest], color="#8a8a8a", linewidth=0.8, linestyle=(0, (4, 3)))
        axes.axvline(middle, color="#b3431e", linewidth=0.9)
        axes.plot(effects, errors, "o", color="#2f6b9a", markersize=5, markeredgecolor="white", markeredgewidth=0.6)
        axes.set_ylim(deepest, 0)
        low, high = min(middle - reach, *effects), max(middle + reach, *effects)
        margin = (high - low) * 0.05
        axes.set_xlim(low - margin, high + margin)
        _label(pooled, axes.set_xticks, low, high)
        axes.tick_params(labelsize=8)
        axes.set_xlabel(pooled.label[:1].upper() + pooled.label[1:].partition(" (")[0], fontsize=9)
        axes.set_ylabel("Standard error", fontsize=9)
        for edge in ("right", "top"):
            axes.spines[edge].set_visible(False)
        if title:
            figure.text(0.11, 0.94, title, fontsize=10, weight="bold")
        figure.text(0.11, 0.03, told(pooled), fontsize=7.5, color="#555555")


def _label(pooled: Pooled, set_ticks: Callable[..., Any], low: float, high: float) -> None:
    """Write the ticks as a reader knows the values: ratios and proportions, not their logarithms."""
    from picograph.queries.synthesis.effects import MEASURES

    name = "logit" if pooled.measure == "glmm" else pooled.measure
    if name == "logit":
        shares = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
        places = {each: math.log(each / (1 - each)) for each in shares}
    elif name in ("log risk ratio", "log odds ratio", "log ratio", "log"):
        back = MEASURES[name].back
        places = {each: math.log(each) for each in Axis(back(low), back(high), True).ticks()}
    else:
        return
    shown = {value: place for value, place in places.items() if low < place < high}
    set_ticks(list(shown.values()), [f"{value:g}" for value in shown])
