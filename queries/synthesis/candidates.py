"""From an answer's rows to candidates for pooling: each with all that decides whether it may be pooled.

A question that names the part of each row can be pooled: what the part, its arm, its outcome and its study say is read
from the store, on any engine.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from picograph.kg.model import PG
from picograph.kg.results import Absence, Attribution, DenominatorKind, Statistic
from picograph.kg.source import Method
from picograph.kg.study import Role
from picograph.ontology.errors import UsageError
from picograph.queries.synthesis.nodes import Node, count, describe, first, number
from picograph.queries.synthesis.rules import Candidate, Kind
from picograph.queries.synthesis.studies import Studies, labels_of, member_of, name_of

if TYPE_CHECKING:
    from picograph.kg.store import Store
    from picograph.queries.answer import Answer

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_KINDS: dict[Statistic, Kind] = {
    Statistic.COUNT: "proportion",
    Statistic.PROPORTION: "proportion",
    Statistic.SURVIVAL_PROBABILITY: "survival",
    Statistic.CUMULATIVE_INCIDENCE: "survival",
    Statistic.HAZARD_RATIO: "ratio",
    Statistic.ODDS_RATIO: "ratio",
    Statistic.RISK_RATIO: "ratio",
    Statistic.RATE_RATIO: "ratio",
    Statistic.RISK_DIFFERENCE: "difference",
    Statistic.MEAN_DIFFERENCE: "difference",
    Statistic.MEAN: "mean",
    Statistic.LEAST_SQUARES_MEAN: "mean",
    Statistic.MEDIAN: "median",
}
_CONTROLS = {Role.ACTIVE_COMPARATOR, Role.PLACEBO_COMPARATOR, Role.SHAM_COMPARATOR, Role.NO_INTERVENTION}
_MONTHS = {"mo": 1, "a": 12}
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*-?\s*(y(?:rs?|ears?)?|a|m(?:os?|onths?)?|w(?:ks?|eeks?)?|d(?:ays?)?)", re.I)
_UNITS = {"y": "a", "a": "a", "m": "mo", "w": "wk", "d": "d"}


def time_words(value: float | None, unit: str | None) -> str | None:
    """Write a time in one form, so that 2 years and 24 months are the same.

    >>> time_words(2, "a"), time_words(24, "mo"), time_words(6, "wk"), time_words(None, None)
    ('24 mo', '24 mo', '6 wk', None)
    """
    if value is None:
        return None
    months = _MONTHS.get(unit or "")
    return f"{value * months:g} mo" if months else f"{value:g} {unit}" if unit else f"{value:g}"


def parse_time(text: str) -> str:
    """Read a time as a person types it.

    :raises UsageError: if it is none

    >>> parse_time("2y"), parse_time("24 months")
    ('24 mo', '24 mo')
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is not a time", where="--time", remedy="for example: --time 2y, --time 6mo")
    words = time_words(float(found[1]), _UNITS[found[2][0].lower()])
    assert words is not None
    return words


def poolable() -> list[str]:
    """Give the names of the questions whose answers can be pooled: those tagged so.

    >>> "responses" in poolable()
    True
    """
    from picograph.queries import catalog

    return [name for name in catalog.names() if "poolable" in catalog.question(name).tags]


def selected(
    found: Sequence[Candidate], outcome: str | None, category: str | None, statistic: str | None, time: str | None
) -> list[Candidate]:
    """Keep the candidates that a person asked for; what is left out was not asked for, and is not refused.

    :param outcome: words of the outcome or event, or its category, whatever their case

    >>> made = [Candidate(study="a", outcome="response", time="24 mo"), Candidate(study="b", outcome="survival")]
    >>> [each.study for each in selected(made, None, None, None, "24 mo")]
    ['a']
    """

    def holds(value: str | None, words: str | None) -> bool:
        return words is None or (value is not None and words.casefold() in value.casefold())

    return [
        each
        for each in found
        if holds(f"{each.outcome or ''} {each.outcome_words}", outcome)
        and holds(each.category, category)
        and holds(each.statistic, statistic)
        and (time is None or each.time == time)
    ]


