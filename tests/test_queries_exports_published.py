"""Promise: what HL7 publishes as the schema of FHIR R5, and KGX's own validator, find no fault in what is exported.

`make test-long` fetches both (`scripts/ensure-fhir`, `scripts/ensure-kgx`). Each is shown a fault too, so that it is
known to look.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from picograph.tests.exported import INPUTS, exported, store_of

pytestmark = pytest.mark.long
SCHEMA = Path(sys.prefix) / "fhir" / "fhir.schema.json"
KGX = Path(sys.prefix) / "kgx"
VALIDATOR = Path(__file__).with_name("kgx_validator.py")


@cache
def definitions() -> dict[str, Any]:
    if not SCHEMA.exists():
        pytest.skip("make test-long fetches the schema")
    held: dict[str, Any] = json.loads(SCHEMA.read_bytes())
    assert held["id"] == "http://hl7.org/fhir/json-schema/5.0"
    return held


def faults(resource: dict[str, Any]) -> Iterator[str]:
    """Check a resource against the definition of its kind: the whole schema tries every kind in turn."""
    import jsonschema

    held = definitions()
    kind = jsonschema.validators.validator_for(held)
    one = {"$ref": f"#/definitions/{resource['resourceType']}", "definitions": held["definitions"]}
    for error in kind(one).iter_errors(resource):
        yield f"{resource['resourceType']} {list(error.absolute_path)}: {error.message}"


@pytest.mark.parametrize("name", INPUTS)
def test_fhir_is_valid_by_the_published_schema(name: str) -> None:
    bundle = json.loads(exported("fhir", store_of(name))[0])
    held = [each["resource"] for each in bundle["entry"]]
    assert {each["resourceType"] for each in held} >= {"Citation", "ResearchStudy", "EvidenceVariable"}
    assert [fault for each in held for fault in faults(each)] == []
    shell = {**bundle, "entry": [{"fullUrl": each["fullUrl"]} for each in bundle["entry"]]}
    assert list(faults(shell)) == []


def test_the_published_schema_refuses_a_wrong_code_a_wrong_name_and_a_wrong_number() -> None:
    bundle = json.loads(exported("fhir", store_of("hurt"))[0])
    evidence = next(each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == "Evidence")
    for wrong in (
        {"status": 1},
        {"statistics": evidence["statistic"]},
        {"statistic": [{**evidence["statistic"][0], "numberAffected": "six"}]},
    ):
        assert list(faults(evidence | wrong)), wrong


def said(form: str, folders: list[Path]) -> dict[str, Any]:
    """Run KGX over the nodes and edges of some folders."""
    if not KGX.exists():
        pytest.skip("make test-long installs KGX")
    paths = [str(path) for folder in folders for path in sorted(folder.glob("*.*"), reverse=True)]
    ran = subprocess.run(
        [sys.executable, str(VALIDATOR), form, *paths],
        env=os.environ | {"PYTHONPATH": str(KGX)},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()[-2000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def unpacked(target: str, name: str, folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(exported(target, store_of(name))[0])) as tar:
        tar.extractall(folder / name, filter="data")
    return folder / name


@pytest.mark.parametrize(("target", "form"), [("kgx", "tsv"), ("kgx-jsonl", "jsonl")])
def test_kgx_finds_no_fault(target: str, form: str, tmp_path: Path) -> None:
    """But one: to KGX no DOI is a CURIE, for the stroke in it, although Biolink has the prefix doi."""
    found = said(form, [unpacked(target, name, tmp_path) for name in INPUTS])
    assert found["model"].startswith("4.")
    told = [
        (message, part)
        for kinds in found["errors"].values()
        for messages in kinds.values()
        for message, parts in messages.items()
        for part in parts
    ]
    assert [each for each in told if "doi:10." not in str(each)] == []
    assert all("CURIE" in message and "prefix" not in message for message, _ in told)


def test_kgx_sees_a_wrong_category_and_a_wrong_predicate(tmp_path: Path) -> None:
    folder = unpacked("kgx-jsonl", "hurt", tmp_path)
    for path, right, wrong in (
        (folder / "picograph_nodes.jsonl", "biolink:ClinicalTrial", "biolink:Trial"),
        (folder / "picograph_edges.jsonl", "biolink:participates_in", "biolink:was_in"),
    ):
        text = path.read_text("utf-8")
        assert right in text
        path.write_text(text.replace(right, wrong), "utf-8")
    told = json.dumps(said("jsonl", [folder])["errors"])
    assert "Category 'Trial' is unknown" in told
    assert "was_in" in told
