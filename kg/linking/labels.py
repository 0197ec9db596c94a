"""What a whole label means: a condition, a treatment, an event as a record writes it.

A label is more than a name: ``unresectable hepatocellular carcinoma``, ``Sorafenib (Nexavar) 400 mg + TACE``. It means
the name that it is, or the name that its head is; words before the head only narrow it, but for an outcome, of which
they make another one (``local progression-free survival``). Where something else follows
(``tamoxifen resistance``), or a word turns the meaning round (``placebo for sorafenib``), the name inside is not meant.
"""

import re
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from picograph.kg.linking.abbreviations import Definition
from picograph.kg.linking.choice import Choice, TurnedDown
from picograph.kg.linking.linker import Link, Linker

_ASIDE = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_WHO = re.compile(
    r"^(?:\w+ )?(?:patients?|subjects?|participants?|people|persons?|adults?|children|women|men) with ", re.I
)
_TURNS = re.compile(
    r"\b(?:no|non|not|without|anti|prior|previous|history|risk|suspected|possible|prevention|absence|free|negative|naive"
    r"|family|screening|never|failed|failure of|resistant|sham|simulated|mock)\b",
    re.I,
)
_PHRASE = re.compile(
    r"[,;:]|\b(?:of|in|for|with|by|to|on|from|after|before|during|at|due|against|than|as|versus|vs)\b", re.I
)
_JOINTS = re.compile(r"\s*(?:[+;/]|,(?!\d)|\b(?:and|plus|with|combined with|followed by|then)\b)\s*", re.I)
# words before an outcome that leave it what it is; others make another of it: local progression-free survival
_SAME_OUTCOME = re.compile(r"\s*(?:(?:the|median|mean|estimated)\s*)*", re.I)
_PLACEBO = re.compile(r"\bplacebos?\b", re.I)
_EITHER = re.compile(r"\b(?:or|versus|vs)\b", re.I)
# What may follow a treatment or an outcome without changing what it is: form, dose, course.
_COURSE = re.compile(
    r"(?:[\s,.:()/®™-]|\d+(?:[.,]\d+)?|\b(?:mg|g|kg|mcg|µg|ug|ml|l|m2|m²|gy|iu|units?|%|daily|bid|tid|qd|po|iv|oral|orally"
    r"|intravenous|intravenously|infusion|injection|injections|tablets?|capsules?|pills?|solution|gel|cream|suspension"
    r"|powder|therapy|treatment|monotherapy|alone|administration|dose|doses|arm|group|regimen|rates?|time|days?|weeks?"
    r"|months?|years?|per|every|a|once|twice|times|day|week|low|high|standard|extended|release|xr|sr|er)\b)*",
    re.I,
)


class Meaning(Struct, frozen=True, kw_only=True):
    """What a label means, and what it was not taken to mean. No concept: nothing was found, or it was not decided."""

    concept: tuple[str, ...] = ()
    reason: str
    turned_down: tuple[TurnedDown, ...] = ()


def meaning_of(
    linker: Linker,
    label: str,
    kinds: Collection[str] = (),
    *,
    parts: bool = True,
    defined: Iterable[Definition] = (),
) -> Meaning:
    """Say what a label means.

    :param kinds: what may stand there; none: anything
    :param parts: look for the head of the label, or for the members of a list, where the label as a whole is no name
    :param defined: the abbreviations that the record defines

    >>> from picograph.kg.linking import open_linker
    >>> meaning_of(open_linker(), "unresectable hepatocellular carcinoma", ["disease"]).reason
    'its head, hepatocellular carcinoma: a synonym, Hepatocellular Carcinoma, of mesh:D006528'
    >>> meaning_of(open_linker(), "placebo for sorafenib", ["substance"]).concept
    ('mesh:D010919',)
    >>> meaning_of(open_linker(), "sorafenib resistance", ["substance"]).concept
    ()
    """
    known = {each.short: each.long for each in reversed(list(defined))}
    whole = _whole(linker, label, kinds, known)
    if whole.concept or whole.turned_down or not parts:
        return whole
    if "substance" in kinds and _PLACEBO.search(label):
        return _placebo(linker, label, kinds)
    if _EITHER.search(label):
        return Meaning(reason="a choice between several things")
    members = [each for each in _JOINTS.split(label) if each.strip()]
    if len(members) > 1:
        return _list(linker, members, kinds, known, some="substance" in kinds) or _head(linker, label, kinds)
    return _head(linker, label, kinds)


