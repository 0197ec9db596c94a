"""Numbers as they are written: exact, and in one form."""

import re
from decimal import Decimal

NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_DIGITS = 18  # places before and after the point that every RDF store keeps exactly


def decimal(text: str) -> Decimal:
    """Read a number exactly, in the one form that equal numbers share: no exponent, no trailing zeros.

    `55.0` and `55` are the same number, and an RDF store gives back `55` for both, so a study that went through a
    store must equal the one that was read. How many digits the source printed can be seen at the number's place.

    :raises ValueError: if the text is no finite number, or has more digits than a store keeps exactly

    >>> decimal("55.0"), decimal("1.50e1"), decimal("-0.0")
    (Decimal('55'), Decimal('15'), Decimal('0'))
    """
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    number = Decimal(text)
    if not number:
        return Decimal(0)
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # the pattern lets no NaN and no infinity through
    while len(digits) > 1 and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    if len(digits) + exponent > _DIGITS or exponent < -_DIGITS:
        raise ValueError(f"{text} has more than {_DIGITS} digits before or after the point")
    if exponent > 0:
        digits, exponent = digits + (0,) * exponent, 0
    return Decimal((sign, digits, exponent))
