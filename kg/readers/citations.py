"""What records of publications say in few words: identifiers, registry numbers, dates; None where words are none."""

import re
from datetime import date

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
REGISTRY_NUMBER = re.compile(
    r"\b(?:NCT\d{8}|ISRCTN\d{8}|ACTRN\d{14}|DRKS\d{8}|UMIN\d{9}|jRCTs?\d{9,10}|KCT\d{7}|NTR\d{2,5}|TCTR\d{11}"
    r"|ChiCTR[A-Z0-9-]{4,}|IRCT[0-9A-Z]{6,}|CTRI/\d{4}/\d{2,3}/\d{6}|20\d\d-\d{6}-\d\d)\b",
    re.ASCII,
)
_REGISTRATION = re.compile(
    r"(?:(?:clinical\s)?trials?\s(?:registration|registry|registered)|clinical\strials?\s(?:info|information|number)"
    r"|registration|registry|clinicaltrials\.gov)(?:\s(?:number|identifier|id|no\.?|information|and date))?",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\x00-\x1f\ufeff]+", re.ASCII)
_PMID = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_PMCID = re.compile(r"PMC[1-9]\d{0,9}", re.ASCII)
_UI = re.compile(r"[CDQ]\d{6}(?:\d{3})?", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f\ufeff\ufffe\uffff]")
_DATED = re.compile(
    r"(?P<year>(?:18|19|20)\d\d)(?:\s(?P<month>[A-Z][a-z]{2})(?![\w/-])(?:\s(?P<day>\d{1,2})(?![\w/-]))?)?", re.ASCII
)
RETRACTED = re.compile(r"(?:RETRACTED|Retracted)(?:\s(?:ARTICLE|Article|article|PAPER|Paper|paper))?\s?:")

# The names that PubMed gives the registries of trials among its data banks, in small letters and digits alone.
REGISTRIES = re.compile(
    r"anzctr|chictr|clinicaltrialsgov|cris|ctis|ctri|drks|eudract|irct|isrctn|japiccti|jmacct|jrct|ntr|pactr|rebec"
    r"|repec|rpcec|slctr|tctr|uminctr"
)


def fold(words: str | None) -> str:
    """Make every run of white space and control characters one space, and trim.

    >>> fold(" acting β\\n\\t2-agonist ")
    'acting β 2-agonist'
    """
    if not words:
        return ""
    if not words.isprintable():  # most are
        words = _CONTROL.sub(" ", words)
    return " ".join(words.split())


def doi(words: str) -> str | None:
    """Give the DOI that the words are, with or without its resolver; None if they are none.

    >>> doi("https://doi.org/10.1000/x(1)"), doi("doi: 10.1000/x"), doi("10.1/x")
    ('10.1000/x(1)', '10.1000/x', None)
    """
    bare = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", words.strip(), flags=re.IGNORECASE)
    return bare if _DOI.fullmatch(bare) else None


def pmid(words: str) -> str | None:
    """Give the PMID that the words are, or None."""
    return words.strip() if _PMID.fullmatch(words.strip()) else None


def pmcid(words: str) -> str | None:
    """Give the PMC identifier that the words are, or None.

    >>> pmcid("PMC99"), pmcid("99")
    ('PMC99', None)
    """
    return words.strip() if _PMCID.fullmatch(words.strip()) else None


def mesh_curie(identifier: str | None, kinds: str) -> str | None:
    """Give the CURIE of an identifier of MeSH whose first letter is one of ``kinds``, or None.

    >>> mesh_curie("D006528", "D"), mesh_curie("Q000188", "D"), mesh_curie("", "D")
    ('mesh:D006528', None, None)
    """
    found = (identifier or "").strip()
    return f"mesh:{found}" if _UI.fullmatch(found) and found[0] in kinds else None


def registry_number(words: str) -> str | None:
    """Give the number of a trial registry that the words are, as the registry writes it, or None.

    >>> registry_number("nct 00105443"), registry_number("NCT0010544"), registry_number("AB123456")
    ('NCT00105443', None, None)
    """
    tight = re.sub(r"\s", "", words)
    if re.fullmatch(r"NCT\d{8}", tight, re.ASCII | re.IGNORECASE):
        return tight.upper()
    return words.strip() if REGISTRY_NUMBER.fullmatch(words.strip()) else None


def is_registration(label: str) -> bool:
    """Say whether a label announces a registration.

    >>> is_registration("TRIAL REGISTRATION"), is_registration("METHODS")
    (True, False)
    """
    return _REGISTRATION.fullmatch(label.strip()) is not None


def published(dated: str) -> str | None:
    """Write a printed date as far as it is one: a season or a span of months leaves the year.

    >>> published("2018 May 17"), published("2014 Jan-Feb"), published("2000 Spring"), published("1998 Dec 20-27")
    ('2018-05-17', '2014', '2000', '1998-12')
    >>> published("2014 Feb 31"), published("in press")
    ('2014-02', None)
    """
    match = _DATED.match(dated)
    if not match:
        return None
    month = (match["month"] or "").casefold()
    if month not in MONTHS:
        return match["year"]
    number = MONTHS.index(month) + 1
    try:
        return date(int(match["year"]), number, int(match["day"] or "")).isoformat()
    except ValueError:
        return f"{match['year']}-{number:02}"


def month_name(month: str) -> str:
    """Write a month in three letters, whether the record has its number, its name or its three letters.

    >>> month_name("05"), month_name("September"), month_name("Apr")
    ('May', 'Sep', 'Apr')
    """
    if month.isdecimal() and 1 <= int(month) <= 12:
        return MONTHS[int(month) - 1].capitalize()
    return month[:3].capitalize() if month[:3].casefold() in MONTHS else month


# --- the text -------------------------------------------------------------------------------------------------------
