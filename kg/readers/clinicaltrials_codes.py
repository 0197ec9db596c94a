"""The words and codes of ClinicalTrials.gov, and what they are here: its lists, its units, its identifiers of MeSH."""

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Literal

from picograph.kg.results import Ascertainment, DispersionKind, Hypothesis, Milestone, Sign, Statistic
from picograph.kg.study import (
    Allocation,
    EnrolmentKind,
    InterventionKind,
    InterventionModel,
    Masking,
    OutcomeRole,
    Phase,
    Role,
    StudyType,
)

STUDY_TYPES = {
    "INTERVENTIONAL": StudyType.INTERVENTIONAL,
    "OBSERVATIONAL": StudyType.OBSERVATIONAL,
    "EXPANDED_ACCESS": StudyType.EXPANDED_ACCESS,
}
PHASES = {
    ("EARLY_PHASE1",): Phase.EARLY_1,
    ("PHASE1",): Phase.PHASE_1,
    ("PHASE1", "PHASE2"): Phase.PHASE_1_2,
    ("PHASE2",): Phase.PHASE_2,
    ("PHASE2", "PHASE3"): Phase.PHASE_2_3,
    ("PHASE3",): Phase.PHASE_3,
    ("PHASE4",): Phase.PHASE_4,
    ("NA",): Phase.NOT_APPLICABLE,
}
ALLOCATIONS = {
    "RANDOMIZED": Allocation.RANDOMISED,
    "NON_RANDOMIZED": Allocation.NON_RANDOMISED,
    "NA": Allocation.NOT_APPLICABLE,
}
MODELS = {
    "SINGLE_GROUP": InterventionModel.SINGLE_GROUP,
    "PARALLEL": InterventionModel.PARALLEL,
    "CROSSOVER": InterventionModel.CROSSOVER,
    "FACTORIAL": InterventionModel.FACTORIAL,
    "SEQUENTIAL": InterventionModel.SEQUENTIAL,
}
MASKINGS = {
    "NONE": Masking.OPEN_LABEL,
    "SINGLE": Masking.SINGLE,
    "DOUBLE": Masking.DOUBLE,
    "TRIPLE": Masking.TRIPLE,
    "QUADRUPLE": Masking.QUADRUPLE,
}
ENROLMENTS = {"ACTUAL": EnrolmentKind.ACTUAL, "ESTIMATED": EnrolmentKind.ANTICIPATED}
ROLES = {
    "EXPERIMENTAL": Role.EXPERIMENTAL,
    "ACTIVE_COMPARATOR": Role.ACTIVE_COMPARATOR,
    "PLACEBO_COMPARATOR": Role.PLACEBO_COMPARATOR,
    "SHAM_COMPARATOR": Role.SHAM_COMPARATOR,
    "NO_INTERVENTION": Role.NO_INTERVENTION,
    "OTHER": Role.OTHER,
}
KINDS = {
    "DRUG": InterventionKind.DRUG,
    "BIOLOGICAL": InterventionKind.BIOLOGICAL,
    "RADIATION": InterventionKind.RADIATION,
    "PROCEDURE": InterventionKind.PROCEDURE,
    "DEVICE": InterventionKind.DEVICE,
    "BEHAVIORAL": InterventionKind.BEHAVIOURAL,
    "DIETARY_SUPPLEMENT": InterventionKind.DIETARY_SUPPLEMENT,
    "GENETIC": InterventionKind.GENETIC,
    "DIAGNOSTIC_TEST": InterventionKind.DIAGNOSTIC_TEST,
    "COMBINATION_PRODUCT": InterventionKind.COMBINATION_PRODUCT,
    "OTHER": InterventionKind.OTHER,
}
PLANNED = (
    ("primaryOutcomes", OutcomeRole.PRIMARY),
    ("secondaryOutcomes", OutcomeRole.SECONDARY),
    ("otherOutcomes", OutcomeRole.OTHER),
)
REPORTED = {
    "PRIMARY": OutcomeRole.PRIMARY,
    "SECONDARY": OutcomeRole.SECONDARY,
    "OTHER_PRE_SPECIFIED": OutcomeRole.OTHER,
    "POST_HOC": OutcomeRole.POST_HOC,
}
MILESTONES = {
    "STARTED": Milestone.STARTED,
    "COMPLETED": Milestone.COMPLETED,
    "NOT COMPLETED": Milestone.NOT_COMPLETED,
}
ASCERTAINMENTS = {
    "SYSTEMATIC_ASSESSMENT": Ascertainment.SYSTEMATIC,
    "NON_SYSTEMATIC_ASSESSMENT": Ascertainment.NON_SYSTEMATIC,
}
HYPOTHESES = {
    "SUPERIORITY": Hypothesis.SUPERIORITY,
    "NON_INFERIORITY": Hypothesis.NON_INFERIORITY,
    "EQUIVALENCE": Hypothesis.EQUIVALENCE,
    "NON_INFERIORITY_OR_EQUIVALENCE": Hypothesis.NON_INFERIORITY_OR_EQUIVALENCE,
    "NON_INFERIORITY_OR_EQUIVALENCE_LEGACY": Hypothesis.NON_INFERIORITY_OR_EQUIVALENCE,
    "SUPERIORITY_OR_OTHER": Hypothesis.SUPERIORITY_OR_OTHER,
    "SUPERIORITY_OR_OTHER_LEGACY": Hypothesis.SUPERIORITY_OR_OTHER,
    "OTHER": Hypothesis.OTHER,
}
# Words of the registry's lists are compared without case and signs: results have "Standard Error", baselines
# "STANDARD_ERROR".
STATISTICS = {
    "mean": Statistic.MEAN,
    "median": Statistic.MEDIAN,
    "geometric mean": Statistic.GEOMETRIC_MEAN,
    "least squares mean": Statistic.LEAST_SQUARES_MEAN,
    "count of participants": Statistic.COUNT,
    "count of units": Statistic.COUNT,
}
CONTRAST_STATISTICS = {
    "hazard ratio hr": Statistic.HAZARD_RATIO,
    "hazard ratio": Statistic.HAZARD_RATIO,
    "odds ratio or": Statistic.ODDS_RATIO,
    "odds ratio": Statistic.ODDS_RATIO,
    "risk ratio rr": Statistic.RISK_RATIO,
    "risk ratio": Statistic.RISK_RATIO,
    "relative risk": Statistic.RISK_RATIO,
    "rate ratio": Statistic.RATE_RATIO,
    "risk difference rd": Statistic.RISK_DIFFERENCE,
    "risk difference": Statistic.RISK_DIFFERENCE,
    "mean difference final values": Statistic.MEAN_DIFFERENCE,
    "mean difference net": Statistic.MEAN_DIFFERENCE,
    "mean difference": Statistic.MEAN_DIFFERENCE,
    "ls mean difference": Statistic.MEAN_DIFFERENCE,
    "least squares mean difference": Statistic.MEAN_DIFFERENCE,
    "difference in ls means": Statistic.MEAN_DIFFERENCE,
    "difference in least squares means": Statistic.MEAN_DIFFERENCE,
    "median difference final values": Statistic.MEDIAN_DIFFERENCE,
    "median difference net": Statistic.MEDIAN_DIFFERENCE,
    "median difference": Statistic.MEDIAN_DIFFERENCE,
    "standardized mean difference": Statistic.STANDARDISED_MEAN_DIFFERENCE,
}
DISPERSIONS = {
    "standard deviation": DispersionKind.STANDARD_DEVIATION,
    "standard error": DispersionKind.STANDARD_ERROR,
    "standard error of mean": DispersionKind.STANDARD_ERROR,
    "full range": DispersionKind.RANGE,
    "inter quartile range": DispersionKind.INTERQUARTILE_RANGE,
    "geometric coefficient of variation": DispersionKind.GEOMETRIC_COEFFICIENT_OF_VARIATION,
    "geometric coefficient": DispersionKind.GEOMETRIC_COEFFICIENT_OF_VARIATION,
}
CONFIDENCE = re.compile(r"(?:(?P<per_cent>\d{1,2}(?:\.\d+)?)%? confidence interval|confidence (?P<digits>\d{2,3}))")
SIDES: dict[str, Literal["one-sided", "two-sided"]] = {"ONE_SIDED": "one-sided", "TWO_SIDED": "two-sided"}
P_VALUE = re.compile(
    r"(?:p\s*(?:-?\s*value)?\s*)?(?P<sign><=|>=|<|>|=|≤|≥)?\s*(?P<value>[0-9.,eE+-]+?)\.?", re.IGNORECASE
)
SIGNS: dict[str | None, Sign] = {
    None: "=", "=": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">="
}  # fmt: skip
# A per cent of these may come from a curve, and then belongs to no number of participants.
TIME_TO_EVENT = re.compile(
    r"surviv|kaplan|probabilit|\bfree\b|freedom|cumulative incidence|time[- ]to|duration", re.IGNORECASE
)
OF_PARTICIPANTS = re.compile(
    r"(?:%|percent|percentage|proportion) (?:of )?(?:the )?(?:\w+ )?(?:participants|patients|subjects|people|persons"
    r"|individuals)(?: (?:with|who|achieving|having|reporting|analyzed|in)\b.*)?",
    re.IGNORECASE,
)
TOTAL = ("Total", "Total of all reporting groups")
REGISTRIES = {"EUDRACT_NUMBER", "CTIS", "REGISTRY"}
NCT = re.compile(r"NCT[0-9]{8}")
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
MESH = re.compile(r"([DC])(\d{6}|\d{9})")
# NLM gave identifiers of six digits up to these numbers, and of nine digits since; the registry writes nine always.
SIX_DIGITS = {"D": 66_331, "C": 588_418}