def candidates(store: "Store", answer: "Answer") -> list[Candidate]:
    """Make a candidate of each row of an answer.

    :raises UsageError: if the question's rows do not name their parts

    >>> from picograph.kg.load import example, load
    >>> from picograph.kg.store import open_store
    >>> from picograph.queries.ask import ask
    >>> store = open_store(":memory:")
    >>> loaded = load(store, [example()])
    >>> [(each.affected, each.at_risk) for each in candidates(store, ask(store, "responses"))]
    [(22, 40), (18, 40)]
    """
    if "part" not in answer.columns:
        raise UsageError(
            f"{answer.question.name} cannot be pooled: its rows name no part",
            remedy=f"these can: {', '.join(poolable())}",
        )
    parts = [str(row["part"]) for row in answer.rows]
    nodes = describe(store, parts)
    linked = ("ofOutcome", "inArm", "comparator", "inEpoch", "ambiguity", "derived")
    others = describe(store, [iri for node in nodes.values() for name in linked for iri in node.get(name, ())])
    treatments = {iri for node in others.values() for iri in node.get("intervention", ())}
    given = describe(store, treatments)
    derived = describe(store, [iri for node in given.values() for iri in node.get("derived", ())])
    scales = labels_of(store, [iri for node in nodes.values() for name in ("scale",) for iri in node.get(name, ())])
    studies = Studies(store, [str(row["study"]) for row in answer.rows])
    found = []
    for row, part in zip(answer.rows, parts, strict=True):
        node = nodes.get(part)
        if node is None:
            continue
        arm = others.get(first(node, "inArm") or "")
        values = {**studies.of(str(row["study"]), first(node, "inArm")), **_treatment(arm, given, derived)}
        evidence = row.get("evidence")
        places = evidence if isinstance(evidence, tuple) else ()
        found.append(_candidate(str(row["study"]), part, node, others, studies, scales, values, places))
    return found


def _treatment(
    arm: Node | None, given: Mapping[str, Node], derived: Mapping[str, Node]
) -> dict[str, float | str | None]:
    """Give what was derived for an arm's treatments, such as BED10, where there is one value of it."""
    found: dict[str, set[float]] = defaultdict(set)
    for treatment in (arm or {}).get("intervention", ()):
        for iri in given.get(treatment, {}).get("derived", ()):
            quantity, value = first(derived.get(iri), "derivedQuantity"), number(derived.get(iri), "value")
            if quantity and value is not None:
                found[quantity.casefold()].add(value)
    return {name: values.pop() for name, values in found.items() if len(values) == 1}


def _candidate(
    study: str,
    part: str,
    node: Node,
    others: Mapping[str, Node],
    studies: Studies,
    scales: Mapping[str, str],
    values: dict[str, float | str | None],
    evidence: tuple[str, ...],
) -> Candidate:
    from picograph.kg.triples import study_key

    event = first(node, _TYPE) == PG + "AdverseEventResult"
    outcome = others.get(first(node, "ofOutcome") or "")
    arm, epoch = others.get(first(node, "inArm") or ""), others.get(first(node, "inEpoch") or "")
    statistic = member_of(Statistic, first(node, "statistic"))
    kind: Kind = "proportion" if event else _KINDS.get(statistic, "other") if statistic else "other"
    unit = first(node, "unit")
    scale = 0.01 if unit == "%" and kind == "survival" else 1.0
    affected, at_risk, is_derived = _counts(node, others, event=event)
    method, document = _record(studies, study, part, node)
    return Candidate(
        study=study,
        study_label=_label(studies, study, study_key(study)),
        arm=first(node, "inArm"),
        arm_label=first(arm, "label") or "",
        role=name_of(Role, first(arm, "role")),
        comparator=first(node, "comparator"),
        result=part,
        kind=kind,
        statistic=None if statistic is None else str(statistic.value),
        outcome=_event_name(node) if event else _outcome_name(outcome),
        outcome_words=(first(node, "term") if event else first(outcome, "label")) or "",
        category=first(node, "category") or first(node, "component"),
        affected=affected,
        at_risk=at_risk,
        derived=is_derived,
        denominator_kind=name_of(DenominatorKind, first(node, "denominatorKind")),
        counted=first(node, "unitsAnalysed"),
        value=_scaled(number(node, "value"), scale),
        low=_scaled(number(node, "intervalLow"), scale),
        high=_scaled(number(node, "intervalHigh"), scale),
        level=number(node, "intervalLevel"),
        unit=None if kind in ("survival", "proportion") else unit,
        time=time_words(number(node, "timeValue"), first(node, "timeUnit")) or first(node, "timeLabel"),
        time_origin=first(node, "timeOrigin"),
        criteria=_tail(first(outcome, "criteria")),
        grade=_grade(node),
        attribution=name_of(Attribution, first(node, "attribution")),
        epoch=first(epoch, "label"),
        serious={"true": True, "false": False}.get(first(node, "serious") or ""),
        scale=scales.get(first(node, "scale") or "") or first(node, "scale"),
        analysis_set=first(node, "analysisSet"),
        randomised=studies.randomised.get(study),
        events=count(node, "events"),
        ambiguous=tuple(
            sorted(filter(None, (first(others.get(each), "ambiguousField") for each in node.get("ambiguity", ()))))
        ),
        absence=name_of(Absence, first(node, "absence")),
        retracted=study in studies.retracted,
        method=method,
        document=document,
        year=studies.year.get(study),
        evidence=evidence,
        values=values,
    )


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale


