"""Arms: which groups an abstract compares, by which words, and how many are in each.

An arm is found where the text says so, in this order: names with sizes (``X (n = 50) or Y (n = 48)``); the sentence
of allocation (``randomised to X or Y``); sizes with what was received (``50 received X, 48 received Y``); two
treatments on the sides of a "versus" in the first sentences; a placebo-controlled trial of the one drug of its title;
an intervention group and a control group. The first way that gives two to six good names is taken. What calls an arm in
later sentences is found by `arm_words`.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from picograph.kg.extraction.arm_names import EMPTY_WORDS, LONGEST, TREATMENTS, ArmName, name_of
from picograph.kg.extraction.lexicon import Hit, words_of
from picograph.kg.extraction.numbers import Mention, NumberKind
from picograph.kg.extraction.page import Line, Page
from picograph.kg.extraction.text import SectionKind
from picograph.kg.extraction.tokens import Token

_MOST = 6


_ALLOCATED = re.compile(
    r"\b(?:randomi[sz]ed|randomly|randomi[sz]ation|assigned|allocated|divided)\b"
    r"(?:[^.;()]|\([^()]*\)){0,60}?\b(?:to|into|between)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:\s*(?:to|into|between|receive|receiving|undergo|undergoing|either|one of|two|2|three|3|four|4|groups?|arms?"
    r"|cohorts?|treatment with|treatment|treatments|with|the|a|an|be|treated|following|take|have|get|start|begin"
    r"|complete|participate|in|of|strategies|interventions?:|regimens?|conditions?|an?other)\b|\s*[:,–])*\s*",
    re.IGNORECASE,
)
_PLACEBO = re.compile(r"placebo[- ]controlled|versus placebo|vs\.? placebo|or placebo|and placebo", re.IGNORECASE)
_GROUP_NAME = re.compile(
    r"\b(?:intervention|experimental|treatment|exercise|study|treated|active)\s+(?:group|arm)\b", re.IGNORECASE
)
_CONTROL_NAME = re.compile(
    r"\b(?:control|usual[- ]care|placebo|comparison|wait(?:ing)?[- ]?list(?: control)?)\s+(?:group|arm)\b|\bcontrols\b",
    re.IGNORECASE,
)
_GIVEN = re.compile(
    r"(?:(?:patients|women|men|participants|subjects|cases|pts)\s+)?(?:\(\d[^()]*\)\s+)?(?:who\s+)?"
    r"(?:(?:were\s+)?(?:randomly\s+)?(?:assigned|allocated|randomi[sz]ed)\s+to(?:\s+receive)?|received|receiving"
    r"|underwent|(?:were\s+)?treated\s+with|(?:were\s+)?given|(?:were\s+)?in(?:to)?\s+the|to(?:\s+receive)?(?:\s+the)?"
    r"|with|on)\s+(?:either\s+|the\s+|a\s+)?",
    re.IGNORECASE,
)


def find_arms(page: Page, hits: Sequence[Sequence[Hit]]) -> list[ArmName]:
    """Give the arms that an abstract names, in the order of its words; none where it compares nothing.

    :param hits: the things of the lexicon in each sentence

    >>> from picograph.kg.extraction.lexicon import hits_of
    >>> from picograph.kg.extraction.page import read_page
    >>> page = read_page("We randomized 98 women to exercise (n = 50) or usual care (n = 48) for 3 months.")
    >>> hits = [hits_of(page.folded, line.tokens) for line in page.lines]
    >>> [(arm.label, str(arm.size.value), arm.control) for arm in find_arms(page, hits)]
    [('exercise', '50', False), ('usual care', '48', True)]
    """
    for find in (_by_size, _by_allocation, _by_receiving, _by_comparison, _by_placebo, _by_group, _by_letter):
        for found in find(page, hits):
            labels = {" ".join(each.label.lower().split()) for each in found}
            if 2 <= len(found) <= _MOST and len(labels) == len(found) and _told_apart(page, found):
                return found
    return []


def _told_apart(page: Page, arms: list[ArmName]) -> bool:
    """Say whether the names are names of arms: of treatments, of controls, of groups; or come back as such."""
    lower = page.folded.lower()
    return all(
        arm.own
        or arm.control
        or _group_word(arm.label)
        or sum(letter.isupper() for letter in arm.label) > 1
        or (len(arm.label) > 4 and lower.count(arm.label.lower()) > 2)
        for arm in arms
    )


def _group_word(label: str) -> bool:
    words = label.casefold().split()
    return bool({"group", "arm", "cohort", "intervention"} & set(words))


_BREAKS, _GROUPS = words_of("word label break"), words_of("word group")
_UNTIL = frozenset({"until", "till", "stratified"})


# --- the ways of naming -----------------------------------------------------------------------------------------------

_Ways = list[list[ArmName]]


def depths_of(tokens: Sequence[Token]) -> list[int]:
    """Give how many brackets are open at each token."""
    depth, found = 0, []
    for token in tokens:
        if token.sort == ")":
            depth = max(0, depth - 1)
        found.append(depth)
        if token.sort == "(":
            depth += 1
    return found


def _by_size(page: Page, hits: Sequence[Sequence[Hit]]) -> _Ways:
    """Names with sizes behind them: ``X (n = 50) and Y (n = 48)``."""
    ways = []
    for index, line in enumerate(page.lines):
        if line.section is SectionKind.CONCLUSIONS or line.sorts.count("N=") < 2:
            continue
        depths = depths_of(line.tokens)
        sizes = [each for each in line.mentions if each.kind is NumberKind.GROUP_SIZE and depths[each.first] == 1]
        if not 2 <= len(sizes) <= _MOST:
            continue
        found = []
        previous = 0
        for size in sizes:
            opened = max((at for at in range(size.first) if line.tokens[at].sort == "(" and not depths[at]), default=0)
            first = _left_edge(line, previous, opened, depths)
            if named := name_of(page, index, first, opened, hits[index], size):
                found.append(named)
            previous = size.last
        if len(found) == len(sizes):
            ways.append(found)
    return ways


def _left_edge(line: Line, previous: int, at: int, depths: list[int]) -> int:
    """Find where the name that ends at a token begins: behind the nearest word that cannot be part of it."""
    first = at
    while first > previous and at - first < LONGEST:
        token = line.tokens[first - 1]
        if depths[first - 1] or token.sort == ")":
            break
        if token.sort in ";:,.%" or token.sort in "vtkRn" or token.word in _BREAKS:
            break
        behind_bracket = previous > 0 and all(each.sort in "),;" for each in line.tokens[previous : first - 1])
        if token.sort == "a" and behind_bracket:
            break
        first -= 1
    return first


def _by_allocation(page: Page, hits: Sequence[Sequence[Hit]]) -> _Ways:
    """What people are allocated to: ``randomly assigned to X or Y``, ``randomised to X versus Y``."""
    ways = []
    for index, line in enumerate(page.lines):
        if line.section is SectionKind.CONCLUSIONS or (
            line.section is SectionKind.RESULTS and index > len(page.lines) // 2
        ):
            continue
        match = _ALLOCATED.search(page.folded, line.start, line.end)
        if not match:
            continue
        lead = _LEAD.match(page.folded, match.end(), line.end)
        at = lead.end() if lead else match.end()
        first = next((each for each, token in enumerate(line.tokens) if token.start >= at), len(line.tokens))
        if len(found := _split(page, index, first, hits[index])) >= 2:
            ways.append(found)
    return ways


def _split(page: Page, index: int, first: int, hits: Sequence[Hit]) -> list[ArmName]:
    """Cut a list of arms at "versus", at its "or", or else at its "and"."""
    line = page.lines[index]
    depths = depths_of(line.tokens)
    base = depths[first] if first < len(depths) else 0
    last = len(line.tokens)
    ends = (at for at in range(first, last) if line.tokens[at].sort in ";." or line.tokens[at].word in _UNTIL)
    stop = next((at for at in ends if depths[at] <= base), last)
    for sorts in ("v", "k", "a"):
        cuts = [at for at in range(first, stop) if line.tokens[at].sort == sorts and depths[at] == base]
        if sorts == "k":
            cuts = [at for at in cuts if not _inner_or(line, at)]
        elif sorts == "a":
            cuts = [at for at in cuts if not _inner_and(at, hits)]
        if not cuts or len(cuts) > _MOST - 1:
            continue
        named = []
        for left, right in pairwise([first - 1, *cuts, stop]):
            sizes = [each for each in line.mentions if left < each.first < right
                     and (each.kind is NumberKind.GROUP_SIZE or _bracketed_size(line, each, depths, base))]  # fmt: skip
            named.append(name_of(page, index, left + 1, right, hits, sizes[0] if len(sizes) == 1 else None))
        found = [each for each in named if each]
        if len(found) == len(cuts) + 1 and all(_is_arm(each) for each in found):
            return found
    return []


def _bracketed_size(line: Line, mention: Mention, depths: list[int], base: int) -> bool:
    """Say whether a number in brackets is a size: ``(83 patients)``."""
    behind = line.tokens[mention.last].sort if mention.last < len(line.tokens) else ""
    return (
        mention.kind is NumberKind.COUNT and depths[mention.first] == base + 1
        and line.tokens[mention.first - 1].sort == "(" and behind == "p"
    )  # fmt: skip


def _is_arm(arm: ArmName) -> bool:
    words = arm.label.casefold().split()
    return bool(arm.treatments) or arm.control or bool(set(words) & _GROUPS) or len(words) <= 3


def _inner_or(line: Line, at: int) -> bool:
    """Say whether an "or" joins two words of one name: ``grade 2 or 3``, ``with or without``."""
    if not at or at + 1 >= len(line.tokens):
        return False
    before, after = line.tokens[at - 1], line.tokens[at + 1]
    return after.word == "without" or (before.sort == "n" and after.sort == "n")


def _inner_and(at: int, hits: Sequence[Hit]) -> bool:
    """Say whether an "and" joins two drugs of one arm: it stands between two treatments."""
    left = any(hit.last == at and hit.kind in TREATMENTS for hit in hits)
    right = any(hit.first == at + 1 and hit.kind in TREATMENTS - {"control"} for hit in hits)
    return left and right


def _by_receiving(page: Page, hits: Sequence[Sequence[Hit]]) -> _Ways:
    """Sizes before the names: ``50 patients received X and 48 received Y``, ``58 in the X group and 60 in the Y``."""
    ways = []
    for index, line in enumerate(page.lines):
        if line.section is SectionKind.CONCLUSIONS:
            continue
        counts = [each for each in line.mentions if each.kind in {NumberKind.COUNT, NumberKind.PLAIN}
                  and each.value is not None and each.value == int(each.value) and each.value > 1]  # fmt: skip
        if len(counts) < 2:
            continue
        found: list[ArmName] = []
        for position, count in enumerate(counts):
            stop = counts[position + 1].first if position + 1 < len(counts) else len(line.tokens)
            begin = line.tokens[count.last].start if count.last < len(line.tokens) else line.end
            end = line.tokens[stop].start if stop < len(line.tokens) else line.end
            match = _GIVEN.match(page.folded, begin, end)
            if not match:
                continue
            first = next((at for at in range(count.last, stop) if line.tokens[at].start >= match.end()), stop)
            named = name_of(page, index, first, stop, hits[index], count)
            if named and (named.treatments or named.control or _group_word(named.label)):
                found.append(named)
        if len(found) >= 2:
            ways.append(found)
    return ways


def _by_comparison(page: Page, hits: Sequence[Sequence[Hit]]) -> _Ways:
    """Two treatments on the two sides of "versus", in the first sentences."""
    for index, line in enumerate(page.lines[:6]):
        depths = depths_of(line.tokens)
        cuts = [at for at, sort in enumerate(line.sorts) if sort == "v" and not depths[at]]
        if len(cuts) != 1:
            continue
        cut = cuts[0]
        left = [hit for hit in hits[index] if hit.kind in TREATMENTS and hit.last <= cut]
        right = [hit for hit in hits[index] if hit.kind in TREATMENTS and hit.first > cut]
        if not left or not right or right[0].first - cut > 4 or cut - left[-1].last > 3:
            continue
        first = max(_left_edge(line, 0, cut, depths), left[-1].first - 4)
        while first < left[-1].first and (line.tokens[first].sort in "oiFwd" or line.tokens[first].word in EMPTY_WORDS):
            first += 1
        stop = next(
            (at for at in range(cut + 1, len(line.tokens)) if line.tokens[at].sort in ",;:.("), len(line.tokens)
        )
        one = name_of(page, index, first, cut, hits[index])
        two = name_of(page, index, cut + 1, stop, hits[index])
        if one and two and one.treatments and two.treatments:
            return [[one, two]]
    return []


def _by_placebo(page: Page, hits: Sequence[Sequence[Hit]]) -> _Ways:
    """A placebo-controlled trial of the one drug that its title names."""
    if not page.lines or not _PLACEBO.search(page.folded):
        return []
    drugs = [hit for hit in hits[0] if hit.kind in {"drug", "behavioural"}]
    placebo = next(
        ((index, hit) for index in range(len(page.lines)) for hit in hits[index] if hit.label == "placebo"
         and not page.folded.startswith(("-controlled", " controlled"), page.lines[index].tokens[hit.last - 1].end)),
        None,
    )  # fmt: skip
    if len({hit.label for hit in drugs}) != 1 or placebo is None:
        return []
    one = name_of(page, 0, drugs[0].first, drugs[0].last, hits[0])
    two = name_of(page, placebo[0], placebo[1].first, placebo[1].last, hits[placebo[0]])
    return [[each for each in (one, two) if each]]


def _by_group(page: Page, hits: Sequence[Sequence[Hit]]) -> _Ways:
    """An intervention group and a control group, where nothing else names them."""
    found = []
    for pattern in (_GROUP_NAME, _CONTROL_NAME):
        match = pattern.search(page.folded)
        if not match:
            return []
        index = next((at for at, line in enumerate(page.lines) if line.start <= match.start() < line.end), None)
        if index is None:
            return []
        tokens = page.lines[index].tokens
        first = next((at for at, token in enumerate(tokens) if token.start >= match.start()), len(tokens))
        last = next((at for at, token in enumerate(tokens) if token.start >= match.end()), len(tokens))
        if named := name_of(page, index, first, last, hits[index]):
            found.append(named)
    return [sorted(found, key=lambda each: each.start)]


_LETTERED = re.compile(r"\b(?P<noun>[Gg]roup|[Aa]rm|[Cc]ohort)s?\s(?P<name>[A-D1-4]|I{1,3}V?|IV)\b")


def _by_letter(page: Page, hits: Sequence[Sequence[Hit]]) -> _Ways:
    """Groups that are called by letters or numbers alone: group A and group B."""
    first: dict[str, tuple[int, re.Match[str]]] = {}
    for index, line in enumerate(page.lines):
        for match in _LETTERED.finditer(page.folded, line.start, line.end):
            first.setdefault(f"{match['noun'].lower()} {match['name']}", (index, match))
    if len({name.split()[0] for name in first}) != 1:
        return []
    found = [
        ArmName(page.words(*match.span()), match.start(), match.end(), (), False, None, (), index, True)
        for index, match in (first[name] for name in sorted(first))
    ]
    return [found]
