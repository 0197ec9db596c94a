"""The study file: one study in YAML, with the places of its facts, that a person can read and write.

A file says `picograph: study 1` (the format and its version) and then the fields of
[`Study`][picograph.kg.study.Study] by their names:

    picograph: study 1
    key: doi:10.1000/example
    record:
      document: doi:10.1000/example
      source: {sha256: …, characters: 3016}
      method: curated
    population: {enrolled: 40, evidence: 414-428}

- Evidence is a place or a list of places. One value may stand wherever a list of values may.
- What the source does not state is left out; an empty value is an error, because it could mean two things.
- `derived` and `mentions` are computed when a file is loaded, so they never stand in one.
- It is YAML 1.2 without anchors, aliases and tags: `no` and `on` are words, and a number is exactly what is written.

The types of the model are the only description of the format: the reader, the writer and the JSON Schema follow them.
"""

import re

from picograph.kg.readers.study_file.nodes import dotted, lines, where
from picograph.kg.readers.study_file.reading import read
from picograph.kg.readers.study_file.schema import schema
from picograph.kg.readers.study_file.writing import write
from picograph.kg.study import Study

__all__ = ["dotted", "lines", "read", "schema", "sniff", "where", "write", "written"]


def sniff(head: bytes) -> bool:
    """Say whether a file begins like a study file.

    >>> sniff(b"# a comment\\npicograph: study 1\\n"), sniff(b"title: x")
    (True, False)
    """
    if b"picograph:" not in head:
        return False
    return re.search(rb"^(?:\xef\xbb\xbf)?picograph:", head, re.MULTILINE) is not None


def written(content: bytes, name: str) -> tuple[Study, None]:
    """Read a study file; the text that its places count in is another file.

    :raises InputError: as `read` does
    """
    return read(content, name), None
