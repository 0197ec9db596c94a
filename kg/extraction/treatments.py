"""Arms as parts of the study, and what was given in them: drug or radiation, dose, schedule, sequence, target."""

import re
from decimal import Decimal
from typing import Any

import msgspec

from picograph.kg.extraction.abstract import Abstract, Span
from picograph.kg.extraction.lexicon import Hit
from picograph.kg.extraction.numbers import NumberKind
from picograph.kg.extraction.page import Line
from picograph.kg.extraction.places import places, slug
from picograph.kg.extraction.text import SectionKind
from picograph.kg.results import Quantity
from picograph.kg.study import Arm, Intervention, InterventionKind, Role, Timing

_KIND = {
    "drug": InterventionKind.DRUG,
    "radiation": InterventionKind.RADIATION,
    "procedure": InterventionKind.PROCEDURE,
    "behavioural": InterventionKind.BEHAVIOURAL,
}
_GIVEN = re.compile(
    r"\b(?:were treated (?:with|by)|was treated (?:with|by)|treated with|received|were given|underwent"
    r"|was administered|were administered|receiving)\b",
    re.IGNORECASE,
)
_FREQUENCY = (
    (
        "2/d",
        re.compile(
            r"\b(?:twice (?:daily|a day|per day)|two times (?:daily|a day|per day)|b\.?i\.?d\.?(?!\w)"
            r"|every 12 h(?:ours)?)",
            re.IGNORECASE,
        ),
    ),
    (
        "3/d",
        re.compile(
            r"\b(?:three times (?:daily|a day|per day)|thrice daily|t\.?i\.?d\.?(?!\w)|every 8 h(?:ours)?)",
            re.IGNORECASE,
        ),
    ),
    ("4/d", re.compile(r"\b(?:four times (?:daily|a day|per day)|q\.?i\.?d\.?(?!\w))", re.IGNORECASE)),
    (
        "/d",
        re.compile(
            r"\b(?:once (?:daily|a day|per day)|daily|every day|per day|q\.?d\.?(?!\w)|/d(?:ay)?\b)", re.IGNORECASE
        ),
    ),
    ("2/wk", re.compile(r"\b(?:twice (?:weekly|a week|per week))", re.IGNORECASE)),
    ("/wk", re.compile(r"\b(?:once (?:weekly|a week|per week)|weekly|every week)\b(?! for)", re.IGNORECASE)),
    ("/mo", re.compile(r"\b(?:once (?:monthly|a month)|monthly|every month)\b", re.IGNORECASE)),
)
_ROUTE = re.compile(
    r"\b(?P<route>oral(?:ly)?|intravenous(?:ly)?|subcutaneous(?:ly)?|intramuscular(?:ly)?|intra-?arterial(?:ly)?"
    r"|topical(?:ly)?|intrathecal(?:ly)?|transdermal(?:ly)?|p\.o\.|i\.v\.|IV|PO)(?!\w)",
)
_ROUTES = {"p.o.": "oral", "po": "oral", "i.v.": "intravenous", "iv": "intravenous"}
_TIMING = (
    (
        Timing.CONCURRENT,
        re.compile(r"\bconcurrent(?:ly)?\b|\bconcomitant(?:ly)?\b|\bsimultaneous(?:ly)?\b", re.IGNORECASE),
    ),
    (Timing.SEQUENTIAL, re.compile(r"\bsequential(?:ly)?\b", re.IGNORECASE)),
    (Timing.INDUCTION, re.compile(r"\binduction\b", re.IGNORECASE)),
    (Timing.NEOADJUVANT, re.compile(r"\bneo-?adjuvant\b|\bpreoperative\b", re.IGNORECASE)),
    (Timing.ADJUVANT, re.compile(r"(?<!neo)(?<!neo-)\badjuvant\b", re.IGNORECASE)),
    (Timing.MAINTENANCE, re.compile(r"\bmaintenance\b", re.IGNORECASE)),
)
_START = re.compile(
    r"\b(?:from|at|with) the (?:commencement|start|beginning|initiation|onset"
    r"|first day) of (?P<what>[A-Za-z][\w-]*(?: [a-z][\w-]*){0,2}?)(?= at\b| and\b| with\b|[,.;)]|$)"
)
_ENDING = (
    r"(?:progression|relapse|recurrence|toxicity|toxicities|intolerance|adverse events?|death|withdrawal"
    r"|refusal|decision)"
)
_STOP = re.compile(
    rf"\b(?:until|till|up to|continued to) (?P<list>(?:[\w/-]+,? ){{0,4}}?{_ENDING}\b"
    rf"(?:[^.;]{{0,50}}?\b{_ENDING}\b){{0,5}})",
    re.IGNORECASE,
)
_FRACTIONS = re.compile(r"\bin (?P<n>\d{1,2}) (?:daily |equal )?(?:fractions|fx)\b", re.IGNORECASE)
_EACH = re.compile(r"\b(?:per|/|a|each) ?(?:fraction|fx|day)|\bfractions? of\b|\bboost\b", re.IGNORECASE)
_TARGET = re.compile(
    r"\b(?:was|were) (?:also )?(?:irradiated|included in the (?:target|radiation field|treatment field)|targeted)\b",
    re.IGNORECASE,
)


