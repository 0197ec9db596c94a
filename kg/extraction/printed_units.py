"""Units as abstracts print them, and their codes in UCUM: ``75 mg/m(2)``, ``10 mg per kg per day``, ``3 mos``."""

import re

from picograph.kg.extraction.tokens import Token

_TIME = {
    "y": "a", "yr": "a", "yrs": "a", "year": "a", "years": "a", "mo": "mo", "mos": "mo", "month": "mo", "months": "mo",
    "w": "wk", "wk": "wk", "wks": "wk", "week": "wk", "weeks": "wk", "d": "d", "day": "d", "days": "d", "h": "h",
    "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "min": "min", "mins": "min", "minute": "min", "minutes": "min",
    "s": "s", "sec": "s", "second": "s", "seconds": "s",
}  # fmt: skip
_UNITS = {
    "mg": "mg", "g": "g", "kg": "kg", "mcg": "ug", "μg": "ug", "ug": "ug", "ng": "ng", "pg": "pg", "ml": "mL", "l": "L",
    "dl": "dL", "cc": "mL", "mm": "mm", "cm": "cm", "m": "m", "gy": "Gy", "cgy": "cGy", "iu": "[iU]", "mmol": "mmol",
    "μmol": "umol", "nmol": "nmol", "mmhg": "mm[Hg]", "kcal": "kcal", "kj": "kJ", "mbq": "MBq", "gbq": "GBq",
    "mol": "mol", "hz": "Hz", "khz": "kHz", "mhz": "MHz", "kpa": "kPa", "m2": "m2",
    "cc's": "mL",
}  # fmt: skip
_SQUARE = re.compile(
    r"\s?(?:/|per )\s?m(?:2|²|\^2|_?\(?2\)?)(?![\w.])|\s?m\(?[-−]2\)?(?!\w)|\s?/\s?m(?=\W)", re.IGNORECASE
)
_PER = re.compile(
    r"\s?(?:/|per )\s?(?P<unit>kg|d|day|wk|week|l|ml|dl|min|h|hr|hour|fraction|fx|dose|cycle|fr)(?![\w])", re.IGNORECASE
)
_PER_UNIT = {
    "kg": "kg", "d": "d", "day": "d", "wk": "wk", "week": "wk", "l": "L", "ml": "mL", "dl": "dL", "min": "min",
    "h": "h", "hr": "h", "hour": "h",
}  # fmt: skip


def unit_of(folded: str, token: Token) -> tuple[str, int]:
    """Give the UCUM code of the unit at a token, and where it ends; a unit that UCUM does not have stays a word.

    >>> from picograph.kg.extraction.tokens import tokens_of
    >>> words = "75 mg/m(2) daily"
    >>> unit_of(words, tokens_of(words)[1])
    ('mg/m2', 10)
    """
    word = token.word
    if token.sort == "T":
        return _TIME.get(word, word), token.end
    code, end = _UNITS.get(word, word), token.end
    if word in {"m2", "auc"}:
        return code, end
    if match := _SQUARE.match(folded, end):
        return f"{code}/m2", match.end()
    if (match := _PER.match(folded, end)) and (per := _PER_UNIT.get(match["unit"].lower())):
        code, end = f"{code}/{per}", match.end()
        if per == "kg" and (again := _PER.match(folded, end)) and again["unit"].lower() in {"d", "day", "wk", "week"}:
            return f"{code}/{_PER_UNIT[again['unit'].lower()]}", again.end()
    return code, end
