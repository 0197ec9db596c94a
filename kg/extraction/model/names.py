"""Where the names of the arms of a study may stand: words, short forms, compounds, and the letters of groups.

A *name* is a word, a short form (``APBI``), a compound (``CT-Z``) or the letter of a group (``group A``, said
``@a``) by which an arm may be called. Long forms count as their short form.
"""

import re
from collections.abc import Sequence

from picograph.kg.extraction.model.words import Text
from picograph.kg.extraction.page import Page
from picograph.kg.extraction.tokens import Token

_GROUP_WORDS = """
    group groups arm arms cohort cohorts regimen schedule
"""
GROUP = frozenset(_GROUP_WORDS.split())
_COMMON_WORDS = """
    the a an of in and or with for to on at by from was were is are be been as that this than not no between after
    before during which who had have has into over under among per both all patients patient women woman men
    subjects participants group groups arm arms treatment treatments therapy study trial clinical randomized
    randomised randomly assigned allocated received receive receiving treated versus vs v compared respectively
    cancer breast results result conclusion conclusions background methods method purpose objective significant
    significantly difference differences higher lower more less years year months month weeks week days day daily
    mg kg m2 p ci hr n sd mean median range rate rates total one two three four five six each either only also
    there their its it we our did does do but however when while using used use based effect effects efficacy
    safety phase ii iii i score scores outcome outcomes primary secondary end point points endpoint endpoints
    survival response disease free progression overall follow up baseline first second third early stage age aged
    time number percent grade toxicity quality life multicenter multicentre prospective controlled double blind
    open label plus followed every cycles cycle dose increase decrease increased decreased reduction reduced
    improved improvement change changes events event adverse incidence risk
"""
COMMON = frozenset(_COMMON_WORDS.split())
_PART_WORDS = """
    study treatment treated test therapy active
"""
_PART = frozenset(_PART_WORDS.split())  # names of an arm where "group" or "arm" follows
_ANY_WORDS = """
    each either both any per other same no between one
"""
_ANY = frozenset(_ANY_WORDS.split())
_LETTER = re.compile(r"[A-Z]{1,3}[0-9]?|[1-6]|i{1,3}|[a-d]")
_SUFFIX_WORDS = """
    treated based exposed containing induced related group arm only alone receiving
"""
_SUFFIX = frozenset(_SUFFIX_WORDS.split())


def short_forms(page: Page, text: Text) -> list[tuple[str, range, range]]:
    """Give the short forms that an abstract explains: in small letters, the places of the long form, and of the short.

    Source: Schwartz and Hearst, Pac Symp Biocomput 2003:451-462.
    """
    tokens, found = text.tokens, []
    for at, token in enumerate(tokens):
        if token.sort != "(":
            continue
        stop = at + 1
        while stop < min(len(tokens), at + 6) and tokens[stop].sort not in "),;:=" and tokens[stop].word not in "),;:=":
            stop += 1
        if stop == at + 1 or stop >= len(tokens) or text.lines[stop] != text.lines[at]:
            continue
        short = page.folded[tokens[at + 1].start : tokens[stop - 1].end]
        letters = re.sub(r"\W", "", short)
        if not (
            2 <= len(short) <= 12 and short[0].isalnum() and not re.search(r"\s", short) and short.lower() != short
        ):
            continue
        first = at
        while (
            first > 0
            and at - first < min(len(letters) + 8, 2 * len(short) + 3)
            and text.lines[first - 1] == text.lines[at]
            and tokens[first - 1].sort not in "();:,."
        ):
            first -= 1
        words = [each.word for each in tokens[first:at]]
        begin = _long_form(letters.lower(), words) if words else None
        if begin is None or len(words) - begin > 2 * len(letters) + 2 or words[begin] in COMMON:
            continue
        found.append((short.lower(), range(first + begin, at), range(at + 1, stop)))
    return found


