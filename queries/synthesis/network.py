"""The network of treatments: what was compared with what, in how many studies, and what is not connected.

A node is what an arm got as planned: its interventions together, by their concepts where they have any. An edge is two
arms of one study. Studies with one arm stand beside the network: they compare nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from picograph.kg.model import PG, enum_iri
from picograph.kg.source import Method
from picograph.queries.synthesis.nodes import bound, chunks

if TYPE_CHECKING:
    import networkx

    from picograph.kg.store import Store

Graph = Any  # a networkx.Graph; its type has no parameters at run time


class Treatment(Struct, frozen=True, kw_only=True):
    """A node: interventions that are given together."""

    label: str
    concepts: tuple[str, ...]  # IRIs; empty where no intervention is linked
    studies: tuple[str, ...]
    arms: int
    participants: int | None  # None: not reported in all arms


class Contrast(Struct, frozen=True, kw_only=True):
    """An edge: two treatments that studies put against each other."""

    one: str
    other: str
    studies: tuple[str, ...]
    participants: int | None  # in both arms; None: not reported in all of them
    randomised: int  # studies


class Bridge(Struct, frozen=True, kw_only=True):
    """A trial that would connect two components: between the treatments that most participants got."""

    one: str
    other: str
    components: tuple[int, int]


class Network(Struct, frozen=True, kw_only=True):
    """Treatments, contrasts, components, and what is missing."""

    treatments: tuple[Treatment, ...]
    contrasts: tuple[Contrast, ...]
    components: tuple[tuple[str, ...], ...]  # labels, the largest first
    degrees: dict[str, int]
    loops: tuple[tuple[str, ...], ...]
    bridges: tuple[Bridge, ...]
    single_arm: tuple[tuple[str, str], ...]  # study, treatment
    without_treatment: int  # arms whose record names none


class _Arm(Struct):
    study: str
    iri: str
    label: str
    enrolled: int | None = None
    treatment: dict[str, str] = {}  # IRI of the treatment -> its name
    linked: dict[str, set[str]] = {}  # IRI of the treatment -> its concepts

    def concepts(self) -> set[str]:
        return set().union(*self.linked.values())


_ARMS = """PREFIX pg: <{pg}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?graph ?method ?study ?arm ?label ?planned ?enrolled ?treatment ?name ?concept ?randomised WHERE {{
  {studies}
  GRAPH ?graph {{
    ?graph a pg:Record ; pg:ofStudy ?study ; pg:method ?method .
    ?study pg:arm ?arm . ?arm rdfs:label ?label .
    OPTIONAL {{ ?arm pg:planned ?planned }}
    OPTIONAL {{ ?arm pg:enrolled ?enrolled }}
    OPTIONAL {{ ?arm pg:intervention ?treatment . ?treatment rdfs:label ?name .
      OPTIONAL {{ ?treatment pg:concept ?concept }} }}
    OPTIONAL {{ ?study pg:design ?design . ?design pg:allocation {random} . BIND (true AS ?randomised) }}
  }}
}}"""


def _read(store: "Store", studies: Iterable[str] | None) -> tuple[dict[str, list[_Arm]], set[str]]:
    """Read the arms of studies: of each study those of its most trusted record that has any."""
    from pyoxigraph import QuerySolutions

    from picograph.kg.study import Allocation

    order = {enum_iri(each): place for place, each in enumerate(Method)}
    records: dict[str, dict[tuple[int, str], dict[str, _Arm]]] = defaultdict(lambda: defaultdict(dict))
    randomised: set[str] = set()
    parts = [None] if studies is None else list(chunks(studies))
    for some in parts:
        values = "" if some is None else bound("study", some)
        random = f"<{enum_iri(Allocation.RANDOMISED)}>"
        rows = store.query(_ARMS.format(pg=PG, studies=values, random=random))
        assert isinstance(rows, QuerySolutions)
        for row in rows:
            study = row["study"].value
            if row["randomised"] is not None:
                randomised.add(study)
            if row["planned"] is not None and row["planned"].value == "false":
                continue  # a group of reported results that is no arm of the plan
            arms = records[study][order.get(row["method"].value, len(order)), row["graph"].value]
            iri = row["arm"].value
            arm = arms.setdefault(iri, _Arm(study=study, iri=iri, label=row["label"].value, treatment={}, linked={}))
            if row["enrolled"] is not None:
                arm.enrolled = int(row["enrolled"].value)
            if row["treatment"] is not None:
                name = row["name"].value
                concept = row["concept"].value if row["concept"] is not None else None
                if concept is not None:
                    arm.linked.setdefault(row["treatment"].value, set()).add(concept)
                arm.treatment[row["treatment"].value] = name
    return {study: list(records[study][min(records[study])].values()) for study in sorted(records)}, randomised


def _whole(arm: _Arm) -> bool:
    """Say whether each treatment of an arm is linked: one that is not is a treatment of its own."""
    return arm.linked.keys() == arm.treatment.keys()


def _called(store: "Store", arms: Iterable[_Arm]) -> dict[tuple[str, ...], str]:
    """Name what arms with the same concepts got: by their words, or by the concepts' names where the words differ."""
    from picograph.queries.synthesis.nodes import describe, first

    words: dict[tuple[str, ...], dict[str, _Arm]] = defaultdict(dict)
    for arm in arms:
        if _whole(arm):
            label, linked = _key(arm)
            words[linked].setdefault(label, arm)
    differ = [arm for several in words.values() if len(several) > 1 for arm in several.values()]
    wanted = {concept for arm in differ for concept in arm.concepts()}
    labels = {iri: told for iri, node in describe(store, sorted(wanted)).items() if (told := first(node, "label"))}
    named = {}
    for linked, several in words.items():
        arm = several[min(several)]
        known = [[labels[each] for each in sorted(found) if each in labels] for found in arm.linked.values()]
        parts = [each[0] if each else None for each in known]
        whole = len(several) > 1 and None not in parts
        named[linked] = " + ".join(sorted({str(each).casefold() for each in parts})) if whole else min(several)
    return named


