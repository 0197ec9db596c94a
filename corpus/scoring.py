"""How well spans that were found fit those that people marked: per label, exactly and by overlap, and where not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from picograph.corpus.brat import Abstract, Span

REPORTED = ("iv-", "cv-")  # labels of the reported numbers: of the intervention arm, of the control arm


class Tally(NamedTuple):
    """Counts of spans, and the shares made of them."""

    gold: int = 0
    found: int = 0
    right: int = 0

    def __add__(self, other: object) -> "Tally":
        if not isinstance(other, Tally):
            return NotImplemented
        return Tally(self.gold + other.gold, self.found + other.found, self.right + other.right)

    @property
    def precision(self) -> float:
        """Of those found, the share that is right; 0 where none was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Of those marked, the share that was found; 0 where none is marked."""
        return self.right / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall: 2 right / (gold + found).

        >>> Tally(gold=4, found=6, right=3).f1
        0.6
        """
        return 2 * self.right / (self.gold + self.found) if self.gold + self.found else 0.0


class Slip(NamedTuple):
    """A span that was missed, made up, or read as something else."""

    marked: str | None  # the label that people gave; None: they marked nothing here
    read: str | None  # the label that was read; None: nothing was
    name: str  # of the abstract
    start: int
    end: int


class Score(NamedTuple):
    """The score of a folder."""

    abstracts: int
    exact: dict[str, Tally]
    overlap: dict[str, Tally]
    slips: tuple[Slip, ...]

    def micro(self, *, exact: bool = False, reported: bool = False) -> Tally:
        """Add the labels up: all of them, or the reported numbers alone."""
        tallies = self.exact if exact else self.overlap
        return sum((each for label, each in tallies.items() if not reported or label.startswith(REPORTED)), Tally())


def score(read: Iterable[tuple[Abstract, Sequence[Span]]]) -> Score:
    """Compare what was found in each abstract with what people marked in it.

    Gold and found spans of one label are paired one to one, as many as can be: a span found twice is wrong once.
    """
    exact: dict[str, Tally] = defaultdict(Tally)
    overlap: dict[str, Tally] = defaultdict(Tally)
    slips: list[Slip] = []
    abstracts = 0
    for abstract, found in read:
        abstracts += 1
        missed: list[Span] = []
        extra: list[Span] = []
        for label in sorted({span.label for span in (*abstract.spans, *found)}):
            gold = [span for span in abstract.spans if span.label == label]
            ours = [span for span in found if span.label == label]
            same = sum((Counter(gold) & Counter(ours)).values())
            pairs = pair(gold, ours)
            exact[label] += Tally(len(gold), len(ours), same)
            overlap[label] += Tally(len(gold), len(ours), len(pairs))
            missed += [span for index, span in enumerate(gold) if index not in pairs]
            extra += [span for index, span in enumerate(ours) if index not in pairs.values()]
        slips += _slips(abstract.name, missed, extra)
    return Score(abstracts, dict(sorted(exact.items())), dict(sorted(overlap.items())), tuple(slips))


def pair(gold: Sequence[Span], found: Sequence[Span]) -> dict[int, int]:
    """Pair as many overlapping spans as can be, each with one other at most: index in gold → index in found.

    >>> def at(start, end):
    ...     return Span("a", ((start, end),))
    >>> pair([at(0, 9), at(10, 12)], [at(8, 11), at(0, 2)])
    {0: 1, 1: 0}

    Source: augmenting paths, as in Kuhn, Naval Research Logistics Quarterly 1955;2:83-97.
    """
    near = [[index for index, other in enumerate(found) if other.overlaps(span)] for span in gold]
    partner: dict[int, int] = {}  # index in found → index in gold

    def place(first: int) -> None:
        """Find a chain of changes that gives this gold span a partner, without recursion: folders may be odd."""
        came: dict[int, int] = {}
        queue = [first]
        for span in queue:
            for index in near[span]:
                if index in came:
                    continue
                came[index] = span
                if index in partner:
                    queue.append(partner[index])
                    continue
                while True:  # hand partners on, back to the first
                    holder = came[index]
                    before = next((key for key, value in partner.items() if value == holder), None)
                    partner[index] = holder
                    if before is None or holder == first:
                        return
                    index = before

    for index in range(len(gold)):
        place(index)
    return dict(sorted((span, index) for index, span in partner.items()))


def _slips(name: str, missed: list[Span], extra: list[Span]) -> list[Slip]:
    """Put what was missed and what was made up together where it is one place read wrongly."""
    found = []
    rest = list(extra)
    for span in missed:
        other = next((each for each in rest if each.overlaps(span)), None)
        if other is not None:
            rest.remove(other)
        found.append(Slip(span.label, other.label if other else None, name, span.start, span.end))
    return found + [Slip(None, span.label, name, span.start, span.end) for span in rest]
