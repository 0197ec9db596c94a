"""Ratios between arms, and what participants had at entry: ages, sizes, levels of scales."""

import re
from decimal import Decimal
from itertools import takewhile
from typing import Any

from picograph.kg.extraction.binding import Bound
from picograph.kg.extraction.clauses import narrowed
from picograph.kg.extraction.patterns import Fit
from picograph.kg.extraction.phrases import Figure, Item, Phrase, Row
from picograph.kg.extraction.places import places, slug
from picograph.kg.extraction.results import Results
from picograph.kg.extraction.stated import interval_of
from picograph.kg.extraction.text import SectionKind
from picograph.kg.results import Baseline, Estimate, PValue, Quantity, Statistic
from picograph.kg.study import OutcomeKind

_ENTRY = frozenset({"age", "tumor size", "body mass index", "body weight"})
_ASIDE = frozenset("xrIP;,:=")  # what stands beside a ratio: its interval, its p value
_MEASURED = re.compile(
    r"(?:(?P<kind>[MU])x?)?(?P<head>Q)(?:\([^()]{0,4}\))?(?:op)?"
    r"(?:(?:B|o|,|=|:)?[TL](?:\([R,:=xb]{0,4}g\)|,?R[,b:]?g)?|Rb?g)"
)
_SCALED = re.compile(r"(?P<figure>F)(?:o?x?p)?(?:\([^()]{0,6}\))?[HB]?w?x?(?P<scale>K)(?:N)?(?=[.,;a)])")


def read_measures(results: Results, bounds: dict[int, list[Bound]]) -> None:
    """Read ratios, measures and scales of all sentences into the results.

    :param bounds: what was bound in each sentence
    """
    for index, row in results.abstract.rows.items():
        if row.line.section is SectionKind.RESULTS:
            _ratios(results, row, bounds.get(index, []))
        if row.line.section in {SectionKind.METHODS, SectionKind.RESULTS}:
            _measures(results, row)
            _scales(results, row)


def _ratios(results: Results, row: Row, bounds: list[Bound]) -> None:
    """Take a hazard, odds or risk ratio that stands behind values of both arms, or behind the two arms' names."""
    if len(results.whom.arm_keys) != 2 or "C" not in row.letters:
        return
    for at, item in enumerate(row.items):
        if item.letter != "C":
            continue
        left = max(
            row.letters.rfind(";", 0, at) if "(" not in row.letters[row.letters.rfind(";", 0, at) : at] else 0, 0
        )
        opened = row.letters.rfind("(", 0, at)
        if opened >= 0 and ")" not in row.letters[opened:at]:
            left = max(row.letters.rfind(";", 0, opened), 0)
        heads = [each for each in row.items[left:at] if each.letter in "ES"]
        called = {each.data for each in row.items[left:at] if each.letter == "A"}
        paired = {bound.arm for bound in bounds if left <= bound.fit.start and bound.fit.end <= at + 1}
        if len(heads) != 1 or (len(called) != 2 and len(paired - {None}) != 2) or row.letters[left:at].count("C"):
            continue
        if "K" in row.letters[left:at] or narrowed(row, left, item.start) or _of_some(row, at):
            continue
        statistic = _ratio(results.abstract.folded[row.line.start : item.start], item, results.abstract.folded)
        if statistic is None:
            continue
        phrase: Phrase = heads[0].data
        name = (
            phrase.label
            if phrase.kind == "survival" and len(phrase.words.split()) == 1
            else results.abstract.name(phrase.words)
        )
        kind = OutcomeKind.TIME_TO_EVENT if phrase.kind == "survival" else None
        behind = list(takewhile(lambda each: each.letter in _ASIDE, row.items[at + 1 : at + 10]))
        interval = next((each.data for each in behind if each.letter == "I"), None)
        p = next((each.data for each in behind if each.letter == "P"), None)
        limits, _ = interval_of(interval)
        end = max([item.end, *(each.end for each in behind if each.letter in "IP")])
        results.estimates.append(
            Estimate(
                outcome=results.outcome(slug(name), name, kind, (heads[0].start, heads[0].end)),
                statistic=statistic,
                value=item.data.value,
                compared=tuple(results.whom.arm_keys),
                interval=limits,
                p=PValue(value=p.value, sign=p.sign) if p is not None and p.value is not None else None,
                confidence=Decimal("0.85"),
                evidence=places((heads[0].start, end)),
            )
        )


