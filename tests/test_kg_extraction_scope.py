"""What a sentence leaves open stays open, what it says is read: grades, arms, phases, subsets, lists.

The sentences are made up, for several kinds of cancer, and the readings were written by hand before any rule was tried
on them. A reading is right when it is the one written here; ambiguous is right only where it is written so.
"""

from typing import NamedTuple

import pytest

from picograph.kg.extraction.build import read_study
from picograph.kg.results import AdverseEventResult, Disposition, Estimate, Result
from picograph.kg.study import Study

MELANOMA = "METHODS: Fifty patients with advanced melanoma were treated with dabrafenib. RESULTS: "
LUNG = "METHODS: Eighty patients with lung cancer received radiation therapy and cisplatin. RESULTS: "
GASTRIC = (
    "METHODS: Patients with gastric cancer were randomly assigned to apatinib (n = 60) or placebo (n = 40). RESULTS: "
)
PROSTATE = (
    "METHODS: In all, 200 men with prostate cancer were randomized to docetaxel (n = 100) versus observation (n = 100)."
    " RESULTS: "
)

BILIARY = (
    "METHODS: 338 patients with biliary tract cancer were randomly assigned to gemcitabine plus cisplatin (n = 170) or "
    "gemcitabine (n = 168). RESULTS: "
)
LETTERED = (
    "METHODS: Patients with renal cell carcinoma were randomized to receive pazopanib (arm A), everolimus (arm B), or"
    " pazopanib-everolimus (arm C). RESULTS: "
)
BREAST = "METHODS: Women with breast cancer were randomized to two groups. RESULTS: "


class Case(NamedTuple):
    """A sentence in its study, and what it says: one line for each fact."""

    study: str
    sentence: str
    says: tuple[str, ...]


