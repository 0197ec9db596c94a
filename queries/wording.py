"""Numbers, units, signs and places as people write them, in lines that fit a terminal."""

import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal

from picograph.kg.source import Place

SIGNS = {">=": "≥", "<=": "≤", "=": "=", ">": ">", "<": "<"}
_DURATIONS = {
    "a": ("year", "years"),
    "mo": ("month", "months"),
    "wk": ("week", "weeks"),
    "d": ("day", "days"),
    "h": ("hour", "hours"),
}
_COUNTED = ("participants", "occurrences")
_TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # controls of the writing direction
_NARROW = str.maketrans("", "", "≥≤≠–—…“”‘’×")  # of one column on every terminal
_PLAIN = {"≥": ">=", "≤": "<=", "≠": "!", "–": "-", "—": "-", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'"}


def number(value: Decimal | int) -> str:
    """Write a number without an exponent.

    >>> number(Decimal("1E+3")), number(40)
    ('1000', '40')
    """
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def counted(count: int, one: str, many: str = "") -> str:
    """Write how many there are of something.

    :param one: its name
    :param many: its plural, where it is not made by an s

    >>> counted(1, "record"), counted(28354, "record"), counted(0, "study", "studies")
    ('1 record', '28,354 records', '0 studies')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def unit_words(unit: str | None, value: Decimal | int | None = None) -> str:
    """Give a unit, UCUM's or what was counted, as it stands behind a number, with the space before it.

    >>> unit_words("a", 2), unit_words("mo", 1), unit_words("%"), unit_words("participants", 1), unit_words(None)
    (' years', ' month', ' %', ' participant', '')
    """
    if not unit:
        return ""
    if unit in _DURATIONS:
        return " " + _DURATIONS[unit][value != 1]
    return " " + (unit.removesuffix("s") if unit in _COUNTED and value == 1 else unit.strip("{}"))


def places(evidence: Sequence[Place]) -> str:
    """Write places for people: characters as ranges, pointers as they are.

    >>> places([Place("414-428"), Place("735-785")])
    '414–428, 735–785'
    """
    return ", ".join(str(place).replace("-", "–") if place.pointer is None else str(place) for place in evidence)


def columns_of(text: str) -> int:
    """Give the columns that a text takes on a terminal.

    >>> columns_of("grade ≥ 3"), columns_of("プラセボ")
    (9, 8)
    """
    if text.translate(_NARROW).isascii():  # nearly all of them; the tables of wcwidth take a while to import
        return len(text)
    from wcwidth import wcswidth

    return max(int(wcswidth(text)), 0)


def harmless(text: str) -> str:
    """Show a character that would steer a terminal, or turn the text around, as a mark in its place.

    >>> harmless("nausea\\x1b[2J")
    'nausea�[2J'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join("�" if _steers(each) else each for each in text)


def _steers(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or unicodedata.bidirectional(character) in _TURNS


def fold(text: str, width: int) -> list[str]:
    """Fold a text into lines of at most ``width`` columns; a number and its % stay together. At least one line.

    >>> fold("6 of 40 (15 %), during radiation therapy", 16)
    ['6 of 40 (15 %),', 'during radiation', 'therapy']
    """
    lines: list[str] = []
    for given in text.replace(" %", "\0%").split():
        word = harmless(given.replace("\0", " "))
        if lines and columns_of(lines[-1]) + 1 + columns_of(word) <= width:
            lines[-1] += " " + word
            continue
        *full, rest = _chopped(word, max(width, 2))
        lines += [*full, rest]
    return lines or [""]


def _chopped(word: str, width: int) -> Iterator[str]:
    """Cut a word that is wider than a line."""
    while columns_of(word) > width:
        size = width
        while columns_of(word[:size]) > width:
            size -= 1
        yield word[:size]
        word = word[size:]
    yield word


def spell_out(error: UnicodeError) -> tuple[str, int]:
    """Spell what an encoding lacks with what it has: an error handler of `codecs`.

    >>> import codecs
    >>> codecs.register_error("spell out", spell_out)
    >>> "grade ≥ 3, 414–428, β".encode("ascii", "spell out")
    b'grade >= 3, 414-428, \\\\u03b2'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    spelled = (_PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode() for each in lacking)
    return "".join(spelled), error.end
