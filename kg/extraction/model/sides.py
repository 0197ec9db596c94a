"""Which arm the numbers of an abstract belong to: all of them at once, over its sentences and its table of arms.

Two models look at each cell: one says how its sentence and the sides of the names around it speak (`cell_features`);
the other says for pairs (a cell and a name, two cells of a sentence, the first cells of two sentences, two cells
with one size) whether both are of one side (`Scene.pairs`). The strongest pairs make a tree over cells and names, on
which the sides that fit best are found exactly (`solve`). Sides are log odds: above 0 the experimental arm, below 0
its comparator.
"""

import math
import re
from collections.abc import Mapping, Sequence

from picograph.kg.extraction.model.arms import Arms
from picograph.kg.extraction.model.cells import Call
from picograph.kg.extraction.model.names import GROUP
from picograph.kg.extraction.model.scene import ORDER, WHEREAS, WITHIN, Features, Pair, Scene, logit
from picograph.kg.extraction.model.stretches import read_stretch
from picograph.kg.extraction.model.trees import Logistic, share_of

_BEFORE_WORDS = """
    ( [ : = , - n group groups arm arms was were had is at of with patients women and showed experienced achieved
"""
_BEFORE = frozenset(_BEFORE_WORDS.split())  # between a name and a number of its arm: "tamoxifen (n = 34"
_BEHIND_WORDS = """
    ( ) [ ] in for with among on of the to a who received receiving given after under treated randomized randomised
    assigned allocated patients women participants subjects events cases points
"""
_BEHIND = frozenset(_BEHIND_WORDS.split())  # between a number and a name of its arm: "34 patients in the tamoxifen"
_TIGHT = 8  # words between them, at most
_SHARE = 0.55  # per cent: how far a printed per cent may lie from count and size


def side_of_call(call: Call | None, arms: Arms, sides: Mapping[str, float]) -> float:
    """Give the side of a call: of its strong names if it has any, else of all."""
    if call is None:
        return 0.0
    strong = [sides[name] for name in call.names if arms.names[name].strong]
    row = strong or [sides[name] for name in call.names]
    side = sum(row) / len(row)
    return -abs(side) if call.without else side


def sides_of_names(arms: Arms, model: Logistic) -> dict[str, float]:
    """Give the side of every name; of two arms that the rules list, or two letters of groups, one is each side's."""
    found = {name: logit(share_of(model.log_odds(each.features))) for name, each in arms.names.items()}
    for sort in "@#":
        row = [name for name in found if name[0] == sort]
        if len(row) == 2:
            apart = found[row[0]] - found[row[1]]
            found[row[0]], found[row[1]] = logit(share_of(apart)), logit(share_of(-apart))
    return found


def cell_features(scene: Scene, sides: Mapping[str, float]) -> list[Features]:
    """Give the features of every cell.

    :param sides: of the names
    """
    arms, cells = scene.arms, scene.cells
    given = [None if call is None else side_of_call(call, arms, sides) for call in scene.given]
    rated = [side for name, side in sides.items() if arms.names[name].strong]
    rated = rated or [sides[name] for call in scene.given if call is not None for name in call.names]
    middle = (max(rated) + min(rated)) / 2 if len(rated) > 1 else 0.0
    spread = max(rated) - min(rated) if len(rated) > 1 else 0.0
    turns = _turns(scene, given)
    found = []
    for index, cell in enumerate(cells):
        row, alike = scene.lines[cell.line], scene.alike(index)
        at, rank = row.index(index), alike.index(index)
        features: Features = {
            "spread": spread,
            "mean": middle,
            "n": cell.run,
            "k": cell.place,
            "kc": cell.rank,
            "nC": cell.cells,
            "nR": cell.calls,
            "par": cell.rank % 2,
            "rest": cell.cells - cell.rank,
            "startC": cell.short[0] == "C",
            "CR": cell.short[:2] == "CR",
            "alt": bool(re.fullmatch("(RC)+|(CR)+", cell.short)),
            "endR": cell.short[-1] == "R",
            "t1": cell.strong,
            "ty": ORDER[cell.kinds[0]],
            "cell": len(cell.numbers),
            "ks": rank,
            "ns": len(alike),
            "kspar": rank % 2,
            "resp": scene.listed[cell.line],
            "pos": cell.line / max(1, len(scene.text.sections)),
            "Ld": cell.first - cell.left.last if cell.left else 99,
            "Rd": cell.right.first - cell.last if cell.right else 99,
        }
        for name, call in (
            ("L", cell.left),
            ("R", cell.right),
            ("alb", cell.before),
            ("ala", cell.behind),
            ("det", scene.given[index]),
        ):
            side = side_of_call(call, arms, sides)
            features |= {name: side, f"has{name}": call is not None, f"{name}c": side - middle if call else 0.0}
        if at:
            features |= _beside("p", scene, row[at - 1], index, given)
        if at + 1 < len(row):
            features |= _beside("n", scene, index, row[at + 1], given)
        others = [turn for line, turn in turns.items() if line != cell.line]
        turn = sum(others) / len(others) if others else 0.0
        features |= {
            "pol": turn,
            "npol": len(others),
            "polx": -turn if cell.rank % 2 else turn,
            "polks": -turn if rank % 2 else turn,
            "polself": turns.get(cell.line, 0.0),
        }
        earlier = [line for line in scene.lines if line < cell.line]
        if earlier:
            features |= {"plast": given[scene.lines[max(earlier)][-1]] or 0.0, "pgap": cell.line - max(earlier)}
        features |= _tight(scene, index, sides)
        contrast = scene.contrasts[cell.line]
        only = {frozenset(call.names) for call in scene.calls.get(cell.line, ())}
        sole = side_of_call(scene.calls[cell.line][0], arms, sides) if len(only) == 1 and not contrast else 0.0
        features |= {"contrast": contrast, "sole": sole, "polc": features["polks"] if contrast else 0.0}
        features |= _sizes(scene, index, given)
        features |= _in_segment(scene, index, sides)
        features |= scene.spoken[index]
        found.append(features)
    return found


