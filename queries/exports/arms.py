"""What tables of several arms share: the numbers of an answer, by outcome and study, each with its arm's treatment."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from picograph.kg.results import DispersionKind
from picograph.kg.source import Method
from picograph.queries.exports.meta import effect_of, why_not
from picograph.queries.exports.selection import Losses, Selection
from picograph.queries.synthesis import effects
from picograph.queries.synthesis.nodes import count, describe, first, number
from picograph.queries.synthesis.rules import PAIRS, Candidate

_SAME = frozenset({"denominator", "design", "analysis-set", "scale"})  # differences that a reviewer may accept
_TRUST = [each.value for each in Method]
_RATIOS = {"hazard ratio": "HR", "odds ratio": "OR", "risk ratio": "RR", "rate ratio": "IRR"}
OTHER_RECORD = "numbers that another record of the study states too: the most trusted record's stand in the table"


class Row(NamedTuple):
    """One arm of one study: a count or a mean, with its treatment."""

    candidate: Candidate
    treatment: str
    mean: float | None = None
    deviation: float | None = None
    size: int | None = None


class Contrast(NamedTuple):
    """Two arms of one study: an effect and its standard error, and the measure that netmeta calls ``sm``."""

    candidate: Candidate
    treatment: str
    comparator: str
    measure: str
    effect: float
    error: float
    corrected: bool = False


class Table(NamedTuple):
    """One outcome at one time: the arms of each study, and the contrasts that are reported as such."""

    outcome: Candidate  # any of them
    arms: dict[str, list[Row]]
    reported: dict[str, list[Contrast]]

    @property
    def label(self) -> str:
        """What the table is of, in words."""
        each = self.outcome
        words = (
            each.outcome_words or each.outcome or "",
            each.category,
            each.grade and f"grade {each.grade}",
            each.time,
        )
        return ", ".join(word for word in words if word)


def named(each: Candidate) -> str:
    """Name a number by its study and arm.

    >>> named(Candidate(study="a", study_label="A", arm_label="drug"))
    'A drug'
    """
    return f"{each.study_label} {each.arm_label}".strip()


def tables(selection: Selection, losses: Losses) -> list[Table]:
    """Part the numbers of an answer by outcome, the one with most studies first; what has no place is told."""
    found = selection.candidates()
    spread = _spreads(selection, found)
    names = _treatments(selection, found)
    groups: dict[tuple[object, ...], list[Candidate]] = defaultdict(list)
    for each in found:
        why = None if each.kind == "mean" else why_not(each)
        if each.kind == "mean":
            why = _why_no_mean(each, spread)
        elif each.kind in ("survival", "difference"):
            why = "a survival probability or a difference is neither a count nor a ratio"
        elif each.kind == "ratio" and (each.comparator is None or each.statistic not in _RATIOS):
            why = "a ratio needs the two arms that it is between"
        if why is not None:
            losses.add(f"numbers that are no row: {why}", named(each))
            continue
        losses.add("counts computed from a per cent, marked in the column derived", named(each), each.derived)
        losses.add("numbers of retracted reports, which stand in the table", named(each), each.retracted)
        groups[tuple(rule.of(each) for rule in PAIRS if rule.name not in _SAME)].append(each)
    made = [_table(group, spread, names, losses) for group in groups.values()]
    return sorted(made, key=lambda each: (-len({*each.arms, *each.reported}), each.label))


def _table(
    group: Sequence[Candidate],
    spread: dict[str, tuple[float, int]],
    names: dict[str, str],
    losses: Losses,
) -> Table:
    studies: dict[str, list[Candidate]] = defaultdict(list)
    for each in group:
        studies[each.study].append(each)
    arms: dict[str, list[Row]] = {}
    reported: dict[str, list[Contrast]] = {}
    for study, held in sorted(studies.items()):
        best = min((_TRUST.index(each.method), each.document) for each in held)
        kept = [each for each in held if (_TRUST.index(each.method), each.document) == best]
        losses.add(OTHER_RECORD, named(held[0]), len(held) - len(kept))
        seen: dict[str | None, Candidate] = {}
        for each in kept:
            if each.kind == "ratio":
                reported.setdefault(study, []).append(_reported(each, names))
            elif each.arm is None:
                losses.add("numbers of no arm", named(each))
            elif each.arm in seen:
                losses.add("further numbers of one arm and outcome: the first stands in the table", named(each))
            else:
                seen[each.arm] = each
        if seen:
            arms[study] = _rows(list(seen.values()), spread, names, losses)
    return Table(group[0], arms, reported)


def _rows(
    held: list[Candidate], spread: dict[str, tuple[float, int]], names: dict[str, str], losses: Losses
) -> list[Row]:
    treatments = [names.get(each.arm or "") or each.arm_label for each in held]
    rows = []
    for each, treatment in zip(held, treatments, strict=True):
        if treatments.count(treatment) > 1:
            losses.add("arms of a study with the same treatment, told apart by their labels", named(each))
            treatment = each.arm_label if treatment == each.arm_label else f"{treatment} ({each.arm_label})"
        deviation, size = spread.get(each.result, (None, None))
        rows.append(Row(each, treatment, each.value if each.kind == "mean" else None, deviation, size or each.at_risk))
    return rows


def _reported(each: Candidate, names: dict[str, str]) -> Contrast:
    known = effect_of(each)
    assert known is not None
    assert each.statistic is not None
    (effect, variance, _), _ = known
    against = names.get(each.comparator or "") or (each.comparator or "")
    treatment = names.get(each.arm or "") or each.arm_label
    return Contrast(each, treatment, against, _RATIOS[each.statistic], effect, math.sqrt(variance))


def contrasts(rows: Sequence[Row]) -> Iterator[Contrast]:
    """Give every contrast of the arms of one study: log odds ratios of counts, differences of means.

    Source: Cochrane Handbook 6.5, sections 10.4.1 and 10.5.1.
    """
    for one, other in combinations(rows, 2):
        left, right = one.candidate, other.candidate
        if one.mean is not None and other.mean is not None:
            assert one.deviation is not None
            assert other.deviation is not None
            assert one.size
            assert other.size
            variance = one.deviation**2 / one.size + other.deviation**2 / other.size
            yield Contrast(left, one.treatment, other.treatment, "MD", one.mean - other.mean, math.sqrt(variance))
        elif left.affected is not None and right.affected is not None and left.at_risk and right.at_risk:
            cells = effects.Table.of(left.affected, left.at_risk, right.affected, right.at_risk)
            effect, variance, corrected = effects.log_odds_ratio(cells)
            yield Contrast(left, one.treatment, other.treatment, "OR", effect, math.sqrt(variance), corrected)


def _spreads(selection: Selection, found: Sequence[Candidate]) -> dict[str, tuple[float, int]]:
    """Give the standard deviation and the participants of each mean that has them."""
    from picograph.kg.model import enum_iri

    wanted = enum_iri(DispersionKind.STANDARD_DEVIATION)
    spread: dict[str, tuple[float, int]] = {}
    for iri, node in describe(selection.store, [each.result for each in found if each.kind == "mean"]).items():
        deviation, size = number(node, "dispersionValue"), count(node, "denominator")
        if first(node, "dispersionKind") == wanted and deviation and size and first(node, "unitsAnalysed") is None:
            spread[iri] = deviation, size
    return spread


def _why_no_mean(each: Candidate, spread: dict[str, tuple[float, int]]) -> str | None:
    if each.absence or each.value is None:
        return each.absence or "the number is not reported"
    if each.ambiguous:
        return f"the source leaves open: {', '.join(each.ambiguous)}"
    return None if each.result in spread else "a mean without its standard deviation and its participants"


def _treatments(selection: Selection, found: Sequence[Candidate]) -> dict[str, str]:
    """Name each arm by what it got as planned: its interventions together; an arm without any by its own label."""
    iris = sorted({iri for each in found for iri in (each.arm, each.comparator) if iri})
    arms = describe(selection.store, iris)
    given = describe(selection.store, sorted({iri for node in arms.values() for iri in node.get("intervention", ())}))
    names = {}
    for iri, node in arms.items():
        labels = sorted(
            {label.casefold() for each in node.get("intervention", ()) if (label := first(given.get(each), "label"))}
        )
        names[iri] = " + ".join(labels) or first(node, "label") or iri
    return names
