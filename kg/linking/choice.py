"""Which of its readings a word is given, which are turned down, and why. The rules stand here and nowhere else.

A reading is turned down

- for its letters: initials are not a word, and a word is not initials (`spelling.fits_case`);
- for its kind: where a disease is named, a gene of that name is not meant;
- for its rank: a MeSH descriptor comes before what other vocabularies have, because reports are indexed with it; then a
  concept's own name before another of its names, the spelling as it stands before a plural or another spelling, and the
  vocabulary that is listed first before the next.

Concepts of several vocabularies that stored exact mappings join are one reading. Two readings of equal rank in one
vocabulary are not decided: the word stays a word, with both as its readings.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from picograph.kg.linking.lexicon import Reading
from picograph.kg.linking.spelling import fits_case

# In which order vocabularies are asked; those not named come last.
ORDER = ("pg", "mesh", "pgc", "chebi", "drugbank", "mondo", "doid", "hp")


class TurnedDown(NamedTuple):
    """A reading that a word was not given, and why."""

    concept: str
    name: str
    reason: str


class Choice(NamedTuple):
    """What a word means: its concepts (the first is the one that was chosen, the others say the same elsewhere)."""

    concept: tuple[str, ...]
    kinds: tuple[str, ...]
    reason: str
    turned_down: tuple[TurnedDown, ...] = ()
    ambiguous: bool = False  # more than one reading fitted letters and kind


def vocabulary_rank(curie: str) -> int:
    """Give the place of a concept's vocabulary in the order in which they are asked.

    >>> vocabulary_rank("mesh:D006528") < vocabulary_rank("CHEBI:50924") < vocabulary_rank("HP:0001402")
    True
    """
    prefix = curie.partition(":")[0].lower()
    return ORDER.index(prefix) if prefix in ORDER else len(ORDER)


def _first(curie: str) -> bool:
    """Tell whether a concept is one that reports are indexed with, or one of our own."""
    return curie.startswith(("mesh:D", "pg:"))


def _rank(reading: Reading, words: str) -> tuple[bool, bool, bool, int]:
    same = " ".join(reading.name.casefold().split()) == " ".join(words.casefold().split())
    return (not _first(reading.curie), not reading.preferred, not same, vocabulary_rank(reading.curie))


def choose(words: str, readings: Iterable[Reading], kinds: Collection[str] = (), *, shouting: bool = False) -> Choice:
    """Choose among the readings of some words.

    :param kinds: what may stand here; none: anything
    :param shouting: the text is written in capitals, so they say nothing

    >>> ring = Reading("mesh:D1", "RING", False, ("substance",), "mesh:D1")
    >>> lead = Reading("mesh:D2", "Lead", True, ("substance",), "mesh:D2")
    >>> choose("lead", [lead], ["disease"]).turned_down[0].reason
    'is a substance, and a disease stands here'
    >>> choose("ring", [ring]).turned_down[0].reason
    'written RING'
    """
    turned: list[TurnedDown] = []
    fitting: list[Reading] = []
    for reading in readings:
        if not shouting and not fits_case(reading.name, words):
            turned.append(TurnedDown(reading.curie, reading.name, f"written {reading.name}"))
        elif kinds and not set(kinds) & set(reading.kinds):
            turned.append(TurnedDown(reading.curie, reading.name, _other_kind(reading, kinds)))
        else:
            fitting.append(reading)
    if not fitting:
        return Choice((), (), "no reading fits" if turned else "no concept has this name", tuple(turned))
    fitting.sort(key=lambda reading: _rank(reading, words))
    senses: dict[str, list[Reading]] = {}
    for reading in fitting:
        senses.setdefault(reading.sense, []).append(reading)
    (best, *alike), *others = senses.values()
    undecided = [best]
    taken = [best.curie]
    for first, *_rest in others:
        if _rank(first, words) == _rank(best, words):
            undecided.append(first)
        elif first.preferred and vocabulary_rank(first.curie) not in map(vocabulary_rank, taken):
            # another vocabulary's own name for a thing of that kind, which no stored mapping joins
            taken.append(first.curie)
        else:
            turned.append(TurnedDown(first.curie, first.name, _lower(first, best, words)))
    if len(undecided) > 1:
        names = " and ".join(f"{each.curie} ({each.name})" for each in undecided)
        even = [TurnedDown(each.curie, each.name, "of equal standing with another") for each in undecided]
        return Choice((), best.kinds, f"not decided: {names} are of equal standing", (*even, *turned), True)
    how = "the preferred name" if best.preferred else f"a synonym, {best.name},"
    reason = f"{how} of {best.curie}"
    if alike:
        reason += f"; the same as {', '.join(each.curie for each in alike)}"
    if len(taken) > 1:
        reason += f"; also the preferred name of {', '.join(taken[1:])}"
    return Choice(tuple(taken), best.kinds, reason, tuple(turned), len(senses) > len(taken))


def _other_kind(reading: Reading, kinds: Collection[str]) -> str:
    is_a = f"is a {' and '.join(reading.kinds)}" if reading.kinds else "is of no kind that is known"
    return f"{is_a}, and a {' or '.join(kinds)} stands here"


def _lower(reading: Reading, best: Reading, words: str) -> str:
    ours, theirs = _rank(reading, words), _rank(best, words)
    if ours[0] != theirs[0]:
        return f"{best.curie} is a descriptor of MeSH"
    if ours[1] != theirs[1]:
        return f"a synonym here, the preferred name of {best.curie}"
    if ours[2] != theirs[2]:
        return f"written {reading.name}; {best.curie} has the words as they stand"
    return f"{best.curie} is of a vocabulary that is asked first"
