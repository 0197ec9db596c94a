"""The checks of a record, applied to what was just read: what cannot be true is left out, what is odd is less sure.

A person who writes what cannot be true is told so and corrects it; a rule that read it has read wrongly, or the source
is wrong, and nobody is there to ask. So that fact is left out, and said. A fact that only disagrees with another number
(a count with its per cent, arms with the enrolment) stays, with half its confidence, and `picograph validate` shows it.
"""

from decimal import Decimal
from typing import Any

from msgspec import structs

from picograph.kg.contradictions import Path
from picograph.kg.results import Part
from picograph.kg.study import Study
from picograph.kg.validation import check

_HALF = Decimal("0.5")
_ROUNDS = 4  # leaving a part out can leave another without what it refers to


def settle(study: Study, text: str) -> tuple[Study, list[str]]:
    """Give the study without what cannot be true, and less sure of what is odd; and what was done, for people.

    :param text: the source text
    """
    notes: list[str] = []
    for _ in range(_ROUNDS):
        problems = check(study, text)
        wrong = {_holder(problem.path): problem for problem in problems if problem.severity == "error"}
        if not wrong:
            break
        notes += [f"left out: {_words(study, path)}: {problem.what}" for path, problem in wrong.items()]
        study = _without(study, set(wrong))
    odd = {_holder(problem.path): problem for problem in problems if problem.severity == "caution"}
    for path, problem in odd.items():
        study = _less_sure(study, path)
        notes.append(f"less sure: {_words(study, path)}: {problem.what}")
    return study, notes


def _holder(path: Path) -> Path:
    """Give the path of the part of the study that a problem is in: a field, or one of a list."""
    return path[:2] if len(path) > 1 and isinstance(path[1], int) else path[:1]


def _words(study: Study, path: Path) -> str:
    name = str(path[0]).replace("_", " ")
    if len(path) == 1:
        return name
    part = getattr(study, str(path[0]))[path[1]]
    label = next(
        (getattr(part, each) for each in ("term", "label", "variable", "outcome", "factor") if hasattr(part, each)), ""
    )
    return f"{name.removesuffix('s')} {label}".strip()


def _without(study: Study, paths: set[Path]) -> Study:
    changes: dict[str, Any] = {}
    for name in {str(path[0]) for path in paths}:
        value = getattr(study, name)
        if isinstance(value, tuple):
            changes[name] = tuple(each for index, each in enumerate(value) if (name, index) not in paths)
        else:
            changes[name] = None
    return structs.replace(study, **changes)


def _less_sure(study: Study, path: Path) -> Study:
    name = str(path[0])
    value = getattr(study, name)
    if len(path) == 2 and isinstance(value, tuple):
        index = int(path[1])
        value = (*value[:index], _halved(value[index]), *value[index + 1 :])
    elif isinstance(value, Part):
        value = _halved(value)
    return structs.replace(study, **{name: value})


def _halved(part: Part) -> Part:
    if part.confidence is None:
        return part
    return structs.replace(part, confidence=(part.confidence * _HALF).quantize(Decimal("0.01")))