def arms_and_interventions(abstract: Abstract) -> tuple[tuple[Arm, ...], tuple[Intervention, ...], list[Span]]:
    """Give the arms, what was given in them, and the words that tell how many arms there are."""
    if abstract.arms:
        return _compared(abstract)
    if abstract.single:
        return _alone(abstract)
    return (), (), []


def _alone(abstract: Abstract) -> tuple[tuple[Arm, ...], tuple[Intervention, ...], list[Span]]:
    """One group: who was treated with what stands in one sentence of the methods."""
    for index, line in enumerate(abstract.page.lines):
        if line.section not in {SectionKind.METHODS, SectionKind.RESULTS} or abstract.enrolled is None:
            continue
        size = abstract.enrolled
        if not line.start <= size.span[0] < line.end:
            continue
        match = _GIVEN.search(abstract.folded, size.span[1], line.end)
        if not match:
            continue
        given = [
            hit for hit in abstract.hits[index] if hit.kind in _KIND and line.tokens[hit.first].start >= match.end()
        ]
        given = [
            hit for hit in given if not _before_words(abstract, line, hit).endswith(("prior ", "previous ", "no "))
        ]
        if not given:
            continue
        stop = max(line.tokens[hit.last - 1].end for hit in given)
        span = (size.span[0], stop)
        hits = {hit.label: (index, hit) for hit in reversed(given)}
        interventions = tuple(
            _intervention(abstract, where, hit, match.end()) for where, hit in reversed(list(hits.values()))
        )
        label = " and ".join(each.label for each in interventions)
        arm = Arm(
            key=slug(label),
            label=label,
            role=Role.SINGLE,
            enrolled=size.people,
            interventions=tuple(each.key for each in interventions),
            confidence=Decimal("0.9"),
            evidence=places(span),
        )
        return (arm,), interventions, [span]
    return (), (), []


def _compared(abstract: Abstract) -> tuple[tuple[Arm, ...], tuple[Intervention, ...], list[Span]]:
    interventions: dict[str, Intervention] = {}
    arms: list[Arm] = []
    for arm in abstract.arms:
        mine = []
        for hit in arm.treatments:
            if hit.kind not in _KIND:
                continue
            made = _intervention(abstract, arm.line, hit, arm.start)
            interventions.setdefault(made.key, made)
            if made.key not in mine:
                mine.append(made.key)
        spans: list[Span] = [(arm.start, arm.end)]
        count = None
        if arm.size and arm.size.value:
            count = int(arm.size.value)
            spans.append((arm.size.start, arm.size.end))
        arms.append(
            Arm(
                key=_unique(slug(arm.label), arms),
                label=abstract.name(arm.label),
                role=arm.role,
                enrolled=count,
                interventions=tuple(mine),
                confidence=Decimal("0.85") if count else Decimal("0.75"),
                evidence=places(*spans),
            )
        )
    return tuple(arms), tuple(interventions.values()), [(arm.start, arm.end) for arm in abstract.arms]


def _unique(key: str, arms: list[Arm]) -> str:
    taken = {arm.key for arm in arms}
    return key if key not in taken else f"{key}-{len(arms) + 1}"


def _before_words(abstract: Abstract, line: Line, hit: Hit) -> str:
    start = line.tokens[hit.first].start
    return abstract.folded[max(line.start, start - 14) : start].lower()


