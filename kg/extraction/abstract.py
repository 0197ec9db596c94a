"""An abstract with all that its sentences share: short forms, arms, sizes; the ground on which facts are read."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from picograph.kg.extraction.abbreviations import plain_words, short_forms
from picograph.kg.extraction.arm_names import ArmName
from picograph.kg.extraction.arm_words import Apart, ArmFinder, ArmHit, told_apart, with_aliases
from picograph.kg.extraction.arms import find_arms
from picograph.kg.extraction.groups import lettered_arms, letters_of, listed, named_groups
from picograph.kg.extraction.items import row_of
from picograph.kg.extraction.lexicon import Hit, hits_of
from picograph.kg.extraction.numbers import Mention, NumberKind
from picograph.kg.extraction.page import Line, Page
from picograph.kg.extraction.phrases import Row
from picograph.kg.extraction.text import SectionKind
from picograph.kg.extraction.tokens import Token
from picograph.kg.results import DenominatorKind

Span = tuple[int, int]
_NO_FACTS = frozenset({SectionKind.TITLE, SectionKind.BACKGROUND, SectionKind.OTHER})


class Size(NamedTuple):
    """How many people a group has, and where the text says so."""

    people: int
    kind: DenominatorKind
    span: Span
    strength: int = 0  # of the words that say it


_ENROLLED = (
    (3, re.compile(r"random(?:ly|i[sz]ed)|allocated|assigned", re.IGNORECASE)),
    (
        2,
        re.compile(
            r"\b(?:enrol+ed|recruited|included|entered|accrued|registered|participated|studied|consented|identified"
            r"|were eligible)\b",
            re.IGNORECASE,
        ),
    ),
    (1, re.compile(r"\b(?:treated|received|underwent|were given|analy[sz]ed|completed)\b", re.IGNORECASE)),
)
_EVALUABLE = re.compile(r"\b(?:evaluable|assessable|evaluated|analy[sz]ed|available for analysis)\b", re.IGNORECASE)
_SUBSET = re.compile(
    r"(?:\bof (?:the|these|those|whom|which)|\bamong|\bin|\bother|\bremaining|\badditional|\bwith)\s*$", re.IGNORECASE
)
_PLAN = re.compile(r"\b(?:will be|planned|target|sample size|power|required|to detect)\b", re.IGNORECASE)
_GROUP = re.compile(r"\b(?!age |study |patient |this |risk )[\w-]+ (?:group|arm)\b(?! of\b)")
_TWO_GROUPS = re.compile(
    r"\b\w+ (?:patients |women |cases |females |males )?(?:received|underwent|were treated)\b[^.;]*?(?:,| and"
    r"| while| whereas) (?:\d+|[a-z-]+) "
    r"(?:patients |women |cases )?(?:received|underwent|were treated)\b"
)
_COMPARED = re.compile(
    r"random(?:ly|i[sz])|\bversus\b|\bvs\b|\bcompar(?:ed|ing|ison|e|ative)\b|\bplacebo\b|\b(?<!local )"
    r"(?<!locoregional )(?<!regional )(?<!tumor )(?<!tumour )(?<!disease )(?<!symptom )(?<!pain )"
    r"controls?\b(?! rates?\b)|\b(?:two|2"
    r"|three|3|four|both|each|either) (?:\w+ )?"
    r"(?:groups?|arms?|cohorts?)\b|\b(?:group|arm|cohort) (?:A|B|1|2|I|II)\b|\barms\b|\bgroups\b|\bbetween[- ]group",
    re.IGNORECASE,
)


class Abstract:
    """What the sentences of an abstract have in common.

    >>> from picograph.kg.extraction.page import read_page
    >>> abstract = Abstract(read_page("METHODS: Forty patients were treated with RT. RESULTS: Six (15%) died."))
    >>> abstract.enrolled.people, abstract.single
    (40, True)
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.folded = page.folded
        self.lower = page.folded.lower()  # to look whether a word is there; its length may differ
        self.shorts = short_forms(page.folded)
        self.hits: list[list[Hit]] = [hits_of(page.folded, line.tokens, self.shorts) for line in page.lines]
        apart = self._arms()
        self.arms: list[ArmName] = apart.arms
        self.finder = ArmFinder(self.arms)
        self._combined, self._beside = apart.combined, None
        if apart.bare is not None:
            self._beside = ArmFinder([apart.bare if at != apart.combined else arm for at, arm in enumerate(apart.arms)])

    def _arms(self) -> Apart:
        """Find the arms, with what calls them; none where the text knows more of them than were found."""
        page = self.page
        if lettered := lettered_arms(page, self.hits):
            return Apart(lettered)
        named = find_arms(page, self.hits) or named_groups(page, self.hits)
        if len(letters_of(page)) > max(len(named), 1):
            return Apart([])
        return told_apart(with_aliases(page, named, self.shorts))

    def called(self, tokens: Sequence[Token]) -> list[ArmHit]:
        """Give the arms that a sentence calls; beside a combination, its part's bare name is the arm of that part."""
        found = self.finder.hits(tokens)
        if several := listed(tokens, self.arms):
            taken = {at for hit in several for at in range(hit.first, hit.last)}
            found = sorted([*several, *(hit for hit in found if hit.first not in taken)], key=lambda hit: hit.first)
        if self._beside is not None and any(hit.arm == self._combined for hit in found):
            return self._beside.hits(tokens)
        return found

    @cached_property
    def rows(self) -> dict[int, Row]:
        """The sentences that may state facts, as rows of items, by their number."""
        return {
            index: row_of(self.folded, line, hits, self.called(line.tokens), self.shorts)
            for index, (line, hits) in enumerate(zip(self.page.lines, self.hits, strict=True))
            if line.section not in _NO_FACTS
        }

    @cached_property
    def compares(self) -> bool:
        """Whether any words speak of a comparison of groups."""
        return any(
            any(pattern.search(self.folded, line.start, line.end) for pattern in (_COMPARED, _GROUP, _TWO_GROUPS))
            for line in self.page.lines
            if line.section is not SectionKind.BACKGROUND or line is self.page.lines[0]
        )

    @cached_property
    def _starts(self) -> list[int]:
        return [line.start for line in self.page.lines]

    def line_at(self, position: int) -> Line | None:
        """Give the sentence at a place; None between sentences."""
        index = bisect_right(self._starts, position) - 1
        return self.page.lines[index] if index >= 0 and position < self.page.lines[index].end else None

    @property
    def single(self) -> bool:
        """Whether all participants got the same: no group is named and nothing is compared."""
        return not self.arms and not self.compares

    @cached_property
    def enrolled(self) -> Size | None:
        """How many took part: the first count of people beside the strongest word for it."""
        sizes = [int(arm.size.value) for arm in self.arms if arm.size and arm.size.value]
        whole = sum(sizes) if sizes and len(sizes) == len(self.arms) else 0
        found: list[tuple[int, int, Size]] = []
        for index, line in enumerate(self.page.lines):
            if line.section in {SectionKind.BACKGROUND, SectionKind.CONCLUSIONS, SectionKind.TITLE} and index:
                continue
            for mention in line.mentions:
                size = self._size(line, mention)
                if size and size.people >= whole:  # fewer than the arms add up to: a part of them
                    found.append((-9 if whole and size.people == whole else -size.strength, index, size))
        return min(found, key=lambda each: each[:2])[2] if found else None

    def _size(self, line: Line, mention: Mention) -> Size | None:
        if mention.kind not in {NumberKind.COUNT, NumberKind.PLAIN} or mention.value is None or mention.sign != "=":
            return None
        if mention.value != int(mention.value) or mention.value < 2:
            return None
        tokens = line.tokens
        if line.sorts.count("(", 0, mention.first) > line.sorts.count(")", 0, mention.first):
            return None
        # a people's noun close behind, with nothing but words between
        at = mention.last
        while at < len(tokens) and at < mention.last + 7 and tokens[at].sort in "x-,":
            at += 1
        if at >= len(tokens) or tokens[at].sort != "p" or tokens[at].word in {"deaths", "death", "cases"}:
            return None
        before = self.folded[max(line.start, mention.start - 30) : mention.start]
        if _SUBSET.search(before) or before.rstrip().endswith(("%", "/")):
            return None
        if before.rstrip().lower().endswith(" of") and not before.rstrip().lower().endswith(
            ("total of", "sample of", "number of")
        ):
            return None
        words = self.folded[line.start : line.end]
        if _PLAN.search(words):
            return None
        noun = tokens[at]
        stop = next((other.start for other in line.mentions if other.start > noun.end and other.kind in {
            NumberKind.COUNT, NumberKind.GROUP_SIZE}), line.end)  # fmt: skip
        around = self.folded[noun.end : stop]
        for strength, pattern in _ENROLLED:
            if pattern.search(around) or (strength > 1 and pattern.search(self.folded, line.start, mention.start)):
                return Size(int(mention.value), DenominatorKind.ENROLLED, (mention.start, noun.end), strength)
        return None

    @cached_property
    def sizes(self) -> list[Size]:
        """All groups whose size is known: the enrolled, the arms, those who could be evaluated."""
        found = [self.enrolled] if self.enrolled else []
        for arm in self.arms:
            if arm.size and arm.size.value:
                found.append(Size(int(arm.size.value), DenominatorKind.ENROLLED, (arm.size.start, arm.size.end)))
        for line in self.page.lines:
            words = self.folded[line.start : line.end]
            if line.section is SectionKind.CONCLUSIONS or not _EVALUABLE.search(words):
                continue
            for mention in line.mentions:
                if mention.kind is NumberKind.COUNT and mention.value and mention.value == int(mention.value):
                    at = mention.last
                    while at < len(line.tokens) and line.tokens[at].sort in "x-":
                        at += 1
                    nearby = self.folded[mention.end : min(mention.end + 60, line.end)]
                    if at < len(line.tokens) and line.tokens[at].sort == "p" and _EVALUABLE.search(nearby):
                        span = (mention.start, line.tokens[at].end)
                        found.append(Size(int(mention.value), DenominatorKind.EVALUABLE, span))
        return found

    def name(self, words: str) -> str:
        """Write the name of a thing in full."""
        return plain_words(" ".join(words.split()), self.shorts)

    def arm_size(self, arm: int | None) -> Size | None:
        """Give the size of an arm; of all participants where there is but one group, or no arm is meant."""
        if arm is None:
            return self.enrolled
        size = self.arms[arm].size if arm < len(self.arms) else None
        if size and size.value:
            return Size(int(size.value), DenominatorKind.ENROLLED, (size.start, size.end))
        return None
