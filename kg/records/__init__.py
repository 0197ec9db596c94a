"""Study files that ship with picograph: facts and positions, never the sentences of a publication."""

from functools import cache
from importlib.resources import files
from typing import Any


def shipped() -> dict[str, bytes]:
    """Give the study files that ship, by their name.

    >>> sorted(shipped())
    ['sorafenib-radiotherapy-hcc.yaml']
    """
    return {path.name: path.read_bytes() for path in files(__name__).iterdir() if path.name.endswith(".yaml")}


def collection(name: str) -> dict[str, bytes]:
    """Give the study files of a collection that ships, by their name, in the order of their names.

    A collection is a folder beside this file: a further one is a further folder, and no code.

    :raises KeyError: if there is no collection of that name

    >>> len(collection("hcc"))
    17
    """
    folder = files(__name__) / name
    if not name.isidentifier() or not folder.is_dir():
        raise KeyError(name)
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.name.endswith(".yaml")}
    return dict(sorted(found.items()))


def questions_of(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Give what a collection is asked when it is shown: questions, each with its parameters, from its ``asked.toml``.

    :raises KeyError: if there is no collection of that name

    >>> questions_of("hcc")[0]
    ('adverse-events', {'drug': 'Sorafenib', 'min_grade': 3})
    """
    import tomllib

    collection(name)
    asked = tomllib.loads((files(__name__) / name / "asked.toml").read_text(encoding="utf-8"))
    return [(each.pop("question"), each) for each in asked["ask"]]


@cache
def known_sources() -> dict[str, frozenset[str]]:
    """Give, for each document that a shipped study file reads, the SHA-256 of the texts that it may refer to."""
    from picograph.kg.readers import study_file

    found: dict[str, set[str]] = {}
    for name, content in shipped().items():
        record = study_file.read(content, name).record
        found.setdefault(record.document, set()).add(record.source.sha256)
    return {document: frozenset(sums) for document, sums in found.items()}
