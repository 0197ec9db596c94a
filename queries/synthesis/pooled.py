"""What a pooling gives: members, summaries, groups, and all that was refused."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from picograph.queries.synthesis.asymmetry import Asymmetry
from picograph.queries.synthesis.models import Fit, Interval, Regression
from picograph.queries.synthesis.poolability import Refusal
from picograph.queries.synthesis.rules import Candidate

FEW = 10  # below so many studies, tests of asymmetry and of moderators have no power to speak of


class Options(Struct, frozen=True, kw_only=True):
    """How to pool. A measure of None is the default for the kind of numbers."""

    measure: str | None = None
    method: str = "REML"
    knapp_hartung: bool = False
    level: float = 0.95
    subgroup: str | None = None
    moderators: tuple[str, ...] = ()
    leave_one_out: bool = False
    cumulative: bool = False


class Member(Struct, frozen=True, kw_only=True):
    """One value in a pooled estimate, on the reader's scale."""

    candidate: Candidate
    effect: float  # on the scale on which it is pooled
    variance: float
    estimate: float
    interval: Interval
    weight: float  # per cent
    corrected: bool = False


class Summary(Struct, frozen=True, kw_only=True):
    """A pooled estimate on the reader's scale, beside its fit."""

    estimate: float
    interval: Interval
    prediction: Interval | None
    fit: Fit
    participants: int | None  # None: not all studies report theirs
    name: str = ""


class Group(Struct, frozen=True, kw_only=True):
    """Some of the members with a summary of their own."""

    name: str
    members: tuple[Member, ...]
    summary: Summary


class Pooled(Struct, frozen=True, kw_only=True):
    """All that a pooling gives."""

    measure: str
    label: str  # of the measure, for people
    null: float | None
    options: Options
    members: tuple[Member, ...]
    summary: Summary | None  # None: nothing could be pooled
    refused: tuple[Refusal, ...]
    overridden: tuple[Refusal, ...]
    implied: tuple[Refusal, ...] = ()
    groups: tuple[Group, ...] = ()
    between: tuple[float, int, float] | None = None  # Q, degrees of freedom, p
    regression: Regression | None = None
    leave_one_out: tuple[Summary, ...] = ()
    cumulative: tuple[Summary, ...] = ()
    egger: Asymmetry | None = None
    described: tuple[float, float] | None = None  # least and greatest of medians, which are not pooled
    cautions: tuple[str, ...] = ()
    methods: str = ""  # a sentence for a report


def named(each: Candidate) -> str:
    """Name the study of a value as a list does."""
    return each.study_label or each.study


def parts(rows: Sequence[Member], options: Options) -> list[list[Member]]:
    """Give all members, and each subgroup of them."""
    found: dict[str, list[Member]] = defaultdict(list)
    if options.subgroup is not None:
        for each in rows:
            found[str(each.candidate.values.get(options.subgroup))].append(each)
    return [list(rows), *found.values()]