def _tight(scene: Scene, index: int, sides: Mapping[str, float]) -> Features:
    """Give the side of a name that nothing parts from a cell but words that join it to one."""
    cell, tokens = scene.cells[index], scene.text.tokens
    found: Features = {"tl": 0.0, "tr": 0.0}
    if cell.left is not None:
        between = tokens[cell.left.last + 1 : cell.first]
        if len(between) < _TIGHT and all(token.word in _BEFORE for token in between):
            found["tl"] = side_of_call(cell.left, scene.arms, sides)
    if cell.right is not None:
        between = tokens[cell.last + 1 : cell.right.first]
        if len(between) < _TIGHT and all(token.word in _BEHIND or token.sort in "%Tup" for token in between):
            found["tr"] = side_of_call(cell.right, scene.arms, sides)
    found["tb"] = found["tl"] + found["tr"] if not found["tl"] or not found["tr"] else 0.0
    return found


def _in_segment(scene: Scene, index: int, sides: Mapping[str, float]) -> Features:
    """Say what the part of its sentence in which a cell stands speaks for, and what the other parts do."""
    line = scene.cells[index].line
    first, stop = scene.segment(index)
    inside: list[float] = []
    outside: list[float] = []
    for call in scene.calls.get(line, ()):
        row = inside if first <= call.first < stop else outside
        row.append(side_of_call(call, scene.arms, sides))
    low, high = scene.bounds[line]
    here, rest = (
        read_stretch(scene.text, scene.arms, scene.said, places)
        for places in (range(first, stop), (*range(low, first), *range(stop, high + 1)))
    )
    return {
        "g:side": sum(inside) / len(inside) if inside else 0.0,
        "g:lowest": min(inside, default=0.0),
        "g:highest": max(inside, default=0.0),
        "g:calls": len(inside),
        "g:cells": sum(first <= scene.cells[other].first < stop for other in scene.lines[line]),
        "g:rank": sum(first <= scene.cells[other].first < scene.cells[index].first for other in scene.lines[line]),
        "g:others": sum(outside) / len(outside) if outside else 0.0,
        **{f"g:{name}": value for name, value in here._asdict().items()},
        "g:apart": here.leaning - rest.leaning,
        "g:aside": here.elsewhere - rest.elsewhere,
    }


def _turns(scene: Scene, given: Sequence[float | None]) -> dict[int, float]:
    """Say of each sentence how far its 1st, 3rd… cells lie on another side than the 2nd, 4th…"""
    found = {}
    for line, row in scene.lines.items():
        odd = [side for side in (given[index] for index in row[0::2]) if side is not None]
        even = [side for side in (given[index] for index in row[1::2]) if side is not None]
        if len(row) > 1 and (odd or even):
            found[line] = (sum(odd) / len(odd) if odd else 0.0) - (sum(even) / len(even) if even else 0.0)
    return found


