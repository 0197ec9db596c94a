"""Groups of results in a record of ClinicalTrials.gov: which arm each one is, and how many were counted in it."""

from typing import NamedTuple

from picograph.kg.readers import clinicaltrials_codes as codes
from picograph.kg.readers import json_record
from picograph.kg.readers.json_record import JsonObject, Leaves, MisfitError
from picograph.kg.source import Place
from picograph.kg.study import Arm


class Keys:
    """Gives every part its own short name."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def make(self, words: str) -> str:
        slug = key = codes.slug(words)
        number = 1
        while key in self.used:
            key = f"{slug}-{(number := number + 1)}"
        self.used.add(key)
        return key


class Group(NamedTuple):
    """A group of results: its arm, None for the registry's own total; its title, and where that stands."""

    arm: str | None
    title: str
    place: Place


class Counted(NamedTuple):
    """How many were analysed in a group, and where that stands."""

    number: int
    place: Place


Denominators = dict[str, dict[str, Counted]]  # units -> group -> how many


class Arms:
    """The arms of a study: those of the plan, and those that results alone have."""

    def __init__(self) -> None:
        self.arms: list[Arm] = []
        self.keys = Keys()
        self.planned: dict[str, str] = {}  # label -> key of the one arm of the plan that has it
        self.made: dict[tuple[str, str], str] = {}  # title, description -> key of an arm of results

    def groups(self, of: JsonObject, name: str, where: str) -> dict[str, Group]:
        """Read the groups of a module or an outcome: by their identifier, the arm that each one is."""
        found = {}
        for each in of.children(name):
            number = Leaves().text(each, "id")
            if number is None:
                raise MisfitError(each.path, "a group has no id", json_record.DAMAGED)
            leaves = Leaves()
            title = leaves.text(each, "title")
            if title is None:
                title = number
                leaves.text(each, "id")
            place = leaves.places[0]
            description = leaves.text(each, "description")
            arm = self._arm_of(title, description or "", f"{where} {number}", leaves, description)
            found[number] = Group(arm, title, place)
        return found

    def _arm_of(self, title: str, known_by: str, where: str, leaves: Leaves, description: str | None) -> str | None:
        if (title, description) == codes.TOTAL:
            return None
        if (key := self.planned.get(title) or self.made.get((title, known_by))) is not None:
            return key
        taken = codes.slug(title) in self.keys.used
        key = self.made[title, known_by] = self.keys.make(f"{title} {where}" if taken else title)
        self.arms.append(Arm(key=key, label=title, description=description, planned=False, evidence=leaves.evidence))
        return key

    def group(self, groups: dict[str, Group], of: JsonObject, leaves: Leaves, where: str) -> Group:
        """Give the group that a number belongs to.

        :raises MisfitError: if it names none
        """
        taken = Leaves()
        number = taken.text(of, "groupId")
        if number is None:
            raise MisfitError(of.path, "a result has no groupId", json_record.DAMAGED)
        found = self.listed(groups, number, taken.places[0], where)
        leaves.at(found.place)
        return found

    def listed(self, groups: dict[str, Group], number: str, place: Place, where: str) -> Group:
        """Give a group by its identifier; one that is listed nowhere is known by the identifier alone."""
        if number not in groups:
            arm = self._arm_of(number, f"{where} {number}", where, Leaves(place), None)
            groups[number] = Group(arm, number, place)
        return groups[number]


def denominators_of(of: JsonObject) -> Denominators:
    """Give how many were counted in each group, by what is counted."""
    found: Denominators = {}
    for each in of.children("denoms"):
        units = Leaves().text(each, "units") or "Participants"
        for count in each.children("counts"):
            leaves = Leaves()
            group, number = Leaves().text(count, "groupId"), leaves.count(count, "value")
            if group is not None and number is not None:
                found.setdefault(units, {})[group] = Counted(number, leaves.places[0])
    return found


def needed(leaves: Leaves, of: JsonObject, name: str, what: str) -> str:
    """Take the name of something that has facts.

    :raises MisfitError: if it has none
    """
    words = leaves.text(of, name)
    if words is None:
        raise MisfitError(of.path, f"{what} has no {name}", json_record.DAMAGED)
    return words


def remarks_of(*words: str | None) -> tuple[str, ...]:
    """Give what a record adds in words, each once."""
    return tuple(dict.fromkeys(each for each in words if each))