def _intervention(abstract: Abstract, index: int, hit: Hit, since: int) -> Intervention:
    """Make an intervention of a treatment, with all that its own sentences say of it."""
    line = abstract.page.lines[index]
    label = abstract.shorts.get(hit.label, hit.label)
    spans: list[Span] = [(line.tokens[hit.first].start, line.tokens[hit.last - 1].end)]
    values: dict[str, Any] = {}
    timing, timing_span = _timing(abstract, line, hit)
    if timing:
        values["timing"] = timing
        spans.append(timing_span)
    for number, other in enumerate(abstract.page.lines):
        if other.section not in {SectionKind.METHODS, SectionKind.OPEN} and number != index:
            continue
        same = [each for each in abstract.hits[number] if each.label == hit.label and each.kind == hit.kind]
        if not same:
            continue
        found = _dose(abstract, number, same[0], number == index)
        for name, (value, span) in found.items():
            if name not in values:
                values[name] = value
                spans.append(span)
    if hit.kind == "radiation":
        for name, (value, span) in _target(abstract).items():
            values[name] = value
            spans.append(span)
    return Intervention(
        key=slug(label), label=label, kind=_KIND[hit.kind], confidence=Decimal("0.9"), evidence=places(*spans), **values
    )


def _timing(abstract: Abstract, line: Line, hit: Hit) -> tuple[tuple[Timing, ...], Span]:
    """Read the words of sequence right before a treatment: ``with concurrent and sequential X``."""
    start = line.tokens[hit.first].start
    match = re.search(
        r"(?P<words>(?:(?:concurrent|concomitant|simultaneous|sequential|adjuvant|neo-?adjuvant|maintenance"
        r"|induction)(?:ly)?(?:,? and |, | or | )?){1,3})$",
        abstract.folded[max(line.start, start - 60) : start],
        re.IGNORECASE,
    )
    if not match:
        return (), (0, 0)
    words = match["words"]
    found = tuple(timing for timing, pattern in _TIMING if pattern.search(words))
    return found, (start - len(words), line.tokens[hit.last - 1].end)


def _dose(abstract: Abstract, index: int, hit: Hit, named: bool) -> dict[str, tuple[Any, Span]]:
    """Read the dose, the frequency, the route, the start and the end that a sentence gives a treatment."""
    line, folded = abstract.page.lines[index], abstract.folded
    begin, end = line.tokens[hit.first].start, line.tokens[hit.last - 1].end
    others = [
        line.tokens[each.first].start
        for each in abstract.hits[index]
        if each.kind in _KIND and each.first > hit.first and each.label != hit.label
    ]
    found: dict[str, tuple[Any, Span]] = {}
    radiation = hit.kind == "radiation"
    doses = [
        each
        for each in line.mentions
        if each.kind in {NumberKind.DOSE, NumberKind.RANGE}
        and each.unit
        and (each.unit in {"Gy", "cGy"}) == radiation
        and _is_dose(each.unit, radiation)
    ]
    if radiation:
        dose = _radiation_dose(abstract, line, doses)
        if dose:
            found["dose"] = dose
        if match := _FRACTIONS.search(folded, line.start, line.end):
            found["fractions"] = (Quantity(unit="{fractions}", value=Decimal(match["n"])), match.span())
        return found
    mine = [each for each in doses if each.start >= end]
    stop = _dose_stop(abstract, line, hit, others, mine[0].start if mine else end)
    mine = [each for each in mine if each.start < stop and each.start - end < 90 and each.kind is NumberKind.DOSE]
    if len(mine) == 1 or (mine and mine[0].start - end < 12):
        dose_mention = mine[0]
        clause = _clause_end(abstract, line, dose_mention.end, stop)
        unit = dose_mention.unit
        value = Quantity(unit=unit, value=dose_mention.value)
        tail = dose_mention.end
        for code, pattern in _FREQUENCY:
            if match := pattern.search(folded, dose_mention.end, clause):
                if match.start() - dose_mention.end < 25:
                    found["frequency"] = (code, (begin, match.end()))
                    tail = match.end()
                break
        if unit.endswith(("/d", "/wk")):
            unit, _, per = unit.rpartition("/")
            value = Quantity(unit=unit, value=dose_mention.value)
            found["frequency"] = (f"/{per}", (begin, dose_mention.end))
        found["dose"] = (value, (begin, tail))
        route = _ROUTE.search(folded, max(line.start, begin - 16), begin) or _ROUTE.search(folded, end, clause)
        if route:
            found["route"] = (_route(route["route"]), route.span("route"))
    if len({each.label for each in abstract.hits[index] if each.kind in {"drug"}}) == 1 and not named:
        if match := _START.search(folded, end, line.end):
            found["start"] = (f"start of {abstract.name(match['what'])}", match.span())
        if match := _STOP.search(folded, end, line.end):
            found["stop"] = (_conditions(abstract, match["list"]), (match.start(), match.end()))
    return found


