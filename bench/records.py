"""Records of any number, made from real ones with new identifiers: number N of a seed is always the same.

One registry record in eight has results, as in the registry. Every identifier that could join two records is made new;
numbers of adverse events are drawn anew, within those at risk. `mixed` has four articles for each registry record: each
keeps a drawn share of the headings, authors and substances of the real one, because that has more of them than most,
and one in ten is of a trial whose record is there too.
"""

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

SHARED = Path(__file__).resolve().parents[2] / "shared"
_NCT = re.compile(r"NCT\d{8}")
_DIGIT = re.compile(r"\d")
_WITH_RESULTS = 1 / 8
_FIRST = 90_000_000  # of the numbers of registry records, and of articles


def originals(folder: Path = SHARED) -> list[dict[str, Any]]:
    """Read the real records of the registry that lie beside the repository."""
    return [json.loads(path.read_bytes()) for path in sorted(folder.glob("clinicaltrials/*.json"))]


def _renumbered(record: dict[str, Any], random: Random) -> None:
    module = record["protocolSection"]["identificationModule"]
    for each in (module.get("orgStudyIdInfo", {}), *module.get("secondaryIdInfos", ())):
        if "id" in each:
            each["id"] = _DIGIT.sub(lambda _: str(random.randrange(10)), each["id"]) + f"-{random.randrange(10**9)}"
    module.pop("nctIdAliases", None)
    for each in record["protocolSection"].get("referencesModule", {}).get("references", ()):
        if "pmid" in each:
            each["pmid"] = str(random.randrange(10**7, 10**8))
    events = record.get("resultsSection", {}).get("adverseEventsModule", {})
    for event in (*events.get("seriousEvents", ()), *events.get("otherEvents", ())):
        for cell in event.get("stats", ()):
            if cell.get("numAffected") is not None and cell.get("numAtRisk"):
                cell["numAffected"] = random.randint(0, cell["numAtRisk"])


def made(real: Sequence[dict[str, Any]], count: int, seed: int = 0, start: int = 0) -> Iterator[bytes]:
    """Make records, each on one line, without its end.

    :param real: the records to make them from
    :param start: the number of the first one
    """
    without = [each for each in real if "resultsSection" not in each]
    with_results = [each for each in real if "resultsSection" in each]
    for number in range(start, start + count):
        random = Random(f"{seed} {number}")
        record = json.loads(json.dumps(random.choice(with_results if random.random() < _WITH_RESULTS else without)))
        _renumbered(record, random)
        nct = f"NCT{_FIRST + number:08}"
        yield _NCT.sub(nct, json.dumps(record, ensure_ascii=False, separators=(",", ":"))).encode()


def write(path: Path, count: int, seed: int = 0) -> Path:
    """Write records as JSON lines."""
    with path.open("wb") as file:
        for line in made(originals(), count, seed):
            file.write(line + b"\n")
    return path


_PMID = re.compile(rb'(<PMID Version="1">|<ArticleId IdType="pubmed">)29768149<')
_NCT_BYTES = re.compile(rb"NCT\d{8}")
_LISTED = re.compile(rb"<(MeshHeading|Author|Chemical)\b.*?</\1>", re.DOTALL)


def _article(real: bytes, number: int) -> bytes:
    """Make an article with its own PMID, DOI and registry number."""
    article = _PMID.sub(rb"\g<1>%d<" % (_FIRST + number), real)
    article = article.replace(b"10.1056/", b"10.1056/%d." % number)
    return _NCT_BYTES.sub(b"NCT%08d" % (80_000_000 + number), article)


def _real_article(folder: Path) -> tuple[bytes, bytes, bytes]:
    """Give the one article of the real set, with what stands before and after it."""
    real = (folder / "pubmed" / "pubmed-29768149.xml").read_bytes()
    start, end = real.index(b"<PubmedArticle>"), real.index(b"</PubmedArticle>") + len(b"</PubmedArticle>")
    return real[:start], real[start:end], real[end:]


def mixed(folder: Path, count: int, seed: int = 0, shared: Path = SHARED) -> list[Path]:
    """Write a mix of records: a fifth as JSON lines of the registry, the others as a set of articles packed by gzip."""
    registry = count // 5
    before, real, after = _real_article(shared)
    paths = [write(folder / "registry.jsonl", registry, seed), folder / "articles.xml.gz"]
    with gzip.open(paths[1], "wb", compresslevel=1) as file:
        file.write(before)
        for number in range(count - registry):
            random = Random(f"{seed} article {number}")
            share = random.uniform(0.1, 0.7)
            thin = _LISTED.sub(lambda found: found[0] if random.random() < share else b"", real)  # noqa: B023
            article = _article(thin, number)
            if registry and number % 10 == 0:
                article = article.replace(b"NCT%08d" % (80_000_000 + number), b"NCT%08d" % (_FIRST + number % registry))
            file.write(article + b"\n")
        file.write(after)
    return paths


def articles(count: int, folder: Path = SHARED) -> bytes:
    """Make a set of articles from the real one, each with its own PMID, DOI and registry number."""
    before, real, after = _real_article(folder)
    return before + b"\n".join(_article(real, number) for number in range(count)) + after
