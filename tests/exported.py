"""Stores to export, and what a target writes of them."""

from pathlib import Path
from typing import Any

from picograph.kg.inputs import collected
from picograph.kg.load import example, load
from picograph.kg.store import Store, open_store
from picograph.kg.study import Study
from picograph.queries.ask import ask
from picograph.queries.exports import export
from picograph.queries.exports.selection import Losses, Selection

ROOT = Path(__file__).resolve().parents[1]
HURT = ROOT / "tests" / "records" / "made-to-hurt.yaml"
REGISTRY = ROOT.parent / "shared" / "clinicaltrials"
INPUTS = ("seed", "hcc", "hurt", *sorted(path.stem for path in REGISTRY.glob("NCT*.json")))
QUICK = ("seed", "hurt", "NCT05594173")
QUESTIONS = ("responses", "survival", "adverse-events")  # of the tables for meta-analysis, one after the other
_stores: dict[str, Store] = {}


def store_of(name: str) -> Store:
    """Give a store with one input; nobody changes it."""
    if name not in _stores:
        one: Any = example() if name == "seed" else HURT if name == "hurt" else REGISTRY / f"{name}.json"
        given = collected("hcc") if name == "hcc" else [one]
        store = open_store(":memory:")
        assert len(load(store, given)) == len(given)
        _stores[name] = store
    return _stores[name]


def exported(target: str, store: Store, question: str | None = None) -> tuple[bytes, dict[str, int]]:
    """Export, and give the losses with their counts."""
    losses = Losses()
    answer = None if question is None else ask(store, question)
    content = b"".join(export(target)(Selection(store, answer=answer), losses))
    return content, {each.what: each.count for each in losses.found()}


def records(store: Store) -> list[Study]:
    return list(Selection(store).records())
