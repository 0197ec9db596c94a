"""Promise: a class of drugs is reached over exact mappings and roles, and over nothing else."""

import random

from picograph.ontology.concepts import Concept
from picograph.ontology.joined import Joined, _shipped, joined_classes
from picograph.ontology.senses import senses


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


def _by_definition(known: dict[str, Concept], exact: list[tuple[str, str]]) -> dict[str, set[str]]:
    """What the top of the module says, word by word, on a vocabulary without tree numbers."""
    same = senses(exact)

    def walk(curie: str, roles: bool) -> set[str]:
        found, waiting = {curie}, [curie]
        while waiting:
            item = known.get(waiting.pop())
            ups = (*item.parents, *(item.roles if roles else ())) if item else ()
            waiting += [each for each in ups if each not in found]
            found.update(ups)
        return found

    classes = {}
    for curie in {**known, **same}:
        up = walk(curie, True)
        reached = up | {mean for each in up for mean in same.get(each, ())}
        for mate in set(same.get(curie, ())) - {curie}:
            above = walk(mate, True)
            reached |= above
            reached |= {far for over in above - {mate} for mean in same.get(over, ()) for far in walk(mean, True)}
        classes[curie] = reached - walk(curie, False)
    return {curie: more for curie, more in classes.items() if more}


def test_the_quick_way_gives_what_the_definition_says() -> None:
    draw = random.Random(4)
    seen = 0
    for _ in range(60):
        known: dict[str, Concept] = {}
        for prefix in ("CHEBI", "MONDO"):
            for number in range(12):
                above = tuple(
                    sorted({f"{prefix}:{draw.randrange(number)}" for _ in range(draw.randrange(3)) if number})
                )
                roles = (
                    (f"{prefix}:{draw.randrange(number)}",)
                    if number and prefix == "CHEBI" and draw.random() < 0.3
                    else ()
                )
                curie = f"{prefix}:{number}"
                known[curie] = Concept(
                    curie=curie, label=curie, vocabulary=prefix.lower(), parents=above, roles=roles
                )  # fmt: skip
        exact = [(f"CHEBI:{draw.randrange(12)}", f"MONDO:{draw.randrange(14)}") for _ in range(5)]
        expected = _by_definition(known, exact)
        found = joined_classes(known, exact)
        assert {curie: set(some) for curie, some in found.items()} == expected
        seen += sum(map(len, expected.values()))
        # where a vocabulary's own graph has the roles already, the rest is what is added
        joined = Joined(known, exact, ("chebi", "mondo"))
        for curie, item in known.items():
            own = known_up(known, curie)
            assert joined.of(curie, item) == frozenset(expected.get(curie, set()) - own)
    assert seen > 2500


def known_up(known: dict[str, Concept], curie: str) -> set[str]:
    item = known[curie]
    return {curie}.union(*(known_up(known, each) for each in (*item.parents, *item.roles)))
