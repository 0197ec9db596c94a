"""The division of the corpus: which abstracts are learned from, and which are held back to report on."""

import hashlib

FOLDS = 5
DIVISIONS = (0, 1)  # of the corpus in folds, each its own
_STEPS = (5, 25)


def _number(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16)


def held_back(name: str) -> bool:
    """Say whether an abstract is held back: one in five, by the SHA-256 of its name (its PMID) alone.

    >>> [pmid for pmid in ("1", "2", "3", "4", "5", "6", "7", "8") if held_back(pmid)]
    ['1']
    """
    return _number(name) % 5 == 0


def fold(name: str, division: int = 0) -> int:
    """Give the part of the corpus that an abstract is in, for cross-validation: 0 to 4.

    >>> fold("1"), fold("2")
    (3, 2)
    """
    return _number(name) // _STEPS[division] % FOLDS
