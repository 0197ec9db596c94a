"""From an answer's rows to candidates for pooling: each with all that decides whether it may be pooled.

A question that names the part of each row can be pooled: what the part, its arm, its outcome and its study say is read
from the store, on any engine.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from picograph.kg.model import PG, enum_iri
from picograph.kg.results import Absence, Attribution, DenominatorKind, Statistic
from picograph.kg.source import Method
from picograph.kg.study import Allocation, Role
from picograph.ontology.errors import UsageError
from picograph.queries.synthesis.nodes import Node, bound, chunks, count, describe, first, number
from picograph.queries.synthesis.poolability import Candidate, Kind

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


def _member(cls: Any, iri: str | None) -> Any:
    """Give the member of an enumeration that an individual of our ontology stands for."""
    return None if iri is None else next((each for each in cls if enum_iri(each) == iri), None)


def _named(cls: Any, iri: str | None) -> str | None:
    found = _member(cls, iri)
    return iri if found is None else str(found.value)


class _Studies:
    """What is known of the studies: their records, designs, arms' properties, whether a report was retracted."""

    def __init__(self, store: "Store", studies: Iterable[str]) -> None:
        self.records: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)  # study -> graph -> method, document
        self.randomised: dict[str, bool] = {}
        self.year: dict[str, int] = {}
        self.label: dict[str, str] = {}
        self.retracted: set[str] = set()
        self.values: dict[tuple[str, str | None], dict[str, float | str | None]] = defaultdict(dict)
        for some in chunks(studies):
            self._read(store, some)
            self._baselines(store, some)

    def _read(self, store: "Store", studies: Sequence[str]) -> None:
        from pyoxigraph import QuerySolutions

        rows = store.query(f"""PREFIX pg: <{PG}>
            SELECT ?study ?graph ?method ?document ?allocation ?arms ?phase ?published ?retracted ?acronym WHERE {{
              {bound("study", studies)}
              GRAPH ?graph {{
                ?graph pg:ofStudy ?study ; pg:method ?method ; pg:documentKey ?document .
                OPTIONAL {{ ?study pg:design ?design . OPTIONAL {{ ?design pg:allocation ?allocation }}
                  OPTIONAL {{ ?design pg:numberOfArms ?arms }} OPTIONAL {{ ?design pg:phase ?phase }} }}
                OPTIONAL {{ ?study pg:report ?report . OPTIONAL {{ ?report pg:published ?published }}
                  OPTIONAL {{ ?report pg:retracted ?retracted }} OPTIONAL {{ ?report pg:acronym ?acronym }} }}
              }} }}""")
        assert isinstance(rows, QuerySolutions)

        def text(row: Any, name: str) -> str | None:
            return None if row[name] is None else str(row[name].value)

        for row in rows:
            study, graph = row["study"].value, row["graph"].value
            method = _member(Method, text(row, "method")) or Method.MODEL
            self.records[study][graph] = (method.value, row["document"].value)
            allocation = _member(Allocation, text(row, "allocation"))
            if allocation is Allocation.RANDOMISED:
                self.randomised[study] = True
            elif allocation is not None or text(row, "arms") == "1":
                self.randomised.setdefault(study, False)
            if (published := text(row, "published")) is not None:
                year = int(published[:4])
                self.year[study] = min(year, self.year.get(study, year))
            if text(row, "retracted") == "true":
                self.retracted.add(study)
            if acronym := text(row, "acronym"):
                self.label[study] = acronym

    def _baselines(self, store: "Store", studies: Sequence[str]) -> None:
        """Read the properties of arms at entry, and what was derived for their treatments, by name."""
        from pyoxigraph import QuerySolutions

        rows = store.query(f"""PREFIX pg: <{PG}>
            SELECT ?study ?arm ?variable ?level ?count ?of ?percent ?median ?mean ?value WHERE {{
              {bound("study", studies)}
              GRAPH ?graph {{
                ?study pg:baseline ?part . ?part pg:variable ?variable .
                OPTIONAL {{ ?part pg:inArm ?arm }} OPTIONAL {{ ?part pg:level ?level }}
                OPTIONAL {{ ?part pg:count ?count }} OPTIONAL {{ ?part pg:denominator ?of }}
                OPTIONAL {{ ?part pg:percentReported ?percent }} OPTIONAL {{ ?part pg:quantityMedian ?median }}
                OPTIONAL {{ ?part pg:quantityMean ?mean }} OPTIONAL {{ ?part pg:quantityValue ?value }}
              }} }}""")
        assert isinstance(rows, QuerySolutions)
        for row in rows:
            values = self.values[row["study"].value, row["arm"].value if row["arm"] is not None else None]
            name = row["variable"].value.casefold()
            if row["level"] is not None:
                name = f"{name}: {row['level'].value.casefold()}"
            got = {
                key: float(row[key].value)
                for key in ("count", "of", "percent", "median", "mean", "value")
                if row[key] is not None
            }
            share = got["count"] / got["of"] * 100 if got.get("of") and "count" in got else got.get("percent")
            if share is not None:
                values[f"{name} (%)"] = share
                values[name] = "all" if share == 100 else "none" if share == 0 else "some"
            elif (plain := got.get("median", got.get("mean", got.get("value")))) is not None:
                values[name] = plain

    def of(self, study: str, arm: str | None) -> dict[str, float | str | None]:
        """Give what is known of an arm, and of the study where it says nothing of the arm."""
        found: dict[str, float | str | None] = {"year": self.year.get(study)}
        return {**found, **self.values.get((study, None), {}), **self.values.get((study, arm), {})}


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
    scales = _labels(store, [iri for node in nodes.values() for name in ("scale",) for iri in node.get(name, ())])
    studies = _Studies(store, [str(row["study"]) for row in answer.rows])
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


