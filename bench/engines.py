"""The same data and the same questions on other engines: rdflib's memory, owlready2's SPARQL, Virtuoso, DuckDB.

A small store of drawn studies, with what stands above their words: rdflib takes minutes for what is larger.
"""

import contextlib
import gc
import os
import re
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyoxigraph as ox

from picograph.kg.mapping import graph_text
from picograph.kg.store import Store, open_store
from picograph.kg.store.base import GraphText
from picograph.kg.store.table import lines_of
from picograph.kg.words import words_graphs
from picograph.ontology.prefixes import compress
from picograph.queries import ask, catalog, ways

from . import figures
from .asked import asked, told
from .mesh import MESH, vocabulary_quads
from .timing import CLOCK, brief, limited, table
from .truths.told import Told, classes

STUDIES = 80
LIMIT = 20.0  # seconds, for a question on one engine
SLOW = ("mesh-headings", "adverse-events", "event-totals", "more-than-at-risk")  # rdflib is asked these, and by class
WAYS = ("Oxigraph", "DuckDB over Parquet")  # of the embedded store
_GRAPH = re.compile(r"GRAPH\s+(?:\?\w+|<[^>]*>)\s*\{")
_NAMED = re.compile(r"GRAPH\s+\?(\w+)")
_SEPARATOR = re.compile(r';\s*SEPARATOR\s*=\s*"[^"]*"')
_HEAD = re.compile(r"SELECT[^{]*")
_CLOSURE = "skos:broaderTransitive"
_INSTALL = Path(__file__).resolve().parents[1] / "scripts" / "ensure-program"


def by_class(name: str, shelf: catalog.Shelf, given: dict[str, Any]) -> bool:
    """Say whether an asking is of the hierarchy.

    It is where the query that runs goes through what stands above concepts, so that a condition or a drug means itself
    and all below it, and where it is not about one study, which is a look-up.

    >>> by_class("studies", "evidence", {"condition": "Liver Neoplasms"}), by_class("studies", "evidence", {})
    (True, False)
    """
    return "study" not in given and _CLOSURE in ask.sparql(catalog.question(name, shelf), given)


def hierarchy() -> dict[str, tuple[str, catalog.Shelf, dict[str, Any]]]:
    """Give every asking that is of the hierarchy, as it is typed."""
    return {told(each[0], each[2]): each for each in asked() if by_class(*each)}


def small(folder: Path, count: int = STUDIES, seed: int = 1) -> Path:
    """Make a store of some drawn studies, and of MeSH what stands above a word of theirs."""
    found = [Told(seed, number) for number in range(1, count + 1)]
    said = {curie for each in found for curie in each.said()}
    above = {over for curie in said for over in classes(curie)}
    with open_store(folder) as store, store.write() as writer:
        for graph, quads in words_graphs().items():
            more = vocabulary_quads() if graph == MESH else ()
            whole = list(dict.fromkeys([*quads, *(quad for quad in more if compress(_iri(quad)) in above)]))
            lines = ox.serialize(whole, format=ox.RdfFormat.N_QUADS) or b""
            writer.put([GraphText(graph, lines, lines_of(graph, whole))])
        writer.put([graph_text(record)[0] for each in found for record in each.records])
    return folder


def _iri(quad: ox.Quad) -> str:
    assert isinstance(quad.subject, ox.NamedNode)
    return quad.subject.value


class Asking:
    """A question with what it is asked with."""

    def __init__(self, store: Store, name: str, shelf: catalog.Shelf, given: dict[str, Any]) -> None:
        self.name, self.told = name, told(name, given)
        self.question = catalog.question(name, shelf)
        self.given = given
        self.text = ask.sparql(self.question, given, store.words)
        self.bound = ask.bound(self.question, given, store.words)


def timed(work: Callable[[], int], rounds: int = 3, limit: float = LIMIT) -> Any:
    """Do it once, and then some times that count, within the limit; gives seconds and the number of rows.

    :param rounds: that count; with none, the first one does
    """

    def run() -> dict[str, Any]:
        times: list[float] = []
        while len(times) <= rounds and (not times or sum(times) < 2):
            start = CLOCK()
            rows = work()
            times.append(CLOCK() - start)
        return {"seconds": times[1:] or times, "rows": rows}

    return limited(limit, run, CLOCK)


def _quads(store: Store, each: Asking) -> int:
    return len(ask.rows_of(store, each.question, each.text))


def _table(store: Store, each: Asking) -> int:
    results = store.table()
    assert results is not None
    return len(ways.rows_of(results, each.question, each.bound))


def _rdflib(lines: bytes) -> Callable[[Asking], int]:
    import rdflib

    memory = rdflib.Dataset(default_union=True)
    memory.parse(data=lines, format="nquads")
    return lambda each: len(list(memory.query(each.text)))


