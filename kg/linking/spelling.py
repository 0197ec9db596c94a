"""One spelling for names and for texts, so that a name is found however a text writes it.

A text becomes its *form*: words in one case and in the singular, British spellings as American ones, hyphens as spaces,
other punctuation kept (a full stop or a comma ends a name). Names and texts go through the same rules, so a rule that
mangles a word does no harm: it mangles it on both sides. What the rules cannot tell apart (``AIDS`` and ``aids``) is
told apart later by the letters themselves: `fits_case`.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(r"&|[^\W_]+(?:['’]s\b)?", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s\-‐‑‒–—­]+")
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "π": "pi", "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi",
    "ω": "omega",
}  # fmt: skip
_SPELLINGS = tuple(
    (re.compile(british), american)
    for british, american in (
        ("ae|oe", "e"),  # anaemia, oedema, diarrhoea
        ("(?<=[a-z][a-z])our", "or"),  # tumour
        ("is(?=(?:e|ed|es|ing|er|ers|ation|ations)$)", "iz"),  # chemoembolisation
        ("lys(?=(?:e|ed|ing|er)$)", "lyz"),  # dialyse
        ("sulph", "sulf"),
        ("leuco", "leuko"),
        ("(?<=[a-z]{2}[bt])re$", "er"),  # fibre, centre
        ("ll(?=(?:ed|ing|er)$)", "l"),  # labelled
        ("programme", "program"),
    )
)
_PLURALS = tuple(
    (re.compile(plural), singular)
    for plural, singular in (
        ("(?<=[a-z]{2})ies$", "y"),  # biopsies
        ("(?<=[a-z]{2}[aeiou]s)es$", None),  # diseases, increases, viruses: below
        ("(?<=om)ata$", "a"),  # carcinomata
        ("(?<=ss|sh|.x)es$", ""),  # masses, rashes
        ("(?<![sui])s$", ""),
    )
)
_OF_IS = re.compile("(?:[^d]o|ta|li|he|cri|ly)ses$")  # metastases, thromboses, analyses: of a word that ends in -sis
_OF_US = re.compile("[rntbl]uses$")  # viruses, sinuses


class Form(NamedTuple):
    """A text in one spelling: where each word begins and ends, in the form and in the text."""

    form: str
    starts: list[int]
    ends: list[int]
    places: list[tuple[int, int]]


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Write one word the way that all its spellings are written.

    >>> fold("Tumours"), fold("metastases"), fold("Anaemia"), fold("HCCs"), fold("β")
    ('tumor', 'metastasis', 'anemia', 'hcc', 'beta')
    """
    if word == "&":
        return "and"
    folded = word.casefold()
    if not folded.isascii():
        folded = "".join(_GREEK.get(letter, letter) for letter in folded)
        folded = "".join(
            letter for letter in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(letter)
        ).casefold()
    folded = folded.removesuffix("'s").removesuffix("’s")
    if len(folded) < 4 or not folded.isalpha():
        return folded
    folded = _singular(folded)
    for british, american in _SPELLINGS:
        folded = british.sub(american, folded)
    return folded


def _singular(word: str) -> str:
    if len(word) > 5 and _OF_IS.search(word):
        return word[:-2] + "is"
    if _OF_US.search(word):
        return word[:-2]
    for plural, singular in _PLURALS:
        if plural.search(word):
            return word[:-1] if singular is None else plural.sub(singular, word)
    return word


def form_of(text: str) -> Form:
    """Give the form of a text.

    >>> form_of("Portal-vein tumours, advanced").form
    'portal vein tumor,advanced'
    """
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    places: list[tuple[int, int]] = []
    length = done = 0
    for match in _TOKEN.finditer(text):
        if places:
            between = _BETWEEN.sub("", text[done : match.start()]) or " "
            parts.append(between)
            length += len(between)
        word = fold(match[0])
        starts.append(length)
        length += len(word)
        ends.append(length)
        places.append(match.span())
        parts.append(word)
        done = match.end()
    return Form("".join(parts), starts, ends, places)


def key_of(name: str) -> str | None:
    """Give the form that a name is kept under; None for a name that cannot be told from others by its words.

    Such are names of one character, and names that signs before or after the words belong to (``(+)-x``, ``Na(+)``).

    >>> key_of("Carcinomas, Hepatocellular"), key_of("5-FU"), key_of("(+)-car-3-ene")
    ('carcinoma,hepatocellular', '5 fu', None)
    """
    found = form_of(name)
    if len(found.form) < 2 or not any(letter.isalpha() for letter in found.form):
        return None
    outside = name[: found.places[0][0]] + name[found.places[-1][1] :]
    return None if set(outside) - set("()[]'\" .,") else found.form


def is_acronym(name: str) -> bool:
    """Tell whether a name is made of initials, so that its letters' case belongs to it.

    >>> [is_acronym(name) for name in ("AIDS", "5-FU", "hCG", "Lead", "Hepatocellular carcinoma")]
    [True, True, True, False, False]
    """
    return len(name) <= 8 and " " not in name and sum(letter.isupper() for letter in name) >= 2


def fits_case(name: str, words: str) -> bool:
    """Tell whether the letters of a text may stand for a name: initials never for a word, nor a word for initials.

    >>> fits_case("ALL", "all"), fits_case("ALL", "ALL"), fits_case("cat", "CAT"), fits_case("Nausea", "NAUSEA")
    (False, True, False, True)
    """
    letters = _letters(words)
    if is_acronym(name):
        wanted = _letters(name)
        if letters in (wanted, wanted + "s"):
            return True
        # a longer one, or one with a number, is no other word in small letters: mRECIST, Her2
        return letters.casefold() == wanted.casefold() and (len(wanted) > 4 or any(map(str.isdecimal, wanted)))
    return not (2 <= len(letters) <= 5 and letters.isupper() and letters.isalpha())


def _letters(words: str) -> str:
    return "".join(filter(str.isalnum, words))
