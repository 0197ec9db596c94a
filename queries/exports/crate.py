"""RO-Crate 1.1: the graph, the questions, an answer and the versions, in one zip, described by the rocrate library."""

import re
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from picograph.kg.model import PG
from picograph.ontology.errors import UsageError
from picograph.queries.exports.selection import Losses, Selection

_DAY = re.compile(rf'^<[^>]*> <{re.escape(PG)}(?:read|published)> "([^"]*)"'.encode(), re.MULTILINE)
_RDF = "https://www.w3.org/TR/n-quads/"
_CHUNK = 1 << 16
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def ro_crate(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write an RO-Crate (zip): graph, questions, the answer to --question, versions.

    :raises UsageError: if rocrate is not installed
    """
    try:
        from rocrate.rocrate import ROCrate
    except ImportError:
        raise UsageError("an RO-Crate needs rocrate", remedy="pip install 'picograph[archives]'") from None
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        days = _graph(selection, folder)
        names = _questions(folder)
        crate = ROCrate(version="1.1")
        _describe(crate, selection, folder, names, days, losses)
        crate.metadata.write(folder)
        yield from _zipped(folder)


def _graph(selection: Selection, folder: Path) -> set[str]:
    """Write the graph, and give the latest day on which a record was read or its report published."""
    from picograph.queries.exports.rdf import nq

    days: set[str] = set()
    with (folder / "graph.nq").open("wb") as file:
        for chunk in nq(selection, Losses()):
            file.write(chunk)
            days.update(each.decode() for each in _DAY.findall(chunk))
    return {max(days)} if days else set()


def _questions(folder: Path) -> list[str]:
    from picograph.queries import catalog

    (folder / "questions").mkdir()
    for name in catalog.names():
        text = (files("picograph.queries") / "evidence" / f"{name}.rq").read_text("utf-8")
        (folder / "questions" / f"{name}.rq").write_text(text, "utf-8")
    return list(catalog.names())


def _describe(crate: Any, selection: Selection, folder: Path, names: list[str], days: set[str], losses: Losses) -> None:
    from rocrate.model.contextentity import ContextEntity

    from picograph import __version__
    from picograph.queries import catalog

    software = ContextEntity(
        crate,
        f"https://w3id.org/picograph/software/{__version__}",
        {"@type": "SoftwareApplication", "name": "picograph", "version": __version__, "softwareVersion": __version__},
    )
    crate.add(software)
    crate.name = "picograph: evidence of clinical studies"
    crate.description = "A graph of what reports of clinical studies state, with the place of every number."
    root = crate.root_dataset
    root["creator"] = software
    if days:
        root["datePublished"] = max(days)
        losses.add("the day that the crate was made: its date is the latest of its records'")
    else:
        del root["datePublished"]
        losses.add("the date of the crate: no record has one, and the clock is not asked")
    losses.add("a licence: who publishes the crate states it")
    graph = _file(crate, folder, "graph.nq", "the graph, a named graph for each record", "application/n-quads")
    graph["conformsTo"] = {"@id": _RDF}
    for name in names:
        about = catalog.question(name)
        _file(crate, folder, f"questions/{name}.rq", about.summary, "application/sparql-query")
    answer = selection.answer
    if answer is None:
        losses.add("answers: none was asked for (--question NAME)")
    else:
        (folder / "answers").mkdir()
        path = f"answers/{answer.question.name}.json"
        (folder / path).write_bytes(answer.to_json())
        given = _file(crate, folder, path, f"the answer to {answer.question.name}", "application/json")
        given["isBasedOn"] = [{"@id": f"questions/{answer.question.name}.rq"}, {"@id": "graph.nq"}]


def _file(crate: Any, folder: Path, path: str, words: str, kind: str) -> Any:
    size = (folder / path).stat().st_size
    properties = {"name": words, "encodingFormat": kind, "contentSize": str(size)}
    return crate.add_file(folder / path, dest_path=path, properties=properties)


def _zipped(folder: Path) -> Iterator[bytes]:
    """Zip a folder with one date for all its members."""
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
            for path in sorted(each for each in folder.rglob("*") if each.is_file()):
                member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _LONG_AGO)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = 0o644 << 16
                with path.open("rb") as source, new.open(member, "w", force_zip64=True) as target:
                    while chunk := source.read(_CHUNK):
                        target.write(chunk)
        packed.seek(0)
        while chunk := packed.read(_CHUNK):
            yield chunk
