"""Words that say by themselves which arm they name: *placebo*, *control*, *experimental*, *alone*, group *A*."""

from collections.abc import Mapping

# How strongly a word says that it names the experimental arm (above 0) or its comparator (below).
LEANING: Mapping[str, float] = {
    "control": -2.5,
    "controls": -2.5,
    "placebo": -3,
    "sham": -2.5,
    "usual": -2,
    "standard": -1.5,
    "conventional": -1.5,
    "observation": -1.5,
    "alone": -1.5,
    "untreated": -2,
    "monotherapy": -0.7,
    "without": -1,
    "no": -1,
    "waiting": -2,
    "wait": -2,
    "waitlist": -2,
    "routine": -1,
    "attention": -1,
    "delayed": -1,
    "saline": -1.5,
    "reference": -1.5,
    "originator": -1.5,
    "comparator": -2.5,
    "comparison": -1.5,
    "traditional": -1.5,
    "vehicle": -2,
    "dummy": -2,
    "regular": -1,
    "conservative": -0.7,
    "sedentary": -1.5,
    "historical": -1.5,
    "nonintervention": -2.5,
    "intensive": 0.8,
    "adapted": 1,
    "tailored": 1,
    "enhanced": 1,
    "extended": 0.7,
    "modified": 0.7,
    "additional": 0.7,
    "supplement": 1,
    "supplementation": 1,
    "proposed": 1,
    "experimental": 2.5,
    "intervention": 2.5,
    "investigational": 1.5,
    "plus": 0.5,
    "combination": 0.8,
    "novel": 1,
    "new": 1,
    "biosimilar": 1.5,
    "@a": 0.5,
    "@1": 0.5,
    "@i": 0.5,
    "@b": -0.3,
    "@2": -0.3,
    "@ii": -0.3,
    "@c": -0.5,
    "@3": -0.5,
}
# The same of words that name an arm only where "group" or "arm" follows: "the study group".
PARTS: Mapping[str, float] = {"study": 1.5, "treatment": 1, "treated": 1, "test": 1.5, "therapy": 0.7, "active": 1}
_WITHOUT = -2  # of a name such as "non-users", and of DA- beside DA+


def leaning_of(word: str) -> float:
    """Say how strongly a name leans by itself.

    >>> leaning_of("placebo"), leaning_of("non-visited"), leaning_of("da+")
    (-3, -2, 2)
    """
    known = LEANING.get(word) or PARTS.get(word)
    if known:
        return known
    if len(word) > 4 and word.startswith("non"):
        return _WITHOUT
    return {"+": -_WITHOUT, "-": _WITHOUT}.get(word[-1], 0) if len(word) > 1 else 0