def _key(arm: _Arm) -> tuple[str, tuple[str, ...]]:
    """Name what an arm got: its interventions' names, put in one order and one case."""
    names = sorted({name.casefold() for name in arm.treatment.values()})
    return " + ".join(names), tuple(sorted(arm.concepts()))


def network(store: "Store", studies: Iterable[str] | None = None) -> Network:
    """Build the network of treatments of some studies, or of all.

    :param studies: IRIs; None: every study of the store
    :raises UsageError: if networkx is not installed

    >>> from picograph.kg.load import example, load
    >>> from picograph.kg.store import open_store
    >>> store = open_store(":memory:")
    >>> loaded = load(store, [example()])
    >>> found = network(store)
    >>> found.contrasts, len(found.single_arm)
    ((), 1)
    """
    arms, randomised = _read(store, studies)
    nodes: dict[str, list[_Arm]] = defaultdict(list)
    concepts: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}  # of an arm
    known_arms = [arm for study in arms.values() for arm in study if arm.treatment]
    without = sum(map(len, arms.values())) - len(known_arms)
    called = _called(store, known_arms)
    for arm in known_arms:
        label, linked = _key(arm)
        name = called.get(linked, label) if _whole(arm) else label
        nodes[name].append(arm)
        concepts.setdefault(name, linked)
        names[arm.iri] = name
    edges: dict[tuple[str, str], list[tuple[_Arm, _Arm]]] = defaultdict(list)
    single: list[tuple[str, str]] = []
    for study_iri, study in arms.items():
        known = [arm for arm in study if arm.iri in names]
        if len(study) == 1:
            single += [(study_iri, names[arm.iri]) for arm in known]
        for one, other in combinations(known, 2):
            if names[one.iri] != names[other.iri]:
                pair = (one, other) if names[one.iri] < names[other.iri] else (other, one)
                edges[names[pair[0].iri], names[pair[1].iri]].append(pair)
    in_edges = {name for pair in edges for name in pair}
    treatments = tuple(_treatment(name, nodes[name], concepts[name]) for name in sorted(nodes))
    contrasts = tuple(_contrast(pair, edges[pair], randomised) for pair in sorted(edges))
    return _shaped(treatments, contrasts, in_edges, single, without)


