"""A number is read with its sign, its unit and its kind however it is printed, and at its place."""

from decimal import Decimal

import pytest

from picograph.kg.extraction.numbers import Mention, mentions_of
from picograph.kg.extraction.text import fold
from picograph.kg.extraction.tokens import tokens_of


def read(words: str) -> list[Mention]:
    folded = fold(words)
    return mentions_of(folded, tokens_of(folded))


def said(mention: Mention) -> str:
    """The kind, the sign, the numbers and the unit of a mention, in one line."""
    numbers = [str(each) for each in (mention.value, mention.low, mention.high) if each is not None]
    sign = "" if mention.sign == "=" else mention.sign
    return f"{mention.kind.value} {sign}{'..'.join(numbers)}{' ' + mention.unit if mention.unit else ''}"


CASES = {
    "Thirty-three (83%) completed": ["count 33", "percent 83%"],
    "one hundred and twenty-two women": ["count 122"],
    "1,040 patients": ["count 1040"],
    "48\u2009835 women": ["count 48835"],
    "22 of 40 patients (55%)": ["count 22", "denominator 40", "percent 55%"],
    "18/24 (75%)": ["count 18", "denominator 24", "percent 75%"],
    "75% (18/24)": ["percent 75%", "count 18", "denominator 24"],
    "6 (15%) of the 40 patients": ["count 6", "percent 15%", "denominator 40"],
    "(n = 53)": ["group size 53"],
    "(n = 6; 15%)": ["count 6", "percent 15%"],
    "P\u2009<\u2009·001": ["p value <0.001"],
    "p &lt; 0.05": ["p value <0.05"],
    "p-value of .03": ["p value 0.03"],
    "P for trend = .04": ["p value 0.04"],
    "hazard ratio [HR], 0.78; 95% CI, 0.65-0.94": ["ratio 0.78", "confidence interval 95..0.65..0.94"],
    "odds ratio of 1.9 (95% confidence interval: 1.1 to 3.3)": ["ratio 1.9", "confidence interval 95..1.1..3.3"],
    "95% CI −3.2 to −1.1": ["confidence interval 95..-3.2..-1.1"],
    "95% CI, -0.2, 0.4": ["confidence interval 95..-0.2..0.4"],
    "grade 3-4": ["grade 3..4"],
    "grade III/IV": ["grade 3..4"],
    "grade 3 or higher": ["grade 3"],
    "≥ grade 2": ["grade 2"],
    "grade &#8805;2": ["grade 2"],
    "grade >= 3": ["grade 3"],
    "grades 1 and 2": ["grade 1..2"],
    "phase II": ["name 2"],
    "400 mg twice daily": ["dose 400 mg"],
    "75 mg/m(2)": ["dose 75 mg/m2"],
    "10mg/day": ["dose 10 mg/d"],
    "50 Gy in 25 fractions": ["dose 50 Gy", "plain 25"],
    "40 to 60 Gy": ["range 40..60 Gy"],
    "from 3.0 cm to 15.5 cm": ["range 3.0..15.5 cm"],
    "62.7 ± 6.7 years": ["mean 62.7 a", "standard deviation 6.7 a"],
    "at 2 years": ["time 2 a"],
    "5-year survival": ["time 5 a"],
    "in 2010": ["year 2010"],
}


@pytest.mark.parametrize("words", CASES)
def test_numbers_are_read_as_they_are_meant(words: str) -> None:
    expected = [each.replace("%", "") for each in CASES[words]]
    found = [said(each) for each in read(words)]
    assert found == expected


def test_a_number_stands_at_its_place() -> None:
    seen = 0
    for words in CASES:
        for mention in read(words):
            at = words[mention.start : mention.end]
            assert at.strip() == at != ""
            if at.isdecimal():
                assert Decimal(at) == mention.value
            seen += 1
    assert seen >= len(CASES)
