"""An abstract ready for reading: its sentences, and in each its tokens and its numbers."""

from collections.abc import Sequence
from typing import NamedTuple

from picograph.kg.extraction.numbers import Mention, mentions_of
from picograph.kg.extraction.text import Section, SectionKind, check_length, fold, label_open, sections_of, sentences_of
from picograph.kg.extraction.tokens import Token, sorts_of, tokens_of

_MOST = 3_000  # tokens in a sentence that are read; no sentence of an abstract has a tenth of that


class Line(NamedTuple):
    """A sentence with its tokens and its numbers."""

    section: SectionKind
    start: int
    end: int
    tokens: list[Token]
    sorts: str  # of the tokens, one letter each
    mentions: list[Mention]


class Page(NamedTuple):
    """An abstract, cut into sentences. Spans count in ``text``, and in ``folded``, which is as long."""

    text: str
    folded: str
    sections: list[Section]
    lines: list[Line]

    def words(self, start: int, end: int) -> str:
        """Give the words at a place, as they are printed."""
        return self.text[start:end]


def read_page(text: str, sections: Sequence[Section] | None = None, where: str = "") -> Page:
    """Cut an abstract into sections, sentences, tokens and numbers.

    :param sections: where its parts stand; where they are not given they are found by their labels, and an abstract
        without labels is divided by its words
    :raises InputError: if the text is far too long for an abstract

    >>> page = read_page("AIM: To see. RESULTS: Six patients (15%) died.")
    >>> [(line.section.value, [str(each.value) for each in line.mentions]) for line in page.lines]
    [('background', []), ('results', ['6', '15'])]
    """
    check_length(text, where)
    folded = fold(text)
    parts = sections_of(folded) if sections is None else list(sections)
    lines = []
    for sentence in label_open(folded, sentences_of(folded, parts)):
        tokens = tokens_of(folded, sentence.start, sentence.end)[:_MOST]
        lines.append(
            Line(sentence.section, sentence.start, sentence.end, tokens, sorts_of(tokens), mentions_of(folded, tokens))
        )
    return Page(text, folded, parts, lines)
