"""What is asked of a reported number before it may be pooled: rules about one value, and rules about two.

A candidate is one reported number as a question's row gives it. Rules about one value (it is ambiguous, it is missing,
its report was retracted…) turn down that value. Rules about two values (another outcome, time, denominator…) say which
may never meet.
"""

import re
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from msgspec import Struct

from picograph.ontology.errors import UsageError

Kind = Literal["proportion", "survival", "ratio", "difference", "mean", "median", "other"]


class Candidate(Struct, frozen=True, kw_only=True):
    """One reported number that might be pooled, with all that decides whether it may."""

    study: str
    study_label: str = ""
    arm: str | None = None  # IRI
    arm_label: str = ""
    role: str | None = None  # of the arm
    alone: bool = False  # a contrast was asked for, and the study has no comparator
    comparator: str | None = None
    result: str = ""  # IRI of the result
    kind: Kind = "proportion"
    statistic: str | None = None
    outcome: str | None = None  # its concept, else its words
    outcome_words: str = ""
    category: str | None = None
    affected: int | None = None
    at_risk: int | None = None
    derived: bool = False  # the count was computed from a per cent
    denominator_kind: str | None = None
    counted: str | None = None  # what the denominator counts, where not participants
    comparator_affected: int | None = None
    comparator_at_risk: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None  # per cent; None: not reported
    unit: str | None = None
    time: str | None = None  # value and unit in one form, or a label
    time_origin: str | None = None
    criteria: str | None = None
    grade: str | None = None  # the range, such as >= 3
    attribution: str | None = None
    epoch: str | None = None
    serious: bool | None = None
    scale: str | None = None
    analysis_set: str | None = None
    randomised: bool | None = None
    events: int | None = None  # occurrences, not participants
    ambiguous: tuple[str, ...] = ()  # fields
    absence: str | None = None
    retracted: bool = False
    method: str = "curated"  # how its record was read
    document: str = ""
    year: int | None = None
    evidence: tuple[str, ...] = ()
    values: dict[str, float | str | None] = {}  # of the arm, for subgroups and moderators


class Single(NamedTuple):
    """A rule about one value: says why it may not be pooled, or nothing."""

    name: str
    summary: str
    check: Callable[[Candidate], str | None]


class Pair(NamedTuple):
    """A rule about two values: they may meet only where both have the same."""

    name: str
    summary: str
    of: Callable[[Candidate], object]
    told: str  # what differs, in words
    shown: Callable[[Candidate], object] | None = None  # what to show of it, if not what is compared


# --- rules about one value ------------------------------------------------------------------------------------


def _ambiguous(each: Candidate) -> str | None:
    return f"the source leaves open: {', '.join(each.ambiguous)}" if each.ambiguous else None


def _missing(each: Candidate) -> str | None:
    if each.absence:
        return each.absence
    if each.kind == "proportion":
        if each.affected is None and each.events is None:
            return "how many had it is not reported"
        if each.affected is not None and each.at_risk is None:
            return "a count without its denominator is no proportion"
        if each.comparator_at_risk is not None and each.comparator_affected is None:
            return "how many had it in the comparator arm is not reported"
    elif each.value is None:
        return "the number is not reported"
    return None


def _events(each: Candidate) -> str | None:
    if each.kind == "proportion" and each.affected is None and each.events is not None:
        return "occurrences are counted, not participants"
    return None


def _retracted(each: Candidate) -> str | None:
    return "its report was retracted" if each.retracted else None


def _no_interval(each: Candidate) -> str | None:
    if each.kind in ("survival", "ratio", "difference", "mean") and each.value is not None:
        if each.low is None or each.high is None:
            return "it has no interval, so how sure it is cannot be known"
        if each.level is None:
            return "the level of its interval is not reported, and is never assumed"
    return None


def _interval_misses(each: Candidate) -> str | None:
    if each.value is None or each.low is None or each.high is None or each.low <= each.value <= each.high:
        return None
    return "its interval does not hold it"


def _impossible(each: Candidate) -> str | None:
    both = ((each.affected, each.at_risk), (each.comparator_affected, each.comparator_at_risk))
    for affected, of in both:
        if affected is not None and of is not None and affected > of:
            return f"{affected} affected out of {of}"
    return None


def _median(each: Candidate) -> str | None:
    return "a median has no standard error: its range is described, not pooled" if each.kind == "median" else None


def _alone(each: Candidate) -> str | None:
    return "no arm of its study is known to be a comparator" if each.alone else None


def _no_scale(each: Candidate) -> str | None:
    return (
        f"a {each.statistic or 'number of an unknown kind'} has no scale to be pooled on"
        if each.kind == "other"
        else None
    )


def _empty(each: Candidate) -> str | None:
    return "nobody was at risk" if each.at_risk == 0 else None


SINGLES: tuple[Single, ...] = (
    Single("retracted", "A retracted report proves nothing.", _retracted),
    Single("ambiguous", "A value that the source leaves open is not one value.", _ambiguous),
    Single("no-comparator", "A contrast needs two arms of one study.", _alone),
    Single("events", "Occurrences are not participants.", _events),
    Single("missing", "What is not reported is not zero.", _missing),
    Single("impossible", "More affected than at risk is a mistake of the source.", _impossible),
    Single("nobody-at-risk", "A proportion of nobody is no number.", _empty),
    Single("median", "Medians have no standard error of their own.", _median),
    Single("no-scale", "Not every number can be pooled.", _no_scale),
    Single("no-interval", "An estimate without its uncertainty has no weight.", _no_interval),
    Single("interval", "An interval that does not hold its estimate is a mistake of the source.", _interval_misses),
)

