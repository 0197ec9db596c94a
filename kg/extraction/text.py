"""The text of an abstract made ready for reading: its sections, its sentences, and one spelling for signs.

Everything keeps its place: character ``i`` of the folded text stands for character ``i`` of the text, so a span found
in one is a span in the other.
"""

import re
from bisect import bisect_right
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from picograph.ontology.errors import InputError

LONGEST = 100_000  # characters; the longest abstracts in PubMed have a tenth of that
FILLER = "\ue000"  # stands for the rest of a sign that is written in several characters

_FOLDED = {
    **dict.fromkeys("\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a", " "),
    **dict.fromkeys("\u202f\u205f\u3000", " "),
    **dict.fromkeys("\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029\u200b\u200c\u200d\u2060\ufeff", " "),
    **dict.fromkeys("\u2010\u2011\u00ad\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2012\u2013\u2014\u2015", "–"),
    **dict.fromkeys("\u2212\u207b", "−"),
    **dict.fromkeys("·∙⋅․\u2027", "."),  # a mid-dot between digits is a decimal point, elsewhere it ends nothing
    **dict.fromkeys("≧⩾⪰≽", "≥"),
    **dict.fromkeys("≦⩽⪯≼", "≤"),
    **dict.fromkeys("＜〈‹﹤", "<"),
    **dict.fromkeys("＞〉›﹥", ">"),
    **dict.fromkeys("％﹪٪", "%"),
    **dict.fromkeys("＝", "="),
    **dict.fromkeys("‘’ʼ′`´", "'"),
    **dict.fromkeys("“”″", '"'),
    **dict.fromkeys("µ", "μ"),
    "（": "(",
    "）": ")",
    "，": ",",
    "⁄": "/",
    "∕": "/",
}  # fmt: skip
_TABLE = {ord(sign): folded for sign, folded in _FOLDED.items()}
_ENTITY = re.compile(r"&(?:#(?P<decimal>\d{1,7})|#[xX](?P<hex>[0-9a-fA-F]{1,6})|(?P<name>[A-Za-z]{2,8}\d?));")
_NAMED = {
    "lt": "<", "gt": ">", "le": "≤", "ge": "≥", "leq": "≤", "geq": "≥", "amp": "&", "plusmn": "±", "middot": ".",
    "nbsp": " ", "thinsp": " ", "ensp": " ", "emsp": " ", "minus": "−", "ndash": "–", "mdash": "–", "times": "×",
    "quot": '"', "apos": "'", "alpha": "α", "beta": "β", "gamma": "γ", "micro": "μ", "mu": "μ", "kappa": "κ",
}  # fmt: skip


def _entity(match: re.Match[str]) -> str:
    if match["name"]:
        sign = _NAMED.get(match["name"], "")
    else:
        code = int(match["decimal"]) if match["decimal"] else int(match["hex"], 16)
        sign = chr(code) if 31 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
    return sign + FILLER * (len(match[0]) - 1) if sign else match[0]


def fold(text: str) -> str:
    """Give one spelling to spaces, dashes, points and signs; the length stays the same.

    >>> fold("grade ⩾ 3, P\u2009<\u2009·001")
    'grade ≥ 3, P < .001'
    >>> fold("grade &ge;3").replace(FILLER, "")
    'grade ≥3'
    """
    if "&" in text and ";" in text:
        text = _ENTITY.sub(_entity, text)
    return text if text.isascii() and not _SPACES.search(text) else text.translate(_TABLE)


_SPACES = re.compile(r"[\t\n\r\x0b\x0c\x1c-\x1f`]")


class SectionKind(StrEnum):
    """What a section of an abstract is for."""

    TITLE = "title"
    BACKGROUND = "background"  # why the study was done, and what for
    METHODS = "methods"
    RESULTS = "results"
    CONCLUSIONS = "conclusions"
    OTHER = "other"  # registration, funding
    OPEN = "open"  # an abstract without labels


class Section(NamedTuple):
    """A part of an abstract: characters ``start`` to ``end`` hold its words, without the label."""

    kind: SectionKind
    start: int
    end: int
    label: str = ""  # as printed


class Sentence(NamedTuple):
    """A sentence of a section."""

    section: SectionKind
    start: int
    end: int


_LABELS: tuple[tuple[str, SectionKind], ...] = (
    (r"results?|findings|outcomes?|observations?", SectionKind.RESULTS),
    (r"conclusions?|interpretation|discussion|implications?|significance|summary|relevance", SectionKind.CONCLUSIONS),
    (
        r"methods?|design|patients?|participants?|subjects?|population|interventions?|setting|procedures?|measurements?"
        r"|materials?|measures?|assessments?|treatments?|endpoints?|statistic(?:al|s)|eligibility",
        SectionKind.METHODS,
    ),
    (r"background|purpose|objectives?|aims?|introduction|context|rationale|hypothesis|importance|goals?|question",
     SectionKind.BACKGROUND),
    (r"registration|registry|registered|funding|funded|sponsor|identifier|keywords?|trial", SectionKind.OTHER),
)  # fmt: skip


