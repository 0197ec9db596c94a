"""What reading and mapping a record cost, against the engine's own bulk load of the same quads."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from picograph.kg.derivation import derive
from picograph.kg.linking import link
from picograph.kg.load import example
from picograph.kg.readers import read_record
from picograph.kg.triples import quads_of
from picograph.kg.validation import check

from .timing import medians, milliseconds, table

RECORDS = 30


def measure(folder: Path, rounds: int = 5) -> Iterator[str]:
    """Time the steps of a load on copies of the study that ships, each with a key of its own."""
    name, content = example()
    key = read_record(content, name).key.removeprefix("doi:").encode()
    records = [content.replace(key, b"10.1000/bench.%d" % number) for number in range(RECORDS)]
    studies = [link(read_record(record, name)) for record in records]
    for study in studies:
        check(study, None)  # units and concepts are looked up once in a process: not part of what a record costs
    quads = [quad for study in studies for quad in quads_of(derive(study))]
    lines = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    target = folder / "bulk"

    def read() -> object:
        return [read_record(record, name) for record in records]

    def map_() -> object:
        found = []
        for study in studies:
            linked = link(study)
            check(linked, None)
            found.append(quads_of(derive(linked)))
        return found

    def bulk_load() -> None:
        shutil.rmtree(target, ignore_errors=True)
        store = ox.Store(str(target))
        store.bulk_load(lines, format=ox.RdfFormat.N_QUADS)
        store.flush()

    engine = "engine: bulk load of the same quads into a folder"
    took = medians({engine: bulk_load, "read the study files (YAML)": read, "link, check, derive, map": map_}, rounds)
    both = sum(each for step, each in took.items() if step != engine)
    yield (
        f"Loading: {RECORDS} study files, {len(quads)} quads; medians of {rounds} rounds in one process; "
        "the budget of the sum is 1."
    )
    rows = [
        (step, milliseconds(each / RECORDS), f"{each / took[engine]:.2f}")
        for step, each in {**took, "read and map": both}.items()
    ]
    yield from table(("step", "per record", "ratio"), rows)
