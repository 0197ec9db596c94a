"""What was said of each number, weighed once more: whether it is what the field takes it for, and on which side.

The field of numbers and the two views of sides each look at one thing. Boosted trees look at all that they said: of
the number, of the others in its sentence, of the abstract. They learn from what was said of abstracts that the field
and the views had not learnt from.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from picograph.kg.extraction.model.cells import by_line
from picograph.kg.extraction.model.numbers import Number
from picograph.kg.extraction.model.scene import ORDER, Features, Pair, Scene, logit
from picograph.kg.extraction.model.sides import solve
from picograph.kg.extraction.model.trees import share_of
from picograph.kg.extraction.model.words import Text
from picograph.kg.extraction.text import SectionKind

NOTHING = "nothing"
_SECTIONS = {section: index for index, section in enumerate(SectionKind)}
_TOLD = ("outcome", "planned outcome", "eligibility", "experimental treatment", "comparator treatment", "age")
_OF_CELL = """
    det L R alb ala mb ma resp nC nR startC alt endR polself
    tl tr tb sole contrast
    g:side g:lowest g:highest g:calls g:cells g:others g:leaning g:told g:elsewhere g:apart g:aside
    b:elsewhere a:elsewhere h:elsewhere t:elsewhere b:leaning a:leaning h:leaning b:told a:told h:told
