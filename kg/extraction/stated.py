"""What the words of a result say, as values of the model: grade, interval, category, what became of participants."""

from picograph.kg.extraction.binding import Bound
from picograph.kg.extraction.numbers import Mention, NumberKind
from picograph.kg.extraction.phrases import Grade
from picograph.kg.extraction.places import Span
from picograph.kg.results import GradeRange, Interval, Milestone

CATEGORIES = frozenset(
    {
        "complete response",
        "partial response",
        "complete or partial response",
        "stable disease",
        "progressive disease",
        "stable or progressive disease",
        "minor response",
        "very good partial response",
    }
)


def died_of(bound: Bound) -> bool:
    """Say whether the verb of a match is to die of something."""
    row, fit = bound.row, bound.fit
    verb = next((item for item in row.items[fit.start : fit.end] if item.letter == "H"), None)
    return verb is not None and row.folded[verb.start : verb.end].casefold().startswith("died")


def grade_range(grade: Grade) -> GradeRange:
    """Give the grades that words name."""
    return GradeRange(low=grade.low, high=grade.high)


def interval_of(mention: Mention | None) -> tuple[Interval | None, Span | None]:
    """Give an interval with its words; its level only where it is stated."""
    if mention is None or mention.kind is not NumberKind.INTERVAL or mention.low is None or mention.high is None:
        return None, None
    level = mention.value if mention.value is not None and 50 <= mention.value < 100 else None
    return Interval(low=mention.low, high=mention.high, level=level), (mention.start, mention.end)


def milestone_of(kind: str, words: str) -> Milestone | None:
    """Say what became of those of whom words tell; None where they do not say it."""
    lower = words.casefold()
    if kind == "complete":
        return Milestone.COMPLETED
    if kind == "die":
        return Milestone.DIED
    if "lost" in lower:
        return Milestone.LOST_TO_FOLLOW_UP
    if lower.startswith(("withdrew", "withdrawn", "dropped", "refused", "declined", "drop")):
        return Milestone.WITHDREW
    if lower.startswith(("discontinued", "stopped")):
        return Milestone.NOT_COMPLETED
    return None
