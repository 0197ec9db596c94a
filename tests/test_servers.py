"""Promise: the servers that tests measure against start empty, load what they are given, and leave nothing running."""

import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from picograph.tests.servers import Virtuoso, answers


def rows(server: Virtuoso, sparql: str) -> list[str]:
    """Ask Virtuoso; gives the lines of its CSV after the header."""
    asked = urllib.parse.urlencode({"query": sparql, "format": "text/csv"})
    with urllib.request.urlopen(f"{server.query_url}?{asked}", timeout=30) as response:
        return response.read().decode().splitlines()[1:]


def test_virtuoso_loads_quads_and_is_emptied(empty_virtuoso: Virtuoso, tmp_path: Path) -> None:
    count = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } FILTER (STRSTARTS(STR(?g), 'urn:')) }"
    assert rows(empty_virtuoso, count) == ["0"]
    file = tmp_path / "two graphs.nq"
    file.write_text('<urn:s> <urn:p> "1" <urn:g:1> .\n<urn:s> <urn:p> "1" <urn:g:2> .\n', "utf-8")
    empty_virtuoso.load(file)
    assert rows(empty_virtuoso, count) == ["2"]
    with pytest.raises(RuntimeError, match="Error 37000"):
        empty_virtuoso.run("selec;")


_STARTS = """
import sys, time
from pathlib import Path
from picograph.tests import servers
with getattr(servers, sys.argv[1])(Path(sys.argv[2])) as server:
    print(getattr(server, "base", server), flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("kind", ["oxigraph", "virtuoso"])
def test_a_server_ends_with_whoever_started_it(kind: str, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _STARTS, kind, tmp_path], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        base = owner.stdout.readline().strip()
        assert answers(base + "/sparql")
        owner.kill()
    until = time.monotonic() + 10
    while answers(base + "/sparql"):
        assert time.monotonic() < until, "the server is still there"
        time.sleep(0.05)
