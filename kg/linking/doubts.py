"""Links that a person stated, held against what their words say: where the two are no kin, one of them may be wrong.

Only words that are a name as a whole count, and only where their reading is decided. What stands above or below the
stated concept, or means the same by a stored match, agrees with it. What stands where is asked of the vocabularies that
ship, so a link to a concept of a full one is never told.
"""

from collections.abc import Iterator
from typing import NamedTuple

from picograph.kg.linking.study import PLACES, kinds_at
from picograph.kg.source import Method
from picograph.kg.study import Study
from picograph.ontology.joined import kin
from picograph.ontology.words import SHIPPED


class Doubt(NamedTuple):
    """Words that are linked to one concept and read as another."""

    path: tuple[str | int, ...]
    what: str


def doubts(study: Study) -> Iterator[Doubt]:
    """Give what is linked otherwise than its words read; only in records that a person made."""
    if study.record.method is not Method.CURATED:
        return
    from picograph.kg.linking import open_linker

    linker = open_linker()
    for place in PLACES:
        owner, _, field = place.field.rpartition(".")
        holder = getattr(study, owner) if owner else study
        for number, part in enumerate(getattr(holder, field) if holder is not None else ()):
            words = getattr(part, place.words)
            if not part.concept or not words or not all(map(_known, part.concept)):
                continue
            read = linker.choose(words, kinds_at(part, place)).concept
            if read and not any(kin(one, other) for one in part.concept for other in read):
                stated = " and ".join(map(_named, part.concept))
                told = f"{words!r} is linked to {stated}, and its words name {_named(read[0])}"
                yield Doubt((*place.field.split("."), number), f"{told}: one of the two may be wrong")


def _known(curie: str) -> bool:
    """Tell whether a concept ships: of another it is not known here what stands above it."""
    return SHIPPED.get(curie) is not None or curie.startswith("pg:")


def _named(curie: str) -> str:
    label = SHIPPED.label(curie)
    return f"{curie} ({label})" if label else curie