def _long_form(letters: str, words: Sequence[str]) -> int | None:
    row = " ".join(words)
    at = len(row) - 1
    for position in range(len(letters) - 1, -1, -1):
        while at >= 0 and (row[at] != letters[position] or (position == 0 and at > 0 and row[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return None
        at -= 1
    begin = row[: at + 1].count(" ")
    return begin if begin < len(words) else None


def _letters(page: Page, text: Text, at: list[str]) -> None:
    """Find the letters and numbers of groups: ``group A``, ``arms A and B``, ``A arm``, and then the letters alone."""
    tokens, lines = text.tokens, text.lines

    def printed(place: int) -> str:
        return page.folded[tokens[place].start : tokens[place].end]

    known: set[str] = set()
    for place, token in enumerate(tokens):
        if token.word not in GROUP:
            continue
        after = place + 1
        if (
            after < len(tokens)
            and lines[after] == lines[place]
            and _LETTER.fullmatch(printed(after))
            and printed(after) != "a"
        ):
            at[after] = f"@{tokens[after].word}"
            known.add(tokens[after].word)
            if token.word.endswith("s"):
                for more in range(after + 1, min(len(tokens), after + 13)):
                    if lines[more] != lines[place]:
                        break
                    if (
                        _LETTER.fullmatch(printed(more))
                        and printed(more)[0].isupper() == printed(after)[0].isupper()
                        and tokens[more - 1].word in {"and", "vs", "versus", ",", "or", "to", "&", "/"}
                    ):
                        at[more] = f"@{tokens[more].word}"
                        known.add(tokens[more].word)
        before = place - 2 if place > 1 and tokens[place - 1].sort == "-" else place - 1
        if before >= 0 and lines[before] == lines[place]:
            letter = printed(before)
            if _LETTER.fullmatch(letter) and letter.isupper() and (letter != "I" or before < place - 1):
                at[before] = f"@{tokens[before].word}"
                known.add(tokens[before].word)
    for place, token in enumerate(tokens):
        if at[place] or not place or token.word not in known or lines[place - 1] != lines[place]:
            continue
        letter = printed(place)
        if letter.isalpha() and letter.isupper():
            follows = tokens[place + 1].sort if place + 1 < len(tokens) else ""
            if letter != "A" or tokens[place - 1].sort in {"v", "(", ","} or follows in {"v", ")", "=", ":", ",", "a"}:
                at[place] = f"@{token.word}"


def _compounds(tokens: Sequence[Token], at: list[str]) -> None:
    place = 0
    while place < len(tokens):
        last = place
        while (
            last + 2 < len(tokens)
            and tokens[last + 1].word in {"-", "+", "/", "–"}
            and tokens[last + 1].start == tokens[last].end
            and tokens[last + 2].start == tokens[last + 1].end
            and tokens[last].word[0].isalnum()
            and tokens[last + 2].word[0].isalnum()
        ):
            last += 2
        named = "".join(token.word for token in tokens[place : last + 1]) if last > place else ""
        if tokens[last].word not in _SUFFIX and any(map(str.isalpha, named)):
            for inside in range(place, last):
                at[inside] = ""
            at[last] = named
        place = last + 1


def _parts(text: Text, at: list[str]) -> None:
    """Take "study" for a name in "the study group", though not in "each study group"."""
    words, lines = text.words, text.lines
    for place in range(1, len(words) - 1):
        follows = words[place + 1] in {"group", "arm"} and lines[place + 1] == lines[place]
        if follows and words[place] in _PART and words[place - 1] not in _ANY and not at[place - 1]:
            at[place] = words[place]


def _signs(tokens: Sequence[Token], at: list[str]) -> None:
    """Tell ``DA+`` from ``DA-``: arms with something and without."""
    known: dict[str, set[str]] = {}
    places = []
    for place in range(len(tokens) - 1):
        word, sign = tokens[place], tokens[place + 1]
        if not at[place] or at[place][0] == "@" or sign.word not in "+-−" or sign.start != word.end:
            continue
        after = tokens[place + 2] if place + 2 < len(tokens) else None
        if after is None or after.start > sign.end or not after.word[0].isalnum():
            known.setdefault(at[place], set()).add(sign.word)
            places.append(place)
    for place in places:
        if len(known[at[place]]) > 1 or "+" in known[at[place]]:
            at[place + 1] = at[place] + ("+" if tokens[place + 1].word == "+" else "-")
    for place in places:
        if at[place + 1]:
            at[place] = ""


def _expand(text: Text, forms: Sequence[tuple[str, range, range]], at: list[str], begin: dict[int, int]) -> None:
    """Count a long form as its short form, wherever it stands."""
    words = [token.word for token in text.tokens]
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        places.setdefault(word.rstrip("s"), []).append(place)
    known: set[str] = set()
    for short, long, inside in forms:
        form = [words[place] for place in long if words[place] not in "-–"]
        if not form or short in known:
            continue
        known.add(short)
        for first in places.get(form[0].rstrip("s"), ()):
            place, fits = first, 0
            while place < len(words) and fits < len(form):
                if words[place].rstrip("s") == form[fits].rstrip("s"):
                    fits += 1
                elif words[place] not in "-–" or not fits:
                    break
                place += 1
            if fits == len(form):
                at[first:place] = [""] * (place - first)
                at[place - 1] = short
                begin[place - 1] = first
        spelled = [words[place] for place in inside]
        for first in places.get(spelled[0].rstrip("s"), ()):
            last = first + len(spelled) - 1
            if words[first : last + 1] != spelled:
                continue
            compound = next(
                (name for name in at[first : first + 5] if ("-" in name or "+" in name) and name != short), ""
            )
            if compound and compound.startswith(short):
                continue
            at[first : last + 1] = [""] * len(spelled)
            at[last] = short


def places_of(page: Page, text: Text) -> tuple[list[str], dict[int, int]]:
    """Give for each place in the row of words the name that ends there, and where names of several words begin."""
    tokens = text.tokens
    at = [""] * len(tokens)
    _letters(page, text, at)
    for place, token in enumerate(tokens):
        if at[place] or token.sort == "n" or token.word in COMMON or not token.word[0].isalpha():
            continue
        if len(token.word) > 1 or page.folded[token.start].isupper():
            at[place] = "control" if token.word == "controls" else token.word
    _parts(text, at)
    _compounds(tokens, at)
    _signs(tokens, at)
    begin: dict[int, int] = {}
    _expand(text, short_forms(page, text), at, begin)
    return at, begin
