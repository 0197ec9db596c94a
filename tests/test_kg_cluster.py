"""Promise: a cluster gives the same quads as a plain load, order aside, in parts or on an endpoint."""

import functools
import http.server
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Quad, RdfFormat
from pyoxigraph import Store as Oxigraph

from picograph.kg import cluster, parts
from picograph.kg.cluster import Cluster, expand, load_files
from picograph.kg.load import load
from picograph.kg.parts import Endpoint
from picograph.kg.splits import Splits, read_splits
from picograph.kg.store import open_store
from picograph.ontology.errors import UsageError
from picograph.tests.acceptance.program import Program, said

fsspec = pytest.importorskip("fsspec")
ROOT = Path(__file__).resolve().parents[1]


class Here(Cluster):
    """Workers that are this process."""

    def __init__(self) -> None:
        self.calls = 0

    def map(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        self.calls += len(calls)
        return [function(*call) for call in calls]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> list[str]:
    """Files of several formats; one trial with three records, two versions of a record in two files, a damaged file."""
    folder = tmp_path_factory.mktemp("files")
    newer = json.loads((shared / "clinicaltrials" / "NCT00465816.json").read_bytes())
    newer["protocolSection"]["identificationModule"]["briefTitle"] = "A newer title"
    (folder / "newer.json").write_text(json.dumps(newer), "utf-8")
    (folder / "damaged.json").write_bytes((shared / "clinicaltrials" / "NCT00973089.json").read_bytes()[:3000])
    paths = [
        shared / "clinicaltrials" / "NCT00465816.json",
        folder / "damaged.json",
        *sorted(ROOT.glob("tests/records/worked-pair.*"), reverse=True),
        shared / "clinicaltrials" / "NCT03418623.json",
        folder / "newer.json",
        ROOT / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml",
    ]
    assert len(paths) >= 8
    return [str(path) for path in paths]


def quads(found: Iterable[Quad]) -> set[str]:
    """Write quads so that they can be compared: blank nodes, which only the ontology has, have no names."""
    lines = [re.sub(r"_:\w+", "_:", str(quad)) for quad in found]
    named = {line for line in lines if "_:" not in line}
    return named | {f"{line} {count}" for line, count in Counter(line for line in lines if "_:" in line).items()}


@pytest.fixture(scope="module")
def plain(files: list[str]) -> set[str]:
    store = open_store(":memory:")
    done = load(store, files)
    assert [each.outcome for each in done].count("refused") == 1
    return quads(store.quads())


def written(folder: str) -> set[str]:
    """Bulk-load the parts of a folder, as any store does; gives what is then there."""
    system, path = fsspec.core.url_to_fs(folder)
    store, lines = Oxigraph(), 0
    for each in system.glob(f"{path}/*.nq"):
        content = system.cat_file(each)
        lines += content.count(b"\n")
        store.bulk_load(content, format=RdfFormat.N_QUADS)
    assert len(store) == lines  # nothing is said twice
    return quads(store)


@pytest.fixture
def memory() -> Iterator[str]:
    yield "memory://parts"
    fsspec.filesystem("memory").rm("/parts", recursive=True)


def test_the_same_quads(files: list[str], plain: set[str], memory: str) -> None:
    done = load_files(Here(), files, memory)
    assert written(memory) == plain
    assert [(each.outcome, Path(each.name.split(",")[0]).name) for each in done if each.error] == [
        ("refused", "damaged.json")
    ]
    assert {each.study for each in done if "worked-pair" in each.name} == {"NCT00000004"}
    assert [each.outcome for each in done if "00465816" in each.name or "newer" in each.name] == ["added", "replaced"]


def test_a_split_counts(files: list[str], memory: str, tmp_path: Path) -> None:
    (tmp_path / "apart.tsv").write_text("pmid:4\tNCT00000004\n", "utf-8")
    splits: Splits = read_splits(str(tmp_path / "apart.tsv"))
    store = open_store(":memory:")
    load(store, files, splits=splits)
    load_files(Here(), files, memory, splits=splits)
    assert written(memory) == quads(store.quads())


def test_what_was_mapped_is_not_mapped_again(
    files: list[str], plain: set[str], memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ends in the middle goes on; a part that a run left half written is none."""
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "finish_part", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            load_files(Here(), files[:3], memory)
    mapped: list[str] = []
    original = parts._mapped

    def noted(url: str, *rest: Any) -> Iterator[bytes]:
        mapped.append(url)
        return original(url, *rest)

    monkeypatch.setattr(parts, "_mapped", noted)
    load_files(Here(), files, memory)
    assert mapped == files[3:]
    assert written(memory) == plain
    fewer = load_files(Here(), files[:1], memory)  # and the parts of the run before are no part of this one
    assert len(fewer) == 1
    assert len(fsspec.filesystem("memory").glob("/parts/part-*.nq")) == 1


def test_an_endpoint_has_the_same_quads(files: list[str], plain: set[str], remote_url: str, tmp_path: Path) -> None:
    endpoint = Endpoint(remote_url)
    for outcomes in ({"added", "replaced", "refused"}, {"unchanged", "replaced", "refused"}):
        done = load_files(Here(), files, str(tmp_path), endpoint=endpoint)
        assert {each.outcome for each in done} == outcomes
        with endpoint.store() as store:
            assert quads(store.quads()) == plain
    assert not list(tmp_path.iterdir())


def test_files_are_named_by_patterns_and_urls(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "c.txt"):
        (tmp_path / name).touch()
    assert expand([f"{tmp_path}/*.json", "http://127.0.0.1/x?.json"]) == [
        f"{tmp_path}/a.json",
        f"{tmp_path}/b.json",
        "http://127.0.0.1/x?.json",
    ]
    with pytest.raises(UsageError, match="gopher"):
        expand(["gopher://host/file"])


def test_a_file_that_is_not_there_is_told(memory: str, tmp_path: Path) -> None:
    (done,) = load_files(Here(), [str(tmp_path / "none.json")], memory)
    assert done.error
    assert "cannot be read" in done.error.what


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    for words, told in {
        ("--engine", "dask"): "where the graphs go",
        ("--engine", "dask", "--parts", "p", "--store", "http://127.0.0.1:9/query"): "one place only",
        ("--engine", "dask", "--parts", "p", "--explain"): "--explain",
        ("--parts", "p"): "--engine dask",
    }.items():
        said(program("load", "x.json", *words), 2, told)


@pytest.mark.long
def test_two_workers_give_the_same_quads(files: list[str], plain: set[str], tmp_path: Path, shared: Path) -> None:
    """From the command line, with files on a disk and behind http."""
    pytest.importorskip("distributed")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(shared / "clinicaltrials"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        given = [
            f"http://127.0.0.1:{server.server_port}/{Path(each).name}" if "shared" in each else each for each in files
        ]
        assert sum(each.startswith("http") for each in given) == 2
        program, rejects = Program(tmp_path / "home"), tmp_path / "rejects.jsonl"
        ran = program(
            "load", *given, "--engine", "dask", "--jobs", "2", "--parts", tmp_path / "parts", "--rejects", rejects
        )
        server.shutdown()
    assert ran.code == 1, ran.err
    assert len(ran.rows()) == len(files) - 1
    assert written(str(tmp_path / "parts")) == plain
    assert len(rejects.read_bytes().splitlines()) == 1
    ran = program("load", *sorted((tmp_path / "parts").glob("part-*.nq")), store=tmp_path / "store")
    assert ran.code == 0, ran.err
    assert quads(open_store(tmp_path / "store").quads()) == plain
    said(
        program("load", "x.json", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9", "--parts", "p"),
        3,
        "scheduler",
    )
