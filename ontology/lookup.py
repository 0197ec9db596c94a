"""Find concepts by what a person types: a name, a synonym, a code, a CURIE, an IRI, with or without typing errors.

Each vocabulary gives candidates; here they are judged and put in order. A slice that ships is searched as one text, and
only the lines that hold the words are split, so a look-up in a fresh process costs little more than reading the files;
a full vocabulary has an index. Typing errors are looked for only when nothing else fits.
"""

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from picograph.ontology.concepts import Concept
from picograph.ontology.errors import UsageError
from picograph.ontology.prefixes import canonical, compress
from picograph.ontology.words import SHIPPED, Words

How = Literal["CURIE", "IRI", "code", "tree number", "name", "entry term", "prefix", "similar"]

_ORDER: tuple[How, ...] = ("CURIE", "IRI", "code", "tree number", "name", "entry term", "prefix", "similar")
_TREE_NUMBER = re.compile(r"[A-Z]\d{2}(\.\d{3})*")
# Below this likeness (0 to 100) two words are different words: "nausia" and "nausea" have 83, "liver" and "river" 80,
# so a short word that is another word is offered too; it is marked as similar and never taken without asking.
_CUTOFF = 78.0


class Match(Struct, frozen=True, kw_only=True):
    """A concept that fits what was typed, and how."""

    concept: Concept
    how: How
    words: str  # the name or code that fits
    score: float  # 100: exact; less: how much of the name was typed, or how alike the two are


def find(text: str, limit: int = 10, words: Words = SHIPPED) -> list[Match]:
    """Find the concepts that fit a text, the best first.

    Exact fits come first, then names that begin with the text or have a word that does, and only where there is
    neither, names that are spelled alike. The case does not matter; an empty text fits nothing.

    :param text: a name, entry term, code, CURIE, IRI or MeSH tree number
    :param limit: how many to give at most
    :param words: the vocabularies to look in
    :raises UsageError: if the limit is less than 1

    >>> [(match.concept.curie, match.how) for match in find("sorafenib")][:2]
    [('mesh:D000077157', 'name'), ('CHEBI:50924', 'name')]
    >>> match = find("hepatocelular carcinoma")[0]
    >>> match.concept.label, match.how, match.words
    ('Carcinoma, Hepatocellular', 'similar', 'Hepatocellular Carcinoma')
    >>> find("C04.588.274.623")[0].concept.label
    'Liver Neoplasms'
    """
    if limit < 1:
        raise UsageError(f"a look-up cannot give {limit} concepts", remedy="ask for 1 or more")
    wanted = " ".join(text.split())
    if not wanted:
        return []
    folded = wanted.casefold()
    found = _by_identifier(wanted, words) or _by_name(folded, words, limit) or _alike(folded, words, limit)
    found.sort(key=lambda match: (_ORDER.index(match.how), -match.score))  # equals stay in the order of vocabularies
    return found[:limit]


def _by_identifier(wanted: str, words: Words) -> list[Match]:
    wanted = wanted.removeprefix("<").removesuffix(">")
    curie, how = _as_curie(wanted)
    if curie:
        item = words.get(curie)
        return [Match(concept=item, how=how, words=wanted, score=100.0)] if item else []
    if _TREE_NUMBER.fullmatch(code := wanted.upper()) and (found := words.sources["mesh"].at_tree(code)):
        return [Match(concept=item, how="tree number", words=code, score=100.0) for item in found]
    if not any(character.isdigit() for character in wanted):
        return []
    return [
        Match(concept=item, how="code", words=code, score=100.0)
        for source in words.sources.values()
        for item in source.with_code(code)
    ]


def _as_curie(wanted: str) -> tuple[str | None, How]:
    if "://" in wanted:
        return compress(wanted), "IRI"
    if ":" not in wanted or " " in wanted:
        return None, "CURIE"
    try:
        return canonical(wanted), "CURIE"
    except UsageError:
        return None, "CURIE"  # a name may have a colon too


def _by_name(wanted: str, words: Words, limit: int) -> list[Match]:
    found: dict[str, Match] = {}
    for source in words.sources.values():
        for item in (*source.named(wanted), *source.beginning(wanted)):
            if item.curie not in found and (match := _judge(item, wanted)):
                found[item.curie] = match
    return list(found.values())


def _judge(item: Concept, wanted: str) -> Match | None:
    names = [(item.label, item.label.casefold()), *((synonym, synonym.casefold()) for synonym in item.synonyms)]
    for number, (name, folded) in enumerate(names):
        if folded == wanted:
            return Match(concept=item, how="entry term" if number else "name", words=name, score=100.0)
    # The beginning of a name counts before the beginning of a later word in it, and a short name before a long one.
    starts = [name for name, folded in names if folded.startswith(wanted)]
    starts = starts or [name for name, folded in names if f" {wanted}" in folded or f"-{wanted}" in folded]
    if not starts:
        return None
    best = min(starts, key=len)
    penalty = 0.0 if best.casefold().startswith(wanted) else 0.5
    return Match(concept=item, how="prefix", words=best, score=round(100 * len(wanted) / len(best) * (1 - penalty), 1))


def _alike(wanted: str, words: Words, limit: int) -> list[Match]:
    from rapidfuzz import fuzz, process  # 9 ms to import: only when nothing else fits

    names = [
        (item, name) for source in words.sources.values() for item in source.alike(wanted)
        for name in (item.label, *item.synonyms)
    ]  # fmt: skip
    spelled = [name.casefold() for _, name in names]
    found: dict[str, Match] = {}
    # Several names of one concept may be alike, so more are asked for than will be given.
    for _, score, index in process.extract(wanted, spelled, scorer=fuzz.ratio, score_cutoff=_CUTOFF, limit=20 * limit):
        item, name = names[index]
        found.setdefault(item.curie, Match(concept=item, how="similar", words=name, score=round(score, 1)))
    return list(found.values())


COLUMNS = (
    "concept",
    "label",
    "vocabulary",
    "kind",
    "how",
    "words",
    "path",
    "same_as",
    "parts",
    "made_into",
    "roles",
    "iri",
)


def describe(match: Match, words: Words = SHIPPED) -> dict[str, str | tuple[str, ...]]:
    """Give what a person wants to know of a match: its place in the hierarchy, and what is the same elsewhere.

    >>> "CHEBI:50924" in describe(find("sorafenib")[0])["same_as"]
    True
    """
    from picograph.ontology.drugs import forms, identifiers
    from picograph.ontology.prefixes import expand

    concept = match.concept
    form = forms(concept.curie, words)
    same = (
        other for others in identifiers(concept.curie, words).values() for other in others if other != concept.curie
    )
    return {
        "concept": concept.curie,
        "label": concept.label,
        "vocabulary": concept.vocabulary,
        "kind": words.kind(concept.curie),
        "how": match.how,
        "words": match.words,
        "path": tuple(words.label(step) or step for step in words.path(concept.curie)[1:]),
        "same_as": tuple(same),
        "parts": _named(form.parts, words),
        "made_into": _named(form.made_into, words),
        "roles": _named(form.roles, words),
        "iri": expand(concept.curie),
    }


def _named(curies: Iterable[str], words: Words) -> tuple[str, ...]:
    return tuple(f"{each} ({label})" if (label := words.label(each)) else each for each in curies)
