"""How these tests run the program: as a person does, in a process and a home folder of its own."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
STUDY_FILE = ROOT / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml"
SEED = ROOT.parent / "shared" / "seed" / "sorafenib-radiotherapy-hcc.txt"
PAIR = tuple(ROOT / "tests" / "records" / f"worked-pair.{form}" for form in ("json", "yaml", "nbib"))
WORKED = ROOT / "tests" / "records" / "worked-two-arms.yaml"
KEY = "doi:10.1016/j.ijrobp.2014.01.017"
QUESTIONS = tuple(sorted(path.stem for path in (ROOT / "queries" / "evidence").glob("*.rq")))
# questions to which the seed study has no answer, and the pair of a registry record and a publication has
OF_PAIRS = frozenset(
    {
        *("any-event", "registry-publication", "serious-adverse-events", "several-reports", "unpublished-outcomes"),
        "zero-events",
    }
)
COMMAND = (sys.executable, "-m", "picograph.cli")


class Ran(NamedTuple):
    """What a run of the program gave."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """Standard output, which is UTF-8."""
        return self.out.decode()

    def json(self) -> Any:
        """Standard output, as JSON."""
        return json.loads(self.out)

    def rows(self, separator: str = "\t") -> list[dict[str, str]]:
        """Standard output, as TSV or CSV with a header."""
        return list(csv.DictReader(io.StringIO(self.text, newline=""), delimiter=separator))


def environment(**more: str) -> dict[str, str]:
    """Give the environment of a run: what Python needs, a home of its own, a terminal of 80 columns."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "HOME") if name in os.environ}
    return kept | {"COLUMNS": "80", "LC_ALL": "C.UTF-8"} | more


class Program:
    """The program with a home folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)

    def environment(self, **more: str) -> dict[str, str]:
        """Give the environment in which the program runs here."""
        return environment(HOME=str(self.home), XDG_DATA_HOME=str(self.home / "data")) | more

    def __call__(
        self, *args: str | Path, store: str | Path | None = None, input: str | bytes | None = None, **more: str
    ) -> Ran:
        """Run the program; a traceback is never right."""
        given = [str(arg) for arg in args]
        if store is not None:
            given += ["--store", str(store)]
        done = subprocess.run(
            [*COMMAND, *given],
            input=input.encode() if isinstance(input, str) else input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            env=self.environment(**more),
            cwd=self.home,
            timeout=120,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))
        assert "Traceback" not in ran.err, ran.err
        assert "does not know" not in ran.err, ran.err
        assert not ran.out.startswith(b"Error:"), ran.out
        return ran


def said(ran: Ran, code: int, *words: str) -> None:
    """Hold a refusal against the house's form: an exit code, nothing on standard output; what, where, try."""
    assert ran.code == code, (ran.code, ran.err)
    assert ran.out == b"", ran.out
    lines = ran.err.splitlines()
    assert lines[0].startswith("Error: "), ran.err
    assert any(line.startswith("  where: ") for line in lines), ran.err
    assert any(line.startswith("  try:   ") for line in lines), ran.err
    for each in words:
        assert each in ran.err, (each, ran.err)


def rdflib_dataset(text: str | bytes, form: str) -> Any:
    """Parse RDF with rdflib."""
    import warnings

    import rdflib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's own, about its own names
        dataset = rdflib.Dataset()
        dataset.parse(data=text, format=form)
    return dataset
