"""What calls an arm in a later sentence: its label, a short form of it, its only treatment, what its role is called."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from picograph.kg.extraction.arm_names import ArmName
from picograph.kg.extraction.lexicon import words_of
from picograph.kg.extraction.page import Page
from picograph.kg.extraction.tokens import Token

_EMPTY, _GROUPS = words_of("word label empty"), words_of("word group")
_NAMED_GROUP = re.compile(r"\(?\b(?P<group>(?:group|arm|cohort)\s+(?:[A-D]|[1-4]|I{1,3}|IV))\b", re.IGNORECASE)
_SHORT = re.compile(r"\s?(?:\w+\s)?\((?P<short>[A-Za-z][\w/+-]{0,11})(?:[;,)\s]|\))")

Words = tuple[str, ...]


class ArmHit(NamedTuple):
    """Words that call an arm, at their tokens."""

    arm: int
    first: int
    last: int


def with_aliases(page: Page, arms: list[ArmName], shorts: Mapping[str, str]) -> list[ArmName]:
    """Give each arm the words that call it and no other arm.

    :param shorts: short forms that the text explains
    """
    sets = [_aliases(page, arm, shorts) for arm in arms]
    controls = [index for index, arm in enumerate(arms) if arm.control]
    if len(controls) == 1:
        sets[controls[0]] |= {("control",), ("controls",), ("control", "group"), ("control", "arm")}
        sets[controls[0]] |= {("comparison", "group")}
        if len(arms) == 2:
            other = 1 - controls[0]
            sets[other] |= {(word, group) for word in ("intervention", "treatment", "experimental", "active", "study")
                            for group in ("group", "arm")}  # fmt: skip
            sets[other] |= {("treated", "group"), ("treated", "patients")}
    found = []
    for index, arm in enumerate(arms):
        others: set[Words] = set().union(*(each for at, each in enumerate(sets) if at != index))
        mine = {alias for alias in sets[index] - others if alias and not set(alias) <= _EMPTY - {"standard"}}
        found.append(arm._replace(aliases=tuple(sorted(mine, key=lambda alias: (-len(alias), alias)))))
    return found


_JOINED = frozenset({"plus", "and", "with", "combined", "combination"})
_ARMS = ("arm", "group", "cohort", "regimen")


class Apart(NamedTuple):
    """Two arms with the names that tell a combination from what is given alone."""

    arms: list[ArmName]
    combined: int | None = None  # the arm that holds the other's treatment, and more
    bare: ArmName | None = None  # the other, with its bare name: it means that arm beside the combination's name only


def told_apart(arms: list[ArmName]) -> Apart:
    """Give two arms of which one is a combination the words for it: the combination arm, the sorafenib arm.

    The treatment that both have calls neither by itself; with "alone", "monotherapy" or "arm" behind it, it calls the
    arm that has nothing else. Its bare name does so only in a sentence that names the combination too.
    """
    if len(arms) != 2:
        return Apart(arms)
    labels = [tuple(re.findall(r"[^\W_]+", each.label.casefold())) for each in arms]
    joined = [index for index, label in enumerate(labels) if _JOINED & set(label) or "+" in arms[index].label]
    if len(joined) != 1:
        return Apart(arms)
    both, alone = joined[0], 1 - joined[0]
    more: list[set[Words]] = [set(each.aliases) for each in arms]
    more[both] |= {(word, group) for word in ("combination", "combined", "combo")
                   for group in (*_ARMS, "therapy", "treatment")}  # fmt: skip
    more[alone] |= {("monotherapy", group) for group in _ARMS} | {("single", "agent", group) for group in _ARMS}
    name = tuple(word for word in labels[alone] if word not in _EMPTY)
    inside = bool(name) and _inside(name, labels[both])
    if inside:
        more[alone] |= {(*name, word) for word in ("alone", "only", "monotherapy", *_ARMS)}
    found = [
        arm._replace(aliases=tuple(sorted(names, key=lambda alias: (-len(alias), alias))))
        for arm, names in zip(arms, more, strict=True)
    ]
    if not inside:
        return Apart(found)
    return Apart(found, both, found[alone]._replace(aliases=(*found[alone].aliases, name)))


def _aliases(page: Page, arm: ArmName, shorts: Mapping[str, str]) -> set[Words]:
    tokens = page.lines[arm.line].tokens
    first = next(at for at, token in enumerate(tokens) if token.start >= arm.start)
    last = next((at for at, token in enumerate(tokens) if token.start >= arm.end), len(tokens))
    label = tuple(token.word for token in tokens[first:last] if token.sort not in "-/,")
    while len(label) > 1 and label[-1] in _GROUPS:
        label = label[:-1]
    found = {label}
    content = tuple(word for word in label if word not in _EMPTY or word in {"standard", "and", "plus", "with"})
    while content and content[-1] in {"and", "plus", "with"}:
        content = content[:-1]
    if content:
        found.add(content)
    labels = {hit.label for hit in arm.treatments}
    for hit in arm.treatments:
        if hit.first < last or len(labels) == 1:
            found.add(tuple(token.word for token in tokens[hit.first : hit.last] if token.sort not in "-/,"))
    end = page.lines[arm.line].end
    if (match := _SHORT.match(page.folded, arm.end, min(arm.end + 40, end))) and (
        sum(letter.isupper() for letter in match["short"]) > 1 or match["short"] in {"A", "B"}
    ):
        found.add((match["short"].lower(),))
    if match := _NAMED_GROUP.search(page.folded, max(arm.start - 12, 0), min(arm.end + 60, end)):
        found.add(tuple(match["group"].lower().split()))
    for short, long in shorts.items():
        words = tuple(re.findall(r"[^\W_]+", long.lower()))
        if words and _inside(words, label):
            if len(words) == len(label) or len(label) - len(words) <= 1:
                found.add((short.lower(),))
            found.add(_swap(label, words, (short.lower(),)))
        elif short.lower() in label:
            if len(label) == 1:
                found.add(words)
            found.add(_swap(label, (short.lower(),), words))
    return found


def _inside(words: Words, label: Words) -> bool:
    return any(label[at : at + len(words)] == words for at in range(len(label) - len(words) + 1))


def _swap(label: Words, words: Words, others: Words) -> Words:
    for at in range(len(label) - len(words) + 1):
        if label[at : at + len(words)] == words:
            return label[:at] + others + label[at + len(words) :]
    return label


_TAILS = frozenset({"treated", "based", "containing", "group", "arm", "treatment", "only", "alone", "assigned", "plus"})


def _goes_on(tokens: Sequence[Token], last: int) -> bool:
    """Say whether a longer name begins with the words that end at a token: the EC of EC-D is no EC."""
    if last + 2 >= len(tokens) or tokens[last + 1].sort != "-":
        return False
    hyphen, following = tokens[last + 1], tokens[last + 2]
    joined = tokens[last].end == hyphen.start and hyphen.end == following.start
    return joined and following.word not in _TAILS and following.sort not in "nT"


class ArmFinder:
    """Finds the words that call an arm, in any sentence."""

    def __init__(self, arms: Sequence[ArmName]) -> None:
        self.by_first: dict[str, list[tuple[Words, int]]] = {}
        for index, arm in enumerate(arms):
            for alias in arm.aliases:
                self.by_first.setdefault(alias[0], []).append((alias, index))
        for aliases in self.by_first.values():
            aliases.sort(key=lambda each: -len(each[0]))

    def hits(self, tokens: Sequence[Token]) -> list[ArmHit]:
        """Give the arms that a sentence calls, in its order; words such as "group" behind a name belong to it."""
        if not self.by_first:
            return []
        words = [(at, token.word) for at, token in enumerate(tokens) if token.sort not in "-/"]
        found = []
        position, size = 0, len(words)
        while position < size:
            step = 1
            for alias, arm in self.by_first.get(words[position][1], ()):
                length = len(alias)
                if position + length <= size and all(
                    words[position + each][1] == alias[each] for each in range(1, length)
                ):
                    if _goes_on(tokens, words[position + length - 1][0]):
                        continue
                    step = length
                    while position + step < size and words[position + step][1] in _GROUPS:
                        step += 1
                    found.append(ArmHit(arm, words[position][0], words[position + step - 1][0] + 1))
                    break
            position += step
        return found
