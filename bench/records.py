"""Records of any number, made from real ones with new identifiers: number N of a seed is always the same.

One in eight has results, as in the registry. Every identifier that could join two records is made new; numbers of
adverse events are drawn anew, within those at risk.
"""

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
        nct = f"NCT{90_000_000 + number:08}"
        yield _NCT.sub(nct, json.dumps(record, ensure_ascii=False, separators=(",", ":"))).encode()


def write(path: Path, count: int, seed: int = 0) -> Path:
    """Write records as JSON lines."""
    with path.open("wb") as file:
        for line in made(originals(), count, seed):
            file.write(line + b"\n")
    return path


_PMID = re.compile(rb'(<PMID Version="1">|<ArticleId IdType="pubmed">)29768149<')


def articles(count: int, folder: Path = SHARED) -> bytes:
    """Make a set of articles from the real one, each with its own PMID, DOI and registry number."""
    real = (folder / "pubmed" / "pubmed-29768149.xml").read_bytes()
    start, end = real.index(b"<PubmedArticle>"), real.index(b"</PubmedArticle>") + len(b"</PubmedArticle>")
    found = []
    for number in range(count):
        article = _PMID.sub(rb"\g<1>%d<" % (90_000_000 + number), real[start:end])
        article = article.replace(b"10.1056/", b"10.1056/%d." % number)
        found.append(re.sub(rb"NCT\d{8}", b"NCT%08d" % (80_000_000 + number), article))
    return real[:start] + b"\n".join(found) + real[end:]
