"""What tests share: real SPARQL servers on loopback, the seed study's source, and a home that is nobody's."""

import itertools
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from picograph.tests.servers import Virtuoso, oxigraph, virtuoso

# What these assert is told as in a test.
HELPERS = (
    "bibliographies",
    "broken_studies",
    "export_checks",
    "made_up_study",
    "pubmed_sets",
    "registries",
    "registry_records",
    "small_studies",
    "stores",
)
pytest.register_assert_rewrite(*(f"picograph.tests.{name}" for name in HELPERS))

if TYPE_CHECKING:
    from picograph.tests.registries import Entrez, Registry, Service

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
ROOT = Path(__file__).resolve().parents[1]
_HOMES = itertools.count()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print which question was asked of which engine, and whether the answer was right; and which export was opened."""
    _print_exports(terminalreporter)
    outcomes: dict[str, dict[str, bool]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            for name, engine in (value for key, value in getattr(report, "user_properties", ()) if key == "engines"):
                asked = outcomes.setdefault(name, {})
                asked[engine] = asked.get(engine, True) and outcome == "passed"
    engines = sorted({engine for asked in outcomes.values() for engine in asked})
    if not engines:
        return
    right = sum(sum(asked.values()) for asked in outcomes.values())
    asked_of = sum(map(len, outcomes.values()))
    terminalreporter.write_line(f"questions x engines: {len(outcomes)} x {len(engines)}, {right} of {asked_of} right")
    if terminalreporter.verbosity > 0:
        for name in ("question", *sorted(outcomes)):
            cells = engines if name == "question" else [_word(outcomes[name].get(engine)) for engine in engines]
            terminalreporter.write_line(f"{name:<32}" + "  ".join(f"{cell:<16}" for cell in cells).rstrip())


def _print_exports(terminalreporter: Any) -> None:
    """Print which target, of which input, was opened by what."""
    told: dict[str, str] = {}
    swept: dict[str, dict[str, bool]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            for key, value in getattr(report, "user_properties", ()):
                if key == "exports":
                    target, name, told[value[0]] = value
                    swept.setdefault(target, {})[name] = outcome == "passed"
    if not swept:
        return
    right, of = sum(sum(each.values()) for each in swept.values()), sum(map(len, swept.values()))
    inputs = sorted({name for each in swept.values() for name in each})
    terminalreporter.write_line(f"targets x inputs: {len(swept)} x {len(inputs)}, {right} of {of} opened")
    if terminalreporter.verbosity > 0:
        terminalreporter.write_line(f"{'target':<18}{'opened by':<36}" + "  ".join(f"{each:<11}" for each in inputs))
        for target in sorted(swept):
            cells = ["opened" if swept[target].get(each) else "REFUSED" for each in inputs]
            line = f"{target:<18}{told[target]:<36}" + "  ".join(f"{cell:<11}" for cell in cells)
            terminalreporter.write_line(line.rstrip())


def _word(right: bool | None) -> str:
    return "not asked" if right is None else "right" if right else "WRONG"


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own: no test touches the folders of the user, or goes through a proxy."""
    home = tmp_path_factory.getbasetemp() / f"home-{next(_HOMES)}"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    for name in ("PICOGRAPH_STORE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public material beside the repository; without it the test is skipped."""
    if not SHARED.exists():
        pytest.skip("the material in ../shared is not at hand")
    return SHARED


@pytest.fixture(scope="session")
def seed_text(shared: Path) -> Path:
    """The seed study's abstract, as PubMed's text layout has it."""
    return shared / "seed" / "sorafenib-radiotherapy-hcc.txt"


@pytest.fixture(scope="session")
def seed_study_file() -> Path:
    """The seed study's curated study file, which ships."""
    return ROOT / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml"


@pytest.fixture(scope="session")
def sparql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real SPARQL 1.1 server, one for each worker: its address without a path."""
    with oxigraph(tmp_path_factory.mktemp("server")) as base:
        yield base


@pytest.fixture
def remote_url(sparql_server: str) -> str:
    """The query address of the server, its graphs all empty."""
    request = urllib.request.Request(
        sparql_server + "/update", data=b"DROP ALL", headers={"Content-Type": "application/sparql-update"}
    )
    with urllib.request.urlopen(request, timeout=30):
        pass
    return sparql_server + "/query"


@pytest.fixture(scope="session")
def virtuoso_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Virtuoso]:
    """A real Virtuoso 7 server, one for each worker that asks for it."""
    with virtuoso(tmp_path_factory.mktemp("virtuoso"), layouts=5) as server:
        yield server


@pytest.fixture
def empty_virtuoso(virtuoso_server: Virtuoso) -> Virtuoso:
    """The Virtuoso server with no graphs but its own."""
    virtuoso_server.empty()
    return virtuoso_server


@pytest.fixture
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the user's, and no public address: one that is not given is this, where nobody listens."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "NCBI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("PICOGRAPH_CLINICALTRIALS_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PICOGRAPH_EUTILS_URL", "http://127.0.0.1:9")


@pytest.fixture(params=["clinicaltrials", "pubmed"])
def service(request: pytest.FixtureRequest) -> "Iterator[Service]":
    """Each of the services that records are fetched from, on loopback."""
    from picograph.tests.registries import SERVICES, running

    yield from running(SERVICES[request.param])


@pytest.fixture
def registry() -> "Iterator[Registry]":
    """ClinicalTrials.gov's API v2, on loopback."""
    from picograph.tests.registries import Registry, running

    yield from running(Registry)


@pytest.fixture
def entrez() -> "Iterator[Entrez]":
    """NCBI's E-utilities, on loopback."""
    from picograph.tests.registries import Entrez, running

    yield from running(Entrez)