CASES = (
    # which noun a grade governs
    Case(
        MELANOMA,
        "Grade 3 neutropenia and anemia occurred in 20% and 10% of patients, respectively.",
        ("neutropenia grade 3: 20% of 50", "anemia grade 3 or none: 10% of 50"),
    ),
    Case(
        MELANOMA,
        "Nausea and grade 3 vomiting were 30% and 6%.",
        ("nausea: 30% of 50", "vomiting grade 3: 6% of 50"),
    ),
    Case(
        LUNG,
        "Grade 3 or 4 adverse events were fatigue (10%), rash (5%), and pyrexia (2.5%).",
        ("fatigue grade 3-4: 10% of 80", "rash grade 3-4: 5% of 80", "pyrexia grade 3-4: 2.5% of 80"),
    ),
    Case(
        LUNG,
        "Nausea, vomiting and diarrhea of grade 2 or higher were reported in 40%, 20% and 10%, respectively.",
        (
            "nausea grade >=2 or none: 40% of 80",
            "vomiting grade >=2 or none: 20% of 80",
            "diarrhea grade >=2: 10% of 80",
        ),
    ),
    Case(
        MELANOMA,
        "Grade 3 fatigue occurred in 5 patients (10%) and rash in 4 (8%).",
        ("fatigue grade 3: 5 (10%) of 50", "rash grade 3 or none: 4 (8%) of 50"),
    ),
    Case(
        LUNG,
        "Grade ≥ 3 esophagitis and grade ≥ 2 pneumonitis occurred in 15% and 20% of patients, respectively.",
        ("esophagitis grade >=3: 15% of 80", "pneumonitis grade >=2: 20% of 80"),
    ),
    # lists and respectively, also across arms
    Case(
        GASTRIC,
        "Hypertension and proteinuria were 30% and 20% with apatinib.",
        ("hypertension: 30% of 60 in apatinib", "proteinuria: 20% of 60 in apatinib"),
    ),
    Case(
        GASTRIC,
        "Hypertension occurred in 30% of patients in the apatinib group and 5% in the placebo group.",
        ("hypertension: 30% of 60 in apatinib", "hypertension: 5% of 40 in placebo"),
    ),
    Case(
        GASTRIC,
        "Hypertension was more common with placebo than with apatinib (5% v 30%; P < .001).",
        ("hypertension: 5% of 40 in placebo", "hypertension: 30% of 60 in apatinib"),
    ),
    Case(
        GASTRIC,
        "Grade 3 hypertension (30% vs 5%) was reported.",
        ("hypertension grade 3: 30% in apatinib or placebo", "hypertension grade 3: 5% in apatinib or placebo"),
    ),
    Case(
        GASTRIC,
        "Median overall survival was 6.5 and 4.7 months with apatinib and placebo, respectively.",
        ("overall survival median 6.5 mo in apatinib", "overall survival median 4.7 mo in placebo"),
    ),
    Case(
        PROSTATE,
        "The 5-year overall survival was 71% in the observation group and 82% in the docetaxel group.",
        ("overall survival 71% at 5 a in observation", "overall survival 82% at 5 a in docetaxel"),
    ),
    Case(
        PROSTATE,
        "Six patients (6%) in the docetaxel group and 2 (2%) in the observation group discontinued treatment.",
        ("discontinued treatment: 6 (6%) of 100 in docetaxel", "discontinued treatment: 2 (2%) of 100 in observation"),
    ),
    Case(
        PROSTATE,
        "Thirty percent of patients had diarrhea.",
        ("diarrhea: 30% in docetaxel or observation or all",),
    ),
    # subsets and wholes
    Case(
        MELANOMA,
        "Ten patients (20%) had grade 3 toxicity, and two of them died.",
        ("toxicity grade 3: 10 (20%) of 50, 2 fatal",),
    ),
    Case(
        MELANOMA,
        "Of 45 evaluable patients, 9 (20%) had a partial response.",
        ("partial response: 9 (20%) of 45",),
    ),
    Case(
        LUNG,
        "Among patients with brain metastases, the response rate was 12%.",
        (),
    ),
    Case(
        GASTRIC,
        "The rate of treatment discontinuation due to nausea was 12% in the apatinib group.",
        (),
    ),
    # phases of treatment
    Case(
        LUNG,
        "During radiation therapy, 10% of patients had grade 3 esophagitis, and 5% had grade 3 dermatitis.",
        (
            "esophagitis grade 3: 10% of 80, during radiation therapy",
            "dermatitis grade 3: 5% of 80, during radiation therapy",
        ),
    ),
    Case(
        MELANOMA,
        "During induction, 12% of patients had grade 4 neutropenia; during maintenance, 4% had grade 4 neutropenia.",
        ("neutropenia grade 4: 12% of 50, during induction", "neutropenia grade 4: 4% of 50, during maintenance"),
    ),
    Case(
        LUNG,
        "Four patients (5%) developed grade 3 pneumonitis during the consolidation phase.",
        ("pneumonitis grade 3: 4 (5%) of 80, consolidation phase",),
    ),
    # one outcome, two arms, a number of each
    Case(
        BILIARY,
        "Median overall survival was 17.8 months (95% CI, 16.1-19.5) in the combination arm versus 11.5 months (95% CI,"
        " 10.3-12.7) in the gemcitabine arm (HR 0.45; 95% CI, 0.33-0.61; P < .001).",
        (
            "overall survival median 17.8 mo in gemcitabine plus cisplatin",
            "overall survival median 11.5 mo in gemcitabine",
            "overall survival hazard ratio 0.45 between arms",
        ),
    ),
    Case(
        GASTRIC,
        "The response rate in the apatinib arm was significantly higher than that in the placebo arm (45% vs 30%,"
        " P = .01).",
        ("response rate: 45% of 60 in apatinib", "response rate: 30% of 40 in placebo"),
    ),
    Case(
        GASTRIC,
        "At a median follow-up of 14 months, the response rate of the apatinib group was 45% versus 30% for placebo.",
        ("response rate: 45% of 60 in apatinib", "response rate: 30% of 40 in placebo"),
    ),
    Case(
        BREAST,
        "Fractures occurred in 11 women (22%) of the zoledronate group and in 29 women (58%) of the placebo group.",
        ("fracture: 11 (22%) in zoledronate", "fracture: 29 (58%) in placebo"),
    ),
    Case(
        LETTERED,
        "Median overall survival was 3.5, 2.8 and 2.0 months in arms A, B and C, respectively.",
        (
            "overall survival median 3.5 mo in pazopanib",
            "overall survival median 2.8 mo in everolimus",
            "overall survival median 2.0 mo in pazopanib-everolimus",
        ),
    ),
    # of the arms that got pazopanib, none is meant alone
    Case(LETTERED, "Median overall survival was 4.0 months for patients treated with pazopanib.", ()),
    # what controls a tumour is no control group
    Case(
        "METHODS: Fifty patients with brain metastases received radiosurgery. RESULTS: ",
        "The 1- and 2-year local control (LC) rates were 90% and 80%, respectively.",
        ("local control 90% at 1 a", "local control 80% at 2 a"),
    ),
    # the sizes of the arms tell which value is whose, where only one order can be
    Case(
        BILIARY,
        "The objective response rate was 54.1% versus 26.2%.",
        (
            "objective response: 54.1% of 170 in gemcitabine plus cisplatin",
            "objective response: 26.2% of 168 in gemcitabine",
        ),
    ),
    Case(
        GASTRIC,
        "The objective response rate was 45% versus 30%.",
        ("objective response: 45% in apatinib or placebo", "objective response: 30% in apatinib or placebo"),
    ),
    Case(
        GASTRIC,
        "Grade 3 hypertension occurred in 2 (5%) and 12 (20%) patients, respectively.",
        ("hypertension grade 3: 12 (20%) of 60 in apatinib", "hypertension grade 3: 2 (5%) of 40 in placebo"),
    ),
    # who died of an event is not all who had it
    Case(PROSTATE, "Two men died of sepsis in the docetaxel arm.", ("sepsis: not said of 100, 2 fatal in docetaxel",)),
    # a survival probability is no count, zero is a number
    Case(
        LUNG,
        "The 1- and 2-year overall survival rates were 60% and 32%, respectively.",
        ("overall survival 60% at 1 a", "overall survival 32% at 2 a"),
    ),
    Case(
        MELANOMA,
        "No grade 5 adverse events occurred.",
        ("adverse event grade 5: 0 of 50",),
    ),
)  # fmt: skip


