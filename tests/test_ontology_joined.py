"""Promise: a class of drugs is reached over exact mappings and roles, and over nothing else."""

from picograph.ontology.concepts import Concept
from picograph.ontology.joined import _shipped, joined_classes


def _found() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for curie, above in _shipped()[1]:
        found.setdefault(curie, set()).add(above)
    return found


def test_sorafenib_of_mesh_is_in_the_classes_of_its_chebi_entry() -> None:
    classes = _found()["mesh:D000077157"]
    assert {"CHEBI:50924", "CHEBI:38637", "CHEBI:37699", "mesh:D047428", "mesh:D000970"} <= classes
    assert "mesh:D000900" not in classes
    assert "CHEBI:33282" not in classes


def test_a_relative_of_mesh_does_not_pass_its_roles_on() -> None:
    parent = Concept(curie="mesh:D1", label="parent", vocabulary="mesh")
    child = Concept(curie="mesh:D2", label="child", vocabulary="mesh", parents=("mesh:D1",))
    same = Concept(curie="CHEBI:1", label="parent", vocabulary="chebi", roles=("CHEBI:2",))
    role = Concept(curie="CHEBI:2", label="role", vocabulary="chebi")
    found = joined_classes({each.curie: each for each in (parent, child, same, role)}, [("mesh:D1", "CHEBI:1")])
    assert found["mesh:D1"] == ("CHEBI:1", "CHEBI:2")
    assert found["mesh:D2"] == ("CHEBI:1",)


def test_a_circle_ends() -> None:
    one = Concept(curie="mesh:D1", label="one", vocabulary="mesh", parents=("mesh:D2",))
    two = Concept(curie="mesh:D2", label="two", vocabulary="mesh", parents=("mesh:D1",))
    assert joined_classes({"mesh:D1": one, "mesh:D2": two}, []) == {}


def test_mappings_that_disagree_are_not_chained() -> None:
    found = joined_classes({}, [("mesh:D1", "CHEBI:1"), ("mesh:D2", "CHEBI:1")])
    assert "mesh:D2" not in found["mesh:D1"]