UNIT_WORDS = {
    "a": "year years yr yrs",
    "mo": "month months",
    "wk": "week weeks",
    "d": "day days",
    "h": "hour hours hr hrs",
    "min": "minute minutes",
    "s": "second seconds sec",
    "kg": "kilogram kilograms kgs",
    "g": "gram grams",
    "mg": "milligram milligrams",
    "cm": "centimeter centimeters centimetre centimetres",
    "mm": "millimeter millimeters millimetre millimetres",
    "m": "meter meters metre metres",
    "L": "liter liters litre litres",
    "mL": "milliliter milliliters millilitre millilitres",
    "1": "ratio proportion fraction",
    "{participants}": "participant participants patient patients subject subjects",
}
UNITS = {word: code for code, words in UNIT_WORDS.items() for word in words.split()} | {
    "number of participants": "{participants}",
    "number of patients": "{participants}",
    "number of subjects": "{participants}",
    "mm hg": "mm[Hg]",
    "mmhg": "mm[Hg]",
    "beats per minute": "{beats}/min",
    "beats/min": "{beats}/min",
    "bpm": "{beats}/min",
    "breaths per minute": "{breaths}/min",
    "kg/m^2": "kg/m2",
    "kg/m2": "kg/m2",
    "kg/m²": "kg/m2",
    "kg/m**2": "kg/m2",
    "iu/l": "[iU]/L",
    "iu/ml": "[iU]/mL",
    "miu/ml": "m[iU]/mL",
    "miu/l": "m[iU]/L",
    "degrees celsius": "Cel",
}
# Codes that nothing but this unit is meant by; "C", "T", "pH" and the like are left as words.
CODES = frozenset(
    """
    kg g mg ug ng pg km m cm mm um L mL dL uL h min s cm2 m2 mm2 cm3 mm3 m/s cm/s mol/L mmol/L umol/L nmol/L pmol/L
    g/L mg/L ug/L ng/L g/dL mg/dL ug/dL ng/dL g/mL mg/mL ug/mL ng/mL pg/mL U/L U/mL mg/kg ug/kg mg/m2 mg/g mg/mmol
    mL/min L/min mL/h mL/kg mL/d mg/d g/d mg/kg/d kcal kcal/d Gy Hz
    """.split()  # noqa: SIM905
)


