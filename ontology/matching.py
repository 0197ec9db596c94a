"""How close the two ends of a cross-reference are: a judgement over a whole table, by rules, never by guess."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol


class Described(Protocol):
    """What the rules look at."""

    @property
    def label(self) -> str:
        """The preferred name."""

    @property
    def synonyms(self) -> tuple[str, ...]:
        """The other names."""

    @property
    def parts(self) -> tuple[str, ...]:
        """What a salt or a mixture is made of."""


class Judgement(NamedTuple):
    """A pair, and how close its ends are."""

    subject: str
    predicate: str
    object: str
    comment: str


Entry = Callable[[str], Described | None]


def judge(pairs: Mapping[tuple[str, str], str], entry: Entry, by_name: bool = False) -> Iterator[Judgement]:
    """Say how close the two ends of each cross-reference are.

    A database may name several entries of another for one of its own. The rules, on the whole table:

    - an object that has other substances as parts, while the subject has another name or is one of those parts,
      is a salt or a mixture of it: related, never exact;
    - exact: the only one on both sides, or, of several, the only one of that name, first by the preferred name and
      then by any name; with ``by_name`` the two must share a name in any case, because the cross-references between
      disease vocabularies are loose (one gives dysphonia as spasmodic dystonia);
    - anything else is close.

    :param pairs: each with a comment, which is kept
    :param entry: gives what is known of an end, or None
    """
    forward: defaultdict[str, list[str]] = defaultdict(list)
    backward: defaultdict[str, list[str]] = defaultdict(list)
    salts = {}
    for subject, object_ in sorted(pairs):
        one, other = entry(subject), entry(object_)
        if other and any(
            one.label.casefold() != other.label.casefold() if one else (subject, part) in pairs for part in other.parts
        ):
            salts[subject, object_] = "has part " + " and ".join(other.parts)
        else:
            forward[subject].append(object_)
            backward[object_].append(subject)
    for (subject, object_), comment in sorted(pairs.items()):
        if (subject, object_) in salts:
            predicate = "skos:relatedMatch"
            comment = "; ".join(filter(None, (comment, salts[subject, object_])))
        else:
            exact = (
                _best(entry, subject, forward[subject]) == object_
                and _best(entry, object_, backward[object_]) == subject
                and not (by_name and _strangers(entry(subject), entry(object_)))
            )
            predicate = "skos:exactMatch" if exact else "skos:closeMatch"
        yield Judgement(subject, predicate, object_, comment)


def _names(one: Described) -> set[str]:
    return {name.casefold() for name in (one.label, *one.synonyms)}


def _best(entry: Entry, curie: str, candidates: list[str]) -> str | None:
    if len(candidates) == 1:
        return candidates[0]
    one = entry(curie)
    others = [(candidate, entry(candidate)) for candidate in candidates]
    if one is None:
        return None
    named = [c for c, other in others if other and other.label.casefold() == one.label.casefold()]
    if not named:
        named = [c for c, other in others if other and not _names(other).isdisjoint(_names(one))]
    return named[0] if len(named) == 1 else None


def _strangers(one: Described | None, other: Described | None) -> bool:
    return one is None or other is None or _names(one).isdisjoint(_names(other))
