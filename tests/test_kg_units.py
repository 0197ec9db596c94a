"""Promise: a unit is a UCUM code, by the grammar of UCUM itself; the codes known by heart are such codes too."""

import subprocess
import sys

import pytest

from picograph.kg.units import COMMON, is_unit

NOT_UNITS = [
    "patients", "days", "months", "years", "percent", "Gray", "mcg", "mmHg", "bid", "hours",
    "mg/kg/day", "mg//d", "m g", " mg", "mg ", "mg\n", "mg.", "(mg", "mg)", "µg", "m²", "1e3", "%%",
    "2/d/", "{lesions", "lesions}", "{two words}", "", "/", "-1", "NaN", "é", "IU", "Gy/fraction",
    "(" * 60 + "mg" + ")" * 60, "mg;DROP", "mg\0", "x" * 10_000,
]  # fmt: skip
UNITS = [
    "mg/m2", "mg/kg/d", "ug", "mm[Hg]", "[iU]", "10*9/L", "2/d", "/wk", "1/wk", "Gy/{fraction}", "{lesions}", "cm3",
    "min", "10^9/L", "mL/min/{1.73_m2}", "meq/L", "kg/m2", "a", "mo", "%", "1", "cGy", "ng/mL",
]  # fmt: skip


def test_the_codes_known_by_heart_are_ucum() -> None:
    from ucumvert import get_ucum_parser

    parser = get_ucum_parser()
    assert len(COMMON) >= 16
    for code in COMMON:
        assert parser.parse(code)


def test_the_sweeps_are_not_empty() -> None:
    assert (len(NOT_UNITS), len(UNITS)) == (38, 23)
    assert not COMMON & set(NOT_UNITS)


@pytest.mark.parametrize("code", NOT_UNITS)
def test_what_is_no_ucum_code_is_refused(code: str) -> None:
    assert not is_unit(code)


@pytest.mark.parametrize("code", UNITS)
def test_ucum_codes_are_units(code: str) -> None:
    assert is_unit(code)


def test_common_codes_need_no_grammar() -> None:
    """Loading the grammar costs more than reading a record: it is done for the rare codes only."""
    script = (
        "import sys; from picograph.kg.units import COMMON, is_unit; assert all(map(is_unit, COMMON));"
        " assert 'ucumvert' not in sys.modules and 'lark' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
