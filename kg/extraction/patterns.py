"""How sentences join numbers to events: patterns over the letters of a row (`phrases.LETTERS`).

Each pattern names two groups: ``heads`` (events, outcomes) and ``vals`` (numbers). A pattern is tried everywhere in
a row, the earliest match wins, and at one place the one that stands first in the table. What fits no pattern gives no
fact: a sentence that is not understood is passed over.
"""

import re
from typing import NamedTuple

BRACKET = r"(?:\([^()]{0,40}\))"
ARM = r"(?:,?[iowftb]?x?p?[iow]?(?:A(?:p|x(?![a-zA-Z]))?(?!(?:,A)+,?[av]A)(?!,?[av]Ap?(?:,?y|[^F(=:,]))|Y))"
FIGURE = r"F(?:o?x?p)?"
VALUE = rf"{FIGURE}{BRACKET}?{ARM}?"
VALUES = rf"{VALUE}(?:(?:,?[av]|[,;])(?:i)?{VALUE}){{0,5}}(?:,?[iowf]?A(?:(?:,|,?[av])A){{1,7}}p?)?(?:,?y)?"
HEAD = rf"(?:T-?)?[ES]r?{BRACKET}?"
HEADS = rf"{HEAD}(?:(?:,a|,k|[,ak/])(?:T-?)?{HEAD}){{0,9}}"
WHEN = r"(?:,?(?:iT|[DW])){0,2}"
AMOUNT = rf"(?:[TLn]|L/T){BRACKET}?{ARM}?"
AMOUNTS = rf"{AMOUNT}(?:(?:,?[av]|[,;]){AMOUNT}){{0,5}}(?:,?[iowf]?A(?:(?:,|,?[av])A){{1,7}}p?)?(?:,?y)?"

