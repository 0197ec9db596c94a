"""A pooling as text: what was refused and why, the forest plot, what it rests on, each number with its places."""

from collections import Counter
from collections.abc import Iterator

from picograph.queries.synthesis import forest, funnel
from picograph.queries.synthesis.poolability import Refusal
from picograph.queries.synthesis.pooled import Pooled, Summary
from picograph.queries.synthesis.rules import Candidate


def wrapped(text: str, width: int, indent: str = "  ") -> list[str]:
    """Break a line at the terminal's width; what follows is indented.

    >>> wrapped("one of these words and two", 20)
    ['one of these words', '  and two']
    """
    import textwrap

    return textwrap.wrap(
        text, max(width, 20), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ) or [""]


_LISTED = 12  # refusals
_SHOWN = 4  # places of a number; --format json has them all


def places(candidate: Candidate) -> str:
    """Write the places of a number: the first of them, and how many more.

    >>> places(Candidate(study="a", evidence=("https://w3id.org/picograph/source/" + "0" * 64 + "#char=414,428",)))
    '[414–428]'
    """
    from picograph.kg.triples import split_place

    found = [str(split_place(iri)[1]) for iri in candidate.evidence]
    found = [each.replace("-", "–") if each[:1].isdigit() else f"#{each}" for each in found]
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"[{', '.join(found[:_SHOWN])}{more}]" if found else "[no place]"


def said(candidate: Candidate) -> str:
    """Write a value with its study, arm and places."""
    name = candidate.study_label or candidate.study
    if candidate.arm_label:
        name += f", {candidate.arm_label}"
    if candidate.affected is not None:
        value = f"{candidate.affected}/{'?' if candidate.at_risk is None else candidate.at_risk}"
        if candidate.comparator_affected is not None:
            value += f" against {candidate.comparator_affected}/{candidate.comparator_at_risk}"
    elif candidate.value is not None:
        value = f"{candidate.value:g}"
        if candidate.low is not None and candidate.high is not None:
            value += f" ({candidate.low:g} to {candidate.high:g})"
    else:
        value = "no number"
    what = " ".join(filter(None, (candidate.category, candidate.grade and f"grade {candidate.grade}", candidate.time)))
    return f"{name}: {value}{f' ({what})' if what else ''} {places(candidate)}"


def _one(refusal: Refusal, width: int) -> Iterator[str]:
    yield from wrapped(f"  {refusal.rule}: {refusal.why}", width, "    ")
    yield from wrapped(f"    {said(refusal.candidate)}", width, "      ")
    if refusal.against is not None:
        yield from wrapped(f"    against {said(refusal.against)}", width, "      ")


def refusal_lines(pooled: Pooled, width: int = 80) -> Iterator[str]:
    """Say what is not pooled: its rule, why, and both places."""
    if pooled.refused:
        yield f"Not pooled: {len(pooled.refused)} of {len(pooled.refused) + len(pooled.members)} values"
        for refusal in pooled.refused[:_LISTED]:
            yield from _one(refusal, width)
        if len(pooled.refused) > _LISTED:
            rest = Counter(refusal.rule for refusal in pooled.refused[_LISTED:])
            counts = ", ".join(f"{rule} {count}" for rule, count in sorted(rest.items()))
            yield from wrapped(
                f"  and {len(pooled.refused) - _LISTED} more ({counts}); --format json has them all", width
            )
        yield ""
    if pooled.implied:
        yield "Pooled, because nobody had a wider event:"
        for refusal in pooled.implied:
            yield from _one(refusal, width)
        yield ""
    if pooled.overridden:
        yield "Pooled because you set a rule aside:"
        for refusal in pooled.overridden:
            yield from _one(refusal, width)
        yield ""


def _counted(summary: Summary) -> str:
    fit = summary.fit
    people = "" if summary.participants is None else f", {summary.participants} participants"
    return f"{fit.studies} {'estimate' if fit.studies == 1 else 'estimates'}{people}"


def _lines(name: str, summary: Summary) -> str:
    predicted = summary.prediction
    ahead = (
        f", prediction interval {forest.number(predicted.low)} to {forest.number(predicted.high)}" if predicted else ""
    )
    return f"{name}: {forest.span(summary.estimate, summary.interval)}{ahead}, I² = {summary.fit.i2:.0f}%"


def summary_lines(pooled: Pooled, width: int = 80) -> Iterator[str]:
    """Give the forest plot and what it rests on."""
    if pooled.summary is None:
        if pooled.described is not None:
            low, high = pooled.described
            yield f"Medians from {low:g} to {high:g}: described, not pooled."
        else:
            yield "Nothing can be pooled."
        return
    yield f"{pooled.label[:1].upper()}{pooled.label[1:]}, {_counted(pooled.summary)}"
    first = pooled.members[0].candidate
    grade = first.grade and f"grade {first.grade}"
    what = ", ".join(filter(None, (first.outcome_words, first.category, grade, first.time)))
    if what:
        yield from wrapped(f"Of: {what}", width)
    yield ""
    yield from forest.text_lines(pooled, width)
    yield ""
    for name, found in (("Without", pooled.leave_one_out), ("Up to", pooled.cumulative)):
        for each in found:
            yield _lines(f"{name} {each.name}", each)
        if found:
            yield ""
    if pooled.regression is not None:
        yield from regression_lines(pooled)
    if len(pooled.members) > 1:
        yield from wrapped(funnel.told(pooled), width)
    yield "Where the numbers stand:"
    for member in pooled.members:
        yield from wrapped(f"  {said(member.candidate)}", width, "    ")
    yield ""
    yield from wrapped(pooled.methods, width, "")


def regression_lines(pooled: Pooled) -> Iterator[str]:
    """Give the coefficients of a meta-regression, on the scale on which effects are pooled."""
    found = pooled.regression
    assert found is not None
    yield f"Meta-regression on the scale {pooled.measure!r}, {found.studies} estimates"
    for name, value, interval, p in zip(found.names, found.estimates, found.intervals, found.p, strict=True):
        yield f"  {name}: {value:.4f} [{interval.low:.4f}, {interval.high:.4f}], P = {p:.3f}"
    share = "" if found.r2 is None else f"; it accounts for {found.r2:.0f}% of the heterogeneity"
    yield f"  moderators together: QM = {found.qm:.2f} (P = {found.qm_p:.3f}){share}"
    yield ""
