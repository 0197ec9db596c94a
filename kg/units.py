"""Units are UCUM codes. Which codes exist is ucumvert's grammar to say."""

import re
from functools import cache
from typing import Any

# Codes met all the time: answered without loading the grammar, held against it by a test.
COMMON = frozenset(
    {"%", "1", "/d", "2/d", "Gy", "a", "cm", "d", "g", "h", "kg", "mg", "mm", "mo", "wk", "{participants}"}
)
# A thing counted, or a unit that UCUM does not have, in braces: without spaces and of ASCII, as UCUM asks.
_IN_BRACES = re.compile(r"\{[!-z|~]+\}")


@cache
def _parser() -> Any:
    from ucumvert import get_ucum_parser

    return get_ucum_parser()


@cache
def is_unit(code: str) -> bool:
    """Tell whether a code is a UCUM unit.

    >>> is_unit("mg/m2"), is_unit("2/d"), is_unit("patients")
    (True, True, False)
    """
    if code in COMMON:
        return True
    if not code or len(code) > 100:
        return False
    if _IN_BRACES.fullmatch(code):
        return True
    from lark.exceptions import LarkError

    try:
        _parser().parse(code)
    except LarkError:
        return False
    return True
