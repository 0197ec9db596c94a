"""Identifiers of studies and publications: registry numbers, DOIs and PMIDs, checked and put in one form.

Nothing here guesses: a text is an identifier by its whole form, or it is none.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote


class Registry(NamedTuple):
    """A registry of studies: the prefix of its numbers in a study key, its name, what a number looks like."""

    prefix: str
    name: str
    pattern: re.Pattern[str]
    form: str  # the one way to write a number, from the groups of the pattern


def _registry(prefix: str, name: str, pattern: str, form: str) -> Registry:
    return Registry(prefix, name, re.compile(pattern, re.ASCII | re.IGNORECASE), form)


# In the order in which they give a study its key. The patterns are those of github maia-sh/ctregistries,
# inst/extdata/registries.csv, which were tried on 10,000 PubMed records, without what may stand between the parts of a
# number in running text; where another source was used, it is named. No pattern holds a check digit: the rule for the
# last two digits of an EudraCT number is not published, and no other registry has one.
REGISTRIES: tuple[Registry, ...] = (
    # eight digits: github rfhb/ctrdata, R/util_functions.R
    _registry("nct", "ClinicalTrials.gov", r"NCT ?(\d{8})", "NCT{0}"),
    _registry("isrctn", "ISRCTN", r"ISRCTN ?(\d{8})", "ISRCTN{0}"),
    # The number of the European register has a middle part that begins with 0, the one of CTIS another digit and two
    # more digits, which count submissions: github rfhb/ctrdata, R/util_functions.R. Its countries may follow.
    _registry(
        "eudract", "EudraCT", r"(?:EUCTR|EudraCT)? ?(20\d{2})-(0\d{5})-(\d{2})(?:-[A-Z]{2,3}|-3rd)?", "{0}-{1}-{2}"
    ),
    _registry("ctis", "CTIS", r"(?:EU ?CT|CTIS)? ?(20\d{2})-([1-9]\d{5})-(\d{2})(?:-\d{2})?", "{0}-{1}-{2}"),
    _registry("drks", "DRKS", r"DRKS ?(000\d{5})", "DRKS{0}"),
    _registry("actrn", "ANZCTR", r"(?:ACTRN|ANZCTR) ?(126\d{11})p?", "ACTRN{0}"),
    _registry("chictr", "ChiCTR", r"ChiCTR ?(\d{8,10})", "ChiCTR{0}"),
    _registry("chictr", "ChiCTR", r"ChiCTR-?([A-Z]{3})-?(\d{8})", "ChiCTR-{0}-{1}"),
    _registry("jrct", "jRCT", r"jRCT ?([a-z0-9]\d{9})", "jRCT{0}"),
    _registry("umin", "UMIN-CTR", r"(?:UMIN|C) ?(0000\d{5})", "UMIN{0}"),
    _registry("japiccti", "JapicCTI", r"Japic ?CTI-?(\d{6})", "JapicCTI-{0}"),
    _registry("jmaiia", "JMACCT", r"JMA-?IIA(00\d{3})", "JMA-IIA{0}"),
    _registry("ctri", "CTRI", r"CTRI ?/?(20\d{2})/(\d{2,3})/(\d{6})", "CTRI/{0}/{1}/{2}"),
    _registry("kct", "CRiS", r"KCT ?(\d{7})", "KCT{0}"),
    _registry("irct", "IRCT", r"IRCT ?(20\d{10,12}N\d{1,3})", "IRCT{0}"),
    _registry("ntr", "NTR", r"NTR ?(\d{2,4})", "NTR{0}"),
    _registry("nl", "NTR", r"NL(\d{2,4})", "NL{0}"),
    _registry("pactr", "PACTR", r"PACTR ?(20\d{13,14})", "PACTR{0}"),
    _registry("rebec", "ReBec", r"RBR-?(\d\w{5})", "RBR-{0}"),
    _registry("repec", "REPEC", r"PER-(\d{3})-(\d{2})", "PER-{0}-{1}"),
    _registry("rpcec", "RPCEC", r"RPCEC ?(0{5}\d{3})", "RPCEC{0}"),
    _registry("slctr", "SLCTR", r"SLCTR/?(20\d{2})/(\d{3})", "SLCTR/{0}/{1}"),
    _registry("tctr", "TCTR", r"TCTR ?(20\d{9})", "TCTR{0}"),
    _registry("lbctr", "LBCTR", r"LBCTR ?(20\d{8})", "LBCTR{0}"),
)
_DOI = re.compile(r"10\.[0-9]{4,9}/[^\s\x00-\x20\x7f]+")  # DOI Handbook, 2.2; the prefix as the model has it
_PMID = re.compile(r"[1-9][0-9]{0,8}")
_BEFORE_DOI = re.compile(r"(?:https?://)?(?:dx\.)?doi\.org/|doi[: ]\s*", re.IGNORECASE)
_BEFORE_PMID = re.compile(
    r"https?://(?:pubmed\.ncbi\.nlm\.nih\.gov|www\.ncbi\.nlm\.nih\.gov/pubmed)/|pmid[: ]\s*", re.I
)
# what MEDLINE and registries write before a number: the name of the data bank, an address
_BEFORE_NUMBER = re.compile(
    r"https?://\S+[/=](?=\w)|(?:ClinicalTrials\.gov|ISRCTN|EudraCT|ANZCTR|ChiCTR|CRiS|CTRI|DRKS|JPRN|NTR|PACTR|UMIN-CTR)"
    r"(?: (?:number|identifier|id))?[/:,] ?|JPRN-",
    re.IGNORECASE,
)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
SCHEMES: tuple[str, ...] = (*dict.fromkeys(registry.prefix for registry in REGISTRIES), "doi", "pmid")


def _plain(text: str) -> str:
    """Put a text in the characters that identifiers are made of, without what printing added around it."""
    text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE).translate(_DASHES)).strip()
    while text and (
        text[-1] in ".,;:'\"" or (text[-1] in _PAIRS and text.count(text[-1]) > text.count(_PAIRS[text[-1]]))
    ):
        text = text[:-1].rstrip()
    return text


@lru_cache(maxsize=65_536)  # a record is asked for the same ones several times
def identifier(text: str) -> str | None:
    """Give the one form of the identifier that a text is, as it stands in a study key; None where it is none.

    Registry numbers, DOIs and PMIDs are known, the last two by what stands before them; a bare number is nothing.

    >>> identifier("nct 02149199"), identifier("https://doi.org/10.1056/NEJMoa1715274.")
    ('NCT02149199', 'doi:10.1056/nejmoa1715274')
    >>> identifier("ISRCTN１０１７５４９０"), identifier("2004‐002714‐11"), identifier("PMID: 29768149")
    ('isrctn:ISRCTN10175490', 'eudract:2004-002714-11', 'pmid:29768149')
    >>> identifier("NCT1234"), identifier("R01DC011020"), identifier("29768149")
    (None, None, None)
    """
    plain = _plain(text)
    if found := _BEFORE_PMID.match(plain):
        number = plain[found.end() :].rstrip("/")
        return f"pmid:{number}" if _PMID.fullmatch(number) else None
    if found := _BEFORE_DOI.match(plain):
        rest = plain[found.end() :]
        return _doi(unquote(rest) if "doi.org/" in found[0].lower() else rest)
    if plain.startswith("10."):
        return _doi(plain)
    return _number(plain) or next(
        (_number(plain[found.end() :]) for found in (_BEFORE_NUMBER.match(plain), _PREFIX.match(plain)) if found), None
    )


_PREFIX = re.compile(rf"(?:{'|'.join(SCHEMES)}):", re.IGNORECASE)


def _doi(text: str) -> str | None:
    plain = _plain(text)
    return "doi:" + plain.lower() if _DOI.fullmatch(plain) else None


def _number(text: str) -> str | None:
    for registry in REGISTRIES:
        if found := registry.pattern.fullmatch(text):
            groups = found.groups()
            small = registry.prefix in ("jrct", "rebec")
            number = registry.form.format(*(group.lower() if small else group.upper() for group in groups))
            return number if registry.prefix == "nct" else f"{registry.prefix}:{number}"
    return None


def scheme(key: str) -> str:
    """Give the scheme of an identifier in its one form: the prefix of a registry, doi or pmid.

    >>> scheme("NCT02149199"), scheme("isrctn:ISRCTN10175490"), scheme("doi:10.1056/nejmoa1715274")
    ('nct', 'isrctn', 'doi')
    """
    return "nct" if key.startswith("NCT") else key.partition(":")[0]


def is_registry_number(key: str) -> bool:
    """Say whether an identifier in its one form is the number of a registry."""
    return scheme(key) not in ("doi", "pmid") and scheme(key) in SCHEMES


def node_of(document: str) -> str:
    """Give the identifier that a document is called by, or a key made from what it is called.

    >>> node_of("PMID: 29768149"), node_of("a thesis")
    ('pmid:29768149', 'document:a%20thesis')
    """
    return identifier(document) or "document:" + quote(document, safe=":/.-_~")
