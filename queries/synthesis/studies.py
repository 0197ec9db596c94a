"""What is known of the studies of an answer: records, designs, properties of their arms, retractions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from picograph.kg.model import PG, enum_iri
from picograph.kg.source import Method
from picograph.kg.study import Allocation
from picograph.queries.synthesis.nodes import bound, chunks, describe, first

if TYPE_CHECKING:
    from picograph.kg.store import Store


def member_of(cls: Any, iri: str | None) -> Any:
    """Give the member of an enumeration that an individual of our ontology stands for."""
    return None if iri is None else next((each for each in cls if enum_iri(each) == iri), None)


def name_of(cls: Any, iri: str | None) -> str | None:
    """Give the name of the member that an individual stands for, or the individual itself."""
    found = member_of(cls, iri)
    return iri if found is None else str(found.value)


class Studies:
    """What is known of the studies: their records, designs, arms' properties, whether a report was retracted."""

    def __init__(self, store: "Store", studies: Iterable[str]) -> None:
        self.records: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)  # study -> graph -> method, document
        self.randomised: dict[str, bool] = {}
        self.year: dict[str, int] = {}
        self.label: dict[str, str] = {}
        self.retracted: set[str] = set()
        self.values: dict[tuple[str, str | None], dict[str, float | str | None]] = defaultdict(dict)
        for some in chunks(studies):
            self._read(store, some)
            self._baselines(store, some)

    def _read(self, store: "Store", studies: Sequence[str]) -> None:
        from pyoxigraph import QuerySolutions

        rows = store.query(f"""PREFIX pg: <{PG}>
            SELECT ?study ?graph ?method ?document ?allocation ?arms ?phase ?published ?retracted ?acronym WHERE {{
              {bound("study", studies)}
              GRAPH ?graph {{
                ?graph pg:ofStudy ?study ; pg:method ?method ; pg:documentKey ?document .
                OPTIONAL {{ ?study pg:design ?design . OPTIONAL {{ ?design pg:allocation ?allocation }}
                  OPTIONAL {{ ?design pg:numberOfArms ?arms }} OPTIONAL {{ ?design pg:phase ?phase }} }}
                OPTIONAL {{ ?study pg:report ?report . OPTIONAL {{ ?report pg:published ?published }}
                  OPTIONAL {{ ?report pg:retracted ?retracted }} OPTIONAL {{ ?report pg:acronym ?acronym }} }}
              }} }}""")
        assert isinstance(rows, QuerySolutions)

        def text(row: Any, name: str) -> str | None:
            return None if row[name] is None else str(row[name].value)

        for row in rows:
            study, graph = row["study"].value, row["graph"].value
            method = member_of(Method, text(row, "method")) or Method.MODEL
            self.records[study][graph] = (method.value, row["document"].value)
            allocation = member_of(Allocation, text(row, "allocation"))
            if allocation is Allocation.RANDOMISED:
                self.randomised[study] = True
            elif allocation is not None or text(row, "arms") == "1":
                self.randomised.setdefault(study, False)
            if (published := text(row, "published")) is not None:
                year = int(published[:4])
                self.year[study] = min(year, self.year.get(study, year))
            if text(row, "retracted") == "true":
                self.retracted.add(study)
            if acronym := text(row, "acronym"):
                self.label[study] = acronym

    def _baselines(self, store: "Store", studies: Sequence[str]) -> None:
        """Read the properties of arms at entry, and what was derived for their treatments, by name."""
        from pyoxigraph import QuerySolutions

        rows = store.query(f"""PREFIX pg: <{PG}>
            SELECT ?study ?arm ?variable ?concept ?level ?count ?of ?percent ?median ?mean ?value WHERE {{
              {bound("study", studies)}
              GRAPH ?graph {{
                ?study pg:baseline ?part . ?part pg:variable ?variable .
                OPTIONAL {{ ?part pg:concept ?concept }}
                OPTIONAL {{ ?part pg:inArm ?arm }} OPTIONAL {{ ?part pg:level ?level }}
                OPTIONAL {{ ?part pg:count ?count }} OPTIONAL {{ ?part pg:denominator ?of }}
                OPTIONAL {{ ?part pg:percentReported ?percent }} OPTIONAL {{ ?part pg:quantityMedian ?median }}
                OPTIONAL {{ ?part pg:quantityMean ?mean }} OPTIONAL {{ ?part pg:quantityValue ?value }}
              }} }}""")
        assert isinstance(rows, QuerySolutions)
        found = list(rows)
        labels = labels_of(store, {row["concept"].value for row in found if row["concept"] is not None})
        for row in found:
            values = self.values[row["study"].value, row["arm"].value if row["arm"] is not None else None]
            got = {
                key: float(row[key].value)
                for key in ("count", "of", "percent", "median", "mean", "value")
                if row[key] is not None
            }
            # by the words of the record, and by the name of what they were linked to
            names = {row["variable"].value, labels.get(row["concept"].value) if row["concept"] is not None else None}
            for name in sorted(each.casefold() for each in names if each):
                _put(values, f"{name}: {row['level'].value.casefold()}" if row["level"] is not None else name, got)

    def of(self, study: str, arm: str | None) -> dict[str, float | str | None]:
        """Give what is known of an arm, and of the study where it says nothing of the arm."""
        found: dict[str, float | str | None] = {"year": self.year.get(study)}
        return {**found, **self.values.get((study, None), {}), **self.values.get((study, arm), {})}


def _put(values: dict[str, float | str | None], name: str, got: Mapping[str, float]) -> None:
    """Write a property at entry under its name: a share in per cent and in words, or its one number."""
    share = got["count"] / got["of"] * 100 if got.get("of") and "count" in got else got.get("percent")
    if share is not None:
        values[f"{name} (%)"] = share
        values[name] = "all" if share == 100 else "none" if share == 0 else "some"
    elif (plain := got.get("median", got.get("mean", got.get("value")))) is not None:
        values[name] = plain


def labels_of(store: "Store", iris: Iterable[str]) -> dict[str, str]:
    """Give the labels of concepts that have one in the store."""
    return {iri: label for iri, node in describe(store, iris).items() if (label := first(node, "label"))}
