"""The picture of a network of treatments: circles by participants, lines by studies, components beside each other."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from picograph.ontology.errors import UsageError
from picograph.queries.synthesis.network import Network

MOST = 24  # treatments in a component: a ring of more has no room for their names at the width of a page
_LETTER = 0.058  # inches of a letter at 7 points, about
_LINES = 3  # of a name


class Place(NamedTuple):
    """Where a treatment stands [inches], and its name in lines."""

    x: float
    y: float
    words: tuple[str, ...]


def draw(found: Network, path: str | Path) -> None:
    """Draw the network at the width of an A4 page.

    :raises UsageError: if there is no contrast to draw, too many treatments to read, or the ending names no picture
    """
    if not found.contrasts:
        raise UsageError("there is no contrast to draw", remedy="picograph network lists the single arms")
    largest = max(map(len, found.components))
    if largest > MOST:
        raise UsageError(
            f"{largest} treatments are connected, and at most {MOST} can be read in a picture",
            where=str(path),
            remedy="narrow it with --condition or --drug, or write all of it with --graphml",
        )
    from picograph.queries.synthesis.forest import WIDTH
    from picograph.queries.synthesis.pictures import picture

    places, height = arranged(found.components, WIDTH)
    with picture(path, width=WIDTH, height=height) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(0, height)
        box = {"boxstyle": "round,pad=0.12", "fc": "white", "ec": "none", "alpha": 0.85}
        most = max(len(each.studies) for each in found.contrasts)
        for edge in found.contrasts:
            one, other = places[edge.one], places[edge.other]
            wide = 0.8 + 4.2 * len(edge.studies) / most
            axes.plot(
                [one.x, other.x], [one.y, other.y], color="#9db4c8", linewidth=wide, zorder=1, solid_capstyle="round"
            )
            told = f"{len(edge.studies)}" + ("" if edge.participants is None else f" (n = {edge.participants})")
            at = ((one.x + other.x) / 2, (one.y + other.y) / 2)
            axes.text(*at, told, fontsize=6.5, ha="center", va="center", color="#333333", bbox=box, zorder=3)
        size = {each.label: each.participants or 0 for each in found.treatments}
        greatest = max((size[name] for name in places), default=0) or 1
        for name, place in places.items():
            axes.scatter(
                [place.x], [place.y], s=50 + 300 * size[name] / greatest, color="#2f6b9a", zorder=2, linewidths=0
            )
            words = "\n".join(place.words)
            axes.text(place.x, place.y - 0.17, words, fontsize=7, ha="center", va="top", bbox=box, zorder=4)


def arranged(components: Sequence[Sequence[str]], width: float) -> tuple[dict[str, Place], float]:
    """Put each component on a ring, and the rings in rows; gives the places and the height [inches].

    No two names share their room: a ring is as wide as the names of neighbours need.

    >>> places, height = arranged([["alpha", "beta", "gamma"], ["delta", "epsilon"]], 8)
    >>> sorted(places), places["delta"].x == places["epsilon"].x, height < 5
    (['alpha', 'beta', 'delta', 'epsilon', 'gamma'], True, True)
    """
    rows: list[list[tuple[dict[str, Place], float, float]]] = [[]]
    left = 0.0
    for component in components:
        ring, wide, high = _ring(component, width)
        if rows[-1] and left + wide > width:
            rows.append([])
            left = 0.0
        rows[-1].append((ring, wide, high))
        left += wide
    height = sum(max(high for _, _, high in row) for row in rows)
    places: dict[str, Place] = {}
    top = height
    for row in rows:
        left = (width - sum(wide for _, wide, _ in row)) / 2
        for ring, wide, _ in row:
            places |= {name: Place(left + at.x, top - at.y, at.words) for name, at in ring.items()}
            left += wide
        top -= max(high for _, _, high in row)
    return places, height


def _ring(component: Sequence[str], width: float) -> tuple[dict[str, Place], float, float]:
    """Give places from the upper left corner of a box, and its size."""
    count = len(component)
    letters = 26 if count <= 12 else 15
    names = {name: tuple(_broken(name, letters)) for name in component}
    label = 0.2 + _LETTER * max(len(line) for words in names.values() for line in words)
    below = 0.3 + 0.125 * max(map(len, names.values()))
    if count <= 2:
        across, down = 0.0, 0.55 + below / 2
    else:
        across = min(label / (2 * math.sin(math.pi / count)), (width - label) / 2)
        down = max(across * 0.8, below / (2 * math.sin(math.pi / count)))
    places = {}
    for number, name in enumerate(component):
        angle = math.pi / 2 + 2 * math.pi * number / count
        x, y = label / 2 + across * (1 + math.cos(angle)), 0.3 + down * (1 - math.sin(angle))
        places[name] = Place(x, y, names[name])
    return places, label + 2 * across, 0.3 + 2 * down + below


def _broken(name: str, width: int) -> list[str]:
    import textwrap

    lines = textwrap.wrap(name, width)
    return lines if len(lines) <= _LINES else [*lines[: _LINES - 1], lines[_LINES - 1][: width - 1] + "…"]