@cache
def _label_pattern() -> re.Pattern[str]:
    return re.compile("|".join(rf"(\b(?:{words})\b)" for words, _ in _LABELS), re.IGNORECASE)


@lru_cache(maxsize=1_024)
def section_kind(label: str) -> SectionKind:
    """Say what a section is for by its label.

    A label of several words takes the kind that stands first among results, conclusions, methods, background.

    >>> section_kind("Methods and materials").value, section_kind("MAIN OUTCOME MEASURES").value
    ('methods', 'methods')
    >>> section_kind("Purpose").value, section_kind("").value
    ('background', 'open')
    """
    if not label:
        return SectionKind.OPEN
    found = {match.lastindex for match in _label_pattern().finditer(label[:80])}
    if not found:
        return SectionKind.OTHER
    kinds = {_LABELS[index - 1][1] for index in found if index}
    if SectionKind.RESULTS in kinds and SectionKind.METHODS in kinds and "result" not in label.casefold():
        kinds.discard(SectionKind.RESULTS)  # main outcome measures are a plan
    return next(kind for _, kind in _LABELS if kind in kinds)


_INLINE = re.compile(r"(?:^|[.?!)]\s{0,3}|\s\s)(?P<label>[A-Z][A-Za-z]+(?:[ ,/&-]{1,2}(?:[A-Za-z]+)){0,5}):\s?(?=\S)")


def sections_of(folded: str, start: int = 0, end: int | None = None) -> list[Section]:
    """Give the sections of a plain text: at its labels, or one section that is open.

    >>> [(each.kind.value, each.start) for each in sections_of("BACKGROUND: To see. RESULTS: Seen by 3.")]
    [('background', 12), ('results', 29)]
    """
    end = len(folded) if end is None else end
    marks = [
        match for match in _INLINE.finditer(folded, start, end)
        if section_kind(match["label"]) is not SectionKind.OTHER and _is_label(match["label"])
    ]  # fmt: skip
    if not marks or (
        section_kind(marks[0]["label"]) is SectionKind.RESULTS and len(marks) == 1 and marks[0].start("label") == 0
    ):
        marks = marks if len(marks) > 1 else []
    if not marks:
        return [Section(SectionKind.OPEN, start, end)] if start < end else []
    found = []
    if marks[0].start("label") > start and folded[start : marks[0].start("label")].strip():
        found.append(Section(SectionKind.OPEN, start, marks[0].start("label")))
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        stop = following.start("label") if following else end
        found.append(Section(section_kind(mark["label"]), mark.end(), stop, mark["label"]))
    return found


_JOINING = (
    "and of the for to in or with main key study data trial primary secondary clinical statistical analysis research"
    " principal major experimental overall author authors source selection extraction synthesis sources limitations"
    " materials material practice context"
)
_LABEL_WORDS = frozenset(_JOINING.split())


def _is_label(label: str) -> bool:
    """Tell a label from the beginning of a sentence that has a colon: every word of it is a label's word."""
    words = re.findall(r"[a-z]+", label.casefold())
    return all(word in _LABEL_WORDS or section_kind(word) is not SectionKind.OTHER for word in words)


# --- sentences --------------------------------------------------------------------------------------------------------

_END = re.compile(r"[.?!]['\")\]]{0,3}(?=\s{1,4}['\"(\[]?(?:[A-Z0-9]|[a-zα-ω]{1,3}[A-Z0-9-]|[≥≤<>]))|[;:]?\n\s*\n")
_NO_END = re.compile(
    r"(?:\b(?:vs|v|e\.g|i\.e|cf|al|approx|ca|Dr|Drs|Prof|Mr|Mrs|Ms|St|No|Nos|Fig|Figs|Ref|Refs|Inc|Ltd|Co|Corp|viz"
    r"|resp|wt|vol|ed|eds|Jr|Sr|sp|spp|var|max|min|incl|excl|U\.S|U\.K|Ph\.D|M\.D|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept"
    r"|Oct|Nov|Dec)"
    # an initial stands at the start, in brackets, or beside another; the name of a group ends a sentence: in group A.
    r"|(?:(?<=[.(] )|(?<=[A-Z]\.)|(?<=[A-Z]\. ))[A-Z]|(?<![A-Za-z0-9])(?:i\.v|p\.o|b\.i\.d|t\.i\.d|q\.d|i\.m|s\.c"
    r"|n\.s))\.$"
)


def sentences_of(folded: str, sections: list[Section]) -> list[Sentence]:
    """Cut sections into sentences; each begins and ends with a character that is no space.

    >>> text = "Of 40 patients, 3 (7.5%) vs. 5 died (P = .4). At 2 yrs, e.g. OS was 32%."
    >>> [text[each.start : each.end] for each in sentences_of(text, [Section(SectionKind.RESULTS, 0, len(text))])]
    ['Of 40 patients, 3 (7.5%) vs. 5 died (P = .4).', 'At 2 yrs, e.g. OS was 32%.']
    """
    found: list[Sentence] = []
    for section in sections:
        at = section.start
        for match in _END.finditer(folded, section.start, section.end):
            stop = match.end()
            if folded[match.start()] == "." and _NO_END.search(folded, max(at, match.start() - 12), match.start() + 1):
                continue
            at = _add(found, folded, section.kind, at, stop)
        _add(found, folded, section.kind, at, section.end)
    return found