def grade_words(low: int | None, high: int | None) -> str:
    if high is None:
        return f"grade >={low}"
    return f"grade {low}" if low == high else f"grade {low}-{high}"


def arm_words(study: Study, result: Result) -> str:
    labels = {arm.key: arm.label for arm in study.arms}
    if result.arm:
        return f" in {labels[result.arm]}" if len(study.arms) > 1 else ""
    for ambiguity in result.ambiguities:
        if ambiguity.field == "arm":
            return " in " + " or ".join(labels[each.words] if each.words else "all" for each in ambiguity.readings)
    return ""


def figure_words(count: int | None, percent: object, of: int | None) -> str:
    if count is None and percent is None:
        return f"not said of {of}"
    number = str(count) if percent is None else f"{percent}%" if count is None else f"{count} ({percent}%)"
    return number if of is None else f"{number} of {of}"


def said(study: Study, result: Result) -> str:
    """Write a result in one line."""
    arm = arm_words(study, result)
    match result:
        case AdverseEventResult():
            grade = " " + grade_words(result.grade.low, result.grade.high) if result.grade else ""
            for ambiguity in result.ambiguities:
                if ambiguity.field == "grade" and ambiguity.readings[0].grade:
                    open_ = ambiguity.readings[0].grade
                    grade = f" {grade_words(open_.low, open_.high)} or none"
            epoch = next((f", {each.label}" for each in study.epochs if each.key == result.epoch), "")
            fatal = f", {result.fatal} fatal" if result.fatal is not None else ""
            number = figure_words(result.affected, result.percent, result.at_risk)
            return f"{result.term}{grade}: {number}{epoch}{fatal}{arm}"
        case Estimate():
            label = next(each.label for each in study.outcomes if each.key == result.outcome)
            if result.statistic == "survival probability":
                assert result.count is None
                assert result.denominator is None
                assert result.time
                return f"{label} {result.value}% at {result.time.value} {result.time.unit}{arm}"
            if result.statistic == "hazard ratio":
                assert result.compared == tuple(each.key for each in study.arms)
                return f"{label} hazard ratio {result.value} between arms"
            if result.statistic == "median":
                return f"{label} median {result.value} {result.unit}{arm}"
            return f"{result.category or label}: {figure_words(result.count, result.value, result.denominator)}{arm}"
        case Disposition():
            return f"{result.label}: {figure_words(result.count, result.percent, result.denominator)}{arm}"
    return repr(result)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence[:50])
def test_a_sentence_says_what_it_says(case: Case) -> None:
    study = read_study(case.study + case.sentence)
    results = (*study.adverse_events, *study.estimates, *study.dispositions, *study.baselines)
    assert sorted(said(study, each) for each in results) == sorted(case.says)


def test_a_change_of_treatment_is_no_crossover_study_and_others_are_not_the_participants() -> None:
    study = read_study(
        "BACKGROUND: Radiation may help patients with lung cancer unsuitable for surgery. METHODS: Patients with lung "
        "cancer were randomized to gefitinib or placebo; crossover was allowed at progression."
    )
    assert study.design is not None
    assert study.design.model is None
    assert study.population is not None
    assert not study.population.eligibility
    crossed = read_study("METHODS: In this randomized crossover trial, 20 patients with migraine received two drugs.")
    assert crossed.design is not None
    assert crossed.design.model == "crossover assignment"


def test_what_the_methods_plan_has_its_role() -> None:
    study = read_study(
        MELANOMA.replace("RESULTS", "The primary end point was progression-free survival, defined as time to "
        "progression or death; secondary end points included overall survival and duration of response. RESULTS")
        + "Median overall survival was 17 months."
    )  # fmt: skip
    assert {each.label: each.role and each.role.value for each in study.outcomes} == {
        "progression-free survival": "primary outcome",
        "overall survival": "secondary outcome",
        "duration of response": "secondary outcome",
    }


def test_there_are_enough_sentences_of_enough_kinds() -> None:
    assert len({case.sentence for case in CASES}) >= 20
    assert len({case.study for case in CASES}) >= 3
