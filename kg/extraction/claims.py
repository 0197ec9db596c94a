"""What authors say goes with what, and what they conclude: associations with a direction, conclusions as labels."""

import re
from decimal import Decimal

from picograph.kg.extraction.abstract import Abstract
from picograph.kg.extraction.phrases import Item, Phrase
from picograph.kg.extraction.places import places, slug, whole_words
from picograph.kg.extraction.results import Results
from picograph.kg.extraction.text import SectionKind
from picograph.kg.extraction.tokens import sign_of
from picograph.kg.results import Association, Direction, PValue, Threshold
from picograph.kg.study import Conclusion, OutcomeKind

_ASSOCIATED = re.compile(
    r"\b(?:was|were|is|are)\s+(?:an?\s+)?(?P<not>not\s+)?(?:significantly\s+|independently\s+|strongly\s+"
    r"|also\s+)*(?:associated|correlated)\s+with\b",
    re.IGNORECASE,
)
_WORSE = re.compile(
    r"\b(?:inferior|worse|poor(?:er)?|short(?:er|ened)|reduced|decreased|lower|unfavou?rable|adverse|dismal"
    r"|impaired)\b",
    re.IGNORECASE,
)
_BETTER = re.compile(r"\b(?:superior|better|improved|longer|prolonged|favou?rable|increased|higher)\b", re.IGNORECASE)
_LABELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "use {what} with caution",
        re.compile(
            r"\bwith (?:great |extreme )?caution\b|\bused cautiously\b|\bcaution (?:is|should)\b", re.IGNORECASE
        ),
    ),
    (
        "should not be used",
        re.compile(r"\bshould not be (?:used|recommended|considered|offered)\b|\bnot recommended\b", re.IGNORECASE),
    ),
    (
        "well tolerated",
        re.compile(
            r"(?<!not )(?<!less )\bwell[- ]tolerated\b|\bacceptable (?:toxicity|tolerability|safety)\b|\btolerable\b",
            re.IGNORECASE,
        ),
    ),
    ("feasible", re.compile(r"(?<!not )\bfeasible\b", re.IGNORECASE)),
    (
        "safe",
        re.compile(
            r"(?<!not )\b(?:is|are|was|were|appears?(?: to be)?|seems?(?: to be)?|be) (?:\w+ )?safe\b", re.IGNORECASE
        ),
    ),
    (
        "should be considered",
        re.compile(r"\bshould be (?:considered|recommended|offered)\b|\bmay be considered\b", re.IGNORECASE),
    ),
    (
        "no benefit",
        re.compile(
            r"\b(?:no|did not provide|without) (?:\w+ ){0,3}(?:benefit|advantage)\b"
            r"|\bdid not (?:significantly )?improve\b",
            re.IGNORECASE,
        ),
    ),
    (
        "needs further investigation",
        re.compile(
            r"\b(?:needs?|warrants?|requires?|deserves?|merits?|warranted|needed"
            r"|required)\b(?: to be)?[^.;]{0,30}\b(?:investigat|evaluat|stud|trial|research|validat|confirm)"
            r"|\b(?:further|larger|additional)\b[^.;]{0,50}\b(?:warranted|needed|required|necessary)\b",
            re.IGNORECASE,
        ),
    ),
)


