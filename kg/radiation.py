"""Doses of radiation that compare across fractions: computed from total dose and number of fractions, or not at all.

BED = D (1 + d / (α/β)), with D the total dose and d the dose of a fraction; EQD2 = BED / (1 + 2 Gy / (α/β)).

Source: Fowler, Br J Radiol 2010;83:554-568. The model holds for photons and a homogeneous dose; it may overstate the
effect of few large fractions, and knows nothing of overall time.
"""

from decimal import Decimal

from picograph.kg.results import Derived, Quantity
from picograph.kg.study import Intervention, InterventionKind

ALPHA_BETA = Decimal(10)  # of tumours and early effects [Gy]; the 10 of BED10
_IN_GRAY = {"Gy": Decimal(1), "cGy": Decimal("0.01")}
_FRACTIONS = {"1", "{fraction}", "{fractions}"}
_HUNDREDTH = Decimal("0.01")


def bed(dose: Decimal, fractions: int, alpha_beta: Decimal = ALPHA_BETA) -> Decimal:
    """Give the biologically effective dose of a total dose that was given in equal fractions.

    :param dose: total dose [Gy]
    :param fractions: number of fractions, at least 1
    :param alpha_beta: α/β of the tissue [Gy]
    :returns: [Gy]

    >>> bed(Decimal(50), 25), bed(Decimal(54), 6)
    (Decimal('60.0'), Decimal('102.6'))
    """
    return dose * (1 + dose / fractions / alpha_beta)


def eqd2(dose: Decimal, fractions: int, alpha_beta: Decimal = ALPHA_BETA) -> Decimal:
    """Give the dose in fractions of 2 Gy that has the same biologically effective dose.

    >>> eqd2(Decimal(50), 25), eqd2(Decimal(54), 6)
    (Decimal('50'), Decimal('85.5'))
    """
    return bed(dose, fractions, alpha_beta) / (1 + 2 / alpha_beta)


def _one(quantity: Quantity | None) -> Decimal | None:
    """Give the value of a quantity that is one number for all participants; a range, median or mean is none."""
    if quantity is None:
        return None
    others = (name for name in Quantity.__struct_fields__ if name not in ("unit", "value"))
    return quantity.value if all(getattr(quantity, name) is None for name in others) else None


def derived_doses(given: Intervention) -> tuple[Derived, ...]:
    """Give BED10 and EQD2 of a radiation treatment; nothing where dose or fractions are missing, several or unclear.

    A dose that has a frequency may be that of a fraction, so it is left alone.

    >>> dose, fractions = Quantity(unit="Gy", value=Decimal(54)), Quantity(unit="{fractions}", value=Decimal(6))
    >>> made = Intervention(key="rt", label="RT", kind=InterventionKind.RADIATION, dose=dose, fractions=fractions)
    >>> [(each.quantity, str(each.value), each.unit) for each in derived_doses(made)]
    [('BED10', '102.6', 'Gy'), ('EQD2', '85.5', 'Gy')]
    """
    dose, count = _one(given.dose), _one(given.fractions)
    if given.kind is not InterventionKind.RADIATION or given.frequency or given.dose is None or given.fractions is None:
        return ()
    gray = _IN_GRAY.get(given.dose.unit)
    if dose is None or count is None or gray is None or given.fractions.unit not in _FRACTIONS:
        return ()
    total = dose * gray
    if total <= 0 or count < 1 or count != count.to_integral_value():
        return ()
    size = f"{_text(total)} Gy in {_text(count)} fraction{'' if count == 1 else 's'} of {_text(total / count)} Gy"
    told = f"α/β = {_text(ALPHA_BETA)} Gy, from {size}; Fowler, Br J Radiol 2010;83:554-568"
    formulas = {
        "BED10": (bed(total, int(count)), f"D (1 + d / (α/β)), {told}"),
        "EQD2": (eqd2(total, int(count)), f"D (d + α/β) / (2 Gy + α/β), {told}"),
    }
    return tuple(
        Derived(quantity=name, value=Decimal(_text(value)), unit="Gy", method=method, evidence=given.evidence)
        for name, (value, method) in formulas.items()
    )


def _text(value: Decimal) -> str:
    """Write a number to two decimals, without zeros at its end."""
    text = format(value.quantize(_HUNDREDTH), "f")
    return text.rstrip("0").rstrip(".")
