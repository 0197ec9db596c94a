"""Arms by the names of their groups: letters in brackets behind treatments, or groups that only the results name.

Sorafenib (arm A), pravastatin (arm B), both (arm C) or best supportive care (arm D): each bracket ends the name of an
arm. Then "arms A, B, C and D" calls all of them, and a treatment that several get calls none.

Where no sentence says who was allocated to what, results still name the groups. They are arms only in a randomised
study, and only if the whole abstract knows exactly two such names; a group of patients with something is none.
"""

import re
from collections.abc import Sequence

from picograph.kg.extraction.arm_names import ArmName, name_of
from picograph.kg.extraction.arm_words import ArmHit
from picograph.kg.extraction.items import token_at
from picograph.kg.extraction.lexicon import Hit, words_of
from picograph.kg.extraction.page import Page
from picograph.kg.extraction.text import SectionKind
from picograph.kg.extraction.tokens import Token

_LETTER = re.compile(r"\((?P<noun>arm|group|cohort)\s+(?P<letter>[A-H])\b[^()]*\)", re.IGNORECASE)
_LETTERS = re.compile(
    r"\b(?:[Aa]rm|[Gg]roup|[Cc]ohort)s?\s+(?P<list>[A-H](?:(?:,\s+|,?\s+(?:and|or|vs\.?|versus)\s+)[A-H]\b)*)\b"
)
_LEAD = re.compile(r"\b(?:to receive|receive|receiving|treated with|to|into|between|either|of|with)\b", re.IGNORECASE)
_RANDOM = re.compile(r"\brandom(?:ly|i[sz])", re.IGNORECASE)
_NO_ARM = words_of("word no arm")  # words of a name that say that it is of patients, or of any arm
_CONTROL = words_of("word control") | {"placebo", "control"}
_ACTIVE = words_of("word active arm")
_GROUP = frozenset({"group", "arm", "groups", "arms"})
_LONGEST = 5  # words of a name
_EDGE = "daiowftbkcvs,;:()[]=.n%RPMH"


def letters_of(page: Page) -> set[str]:
    """Give the letters by which arms are called, from A on: a set that leaves one out is none.

    >>> from picograph.kg.extraction.page import read_page
    >>> sorted(letters_of(read_page("It was 3, 2 and 4 months in arms A, B and C.")))
    ['A', 'B', 'C']
    """
    found = {letter for match in _LETTERS.finditer(page.folded) for letter in re.findall(r"\b[A-H]\b", match["list"])}
    return found if found == set("ABCDEFGH"[: len(found)]) else set()


def lettered_arms(page: Page, hits: Sequence[Sequence[Hit]]) -> list[ArmName]:
    """Give three or more arms, each with a letter in brackets behind its name; nothing where there are fewer.

    :param hits: the things of the lexicon in each sentence
    """
    for index, line in enumerate(page.lines):
        brackets = list(_LETTER.finditer(page.folded, line.start, line.end))
        letters = [match["letter"].upper() for match in brackets]
        if len(brackets) < 3 or letters != list("ABCDEFGH"[: len(letters)]):
            continue
        arms, at = [], line.start
        for match in brackets:
            begin = max([at, *(lead.end() for lead in _LEAD.finditer(page.folded, at, match.start()))])
            begin = max(begin, page.folded.rfind(",", begin, match.start()) + 1)
            first, last = token_at(line.tokens, begin), token_at(line.tokens, match.start())
            arm = name_of(page, index, first, last, hits[index])
            if arm is None:
                return []
            arms.append(arm._replace(aliases=((match["noun"].lower(), match["letter"].lower()),)))
            at = match.end()
        return [_with_own_name(arm, arms) for arm in arms]
    return []


def _with_own_name(arm: ArmName, arms: Sequence[ArmName]) -> ArmName:
    """Let its label call an arm too, if the label of no other arm holds it."""
    words = [tuple(re.findall(r"[^\W_]+", each.label.casefold())) for each in arms]
    mine = words[arms.index(arm)]
    if any(set(mine) <= set(other) for other in words if other is not mine):
        return arm
    return arm._replace(aliases=tuple(sorted({*arm.aliases, mine}, key=lambda alias: (-len(alias), alias))))


def listed(tokens: Sequence[Token], arms: Sequence[ArmName]) -> list[ArmHit]:
    """Give the arms that a list of letters calls: arms A, B and C."""
    known = {alias: index for index, arm in enumerate(arms) for alias in arm.aliases if len(alias) == 2}
    found: list[ArmHit] = []
    for at, token in enumerate(tokens):
        noun = token.word.removesuffix("s")
        if token.word not in {"arms", "groups", "cohorts"}:
            continue
        here: list[ArmHit] = []
        for place in range(at + 1, len(tokens)):
            index = known.get((noun, tokens[place].word))
            if index is not None:
                here.append(ArmHit(index, place if here else at, place + 1))
            elif tokens[place].sort not in ",akv":
                break
        found += here if len(here) > 1 else []
    return found


def named_groups(page: Page, hits: Sequence[Sequence[Hit]]) -> list[ArmName]:
    """Give the two arms that are named as groups in the methods and results; nothing where there are not just two.

    :param hits: the things of the lexicon in each sentence

    >>> from picograph.kg.extraction.page import read_page
    >>> page = read_page("This was randomized. RESULTS: In the MPA group 4% had it, and in the placebo arm 9%.")
    >>> [arm.label for arm in named_groups(page, [[] for _ in page.lines])]
    ['MPA', 'placebo']
    """
    if not _RANDOM.search(page.folded):
        return []
    found: dict[str, ArmName] = {}
    for index, line in enumerate(page.lines):
        if line.section in {SectionKind.BACKGROUND, SectionKind.CONCLUSIONS, SectionKind.TITLE, SectionKind.OTHER}:
            continue
        for at, token in enumerate(line.tokens):
            if token.word not in _GROUP:
                continue
            arm = _named(page, index, at, hits[index])
            if arm is not None:
                found.setdefault(arm.label.casefold(), arm)
    arms = list(found.values())
    known = [arm for arm in arms if arm.control or arm.own or sum(letter.isupper() for letter in arm.label) > 1
             or arm.label.casefold() in _ACTIVE]  # fmt: skip
    return arms if len(known) == len(arms) == 2 and sum(arm.control for arm in arms) < 2 else []


def _named(page: Page, index: int, at: int, hits: Sequence[Hit]) -> ArmName | None:
    """Make an arm of the words before "group"; nothing where they are no name."""
    tokens: Sequence[Token] = page.lines[index].tokens
    first = at
    while first and at - first < _LONGEST and tokens[first - 1].sort not in _EDGE:
        first -= 1
    words = [token.word for token in tokens[first:at] if token.sort not in "-/"]
    if tokens[at - 1].sort in "-/":
        return None
    if not words or set(words) & _NO_ARM or (first and tokens[first - 1].sort not in "da"):
        return None
    start, end = tokens[first].start, tokens[at - 1].end
    mine = tuple(hit for hit in hits if first <= hit.first and hit.last <= at)
    control = bool(_CONTROL & set(words))
    return ArmName(page.folded[start:end], start, end, (), control=control, treatments=mine, line=index, own=bool(mine))