def associations_of(abstract: Abstract, results: Results, arm: str | None) -> list[Association]:
    """Read factors that go with an outcome, and which way; what is said twice is one association."""
    found = []
    for row in abstract.rows.values():
        line = row.line
        if line.section not in {SectionKind.RESULTS, SectionKind.CONCLUSIONS}:
            continue
        match = _ASSOCIATED.search(abstract.folded, line.start, line.end)
        if not match:
            continue
        # the outcome ends the clause
        stop = re.compile(r"[;(]|\bwhile\b|\bwhereas\b|\bbut\b|\bcompared\b").search(
            abstract.folded, match.end(), line.end
        )
        end = stop.start() if stop else line.end
        outcomes = [item for item in row.items if item.letter in "SE" and match.end() <= item.start < end]
        before = [item for item in row.items if item.end <= match.start()]
        factor = _factor(abstract, before)
        if len(outcomes) != 1 or factor is None:
            continue
        said = abstract.folded[match.end() : end]
        worse, better = _WORSE.search(said), _BETTER.search(said)
        if match["not"]:
            direction = Direction.NONE
        elif bool(worse) == bool(better):
            continue
        else:
            direction = Direction.WORSE if worse else Direction.BETTER
        phrase: Phrase = outcomes[0].data
        if phrase.kind != "survival" or any(item.letter in "AX" for item in before):
            continue  # "higher toxicity" is worse, "longer survival" better; what a treatment does is no factor
        name, threshold, start = factor
        label = (
            phrase.label
            if phrase.kind == "survival" and phrase.words.casefold() in {phrase.label, phrase.words.casefold().upper()}
            else abstract.name(phrase.words)
        )
        kind = OutcomeKind.TIME_TO_EVENT if phrase.kind == "survival" else None
        p = next((item.data for item in row.items if item.letter == "P" and item.start > match.end()), None)
        finish = outcomes[0].end
        found.append(
            Association(
                factor=name,
                threshold=threshold,
                outcome=results.outcome(slug(label), label, kind, (phrase.start, phrase.end)),
                direction=direction,
                p=PValue(value=p.value, sign=p.sign) if p is not None and p.value is not None else None,
                arm=arm,
                confidence=Decimal("0.85"),
                evidence=places((start, finish)),
            )
        )
    return found


def _factor(abstract: Abstract, items: list[Item]) -> tuple[str, Threshold | None, int] | None:
    """Read a factor at the head of a clause: a scale with a threshold, or a plain noun phrase."""
    items = [item for item in items if item.letter not in ","]
    if not items:
        return None
    first = items[0]
    text = abstract.folded
    words = text[first.start : items[-1].end]
    match = re.fullmatch(
        r"(?:(?:an?|the|having|baseline"
        r"|pretreatment)\s+)?(?P<name>[A-Za-z][\w\s/'-]*?(?:\s?\((?P<short>[A-Za-z][\w/+-]{1,11})\))?(?:\s(?:score"
        r"|class|stage|status|grade|level|index|size|age|ratio|count))?)"
        r"\s*(?:of\s+)?(?:(?P<sign>[<>≤≥=]{1,2}|&[lg][et];)\s*(?P<value>\d+(?:\.\d+)?))?",
        words,
        re.IGNORECASE,
    )
    if not match or len(match["name"].split()) > 12:
        return None
    name = match["name"].strip()
    if match["short"]:
        tail = name[name.index(")") + 1 :].strip()
        name = f"{match['short']} {tail}".strip()
        if not tail:
            name = abstract.shorts.get(match["short"], name)
    elif not match["value"] and (len(name.split()) > 6 or any(item.letter in "HOBZF" for item in items)):
        return None
    threshold = None
    if match["value"]:
        threshold = Threshold(value=Decimal(match["value"]), sign=sign_of(match["sign"]))  # type: ignore[arg-type]
    start = first.start
    lead = re.search(r"\b(?:an?|the)\s$", text[max(0, start - 4) : start], re.IGNORECASE)
    if lead:
        start -= len(lead[0])
    lowered = name if any(letter.isupper() for letter in name[1:]) else name[:1].lower() + name[1:]
    return lowered, threshold, start


def conclusions_of(abstract: Abstract) -> list[Conclusion]:
    """Read what the authors conclude, as a short label; a clause that draws none of a known kind is left out."""
    found = []
    for line in abstract.page.lines:
        if line.section is not SectionKind.CONCLUSIONS:
            continue
        at = line.start
        for piece in re.split(r"(;\s+)", abstract.folded[line.start : line.end]):
            start, at = at, at + len(piece)
            labels = [label for label, pattern in _LABELS if pattern.search(piece)]
            if not labels:
                continue
            what = "it"
            if subject := re.search(
                r"\bthe (combination|treatment|regimen|drug|procedure|therapy)\b", piece, re.IGNORECASE
            ):
                what = f"the {subject[1].lower()}"
            end = start + len(piece.rstrip(" .;"))
            labels = [label.format(what=what) for label in labels]
            found.append(
                Conclusion(
                    label="; ".join(labels),
                    confidence=Decimal("0.8"),
                    evidence=places(whole_words(abstract.folded, start, end)),
                )
            )
    return found
