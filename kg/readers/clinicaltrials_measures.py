"""The measures of ClinicalTrials.gov, of baselines and of outcomes: their numbers and the analyses of them."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from picograph.kg.readers import clinicaltrials_codes as codes
from picograph.kg.readers import json_record
from picograph.kg.readers.clinicaltrials_groups import Arms, Denominators, Group, denominators_of, needed, remarks_of
from picograph.kg.readers.json_record import JsonObject, Leaves
from picograph.kg.results import (
    Absence,
    Baseline,
    DenominatorKind,
    Dispersion,
    DispersionKind,
    Estimate,
    Interval,
    PValue,
    Quantity,
    Statistic,
)


class Measure:
    """A baseline or outcome measure: its numbers by class, category and group."""

    def __init__(
        self, arms: Arms, measure: JsonObject, groups: dict[str, Group], overall: Denominators, where: str
    ) -> None:
        self.arms, self.measure, self.groups, self.overall, self.where = arms, measure, groups, overall, where
        about = Leaves()
        self.param = about.text(measure, "paramType")
        self.unit_words = about.text(measure, "unitOfMeasure")
        self.about = about
        spread = Leaves()
        self.dispersion = spread.text(measure, "dispersionType")
        self.spread = spread
        units = Leaves()
        self.selected = units.text(measure, "denomUnitsSelected") or units.text(measure, "typeUnitsAnalyzed")
        self.selected_places = units.places
        self.unit = codes.unit(self.unit_words)
        self.folded = codes.fold(self.param)

    def cells(self) -> Iterator[tuple[JsonObject, "Cell"]]:
        for row in self.measure.children("classes"):
            titles = Leaves()
            component = titles.text(row, "title")
            denominators = self.overall | denominators_of(row)
            for column in row.children("categories"):
                named = Leaves(*titles.places)
                category = named.text(column, "title")
                for each in column.children("measurements"):
                    yield each, Cell(self, each, component, category, denominators, named)

    def level(self) -> tuple[bool, Decimal | None]:
        """Say whether the spread is an interval, and its level in per cent where it says one."""
        folded = codes.fold(self.dispersion)
        match = codes.CONFIDENCE.search(folded)
        if match is None:
            return "confidence" in folded or "credible" in folded, None
        if match["per_cent"]:
            return True, Decimal(match["per_cent"])
        digits = match["digits"]
        return True, Decimal(digits) if len(digits) == 2 else Decimal(digits) / 10

    def is_proportion(self) -> bool:
        """Tell a per cent of participants that were counted from any other per cent."""
        if self.folded != "number" or not self.unit_words:
            return False
        if not codes.OF_PARTICIPANTS.fullmatch(" ".join(self.unit_words.split())):
            return False
        told = (self.measure.fields.get(name) for name in ("title", "description", "unitOfMeasure"))
        return not any(isinstance(each, str) and codes.TIME_TO_EVENT.search(each) for each in told)

    def estimates(self, outcome: str) -> Iterator[Estimate]:
        proportion = self.is_proportion()
        analysis_set = Leaves()
        analysed = analysis_set.text(self.measure, "populationDescription")
        for _, cell in self.cells():
            statistic = codes.STATISTICS.get(self.folded, Statistic.OTHER)
            count = cell.counted()
            if proportion:
                statistic = Statistic.PROPORTION
            elif self.folded == "number" and self.unit == "{participants}":
                statistic = Statistic.COUNT
            value = cell.value if count is None else None
            number = value is not None or count is not None
            interval, dispersion = cell.interval(), cell.dispersion()
            cell.leaves.at(*analysis_set.places)
            words = self.param if statistic is Statistic.OTHER or self.folded not in codes.STATISTICS else None
            yield Estimate(
                outcome=outcome,
                statistic=statistic,
                statistic_words=words,
                arm=cell.group.arm,
                component=cell.component,
                category=cell.category,
                value=value,
                unit=self.unit if value is not None or interval else None,
                unit_words=self.unit_words,
                count=count,
                denominator=cell.denominator,
                denominator_kind=cell.denominator_kind(),
                units_analysed=cell.units_analysed,
                participants=cell.participants,
                dispersion=dispersion,
                interval=interval,
                analysis_set=analysed,
                absence=None if number or interval else cell.absence(),
                remarks=cell.remarks(),
                evidence=cell.leaves.evidence,
            )

    def baselines(self, module: JsonObject) -> Iterator[Baseline]:
        title = Leaves()
        variable = needed(title, self.measure, "title", "a baseline measure")
        description = title.text(self.measure, "description")
        analysed = "populationDescription"
        analysis_set = title.text(self.measure, analysed) or title.text(module, analysed)
        proportion = self.is_proportion() and self.unit == "%"
        for _, cell in self.cells():
            count, percent, quantity, statistic = cell.counted(), None, None, None
            interval, dispersion = None, None
            if count is None and proportion and cell.value is not None and 0 <= cell.value <= 100:
                percent = cell.value
                interval, dispersion = cell.interval(), cell.dispersion()
            elif count is None:
                quantity, statistic, dispersion, interval = cell.quantity()
            number = count is not None or percent is not None or quantity is not None or interval is not None
            component, level = cell.component, cell.category
            if level is None and (count is not None or percent is not None):
                component, level = None, component  # the registry has rows of one category without a title
            cell.leaves.at(*title.places)
            yield Baseline(
                arm=cell.group.arm,
                variable=variable,
                description=description,
                analysis_set=analysis_set,
                component=component,
                level=level,
                count=count,
                denominator=cell.denominator,
                denominator_kind=cell.denominator_kind(),
                units_analysed=cell.units_analysed,
                percent=percent,
                quantity=quantity,
                unit_words=self.unit_words,
                statistic=statistic,
                dispersion=dispersion,
                interval=interval,
                absence=None if number else cell.absence(),
                remarks=cell.remarks(),
                evidence=cell.leaves.evidence,
            )

    def analyses(self, outcome: str) -> Iterator[Estimate]:
        for each in self.measure.children("analyses"):
            leaves = Leaves()
            named: list[Group] = []
            for number, place in each.texts("groupIds"):
                named.append(self.arms.listed(self.groups, number, place, self.where))
                leaves.at(named[-1].place)
            param = leaves.text(each, "paramType")
            statistic = codes.CONTRAST_STATISTICS.get(codes.fold(param), Statistic.OTHER)
            value, p = leaves.number(each, "paramValue"), self.p(leaves, each)
            interval, spread = self.analysis_interval(leaves, each), self.analysis_dispersion(leaves, each)
            method = leaves.text(each, "statisticalMethod")
            hypothesis = leaves.member(each, "nonInferiorityType", codes.HYPOTHESES)
            told = [
                leaves.text(each, name)
                for name in (
                    "groupDescription", "nonInferiorityComment", "statisticalComment", "pValueComment",
                    "estimateComment", "ciLowerLimitComment", "ciUpperLimitComment", "otherAnalysisDescription",
                )
            ]  # fmt: skip
            arm, comparator, compared = direction(named, told)
            yield Estimate(
                outcome=outcome,
                statistic=statistic,
                statistic_words=param,
                arm=arm,
                comparator=comparator,
                compared=compared,
                value=value,
                dispersion=spread,
                interval=interval,
                p=p,
                method=method,
                hypothesis=hypothesis,
                absence=Absence.NOT_REPORTED if value is None and interval is None else None,
                remarks=remarks_of(*told, *leaves.words),
                evidence=leaves.evidence,
            )

    @staticmethod
    def p(leaves: Leaves, analysis: JsonObject) -> PValue | None:
        value = analysis.fields.get("pValue")
        if value is not None and not isinstance(value, str):
            number = leaves.number(analysis, "pValue")
            return PValue(value=number) if number is not None and 0 <= number <= 1 else None
        words = leaves.text(analysis, "pValue")
        if words is None:
            return None
        match = codes.P_VALUE.fullmatch(words.strip())
        number = json_record.number(match["value"]) if match else None
        if match is None or number is None or not 0 <= number <= 1:
            leaves.words.append(f"p value: {words}")
            return None
        return PValue(value=number, sign=codes.SIGNS[match["sign"]])

    @staticmethod
    def analysis_interval(leaves: Leaves, analysis: JsonObject) -> Interval | None:
        low, high = leaves.number(analysis, "ciLowerLimit"), leaves.number(analysis, "ciUpperLimit")
        if low is None and high is None:
            return None
        level = leaves.number(analysis, "ciPctValue")
        sides = codes.SIDES.get(leaves.text(analysis, "ciNumSides") or "")
        if level is not None and not 0 < level < 100:
            leaves.words.append(f"confidence level: {level}")
            level = None
        return Interval(low=low, high=high, level=level, sides=sides)

    @staticmethod
    def analysis_dispersion(leaves: Leaves, analysis: JsonObject) -> Dispersion | None:
        value = leaves.number(analysis, "dispersionValue")
        if value is None:
            return None
        words = leaves.text(analysis, "dispersionType")
        if (kind := codes.DISPERSIONS.get(codes.fold(words))) is None:
            leaves.words.append(f"{words or 'dispersion'}: {value}")
            return None
        return Dispersion(kind=kind, value=value)


class Cell:
    """One measurement: its group, its numbers, and how many were analysed."""

    def __init__(
        self,
        of: Measure,
        each: JsonObject,
        component: str | None,
        category: str | None,
        denominators: Denominators,
        named: Leaves,
    ) -> None:
        self.of, self.component, self.category = of, component, category
        self.leaves = leaves = Leaves()
        self.value = leaves.number(each, "value")
        self.spread, self.low = leaves.number(each, "spread"), leaves.number(each, "lowerLimit")
        self.high = leaves.number(each, "upperLimit")
        self.comment = leaves.text(each, "comment")
        if not (self.spread is self.low is self.high is None):
            leaves.at(*of.spread.places)
        leaves.at(*named.places)
        self.group = of.arms.group(of.groups, each, leaves, of.where)
        leaves.at(*of.about.places)
        self._denominators(each.fields["groupId"], denominators)

    def _denominators(self, group: str, denominators: Denominators) -> None:
        participants = next((name for name in denominators if name.casefold() == "participants"), None)
        units = self.of.selected if self.of.selected in denominators else participants or next(iter(denominators), None)
        if self.of.folded == "count of participants" and participants:
            units = participants
        counted = denominators[units].get(group) if units is not None else None
        self.denominator = counted.number if counted else None
        self.units_analysed = units if counted and units != participants else None
        self.participants: int | None = None
        if counted:
            self.leaves.at(counted.place)
        if self.units_analysed is not None:
            self.leaves.at(*self.of.selected_places)
            if participants and (whole := denominators[participants].get(group)):
                self.participants = whole.number
                self.leaves.at(whole.place)

    def denominator_kind(self) -> DenominatorKind | None:
        """Say who is counted in the denominator, where it counts participants."""
        return DenominatorKind.ANALYSED if self.denominator is not None and not self.units_analysed else None

    def counted(self) -> int | None:
        """Give the value where it is a number of participants, or of the units that were analysed.

        The registry holds a *count of participants* to its denominator. A *number* in participants is often of
        others than were analysed: above its denominator it stays a value.
        """
        value = self.value
        if value is None or value < 0 or value != value.to_integral_value():
            return None
        if self.of.folded in ("count of participants", "count of units"):
            return int(value)
        if self.of.folded == "number" and self.of.unit == "{participants}":
            return int(value) if self.denominator is None or value <= self.denominator else None
        return None

    def interval(self) -> Interval | None:
        """Give the limits of a confidence interval."""
        is_interval, level = self.of.level()
        if not is_interval or (self.low is None and self.high is None):
            return None
        return Interval(low=self.low, high=self.high, level=level)

    def dispersion(self) -> Dispersion | None:
        """Give the spread, where it is one of the measures that are known; else its numbers stay in the remarks."""
        if self.of.level()[0] or (self.spread is self.low is self.high is None):
            return None
        if (kind := codes.DISPERSIONS.get(codes.fold(self.of.dispersion))) is None:
            numbers = " to ".join(str(each) for each in (self.spread, self.low, self.high) if each is not None)
            self.leaves.words.append(f"{self.of.dispersion or 'spread'}: {numbers}")
            return None
        return Dispersion(kind=kind, value=self.spread, low=self.low, high=self.high)

    def quantity(self) -> tuple[Quantity | None, Statistic | None, Dispersion | None, Interval | None]:
        """Give a quantity, and beside it what it has no field for."""
        kinds = DispersionKind
        spread, interval = self.dispersion(), self.interval()
        fields: dict[str, Any] = {}
        statistic = None
        if self.value is not None:
            name = {"mean": "mean", "median": "median"}.get(self.of.folded, "value")
            fields[name] = self.value
            if name == "value" and self.of.folded not in ("number", "count of participants", "count of units"):
                statistic = codes.STATISTICS.get(self.of.folded, Statistic.OTHER)
        if spread is not None:
            names = {kinds.RANGE: ("low", "high"), kinds.INTERQUARTILE_RANGE: ("quartile_low", "quartile_high")}
            if spread.kind is kinds.STANDARD_DEVIATION and spread.value is not None:
                fields["standard_deviation"], spread = spread.value, None
            elif spread.kind in names:
                limits = zip(names[spread.kind], (spread.low, spread.high), strict=True)
                fields |= {name: limit for name, limit in limits if limit is not None}
                spread = None
        return Quantity(unit=self.of.unit, **fields) if fields else None, statistic, spread, interval

    def absence(self) -> Absence:
        """Say why there is no number."""
        told = {words.strip().casefold() for words in self.leaves.words}
        return Absence.NOT_ASSESSED if told & {"not assessed", "not done", "not measured"} else Absence.NOT_REPORTED

    def remarks(self) -> tuple[str, ...]:
        """Give what the record adds in words."""
        return remarks_of(self.comment, *self.leaves.words)


def direction(named: list[Group], told: list[str | None]) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Say which arm an analysis sets against which: arm, comparator; or the arms that it compares."""
    arms = tuple(dict.fromkeys(group.arm for group in named if group.arm is not None))
    if len(named) == len(arms) == 2:
        for first, second in (named, named[::-1]):
            stated = re.compile(rf"{re.escape(first.title)} (?:vs\.?|versus) {re.escape(second.title)}\.?")
            if any(words and stated.fullmatch(words.strip()) for words in told):
                return first.arm, second.arm, ()
    return (arms[0], None, ()) if len(arms) == 1 and len(named) == 1 else (None, None, arms)