def _labels(store: "Store", iris: Iterable[str]) -> dict[str, str]:
    return {iri: label for iri, node in describe(store, iris).items() if (label := first(node, "label"))}


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
    studies: _Studies,
    scales: Mapping[str, str],
    values: dict[str, float | str | None],
    evidence: tuple[str, ...],
) -> Candidate:
    from picograph.kg.triples import study_key

    event = first(node, _TYPE) == PG + "AdverseEventResult"
    outcome = others.get(first(node, "ofOutcome") or "")
    arm, epoch = others.get(first(node, "inArm") or ""), others.get(first(node, "inEpoch") or "")
    statistic = _member(Statistic, first(node, "statistic"))
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
        role=_named(Role, first(arm, "role")),
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
        denominator_kind=_named(DenominatorKind, first(node, "denominatorKind")),
        value=_scaled(number(node, "value"), scale),
        low=_scaled(number(node, "intervalLow"), scale),
        high=_scaled(number(node, "intervalHigh"), scale),
        level=number(node, "intervalLevel"),
        unit=None if kind in ("survival", "proportion") else unit,
        time=time_words(number(node, "timeValue"), first(node, "timeUnit")) or first(node, "timeLabel"),
        time_origin=first(node, "timeOrigin"),
        criteria=_tail(first(outcome, "criteria")),
        grade=_grade(node),
        attribution=_named(Attribution, first(node, "attribution")),
        epoch=first(epoch, "label"),
        serious={"true": True, "false": False}.get(first(node, "serious") or ""),
        scale=scales.get(first(node, "scale") or "") or first(node, "scale"),
        analysis_set=first(node, "analysisSet"),
        randomised=studies.randomised.get(study),
        events=count(node, "events"),
        ambiguous=tuple(
            sorted(filter(None, (first(others.get(each), "ambiguousField") for each in node.get("ambiguity", ()))))
        ),
        absence=_named(Absence, first(node, "absence")),
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


def _label(studies: _Studies, study: str, key: str) -> str:
    return studies.label.get(study, key)


def _outcome_name(outcome: Node | None) -> str | None:
    """Name an outcome by its concept, so that two ways to say it are one; by its words where it has none."""
    return _tail(first(outcome, "concept")) or first(outcome, "label")


def _event_name(node: Node) -> str | None:
    return _tail(first(node, "concept")) or first(node, "term")


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


def _record(studies: _Studies, study: str, part: str, node: Node) -> tuple[str, str]:
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
