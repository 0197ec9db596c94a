"""Records of ClinicalTrials.gov that tests read: the real ones of the shared folder, and one made by hand."""

import io
import json
import zipfile
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from picograph.kg.readers.clinicaltrials import read
from picograph.kg.recovery import study_of
from picograph.kg.results import Estimate
from picograph.kg.study import Study
from picograph.kg.triples import canonical, quads_of
from picograph.kg.validation import check, errors

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
FILES = sorted((SHARED / "clinicaltrials").glob("*.json"))
WITH_RESULTS = ("NCT00763412", "NCT02210780", "NCT05594173")
needs_files = pytest.mark.skipif(not FILES, reason="the real records are not at hand")
PG = "https://w3id.org/picograph/ontology/"
ID = "/protocolSection/identificationModule"


def content(nct: str) -> bytes:
    return (SHARED / "clinicaltrials" / f"{nct}.json").read_bytes()


# --- a record made by hand -------------------------------------------------------------------------------------------


def outcome(**fields: Any) -> dict[str, Any]:
    """Give a reported outcome with two groups and one number in each."""
    return {
        "type": "PRIMARY",
        "title": "Response",
        "timeFrame": "1 month",
        "paramType": "COUNT_OF_PARTICIPANTS",
        "unitOfMeasure": "Participants",
        "groups": [{"id": "OG000", "title": "Drug"}, {"id": "OG001", "title": "Placebo"}],
        "denoms": [denominators(OG000="20", OG001="21")],
        "classes": [{"categories": [{"measurements": [number("OG000", "12"), number("OG001", "0")]}]}],
        **fields,
    }


def denominators(**numbers: str) -> dict[str, Any]:
    return {"units": "Participants", "counts": [{"groupId": name, "value": value} for name, value in numbers.items()]}


def number(group: str, value: Any, **fields: Any) -> dict[str, Any]:
    return {"groupId": group, "value": value, **fields}


def one(value: Any, param: str = "MEAN", dispersion: str | None = None, unit: str = "days", **more: Any) -> Estimate:
    """Give the estimate of an outcome with one number."""
    measure = outcome(
        paramType=param,
        unitOfMeasure=unit,
        classes=[{"categories": [{"measurements": [number("OG000", value, **more)]}]}],
    )
    if dispersion:
        measure["dispersionType"] = dispersion
    (estimate,) = study(outcomes=[measure]).estimates
    return estimate


def analysis(**fields: Any) -> Estimate:
    """Give the estimate of one analysis."""
    analysed = {"groupIds": ["OG000", "OG001"], **fields}
    return study(outcomes=[outcome(classes=[], analyses=[analysed])]).estimates[0]


def record(**sections: Any) -> dict[str, Any]:
    """Give a record with two arms, and results as wanted."""
    made: dict[str, Any] = {
        "protocolSection": {
            "identificationModule": {"nctId": "NCT00000001", "briefTitle": "A trial", "orgStudyIdInfo": {"id": "X-1"}},
            "armsInterventionsModule": {
                "armGroups": [
                    {"label": "Drug", "type": "EXPERIMENTAL", "interventionNames": ["Drug: Sorafenib"]},
                    {"label": "Placebo", "type": "PLACEBO_COMPARATOR", "interventionNames": ["Drug: Placebo"]},
                ],
                "interventions": [
                    {"type": "DRUG", "name": "Sorafenib", "armGroupLabels": ["Drug"], "otherNames": ["Nexavar"]},
                    {"type": "DRUG", "name": "Placebo", "armGroupLabels": ["Placebo"]},
                ],
            },
            "outcomesModule": {"primaryOutcomes": [{"measure": "Response", "timeFrame": "1 month"}]},
        },
        "resultsSection": {},
    }
    for name, value in sections.items():
        if name == "outcomes":
            made["resultsSection"]["outcomeMeasuresModule"] = {"outcomeMeasures": value}
        elif name.endswith("Module") and name in PROTOCOL:
            made["protocolSection"].setdefault(name, {}).update(value)
        elif name.endswith("BrowseModule"):
            made.setdefault("derivedSection", {})[name] = value
        else:
            made["resultsSection"][name] = value
    return made


PROTOCOL = {
    "identificationModule",
    "designModule",
    "eligibilityModule",
    "conditionsModule",
    "outcomesModule",
    "armsInterventionsModule",
    "referencesModule",
    "statusModule",
}


def study(**sections: Any) -> Study:
    made = read(json.dumps(record(**sections)).encode(), "made.json")
    assert errors(check(made)) == []
    assert study_of(quads_of(made)) == canonical(made)
    return made


# --- counts, by a way that knows nothing of the reader ---------------------------------------------------------------


def walk(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Give every leaf of a record with its path."""
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walk(inner, (*path, name))
    else:
        yield path, value


def decimal(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value).strip().replace(",", "")) if not isinstance(value, bool) else None
    except InvalidOperation:
        return None


# --- one checksum wherever a record stands ---------------------------------------------------------------------------


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def some_records() -> list[bytes]:
    made = [record(outcomes=[outcome()]), record(), record(conditionsModule={"conditions": ['{"a": [}] \\ "']})]
    for index, each in enumerate(made):
        each["protocolSection"]["identificationModule"]["nctId"] = f"NCT0000000{index + 1}"
    return [json.dumps(each).encode() for each in made] + [path.read_bytes() for path in FILES]
