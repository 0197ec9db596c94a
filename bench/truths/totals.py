"""True rows of the questions that add up over studies: each study is told once, and what it adds is kept by group."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from .told import Given, Row, Told, classes, iris, label, labels

Groups = Callable[[Told, Given], Iterable[tuple[object, ...]]]


@cache
def _names_above(curie: str) -> tuple[str, ...]:
    return tuple(name for each in classes(curie) for name in labels(each))


def _branches(told: Told, given: Given) -> Iterator[tuple[object, ...]]:
    yield from {(name,) for curie in told.conditions for name in _names_above(curie)}


def _designs(told: Told, given: Given) -> Iterator[tuple[object, ...]]:
    design = told.registry.design
    assert design
    yield label(design.allocation), label(design.model), design.number_of_arms


def _phases(told: Told, given: Given) -> Iterator[tuple[object, ...]]:
    assert told.registry.design
    yield (label(told.registry.design.phase),)


def _treatments(told: Told, given: Given) -> Iterator[tuple[object, ...]]:
    given_there = [each for _, each in told.planned() if given.below("drug", each.concept)]
    yield from {(name.lower(),) for each in given_there for curie in each.concept for name in labels(curie)}


def _years(told: Told, given: Given) -> Iterator[tuple[object, ...]]:
    yield ((told.registry.report.published or "")[:4],)


GROUPS: dict[str, tuple[tuple[str, ...], Groups]] = {
    "studies-by-branch": (("branch",), _branches),
    "studies-by-design": (("allocation", "model", "number_of_arms"), _designs),
    "studies-by-phase": (("phase",), _phases),
    "studies-by-treatment": (("treatment",), _treatments),
    "studies-by-year": (("year",), _years),
}


class StudiesBy:
    """How many studies, and which, by what they have."""

    def __init__(self, columns: tuple[str, ...], groups: Groups, given: Given) -> None:
        """Take what studies are counted by."""
        self.columns, self.groups, self.given = columns, groups, given
        self.found: dict[tuple[object, ...], list[str]] = {}

    def add(self, told: Told) -> None:
        """Count a study."""
        if told.asked(self.given):
            for group in self.groups(told, self.given):
                self.found.setdefault(group, []).append(told.iri)

    def rows(self) -> Iterator[Row]:
        """Give the rows."""
        for group, keys in self.found.items():
            yield dict(zip(self.columns, group, strict=True)) | {"studies": len(keys), "keys": tuple(keys)}


class EventTotals:
    """Participants by event, over arms that state one possible number."""

    def __init__(self, given: Given) -> None:
        """Begin with nothing."""
        self.given = given
        self.found: dict[tuple[object, ...], tuple[set[str], list[tuple[int, int]]]] = {}

    def add(self, told: Told) -> None:
        """Add the results of a study, each once."""
        if not told.asked(self.given):
            return
        stated: dict[tuple[str, tuple[object, ...]], set[tuple[int, int]]] = {}
        for part in told.registry.adverse_events:
            grade = part.grade
            low, high = (grade.low, grade.high) if grade else (None, None)
            if part.arm is None or part.affected is None or part.at_risk is None or part.ambiguities:
                continue
            if self.given.least("min_grade", low):
                group: tuple[object, ...] = (
                    part.term.lower(),
                    low,
                    high,
                    part.serious,
                    told.epochs.get(part.epoch or ""),
                )
                stated.setdefault((part.arm, group), set()).add((part.affected, part.at_risk))
        for (_, group), numbers in stated.items():
            if len(numbers) == 1 and all(affected <= at_risk for affected, at_risk in numbers):
                keys, arms = self.found.setdefault(group, (set(), []))
                keys.add(told.iri)
                arms.extend(numbers)

    def rows(self) -> Iterator[Row]:
        """Give the rows."""
        columns = ("event", "grade_low", "grade_high", "serious", "epoch")
        for group, (keys, arms) in self.found.items():
            yield dict(zip(columns, group, strict=True)) | {
                "studies": len(keys),
                "arms": len(arms),
                "affected": sum(affected for affected, _ in arms),
                "at_risk": sum(at_risk for _, at_risk in arms),
                "keys": tuple(keys),
            }


class Gaps:
    """Every treatment with every outcome of the studies asked for, and which of these name both."""

    def __init__(self, given: Given) -> None:
        """Begin with nothing."""
        self.given = given
        self.wanted: tuple[set[str], set[str]] = (set(), set())
        self.having: dict[str, set[str]] = {}

    def add(self, told: Told) -> None:
        """Take a study."""
        sides = (
            {curie for each in told.registry.interventions for curie in each.concept},
            {curie for each in told.registry.outcomes for curie in each.concept},
        )
        if told.asked(self.given):
            for wanted, side in zip(self.wanted, sides, strict=True):
                wanted |= side
                for curie in side:
                    self.having.setdefault(curie, set()).add(told.iri)

    def rows(self) -> Iterator[Row]:
        """Give the rows: those of one name together."""
        found: dict[tuple[str, str], set[str]] = {}
        for treatment in self.wanted[0]:
            for measured in self.wanted[1]:
                both = self.having[treatment] & self.having[measured]
                for one in labels(treatment):
                    for two in labels(measured):
                        found.setdefault((one.lower(), two.lower()), set()).update(both)
        for (treatment, measured), keys in found.items():
            yield {"intervention": treatment, "outcome": measured, "studies": len(keys), "keys": tuple(keys)}


class Similar:
    """What other studies share with one."""

    def __init__(self, given: Given) -> None:
        """Take the study that is asked about."""
        self.like = _sides(given.one)
        self.iri = given.one.iri
        self.found: list[Row] = []

    def add(self, told: Told) -> None:
        """Hold a study against it."""
        shared = [one & two for one, two in zip(self.like, _sides(told), strict=True)]
        if told.iri != self.iri and any(shared):
            all_ = set().union(*shared)
            names = ("conditions", "interventions", "outcomes")
            counts = dict(zip(names, map(len, shared), strict=True))
            row = {"study": self.iri, "other": told.iri, "shared": len(all_), "concepts": tuple(all_)}
            self.found.append(row | counts)

    def rows(self) -> Iterator[Row]:
        """Give the rows."""
        yield from self.found


def _sides(told: Told) -> tuple[set[str], set[str], set[str]]:
    return (
        set(iris(told.conditions)),
        set(iris(curie for each in told.registry.interventions for curie in each.concept)),
        set(iris(curie for each in told.registry.outcomes for curie in each.concept)),
    )
