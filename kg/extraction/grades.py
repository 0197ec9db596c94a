"""Which nouns a grade governs.

A grade governs the noun that it stands beside. In a list it is open whether it governs its neighbours too, and both
readings are kept, except where every noun has its own, or where the grade belongs to a word for them all ("grade 3
adverse events were…").
"""

from picograph.kg.extraction.clauses import stretch
from picograph.kg.extraction.patterns import Fit
from picograph.kg.extraction.phrases import Grade, Item, Phrase, Row


def scope_of(row: Row, fit: Fit, heads: list[Item], header: Item | None) -> list[tuple[Grade | None, bool]]:
    """Give the grade of each head, and whether it is open.

    A head's own grade is certain. Beside it in the list, a head without a grade is open, except in front of a grade
    that stands before its own noun ("nausea and grade 3 vomiting").
    """
    own = [head.data.grade if isinstance(head.data, Phrase) else None for head in heads]
    if header is not None and header.data.grade is not None:
        return [(grade or header.data.grade, False) for grade in own]
    if not any(own):
        neighbour = _neighbour(row, fit)
        return [(neighbour, neighbour is not None)] * len(own)
    found: list[tuple[Grade | None, bool]] = []
    for index, grade in enumerate(own):
        if grade is not None:
            found.append((grade, False))
            continue
        before = next((each for each in reversed(own[:index]) if each), None)
        after = next((each for each in own[index + 1 :] if each), None)
        if before is not None:
            found.append((before, True))
        elif after is not None and after.behind:
            found.append((after, True))
        else:
            found.append((None, False))
    return found


_GENERAL = frozenset({"adverse event", "toxicity", "serious adverse event", "complication", "myelosuppression"})


_LIST = frozenset("(),aFvPI=x0yip-")


def _neighbour(row: Row, fit: Fit) -> Grade | None:
    """Give the grade of the event before in the same list: ``grade 3 nausea (12%) and vomiting (5%)``."""
    if fit.name not in {"bracket", "arms_bracket", "each_bracket", "arms_first", "in", "chain"}:
        return None
    for at in range(fit.start - 1, -1, -1):
        item = row.items[at]
        if item.letter == "E" and isinstance(item.data, Phrase):
            if item.data.grade is not None:
                return item.data.grade
        elif item.letter not in _LIST and not (fit.name in {"chain", "in"} and item.letter in "HO"):
            return None
    return None


def header_of(row: Row, fit: Fit) -> Item | None:
    """Give the general word that a list belongs to: ``grade 3 toxicities were nausea (12%)…``."""
    if fit.name not in {"bracket", "arms_bracket", "each_bracket", "arms_first", "in"}:
        return None
    left, _ = stretch(row, fit)
    left = 0 if row.letters[left - 1 : left] == ":" else left
    for at in range(fit.start - 1, left - 1, -1):
        item = row.items[at]
        if item.letter == "E" and isinstance(item.data, Phrase) and item.data.label in _GENERAL:
            between = row.letters[at + 1 : fit.start]
            if between[:1] and any(letter in between for letter in "BJ:") and "H" not in between:
                return item
            return None
    return None
