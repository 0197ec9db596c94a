"""Arms: which groups an abstract compares, by which words it calls them, and how many are in each.

An arm is found where the text says so: in the sentence of allocation (``randomised to X (n = 50) or Y (n = 48)``), where
sizes stand beside names, where two groups are said to receive two treatments, or in a comparison in the title. What
calls an arm in a later sentence is its label, a short form that the text explains, a treatment that no other arm
has, or what its role is called (control group, placebo). The rules are in `docs/how-to` under "Which arm".
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from picograph.kg.extraction.lexicon import Hit
from picograph.kg.extraction.numbers import Mention, NumberKind
from picograph.kg.extraction.page import Line, Page
from picograph.kg.extraction.text import SectionKind
from picograph.kg.extraction.tokens import Token
from picograph.kg.study import Role

TREATMENTS = frozenset({"drug", "radiation", "procedure", "behavioural", "control"})
_MOST_ARMS = 6
_LONGEST_LABEL = 14  # tokens


class ArmName(NamedTuple):
    """An arm as the text names it."""

    label: str
    start: int  # of the label in the text
    end: int
    aliases: tuple[tuple[str, ...], ...]  # words in small letters that call it, the longest first
    control: bool = False
    size: Mention | None = None
    treatments: tuple[Hit, ...] = ()
    line: int = -1  # the sentence where it is named

    @property
    def role(self) -> Role | None:
        """What the arm is for, as far as its name tells."""
        words = self.label.casefold()
        if "placebo" in words and self.control:
            return Role.PLACEBO_COMPARATOR
        if "sham" in words and self.control:
            return Role.SHAM_COMPARATOR
        if self.control and re.search(r"\bno (?:\w+ )?(?:treatment|intervention|therapy)|observation|wait", words):
            return Role.NO_INTERVENTION
        return None


class ArmHit(NamedTuple):
    """Words that call an arm, at their tokens."""

    arm: int
    first: int
    last: int


_ALLOCATED = re.compile(
    r"\b(?:randomi[sz]ed|randomly|randomi[sz]ation|assigned|allocated|divided|stratified and randomi[sz]ed)\b"
    r"(?:[^.;()]|\([^()]*\)){0,60}?\b(?:to|into|between)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:\s*(?:to|into|between|receive|receiving|undergo|undergoing|either|one of|two|2|three|3|four|4|groups?"
    r"|arms?|cohorts?"
    r"|treatment with|treatment|treatments|with|the|a|an|be|treated|following|take|have|get|start|begin|complete"
    r"|participate"
    r"|in|of|strategies|interventions?:|regimens?|conditions?|an?other)\b|\s*[:,–])*\s*",
    re.IGNORECASE,
)
_PLACEBO = re.compile(r"placebo[- ]controlled|versus placebo|vs\.? placebo|or placebo|and placebo", re.IGNORECASE)
# A label ends where its dose, its schedule or its purpose begins.
_CUT = words_of("word label end")