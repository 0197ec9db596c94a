"""Abstracts read by models that were learnt from annotated ones: what stands beside the rules of `kg.extraction`.

An abstract goes through these steps, each a module:

    words     what each word is taken for: an outcome, a treatment, a condition… (conditional random field)
    numbers   what each number is: a count, a per cent, a mean, a group's size… (random field, regression)
    names     where the arms of the study may be named
    arms      which of those names are the experimental arm's (logistic regression)
    cells     numbers that say one thing, and how they stand among the names
    stretches what the words between numbers say of their arm
    scene     pairs of cells and names that may be of one arm
    sides     which arm each number belongs to, found over the whole abstract (boosted trees, and a tree of pairs)
    weighing  all that was said of a number, weighed once more (boosted trees)
    reader    all of that for one abstract: `findings`
    study     the sure ones as facts of a study

What was learnt lies in ``weights``; ``make model`` makes it. Without the packages of ``picograph[model]`` the rules
alone read.
"""

from picograph.ontology.errors import UsageError

try:
    import numpy as _numpy  # noqa: F401
except ImportError:
    raise UsageError(
        "the model needs the package numpy, which is not installed",
        remedy="pip install 'picograph[model]'; reading by rules needs nothing more",
    ) from None
