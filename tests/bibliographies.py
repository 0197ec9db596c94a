"""What every reader of bibliographic files must give: sound studies with their text, in memory that does not grow."""

import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from picograph.kg import validation
from picograph.kg.model import parts_of
from picograph.kg.readers import study_file
from picograph.kg.readers.bibliography import Found, Written
from picograph.kg.recovery import study_of
from picograph.kg.source import source_of, source_text
from picograph.kg.triples import canonical, quads_of
from picograph.ontology.errors import InputError


def sorted_out(found: Iterable[Found]) -> tuple[list[Written], list[InputError]]:
    """Give what was read of a file, and what was refused."""
    each = [one for _, one in found]
    return [one for one in each if isinstance(one, Written)], [one for one in each if isinstance(one, InputError)]


def sound(written: Written) -> None:
    """Hold what every study must hold: its places on whole words, the way to RDF and back, the study file."""
    study, text = written
    assert study.record.source == source_of(text)
    assert source_text(text.encode()) == text, "the text is kept as it is"
    assert validation.errors(validation.check(study, text)) == []
    assert study_of(quads_of(study)) == canonical(study)
    assert study_file.read(study_file.write(study).encode(), "again") == study
    assert all(part.evidence for part in parts_of(study))


def memory_does_not_grow(
    folder: Path, record: Callable[[int], bytes], read_all: Callable[[IO[bytes], str], Iterator[Found]]
) -> None:
    """Read ten times as many records in as much memory."""

    def peak(count: int) -> int:
        path = folder / str(count)
        with path.open("wb") as file:
            for number in range(1, count + 1):
                file.write(record(number))
        tracemalloc.start()
        with path.open("rb") as stream:
            assert sum(isinstance(each, Written) for _, each in read_all(stream, "x")) == count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(20)  # what is imported and cached on the first run
    few, many = peak(200), peak(2000)
    assert many < few * 1.2 + 100_000, f"{few:,} bytes for 200 records, {many:,} for 2,000"
