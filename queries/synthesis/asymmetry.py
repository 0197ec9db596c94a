"""Whether small studies tell another effect than large ones."""

import math
from collections.abc import Sequence

from msgspec import Struct

from picograph.queries.synthesis.models import regress


class Asymmetry(Struct, frozen=True, kw_only=True):
    """Egger's test of the funnel's asymmetry."""

    statistic: float
    p: float
    studies: int


def egger(y: Sequence[float], v: Sequence[float], *, method: str = "REML") -> Asymmetry | None:
    """Test whether small studies tell another effect: regression on the standard error. None below three studies.

    Below ten studies the test has no power to speak of (Cochrane Handbook 6.5, 13.3.5.4): whoever prints it says so.

    Source: Egger, BMJ 1997;315:629, in the form of a mixed-effects model (Sterne and Egger 2005).
    """
    if len(y) < 3:
        return None
    errors = [math.sqrt(each) for each in v]
    if max(errors) - min(errors) <= 1e-12 * max(errors):
        return None
    found = regress(y, v, {"standard error": errors}, method=method)
    return Asymmetry(statistic=found.estimates[1] / found.standard_errors[1], p=found.p[1], studies=len(y))