_TABLE: tuple[tuple[str, str], ...] = (
    # 22 of 40 patients (55%) had nausea
    ("have", rf"(?P<vals>{VALUE}(?:(?:,a|[,a]){VALUE}){{0,3}}){WHEN},?H(?P<heads>{HEADS})"),
    # none had nausea
    ("none_have", rf"(?P<vals>0)(?:o?x?p)?{ARM}?H(?P<heads>{HEADS})"),
    # the median survival was 17 months in X and 12 months in Y
    (
        "median",
        rf"M(?P<heads>[SQ]{BRACKET}?(?:(?:,?a)S{BRACKET}?){{0,3}})(?P<mid>r?{WHEN}{ARM}?)B?=?(?P<vals>{AMOUNTS})",
    ),
    # the 2-year survival was 32%; the incidence of nausea was 12% in X and 5% in Y
    ("be", rf"(?P<rate>ro?f?)?(?P<heads>{HEADS})(?P<mid>r?{BRACKET}?{WHEN}{ARM}?)B(?:[iof])?(?P<vals>{VALUES})"),
    # the 1- and 2-year survival was 60% and 32%
    ("times", rf"(?P<times>(?:n-?,?){{1,3}}a?T-?)(?P<heads>S)r?{BRACKET}?{ARM}?B(?P<vals>{VALUES})"),
    # survival at 2 years was 32%
    ("at", rf"(?P<heads>S)r?{BRACKET}?(?P<time>,?iT(?:,?aT)?){ARM}?B(?P<vals>{VALUES})"),
    # nausea occurred in 12% of patients
    ("occur", rf"(?P<heads>{HEADS}){WHEN}O(?:[iobwf]|,)?(?P<vals>{VALUES})"),
    # nausea was more frequent with X than with Y (12% v 5%)
    (
        "compare",
        rf"(?P<heads>[ES])r?{BRACKET}?{WHEN}[BO][xm]{{0,3}}[iowft]?(?P<one>A)p?[xm]{{0,2}},?[cv][iowft]?(?P<two>A)p?{WHEN}"
        r"[:,]?\((?P<vals>[FT]v[FT]|[Fn]v[FT])(?P<rest>[^()]*)\)",
    ),
    # nausea was less frequent (5% v 12%) with X than with Y
    (
        "compare",
        rf"(?P<heads>[ES])r?{BRACKET}?{WHEN}[BO][xm]{{0,3}}\((?P<vals>[FT]v[FT]|[Fn]v[FT])(?P<rest>[^()]*)\)"
        r"[iowft]?(?:xo)?(?P<one>A)p?[xm]{0,2},?[cv][iowft]?(?:xo)?(?P<two>A)p?",
    ),
    # nausea (X: 12%; Y: 5%)
    (
        "arms_bracket",
        r"(?P<heads>[ES])r?[^EFSAJ();]{0,14}\((?P<vals>A[:,=]?F(?:(?:,?[va]|[,;])A[:,=]?F){1,4})(?P<rest>[^()EFA]*)\)",
    ),
    # nausea did not differ (12% in the X arm and 5% in the Y arm)
    (
        "each_bracket",
        rf"(?P<heads>[ES])r?[^EFSAJ();]{{0,14}}\((?P<vals>F{ARM}(?:(?:,?[va]|[,;])F{ARM}){{1,4}})(?P<rest>[^()EFA]*)\)",
    ),
    # nausea with X (12%) and Y (5%)
    (
        "arms_first",
        r"(?P<heads>[ES])r?[^EFSAJ();]{0,8}(?P<vals>Ap?\(F[^()EFA]{0,8}\)(?:(?:,?[va]"
        r"|,)[iowf]{0,1}Ap?\(F[^()EFA]{0,8}\)){1,3})",
    ),
    # X and Y had nausea in 12% and 5%: (12% v 5%)
    ("bracket", rf"(?P<heads>(?:T-?)?[ES]r?){BRACKET}?[\(\[](?P<vals>F(?:,?[av]F)?)(?P<rest>[,;=PICxy]*)\)"),
    # nausea in 12% of patients
    ("in", rf"(?P<heads>E)i(?P<vals>{FIGURE}{ARM}?)"),
    # no deaths occurred
    ("none", r"(?P<vals>0)(?P<heads>E(?:(?:,k|[,ka])E){0,4})O"),
    # there were no deaths
    ("none_be", r"xB(?P<vals>0)(?P<heads>E(?:(?:,k|[,ka])E){0,4})(?=[.;,DiA])"),
    # 33 patients completed treatment
    ("flow", rf"(?P<vals>{VALUE}(?:(?:,a|[,a]){VALUE}){{0,3}}){WHEN}B?(?P<heads>Z)"),
)  # fmt: skip
PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in _TABLE)
# further numbers of a list: ... had nausea, 12% vomiting and 5% diarrhea
CHAIN = re.compile(rf"(?:,a|,|a)(?P<vals>{FIGURE})H?(?P<heads>E)(?!a?i?F|O|B|{BRACKET}?[BO])")


class Fit(NamedTuple):
    """A pattern that fits a row: which, and where its groups stand in the letters."""

    name: str
    start: int
    end: int
    heads: tuple[int, int]
    vals: tuple[int, int]
    match: re.Match[str]


def fits_of(letters: str) -> list[Fit]:
    """Give the patterns that fit a row, from its left, none over another.

    >>> [(fit.name, letters[slice(*fit.heads)], letters[slice(*fit.vals)])
    ...  for letters in ("FpHEW,aFHE.",) for fit in fits_of(letters)]
    [('have', 'E', 'Fp'), ('have', 'E', 'F')]
    """
    if "F" not in letters and "0" not in letters and "M" not in letters and "v" not in letters:
        return []
    found: list[tuple[int, int, Fit]] = []
    for order, (name, pattern) in enumerate(PATTERNS):
        for match in pattern.finditer(letters):
            found.append((match.start(), order, _fit(name, match)))
    found.sort(key=lambda each: (each[0], each[1]))
    kept: list[Fit] = []
    at = 0
    for start, _, fit in found:
        if start < at:
            continue
        kept.append(fit)
        at = fit.end
        if fit.name in {"have", "occur", "in"}:
            while chained := CHAIN.match(letters, at):
                kept.append(_fit("chain", chained))
                at = chained.end()
    return kept


def _fit(name: str, match: re.Match[str]) -> Fit:
    return Fit(name, match.start(), match.end(), match.span("heads"), match.span("vals"), match)
