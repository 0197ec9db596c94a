"""Promise: what is in a store is told in a page, however many records it holds, and every triple is counted once."""

from itertools import islice

import pytest
from pyoxigraph import QuerySolutions

from picograph.kg.load import example, load
from picograph.kg.store import open_store
from picograph.queries import summary


@pytest.mark.parametrize("many", [0, 20])
def test_every_triple_is_counted_once(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "_MANY", many)
    store = open_store(":memory:")
    load(store, [example()])
    told = {what: int(count) for what, count in summary.contents(store)}
    triples = {what: count for what, count in told.items() if what.startswith("triples in ")}
    rows = store.query("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }")
    assert isinstance(rows, QuerySolutions)
    [row] = islice(rows, 2)
    assert sum(triples.values()) == int(row["n"].value)
    assert ("triples in 1 record" in triples) == (many == 0)
    assert any("/record/" in what for what in triples) == (many > 0)
