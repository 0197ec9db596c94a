"""May these be pooled? Asked before any sum; each refusal names its rule and both places.

Rules about two values part the candidates into groups within which every value may meet every other; the group with
most studies is pooled, and each value outside it is turned down against one inside. Where nobody had a wider event,
nobody had the narrower one: such a zero joins. A rule that is allowed turns nothing down, and is named with the result.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from picograph.queries.synthesis.rules import (
    CONTROL,
    OVERLAP,
    PAIRS,
    SINGLES,
    WIDENED,
    Candidate,
    Pair,
    check_allowed,
    implied,
)


class Refusal(Struct, frozen=True, kw_only=True):
    """A value that is not pooled: by which rule, why, and where both values stand."""

    rule: str
    why: str
    candidate: Candidate
    against: Candidate | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """What may be pooled, what may not, and which rules were set aside."""

    pooled: tuple[Candidate, ...]
    refused: tuple[Refusal, ...]
    overridden: tuple[Refusal, ...] = ()  # what would have been refused, but for --allow
    implied: tuple[Refusal, ...] = ()  # pooled, because nobody had a wider event


def assess(candidates: Sequence[Candidate], allow: Iterable[str] = ()) -> Verdict:
    """Say which candidates may be pooled together.

    :param allow: rules to set aside
    :returns: those that may, in a fixed order; the others with rule, reason and what they stand against
    :raises UsageError: if a rule cannot be set aside, or does not exist

    >>> one = Candidate(study="a", arm="a1", affected=22, at_risk=40, criteria="RECIST 1.1")
    >>> two = Candidate(study="b", arm="b1", affected=12, at_risk=23, criteria="mRECIST")
    >>> [refusal.rule for refusal in assess([one, two]).refused]
    ['criteria']
    >>> len(assess([one, two], allow=["criteria"]).pooled)
    2
    """
    allowed = check_allowed(allow)
    refused: list[Refusal] = []
    overridden: list[Refusal] = []
    left: list[Candidate] = []
    for each in sorted(candidates, key=_order):
        found = [Refusal(rule=rule.name, why=why, candidate=each) for rule in SINGLES if (why := rule.check(each))]
        hard = [refusal for refusal in found if refusal.rule not in allowed]
        overridden += [refusal for refusal in found if refusal.rule in allowed]
        refused += hard[:1]
        if not hard:
            left.append(each)
    left, doubles, excused = _overlaps(left, allowed)
    refused += doubles
    overridden += excused
    groups = _groups(left, allowed)
    zeros: dict[tuple[object, ...], list[Candidate]] = defaultdict(list)
    for each in left:
        if each.affected == 0:
            zeros[_key(each, allowed | WIDENED)].append(each)
    whole = [(group, _implied(group, zeros[_key(group[0], allowed | WIDENED)], allowed)) for group in groups]
    pooled, more = max(whole, key=_weight, default=([], []))
    besides = {id(each.candidate) for each in more}
    for group in groups:
        if group is not pooled:
            refused += [_against(each, pooled, allowed) for each in group if id(each) not in besides]
    overridden += _differences(pooled, allowed)
    pooled, shared, excused = _controls(pooled, allowed)
    return Verdict(
        pooled=tuple(sorted([*pooled, *(each.candidate for each in more)], key=_by_year)),
        refused=(*refused, *shared),
        overridden=(*overridden, *excused),
        implied=tuple(more),
    )


def _weight(both: tuple[Sequence[Candidate], Sequence[Refusal]]) -> tuple[int, int]:
    group = [*both[0], *(each.candidate for each in both[1])]
    return len({each.study for each in group}), sum(each.at_risk or 0 for each in group if not each.counted)


def _implied(group: Sequence[Candidate], zeros: Sequence[Candidate], allowed: frozenset[str]) -> list[Refusal]:
    """Give the zeros outside a group that are zeros of its event too, one for each arm that is not in it."""
    arms = {(each.study, each.arm) for each in group}
    found: list[Refusal] = []
    for each in zeros:
        unlike = list(_unlike(each, group[0], allowed))
        if (each.study, each.arm) in arms or not unlike or not (why := implied(each, group[0], unlike)):
            continue
        arms.add((each.study, each.arm))
        found.append(Refusal(rule=unlike[0].name, why=why, candidate=each, against=group[0]))
    return found


_METHODS = ("curated", "registry", "rule", "model")


def _order(each: Candidate) -> tuple[object, ...]:
    """Put the most trusted reading of a study first, and every list in one order."""
    known = _METHODS.index(each.method) if each.method in _METHODS else len(_METHODS)
    return (each.study, known, each.document, each.result, repr(each))


def _by_year(each: Candidate) -> tuple[object, ...]:
    return (each.year is None, each.year or 0, each.study_label, each.study, each.arm or "")


def _key(each: Candidate, allowed: frozenset[str]) -> tuple[object, ...]:
    return tuple(rule.of(each) for rule in PAIRS if rule.name not in allowed)


def _groups(candidates: Sequence[Candidate], allowed: frozenset[str]) -> list[list[Candidate]]:
    groups: dict[tuple[object, ...], list[Candidate]] = defaultdict(list)
    for each in candidates:
        groups[_key(each, allowed)].append(each)
    return list(groups.values())


def _against(each: Candidate, pooled: Sequence[Candidate], allowed: frozenset[str]) -> Refusal:
    """Turn a value down against the first of the pooled, which are alike in all that a rule asks for."""
    other = pooled[0]
    rule = next(_unlike(each, other, allowed))
    return Refusal(rule=rule.name, why=_told(rule, each, other), candidate=each, against=other)


def _unlike(one: Candidate, other: Candidate, allowed: frozenset[str] = frozenset()) -> Iterator[Pair]:
    return (rule for rule in PAIRS if rule.name not in allowed and rule.of(one) != rule.of(other))


def _told(rule: Pair, one: Candidate, other: Candidate) -> str:
    shown = rule.shown or rule.of
    return f"{rule.told} is {_said(shown(one))} here, {_said(shown(other))} there"


def _said(value: object) -> str:
    if value is None:
        return "not reported"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _differences(pooled: Sequence[Candidate], allowed: frozenset[str]) -> list[Refusal]:
    """Say what an allowed rule would have turned down: each value against the first."""
    return [
        Refusal(rule=rule.name, why=_told(rule, each, pooled[0]), candidate=each, against=pooled[0])
        for each in pooled[1:]
        for rule in _unlike(each, pooled[0])
        if rule.name in allowed
    ]


def _overlaps(
    candidates: Sequence[Candidate], allowed: frozenset[str]
) -> tuple[list[Candidate], list[Refusal], list[Refusal]]:
    """Keep one value of each arm for what is otherwise the same; the most trusted reading comes first."""
    kept: dict[tuple[object, ...], Candidate] = {}
    out: list[Candidate] = []
    refused: list[Refusal] = []
    for each in candidates:
        participants = (each.study, each.arm or each.arm_label, each.comparator)
        key = (*participants, *(rule.of(each) for rule in PAIRS if rule.name not in _SAME))
        first = kept.setdefault(key, each)
        if first is each:
            out.append(each)
            continue
        why = "the same participants are counted already"
        refused.append(Refusal(rule=OVERLAP, why=why, candidate=each, against=first))
        if OVERLAP in allowed:
            out.append(each)
    return (out, [], refused) if OVERLAP in allowed else (out, refused, [])


# Two values of one arm that differ only in these are still of the same participants.
_SAME = frozenset({"criteria", "denominator", "analysis-set", "time-origin", "scale", "design"})


def _controls(
    pooled: Sequence[Candidate], allowed: frozenset[str]
) -> tuple[list[Candidate], list[Refusal], list[Refusal]]:
    """Keep one contrast of each control arm."""
    first: dict[tuple[str, str], Candidate] = {}
    out: list[Candidate] = []
    refused: list[Refusal] = []
    for each in pooled:
        if each.comparator is None:
            out.append(each)
            continue
        held = first.setdefault((each.study, each.comparator), each)
        if held is each:
            out.append(each)
            continue
        why = "both contrasts use the same control participants"
        refused.append(Refusal(rule=CONTROL, why=why, candidate=each, against=held))
        if CONTROL in allowed:
            out.append(each)
    return (out, [], refused) if CONTROL in allowed else (out, refused, [])
