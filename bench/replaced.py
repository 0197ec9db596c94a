"""A store in which many records were replaced by small loads, against the same quads with a results table made at once.

PICOGRAPH_BENCH_REPLACED says how many drawn studies are in it; each is replaced once, a few at a time, as by somebody
who loads what is new every day.
"""

import os
import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

from picograph.kg.mapping import graph_text
from picograph.kg.store.embedded import FolderStore
from picograph.queries import catalog, ways

from . import engines, figures, sizes
from .asked import asked, told
from .graphs import studies
from .timing import milliseconds, table

STUDIES = int(os.environ.get("PICOGRAPH_BENCH_REPLACED", "300"))
AT_ONCE = 10  # studies in a load


def measure(folder: Path) -> Iterator[str]:
    """Ask both every question that the table answers."""
    replaced, anew = folder / "replaced", folder / "anew"
    engines.small(replaced, STUDIES)
    with FolderStore(replaced) as store:
        for first in range(1, STUDIES + 1, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, STUDIES + 1))
            with store.write() as writer:  # other numbers in the same records
                writer.put([graph_text(each)[0] for each in studies(2, numbers)])
        rows = store.table()
        graphs = len(rows.replaced) if rows else 0
    shutil.copytree(replaced, anew)
    with FolderStore(anew) as store:
        store.rebuild()
        names = [each for each in asked() if ways.answering_table(store, catalog.question(*each[:2]), each[2])]
    found = {}
    for name, shelf, given in names:
        both = [sizes.cost(str(path), name, shelf, given) for path in (replaced, anew)]
        if all(both):
            found[told(name, given)] = [statistics.median(each["seconds"]) for each in both]
    figures.keep("replaced", {"studies": STUDIES, "graphs": graphs, "questions": found})
    ratios = {key: one / other for key, (one, other) in found.items()}
    yield f"A results table of {STUDIES} studies in which {graphs} graphs were replaced, {AT_ONCE} studies at a time,"
    yield "against the same rows written at once: the call of ask."
    rows_ = [(key, *map(milliseconds, found[key]), f"{ratio:.1f}") for key, ratio in ratios.items()]
    yield from table(("question", "replaced", "at once", "times"), rows_)
    yield (
        f"median {statistics.median(ratios.values()):.1f}, least {min(ratios.values()):.1f}, greatest"
        f" {max(ratios.values()):.1f}"
    )
