"""Two arms that an abstract names by their groups alone: "in the calendula group", "the weekly arm".

Where no sentence says who was allocated to what, results still name the groups. They are arms only in a randomised
study, and only if the whole abstract knows exactly two such names; a group of patients with something is none.
"""

import re
from collections.abc import Sequence

from picograph.kg.extraction.arms import ArmName
from picograph.kg.extraction.lexicon import Hit, words_of
from picograph.kg.extraction.page import Page
from picograph.kg.extraction.text import SectionKind
from picograph.kg.extraction.tokens import Token

_RANDOM = re.compile(r"\brandom(?:ly|i[sz])", re.IGNORECASE)
_NO_ARM = words_of("word no arm")  # words of a name that say that it is of patients, or of any arm
_CONTROL = words_of("word control") | {"placebo", "control"}
_ACTIVE = words_of("word active arm")
_GROUP = frozenset({"group", "arm", "groups", "arms"})
_LONGEST = 5  # words of a name
_EDGE = "daiowftbkcvs,;:()[]=.n%RPMH"


def named_groups(page: Page, hits: Sequence[Sequence[Hit]]) -> list[ArmName]:
    """Give the two arms that are named as groups in the methods and results; nothing where there are not just two.

    :param hits: the things of the lexicon in each sentence

    >>> from picograph.kg.extraction.page import read_page
    >>> page = read_page("This was randomized. RESULTS: In the calendula group 4% had it, and in the trolamine arm 9%.")
    >>> [arm.label for arm in named_groups(page, [[] for _ in page.lines])]
    ['calendula', 'trolamine']
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
