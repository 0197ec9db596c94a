"""Records as far as they say who they are, and the studies that come of them in any order of loading."""

from collections.abc import Iterable, Sequence
from itertools import permutations

from picograph.kg.identifiers import identifier
from picograph.kg.identity import IN_ABSTRACT
from picograph.kg.joining import Index, Resolution, Settled, entry_of, settle
from picograph.kg.report import Report, SecondaryIdentifier
from picograph.kg.results import Text
from picograph.kg.source import Method, Record, Source
from picograph.kg.splits import Splits
from picograph.kg.study import Study


def record(
    document: str,
    *numbers: str,
    key: str = "",
    doi: str | None = None,
    pmid: str | None = None,
    method: Method = Method.REGISTRY,
    others: Sequence[Text] = (),
    abstract: Sequence[Text] = (),
) -> Study:
    return Study(
        key=key or (document if document.startswith(("NCT", "doi:", "pmid:")) else identifier(document) or document),
        record=Record(document=document, source=Source(sha256="0" * 64), method=method),
        identifiers=numbers,
        secondary_identifiers=(
            *(SecondaryIdentifier(label=each) for each in others),
            *(SecondaryIdentifier(label=each, kind=IN_ABSTRACT) for each in abstract),
        ),
        report=Report(doi=doi, pmid=pmid),
    )


def settled(study: Study, index: Index) -> tuple[Resolution, Settled]:
    entry = entry_of(study)
    found = settle([entry], index)
    return found.resolutions[entry.record], found


def resolve(study: Study, index: Index) -> Resolution:
    return settled(study, index)[0]


def keys(studies: Iterable[Study], splits: Splits | None = None) -> dict[str, str]:
    """Give the key of each document, loaded one after the other."""
    index, documents, filed = Index(splits=splits), {}, dict[str, str]()
    for study in studies:
        resolution, found = settled(study, index)
        for each in found.rekeys:
            assert filed[each.record] == each.old != each.new
            filed[each.record] = each.new
        filed[resolution.record] = resolution.key
        documents[resolution.record] = study.record.document
    assert filed == index.keys()
    return {documents[record]: key for record, key in filed.items()}


def in_any_order(studies: Sequence[Study], splits: Splits | None = None) -> dict[str, str]:
    """Give the key of each document, having seen that every order of loading gives the same."""
    found = [keys(order, splits) for order in permutations(studies)]
    assert len(found) > 1
    assert all(each == found[0] for each in found)
    return found[0]


CURATED = record("doi:10.1056/nejmoa1715274", method=Method.CURATED)
PUBMED = record("pmid:29768149", "NCT02149199", doi="10.1056/NEJMoa1715274", pmid="29768149")
REGISTERED = record("NCT02149199", "2013-004474-96", others=["D589SC00001"])
UNRELATED = record("NCT02224157", "2013-004473-28")