def _owlready2(lines: bytes, folder: Path) -> Callable[[Asking], int]:
    """It knows no named graphs: all triples are in one, and a question is asked with its GRAPH clauses opened."""
    import owlready2

    triples = dict.fromkeys(quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_QUADS))
    file = folder / "one graph.nt"
    ox.serialize(triples, str(file), format=ox.RdfFormat.N_TRIPLES)
    world = owlready2.World(filename=str(folder / "owlready2.sqlite3"))
    with file.open("rb") as opened:
        world.get_ontology("http://one.graph/").load(fileobj=opened)
    world.save()
    return lambda each: len(list(world.sparql(_opened(each.text), error_on_undefined_entities=False)))


def _opened(text: str) -> str:
    """Open the GRAPH clauses of a query, and take out variables of graphs alone, and separators: SQLite takes none."""
    named = {found[1] for found in _NAMED.finditer(text)}
    text = _SEPARATOR.sub("", text)
    opened = _GRAPH.sub("{", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    without_heads = _HEAD.sub("", opened)
    for variable in named:
        if not re.search(rf"\?{variable}\b", without_heads):
            opened = re.sub(rf"\?{variable}\b", "", opened)
    return opened


@contextlib.contextmanager
def virtuoso_of(files: Sequence[Path], folder: Path, **options: Any) -> Iterator[str | None]:
    """Run a Virtuoso that holds some N-Quads; gives its address, None where there is none to run."""
    from picograph.tests import servers

    if not shutil.which("virtuoso-t"):
        command = [str(_INSTALL), "virtuoso-t", "virtuoso-opensource-7-bin", "a Virtuoso server"]
        subprocess.run(command, check=False)
    if not shutil.which("virtuoso-t"):
        yield None
        return
    folder.mkdir(exist_ok=True)
    with servers.virtuoso(folder, **options) as server:
        server.load(*files)
        yield server.query_url


def measure(folder: Path) -> Iterator[str]:
    """Ask every question of each engine that can answer it."""
    path = small(folder / "small")
    found: dict[str, dict[str, Any]] = {}
    with open_store(path) as store:
        file = folder / "small.nq"
        lines = ox.serialize(store.quads(), format=ox.RdfFormat.N_QUADS) or b""
        file.write_bytes(lines)
        count = lines.count(b"\n")
        first = {name: (name, shelf, given) for name, shelf, given in reversed(asked())}
        of_classes = hierarchy()
        chosen = {told(name, given): (name, shelf, given) for name, shelf, given in first.values()} | of_classes
        questions = [Asking(store, *each) for _, each in sorted(chosen.items())]
    opened: dict[str, Any] = {}
    engines: dict[str, Callable[[Asking], int]] = {
        "Oxigraph": lambda each: _in_folder(path, opened, each, _quads),
        "DuckDB over Parquet": lambda each: _in_folder(path, opened, each, _table),
        "rdflib": _rdflib(lines),
        "owlready2": _owlready2(lines, folder),
    }
    gc.freeze()  # questions are asked in forks: what the parent holds is not to be copied for its marks
    with virtuoso_of([file], folder / "virtuoso") as url:
        if url:
            engines["Virtuoso"] = lambda each: _in_folder(url, opened, each, _quads)
        for each in questions:
            for engine, work in engines.items():
                if engine == "rdflib" and each.told not in of_classes and each.name not in SLOW:
                    continue
                if engine == "DuckDB over Parquet" and not each.question.table:
                    continue
                rounds = 1 if engine == "rdflib" else 3
                found.setdefault(each.told, {})[engine] = _answered(work, each, rounds)
    figures.keep("engines", {"questions": found, "quads": count, "studies": STUDIES})
    yield f"Engines: {STUDIES} drawn studies and the words above theirs, {count:,} quads on all of them; medians"
    yield f"[ms]; over: not within {LIMIT:g} s, or no answer; *: not as many rows as the others."
    yield from rows_of(found, tuple(engines))
    yield ""
    yield "Times the time of the embedded store, the better of its two ways (DuckDB: its quads),"
    yield "where there are as many rows:"
    cells = [(each.engine, *map(str, each[1:4]), *each.told()) for each in held(found)]
    yield from table(("engine", "asked", "ended", "other rows", "median", "least", "greatest"), cells)
    yield from _ratios(found)


def _in_folder(location: Any, opened: dict[str, Any], each: Asking, way: Callable[[Store, Asking], int]) -> int:
    """Ask a store that is opened in the process that asks."""
    key = str(location)
    if opened.get("process") != os.getpid():
        opened.clear()
        opened["process"] = os.getpid()
    if key not in opened:
        opened[key] = open_store(location, timeout=LIMIT)
    return way(opened[key], each)


def _answered(work: Callable[[Asking], int], each: Asking, rounds: int) -> Any:
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stderr(nothing):
        return timed(lambda: work(each), rounds)


def rows_of(found: dict[str, dict[str, Any]], engines: tuple[str, ...]) -> Iterator[str]:
    """Lay out the times of each question by engine; what an engine answered with other rows is marked."""
    rows = []
    for question, by_engine in found.items():
        right = (by_engine.get("Oxigraph") or {}).get("rows")
        cells = []
        for engine in engines:
            each = by_engine.get(engine)
            if engine not in by_engine:
                cells.append("")
            elif each is None:
                cells.append("over")
            else:
                mark = "" if each["rows"] == right else "*"
                cells.append(mark + brief(each["seconds"]).partition("/")[0])
        rows.append((question, *cells))
    yield from table(("question", *(engine.partition(" ")[0] for engine in engines)), rows)


def ratio(by_engine: dict[str, Any], one: str, other: str) -> float | None:
    """Give how many times as long one engine takes as another; at least, where it was ended."""
    if one not in by_engine or not by_engine.get(other):
        return None
    took = LIMIT if by_engine[one] is None else statistics.median(by_engine[one]["seconds"])
    return float(took / statistics.median(by_engine[other]["seconds"]))


class Held(NamedTuple):
    """One engine against the embedded store, over questions."""

    engine: str
    asked: int
    ended: int  # at the limit, or without an answer
    other_rows: int  # what took how long to answer otherwise is no comparison
    ratios: tuple[float, ...]  # median, least, greatest; none where it answered nothing alike

    def told(self) -> tuple[str, ...]:
        """Write the ratios."""
        return tuple(f"{times:,.1f}" for times in self.ratios) or ("", "", "")


def held(found: dict[str, dict[str, Any]]) -> list[Held]:
    """Hold each engine against the embedded store, by the better of its two ways; DuckDB against its quads."""
    said = []
    for engine in dict.fromkeys(name for each in found.values() for name in each if name != "Oxigraph"):
        ways_ = [way for way in WAYS if way != engine]
        told_ = [each for each in found.values() if engine in each]
        done = [each for each in told_ if each[engine] and each.get("Oxigraph")]
        alike = [each for each in done if each[engine]["rows"] == each["Oxigraph"]["rows"]]
        ratios = [max(filter(None, (ratio(each, engine, way) for way in ways_))) for each in alike]
        ends = (statistics.median(ratios), min(ratios), max(ratios)) if ratios else ()
        said.append(Held(engine, len(told_), len(told_) - len(done), len(done) - len(alike), ends))
    return said


def slower(found: dict[str, dict[str, Any]], times: float = 3) -> list[tuple[str, float]]:
    """Give the questions that take more than so many times Virtuoso's time, by the better of the two ways."""
    ratios = []
    for key, one in found.items():
        ways_ = [each for way in WAYS if (each := ratio(one, way, "Virtuoso"))]
        if ways_ and min(ways_) > times:
            ratios.append((key, min(ways_)))
    return ratios


def against_rdflib(found: dict[str, dict[str, Any]], times: float = 100) -> str:
    """Say how many times the embedded store's time rdflib takes on askings of the hierarchy; name those with less."""
    known = hierarchy()
    ratios: dict[str, float] = {}
    for key, one in found.items():
        if key in known and (each := [took for way in WAYS if (took := ratio(one, "rdflib", way))]):
            ratios[key] = max(each)
    if not ratios:
        return "rdflib was asked nothing of the hierarchy"
    ended = sum(found[key]["rdflib"] is None for key in ratios)
    ordered = sorted(ratios.items(), key=lambda each: each[1])
    below = "; ".join(f"{key} ({each:,.0f})" for key, each in ordered if each < times)
    return (
        f"rdflib's time, times the embedded store's by the better of its two ways, on {len(ratios)} askings of the"
        " hierarchy: median"
        f" {statistics.median(ratios.values()):,.0f}, least {ordered[0][1]:,.0f}, greatest {ordered[-1][1]:,.0f};"
        f" {ended} of them were ended at {LIMIT:g} s, which is what is counted; less than {times:g}: {below or 'none'}"
    )


def _ratios(found: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield f"{against_rdflib(found)}."
    more = [f"{key} ({times:.1f})" for key, times in slower(found)]
    yield f"More than 3 times Virtuoso's: {', '.join(more) or 'none'}."
    said = [key.split()[0] for key, one in found.items() if one.get("owlready2")]
    yield f"owlready2 answers {len(said)} of {len(found)}, their GRAPH clauses opened: {', '.join(said) or 'none'}."