@lru_cache(maxsize=4096)
def unit(words: str | None) -> str:
    """Give the UCUM code of a unit in words; words that no unit is known for go in braces.

    >>> unit("Years"), unit("mg/dl"), unit("% body mass"), unit("Units on a scale"), unit("pH")
    ('a', 'mg/dL', '%', '{Units_on_a_scale}', '{pH}')
    """
    if words is None:
        return "{not_reported}"
    text = " ".join(words.replace("\u00b5", "u").replace("\u03bc", "u").split())  # both signs for micro
    if (code := UNITS.get(text.casefold())) is not None:
        return code
    liters = re.sub(r"(?<=[mdu])l\b|(?<=/)l\b", "L", text)
    if liters in CODES:
        return liters
    if re.match(r"(?:%|percent(?:age)?\b)", text, re.IGNORECASE):
        return "%"
    if re.match(r"proportion\b", text, re.IGNORECASE):
        return "1"
    plain = unicodedata.normalize("NFKD", text).replace(" ", "_")
    return "{" + ("".join(each for each in plain if "!" <= each <= "~" and each not in "{}")[:90] or "unit") + "}"


def fold(words: str | None) -> str:
    """Write words of a list without case and signs.

    >>> fold("STANDARD_ERROR") == fold("Standard Error"), fold("95% Confidence Interval")
    (True, '95% confidence interval')
    """
    return " ".join(re.sub(r"[^a-z0-9%.]+", " ", (words or "").casefold()).split())


def slug(words: str) -> str:
    """Make a short name of a title; a long one ends with a part of its checksum.

    >>> slug("Dupilumab 300 mg qw"), slug("点")
    ('dupilumab-300-mg-qw', 'name-08ddde')
    """
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) <= 48 and slug:
        return slug
    return f"{slug[:40].rstrip('-') or 'name'}-{hashlib.sha256(words.encode()).hexdigest()[:6]}"


def mesh(number: str | None) -> str | None:
    """Give the CURIE of an identifier of MeSH as the registry writes it, with nine digits.

    >>> mesh("D000003550"), mesh("D000077157"), mesh("C000072379"), mesh("M9744")
    ('mesh:D003550', 'mesh:D000077157', 'mesh:C072379', None)
    """
    match = MESH.fullmatch(number or "")
    if match is None:
        return None
    letter, value = match[1], int(match[2])
    return f"mesh:{letter}{value:06}" if value <= SIX_DIGITS[letter] else f"mesh:{letter}{value:09}"
