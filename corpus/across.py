"""Every abstract read by models that did not learn from it: those of the other folds of the corpus.

What one model says is what the next one learns from, so it must be said of abstracts that were not learnt from: the
numbers are learnt with what is said of words across folds, the sides likewise, and the weighing with both. The same
models give the figures of a cross-validation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from picograph.corpus.division import FOLDS, fold
from picograph.corpus.training import (
    Case,
    Lesson,
    Told,
    Weighed,
    case,
    learn_numbers,
    learn_sides,
    learn_weighing,
    learn_words,
)
from picograph.kg.extraction.model.field import Field, aligned
from picograph.kg.extraction.model.reader import Reading, View, Weights, Words, candidates, shares_of, view_of
from picograph.kg.extraction.model.trees import Trees


class Across(NamedTuple):
    """What the models of all folds but one say of each, and those models by the fold that they did not learn from."""

    told: dict[str, Told]  # of the words of each abstract
    cases: dict[bool, list[Case]]  # with the arms that the rules find, and without
    weighed: list[Weighed]
    words: dict[int, Field]
    numbers: dict[int, tuple[Field, ...]]
    views: dict[int, tuple[View, ...]]

    def weights(self, part: int, thresholds: Mapping[str, float]) -> Weights:
        """Give the whole model that learnt from all folds but one."""
        weighing = learn_weighing([row for row in self.weighed if fold(row.name) != part])
        return Weights(
            Words(self.words[part]),
            self.numbers[part],
            self.views[part],
            Trees(weighing["kinds"]),
            Trees(weighing["sides"]),
            thresholds,
        )


def learn_across(lessons: Sequence[Lesson], say: Callable[[str], Any]) -> Across:
    """Learn from all folds but one, for each fold.

    :param say: is told of each step
    """
    parts = range(FOLDS)
    inside = {part: [each for each in lessons if fold(each.name) == part] for part in parts}
    others = {part: [each for each in lessons if fold(each.name) != part] for part in parts}
    words: dict[int, Field] = {}
    told: dict[str, Told] = {}
    for part in parts:
        words[part] = learn_words(others[part])
        told |= told_of(inside[part], words[part])
    say("words of each fold read by a model of the others")
    numbers: dict[int, tuple[Field, ...]] = {}
    shares: dict[str, list[dict[str, float]]] = {}
    for part in parts:
        numbers[part] = aligned(learn_numbers(others[part], told))
        for each in inside[part]:
            shares[each.name] = shares_of(each.page, each.text, each.numbers, told[each.name], numbers[part])
    say("numbers of each fold read by a model of the others")
    cases = {rules: [case(each, told[each.name], rules=rules) for each in lessons] for rules in (True, False)}
    views = {part: _views(cases, part) for part in parts}
    found: list[Weighed] = []
    for each in lessons:
        reading = Reading(each.page, each.text, told[each.name], {}, each.numbers, shares[each.name])
        for one in candidates(reading, views[fold(each.name)])[0]:
            right, side = each.kinds[one.number] == one.kind, each.sides[one.number]
            found.append(Weighed(each.name, each.numbers[one.number], one.kind, right, side, one.of_kind, one.of_side))
    say("sides of each fold read by a model of the others")
    return Across(told, cases, found, words, numbers, views)


def told_of(lessons: Sequence[Lesson], field: Field) -> dict[str, Told]:
    """Read the words of abstracts with a field."""
    words = Words(field)
    return {each.name: words.marginals(each.page, each.text)[0] for each in lessons}


def _views(cases: Mapping[bool, Sequence[Case]], part: int) -> tuple[View, ...]:
    return tuple(
        view_of({"rules": rules, **learn_sides([one for one in row if fold(one.name) != part])})
        for rules, row in cases.items()
    )