def _tail(iri: str | None) -> str | None:
    return None if iri is None else iri.rpartition("/")[2]


def _label(studies: Studies, study: str, key: str) -> str:
    return studies.label.get(study, key)


def _outcome_name(outcome: Node | None) -> str | None:
    """Name an outcome by its concept, so that two ways to say it are one; by its words where it has none."""
    return _tail(first(outcome, "concept")) or first(outcome, "label")


_GENERAL = frozenset(  # words that say of any event that it is one
    {
        "a",
        "adverse",
        "all",
        "and",
        "any",
        "at",
        "drug",
        "effect",
        "effects",
        "event",
        "events",
        "least",
        "more",
        "of",
        "one",
    }
    | {"or", "radiotherapy", "reaction", "reactions", "related", "side", "toxicities", "toxicity", "treatment"}
)


def _event_name(node: Node) -> str | None:
    """Name an event by its concept or its words; any event of a class by what its words say of the class.

    >>> made = [{"term": [words], "anyEvent": ["true"]} for words in ("toxicity", "Any adverse event", "late toxicity")]
    >>> [_event_name(each) for each in made]
    ['any event', 'any event', 'any event: late']
    >>> _event_name({"term": ["hepatic toxicity"]})
    'hepatic toxicity'
    """
    term = first(node, "term")
    if first(node, "anyEvent") != "true":
        return _tail(first(node, "concept")) or term
    words = [each for each in re.findall(r"[^\W_]+", (term or "").casefold()) if each not in _GENERAL]
    return f"any event: {' '.join(words)}" if words else "any event"


def _grade(node: Node) -> str | None:
    low, high = first(node, "gradeLow"), first(node, "gradeHigh")
    if low is None and high is None:
        return None
    if high is None:
        return f">= {low}"
    return f"{low} to {high}" if low is not None and low != high else f"= {high}" if low == high else f"<= {high}"


def _counts(node: Node, others: Mapping[str, Node], *, event: bool) -> tuple[int | None, int | None, bool]:
    """Give how many had it, of how many, and whether the count was computed from a per cent."""
    affected = count(node, "affected" if event else "count")
    at_risk = count(node, "atRisk" if event else "denominator")
    if affected is None:
        for iri in node.get("derived", ()):
            if first(others.get(iri), "derivedQuantity") in ("affected", "count"):
                return count(others.get(iri), "value"), at_risk, True
    return affected, at_risk, False


def _record(studies: Studies, study: str, part: str, node: Node) -> tuple[str, str]:
    """Say which record a part is of: the most trusted of the study's where it has several."""
    order = [each.value for each in Method]
    known = sorted(studies.records.get(study, {}).values(), key=lambda each: (order.index(each[0]), each[1]))
    return known[0] if known else (Method.MODEL.value, "")


def paired(found: Sequence[Candidate], comparator: str | None = None) -> list[Candidate]:
    """Put counts of two arms of one study beside each other: an experimental arm against a comparator.

    :param comparator: words of the comparator's label; None: the arms whose role the record gives as a comparator's
    :returns: one candidate for each pair; an arm without a comparator keeps to itself and says so
    """
    groups: dict[tuple[object, ...], list[Candidate]] = defaultdict(list)
    for each in found:
        same = (
            each.study,
            each.outcome,
            each.category,
            each.time,
            each.grade,
            each.epoch,
            each.attribution,
            each.serious,
        )
        groups[same].append(each)
    out = []
    for group in groups.values():
        if comparator is None:
            controls = [each for each in group if each.role in _CONTROLS]
        else:
            controls = [each for each in group if comparator.casefold() in each.arm_label.casefold()]
        treated = [each for each in group if each not in controls]
        for each in treated:
            if not controls:
                out.append(msgspec.structs.replace(each, alone=True))
            for control in controls:
                out.append(
                    msgspec.structs.replace(
                        each,
                        comparator=control.arm,
                        comparator_affected=control.affected,
                        comparator_at_risk=control.at_risk,
                        ambiguous=tuple(sorted({*each.ambiguous, *control.ambiguous})),
                        absence=each.absence or control.absence,
                        evidence=tuple(dict.fromkeys([*each.evidence, *control.evidence])),
                    )
                )
    return out