def _beside(name: str, scene: Scene, one: int, other: int, given: Sequence[float | None]) -> Features:
    first, second = scene.cells[one], scene.cells[other]
    row = scene.text.tokens[first.last + 1 : second.first]
    words = {token.word for token in row}
    near = one if name == "p" else other
    found: Features = {
        "v": any(token.sort == "v" for token in row),
        "a": "and" in words,
        "semi": ";" in words,
        "comma": "," in words,
        "than": "than" in words,
        "to": "to" in words,
        "or": "or" in words,
        "len": len(row),
        "grp": bool(words & GROUP),
        "whereas": bool(words & WHEREAS),
        "cl": any(token.sort == ")" for token in row),
        "op": any(token.sort == "(" for token in row),
        "same": first.kinds[0] == second.kinds[0],
        "det": given[near] or 0.0,
        "in": bool(words & WITHIN),
    }
    return {f"{name}_{key}": value for key, value in found.items()}


def _sizes(scene: Scene, index: int, given: Sequence[float | None]) -> Features:
    """Say which sides have the sizes that a cell repeats, or that its count and per cent fit."""
    cell = scene.cells[index]
    values: dict[str, float] = {}
    for number, kind in zip(cell.numbers, cell.kinds, strict=True):
        values.setdefault(kind, scene.numbers[number].value)

    def sides(size: float) -> list[float]:
        return [side for other in scene.sizes.get(size, ()) if other != index and (side := given[other]) is not None]

    size = values.get("participants")
    if size is not None:
        row = sides(size) if size > 5 else []
        return {"szsame": sum(row) / len(row) if row else 0.0}
    count, percent = values.get("count"), values.get("per cent")
    if count is None or percent is None:
        return {}
    row = [
        side
        for size in scene.sizes
        if size >= count and size > 0 and abs(100 * count / size - percent) <= _SHARE
        for side in sides(size)
    ]
    return {"szfit": sum(row) / len(row) if row else 0.0, "nfit": len(row)}


def solve(
    cells: Sequence[float], names: Mapping[str, float], pairs: Sequence[Pair], agree: Sequence[float]
) -> list[float]:
    """Give the side of every cell, as log odds, from the strongest pairs.

    The pairs that say most, for or against one side, make a spanning forest; on it the marginal of each cell is exact.

    :param cells: what speaks for each cell's side alone [log odds]
    :param names: and for each name's
    :param agree: how probable it is that the two of each pair are of one side

    Source: Kruskal, Proc Am Math Soc 1956;7:48-50 (the tree); Pearl, AAAI 1982:133-136 (the sums on it).

    >>> [round(side, 1) for side in solve([0.0, 0.0], {"placebo": -3.0}, [Pair("name", 0, "placebo", {}),
    ...     Pair("beside", 0, 1, {})], [0.95, 0.05])]
    [-2.3, 1.9]
    """
    nodes: list[int | str] = [*range(len(cells)), *names]
    number = {node: index for index, node in enumerate(nodes)}
    field = [side / 2 for side in (*cells, *names.values())]
    parent = list(range(len(nodes)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    linked: list[list[tuple[int, float]]] = [[] for _ in nodes]
    weighed = [
        (number[pair.one], number[pair.other], logit(share) / 2) for pair, share in zip(pairs, agree, strict=True)
    ]
    for one, other, weight in sorted(weighed, key=lambda each: -abs(each[2])):
        first, second = root(one), root(other)
        if first != second:
            parent[first] = second
            linked[one].append((other, math.tanh(weight)))
            linked[other].append((one, math.tanh(weight)))
    return _sums(field, linked)[: len(cells)]


def _sums(field: Sequence[float], linked: Sequence[Sequence[tuple[int, float]]]) -> list[float]:
    """Pass what speaks for each side up every tree and down again."""
    order, above = [], [(-1, 0.0)] * len(field)
    seen = [False] * len(field)
    for start in range(len(field)):
        stack = [] if seen[start] else [start]
        while stack:
            node = stack.pop()
            seen[node] = True
            order.append(node)
            for other, weight in linked[node]:
                if not seen[other]:
                    above[other] = node, weight
                    stack.append(other)

    def through(weight: float, side: float) -> float:
        return math.atanh(max(-0.9999, min(0.9999, weight * math.tanh(side))))

    up = list(field)
    for node in reversed(order):
        over, weight = above[node]
        if over >= 0:
            up[over] += through(weight, up[node])
    whole = list(up)
    for node in order:
        over, weight = above[node]
        if over >= 0:
            whole[node] += through(weight, whole[over] - through(weight, up[node]))
    return [2 * side for side in whole]
