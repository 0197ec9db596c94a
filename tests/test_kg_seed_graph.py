"""Promise: all 61 facts of the seed's table are in the graph of its study file, each with a place that overlaps."""

import csv
from pathlib import Path

from picograph.kg.load import load
from picograph.kg.model import PG
from picograph.kg.store import open_store
from picograph.kg.triples import split_place

HERE = Path(__file__).resolve().parent
SEED = HERE.parents[1] / "shared" / "seed"
STUDY_FILE = HERE.parent / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml"
# the class of part that says each kind of fact of the table
CLASSES = {
    "adverse event": {"AdverseEventResult"},
    "assessment": {"Assessment"},
    "association": {"Association"},
    "conclusion": {"Conclusion"},
    "design": {"StudyDesign"},
    "disposition": {"Disposition"},
    "intervention": {"Intervention"},
    "mesh heading": {"MeshHeading"},
    "outcome": {"Estimate"},
    "population": {"Population", "Condition", "EligibilityCriterion", "Baseline"},
    "publication type": {"PublicationType"},
    "report": {"Report"},
    "substance": {"Substance"},
}


def test_every_fact_of_the_table_is_in_the_graph_at_its_place() -> None:
    store = open_store(":memory:")
    [loaded] = load(store, [STUDY_FILE])
    classes: dict[str, str] = {}
    places = []
    for quad in store.quads(loaded.record):
        if quad.predicate.value.endswith("#type"):
            classes[str(quad.subject)] = quad.object.value.removeprefix(PG)  # type: ignore[union-attr]
        elif quad.predicate.value == PG + "evidence":
            places.append((str(quad.subject), split_place(quad.object.value)[1]))  # type: ignore[union-attr]
    with (SEED / "facts.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    seen = 0
    for fact in table:
        start, end = int(fact["start"]), int(fact["end"])
        found = [
            subject
            for subject, place in places
            if classes[subject] in CLASSES[fact["kind"]] and place.start < end and start < place.end
        ]
        assert found, fact["id"]
        seen += 1
    assert seen == 61, f"{seen} facts seen in the graph"
