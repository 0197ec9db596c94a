"""A sentence as a row of items: figures, events, arms, verbs; one letter each, so that patterns can be tried on it.

This is the second storey of the same building as `numbers`: there, letters stand for tokens; here, for whole phrases
(``F`` a figure such as ``22 of 40 (55%)``, ``E`` an event with its grade, ``A`` an arm…). What says nothing about who
had what (articles, adverbs, short forms in brackets) is left out of the row.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from picograph.kg.extraction.arm_words import ArmHit
from picograph.kg.extraction.letters import HIT_LETTER, MENTION_LETTER, SORT_LETTER
from picograph.kg.extraction.lexicon import Hit, is_stop, lexicon, words_of
from picograph.kg.extraction.numbers import Mention, NumberKind
from picograph.kg.extraction.page import Line
from picograph.kg.extraction.phrases import FIGURE_KINDS, Figure, Grade, Item, Phrase, Row, figures_of
from picograph.kg.extraction.tokens import Token

_SILENT = words_of("word silent")
_PHASE = words_of("word phase")
_OCCASION = words_of("word occasion")
_RELATED = re.compile(
    r"^(?:(?:possibly|probably|definitely)[ -])?(?:treatment|drug|therapy|study[ -]drug|radiation|chemotherapy"
    r"|radiotherapy|[a-z]+(?:mab|nib))"
    r"[- ](?:related|induced|associated|attributable)\s+",
    re.IGNORECASE,
)
_ATTACHED = re.compile(
    r"\s*(?:,\s*)?(?:possibly|probably|definitely|considered)?\s*(?:related|attributable|attributed"
    r"|due) to (?:the )?(?:study )?(?:treatment|drug|therapy"
    r"|medication)\b",
    re.IGNORECASE,
)


def row_of(folded: str, line: Line, hits: Sequence[Hit], arms: Sequence[ArmHit], shorts: Mapping[str, str]) -> Row:
    """Put a sentence into a row of items.

    :param hits: the things of the lexicon in it
    :param arms: the arms that it calls
    :param shorts: short forms that the text explains
    """
    return _Builder(folded, line, hits, arms, shorts).row()


class _Builder:
    def __init__(
        self, folded: str, line: Line, hits: Sequence[Hit], arms: Sequence[ArmHit], shorts: Mapping[str, str]
    ) -> None:
        self.folded, self.line, self.shorts = folded, line, shorts
        self.tokens = line.tokens
        self.hits = {hit.first: hit for hit in hits}
        self.arms = {hit.first: hit for hit in arms}
        self.figures = figures_of(folded, line)
        self.mentions = {mention.first: mention for mention in line.mentions if mention.kind not in FIGURE_KINDS}
        self.items: list[Item] = []

    def add(self, letter: str, first: int, last: int, data: Any = None, start: int = -1, end: int = -1) -> None:
        tokens = self.tokens
        self.items.append(
            Item(
                letter,
                first,
                last,
                tokens[first].start if start < 0 else start,
                tokens[last - 1].end if end < 0 else end,
                data,
            )
        )

    def row(self) -> Row:
        at, size = 0, len(self.tokens)
        while at < size:
            at = max(self.step(at), at + 1)
        items = _without_short_forms(self.folded, self.items)
        return Row(self.line, items, "".join([item.letter for item in items]), self.folded)

    def step(self, at: int) -> int:
        token = self.tokens[at]
        if at in self.figures:
            return self.figure(at)
        hit = self.hits.get(at)
        arm = self.arms.get(at)
        if arm and (hit is None or hit.last <= arm.last or HIT_LETTER.get(hit.kind) == "X"):
            self.add("A", arm.first, arm.last, arm.arm)
            return arm.last
        if at in self.mentions:
            mention = self.mentions[at]
            if mention.kind is NumberKind.GRADE:
                return self.grade(mention)
            self.add(MENTION_LETTER.get(mention.kind, "x"), mention.first, mention.last, mention)
            return mention.last
        if hit:
            return self.thing(hit)
        if token.word in _EPOCH_WORDS and (stop := self.phase(at)):
            return stop
        if token.word in {"no", "none", "neither", "nil"}:
            self.add("0", at, at + 1)
        elif token.word in {"both", "each", "either"} and (stop := self.every_arm(at)):
            return stop
        elif token.sort == "d":
            if token.word == "all" and at + 1 < len(self.tokens) and (stop := self.everyone(at)):
                return stop
        elif token.sort in SORT_LETTER:
            self.add(SORT_LETTER[token.sort], at, at + 1)
        elif token.sort in "-–":
            self.add("-", at, at + 1)
        elif (
            token.sort == "B"
            or token.word in _SILENT
            or (token.word.endswith("ly") and token.word not in {"daily", "weekly", "early"})
        ):
            pass
        else:
            self.add("x", at, at + 1)
        return at + 1

    def everyone(self, at: int) -> int:
        """All patients: a figure that says everyone."""
        words = self.tokens
        stop = at + 1
        while stop < len(words) and stop < at + 4 and words[stop].sort in "dxn" and stop not in self.hits:
            stop += 1
        if stop < len(words) and words[stop].sort == "p" and words[stop - 1].word not in {"of", "with"}:
            count = next((int(each.value) for each in words[at + 1 : stop] if each.sort == "n" and each.value), None)
            end = words[stop].end
            self.add("F", at, stop + 1, Figure(people=count, start=words[at].start, end=end, everyone=True))
            return stop + 1
        return 0

    def every_arm(self, at: int) -> int:
        """Both arms: each of them."""
        words = self.tokens
        stop = at + 1
        while stop < len(words) and stop < at + 4 and words[stop].sort in "ox" and words[stop].word != "group":
            stop += 1
        if stop < len(words) and words[stop].word in {"arm", "arms", "group", "groups"}:
            self.add("Y", at, stop + 1)
            return stop + 1
        return 0

    def figure(self, at: int) -> int:
        behind, figure = self.figures[at]
        called = {self.arms[token].arm for token in range(at + 1, behind) if token in self.arms}
        if len(called) == 1:
            figure = figure._replace(arm=called.pop())
        self.add("F" if figure.sign == "=" else "n", at, behind, figure, figure.start, figure.end)
        return behind

    def grade(self, mention: Mention) -> int:
        low = int(mention.low) if mention.low is not None else None
        high = int(mention.high) if mention.high is not None else None
        behind = self.items and self.items[-1].letter == "E" and self.items[-1].last >= mention.first - 1
        of = self.items and self.items[-1].letter in "o(w," and len(self.items) > 1 and self.items[-2].letter == "E"
        bracket = bool(of and self.items[-1].letter == "(")
        if of and self.items[-1].letter == ",":
            of = False
        if (behind or of) and self.items[-1 if behind else -2].data.grade is None:
            closing = mention.last < len(self.tokens) and self.tokens[mention.last].sort == ")"
            following = mention.last + (1 if closing else 0)
            # "nausea, grade 3 vomiting": a grade with a noun behind it belongs to that noun
            next_ = self.hits.get(following)
            if (next_ is None or HIT_LETTER.get(next_.kind) != "E") and (not bracket or closing):
                if not behind:
                    self.items.pop()
                holder = self.items.pop()
                last = following if bracket else mention.last
                phrase = holder.data._replace(
                    grade=Grade(low, high, mention.start, mention.end, True), end=max(holder.data.end, mention.end)
                )
                self.add("E", holder.first, last, phrase, holder.start, max(holder.end, mention.end))
                return last
        self.add(
            "G",
            mention.first,
            mention.last,
            Grade(low, high, mention.start, mention.end, False),
            mention.start,
            mention.end,
        )
        return mention.last

    def thing(self, hit: Hit) -> int:
        letter = HIT_LETTER[hit.kind]
        if letter in "HOJrZ":
            self.add(letter, hit.first, hit.last, hit)
            return hit.last
        first, last = hit.first, hit.last
        level, level_end = "", -1
        if letter in "ESQNK":
            first = self.widen(first)
        if letter == "K":
            last, level, level_end = self.level(last)
        tokens = self.tokens
        grade = None
        start, end = tokens[first].start, tokens[last - 1].end
        words_start = start
        if letter == "E" and self.items and self.items[-1].letter == "G" and self.items[-1].last == first:
            before = self.items.pop()
            grade = before.data
            start = before.start
            item_first = before.first
        else:
            item_first = first
        words = self.folded[words_start:end]
        related = False
        if match := _RELATED.match(words):
            related = True
            words = words[match.end() :]
        if match := _ATTACHED.match(self.folded, end, min(end + 60, self.line.end)):
            related = True
            end = match.end()
            last = next((at for at in range(last, len(tokens)) if tokens[at].start >= end), len(tokens))
        phrase = Phrase(hit.kind, hit.label, words, start, end, grade, related, level, level_end)
        self.add(letter, item_first, last, phrase, start, end)
        return last

    def widen(self, first: int) -> int:
        """Take in the words before a noun that belong to it: ``hepatic`` toxicity, ``treatment-related`` death."""
        tokens = self.tokens
        while self.items:
            item = self.items[-1]
            if item.last != first:
                break
            if (
                item.letter == "-"
                and len(self.items) > 1
                and self.items[-2].letter in "xXNEr"
                and self.items[-2].last == item.first
                and tokens[item.first].end == tokens[item.last].start
                and tokens[item.first - 1].end == tokens[item.first].start
            ):
                self.items.pop()
                before = self.items.pop()
                first = before.first
                continue
            if item.letter == "x" and item.last - item.first == 1:
                token = tokens[item.first]
                hyphened = (
                    len(self.items) > 2
                    and self.items[-2].letter == "-"
                    and self.items[-2].last == item.first
                    and self.items[-3].letter in "xXNE"
                    and self.items[-3].last == self.items[-2].first
                    and tokens[self.items[-2].first].end == token.start
                )
                if hyphened:
                    self.items.pop()
                    self.items.pop()
                    first = self.items.pop().first
                    continue
                if is_stop(token.word) or not token.word.isalpha():
                    break
                if token.word.endswith("ed") and len(self.items) > 1 and self.items[-2].letter in "pFA":
                    break  # a verb
                if token.word.endswith("ing") and not _ING.search(token.word):
                    break
                self.items.pop()
                first = item.first
                continue
            if item.letter == "N" and tokens[item.first].word not in {"disease"}:
                self.items.pop()
                first = item.first
                continue
            break
        return first

    def level(self, last: int) -> tuple[int, str, int]:
        """Read the level of a scale behind its name: ``Child-Pugh class A``, ``ECOG 0–1``."""
        tokens = self.tokens
        at = last
        while at < len(tokens) and tokens[at].word in {"class", "score", "stage", "grade", "status", "of", "was"}:
            at += 1
        if at < len(tokens):
            token = tokens[at]
            printed = self.folded[token.start : token.end]
            if re.fullmatch(r"[A-D]|[A-D]\d?|0|I{1,3}V?|IV|[1-5][abAB]?", printed):
                stop = at + 1
                if (
                    stop + 1 < len(tokens)
                    and tokens[stop].sort in "-–/tk"
                    and re.fullmatch(
                        r"[A-D]|I{1,3}V?|IV|\d", self.folded[tokens[stop + 1].start : tokens[stop + 1].end]
                    )
                ):
                    stop += 2
                level = self.folded[token.start : tokens[stop - 1].end]
                return stop, level, tokens[stop - 1].end
        return last, "", -1

    def phase(self, at: int) -> int:
        """Read a phase of treatment: ``during radiation therapy``, ``in the maintenance phase``; or an occasion."""
        tokens, word = self.tokens, self.tokens[at].word
        stop = at + 1
        while stop < len(tokens) and tokens[stop].sort == "d":
            stop += 1
        first = stop
        head = -1
        while stop < len(tokens) and stop - first < 7:
            token = tokens[stop]
            hit = self.hits.get(stop)
            if hit and HIT_LETTER.get(hit.kind) == "X":
                stop = hit.last
                head = stop
                if stop < len(tokens) and tokens[stop].sort == "-":
                    head = -1
                    stop += 1
                continue
            if hit or stop in self.figures:
                break
            if (
                token.word in _PHASE
                or token.word in _OCCASION
                or (token.sort == "l" and token.word in {"phase", "cycle", "course", "visit"})
            ):
                head = stop + 1
            elif token.sort == "-":
                if stop + 1 < len(tokens) and tokens[stop + 1].word == "up":
                    head = stop + 2
                    stop += 1
            elif token.word in {"up", "first", "initial", "subsequent", "second", "last", "final", "interim"} or (
                token.sort in "xn"
                and token.word not in {"which", "this"}
                and not token.word.endswith("ed")
                and not lexicon().entries.get(token.word)
            ):
                pass
            else:
                break
            stop += 1
        if head < 0:
            return 0
        last_word = tokens[head - 1].word
        start, end = tokens[first].start, tokens[head - 1].end
        if last_word in _OCCASION and word in {"at", "on", "after"}:
            self.add("W", at, head, (start, end), tokens[at].start, end)
            return head
        if word in {"during", "throughout"} or (word in {"in"} and last_word in {"phase", "period"}):
            self.add("D", at, head, (word, start, end), tokens[at].start, end)
            return head
        return 0


_ING = re.compile(r"(?:limiting|threatening|bleeding|vomiting|itching|wound)")
_EPOCH_WORDS = frozenset({"during", "throughout", "in", "at", "on", "after"})
_SHORT = re.compile(r"[A-Za-z][\w/+-]{0,11}s?")


def _without_short_forms(folded: str, items: list[Item]) -> list[Item]:
    """Leave out short forms in brackets behind their words: ``progression-free survival (PFS)``."""
    found: list[Item] = []
    at, size = 0, len(items)
    while at < size:
        item = items[at]
        if item.letter == "(" and at + 2 < size and items[at + 2].letter == ")" and found:
            inner = items[at + 1]
            words = folded[inner.start : inner.end]
            if (
                inner.letter in "xESNXQKAH"
                and sum(letter.isupper() for letter in words) > 1
                and _SHORT.fullmatch(words)
            ):
                at += 3
                continue
        found.append(item)
        at += 1
    return found


def token_at(tokens: Sequence[Token], position: int) -> int:
    """Give the index of the first token that begins at a position or behind it."""
    return next((at for at, token in enumerate(tokens) if token.start >= position), len(tokens))