# What a value is that cannot be pooled at all: no override makes a number of it.
FIRM = frozenset(
    {
        "missing",
        "impossible",
        "nobody-at-risk",
        "median",
        "no-scale",
        "no-comparator",
        "no-interval",
        "interval",
        "kind",
        "events",
    }
)

# --- rules about two values -----------------------------------------------------------------------------------


def _words(text: str | None) -> str | None:
    return text.casefold() if text else None


def _outcome(each: Candidate) -> str | None:
    return each.outcome_words or each.outcome


def _statistic(each: Candidate) -> str | None:
    return each.statistic if each.kind != "proportion" else None


PAIRS: tuple[Pair, ...] = (
    Pair("kind", "Proportion, survival probability and ratio are three things.", lambda c: c.kind, "kind of estimate"),
    Pair("statistic", "A hazard ratio is no odds ratio.", _statistic, "statistic"),
    Pair("outcome", "Different outcomes do not add up.", lambda c: _words(c.outcome), "outcome", _outcome),
    Pair("category", "Categories of one outcome are different outcomes.", lambda c: _words(c.category), "category"),
    Pair("criteria", "Response by other criteria is another outcome.", lambda c: c.criteria, "criteria"),
    Pair("time-point", "An outcome at another time is another outcome.", lambda c: c.time, "time"),
    Pair("time-origin", "Time from another start is another.", lambda c: _words(c.time_origin), "start of the time"),
    Pair("grade", "Events of other grades are other events.", lambda c: c.grade, "grade"),
    Pair("attribution", "Events of any cause are more than treatment's.", lambda c: c.attribution, "attribution"),
    Pair("epoch", "Each phase of treatment has events of its own.", lambda c: _words(c.epoch), "phase of treatment"),
    Pair("serious", "Serious is a class of its own.", lambda c: c.serious, "seriousness"),
    Pair("scale", "Grades of another scale are other grades.", lambda c: c.scale, "scale"),
    Pair("denominator", "The evaluable are not the enrolled.", lambda c: c.denominator_kind, "denominator"),
    Pair("analysis-set", "Per protocol is not intention to treat.", lambda c: _words(c.analysis_set), "analysis set"),
    Pair("design", "A randomised arm was not chosen as a single arm was.", lambda c: c.randomised, "design"),
    Pair("counted", "Lesions are not participants.", lambda c: _words(c.counted), "what is counted"),
    Pair("unit", "Numbers of other units do not add up.", lambda c: c.unit, "unit"),
)  # fmt: skip

OVERLAP = "overlap"
CONTROL = "shared-control"
RULES: dict[str, str] = {
    **{rule.name: rule.summary for rule in SINGLES},
    **{rule.name: rule.summary for rule in PAIRS},
    OVERLAP: "A participant counts once: one value of an arm, whatever reports it.",
    CONTROL: "A control arm counts once: contrasts that share it are not independent.",
}


def check_allowed(allowed: Iterable[str]) -> frozenset[str]:
    """Check the names of rules to set aside.

    :raises UsageError: if there is no such rule, or it is one that no override can make right

    >>> sorted(check_allowed(["criteria"]))
    ['criteria']
    """
    names = frozenset(allowed)
    for name in sorted(names):
        if name not in RULES:
            from difflib import get_close_matches

            near = get_close_matches(name, RULES, 1)
            raise UsageError(
                f"there is no rule {name!r}",
                where="--allow",
                remedy=f"did you mean {near[0]}?" if near else f"use one of: {', '.join(RULES)}",
            )
        if name in FIRM:
            raise UsageError(
                f"the rule {name!r} cannot be set aside",
                where="--allow",
                remedy=f"leave it out: {RULES[name][0].lower()}{RULES[name][1:]}",
            )
    return names


# --- what follows without being said ---------------------------------------------------------------------------

WIDENED = frozenset({"attribution", "grade"})  # rules that a zero of a wider event meets
_WIDER_CAUSE = frozenset({None, "any cause"})  # what has no cause stated is of some cause or of treatment: none is none
_AT_LEAST = re.compile(r">= (\d)")


def implied(each: Candidate, other: Candidate, unlike: Iterable[Pair]) -> str | None:
    """Say why nobody had the event of another value, where nobody had a wider one; None where that does not follow.

    Who had no event of any cause had none of treatment; who had none of grade 2 or worse had none of grade 3 or worse.

    >>> made = {"outcome": "hepatic toxicity", "at_risk": 20, "grade": ">= 2"}
    >>> none = Candidate(study="a", affected=0, **made)
    >>> some = Candidate(study="b", affected=3, **{**made, "grade": ">= 3"})
    >>> implied(none, some, [rule for rule in PAIRS if rule.name == "grade"])
    'nobody had one of grade >= 2, so nobody had one of grade >= 3'
    >>> implied(some, none, [rule for rule in PAIRS if rule.name == "grade"])
    """
    if each.kind != "proportion" or each.affected != 0 or each.comparator is not None or other.comparator is not None:
        return None
    names = {rule.name for rule in unlike}
    told = []
    if "attribution" in names:
        if each.attribution not in _WIDER_CAUSE or other.attribution != "treatment-related":
            return None
        told.append("nobody had one of any cause, so nobody had one of treatment")
    if "grade" in names:
        here, there = _AT_LEAST.fullmatch(each.grade or ""), re.search(r"\d", other.grade or "")
        if not here or not there or (other.grade or "").startswith("<") or int(here[1]) > int(there[0]):
            return None
        told.append(f"nobody had one of grade {each.grade}, so nobody had one of grade {other.grade}")
    return "; ".join(told) if names <= WIDENED and told else None