def _is_dose(unit: str, radiation: bool) -> bool:
    bare = unit.split("/")[0]
    return radiation or bare in {"mg", "g", "ug", "[iU]", "mL", "auc", "ng"}


def _dose_stop(abstract: Abstract, line: Line, hit: Hit, others: list[int], dose: int) -> int:
    """Say where another treatment takes over: its name, unless it stands inside "of X at a dose of"."""
    later = [start for start in others if start < dose]
    if later and re.search(r"\bat a (?:daily )?dose of\b|\bdose of\b", abstract.folded[max(later) : dose]):
        return min((start for start in others if start > dose), default=line.end)
    return min(others, default=line.end)


def _clause_end(abstract: Abstract, line: Line, at: int, stop: int) -> int:
    match = re.compile(r"[;.]\s| or | plus | followed by | versus ").search(abstract.folded, at, min(stop, line.end))
    return match.start() if match else min(stop, line.end)


def _route(words: str) -> str:
    lower = words.casefold()
    return _ROUTES.get(lower, lower.removesuffix("ly") if lower != "oral" else lower)


def _radiation_dose(abstract: Abstract, line: Line, doses: list[Any]) -> tuple[Quantity, Span] | None:
    """Read a total dose: one value, or a range with its median; the dose of each fraction is another thing."""
    total = [
        each
        for each in doses
        if not _EACH.search(abstract.folded, each.end, min(each.end + 16, line.end))
        and not re.search(r"fractions? of\s*$", abstract.folded[max(line.start, each.start - 14) : each.start])
    ]
    ranges = [each for each in total if each.kind is NumberKind.RANGE]
    single = [each for each in total if each.kind is NumberKind.DOSE]
    start = total[0].start if total else -1
    lead = re.compile(
        r"(?:the )?(?:[\w-]+ ){0,3}dose(?:s)? (?:ranged from|ranging from|was|were|of|range was|between)\s*$",
        re.IGNORECASE,
    )
    unit = total[0].unit if total else ""
    if len(ranges) == 1 and len(single) <= 1 and all(each.unit == unit for each in total):
        low, high = ranges[0].low, ranges[0].high
        values: dict[str, Any] = {"low": low, "high": high}
        if single:
            before = abstract.folded[max(line.start, single[0].start - 22) : single[0].start].casefold()
            if "median" in before:
                values["median"] = single[0].value
            elif "mean" in before:
                values["mean"] = single[0].value
            else:
                return None
    elif len(single) == 1 and not ranges:
        before = abstract.folded[max(line.start, start - 30) : start].casefold()
        values = {"median" if "median" in before else "mean" if "mean" in before else "value": single[0].value}
    else:
        return None
    window = max(line.start, start - 60)
    match = re.search(lead.pattern, abstract.folded[window:start], re.IGNORECASE)
    begin = window + match.start() if match else start
    end = max(each.end for each in total)
    if abstract.folded[end : end + 1] == ")":
        end += 1
    return Quantity(unit=unit, **values), (begin, end)


def _target(abstract: Abstract) -> dict[str, tuple[Any, Span]]:
    """Read what else was irradiated: ``portal vein thrombosis was found in 24 patients and was irradiated``."""
    for index, line in enumerate(abstract.page.lines):
        if line.section is not SectionKind.METHODS:
            continue
        match = _TARGET.search(abstract.folded, line.start, line.end)
        if not match:
            continue
        row = abstract.rows[index]
        heads = [item for item in row.items if item.letter in "EN" and item.end <= match.start()]
        if len(heads) == 1 and row.items.index(heads[0]) <= 2:
            phrase = heads[0].data
            return {"target": ((abstract.name(phrase.words),), (phrase.start, match.end()))}
    return {}


def _conditions(abstract: Abstract, words: str) -> tuple[str, ...]:
    """Cut what ends a treatment into its conditions: ``clinical or radiologic progression, toxicity, or death``."""
    found = []
    for part in re.split(r",\s*(?:or|and)?\s*|\s+(?:or|and)\s+", words.strip()):
        part = part.strip()
        if part:
            found.append(part)
    # an adjective alone shares the noun of the one behind it
    joined: list[str] = []
    for position, part in enumerate(found):
        if " " not in part and part.endswith(("al", "ic", "able")) and position + 1 < len(found):
            noun = found[position + 1].split()[-1]
            part = f"{part} {noun}"
        joined.append(part)
    return tuple(dict.fromkeys(joined))


def with_arm(interventions: tuple[Intervention, ...]) -> tuple[Intervention, ...]:
    """Give interventions in one form."""
    return tuple(msgspec.structs.replace(each) for each in interventions)
