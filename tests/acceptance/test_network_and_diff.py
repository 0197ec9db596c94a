"""What was compared with what, and what changed between two stores: through the command line alone.

Four made-up trials: A against B twice, B against C, D against E, and F alone. Worked out by hand: two components, one
loop less than none, and the only missing link is between a treatment of each component.
"""

from pathlib import Path

import networkx as nx
import pytest

from picograph.tests.acceptance.program import SEED, STUDY_FILE, Program

TRIAL = """picograph: study 1
key: lab:{key}
record: {{document: "lab:{key}", source: {{sha256: {sha}, characters: 400}}, method: curated}}
design: {{allocation: randomised, evidence: [0-3]}}
interventions:
{interventions}
arms:
{arms}
"""
TRIALS = {
    "one": (("alpha", 50), ("beta", 52)),
    "two": (("alpha", 30), ("beta", None)),
    "three": (("beta", 40), ("gamma", 41)),
    "four": (("delta", 20), ("epsilon", 21)),
    "five": (("zeta", 9),),
}


@pytest.fixture(scope="module")
def store(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    files = []
    for number, (key, arms) in enumerate(TRIALS.items()):
        interventions = [f"  - {{key: {name}, label: {name}, evidence: [4-8]}}" for name, _ in arms]
        groups = [
            f"  - {{key: {name}, label: arm {name}, interventions: [{name}], "
            + (f"enrolled: {size}, " if size is not None else "")
            + "evidence: [4-8]}"
            for name, size in arms
        ]
        path = folder / f"{key}.yaml"
        shape = {"interventions": "\n".join(interventions), "arms": "\n".join(groups)}
        path.write_text(TRIAL.format(key=key, sha=f"{number + 7:064x}", **shape), "utf-8")
        files.append(path)
    loaded = program("load", *files, store=folder / "store")
    assert loaded.code == 0, loaded.err
    return folder / "store"


def test_the_network_is_the_one_worked_out(program: Program, store: Path) -> None:
    found = program("network", "--format", "json", store=store).json()
    contrasts = {
        (each["one"], each["other"]): (len(each["studies"]), each["participants"]) for each in found["contrasts"]
    }
    # a size that one of the arms does not report is not reported for the contrast: it is not 132
    assert contrasts == {("alpha", "beta"): (2, None), ("beta", "gamma"): (1, 81), ("delta", "epsilon"): (1, 41)}
    assert found["components"] == [["alpha", "beta", "gamma"], ["delta", "epsilon"]]
    assert found["degrees"] == {"alpha": 1, "beta": 2, "gamma": 1, "delta": 1, "epsilon": 1}
    assert [(each["one"], each["other"]) for each in found["bridges"]] == [("alpha", "epsilon")]
    assert [each[1] for each in found["single_arm"]] == ["zeta"]
    assert found["loops"] == []


def test_graphml_is_read_by_networkx_and_the_picture_is_drawn(program: Program, store: Path, tmp_path: Path) -> None:
    done = program(
        "network",
        "--graphml",
        tmp_path / "n.graphml",
        "--picture",
        tmp_path / "n.svg",
        "--format",
        "table",
        store=store,
    )
    assert done.code == 0, done.err
    assert "would connect components 1 and 2" in " ".join(done.text.split())
    graph = nx.read_graphml(tmp_path / "n.graphml")
    assert sorted(graph.nodes) == ["alpha", "beta", "delta", "epsilon", "gamma"]
    assert graph.edges["beta", "gamma"]["participants"] == 81
    assert "participants" not in graph.edges["alpha", "beta"]
    picture = (tmp_path / "n.svg").read_text("utf-8")
    assert all(name in picture for name in graph.nodes)


@pytest.fixture(scope="module")
def corrected(program: Program, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seed's store with one number corrected: 7 affected instead of 6."""
    place = tmp_path_factory.mktemp("corrected")
    text = STUDY_FILE.read_text("utf-8")
    assert text.count("affected: 6\n") == 1
    (place / "seed.yaml").write_text(text.replace("affected: 6\n", "affected: 7\n"), "utf-8")
    loaded = program("load", SEED, place / "seed.yaml", store=place / "store")
    assert loaded.code == 0, loaded.err
    return place / "store"


def test_one_corrected_number_and_nothing_else(program: Program, folder: Path, corrected: Path) -> None:
    found = program("diff", folder, corrected, "--format", "json").json()
    [fact] = found["facts"]
    assert fact["what"] == "changed"
    assert fact["kind"] == "AdverseEventResult"
    assert fact["fields"] == [{"name": "affected", "old": ["6"], "new": ["7"]}]
    assert any(place.endswith("#char=1665,1765") for place in fact["evidence"])
    moved = [row for row in found["answers"] if set(row["new"]) != {"part"}]
    assert [(row["question"], row["old"], row["new"]) for row in moved if row["question"] == "adverse-events"] == [
        ("adverse-events", {"affected": 6}, {"affected": 7})
    ]
    assert all("6" in str(row["old"]) and "7" in str(row["new"]) for row in moved)
    assert found["graphs_added"] == found["graphs_removed"] == []
    # of the groups that may not meet, one is pooled: where it is this event, 6 of 40 is 0.15 and 7 of 40 is 0.175
    moved_pools = [(each["question"], round(each["old"][0], 9), round(each["new"][0], 9)) for each in found["pooled"]]
    assert moved_pools in ([], [("adverse-events", 0.15, 0.175)])


def test_a_store_does_not_differ_from_itself(program: Program, folder: Path) -> None:
    done = program("diff", folder, folder, "--format", "table")
    assert done.code == 0
    assert done.text == "Nothing differs.\n"


def test_a_store_that_is_not_there(program: Program, folder: Path, tmp_path: Path) -> None:
    done = program("diff", folder, tmp_path / "none")
    assert done.code == 3
    assert "there is no store here yet" in done.err