def _add(found: list[Sentence], folded: str, kind: SectionKind, start: int, end: int) -> int:
    words = folded[start:end]
    begin = start + len(words) - len(words.lstrip(_BLANK))
    stop = end - (len(words) - len(words.rstrip(_BLANK)))
    if begin < stop:
        found.append(Sentence(kind, begin, stop))
    return end


_BLANK = " " + FILLER


# --- sections of an abstract without labels ---------------------------------------------------------------------------

_AIM = re.compile(
    r"\b(?:to (?:assess|evaluate|determine|compare|investigate|examine|test|explore|study|analy[sz]e|describe|report"
    r"|identify|establish|confirm)|we (?:aimed|sought|hypothesi[sz]ed)"
    r"|(?:aim|purpose|objective|goal)s? (?:of|was|were|is))\b",
    re.IGNORECASE,
)
_METHOD = re.compile(
    r"\b(?:were|was) (?:prospectively |then |equally |also )?(?:randomly|randomi[sz]ed|assigned|allocated|enrolled"
    r"|recruited|eligible|measured|assessed|evaluated|stratified|treated|collected|administered|given|included|selected"
    r"|invited|followed|analy[sz]ed|divided|performed)"
    r"|\b(?:received|consisted of|comprised|end ?points?|inclusion criteria)\b"
    r"|\bin (?:this|a|an) (?:[\w,-]+ ){0,6}(?:trial|study)\b",
    re.IGNORECASE,
)
_RESULT = re.compile(
    r"(?<![\w.])(?:\d+(?:\.\d+)?\s?%|[Pp]\s?[=<>≤≥]|95\s?% CI|hazard ratio|odds ratio)|\bsignificant(?:ly)?\b"
    r"|\b(?:were|was) (?:seen|observed|found|reported|noted|higher|lower|similar|reduced|increased|improved|associated"
    r"|better|worse|greater)\b"
    r"|\b(?:showed|experienced|demonstrated|achieved|completed|occurred|developed|median follow-?up)\b",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"^(?:in conclusion|conclusions?\b|we conclude|these (?:results|data|findings)|our (?:results|data|findings)"
    r"|this (?:study|trial|analysis) (?:shows|demonstrates|suggests|confirms|provides)|in summary"
    r"|further (?:studies|research)|thus|therefore)\b"
    r"|\b(?:should be (?:considered|used|recommended|investigated)|may be (?:an?|considered|useful)|warrants?"
    r"|further (?:research|investigation|stud(?:y|ies)) (?:is|are)|appears to be|is an? (?:safe|effective|feasible))\b",
    re.IGNORECASE,
)


def _stage(stage: SectionKind, words: str) -> SectionKind:
    """Say to which part a sentence belongs that comes behind one of a part."""
    aim, method = _AIM.search(words), _METHOD.search(words)
    if stage is SectionKind.BACKGROUND:
        return SectionKind.METHODS if method and not aim else stage
    if aim or not _RESULT.search(words) or (method and not _STRONG.search(words)):
        return stage
    return SectionKind.RESULTS


def label_open(folded: str, sentences: list[Sentence]) -> list[Sentence]:
    """Give the sentences of an open section the kind that their words and their order tell.

    The order is fixed: background, methods, results, conclusions. Results begin with the first sentence behind the
    methods that states one; conclusions are the last sentences with no number and a word that draws a conclusion.
    """
    open_ = [index for index, each in enumerate(sentences) if each.section is SectionKind.OPEN]
    if not open_:
        return sentences
    kinds: dict[int, SectionKind] = {}
    stage = SectionKind.BACKGROUND
    for index in open_:
        if stage is not SectionKind.RESULTS:
            words = folded[sentences[index].start : sentences[index].end]
            stage = _stage(stage, words)
        kinds[index] = stage
    for index in reversed(open_):
        words = folded[sentences[index].start : sentences[index].end]
        if kinds[index] is SectionKind.RESULTS and (_CONCLUSION.search(words) or not re.search(r"\d", words)):
            kinds[index] = SectionKind.CONCLUSIONS
        else:
            break
    return [each._replace(section=kinds.get(index, each.section)) for index, each in enumerate(sentences)]


_STRONG = re.compile(
    r"\d\s?%|[Pp]\s?[=<>]\s?0?\.\d|\d\.\d+ (?:vs?\.?|versus) |95\s?% CI|(?:hazard|odds) ratio", re.IGNORECASE
)


def check_length(text: str, where: str = "") -> None:
    """Refuse a text that is too long for an abstract.

    :raises InputError: if it has more than `LONGEST` characters
    """
    if len(text) > LONGEST:
        raise InputError(
            f"the text has {len(text):,} characters, and an abstract has fewer than {LONGEST:,}",
            where=where,
            remedy="give the abstract alone",
        )


def index_at(starts: list[int], position: int) -> int:
    """Give the index of the last start at or before a position; -1 before the first."""
    return bisect_right(starts, position) - 1