def _whole(linker: Linker, label: str, kinds: Collection[str], known: dict[str, str]) -> Meaning:
    turned: tuple[TurnedDown, ...] = ()
    shorter = _ASIDE.sub("", label)
    tries = [("", label)]
    if shorter and shorter != label:
        tries.append((f"without what stands in brackets, {shorter}: ", shorter))
    if label in known:
        tries.insert(0, (f"stands for {known[label]}: ", known[label]))
    for how, words in tries:
        choice = linker.choose(words, kinds)
        if choice.concept or choice.ambiguous:
            return _meaning(how, choice)
        turned += choice.turned_down
    return Meaning(reason="no reading fits" if turned else "no concept has this name", turned_down=turned)


def _meaning(how: str, choice: Choice | Link) -> Meaning:
    return Meaning(concept=choice.concept, reason=how + choice.reason, turned_down=choice.turned_down)


def _placebo(linker: Linker, label: str, kinds: Collection[str]) -> Meaning:
    """``sorafenib placebo`` is no sorafenib; ``placebo + TACE`` is both."""
    found: list[Meaning] = []
    for member in re.split(r"\s*(?:\+|\bplus\b|\band\b)\s*", label):
        words = match[0] if (match := _PLACEBO.search(member)) else member
        found.append(_whole(linker, words, kinds, {}))
    return _joined([each for each in found if each.concept]) or found[0]


def _list(
    linker: Linker, members: list[str], kinds: Collection[str], known: dict[str, str], *, some: bool
) -> Meaning | None:
    """A label that names several things; of conditions all must be known, or the list was none."""
    found = []
    for member in members:
        meaning = _whole(linker, member.strip(), kinds, known)
        found.append(meaning if meaning.concept else _head(linker, member.strip(), kinds))
    linked = [each for each in found if each.concept]
    if len(linked) < (1 if some else len(found)):
        return None
    return _joined(linked)


def _joined(found: list[Meaning]) -> Meaning | None:
    if not found:
        return None
    return Meaning(
        concept=tuple(dict.fromkeys(curie for each in found for curie in each.concept)),
        reason="; ".join(dict.fromkeys(each.reason for each in found)),
        turned_down=tuple(dict.fromkeys(each for meaning in found for each in meaning.turned_down)),
    )


def _head(linker: Linker, label: str, kinds: Collection[str]) -> Meaning:
    """The name that stands at the end of the first phrase."""
    start = match.end() if (match := _WHO.match(label)) else 0
    treatment = bool({"substance", "procedure", "outcome"} & set(kinds))
    outcome = "outcome" in kinds
    for link in linker.links(label, kinds):
        before, after = label[start : link.start], label[link.end :]
        if link.start < start or _TURNS.search(before) or _PHRASE.search(before) or before.endswith("-"):
            continue
        if outcome and not _SAME_OUTCOME.fullmatch(before):
            continue
        if _ends(after, treatment):
            return _meaning(f"its head, {link.words}: ", link)
    return Meaning(reason="no concept has this name")


def _ends(after: str, treatment: bool) -> bool:
    """Tell whether a phrase ends here: nothing follows, or another phrase does."""
    if not after or (treatment and _COURSE.fullmatch(after)):
        return True
    if not after[0].isspace() and after[0] not in ",;:(":
        return False
    rest = after.lstrip()
    return rest[0] in ",;:(" or (bool(_PHRASE.match(rest)) and not _TURNS.search(rest))


def labels_linked(linker: Linker, labels: Iterable[str], kinds: Collection[str]) -> Iterator[tuple[str, Meaning]]:
    """Give each label with its meaning; for a person who tries a vocabulary out."""
    for label in labels:
        yield label, meaning_of(linker, label, kinds)
