"""Words of a text -> concepts, with their places. The longest name wins; what a text abbreviates, it says itself."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache

from msgspec import Struct

from picograph.kg.linking.abbreviations import Definition, definitions
from picograph.kg.linking.choice import Choice, TurnedDown, choose
from picograph.kg.linking.lexicon import Lexicon, Reading
from picograph.kg.linking.spelling import Form, form_of, is_acronym
from picograph.ontology.concepts import read_slice
from picograph.ontology.words import SHIPPED, Words

_LINKS_PHRASES = re.compile(r"[,;()]|\b(?:of|in|and|or|against|for|with|by|to|on|from|after|before|versus)\b")

# These name who, where or when, not what: a longer name of these kinds does not hide a shorter one inside it.
_TRANSPARENT = frozenset({"person", "place", "publication"})


class Link(Struct, frozen=True, kw_only=True):
    """Some words of a text and what they mean. No concept: the readings were even, or all turned down."""

    start: int  # characters of the text
    end: int
    words: str
    concept: tuple[str, ...]  # the first was chosen; the others say the same in vocabularies that no mapping joins
    kinds: tuple[str, ...]  # disease, finding, substance, class, procedure…
    reason: str
    turned_down: tuple[TurnedDown, ...] = ()
    ambiguous: bool = False

    @property
    def kind(self) -> str:
        """The first of its kinds."""
        return self.kinds[0] if self.kinds else ""


class Linker:
    """Finds the concepts that a text names.

    >>> from picograph.kg.linking import open_linker
    >>> text = "Sorafenib in hepatocellular carcinoma (HCC): 40 patients with HCC."
    >>> [(link.words, link.concept[0]) for link in open_linker().links(text, ["disease", "substance"])]
    [('Sorafenib', 'mesh:D000077157'), ('hepatocellular carcinoma', 'mesh:D006528'), ('HCC', 'mesh:D006528'),
    ('HCC', 'mesh:D006528')]
    """

    def __init__(self, lexicon: Lexicon, words: Words = SHIPPED) -> None:
        self.lexicon = lexicon
        self.words = words  # the vocabularies that its names are of

    def links(self, text: str, kinds: Collection[str] = (), *, defined: Iterable[Definition] = ()) -> list[Link]:
        """Give what the words of a text mean, in the order of the text; none overlaps another.

        :param kinds: what is looked for; none: everything. A longer name of another kind hides a shorter one in it.
        :param defined: abbreviations that the document defines elsewhere
        """
        own = definitions(text)
        form = form_of(text)
        shouting = _shouts(text)
        found: list[Link] = []
        next_word = 0
        for word in range(len(form.starts)):
            if word < next_word:
                continue
            for link, after in self._at(text, form, word, shouting):
                if not kinds or set(kinds) & set(link.kinds):
                    found.append(link)
                elif set(link.kinds) <= _TRANSPARENT:
                    continue
                next_word = after
                break
        return self._abbreviated(text, form, found, [*own, *defined], kinds)

    def choose(self, words: str, kinds: Collection[str] = ()) -> Choice:
        """Say what some words mean as a whole; no part of them is looked for.

        An everyday word may be the name of an illness ("cold"); as a name of anything else it says nothing.
        """
        if says_nothing(words) and not {"disease", "finding"} & set(kinds):
            return Choice((), (), "an everyday word")
        readings = self.lexicon.readings(form_of(words).form)
        return choose(words, readings, kinds, shouting=_shouts(words))

    def _at(self, text: str, form: Form, word: int, shouting: bool) -> Iterator[tuple[Link, int]]:
        """The names that begin at a word, the longest first, each with the word after it."""
        begin = form.starts[word]
        for key in reversed(self.lexicon.names_at(form.form, begin)):
            last = word
            while last < len(form.ends) and form.ends[last] < begin + len(key):
                last += 1
            if last == len(form.ends) or form.ends[last] != begin + len(key):
                continue
            start, end = form.places[word][0], form.places[last][1]
            words = text[start:end]
            if says_nothing(words):
                continue
            choice = choose(words, self.lexicon.readings(key), shouting=shouting)
            if choice.kinds or choice.ambiguous:
                yield _link(start, end, words, choice), last + 1

    def _abbreviated(
        self, text: str, form: Form, found: list[Link], defined: list[Definition], kinds: Collection[str]
    ) -> list[Link]:
        """Give each abbreviation the meaning of its long form; without one it means nothing that a vocabulary knows."""
        if not defined:
            return [link for link in found if not _bare(link.words)]
        meaning: dict[str, tuple[Definition, Link | None]] = {}
        for each in defined:
            meaning.setdefault(each.short, (each, self._long(each, kinds)))
        kept = []
        for link in found:
            if link.words in meaning or link.words.removesuffix("s") in meaning or _bare(link.words):
                continue
            kept.append(link)
        taken = [(link.start, link.end) for link in kept]
        for start, _ in form.places:
            for short, (definition, long) in meaning.items():
                if long and text.startswith(short, start) and _whole(text, start + len(short)):
                    stop = start + len(short)
                    if any(a < stop and start < b for a, b in taken):
                        continue
                    taken.append((start, stop))
                    kept.append(
                        Link(
                            start=start, end=stop, words=text[start:stop], concept=long.concept, kinds=long.kinds,
                            reason=f"stands for {definition.long}: {long.reason}", turned_down=long.turned_down,
                            ambiguous=long.ambiguous,
                        )
                    )  # fmt: skip
                    break
        return sorted(kept, key=lambda link: link.start)

    def _long(self, definition: Definition, kinds: Collection[str]) -> Link | None:
        """What a long form means: the name that it is, or that it ends with."""
        found = self.links(definition.long, kinds)
        if not found or found[-1].end != len(definition.long):
            return None
        before = definition.long[: found[-1].start].casefold()
        # "comparative effectiveness of MRI in breast cancer" is not a breast cancer
        return None if _LINKS_PHRASES.search(before) else found[-1]


def _bare(words: str) -> bool:
    """Tell whether words are initials, or a letter with a number, too short to mean one thing by themselves."""
    letters = "".join(filter(str.isalnum, words))
    return len(letters) <= 3 and (is_acronym(words) or not letters.isalpha())


def says_nothing(words: str) -> bool:
    """Tell whether words are an everyday word, in small letters or at the beginning of a sentence."""
    return (words if words.islower() else words[:1].lower() + words[1:]) in common_words()


@cache
def common_words() -> frozenset[str]:
    """Give the everyday words that are never a name.

    >>> "lead" in common_words()
    True
    """
    lines = read_slice("common_words.txt").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _link(start: int, end: int, words: str, choice: Choice) -> Link:
    return Link(
        start=start, end=end, words=words, concept=choice.concept, kinds=choice.kinds, reason=choice.reason,
        turned_down=choice.turned_down, ambiguous=choice.ambiguous,
    )  # fmt: skip


def _whole(text: str, end: int) -> bool:
    rest = text[end : end + 2]
    return not rest[:1].isalnum() or (rest[:1] == "s" and not rest[1:2].isalnum())


def _shouts(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return len(letters) > 6 and sum(letter.isupper() for letter in letters) > 0.7 * len(letters)


__all__ = ["Link", "Linker", "Reading"]
