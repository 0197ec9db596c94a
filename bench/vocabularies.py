"""What a vocabulary in full costs: adding it, looking names up, asking for what stands below a class.

MeSH is written by ../shared/tools/mesh_ntriples.py: 736 thousand triples, and, with PICOGRAPH_BENCH_LARGE set, 3.9
million; with that, all of ChEBI is asked too, roles counting as classes. Where ../shared is missing, nothing is
measured.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox

from picograph.kg.store import Store, open_store
from picograph.ontology import lookup
from picograph.ontology.joined import GRAPH as CLASSES
from picograph.ontology.prefixes import expand

from .timing import held, medians, milliseconds, process, table

SHARED = Path(__file__).resolve().parents[2] / "shared"
GRAPH = "https://w3id.org/picograph/vocabulary/mesh"
_BARE = (
    "import sys, pyoxigraph as ox; store = ox.Store(sys.argv[2]); "
    "graph = ox.NamedNode(sys.argv[3]); "
    "store.bulk_load(path=sys.argv[1], format=ox.RdfFormat.N_TRIPLES, lenient=True, to_graph=graph); store.flush()"
)
_SAME = (
    "import sys, pyoxigraph as ox; store = ox.Store(sys.argv[2]); "
    "store.bulk_load(path=sys.argv[1], format=ox.RdfFormat.N_QUADS, lenient=True); store.flush()"
)
# Until the vocabulary is the current one, as the bare load ends before files are put in order.
_ADD = (
    "import sys; from picograph.kg.store import open_store; from picograph.kg.vocabularies import add; "
    "add(open_store(sys.argv[2]), 'mesh', [sys.argv[1]], settle=False)"
)
_PREFIXES = "PREFIX mesh: <http://id.nlm.nih.gov/mesh/> PREFIX meshv: <http://id.nlm.nih.gov/mesh/vocab#> "
_SKOS = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
_MESHV, _RDFS = "http://id.nlm.nih.gov/mesh/vocab#", "http://www.w3.org/2000/01/rdf-schema#"
_ROLES = ("tyrosine kinase inhibitor", "protein kinase inhibitor", "antineoplastic agent")
_ASKED = {"Liver Neoplasms": "D008113", "Neoplasms": "D009369", "Chemicals and Drugs: Enzyme Inhibitors": "D004791"}


class _Run(NamedTuple):
    wall: float  # seconds
    cpu: float  # seconds
    memory: float  # MB at the most that are no pages of files (RssAnon of Linux)


def measure(folder: Path, rounds: int = 3) -> Iterator[str]:
    """Measure all of it."""
    tool = SHARED / "tools" / "mesh_ntriples.py"
    if not tool.exists():
        yield "Vocabularies: ../shared is not here, so nothing was measured."
        return
    parts = {"descriptors": 1.0}
    if os.environ.get("PICOGRAPH_BENCH_LARGE"):
        parts |= {"half of MeSH": 0.5, "all of MeSH": 1.0}
    yield (
        "Adding MeSH, closure, index and classes included, against the engine's bare bulk load of the file,\n"
        f"and of all quads that were written: medians of {rounds}, in turn; memory without pages of files.\n"
        "Quads are those that are written, closure and classes among them: a second, and as a share of the bare load's."
    )
    rows: list[tuple[str, ...]] = []
    store = folder / "words"
    below: list[str] = []
    for name, part in parts.items():
        file, whole = folder / f"{len(rows)}.nt", folder / f"{len(rows)}.nq"
        more = [] if name == "descriptors" else ["--supplementary"]
        subprocess.run([sys.executable, str(tool), str(file), *more], stdout=subprocess.DEVNULL, check=True)
        _shorten(file, part)
        _add(store, "mesh", file)
        with open_store(store) as opened:
            written = chain.from_iterable(map(opened.quads, (GRAPH, CLASSES)))
            ox.serialize(written, str(whole), format=ox.RdfFormat.N_QUADS)
            if name == "descriptors":
                below = list(_below_mesh(opened, rounds))
        triples, quads = _lines(file), _lines(whole)
        add = [sys.executable, "-c", _ADD, str(file)]
        bare, same = [sys.executable, "-c", _BARE, str(file)], [sys.executable, "-c", _SAME, str(whole)]
        turns = [(_run(bare, GRAPH), _run(same), _run(add)) for _ in range(rounds)]
        runs = [_median([turn[which] for turn in turns]) for which in range(3)]
        bare_rate = triples / runs[0].wall
        for what, count, run in zip(("bare", "bare, all", "vocab add"), (triples, quads, quads), runs, strict=True):
            cells = (f"{count:,}", f"{run.wall:.1f} s", f"{run.cpu:.1f} s", f"{run.memory:.0f} MB")
            rates = (f"{count / run.wall:,.0f}", f"{count / run.wall / bare_rate:.2f}")
            rows.append((f"{name}: {what}", *cells, *rates, *(f"{run.wall / other.wall:.2f}" for other in runs[:2])))
        file.unlink()
        whole.unlink()
    heads = ("what", "quads", "wall", "CPU", "memory", "quads/s", "share", "× bare", "× bare, all")
    yield from table(heads, rows)
    yield ""
    with open_store(store) as opened:
        yield from _lookups(opened, store)
    yield ""
    yield from below
    if len(parts) > 1:
        yield ""
        _add(store, "chebi", SHARED / "vocabularies" / "chebi.json.gz")
        with open_store(store) as opened:
            yield from _below_chebi(opened, rounds)


def _lines(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for _ in lines)


def _shorten(file: Path, part: float) -> None:
    """Keep the first lines of a file only, those of so much of it."""
    with file.open("r+b") as lines:
        lines.seek(int(part * file.stat().st_size))
        lines.readline()
        lines.truncate(lines.tell())


def _add(store: Path, name: str, file: Path) -> None:
    command = [sys.executable, "-m", "picograph.cli", "vocab", "add", name, str(file), "--store", str(store)]
    subprocess.run(command, check=True, capture_output=True)


def _run(command: list[str], *more: str) -> _Run:
    """Run a command into a new folder, and give what it took."""
    with tempfile.TemporaryDirectory() as folder:
        start, own = time.perf_counter(), 0.0
        child = subprocess.Popen(
            [*command, f"{folder}/store", *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        done = 0
        while not done:
            own = max(own, held(child.pid))
            time.sleep(0.05)
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError(f"{command[:5]} ended with {child.returncode}")
        return _Run(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, own)


def _median(runs: list[_Run]) -> _Run:
    return _Run(*(sorted(values)[len(values) // 2] for values in zip(*runs, strict=True)))


def _lookups(store: Store, folder: Path) -> Iterator[str]:
    """Look up names, other names, and names with an error."""
    draw = random.Random(7)
    found = draw.sample(list(store.words.concepts("mesh")), 600)
    names = {
        "names": [each.label for each in found[:200]],
        "entry terms": [each.synonyms[0] for each in found if each.synonyms][:200],
        "with a typing error": [each.label[:2] + each.label[3:] for each in found if len(each.label) > 5][:200],
    }
    yield "Looking up in this store: median and slowest of 200, warm; and a fresh process."
    rows = []
    for kind, some in names.items():
        times = []
        for name in some:
            start = time.perf_counter()
            lookup.find(name, 10, store.words)
            times.append(time.perf_counter() - start)
        rows.append((kind, milliseconds(sorted(times)[len(times) // 2]), milliseconds(max(times))))
    program = [sys.executable, "-m", "picograph.cli", "lookup", names["names"][0], "--store", str(folder)]
    bare = [sys.executable, "-c", "import pyoxigraph, click"]
    took = medians({"import": process(bare, os.environ), "lookup": process(program, os.environ)}, 7)
    yield from table(("what", "median", "slowest"), rows)
    ratio = took["lookup"] / took["import"]
    yield (
        f"a process that looks one name up: {milliseconds(took['lookup'])}, {ratio:.2f} times "
        f"python -c 'import pyoxigraph, click' ({milliseconds(took['import'])})"
    )


def _below_mesh(store: Store, rounds: int) -> Iterator[str]:
    """Ask MeSH for what stands below a class: over tree numbers by a path, and over the closure."""
    yield "Descriptors below a class of MeSH, the same number each way: medians, and times the closure's."
    asked = {
        name: (
            _PREFIXES + f"SELECT (COUNT(DISTINCT ?d) AS ?n) WHERE {{ mesh:{code} meshv:treeNumber ?top . "
            "?tree meshv:parentTreeNumber* ?top . ?d meshv:treeNumber ?tree }",
            _PREFIXES + _closure(GRAPH, f"mesh:{code}"),
        )
        for name, code in _ASKED.items()
    }
    yield from _hierarchy(store, GRAPH, [_MESHV + "treeNumber", _MESHV + "parentTreeNumber"], asked, rounds)


def _below_chebi(store: Store, rounds: int) -> Iterator[str]:
    """Ask ChEBI for what stands below a class or has a role: over is_a and has_role by a path, and over the closure."""
    yield "Substances below a class or a role of ChEBI, all of MeSH beside it: medians, and times the closure's."
    graph, up, role = "https://w3id.org/picograph/vocabulary/chebi", _RDFS + "subClassOf", expand("RO:0000087")
    asked = {}
    for name in _ROLES:
        top = f"<{expand(store.words.named(name, 'chebi')[0].curie)}>"
        path = f"SELECT (COUNT(DISTINCT ?d) AS ?n) WHERE {{ ?d (<{up}>|<{role}>)* {top} }}"
        asked[name] = (path, _closure(graph, top))
    yield from _hierarchy(store, graph, [up, role], asked, rounds)


def _closure(graph: str, top: str) -> str:
    return (
        _SKOS + f"SELECT (COUNT(DISTINCT ?d) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?d skos:broaderTransitive {top} }} }}"
    )


def _hierarchy(
    store: Store, graph: str, steps: list[str], asked: dict[str, tuple[str, str]], rounds: int
) -> Iterator[str]:
    """Ask each question by its path, over the closure, and by its path in rdflib's memory."""
    import rdflib

    memory = rdflib.Graph()
    for quad in store.quads(graph):
        if getattr(quad.predicate, "value", "") in steps:
            ends = (quad.subject, quad.predicate, quad.object)
            memory.add(tuple(rdflib.URIRef(str(each)[1:-1]) for each in ends))  # type: ignore[arg-type]
    rows = []
    for name, (path, closure) in asked.items():
        counts = {_count(store, path), _count(store, closure), _in_memory(memory, path)}
        if len(counts) > 1:
            raise RuntimeError(f"{name}: {counts}")
        things: dict[str, Callable[[], object]] = {
            "path": lambda path=path: _count(store, path),  # type: ignore[misc]
            "closure": lambda closure=closure: _count(store, closure),  # type: ignore[misc]
            "rdflib": lambda path=path: _in_memory(memory, path),  # type: ignore[misc]
        }
        took = medians(things, rounds)
        rows.append(
            (
                name, str(counts.pop()), *(milliseconds(each) for each in took.values()),
                f"{took['path'] / took['closure']:.1f}", f"{took['rdflib'] / took['closure']:.0f}",
            )
        )  # fmt: skip
    heads = ("class", "below", "path", "closure", "rdflib, path", "path/closure", "rdflib/closure")
    yield from table(heads, rows)


def _count(store: Store, sparql: str) -> int:
    [row] = store.query(sparql)  # type: ignore[misc]
    return int(row["n"].value)


def _in_memory(graph: object, sparql: str) -> int:
    [row] = graph.query(sparql)  # type: ignore[attr-defined]
    return int(row[0])