def _participants(counts: Sequence[int | None]) -> int | None:
    return None if None in counts else sum(each for each in counts if each is not None)


def _treatment(name: str, arms: Sequence[_Arm], linked: tuple[str, ...]) -> Treatment:
    return Treatment(
        label=name,
        concepts=linked,
        studies=tuple(sorted({arm.study for arm in arms})),
        arms=len(arms),
        participants=_participants([arm.enrolled for arm in arms]),
    )


def _contrast(pair: tuple[str, str], arms: Sequence[tuple[_Arm, _Arm]], randomised: set[str]) -> Contrast:
    studies = {one.study for one, _ in arms}
    counted = {arm.iri: arm.enrolled for both in arms for arm in both}  # an arm that is in two pairs counts once
    return Contrast(
        one=pair[0],
        other=pair[1],
        studies=tuple(sorted(studies)),
        participants=_participants(list(counted.values())),
        randomised=len(studies & randomised),
    )


def _shaped(
    treatments: Sequence[Treatment],
    contrasts: Sequence[Contrast],
    connected: set[str],
    single: Sequence[tuple[str, str]],
    without: int,
) -> Network:
    import networkx as nx

    graph: Graph = nx.Graph()
    graph.add_nodes_from(sorted(connected))
    graph.add_edges_from((each.one, each.other) for each in contrasts)
    size = {each.label: (each.participants or 0, each.arms) for each in treatments}
    components = sorted((sorted(each) for each in nx.connected_components(graph)), key=lambda each: (-len(each), each))
    bridges = [
        Bridge(
            one=max(components[one], key=lambda name: size[name]),
            other=max(components[other], key=lambda name: size[name]),
            components=(one + 1, other + 1),
        )
        for one, other in combinations(range(min(len(components), _BRIDGED)), 2)
    ]
    loops = sorted(sorted(each) for each in nx.cycle_basis(graph))
    return Network(
        treatments=tuple(treatments),
        contrasts=tuple(contrasts),
        components=tuple(tuple(each) for each in components),
        degrees={name: int(graph.degree(name)) for name in sorted(connected)},
        loops=tuple(tuple(each) for each in loops),
        bridges=tuple(bridges),
        single_arm=tuple(single),
        without_treatment=without,
    )


_BRIDGED = 12  # components between which missing trials are named


def as_graph(found: Network) -> "networkx.Graph[str]":
    """Give the network as a networkx graph, with numbers and names that every format can hold."""
    import networkx as nx

    graph: Graph = nx.Graph()
    placed = {name: number + 1 for number, each in enumerate(found.components) for name in each}
    for each in found.treatments:
        if each.label in placed:
            graph.add_node(each.label, arms=each.arms, studies=len(each.studies), component=placed[each.label])
            if each.participants is not None:
                graph.nodes[each.label]["participants"] = each.participants
    for edge in found.contrasts:
        known = {} if edge.participants is None else {"participants": edge.participants}
        graph.add_edge(
            edge.one,
            edge.other,
            studies=" ".join(edge.studies),
            count=len(edge.studies),
            randomised=edge.randomised,
            **known,
        )
    return graph


def write_graphml(found: Network, path: str | Path) -> None:
    """Write the network as GraphML, whole or not at all.

    :raises InputError: if the file cannot be written
    """
    import networkx as nx

    from picograph.queries.exports import write_whole

    write_whole(str(path), (f"{line}\n".encode() for line in nx.generate_graphml(as_graph(found))))