"""
OF_CELL = tuple(_OF_CELL.split())
_OWN = 0.7  # the weight of what was said of a number itself, beside what was said of those in its sentence
_TIE = 0.7  # and of what ties them
_SUREST = 5.3  # log odds that count, at most
_NEAR = 10  # words to each side in which a told word counts


class Sided(NamedTuple):
    """What one view says of the cells of an abstract, each as log odds of the experimental arm."""

    scene: Scene
    names: Mapping[str, float]
    features: Sequence[Features]  # of the cells
    alone: Sequence[float]
    joined: Sequence[float]
    ties: Sequence[tuple[Pair, float]]  # pairs with how probable it is that both are of one side


def side_features(views: Sequence[Sided]) -> dict[int, Features]:
    """Give for each number in a cell what all views say of its side; ``side`` is their mean."""
    found: dict[int, Features] = {}
    for number, view in enumerate(views):
        for index, features in enumerate(_of_cells(view)):
            cell = view.scene.cells[index]
            for rank, member in enumerate(cell.numbers):
                row = found.setdefault(member, {"side": 0.0, "size": len(cell.numbers), "rank": rank})
                row["side"] += features["j"] / len(views)
                for name, value in features.items():
                    row[f"{number}{name}"] = value
    return found


def _of_cells(view: Sided) -> list[Features]:
    scene, joined = view.scene, view.joined
    lines = by_line(scene.cells)
    turns = {
        line: sum(-joined[index] if rank % 2 else joined[index] for rank, index in enumerate(row)) / len(row)
        for line, row in lines.items()
        if len(row) > 1
    }
    sides = view.names.values()
    middle = sum(map(abs, joined)) / len(joined) if joined else 0.0
    found = []
    for index, cell in enumerate(scene.cells):
        row = lines[cell.line]
        at = row.index(index)
        near = [joined[each] for each in row]
        others = [turn for line, turn in turns.items() if line != cell.line]
        turn = sum(others) / len(others) if others else 0.0
        features: Features = {
            "j": joined[index],
            "a": view.alone[index],
            "nmax": max(sides, default=0.0),
            "nmin": min(sides, default=0.0),
            "nn": len(sides),
            "ns": sum(name.strong for name in scene.arms.names.values()),
            "jp": near[at - 1] if at else 0.0,
            "jn": near[at + 1] if at + 1 < len(row) else 0.0,
            "jmax": max(near),
            "jmin": min(near),
            "jm": sum(near) / len(near),
            "pol": turns.get(cell.line, 0.0),
            "polo": turn,
            "npo": len(others),
            "polx": -turn if at % 2 else turn,
            "at": at,
            "nrow": len(row),
            "par": at % 2,
            "rest": len(row) - at,
            "docm": middle,
        }
        for name in OF_CELL:
            features[f"c{name}"] = view.features[index].get(name, 0.0)
        found.append(features)
    return found


def kind_features(
    text: Text,
    numbers: Sequence[Number],
    shares: Sequence[Mapping[str, float]],
    kinds: Sequence[str],
    told: Mapping[str, Sequence[float]],
    sides: Mapping[int, Features],
) -> dict[int, Features]:
    """Give for each number that has a side what speaks for its being a result, and of its kind; adds it to the sides.

    :param kinds: the most probable of each number, or an empty text
    """
    lines: dict[int, list[int]] = {}
    for index, number in enumerate(numbers):
        lines.setdefault(number.line, []).append(index)
    something = [1 - share[NOTHING] for share in shares]
    best = {kind: max(share.get(kind, 0.0) for share in shares) for kind in ORDER} if shares else {}
    bounds: dict[int, tuple[int, int]] = {}
    for at, line in enumerate(text.lines):
        bounds[line] = (bounds[line][0] if line in bounds else at, at)
    found: dict[int, Features] = {}
    for index, side in sides.items():
        number, kind, share = numbers[index], kinds[index], shares[index]
        inside = lines[number.line]
        at = inside.index(index)
        low, high = bounds[number.line]
        same = [shares[other][kind] for other in inside if kinds[other] == kind]
        features: Features = {f"p:{name}": value for name, value in share.items()}
        for name, step in (("p", -1), ("n", 1), ("p2", -2), ("n2", 2)):
            if 0 <= at + step < len(inside):
                near = shares[inside[at + step]]
                features |= {f"{name}:none": near[NOTHING], f"{name}:k": near.get(kind, 0.0), f"{name}:has": 1.0}
        here = [something[other] for other in inside]
        place = (number.at - low) / (high - low + 1)
        relative = number.line / max(1, len(text.sections) - 1)
        features |= {
            "k": ORDER[kind],
            "pk": share[kind],
            "lmean": sum(here) / len(here),
            "lmax": max(here),
            "lsum": sum(here),
            "same": len(same),
            "samemean": sum(same) / len(same),
            "samemin": min(same),
            "samerank": sum(kinds[other] == kind for other in inside[:at]),
            "sameodd": len(same) % 2,
            "docmean": sum(something) / len(something),
            "docsum": sum(something),
            "docn": len(something),
            "dock": best[kind],
            "val": number.value,
            "pct": number.percent,
            "int": number.value.is_integer(),
            "line": number.line,
            "relline": relative,
            "sec": _SECTIONS[text.sections[number.line]],
            "posin": place,
            "len": high - low + 1,
            "abs": abs(side["side"]),
            "agree": side["0j"] * side["1j"] > 0,
            "nR": side["0cnR"],
            "nC": side["0cnC"],
            "opp": max(-side["0jp"] * side["0j"], -side["0jn"] * side["0j"]),
            "docm": side["0docm"],
            "resp": side["0cresp"],
            "ns": side["0ns"],
            "size": side["size"],
            "rank": side["rank"],
        }
        for label in _TOLD:
            if label in told:
                row = told[label]
                features[f"l:{label}"] = max(row[max(low, number.at - _NEAR) : number.at], default=0.0)
                features[f"r:{label}"] = max(row[number.at + 1 : min(high, number.at + _NEAR) + 1], default=0.0)
        side |= {"k": features["k"], "relline": relative, "posin": place, "docn": len(sides)}
        found[index] = features
    return found


def agreed(sides: Mapping[int, float], views: Sequence[Sided]) -> dict[int, float]:
    """Give the sides of numbers once more, so that those of a sentence fit each other: "4 versus 7" are of two arms.

    :param sides: of numbers that are in cells, as they were weighed one by one [log odds]

    >>> agreed({}, [])
    {}
    """
    found = dict.fromkeys(sides, 0.0)
    for view in views:
        ties = [(pair, share_of(_TIE * logit(share))) for pair, share in view.ties if pair.kind == "beside"]
        own = [
            _OWN * sum(max(-_SUREST, min(_SUREST, sides[number])) for number in cell.numbers) / len(cell.numbers)
            for cell in view.scene.cells
        ]
        joint = solve(own, {}, [pair for pair, _ in ties], [share for _, share in ties])
        for cell, side in zip(view.scene.cells, joint, strict=True):
            for number in cell.numbers:
                found[number] += side / len(views)
    return found
