"""What a pooling says in words: its cautions, and a sentence for a report's methods section."""

from collections.abc import Sequence

from picograph.queries.synthesis import models
from picograph.queries.synthesis.poolability import Verdict
from picograph.queries.synthesis.pooled import FEW, Member, Options, named, parts
from picograph.queries.synthesis.scales import Scale, one_sided


def cautions(rows: Sequence[Member], scale: Scale, options: Options, verdict: Verdict) -> list[str]:
    """Say what a reader must know before the result is used."""
    found = []
    if len(rows) == 1:
        found.append("One study is no synthesis: its own estimate is given.")
    elif len(rows) < 5 and options.method not in models.COMMON and not options.knapp_hartung:
        found.append(f"With {len(rows)} studies the spread between them is hardly known: see --knapp-hartung.")
    if scale.measure.name == "freeman-tukey":
        found.append(
            "Freeman–Tukey is undone with one size for all studies, and can mislead (Schwarzer 2019, Res Synth Methods "
            "10:476): compare --measure glmm."
        )
    corrected = [named(each.candidate) for each in rows if each.corrected]
    if corrected:
        found.append(f"Half an event was given to the empty cells of {len(corrected)}: {', '.join(corrected)}.")
    if options.measure == "glmm" and any(one_sided([each.candidate for each in part]) for part in parts(rows, options)):
        found.append("Where nobody or everybody had the event, half an event was given to the empty cells: no GLMM is.")
    computed = [named(each.candidate) for each in rows if each.candidate.derived]
    if computed:
        found.append(f"A count was computed from the stated per cent in {len(computed)}: {', '.join(computed)}.")
    if verdict.implied:
        told = ", ".join(named(each.candidate) for each in verdict.implied)
        found.append(f"A zero of a wider event was taken as a zero of this one in {len(verdict.implied)}: {told}.")
    if len(rows) > 2 and len(rows) < FEW:
        found.append(f"Below {FEW} studies the test of the funnel's asymmetry has no power to speak of.")
    if options.moderators and len(rows) < FEW * len(options.moderators):
        found.append(f"Meta-regression wants {FEW} studies for each moderator; a relation across studies is no cause.")
    found += [
        f"Set aside by you: the rule {name!r}, for {sum(each.rule == name for each in verdict.overridden)} values."
        for name in sorted({each.rule for each in verdict.overridden})
    ]
    return found


def methods(rows: Sequence[Member], scale: Scale, options: Options) -> str:
    """Write a sentence for a report's methods section."""
    from importlib.metadata import version

    from picograph import __version__

    how = models.METHODS[options.method]
    if options.method in ("MH", "Peto"):
        model = f"the method of {'Mantel and Haenszel' if options.method == 'MH' else 'Peto'} (common effect)"
    elif options.measure == "glmm":
        model = "a binomial-normal model (logistic, random intercept, seven quadrature points)"
    else:
        model = f"the inverse-variance method ({how})"
    adjusted = " with the Knapp–Hartung adjustment" if options.knapp_hartung else ""
    scale_words = {
        "logit": "logit-transformed proportions",
        "log": "log-transformed proportions",
        "raw": "untransformed proportions",
        "arcsine": "arcsine-transformed proportions",
        "freeman-tukey": "Freeman–Tukey double arcsine proportions",
        "log-log survival": "survival probabilities on the log-log scale, with standard errors from their intervals",
        "log ratio": f"log {rows[0].candidate.statistic or 'ratio'}s, with standard errors from their intervals",
    }.get(scale.measure.name, f"{scale.measure.label}s")
    return (
        f"We pooled {scale_words} of {len(rows)} {'study' if len(rows) == 1 else 'studies'} by {model}{adjusted}, "
        f"with {options.level * 100:g} % confidence and prediction intervals, in picograph {__version__} "
        f"(NumPy {version('numpy')}, SciPy {version('scipy')})."
    )
