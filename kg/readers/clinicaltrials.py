"""ClinicalTrials.gov: one study of its API, version 2 (JSON), protocol and results.

A record is a study object. Its source is known by the checksum of `json_record`, and every fact has a pointer to each
field that it was read from. What the record does not state stays absent.

- **Numbers** are taken from their text as printed: "1,234" is 1234, "0" is zero, "<0.001" is a p value with its sign.
  "NA", "-" and the like are no number: the result says *not reported*, and its remarks have the record's comment. A
  text that is neither stays in the remarks in its own words.
- **Groups of results** are the plan's arm whose label is exactly their title. Any other group is an arm of its own with
  ``planned`` false, and two groups are one only if title and description are the same in every letter. The registry's
  own "Total" is no arm: its results are those of the whole study.
- **Contrasts.** An analysis of two groups does not say which is set against which. Where its comment consists of both
  titles with *vs.* between them, that does; else the groups are in ``compared``.
- **Units** are UCUM where the words are a unit that is known, else the words in braces; the words are kept.
- **A per cent of participants** is a proportion unless the outcome's words are about survival or another time to an
  event: such a number is never made a count of participants.
- **Totals** of serious and other events are results with ``any_event``; deaths from any cause are in the flow.
- **Index terms** are those that the registry finds by computer: they are MeSH headings of the report that say what they
  were found for, and never concepts of a condition or an intervention.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from picograph.kg.readers import json_files, json_record
from picograph.kg.readers.clinicaltrials_protocol import Protocol
from picograph.kg.readers.clinicaltrials_results import Results
from picograph.kg.readers.json_record import JsonObject, MisfitError
from picograph.kg.source import Method, Record, Source
from picograph.kg.study import Study
from picograph.ontology.errors import InputError

READER = "clinicaltrials 2"


def _study(root: JsonObject, source: Source) -> Study:
    """Put together what the sections of a record say."""
    protocol = Protocol(root)
    results = Results(root, protocol)
    nct, place = protocol.nct()
    identifiers, secondary = protocol.identifiers()
    interventions = tuple(protocol.interventions())
    known = protocol.plan()
    flow = list(results.flow())
    baselines = tuple(results.baselines())
    estimates = tuple(results.estimates(known))
    groups = results.event_groups()
    dispositions = [disposition for _, disposition in flow if disposition is not None]
    return Study(
        key=nct,
        record=Record(document=nct, source=source, method=Method.REGISTRY, reader=READER),
        identifiers=identifiers,
        secondary_identifiers=secondary,
        report=protocol.report(nct, place),
        design=protocol.design(),
        population=protocol.population(),
        interventions=interventions,
        epochs=tuple(epoch for epoch, _ in flow if epoch is not None),
        baselines=baselines,
        dispositions=(*dispositions, *results.deaths(groups)),
        estimates=estimates,
        safety_reporting=results.safety(),
        adverse_events=tuple(results.adverse_events(groups)),
        outcomes=tuple(protocol.outcomes),
        arms=tuple(protocol.arms.arms),  # last: results add theirs
    )


def read(content: bytes, name: str) -> Study:
    """Read one study of ClinicalTrials.gov.

    :param name: what errors call it
    :raises InputError: if it is not one study, with the pointer to what does not fit

    >>> record = b'{"protocolSection": {"identificationModule": {"nctId": "NCT00000001", "briefTitle": "A trial"}}}'
    >>> study = read(record, "example.json")
    >>> study.key, study.report.title, study.design, study.report.evidence[0]
    ('NCT00000001', 'A trial', None, Place('/protocolSection/identificationModule/nctId'))
    """
    return written(content, name)[0]


def written(content: bytes, name: str) -> tuple[Study, str]:
    """Read one study, with its canonical text, in which its pointers are followed.

    :raises InputError: as `read` does
    """
    if content[:2] == b"PK":
        raise InputError(_MANY.format("a zip of records"), where=name, remedy=_PARTS)
    fields, source, text = json_record.parsed(content, name)
    if isinstance(fields.get("studies"), list):
        raise InputError(_MANY.format(f"a page of {len(fields['studies'])} studies"), where=name, remedy=_PARTS)
    if "protocolSection" not in fields:
        raise InputError(
            "this is JSON, but no study of ClinicalTrials.gov: it has no protocolSection",
            where=name,
            remedy="give a study as version 2 of the API has it, not the older version or a part of one",
        )
    try:
        return _study(JsonObject(fields), source), text
    except MisfitError as misfit:
        raise misfit.error(name) from None


_MANY = "this is {}, and one study is read at a time"
_PARTS = "take it apart with `records`, and read its parts"


def source_text_of(content: bytes, name: str) -> str:
    """Give the canonical text of a record: what its checksum counts, and what its pointers are followed in.

    >>> source_text_of(b'{"protocolSection": {}, "hasResults": false}', "example")
    '{"hasResults":false,"protocolSection":{}}'
    """
    return json_record.canonical_text(json_record.parse(content, name)[0])


def sniff(head: bytes) -> bool:
    """Say whether a file begins like a study of ClinicalTrials.gov, or many: a page, a list, JSON lines, a zip.

    >>> sniff(b'{"protocolSection": {'), sniff(b'{"studies": [{"protocolSection": {'), sniff(b'{"title": "x"}')
    (True, True, False)
    """
    if head.startswith(b"PK\x03\x04"):
        return re.match(rb".{26}(..)(..)[^\0]{0,200}?\.jsonl?", head, re.DOTALL) is not None  # its first file
    start = head[:100].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return start in (b"{", b"[") and re.search(rb'"(?:protocol|results|derived)Section"\s*:\s*\{', head) is not None


def records(stream: BinaryIO, name: str) -> Iterator[tuple[str, bytes | InputError]]:
    """Take a file apart: one study, a page or list of them, JSON lines, or a zip of such files.

    One record is held at a time. A damaged one is given as an error, those beside it as they are.

    >>> import io
    >>> lines = io.BytesIO(b'{"protocolSection": {}}\\n{"protocolSection": {"a": 1}}\\n')
    >>> [(name, len(record)) for name, record in records(lines, "my.jsonl")]
    [('my.jsonl, record 1', 23), ('my.jsonl, record 2', 29)]
    """
    return json_files.split(stream, name, begins=b'{"protocolSection"', page=b"studies")


def read_all(stream: BinaryIO, name: str) -> Iterator[tuple[str, Study | InputError]]:
    """Read every study of a file, in whatever form it holds them; a bad one is given as its error."""
    for each, record in records(stream, name):
        try:
            yield each, record if isinstance(record, InputError) else read(record, each)
        except InputError as error:
            yield each, error