_GROUPED = re.compile(r"\b(?:group|arm|cohort)s?\b", re.IGNORECASE)
_SOME = re.compile(
    r"[^.;]{0,70}?\b(?:in|for|among) (?:the )?(?:patients|those|women|men|participants|subjects|tumou?rs) (?:with"
    r"|who|whose)\b"
)


def _of_some(row: Row, at: int) -> bool:
    """Say whether the words behind a ratio tell that it is of a part of the people."""
    return _SOME.match(row.folded, row.items[at].end, row.line.end) is not None


def _measures(results: Results, row: Row) -> None:
    """Take medians, means and ranges of what participants had at entry: age, size of a tumour."""
    for match in _MEASURED.finditer(row.letters):
        head = row.items[match.start("head")]
        phrase: Phrase = head.data
        if phrase.label not in _ENTRY or (row.letters.count("A") and results.whom.arm_keys):
            continue
        if phrase.label != "age" and row.line.section is not SectionKind.METHODS:
            continue
        values: dict[str, Any] = {}
        unit = ""
        inside = row.items[match.start() : match.end()]
        for item in inside:
            if item.letter in "TL" and item.data.value is not None:
                values["median" if match["kind"] == "M" else "mean"] = item.data.value
                unit = unit or item.data.unit
            elif item.letter == "g" and item.data.low is not None:
                values["low"], values["high"] = item.data.low, item.data.high
                unit = unit or item.data.unit
        if not unit or not values or (match["kind"] is None and set(values) != {"low", "high"}):
            continue
        if _quartiles(results.abstract.folded[inside[0].start : inside[-1].end]) and "low" in values:
            values["quartile_low"], values["quartile_high"] = values.pop("low"), values.pop("high")
        variable = results.abstract.name(phrase.words)
        start = inside[0].start
        results.baselines.append(
            Baseline(
                variable=variable,
                quantity=Quantity(unit=unit, **values),
                arm=results.whom.single,
                confidence=Decimal("0.9"),
                evidence=places((start, inside[-1].end)),
            )
        )


def _scales(results: Results, row: Row) -> None:
    """Take how many had a level of a scale at entry: ``all patients had Child-Pugh A cirrhosis``."""
    for match in _SCALED.finditer(row.letters):
        figure: Figure = row.items[match.start("figure")].data
        scale: Phrase = row.items[match.start("scale")].data
        if not scale.level or figure.sign != "=":
            continue
        fit = Fit("have", match.start(), match.end(), match.span("scale"), match.span("figure"), match)
        stop = match.end()
        end = row.items[stop - 1].end
        head = row.items[match.start("scale")]
        bound = Bound(row, fit, head, (head,), row.items[match.start("figure")], row.items[match.start()].start, end)
        of, kind, of_span, sure = results.whom.whole(bound, figure)
        results.baselines.append(
            Baseline(
                variable=scale.label,
                level=scale.level,
                count=of if figure.everyone and figure.people is None else figure.people,
                denominator=of,
                denominator_kind=kind,
                percent=Decimal(100) if figure.everyone else figure.percent,
                arm=results.whom.single,
                confidence=results.whom.sure(bound, sure),
                evidence=places((bound.start, end), of_span),
            )
        )


def _ratio(before: str, item: Item, folded: str) -> Statistic | None:
    words = folded[max(0, item.start - 60) : item.end].casefold()
    for statistic, pattern in (
        (Statistic.HAZARD_RATIO, r"hazards? ratio|\bhrs?\b|\bahr\b"),
        (Statistic.ODDS_RATIO, r"odds ratio|\bors?\b|\baor\b"),
        (Statistic.RISK_RATIO, r"risk ratio|relative risk|\brr\b"),
        (Statistic.RATE_RATIO, r"rate ratio|\birr\b"),
    ):
        found = list(re.finditer(pattern, words))
        if found and len(words) - found[-1].end() < 40:
            return statistic
    return None


def _quartiles(words: str) -> bool:
    return re.search(r"\bIQR\b|quartile", words) is not None
