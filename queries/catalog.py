"""All questions, by name. A new question is one new file in ``evidence/`` or ``quality/``."""

from functools import cache
from importlib.resources import files
from typing import Literal

from picograph.ontology.errors import UsageError
from picograph.queries.question import Question, parse_question

Shelf = Literal["evidence", "quality"]


@cache
def names(shelf: Shelf = "evidence") -> tuple[str, ...]:
    """Give the names of the questions, sorted.

    >>> "adverse-events" in names()
    True
    """
    folder = files("picograph.queries") / shelf
    return tuple(sorted(path.name.removesuffix(".rq") for path in folder.iterdir() if path.name.endswith(".rq")))


def summary(name: str, shelf: Shelf = "evidence") -> str:
    """Give what a question answers, from the first line of its file, without reading the rest.

    >>> summary("no-comparator")
    'Which studies have no comparator?'
    """
    with (files("picograph.queries") / shelf / f"{name}.rq").open(encoding="utf-8") as file:
        return file.readline().removeprefix("#+ summary:").strip().strip('"')


@cache
def question(name: str, shelf: Shelf = "evidence") -> Question:
    """Give a question by its name.

    :raises UsageError: if there is none; the message names the nearest

    >>> question("survival").columns["value"].kind
    'decimal'
    """
    if name not in names(shelf):
        from difflib import get_close_matches

        near = get_close_matches(name, names(shelf), 1)
        raise UsageError(
            f"there is no question {name!r}",
            where="ask",
            remedy=f"did you mean {near[0]}?" if near else "picograph ask lists them",
        )
    text = (files("picograph.queries") / shelf / f"{name}.rq").read_text("utf-8")
    return parse_question(name, text)
