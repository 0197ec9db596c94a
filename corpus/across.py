"""Every abstract read by models that did not learn from it: those of the other folds of the corpus.

What one model says is what the next one learns from, so it must be said of abstracts that were not learnt from: the
numbers are learnt with what is said of words across folds, the sides likewise, and the weighing with both. The same
models give the figures of a cross-validation. The weighing has few numbers to learn from, and what it learns from is
said with some chance in it; so each is given to it twice, as models of two divisions of the corpus say it.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, NamedTuple

from picograph.corpus.division import DIVISIONS, FOLDS, fold
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
    words: dict[int, Field] = {}
    told: dict[str, Told] = {}
    for part in parts:
        words[part] = learn_words([each for each in lessons if fold(each.name) != part])
        told |= told_of([each for each in lessons if fold(each.name) == part], words[part])
    say("words of each fold read by a model of the others")
    cases = {rules: [case(each, told[each.name], rules=rules) for each in lessons] for rules in (True, False)}
    numbers: dict[int, tuple[Field, ...]] = {}
    views: dict[int, tuple[View, ...]] = {}
    found: list[Weighed] = []
    for division in DIVISIONS:
        for part in parts:
            others = {each.name for each in lessons if fold(each.name, division) != part}
            fields = aligned(learn_numbers([each for each in lessons if each.name in others], told))
            sides = _views(cases, others)
            for each in lessons:
                if each.name not in others:
                    found += weighed(each, told[each.name], fields, sides)
            if not division:
                numbers[part], views[part] = fields, sides
        say("numbers and sides of each fold read by a model of the others")
    return Across(told, cases, found, words, numbers, views)


def weighed(each: Lesson, told: Told, fields: Sequence[Field], views: Sequence[View]) -> list[Weighed]:
    """Give what models say of the numbers of an abstract, beside what people marked."""
    shares = shares_of(each.page, each.text, each.numbers, told, fields)
    reading = Reading(each.page, each.text, told, {}, each.numbers, shares)
    found = []
    for one in candidates(reading, views)[0]:
        right, side = each.kinds[one.number] == one.kind, each.sides[one.number]
        found.append(Weighed(each.name, each.numbers[one.number], one.kind, right, side, one.of_kind, one.of_side))
    return found


def told_of(lessons: Sequence[Lesson], field: Field) -> dict[str, Told]:
    """Read the words of abstracts with a field."""
    words = Words(field)
    return {each.name: words.marginals(each.page, each.text)[0] for each in lessons}


def _views(cases: Mapping[bool, Sequence[Case]], names: Set[str]) -> tuple[View, ...]:
    """Learn the sides from the abstracts of these names."""
    return tuple(
        view_of({"rules": rules, **learn_sides([one for one in row if one.name in names])})
        for rules, row in cases.items()
    )
